"""Max pools that round up (ceil mode) against those that round down (floor): what is lost at the edge."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from googlenet.lab.harness import Data, Experiment, Lab, Table, network, train
from googlenet.lab.plots import COLORS, dots
from googlenet.lab.words import column, compared, plus_minus, sentence
from googlenet.presets import presets
from googlenet.tables.layers import walk

MODES = ("ceil", "floor")
POOLS = ("maxpool1", "maxpool2", "maxpool3", "maxpool4")
LARGE, SMALL = 224, 48  # pixels: the paper's, and what is trained with; floor needs 45


def measure(lab: Lab) -> Data:
    """{"sizes": {size: {mode: for each pool [in, out, lost]}}, "runs": {mode: one run for each seed}}.

    lost: the rows at the lower edge of a pool's input, and columns at the right one, that no window sees.
    """
    variants = {mode: replace(presets["plain"], ceil_mode=mode == "ceil") for mode in MODES}
    sizes = {
        str(size): {mode: edges(network(0, variant), size) for mode, variant in variants.items()}
        for size in (LARGE, SMALL)
    }
    runs: Data = {mode: [] for mode in MODES}
    for seed, mode in lab.with_seeds(MODES):
        runs[mode].append(train(lab, network(seed, variants[mode]), seed, size=SMALL))
    return {"sizes": sizes, "runs": runs}


def edges(model: Any, size: int) -> list[list[int]]:
    """[in, out, lost] of each pool, from the shapes in a forward of the network."""
    found = []
    for call in walk(model, (1, size, size)):
        if call.name in POOLS:
            before, after = call.input_shape[1], call.output_shape[1]
            seen = (after - 1) * call.module.stride + call.module.kernel_size
            found.append([before, after, max(0, before - seen)])
    return found


def table(data: Data) -> Table:
    """Sizes pool by pool, then the accuracies."""
    rows = []
    for size, modes in data["sizes"].items():
        for pool, (before, after, _), (floor_before, floor_after, lost) in zip(
            POOLS, modes["ceil"], modes["floor"], strict=True
        ):
            rows.append([f"{pool} at {size}", f"{before} to {after}", f"{floor_before} to {floor_after}", str(lost)])
    accuracies = [plus_minus(column(data["runs"][mode], "accuracy")) for mode in MODES]
    return Table(["", "ceil", "floor", "rows lost"], [*rows, [f"test % at {SMALL}", *accuracies, ""]])


def sentences(data: Data) -> tuple[str, str]:
    said = []
    for size, modes in data["sizes"].items():
        lost = [f"{pool} {n} of {rows}" for pool, (rows, _, n) in zip(POOLS, modes["floor"], strict=True) if n]
        left_out = f"leaves out rows and columns ({', '.join(lost)})" if lost else "leaves out nothing"
        (_, of_ceil, _), (_, of_floor, _) = modes["ceil"][-1], modes["floor"][-1]
        said.append(f"at {size}x{size} {left_out} and ends with {of_floor}x{of_floor} in place of {of_ceil}x{of_ceil}")
    accuracy = compared(
        f"the test accuracy at {SMALL}x{SMALL} with ceil", column(data["runs"]["ceil"], "accuracy"),
        "that with floor", column(data["runs"]["floor"], "accuracy"),
    )  # fmt: skip
    return sentence(f"rounding down {'; '.join(said)}"), sentence(accuracy)


def draw(data: Data, figure: Any) -> None:
    accuracy, *sizes = figure.subplots(1, 1 + len(data["sizes"]))
    dots(accuracy, {mode: column(data["runs"][mode], "accuracy") for mode in MODES})
    accuracy.set(title=f"Accuracy at {SMALL}x{SMALL}")
    for axes, (size, modes) in zip(sizes, data["sizes"].items(), strict=True):
        for place, mode in enumerate(MODES):
            outs = [after for _, after, _ in modes[mode]]
            bars = axes.bar([i + 0.4 * (place - 0.5) for i in range(len(outs))], outs, 0.38, color=COLORS[place])
            bars.set_label(mode)
            axes.bar_label(bars)
        axes.set_xticks(range(len(POOLS)), POOLS)
        axes.set(title=f"Images of {size}x{size}", ylabel="pixels along a side behind the pool")
        axes.legend()


EXPERIMENT = Experiment(
    "padding",
    "What is lost at the edge where the pools round down?",
    f"The max pools between the blocks keep windows that hang over the edge (ceil) or not (floor). Preset plain, "
    f"trained at {SMALL}x{SMALL} in 100 steps of 50 of 1,000 digits.",
    measure, table, sentences, draw, (12, 4.2),
)  # fmt: skip
