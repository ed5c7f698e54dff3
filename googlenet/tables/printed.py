"""python -m googlenet summary: the network as torchsummary prints one, the tool of many PyTorch tutorials."""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import asdict, dataclass

import minicnn as mc
from googlenet.auxiliary import AuxiliaryHead
from googlenet.commandline import at_least
from googlenet.inception import BasicConv2d
from googlenet.model import GoogLeNet
from googlenet.presets import presets
from googlenet.tables.layers import own_params, walk
from minicnn import nn

WIDTH = 64
NAMES: dict[type, str] = {AuxiliaryHead: "InceptionAux"}  # classes that PyTorch's tutorials call otherwise
MB = 1024**2


@dataclass(frozen=True)
class PrintedRow:
    """One line: class and number, the shape of the output (-1 for the batch), the layer's own parameters."""

    layer: str
    output_shape: list[int]
    params: int


@dataclass(frozen=True)
class PrintedTable:
    """The lines and what stands below them; str() is the whole text.

    The memory is torchsummary's estimate, for one image in float32: all outputs that are listed, twice, as each has a
    gradient. It knows nothing of what is overwritten, nor of what a convolution needs on the way (`cost` tells that).
    """

    rows: list[PrintedRow]
    trainable_params: int
    image: tuple[int, ...]

    @property
    def total_params(self) -> int:
        return sum(row.params for row in self.rows)

    @property
    def memory_mb(self) -> dict[str, float]:
        """In MB of 1024 * 1024 bytes, under torchsummary's names."""
        outputs = sum(math.prod(row.output_shape[1:]) for row in self.rows)
        found = {
            "Input size": math.prod(self.image) * 4 / MB,
            "Forward/backward pass size": 2 * outputs * 4 / MB,
            "Params size": self.total_params * 4 / MB,
        }
        return {**found, "Estimated Total Size": sum(found.values())}

    def __str__(self) -> str:
        lines = ["-" * WIDTH, _line("Layer (type)", "Output Shape", "Param #"), "=" * WIDTH]
        lines += [_line(row.layer, str(row.output_shape), f"{row.params:,}") for row in self.rows]
        lines += ["=" * WIDTH, f"Total params: {self.total_params:,}", f"Trainable params: {self.trainable_params:,}"]
        lines += [f"Non-trainable params: {self.total_params - self.trainable_params:,}", "-" * WIDTH]
        lines += [f"{name} (MB): {size:.2f}" for name, size in self.memory_mb.items()]
        return "\n".join([*lines, "-" * WIDTH])


def _line(layer: str, shape: str, params: str) -> str:
    return f"{layer:>20}  {shape:>25} {params:>15}"


def printed_table(network: GoogLeNet, image: tuple[int, ...]) -> PrintedTable:
    """The table of a network for images (C, H, W), in the mode that it is in.

    torchsummary lists modules, those with others inside too, but no containers, and not the whole. What are modules in
    the tutorials and functions here, or parts of a convolution, is a line all the same: the ReLU that ends each
    BasicConv2d, and the pool that begins each head. The heads' drop-outs and their second ReLU are functions there.
    """
    heads = {name: module for name, module in network.named_children() if isinstance(module, AuxiliaryHead)}
    rows: list[PrintedRow] = []

    def add(kind: str, shape: tuple[int, ...], params: int = 0) -> None:
        rows.append(PrintedRow(f"{kind}-{len(rows) + 1}", [-1, *shape], params))

    for call in walk(network, image):
        head = heads.get(call.name.partition(".")[0])
        if isinstance(call.module, nn.Sequential) or (head and isinstance(call.module, nn.Dropout)):
            continue
        if head and isinstance(call.module, nn.Conv2d):
            add("AvgPool2d" if head.pool == "5x5/3" else "AdaptiveAvgPool2d", call.input_shape)
        if isinstance(call.module, BasicConv2d):
            add("ReLU", call.output_shape)
        kind = type(call.module)
        add(NAMES.get(kind, kind.__name__), call.output_shape, own_params(call.module))
    trainable = sum(parameter.data.size for parameter in network.parameters() if parameter.requires_grad)
    return PrintedTable(rows, trainable, image)


def add_command(commands: argparse._SubParsersAction) -> None:
    """The command `summary`, with its options."""
    c = commands.add_parser(
        "summary",
        help="every layer with its output shape and parameters",
        description="The network as torchsummary prints one: every layer, in the order of the "
        "calls, with the shape of its output and its parameters, and an estimate of the memory.",
        epilog="examples:\n"
        "  python -m googlenet summary --preset catsdogs --classes 2 --image-size 82\n"
        "  python -m googlenet summary --preset mnist --names\n"
        "  python -m googlenet summary --classes 5 --image-size 64 --no-aux-heads",
    )
    which = f"which GoogLeNet: {', '.join(presets)} (paper)"
    c.add_argument("--preset", choices=tuple(presets), default="paper", metavar="NAME", help=which)
    c.add_argument("--classes", type=at_least(1), help="(what the preset was made for; paper: 1000)")
    c.add_argument("--channels", type=at_least(1), help="of the input image (likewise: 3)")
    c.add_argument("--image-size", type=at_least(32), help="(likewise: 224)")
    c.add_argument("--aux-heads", action=argparse.BooleanOptionalAction, default=True, help="(yes)")
    c.add_argument("--names", action="store_true", help="layers by their names here, without the blocks around them")
    c.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Make the network, walk through it, print the table."""
    preset = presets[args.preset]
    classes, channels = args.classes or preset.num_classes, args.channels or preset.in_channels
    size = args.image_size or preset.image_size
    network, image = GoogLeNet(classes, preset, channels, args.aux_heads), (channels, size, size)
    if args.json:
        print(json.dumps(as_record(network, image)))
    else:
        print(mc.summary(network, image) if args.names else printed_table(network, image))


def as_record(network: GoogLeNet, image: tuple[int, ...]) -> dict:
    """For JSON: the layers by their names, as `mc.summary` has them, and the printed lines with their memory."""
    table = printed_table(network, image)
    memory = {name.lower().replace(" ", "_").replace("/", "_"): size for name, size in table.memory_mb.items()}
    return {
        **asdict(mc.summary(network, image)),
        "trainable_params": table.trainable_params,
        "memory_mb": memory,
        "printed": [asdict(row) for row in table.rows],
    }
