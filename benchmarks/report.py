"""From measurements to ratios, and from ratios to tables of at most 80 columns."""

from statistics import mean, median
from typing import Any, NamedTuple

from benchmarks.measure import OURS, Speeds

Memory = dict[str, dict[str, dict[str, int]]]

QUIET = 0.05  # more than this share of the cores with other programs, and the ratios say little
WARNING = """WARNING: the machine was busy, do not use these speeds: PyTorch suffers more
than minicnn does. Run again when it is quiet."""


class Ratio(NamedTuple):
    """How a ratio came out over the rounds."""

    median: float
    min: float
    max: float


def ratio(ours: list[float], theirs: list[float]) -> Ratio:
    """Ours / theirs, round by round: the two figures of one round were taken seconds apart."""
    ratios = [a / b for a, b in zip(ours, theirs, strict=True)]
    return Ratio(median(ratios), min(ratios), max(ratios))


def speed_table(mode: str, speeds: dict[str, list[float]]) -> str:
    """One row a side."""
    lines = [f"{mode + ', images/s':<24}{'median *':>12}{'minicnn / it':>18}{'min - max':>18}"]
    for name, figures in speeds.items():
        row = f"  {name:<22}{median(figures):>12.2f}"
        if name != OURS:
            r = ratio(speeds[OURS], figures)
            row += f"{r.median:>18.2f}{f'{r.min:.2f} - {r.max:.2f}':>18}"
        lines.append(row)
    return "\n".join(lines)


def memory_table(mode: str, memory: dict[str, dict[str, int]]) -> str:
    """One row a side; the ratio is that of the totals."""
    lines = [f"{mode + ', peak MB':<24}{'total':>12}{'minicnn / it':>18}{'above imports':>18}"]
    for name, figures in memory.items():
        peak = figures["peak"]
        share = "" if name == OURS else f"{memory[OURS]['peak'] / peak:.2f}"
        lines.append(f"  {name:<22}{peak / 1e6:>12.0f}{share:>18}{(peak - figures['after_imports']) / 1e6:>18.0f}")
    return "\n".join(lines)


def others_note(others: dict[str, list[float]]) -> str:
    """How much other programs disturbed the run. PyTorch gives each thread a fixed share of the work and waits for the
    slowest, so that it loses more than minicnn does when they take a core: then the ratios flatter us."""
    shares = {mode: mean(turns) for mode, turns in others.items() if turns}
    if not shares:
        return "What other programs took of the cores is unknown on this system."
    note = "Other programs took " + ", ".join(f"{share:.0%} of the cores in {mode}" for mode, share in shares.items())
    if max(shares.values()) > QUIET:
        note += f"\n{WARNING}"
    return note


def text(settings: dict[str, Any], machine: dict[str, Any], speeds: Speeds, memory: Memory) -> str:
    """The whole report."""
    heading = (
        "GoogLeNet {size}x{size}, batch {batch_size}, float32, preset {preset}, 1000 classes, {device}\n"
        "rounds: {rounds}, the sides in turn; steps in a turn: {repeats}; threads a side: {threads}"
    ).format(**settings)
    facts = "\n".join(f"  {name}: {value}" for name, value in machine.items())
    tables = [speed_table(*item) for item in speeds.images_per_second.items()]
    tables += [memory_table(*item) for item in memory.items()]
    notes = (
        "* Images/s are for orientation on this machine only: compare the ratios.\n"
        "Speed: above 1, minicnn is faster. Memory: below 1, minicnn needs less.\n"
        "Training: forward, loss of all three classifiers, backward, SGD step."
    )
    return "\n\n".join([heading, facts, *tables, notes, others_note(speeds.others)])


def document(settings: dict[str, Any], machine: dict[str, Any], speeds: Speeds, memory: Memory) -> dict[str, Any]:
    """The same for programs: every round, and the ratios."""
    return {
        "settings": settings,
        "machine": machine,
        "speed": {
            mode: {
                "images_per_second": sides,
                "ratio": {name: ratio(sides[OURS], sides[name])._asdict() for name in sides if name != OURS},
                "taken_by_others": speeds.others[mode],
            }
            for mode, sides in speeds.images_per_second.items()
        },
        "memory": {
            mode: {
                "bytes": sides,
                "ratio": {name: sides[OURS]["peak"] / sides[name]["peak"] for name in sides if name != OURS},
            }
            for mode, sides in memory.items()
        },
    }
