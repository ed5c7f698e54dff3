"""Line charts as SVG, for report.html: small enough for a phone, with values that a reader can walk along."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from html import escape

WIDTH, HEIGHT = 360, 220
LEFT, RIGHT, TOP, BOTTOM = 52, 350, 10, 186  # the edges of what the axes enclose
MOST_MARKS = 40  # a line of more points has none of them marked

Values = Sequence[float | None]  # None, and what is not finite: no point there


def three_digits(value: float) -> str:
    """1234.5 as 1,234, 0.00012345 as 0.000123, 12345678 as 1.23e+07."""
    return f"{value:,.0f}" if 1000 <= abs(value) < 100_000 else f"{value:.3g}"


def percent(value: float) -> str:
    """0.12345 as 12.3%, 0.5 as 50%."""
    return f"{100 * value:.3g}%"


def line_chart(
    title: str,
    epochs: Sequence[int],
    lines: Mapping[str, Values],
    *,
    percents: bool = False,
    log: bool = False,
    limits: tuple[float, ...] = (),
    level: tuple[str, float] | None = None,
) -> str:
    """An HTML figure: a line for each name over the epochs (one at least), with axes, legend and the last values.

    percents: the values are shares; log: a logarithmic axis; limits: what the axis shows at least; level: name and
    height of a dotted line across. The script in page.html says the values of other epochs: of that under the pointer,
    or those that the arrow keys walk to.
    """
    drawn = {name: [v if can_be_drawn(v, log) else None for v in values] for name, values in lines.items()}
    heights = [value for values in drawn.values() for value in values if value is not None]
    heights += [*limits, *([level[1]] if level else [])]
    low, high = span(heights, log)
    scale: Callable[[float], float] = math.log10 if log else float

    def x_of(epoch: float) -> float:
        first, last = (epochs[0], epochs[-1]) if len(epochs) > 1 else (epochs[0] - 1, epochs[0] + 1)
        return round(LEFT + (RIGHT - LEFT) * (epoch - first) / (last - first), 1)

    def y_of(value: float) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * (scale(value) - scale(low)) / (scale(high) - scale(low)), 1)

    svg = []
    for tick in decades(low, high) if log else even_ticks(low, high):
        text = (percent if percents else three_digits)(tick)
        svg.append(f'<path class="grid" d="M{LEFT} {y_of(tick)}H{RIGHT}"/>')
        svg.append(f'<text class="left" x="{LEFT - 6}" y="{y_of(tick) + 4}">{text}</text>')
    for epoch in some_of(epochs):
        svg.append(f'<text x="{x_of(epoch)}" y="{BOTTOM + 16}">{epoch}</text>')
    svg.append(f'<text class="left" x="{RIGHT}" y="{HEIGHT - 3}">epoch</text>')
    svg.append(f'<path class="axis" d="M{LEFT} {TOP}V{BOTTOM}H{RIGHT}"/>')
    if level:
        svg.append(f'<path class="level" d="M{LEFT} {y_of(level[1])}H{RIGHT}"/>')
    for number, values in enumerate(drawn.values()):
        points = [None if v is None else (x_of(at), y_of(v)) for at, v in zip(epochs, values, strict=True)]
        svg.append(f'<g class="line{number}">{path_through(points)}</g>')
    svg.append(f'<path class="cursor" d="M0 {TOP}V{BOTTOM}" visibility="hidden"/>')

    said = [
        in_words(epoch, {name: values[i] for name, values in lines.items()}, percents) for i, epoch in enumerate(epochs)
    ]
    walk = json.dumps({"x": [x_of(epoch) for epoch in epochs], "said": said})
    keys = [(f"line{number}", name) for number, name in enumerate(drawn)] + ([("level", level[0])] if level else [])
    return (
        f'<figure class="chart"><figcaption>{escape(title)}</figcaption><p class="legend">{"".join(map(legend, keys))}'
        f'</p><svg viewBox="0 0 {WIDTH} {HEIGHT}" tabindex="0" role="img" aria-label="{escape(title)}. Arrow keys tell '
        f'the values of each epoch" data-walk="{escape(walk)}">{"".join(svg)}</svg>'
        f'<p class="said" aria-live="polite">{escape(said[-1])}</p></figure>'
    )


def can_be_drawn(value: float | None, log: bool) -> bool:
    """Whether there is a place for it on the axis."""
    return value is not None and math.isfinite(value) and (value > 0 or not log)


def span(values: Sequence[float], log: bool) -> tuple[float, float]:
    """What an axis must show: from, to; never the same twice."""
    low, high = min(values, default=0.1), max(values, default=1.0)
    if low < high:
        return low, high
    return (low / 2, high * 2) if log else (low - 0.5, high + 0.5)


def even_ticks(low: float, high: float) -> list[float]:
    """At most seven numbers between low and high: multiples of 1, 2, 5 or 10 times a power of ten."""
    power = 10.0 ** math.floor(math.log10((high - low) / 6))
    step = next(factor * power for factor in (1, 2, 5, 10) if high - low <= 6 * factor * power)
    return [step * i for i in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def decades(low: float, high: float) -> list[float]:
    """Powers of ten between low and high; with 2 and 5 times them where there are few; at most seven numbers."""
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    for factors in ((1, 2, 5), (1,)):
        found = [f * 10.0**power for power in range(first, last + 1) for f in factors]
        found = [value for value in found if low * (1 - 1e-9) <= value <= high * (1 + 1e-9)]
        if len(found) <= 7:
            return found if len(found) > 1 else [low, high]
    return found[:: math.ceil(len(found) / 7)]


def some_of(epochs: Sequence[int]) -> list[int]:
    """At most seven epochs to stand below the axis."""
    if len(epochs) == 1:
        return list(epochs)
    return [round(tick) for tick in even_ticks(epochs[0], epochs[-1]) if math.isclose(tick, round(tick))]


def path_through(points: Sequence[tuple[float, float] | None]) -> str:
    """An SVG path, in pieces where points are missing, and a mark at every point where they are few."""
    path, pen_down = [], False
    for point in points:
        if point is not None:
            path.append(f"{'L' if pen_down else 'M'}{point[0]} {point[1]}")
        pen_down = point is not None
    there = [point for point in points if point is not None]
    marks = [f'<circle cx="{x}" cy="{y}" r="2.5"/>' for x, y in there] if len(there) <= MOST_MARKS else []
    return f'<path d="{"".join(path)}"/>{"".join(marks)}'


def in_words(epoch: int, values: Mapping[str, float | None], percents: bool) -> str:
    """epoch 3: main 0.4123, aux1 0.5234."""
    digits = ".2%" if percents else ".4g"
    known = [f"{name} {value:{digits}}" for name, value in values.items() if value is not None]
    return f"epoch {epoch}: {', '.join(known) or 'nothing'}"


def legend(key: tuple[str, str]) -> str:
    """A piece of the line of that class, and its name."""
    kind, name = key
    line = f'<g class="{kind}"><path d="M0 5H26"/></g>' if kind != "level" else '<path class="level" d="M0 5H26"/>'
    return f'<span><svg width="26" height="10" aria-hidden="true">{line}</svg>{escape(name)}</span>'
