"""`--layers`: every layer of GoogLeNet by itself, forward and backward, on minicnn and on PyTorch in both layouts.

Each layer gets random numbers as they would come inside the network: of that shape, in the memory layout in which this
library's own layers leave them.
"""

import time
from collections.abc import Callable
from statistics import median
from typing import Any

from benchmarks import shapes
from benchmarks.gauges import Answer, Side, peak_bytes, resident_bytes
from benchmarks.measure import Contestant, Found, Settings
from benchmarks.results import ratios
from benchmarks.rows import OURS, PYTORCH

BRANCHES = {"branch1": "1x1", "branch2": "1x1, 3x3", "branch3": "1x1, 5x5", "branch4": "pool, 1x1"}
# The reference has one module for what has no weights.
IN_PYTORCH = {
    "maxpool1": "pool", "maxpool2": "pool", "maxpool3": "pool", "maxpool4": "pool4", "norm1": "norm", "norm2": "norm"
}  # fmt: skip
NOTES = """NCHW, ch.last: how many times as long PyTorch takes; above 1, minicnn is faster.
Indented: the branches of a block, measured once more by themselves. Not in the
sum: they are in their blocks. Nor is the optimizer."""
Pass = Callable[[], Callable[[], object]]  # runs a layer forward; what it returns runs it backward


def contestants(settings: Settings, repeats: int = 3) -> dict[str, Contestant]:
    """The three that take turns."""
    return {name: Contestant(f"{name} layers", settings, "layers", repeats) for name in (OURS, *PYTORCH)}


def minicnn_side(settings: dict[str, Any]) -> Side:
    """The layers of `googlenet.GoogLeNet`."""
    import numpy as np

    import minicnn as mc
    from googlenet import GoogLeNet
    from minicnn.functional.layout import channels_second

    after_imports, rng = resident_bytes(), np.random.default_rng(0)
    mc.set_num_threads(settings["threads"])
    model = GoogLeNet(settings["classes"], settings["preset"], settings["channels"])
    modules = dict(model.named_modules())

    def numbers(shape: tuple[int, ...]) -> Any:
        n, c, *image = shape
        array = rng.standard_normal((n, *image, c), dtype=np.float32)
        return channels_second(array) if image else array

    def layer(name: str, shape: tuple[int, ...]) -> Pass:
        module, x = modules[name], numbers(shape)
        grad_y = numbers(module(mc.Tensor(x)).shape)

        def forward() -> Callable[[], object]:
            module.zero_grad()
            y = module(mc.Tensor(x, requires_grad=name != "conv1"))
            return lambda: y.backward(grad_y)

        return forward

    return Side({"layers": command(settings, layer)}, {"NumPy": np.__version__}, after_imports, peak_bytes)


def torch_nchw_side(settings: dict[str, Any]) -> Side:
    """PyTorch's usual layout."""
    return torch_side(settings, channels_last=False)


def torch_channels_last_side(settings: dict[str, Any]) -> Side:
    """The layout that PyTorch recommends for speed."""
    return torch_side(settings, channels_last=True)


def torch_side(settings: dict[str, Any], channels_last: bool) -> Side:
    """The layers of the network in PyTorch."""
    import torch

    from benchmarks import reference

    after_imports = resident_bytes()
    torch.set_num_threads(settings["threads"])
    layout = torch.channels_last if channels_last else torch.contiguous_format
    model = reference.GoogLeNet(settings["classes"], settings["preset"], in_channels=settings["channels"])
    modules = dict(model.to(memory_format=layout).named_modules())  # type: ignore[call-overload]
    modules["avgpool"] = torch.nn.AdaptiveAvgPool2d(1)  # a function in the reference

    def numbers(shape: tuple[int, ...]) -> Any:
        array = torch.randn(shape)
        return array.to(memory_format=layout) if len(shape) == 4 else array

    def layer(name: str, shape: tuple[int, ...]) -> Pass:
        module, x = modules[IN_PYTORCH.get(name, name)], numbers(shape)
        grad_y = numbers(tuple(module(x).shape))

        def forward() -> Callable[[], object]:
            module.zero_grad(set_to_none=True)
            y = module(x.detach().requires_grad_(name != "conv1"))
            return lambda: y.backward(grad_y)

        return forward

    return Side({"layers": command(settings, layer)}, {"PyTorch": torch.__version__}, after_imports, peak_bytes)


def command(settings: dict[str, Any], layer: Callable[[str, tuple[int, ...]], Pass]) -> Callable[[int], Answer]:
    """The command that goes through all layers `repeats` times, with the mean seconds of each, forward and backward."""
    steps: dict[str, Pass] = {}
    for one in shapes.layers(settings["size"], settings["channels"], settings["classes"], settings["preset"]):
        shape = (settings["batch_size"], one.channels, one.size, one.size)
        steps[one.name] = layer(one.name, shape[:2] if one.name == "fc" else shape)
        if one.name.startswith("inception"):
            steps |= {f"{one.name}.{branch}": layer(f"{one.name}.{branch}", shape) for branch in BRANCHES}

    def measure(repeats: int) -> Answer:
        forward, backward = dict.fromkeys(steps, 0.0), dict.fromkeys(steps, 0.0)
        for _ in range(repeats):
            for name, step in steps.items():
                start = time.perf_counter()
                go_back = step()
                middle = time.perf_counter()
                go_back()
                forward[name] += (middle - start) / repeats
                backward[name] += (time.perf_counter() - middle) / repeats
        return {"forward": forward, "backward": backward}

    return measure


# ---- the table -----------------------------------------------------------------------------------------------------


def table(found: Found) -> str:
    """Median milliseconds of ours, and how many times as long PyTorch's layouts take, of at most 80 columns.

    The branches of a block are indented, and not in the sum.
    """
    lines = [
        f"{'':<20}{'forward':>10}{'NCHW':>10}{'ch.last':>10}{'backward':>10}{'NCHW':>10}{'ch.last':>10}",
        f"{'':<20}" + 2 * f"{'ms':>10}{'/ ours':>10}{'/ ours':>10}",
    ]
    names = list(found.answers[OURS][0]["forward"])
    for name in names:
        block, _, branch = name.partition(".")
        lines.append(line(f"  {BRANCHES[branch]}" if branch else block, found, [name]))
    lines.append(line("sum", found, [name for name in names if "." not in name]))
    return "\n".join([*lines, "", NOTES])


def line(what: str, found: Found, names: list[str]) -> str:
    """One layer, or several added up."""
    cells = [f"{what:<20}"]
    for direction in ("forward", "backward"):
        seconds = {
            side: [sum(answer[direction][name] for name in names) for answer in answers]
            for side, answers in found.answers.items()
        }
        cells.append(f"{1e3 * median(seconds[OURS]):>10.2f}")
        for side in PYTORCH:
            cells.append(f"{median(ratios(seconds[side], seconds[OURS])):>10.2f}")
    return "".join(cells)
