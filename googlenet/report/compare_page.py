"""A comparison of runs as one page: curves over each other, results, options. Nothing is fetched, no script runs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from html import escape

from googlenet.report.compare import ACCURACY, AVERAGED, LETTERS, LOSSES, Comparison, Run
from googlenet.report.compare_lines import duration, same_options, shown, verdicts

# Colors that people with the frequent color blindnesses tell apart, too (M. Okabe, K. Ito, "Color Universal Design",
# 2008), without its yellow, which is pale on white, and lighter on black. The ninth run gets the first again, dashed.
COLORS = 8  # --c0 to --c7 below
DASHES = ("", "6 3", "2 3", "8 3 2 3", "1 5", "10 4", "4 6")

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 400, 250, 54, 12, 12, 34  # of a chart, in its own units

STYLE = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1b1b1b; --soft: #666; --line: #ddd; --panel: #f6f6f6;
        --c0: #0072b2; --c1: #d55e00; --c2: #009e73; --c3: #cc79a7; --c4: #e69f00; --c5: #56b4e9;
        --c6: #8c564b; --c7: #7f7f7f }
@media (prefers-color-scheme: dark) {
  :root { --paper: #161616; --ink: #e8e8e8; --soft: #a0a0a0; --line: #3a3a3a; --panel: #202020;
          --c0: #4aa8e0; --c1: #f08a3c; --c2: #2fc494; --c3: #e09cc4; --c4: #f0b838; --c5: #9ad4f5;
          --c6: #c08a7c; --c7: #a8a8a8 }
}
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 1560px; padding: 16px; background: var(--paper); color: var(--ink);
       font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere }
h1 { font-size: 1.5rem; margin: 0 0 .5rem } h2 { font-size: 1.1rem; margin: 1.5rem 0 .5rem }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 16px }
figure { margin: 0; padding: 10px; background: var(--panel); border-radius: 8px }
figcaption { font-weight: 600 }
svg { display: block; width: 100%; height: auto } svg text { fill: var(--soft); font-size: 12px }
.grid { stroke: var(--line) } polyline { fill: none; stroke-width: 2; stroke-linejoin: round }
.scroll { overflow-x: auto } table { border-collapse: collapse; font-variant-numeric: tabular-nums }
th, td { padding: 4px 10px; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap }
th { color: var(--soft); font-weight: 600 } .name { text-align: left; white-space: normal; min-width: 9rem }
.key svg { display: inline-block; width: 28px; height: 10px; vertical-align: middle }
.soft { color: var(--soft) }
"""

Points = list[tuple[float, float]]


def page(found: Comparison) -> str:
    """The whole page."""
    percent = "{:.1%}".format
    number = "{:.3g}".format
    runs = found.runs
    charts = [
        chart("Test accuracy over epochs", "epoch", [run.curve(ACCURACY) for run in runs], percent),
        chart("Test accuracy over time", "minutes", [run.over_time(ACCURACY) for run in runs], percent),
        chart("Test accuracy of the averaged weights", "epoch", [run.curve(AVERAGED) for run in runs], percent),
        chart("Training accuracy over epochs", "epoch", [run.curve("train_accuracy") for run in runs], percent),
        chart("Loss of the main output", "epoch", [run.curve("loss_main") for run in runs], number),
        chart("Loss of aux1", "epoch", [run.curve("loss_aux1") for run in runs], number),
        chart("Loss of aux2", "epoch", [run.curve("loss_aux2") for run in runs], number),
        chart("Learning rate", "epoch", [run.curve("lr") for run in runs], number),
    ]
    parts = [
        f"<h1>{len(runs)} run{'s' * (len(runs) != 1)} compared</h1>",
        _results(runs),
        *(f"<p>{escape(text)}</p>" for text in verdicts(found)),
        '<h2>Curves</h2><div class="charts">' + "".join(charts) + "</div>",
        "<h2>Options in which they differ</h2>" + _options(found),
        _problems(runs),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{len(runs)} runs compared</title><style>{STYLE}</style></head>\n<body><main>\n"
        + "\n".join(part for part in parts if part)
        + "\n</main></body></html>\n"
    )


