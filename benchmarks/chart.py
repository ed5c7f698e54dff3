"""The bar chart for a README: speed and memory beside PyTorch."""

from pathlib import Path
from statistics import median

from benchmarks.results import Result, ratios
from benchmarks.rows import LAST, NCHW, OURS, Measurement

PANELS = {  # a title, and of which measurements it has bars, with their names
    "images a second: more is better": {
        "training": "training",
        "inference": "inference",
        "inference of one image": "inference",
        "digits 64x64, batch 64, training": "training, digits",
    },
    "peak memory: less is better": {"peak memory in training": "training"},
}
BARS = {  # of each measurement
    NCHW: ("PyTorch NCHW", "#b8c0cc"),
    LAST: ("PyTorch channels_last", "#7a8699"),
    OURS: ("minicnn", "#d9480f"),
}
GROUPS = {"training", "inference", "one-image", "digits", "memory"}  # of --only: one of these has to be measured
WIDTH = 0.27  # of a bar, where a measurement has 1


def draw(path: Path, results: list[Result], small_type: str) -> None:
    """Write a PNG, 1400 pixels wide: medians of the ratios to PyTorch NCHW, a number on each bar.

    The background is white, so that it reads the same on a dark page.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    found = {result.measurement.what: result for result in results if result.found}
    panels = {
        title: [(label(found[what].measurement, name), found[what]) for what, name in names.items() if what in found]
        for title, names in PANELS.items()
    }
    panels = {title: groups for title, groups in panels.items() if groups}
    figure, axes = plt.subplots(
        1, len(panels), figsize=(8.75, 4), squeeze=False, width_ratios=[len(g) + 0.6 for g in panels.values()]
    )
    figure.subplots_adjust(left=0.01, right=0.99, top=0.83, bottom=0.28, wspace=0.08)
    for axis, (title, groups) in zip(axes[0], panels.items(), strict=True):
        for number, (side, (name, color)) in enumerate(BARS.items()):
            places = [group + (number - 1) * WIDTH for group in range(len(groups))]
            heights = [median(ratios(result.figures[side], result.figures[NCHW])) for _, result in groups]
            bars = axis.bar(places, heights, WIDTH, label=name, color=color)
            axis.bar_label(bars, fmt="%.2f", padding=2, fontsize=10, fontweight="bold" if side == OURS else "normal")
        axis.set_xticks(range(len(groups)), [text for text, _ in groups], fontsize=10)
        axis.set_xlim(-0.6, len(groups) - 0.4)
        axis.set_title(title, fontsize=11, pad=8)
        axis.set_yticks([])
        axis.margins(y=0.1)
        axis.tick_params(length=0)
        axis.spines[["left", "right", "top"]].set_visible(False)
    figure.suptitle("GoogLeNet on minicnn and on PyTorch (NCHW = 1)", fontsize=13, y=0.98)
    bars_and_names = axes[0][0].get_legend_handles_labels()
    figure.legend(*bars_and_names, loc="center", bbox_to_anchor=(0.5, 0.11), ncols=3, frameon=False, fontsize=11)
    figure.text(0.5, 0.02, small_type, ha="center", fontsize=8, color="#555555")
    figure.savefig(path, dpi=160)
    plt.close(figure)


def label(measurement: Measurement, name: str) -> str:
    """What stands below three bars."""
    settings = measurement.contestants[OURS].settings
    batch = "one image" if settings.batch_size == 1 else f"batch {settings.batch_size}"
    return f"{name}\n{settings.size}x{settings.size}, {batch}"
