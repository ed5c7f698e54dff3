"""`python -m benchmarks`: the table of targets, measured beside PyTorch in one run."""

import json
import signal
import sys
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks import chart, layers, machine, measure, report, rows
from benchmarks.options import parse
from benchmarks.results import Result


def progress(line: str) -> None:
    """Progress goes to standard error, so that standard output holds the result alone."""
    print(line, file=sys.stderr, flush=True)


def plan(options: Namespace) -> list[rows.Measurement]:
    """What the options ask for."""
    base = base_settings(options)
    chosen = rows.custom(base) if options.custom else rows.suite(base)
    if options.quick and not options.custom:
        chosen = [rows.trial(measurement) for measurement in chosen]
    return [
        replace(
            m,
            rounds=options.rounds or m.rounds,
            contestants={
                name: c._replace(repeats=options.repeats or c.repeats) for name, c in m.contestants.items()
            },
        )
        for m in chosen
        if options.only is None or m.group in options.only
    ]  # fmt: skip


def base_settings(options: Namespace) -> measure.Settings:
    """The network and batch that the options name."""
    return measure.Settings(options.batch_size, options.size, options.threads, options.preset, options.device)


def run(measurement: rows.Measurement) -> Result:
    """Measure one thing, if it can be measured here."""
    if measurement.missing:
        return Result(measurement, None)
    how = measure.in_fresh_processes if measurement.unit == "MB" else measure.in_turns
    found = how(measurement.contestants, measurement.rounds, lambda line: progress(f"{measurement.what}: {line}"))
    return Result(measurement, found)


def facts(versions: dict[str, str], removed: list[str]) -> dict[str, Any]:
    """On what the figures were taken."""
    return {
        "CPU": machine.cpu_model(),
        "cores": machine.cores(),
        "date": date.today().isoformat(),
        "Python": sys.version.split()[0],
        **versions,
        "removed from environment": ", ".join(removed) or "nothing",
    }


def measure_table(options: Namespace, removed: list[str]) -> tuple[str, dict[str, Any]]:
    """The table of targets, or one configuration: as a text, and as a document."""
    results = [run(measurement) for measurement in plan(options)]
    versions = {name: value for r in results if r.found for name, value in r.found.versions.items()}
    machine_facts = facts(versions, removed)
    if options.chart:
        chart.draw(Path(options.chart), results, f"{machine_facts['CPU']}, {options.threads} threads, {date.today()}")
    settings = vars(options)
    return report.text(report.heading(settings), machine_facts, results), report.document(
        settings, machine_facts, results
    )


def measure_layers(options: Namespace, removed: list[str]) -> tuple[str, dict[str, Any]]:
    """Every layer by itself."""
    sides = layers.contestants(base_settings(options), options.repeats or 3)
    found = measure.in_turns(sides, options.rounds or 5, lambda line: progress(f"layers: {line}"))
    machine_facts = facts(found.versions, removed)
    parts = [report.heading(vars(options)), layers.table(found), report.machine_lines(machine_facts)]
    parts.append(report.others_note({"layers": found.others}))
    document = {"settings": vars(options), "machine": machine_facts, "layers": found.answers, "others": found.others}
    return "\n\n".join(parts), document


def main(arguments: Sequence[str] | None = None) -> int:
    """Returns the exit status."""
    try:
        options = parse(arguments)
        _, removed = machine.side_environment(options.threads)
        if removed:
            progress(f"removed from the environment of all sides: {', '.join(removed)}")
        text, document = (measure_layers if options.layers else measure_table)(options, removed)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return 130
    except measure.SideFailedError as error:
        print(f"python -m benchmarks: {error}", file=sys.stderr)
        return 1
    print(json.dumps(document, indent=2) if options.json == "-" else text)
    if options.json not in (None, "-"):
        Path(options.json).write_text(json.dumps(document, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))  # leave in order: the sides are ended too
    sys.exit(main())