def chart(title: str, unit: str, curves: Sequence[Points], style: Callable[[float], str]) -> str:
    """Curves over each other as an SVG figure; nothing where no run has a point."""
    points = [point for curve in curves for point in curve]
    if not points:
        return ""
    xs, ys = ticks([x for x, _ in points], whole=unit == "epoch"), ticks([y for _, y in points])

    def place(x: float, y: float) -> tuple[float, float]:
        across = (x - xs[0]) / (xs[-1] - xs[0]) * (WIDTH - LEFT - RIGHT)
        up = (y - ys[0]) / (ys[-1] - ys[0]) * (HEIGHT - TOP - BOTTOM)
        return round(LEFT + across, 1), round(HEIGHT - BOTTOM - up, 1)

    drawn = []
    for value in ys:
        _, y = place(xs[0], value)
        drawn.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>')
        drawn.append(f'<text x="{LEFT - 5}" y="{y + 4}" text-anchor="end">{style(value)}</text>')
    for value in xs:
        x, _ = place(value, ys[0])
        drawn.append(f'<text x="{x}" y="{HEIGHT - BOTTOM + 15}" text-anchor="middle">{value:g}</text>')
    drawn.append(f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 4}" text-anchor="end">{unit}</text>')
    for number, curve in enumerate(curves):
        where = [place(x, y) for x, y in curve]
        path = " ".join(f"{x},{y}" for x, y in where)
        drawn.append(f'<polyline points="{path}" {_stroke(number)}/>')
        for (x, y), (at, value) in zip(where, curve, strict=True):
            said = f"{LETTERS[number]}, {unit} {at:.4g}: {style(value)}"
            drawn.append(f'<circle cx="{x}" cy="{y}" r="2.5" fill="{_color(number)}"><title>{said}</title></circle>')
    label = escape(f"{title}, a curve for each run; the numbers are in the table")
    svg = f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">{"".join(drawn)}</svg>'
    return f"<figure><figcaption>{escape(title)}</figcaption>{svg}</figure>"


def ticks(values: Sequence[float], whole: bool = False) -> list[float]:
    """Round numbers, 1, 2 or 5 times a power of ten apart, that enclose the values: three to eight of them."""
    low, high = min(values), max(values)
    if low == high:
        low, high = (low - 1, high + 1) if whole else (low - 0.05 * (abs(low) or 1), high + 0.05 * (abs(high) or 1))
    power = 10.0 ** math.floor(math.log10((high - low) / 4))
    step = next(factor * power for factor in (1, 2, 5, 10) if (high - low) / (factor * power) <= 6)
    if whole:
        step = max(1.0, step)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [number * step for number in range(first, last + 1)]


def _results(runs: Sequence[Run]) -> str:
    rows = []
    for number, run in enumerate(runs):
        best = run.best
        cells = [
            _percent(best and best[0]), str(best[1]) if best else "-", _percent(run.last(ACCURACY)),
            _percent(run.last("train_accuracy")), *(_number(run.last(name), ".4f") for name in LOSSES),
            run.state, escape(run.progress), duration(run.seconds), _number(run.images_per_second, ",.1f"),
        ]  # fmt: skip
        rows.append(
            f'<td class="name">{_key(number)} {escape(run.folder)}</td>' + "".join(f"<td>{c}</td>" for c in cells)
        )
    heads = ["best test", "in epoch", "last test", "last train", "loss", "aux1", "aux2", "state", "epochs", "time",
             "images/s"]  # fmt: skip
    return _table('<th class="name">run</th>' + "".join(f'<th scope="col">{head}</th>' for head in heads), rows)


def _options(found: Comparison) -> str:
    if not found.differing:
        return f'<p class="soft">{escape(same_options(found))}</p>'
    rows = [
        f'<td class="name">{escape(name)}</td>' + "".join(f"<td>{escape(shown(value))}</td>" for value in values)
        for name, values in found.differing.items()
    ]
    heads = "".join(f'<th scope="col">{_key(number)}</th>' for number in range(len(found.runs)))
    rest = f"<p>Not all runs have {escape(', '.join(found.not_in_all))}.</p>" if found.not_in_all else ""
    return _table(f'<th class="name">option</th>{heads}', rows) + rest


def _problems(runs: Sequence[Run]) -> str:
    said = [f"<li>{escape(run.folder)}: {escape(problem)}</li>" for run in runs for problem in run.problems]
    return f"<h2>What could not be read</h2><ul>{''.join(said)}</ul>" if said else ""


def _table(head: str, rows: Sequence[str]) -> str:
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f'<div class="scroll" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _key(number: int) -> str:
    """The letter of a run, with its line."""
    line = f'<svg viewBox="0 0 28 10" aria-hidden="true"><polyline points="0,5 28,5" {_stroke(number)}/></svg>'
    return f'<span class="key">{line} <b>{LETTERS[number]}</b></span>'


def _color(number: int) -> str:
    return f"var(--c{number % COLORS})"


def _stroke(number: int) -> str:
    return f'stroke="{_color(number)}" stroke-dasharray="{DASHES[number // COLORS]}"'


def _percent(value: float | None) -> str:
    return _number(value, ".2%")


def _number(value: float | None, style: str) -> str:
    return "-" if value is None else format(value, style)
