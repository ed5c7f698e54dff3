"""report.html: all that a run tells, on one page that needs nothing but a browser."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from importlib.resources import files
from pathlib import Path, PurePath
from string import Template
from typing import Any

import numpy as np
from numpy.typing import NDArray

from googlenet.report.charts import line_chart, percent, three_digits
from googlenet.report.metrics import Row
from googlenet.report.pictures import data_uri, filter_sheet, thumbnail
from googlenet.report.scores import (
    class_scores,
    confident_mistakes,
    confusion_matrix,
    most_confused,
    uncertain_hits,
)
from minicnn.checkpoint import write_atomically

LARGEST_MATRIX = 30  # classes; with more of them the page lists the most confused pairs
MOST_PAIRS, MOST_PICTURES = 20, 12
PARTS = ("main", "aux1", "aux2")
LINES = 16  # kinds of line in a chart
QUIET_SECONDS = 30  # a page of a run that goes on reloads itself when nobody has touched it for so long

RELOAD = """
// The run goes on: show its next epoch, but not while somebody is reading here.
let touched = Date.now();
for (const kind of ["pointermove", "pointerdown", "keydown", "scroll", "touchmove", "focusin"])
  addEventListener(kind, () => { touched = Date.now(); }, {passive: true, capture: true});
setInterval(() => {
  const selecting = String(getSelection()) !== "";
  if (!document.hidden && !selecting && Date.now() - touched > QUIET) location.reload();
}, 5000);
""".replace("QUIET", str(1000 * QUIET_SECONDS))


@dataclass(frozen=True)
class Report:
    """What the page shows. Images are those of the evaluation, N of them, by their numbers."""

    title: str  # the run's name
    epochs: int  # how many it is to have
    settings: Mapping[str, Mapping[str, Any]]  # tables of what was set and given, by their titles
    rows: Sequence[Row]  # one for each epoch that is done, at least one
    classes: Sequence[str]
    labels: NDArray[np.int64]  # (N,)
    probabilities: NDArray[np.float32]  # (N, classes), after the last of the epochs
    name: Callable[[int], str]  # where an image comes from
    picture: Callable[[int], NDArray[np.uint8]]  # as the network sees it: (H, W), or (H, W, 3) in RGB
    filters: NDArray[np.floating]  # (filters, channels, KH, KW), those of the first layer
    order: str  # of their channels: L, RGB, BGR
    records: Sequence[Mapping[str, Any]] = field(default=())  # see googlenet/training/probe.py

    @property
    def finished(self) -> bool:
        return len(self.rows) >= self.epochs


def write_page(path: Path, report: Report) -> None:
    """Write report.html, whole or not at all. Raises OSError where it cannot be written."""
    # A file name may hold bytes that are no text.
    write_atomically(path, [page(report).encode("utf-8", "backslashreplace")])


def page(report: Report) -> str:
    """The page as HTML. Every name from outside is escaped, and nothing is fetched."""
    sections = [
        ("settings", "Settings", settings(report)),
        ("curves", "Curves", curves(report)),
        ("classes", "Classes", classes(report)),
        ("mistakes", "Mistakes", mistakes(report)),
        ("filters", "First-layer filters", filters(report)),
    ]
    if report.records:
        sections += [
            ("gradients", "Gradients", gradients(report)),
            ("relus", "Dead ReLUs", relus(report)),
            ("time", "Time", times(report)),
        ]
    return Template(files("googlenet.report").joinpath("page.html").read_text(encoding="utf-8")).substitute(
        title=escape(report.title),
        summary=summary(report),
        links="".join(f'<a href="#{name}">{title}</a>' for name, title, _ in sections),
        sections="\n".join(f'<section id="{name}"><h2>{title}</h2>{text}</section>' for name, title, text in sections),
        line_styles="\n".join(map(line_style, range(LINES))),
        reload="" if report.finished else RELOAD,
    )


def summary(report: Report) -> str:
    """Where the run is, and its best epoch."""
    done, best = len(report.rows), max(report.rows, key=lambda row: row["test_accuracy"])
    going_on = f"All {report.epochs} epochs are done." if report.finished else (
        f"Epoch {done} of {report.epochs} is done. While the run goes on, this page is written anew after every epoch, "
        f"and reloads itself when nobody has touched it for {QUIET_SECONDS} seconds."
    )  # fmt: skip
    return (
        f"{going_on} Test accuracy {best['test_accuracy']:.2%} after epoch {best['epoch']}, the best; "
        f"{report.rows[-1]['test_accuracy']:.2%} after epoch {done}, the last, from which all below comes."
    )


def line_style(number: int) -> str:
    """How a line in a chart is drawn: each of 16 differs from the others in color, or in its dashes, or in both."""
    color, dash = f"var(--c{number % 4})", ("none", "7 3", "2 3", "9 3 2 3")[(number + number // 4) % 4]
    return (
        f".line{number} path {{ stroke: {color}; stroke-dasharray: {dash}; }} .line{number} circle {{ fill: {color}; }}"
    )


# ---- tables -------------------------------------------------------------------------------------------------------


def table(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]], kind: str = "") -> str:
    """A table in a box of its own, which scrolls, by keyboard too. Cells are HTML; the first of each row is its head."""
    head = "".join(f'<th scope="col">{cell}</th>' for cell in heads)
    body = "".join(
        f'<tr><th scope="row">{first}</th>{"".join(c if c.startswith("<td") else f"<td>{c}</td>" for c in others)}</tr>'
        for first, *others in rows
    )
    return (
        f'<div class="box" role="region" tabindex="0" aria-label="{escape(title)}"><table class="{kind}">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def named(text: str) -> str:
    """A name from outside: cut off where it is long, whole under the pointer."""
    return f'<bdi class="name" title="{escape(text)}">{escape(text)}</bdi>'


def number(value: float | None, show: Callable[[float], str] = three_digits) -> str:
    """A number as text, a dash where there is none."""
    return "–" if value is None or not math.isfinite(value) else show(value)


def bar(share: float) -> str:
    """A bar, as long as a share of 6 em."""
    return f'<td class="text"><span class="bar" style="width:{6 * share:.2f}em"></span></td>'


# ---- the sections -------------------------------------------------------------------------------------------------


def settings(report: Report) -> str:
    """What was set and given, a table for each of the groups."""
    parts = []
    for title, values in report.settings.items():
        rows = "".join(
            f'<tr><th scope="row">{escape(str(k))}</th><td><bdi>{escape(str(v))}</bdi></td></tr>'
            for k, v in values.items()
        )
        parts.append(f"<div><h3>{escape(title)}</h3><table><tbody>{rows}</tbody></table></div>")
    return f'<div class="facts">{"".join(parts)}</div>'


def curves(report: Report) -> str:
    """Losses, accuracies, learning rate and speed over the epochs, and the table of all numbers."""
    rows = report.rows
    epochs = [row["epoch"] for row in rows]

    def lines(**columns: str) -> dict[str, list[float | None]]:
        values = {name: [row[column] for row in rows] for name, column in columns.items()}
        return {name.replace("_", " "): found for name, found in values.items() if any(v is not None for v in found)}

    guess = math.log(len(report.classes))
    level = (f"guessing: ln({len(report.classes)})", guess) if guess > 0 else None
    charts = [
        line_chart("Loss in training", epochs, lines(main="loss_main", aux1="loss_aux1", aux2="loss_aux2"),
                   "{:.4f}".format, limits=(0,), level=level),
        line_chart("Accuracy", epochs, lines(test="test_accuracy", training="train_accuracy"), "{:.2%}".format,
                   limits=(0, 1)),
        line_chart("Learning rate, at the end of each epoch", epochs, lines(rate="lr"), "{:.2g}".format, limits=(0,)),
        line_chart("Images a second, in training", epochs, lines(images="images_per_second"), limits=(0,)),
    ]  # fmt: skip
    heads = [column.replace("_", " ") for column in rows[0]]
    numbers = [[str(row["epoch"]), *(number(row[c], "{:.5g}".format) for c in row if c != "epoch")] for row in rows]
    return (
        f'<div class="columns">{"".join(charts)}</div><p class="soft">Training accuracy is that of augmented images, '
        "with dropout, during the epoch; so it may stay below the test accuracy.</p>"
        + table("All epochs", heads, numbers)
    )


def classes(report: Report) -> str:
    """The confusion matrix, or its largest entries, and a table of the classes."""
    confusion, name = confusion_matrix(report.labels, report.probabilities), report.classes
    if len(name) <= LARGEST_MATRIX:
        matrix = "<h3>Confusion matrix</h3><p>Rows: what the images are. Columns: what they were taken for.</p>"
        matrix += table("Confusion matrix", ["", *map(named, name)], (
            [named(name[i]), *(confusion_cell(int(count), int(row.sum()), i == j) for j, count in enumerate(row))]
            for i, row in enumerate(confusion)
        ), "confusion")  # fmt: skip
    else:
        matrix = f"<h3>Most confused</h3><p>Of {len(name)} classes, the pairs that were confused most often.</p>"
        matrix += table("Most confused", ["images of", "taken for", "how many", "of all of these"], (
            [named(name[i]), f'<td class="text">{named(name[j])}</td>', f"{count:,}", percent(count / confusion[i].sum())]
            for i, j, count in most_confused(confusion, MOST_PAIRS)
        ))  # fmt: skip
    heads = ["class", "images", "right", "recall", "precision", "F1", "most confused with"]
    per_class = (
        [
            named(name[i]), f"{s.count:,}", f"{s.right:,}", number(s.recall, percent), number(s.precision, percent),
            number(s.f1, "{:.3f}".format),
            f'<td class="text">{"–" if s.confused_with is None else named(name[s.confused_with])}</td>',
        ]
        for i, s in enumerate(class_scores(confusion))
    )  # fmt: skip
    explained = (
        "Recall: the share of the images of a class that were recognized, its accuracy. Precision: of what was taken "
        "for the class, the share that is. F1: their harmonic mean."
    )
    return f"{matrix}<h3>Class by class</h3><p>{explained}</p>{table('Class by class', heads, per_class)}"


def confusion_cell(count: int, of: int, right: bool) -> str:
    """A count, the darker the larger its share of the images of that class."""
    if not count:
        return '<td class="none">0</td>'
    return f'<td class="{"right" if right else "wrong"}" style="--share:{count / of:.3f}">{count:,}</td>'


def mistakes(report: Report) -> str:
    """The most confident mistakes and the least certain hits, as pictures."""
    found = {
        "Most confident mistakes": confident_mistakes(report.labels, report.probabilities, MOST_PICTURES),
        "Least certain hits": uncertain_hits(report.labels, report.probabilities, MOST_PICTURES),
    }
    return "".join(
        f"<h3>{title}</h3>"
        + (f'<div class="pictures">{"".join(shown(report, i) for i in indices)}</div>' if indices else "<p>None.</p>")
        for title, indices in found.items()
    )


def shown(report: Report, index: int) -> str:
    """One image, with what it is, what it was taken for and how surely."""
    p = report.probabilities[index]
    true, taken, name = report.classes[report.labels[index]], report.classes[int(p.argmax())], report.name(index)
    short = "/".join(PurePath(name).parts[-2:])
    address = thumbnail(report.picture, index)
    image = '<span class="gone">cannot be read</span>'
    if address:
        kind = ' class="small"' if address.startswith("data:image/png") else ""
        image = f'<img{kind} src="{address}" alt="an image of {escape(true)}, taken for {escape(taken)}">'
    words = (
        f"<bdi>{escape(true)}</bdi>, {p.max():.1%}"
        if true == taken
        else f"<bdi>{escape(true)}</bdi>, taken for <bdi>{escape(taken)}</bdi>, {p.max():.1%}"
    )
    return (
        f'<figure>{image}<figcaption>{words}<br><bdi class="soft" title="{escape(name)}">{escape(short)}</bdi>'
        "</figcaption></figure>"
    )


def filters(report: Report) -> str:
    """The kernels of the first layer as one picture."""
    count, _, height, width = report.filters.shape
    colors = "in gray" if report.order == "L" else "in color"
    return (
        f"<p>The {count} kernels of conv1, {height}x{width} each, {colors}. Middle gray is a weight of 0; each filter is "
        "scaled by its own largest weight. In the beginning they are noise; edges and colors come with the epochs.</p>"
        f'<img class="filters" alt="{count} filters" src="{data_uri(filter_sheet(report.filters, report.order))}">'
    )


def gradients(report: Report) -> str:
    """Where the gradient of each block comes from, now and over the epochs."""
    records, last = report.records, report.records[-1]
    epochs = [record["epoch"] for record in records]
    blocks = list(last["blocks"])
    parts = [part for part in PARTS if any(f"norm_{part}" in numbers for numbers in last["blocks"].values())]

    def over_epochs(block: str, what: str) -> list[float | None]:
        return [record["blocks"].get(block, {}).get(what) for record in records]

    rows = (
        [escape(block), number(numbers["norm"]), *(number(numbers.get(part), percent) for part in parts),
         f'<td class="text">{parts_bar([numbers.get(part, 0.0) for part in parts])}</td>',
         *(number(numbers.get(f"norm_{part}")) for part in parts)]
        for block, numbers in last["blocks"].items()
    )  # fmt: skip
    heads = ["block", "norm", *(f"from {part}" for part in parts), "", *(f"norm of {part}" for part in parts)]
    shares = [
        line_chart(block, epochs, {p: over_epochs(block, p) for p in parts}, percent, limits=(0, 1)) for block in blocks
    ]
    norms = line_chart("Norm of the gradient", epochs, {b: over_epochs(b, "norm") for b in blocks[:LINES]}, log=True)
    by_epoch = table("Norm of the gradient", ["block", *map(str, epochs)], (
        [escape(block), *(number(norm) for norm in over_epochs(block, "norm"))] for block in blocks
    ))  # fmt: skip
    return (
        f"<p>The gradient g of a block's weights is the sum of three: from the main loss, and from 0.3 times the loss of "
        "either head, aux1 on 4a and aux2 on 4d. The share of a part is its projection on g as a fraction of g, g<sub>part</sub> · g / g · g. "
        "Shares add up to 100 %; one below 0 pulls against the others, and then another is above 100 %. Means over "
        f"{last['samples']} samples of {last['images']} images in epoch {epochs[-1]}.</p>"
        f"{table('Gradients', heads, rows)}<h3>Shares over the epochs</h3>"
        f'<div class="columns">{"".join(shares)}</div><h3>Norms over the epochs</h3>'
        f'<div class="columns">{norms}</div>{by_epoch}'
    )


def parts_bar(shares: Sequence[float]) -> str:
    """Shares that add up to 1, side by side from 0 on; those below 0 on the other side. From -0.5 to 1.5."""
    rects, ends = [], {True: 0.0, False: 0.0}
    for share in shares:
        side = share >= 0
        start, ends[side] = ends[side], ends[side] + share
        left, right = (100 + 200 * min(max(edge, -0.5), 1.5) / 2 - 50 for edge in sorted((start, ends[side])))
        rects.append(f'<rect x="{left:.1f}" width="{right - left:.1f}" height="16"/>')
    return f'<svg class="parts" viewBox="0 0 200 16" aria-hidden="true">{"".join(rects)}<path d="M50 0V16"/></svg>'


def relus(report: Report) -> str:
    """How many channels of each layer are never above 0."""
    records = [record for record in report.records if record.get("dead")]
    if not records:
        return "<p>Not looked at yet.</p>"
    first, last = records[0], records[-1]
    totals = [[sum(column) for column in zip(*record["dead"].values(), strict=True)] for record in records]
    chart = line_chart("Dead, of all channels", [r["epoch"] for r in records],
                       {"dead": [dead / of for dead, of in totals]}, percent, limits=(0,))  # fmt: skip
    heads = ["layer", "channels", f"dead, epoch {first['epoch']}", f"dead, epoch {last['epoch']}", "", ""]
    rows = (
        [escape(layer), str(of), str(first["dead"].get(layer, ["–"])[0]), str(dead), percent(dead / of), bar(dead / of)]
        for layer, (dead, of) in last["dead"].items()
    )
    return (
        f"<p>A ReLU is called dead where its channel is 0 everywhere in {last['images_for_relus']} images of the training "
        "set: no gradient comes through it. With few images some are only waiting for theirs.</p>"
        f'<div class="columns">{chart}</div>{table("Dead ReLUs", heads, rows)}'
    )


def times(report: Report) -> str:
    """What each layer takes forward and backward."""
    last = report.records[-1]
    whole = sum(map(sum, last["times"].values())) or 1.0
    longest = max(map(sum, last["times"].values()), default=1.0)
    rows = (
        [escape(layer), *(f"{part:.3f}" for part in both), percent(sum(both) / whole), bar(sum(both) / longest)]
        for layer, both in last["times"].items()
    )
    return (
        f"<p>Milliseconds an image, measured with {last['images']} images at once in epoch {last['epoch']}; in training "
        "more of them share the fixed costs. ReLUs, concatenation and what else has no layer of its own count with the "
        "layer behind it on the way there, and are left out on the way back.</p>"
        + table("Time", ["layer", "forward", "backward", "of all", ""], rows)
    )
