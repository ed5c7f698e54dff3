"""What was found as a text of at most 80 columns, and as a document for programs."""

import textwrap
from dataclasses import asdict
from statistics import mean, median
from typing import Any

from benchmarks.results import Outcome, Result, share_of_peak

QUIET = 0.05  # more than this share of the cores with other programs, and the ratios say little
WARNING = """WARNING: the machine was busy (rows with *), do not use these figures: PyTorch
suffers more than minicnn does. Run again when it is quiet."""
NOTES = """Ratios are taken within rounds. Speed: above 1, the first is faster. Memory and
time an image: below 1, the first needs less. Training: forward, loss of all
three classifiers, backward, SGD step. The faster layout: NCHW or channels_last,
whichever has the higher median here."""
INDENT = "  "


def text(heading: str, machine: dict[str, Any], results: list[Result]) -> str:
    """The whole report."""
    limits = [result for result in results if not result.measurement.rows]
    others = [result for result in results if result.measurement.rows]
    parts = [heading]
    if limits:
        parts.append("\n".join(["Limits of this machine, medians", *map(medians, limits), *peak_line(results)]))
    if others:
        parts += [table(others), NOTES]
        parts.append("\n".join(["Medians, for orientation on this machine only", *map(medians, others)]))
    others_took = {r.measurement.what: r.found.others for r in results if r.found}
    return "\n\n".join([*parts, machine_lines(machine), others_note(others_took)])


def heading(options: dict[str, Any]) -> str:
    """What all figures have in common."""
    lines = [
        "GoogLeNet on minicnn beside PyTorch, float32, {device}: {size}x{size}, batch {batch_size},",
        "preset {preset}, threads: {threads}"
        + ("" if options["custom"] or options["layers"] else ", where nothing else is said"),
    ]
    if options["quick"]:
        lines.append("A TRIAL with tiny images and batches and one step: no measurement")
    return "\n".join(lines).format(**options)


def machine_lines(machine: dict[str, Any]) -> str:
    """On what it was measured."""
    return "\n".join(filled(f"{name}: {value}") for name, value in machine.items())


def table(results: list[Result]) -> str:
    """One line a row."""
    lines = [f"{'':<40}{'median':>7}{'min - max':>15}{'target':>9}  met"]
    for result in results:
        if result.found:
            busy = bool(result.found.others) and mean(result.found.others) > QUIET
            lines += [(line(each) + (" *" if busy else "")).rstrip() for each in result.outcomes]
        else:
            lines += [f"{row.what:<40}{result.measurement.missing:>22}" for row in result.measurement.rows]
    return "\n".join(lines)


def line(outcome: Outcome) -> str:
    """What was measured; median and range; the target, and whether it is met."""
    span = f"{min(outcome.ratios):.2f} - {max(outcome.ratios):.2f}"
    target = str(outcome.row.target or "")
    met = {True: "yes", False: "NO", None: ""}[outcome.met]
    return f"{outcome.row.what:<40}{outcome.median:>7.2f}{span:>15}{target:>9}  {met:<3}"


def medians(result: Result) -> str:
    """The median of every contestant, in the measurement's unit."""
    named = [f"{name} {median(figures):.4g}" for name, figures in result.figures.items()]
    m = result.measurement
    return filled(f"{m.what}, {m.unit}: {', '.join(named) or m.missing}")


def peak_line(results: list[Result]) -> list[str]:
    """How near training comes to the limit."""
    peak = share_of_peak(results)
    if peak is None:
        return []
    shares = ", ".join(f"{name} {share:.0%}" for name, share in peak.shares.items())
    product = f"{peak.gflop_per_second:.0f} GFLOP/s of {peak.limit}"
    return [filled(f"training, {peak.gflop_per_image:.2f} GFLOP an image, reaches of the {product}: {shares}")]


def filled(sentence: str) -> str:
    """Indented lines of at most 80 columns."""
    return textwrap.fill(sentence, 80, initial_indent=INDENT, subsequent_indent=2 * INDENT, break_on_hyphens=False)


def others_note(others: dict[str, list[float]]) -> str:
    """How much other programs disturbed the run. PyTorch gives each thread a fixed share of the work and waits for the
    slowest, so that it loses more than minicnn does when they take a core: then the ratios flatter us."""
    shares = {what: mean(turns) for what, turns in others.items() if turns}
    if not shares:
        return "What other programs took of the cores is unknown on this system."
    most = max(shares, key=lambda what: shares[what])
    note = f"Other programs took {mean(shares.values()):.0%} of the cores"
    note += f" on average,\nand at most {shares[most]:.0%} ({most})." if len(shares) > 1 else "."
    return f"{note}\n{WARNING}" if shares[most] > QUIET else note


def document(settings: dict[str, Any], machine: dict[str, Any], results: list[Result]) -> dict[str, Any]:
    """The same for programs: every figure of every round."""
    peak = share_of_peak(results)
    return {
        "settings": settings,
        "machine": machine,
        "rows": [
            {
                "group": result.measurement.group,
                "what": each.row.what,
                "of": each.row.of,
                "to": each.to,
                "median": each.median,
                "min": min(each.ratios),
                "max": max(each.ratios),
                "ratios": each.ratios,
                "target": each.row.target._asdict() if each.row.target else None,
                "met": each.met,
            }
            for result in results
            for each in result.outcomes
        ],
        "measurements": [measured(result) for result in results],
        "share_of_peak": peak._asdict() if peak else None,
    }


def measured(result: Result) -> dict[str, Any]:
    """One measurement: how it was made, and every round."""
    m, found = result.measurement, result.found
    return {
        "group": m.group,
        "what": m.what,
        "unit": m.unit,
        "contestants": {name: {**c._asdict(), "settings": asdict(c.settings)} for name, c in m.contestants.items()},
        "figures": result.figures,
        "answers": found.answers if found else {},
        "taken_by_others": found.others if found else [],
        "missing": m.missing or None,
    }
