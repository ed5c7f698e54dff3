"""Boxes and arrows as SVG: nothing is fetched, text is text, and it is readable in light and in dark surroundings."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from minicnn.explain.picture.layout import Layout, layout
from minicnn.explain.text import printable

COLUMN, WIDTH = 114, 104  # pixels from one column to the next, and of a box
LINE, STRIP = 13, 15  # heights: of a line of text in a box, of a strip on it
GAP, BUS = 38, 15  # between two rows; and how far below a row arrows bend
MARGIN = 14
LETTER = 6.2  # how wide one is, about, in the widest of the fonts
FRAME = 7  # from the boxes of a group to the line around them, above and below
BESIDE = 18  # the same at the sides, where results are written
NARROWEST = 4 * COLUMN  # of a drawing: title and caption need room

STYLE = """
text{font:11px system-ui,-apple-system,"Segoe UI",Roboto,Helvetica,Arial,sans-serif;fill:#1c2733;text-anchor:middle}
.head{font-size:16px;font-weight:600;text-anchor:start}.said{text-anchor:start;fill:#52606d}
.name{font-weight:600}.shape{font-size:10px;text-anchor:start;fill:#52606d}.group{fill:#52606d}
rect{stroke-width:1.2}.back{fill:#fff;stroke:none}.frame{fill:#75849612;stroke:#75849655}
.arrow{fill:none;stroke:#75818d;stroke-width:1.3}.tip{fill:#75818d}
.blue{fill:#cfe2f9;stroke:#3f7ac0}.red{fill:#f9d3d0;stroke:#c4534b}.green{fill:#d3ecd2;stroke:#4b964b}
.yellow{fill:#fdf0b5;stroke:#b8940f}.plain{fill:#f3f5f7;stroke:#8b97a3}
@media(prefers-color-scheme:dark){.back{fill:#12171d}text{fill:#e8eef4}
.said,.shape,.group{fill:#a7b3bf}.arrow{stroke:#8996a3}.tip{fill:#8996a3}
.blue{fill:#1d3c63;stroke:#5c98de}.red{fill:#5c2523;stroke:#dd7b74}.green{fill:#1f4423;stroke:#68b568}
.yellow{fill:#524411;stroke:#d3b13a}.plain{fill:#262e37;stroke:#7d8a97}}
"""


@dataclass(frozen=True)
class Box:
    """A box with lines of text, the first in bold, and an arrow from each of the boxes whose numbers are `inputs`.

    color: blue, red, green, yellow or plain, of the box and of the strips on top of it, (text, color) each.
    result: stands beside the arrow that leaves it. tooltip: what a browser shows when the pointer rests on it.
    group: boxes of the same one get a frame with its name. wide: reach over all boxes that it takes from; each has its
    arrow there, and its text of `parts` over it. key: by which a page finds the box and the arrows between such boxes.
    """

    lines: tuple[str, ...]
    color: str = "plain"
    inputs: tuple[int, ...] = ()
    strips: tuple[tuple[str, str], ...] = ()
    result: str = ""
    tooltip: str = ""
    group: str = ""
    wide: bool = False
    parts: tuple[str, ...] = ()
    key: str = ""

    @property
    def height(self) -> int:
        lines = len(self.lines) + bool(self.parts)
        return 8 + LINE * lines + STRIP * len(self.strips)


def drawing(boxes: Sequence[Box], title: str, caption: str = "", width: int = WIDTH) -> str:
    """An SVG file as text: the boxes, so wide, from the first at the bottom to the last at the top, which
    an arrow leaves if it has a result. Texts may be anything."""
    return Drawing(boxes, width).svg(title, caption)


class Drawing:
    """Where everything stands, in pixels; the y axis points down, as in SVG."""

    def __init__(self, boxes: Sequence[Box], width: int = WIDTH) -> None:
        self.boxes = boxes
        self.width, self.column = width, width + COLUMN - WIDTH
        self.layout: Layout = layout([box.inputs for box in boxes])
        heights = [0] * (max(self.layout.rows) + 1)
        for box, row in zip(boxes, self.layout.rows, strict=True):
            heights[row] = max(heights[row], box.height)
        self.bottoms = [-sum(heights[:row]) - GAP * row for row in range(len(heights))]  # of the rows
        self.tallest = sum(heights) + GAP * len(heights)
        lefts, rights = zip(*map(self.sides, range(len(boxes))), strict=True)
        ways = [self.x(column) for column in self.layout.ways.values()]
        self.left = min(lefts) - MARGIN - (BESIDE + LINE if any(box.group for box in boxes) else 0)
        self.right = max((*rights, *ways)) + MARGIN + BESIDE
        spare = NARROWEST - (self.right - self.left)
        if spare > 0:
            self.left, self.right = self.left - spare / 2, self.right + spare / 2

    # ---- places ---------------------------------------------------------------------------------------------------

    def x(self, column: float) -> float:
        return column * self.column

    def arrives_at(self, number: int, which: int) -> float:
        """Where the arrow from a box's input ends: in the middle, or where it comes from if the box is wide."""
        one = self.boxes[number].inputs[which]
        return self.x(self.layout.ways[one, number] if self.boxes[number].wide else self.layout.columns[number])

    def sides(self, number: int) -> tuple[float, float]:
        """Left and right of a box."""
        places = [self.x(self.layout.columns[number])]
        if self.boxes[number].wide:
            places += [self.arrives_at(number, which) for which in range(len(self.boxes[number].inputs))]
        return min(places) - self.width / 2, max(places) + self.width / 2

    def bottom(self, number: int) -> float:
        return self.bottoms[self.layout.rows[number]]

    def top(self, number: int) -> float:
        return self.bottom(number) - self.boxes[number].height

    # ---- pieces ---------------------------------------------------------------------------------------------------

    def svg(self, title: str, caption: str) -> str:
        said = textwrap.wrap(caption, int((self.right - self.left - 2 * MARGIN) / LETTER))
        head = MARGIN + 22 + 15 * len(said)
        width, height = round(self.right - self.left), self.tallest + head + MARGIN
        shift = f"translate({-self.left:g} {height - MARGIN:g})"
        numbers = range(len(self.boxes))
        return "\n".join(
            [
                f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
                f'viewBox="0 0 {width} {height}" role="img">',
                f"<title>{shown(title)}</title>",
                f"<style>{STYLE}</style>",
                '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
                'orient="auto"><path class="tip" d="M0 0L8 4L0 8Z"/></marker></defs>',
                f'<rect class="back" width="{width}" height="{height}"/>',
                f'<text class="head" x="{MARGIN}" y="{MARGIN + 12}">{shown(title)}</text>',
                *(
                    f'<text class="said" x="{MARGIN}" y="{MARGIN + 32 + 15 * i}">{shown(line)}</text>'
                    for i, line in enumerate(said)
                ),
                f'<g transform="{shift}">',
                *self.frames(),
                *(arrow for number in numbers for arrow in self.arrows(number)),
                *map(self.box, numbers),
                "</g>",
                "</svg>",
                "",
            ]
        )

    def frames(self) -> list[str]:
        """Around each group of several boxes, with its name at the left."""
        found = []
        for group in dict.fromkeys(box.group for box in self.boxes if box.group):
            members = [number for number, box in enumerate(self.boxes) if box.group == group]
            if len(members) == 1:
                continue
            left = min(self.sides(number)[0] for number in members) - BESIDE
            right = max(self.sides(number)[1] for number in members) + BESIDE
            top, bottom = min(map(self.top, members)) - FRAME, max(map(self.bottom, members)) + FRAME
            middle = (top + bottom) / 2
            found.append(
                f'<rect class="frame" x="{left:g}" y="{top:g}" width="{right - left:g}" height="{bottom - top:g}" '
                f'rx="8"/><text class="group" transform="translate({left - 5:g} {middle:g}) rotate(-90)">'
                f"{shown(group)}</text>"
            )
        return found

    def arrows(self, number: int) -> list[str]:
        """The arrows that end at this box."""
        found = []
        for which, one in enumerate(self.boxes[number].inputs):
            start, way, end = (
                self.x(self.layout.columns[one]), self.x(self.layout.ways[one, number]), self.arrives_at(number, which)
            )  # fmt: skip
            above, below = self.bottoms[self.layout.rows[one] + 1] + BUS, self.bottom(number) + BUS
            points = [(start, self.top(one)), (start, above), (way, above)]
            points += [(way, below), (end, below), (end, self.bottom(number) + 1)]
            keys = self.boxes[one].key, self.boxes[number].key
            known = f' data-arrow="{shown(" ".join(keys))}"' if all(keys) else ""
            found.append(f'<path class="arrow"{known} d="{rounded(points)}" marker-end="url(#tip)"/>')
        return found

    def box(self, number: int) -> str:
        box, bottom = self.boxes[number], self.bottom(number)
        left, right = self.sides(number)
        middle = (left + right) / 2
        y = self.top(number)
        drawn = [f"<title>{shown(box.tooltip)}</title>"] if box.tooltip else []
        for text, color in reversed(box.strips):  # the last is on top
            drawn.append(
                f'<rect class="{color}" x="{left:g}" y="{y:g}" width="{right - left:g}" height="{STRIP}"/>'
                f'<text x="{middle:g}" y="{y + 11:g}">{shown(text)}</text>'
            )
            y += STRIP
        drawn.append(
            f'<rect class="{box.color}" x="{left:g}" y="{y:g}" width="{right - left:g}" height="{bottom - y:g}" '
            'rx="3"/>'
        )
        for i, line in enumerate(box.lines):
            name = "" if i else ' class="name"'
            drawn.append(f'<text{name} x="{middle:g}" y="{y + 14 + LINE * i:g}">{shown(line)}</text>')
        for which, part in enumerate(box.parts):
            drawn.append(f'<text x="{self.arrives_at(number, which):g}" y="{bottom - 5:g}">{shown(part)}</text>')
        if number == len(self.boxes) - 1 and box.result:
            x = self.x(self.layout.columns[number])
            out = rounded([(x, self.top(number)), (x, self.top(number) - GAP + BUS)])
            drawn.append(f'<path class="arrow" d="{out}" marker-end="url(#tip)"/>')
        if box.result:
            x = self.x(self.layout.columns[number]) + 6
            drawn.append(f'<text class="shape" x="{x:g}" y="{self.top(number) - 11:g}">{shown(box.result)}</text>')
        known = f' data-box="{shown(box.key)}"' if box.key else ""
        return f"<g{known}>{''.join(drawn)}</g>"


def rounded(points: Sequence[tuple[float, float]], radius: float = 5) -> str:
    """An SVG path through the points, each before it on one axis; its corners are round."""
    corners: list[tuple[float, float]] = []
    for point in points:
        if len(corners) > 1 and any(corners[-2][axis] == corners[-1][axis] == point[axis] for axis in (0, 1)):
            corners.pop()  # the way goes straight on
        if point not in corners[-1:]:
            corners.append(point)
    path = [f"M{corners[0][0]:g} {corners[0][1]:g}"]
    for before, corner, after in zip(corners, corners[1:], corners[2:], strict=False):
        (x0, y0), (x1, y1) = toward(corner, before, radius), toward(corner, after, radius)
        path.append(f"L{x0:g} {y0:g}Q{corner[0]:g} {corner[1]:g} {x1:g} {y1:g}")
    path.append(f"L{corners[-1][0]:g} {corners[-1][1]:g}")
    return "".join(path)


def toward(start: tuple[float, float], end: tuple[float, float], distance: float) -> tuple[float, float]:
    """The point at most that far from start in the direction of end; they differ in one axis."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    share = min(1.0, distance / (abs(dx) + abs(dy)))
    return start[0] + dx * share, start[1] + dy * share


def shown(text: str) -> str:
    """Text for SVG: escaped, and without the control characters that XML does not allow even so."""
    return escape(printable(text))
