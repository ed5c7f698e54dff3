"""The nodes of a network as boxes, in the words and colors of the paper's Figure 3."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from minicnn.explain import Box, Node

# What the paper's Figure 3 calls the operations, and its colors. All others are plain, under the name of their class.
IN_THE_PAPER = {
    "Conv2d": ("Conv", "blue"),
    "Linear": ("FC", "blue"),
    "MaxPool2d": ("MaxPool", "red"),
    "AvgPool2d": ("AveragePool", "red"),
    "AdaptiveAvgPool2d": ("AveragePool", "red"),
    "LocalResponseNorm": ("LocalRespNorm", "green"),
    "Concat": ("DepthConcat", "green"),
    "CrossEntropy": ("Softmax", "yellow"),
}
# What is drawn as a strip on the box of that from which it takes, if nobody else takes from there.
STRIPS = {"BatchNorm": "green", "ReLU": "plain", "Dropout": "plain", "Reshape": "plain", "Mul": "plain", "Add": "plain"}


def boxes(nodes: Sequence[Node]) -> list[Box]:
    """A box for each node, but for those that are strips on the box below.

    It is the whole network where there is a loss; then boxes of a module have a frame. Else it is one block.
    """
    whole = any(node.operation == "CrossEntropy" for node in nodes)
    stacks, place = stacked(nodes)
    made = []
    for stack in stacks:
        node, top = stack[0], stack[-1]
        name, color = IN_THE_PAPER.get(node.operation, (node.operation, "plain"))
        if node.operation == "Input":
            name = "Image" if whole else "Previous layer"
        strips = [("ReLU", "plain")] if (node.options or {}).get("relu") else []
        strips += [(strip_text(above), STRIPS[above.operation]) for above in stack[1:]]
        taken = [nodes[one].shape for one in node.inputs]
        wide = node.operation == "Concat"
        made.append(
            Box(
                lines=(name, *details(node, taken)),
                color=color,
                inputs=tuple(place[one] for one in node.inputs),
                strips=tuple(strips),
                result="loss" if whole and stack is stacks[-1] else size_text(top.shape),
                tooltip="\n".join(tooltip(one, nodes) for one in stack),
                group=node.name.partition(".")[0] if whole else "",
                wide=wide,
                parts=tuple(str(shape[1]) for shape in taken) if wide else (),
            )
        )
    return made


def stacked(nodes: Sequence[Node]) -> tuple[list[list[Node]], list[int]]:
    """The nodes of each box, from below, and the number of the box that each node is in."""
    users = Counter(one for node in nodes for one in node.inputs)
    stacks: list[list[Node]] = []
    place: list[int] = []
    for node in nodes:
        below = node.inputs[0] if len(node.inputs) == 1 else None
        if below is not None and node.operation in STRIPS and users[below] == 1 and nodes[below].operation != "Input":
            place.append(place[below])
            stacks[place[below]].append(node)
        else:
            place.append(len(stacks))
            stacks.append([node])
    return stacks, place


def details(node: Node, taken: Sequence[tuple[int, ...]]) -> list[str]:
    """The second line of a box: the window, what goes in and out, or an option. taken: the shapes of what goes in."""
    if node.kernel and node.stride:
        return [f"{pair_text(node.kernel)}+{pair_text(node.stride, one=True)}({padding_letter(node, taken[0])})"]
    if node.operation == "AdaptiveAvgPool2d":
        return [f"adaptive, to {size_text(node.shape[1:])}"]
    if node.operation == "Linear":
        return [f"{taken[0][1]} to {node.shape[1]}"]
    if node.operation == "LocalResponseNorm":
        return [f"{(node.options or {})['size']} channels"]
    if node.operation == "CrossEntropy":
        return ["cross-entropy"]
    return []


def padding_letter(node: Node, shape: tuple[int, ...]) -> str:
    """S where the result has as many pixels as the stride leaves of the image (rounded up), else V.

    A 1x1 with stride 1 is both; the paper writes V in the stem and S elsewhere.
    """
    assert node.stride is not None
    same = tuple(-(-pixels // step) for pixels, step in zip(shape[2:], node.stride, strict=True))
    return "S" if node.shape[2:] == same else "V"


def pair_text(pair: tuple[int, int], one: bool = False) -> str:
    """(3, 3) as 3x3, or as 3 where one number will do."""
    return str(pair[0]) if one and pair[0] == pair[1] else f"{pair[0]}x{pair[1]}"


def size_text(shape: tuple[int, ...]) -> str:
    """The shape without the batch: 192x28x28; nothing for a single number."""
    return "x".join(map(str, shape[1:]))


def strip_text(node: Node) -> str:
    """What stands on a strip: Dropout 0.4."""
    chosen = node.options or {}
    if node.operation == "Dropout":
        return f"Dropout {chosen['p']:g}"
    if "factor" in chosen:
        return f"\u00d7 {chosen['factor']:.3g}"
    return {"Reshape": "Flatten", "Add": "+ a number"}.get(node.operation, node.operation)


def tooltip(node: Node, nodes: Sequence[Node]) -> str:
    """branch1.conv: Conv2d, kernel 1x1, stride 1x1, padding 0x0; 192x28x28 -> 64x28x28; 12,352 parameters."""
    what = [f"{node.name}: {node.operation}" if node.name else node.operation]
    pairs = {"kernel": node.kernel, "stride": node.stride, "padding": node.padding}
    what += [f"{name} {pair_text(pair)}" for name, pair in pairs.items() if pair is not None]
    what += [f"{name} {value}" for name, value in (node.options or {}).items()]
    text = ", ".join(what)
    if node.inputs:
        taken = " and ".join(size_text(nodes[one].shape) or "a number" for one in node.inputs)
        text += f"; {taken} -> {size_text(node.shape) or 'a number'}"
    return text + (f"; {node.parameters:,} parameters" if node.parameters else "")
