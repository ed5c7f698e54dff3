"""report.html: all that a run tells, on one page that needs nothing but a browser."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from pathlib import Path, PurePath
from string import Template
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from googlenet.report.charts import line_chart, percent
from googlenet.report.inside import Records, gradients, relus, times
from googlenet.report.metrics import Row, best_accuracy
from googlenet.report.pictures import data_uri, filter_sheet, thumbnail
from googlenet.report.scores import class_scores, confident_mistakes, most_confused, uncertain_hits
from googlenet.report.tables import named, number, table
from minicnn.checkpoint import write_atomically

if TYPE_CHECKING:
    from googlenet.evaluation import Predictions

LARGEST_MATRIX = 30  # classes; with more of them the page lists the most confused pairs
MOST_PAIRS, MOST_PICTURES = 20, 12
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
    predictions: Predictions  # after the last of these epochs
    name: Callable[[int], str]  # where an image comes from
    picture: Callable[[int], NDArray[np.uint8]]  # as the network sees it: (H, W), or (H, W, 3) in RGB
    filters: NDArray[np.floating]  # (filters, channels, KH, KW), those of the first layer
    order: str  # of their channels: L, RGB, BGR
    finished: bool  # no epoch will come; else the page reloads itself
    records: Records = ()  # what was found inside: see googlenet/training/probe.py


def write_page(path: Path, report: Report) -> None:
    """Write report.html, whole or not at all. Raises OSError where it cannot be written."""
    # A file name may hold bytes that are no text.
    write_atomically(path, [page(report).encode("utf-8", "backslashreplace")])


def page(report: Report) -> str:
    """The page as HTML. Every name from outside is escaped, and nothing is fetched."""
    sections = [
        ("curves", "Curves", curves(report)),
        ("classes", "Classes", classes(report)),
        ("mistakes", "Mistakes", mistakes(report)),
        ("filters", "First-layer filters", filters(report)),
    ]
    if report.records:
        sections += [
            ("gradients", "Gradients", gradients(report.records)),
            ("relus", "Dead ReLUs", relus(report.records)),
            ("time", "Time", times(report.records)),
        ]
    sections.append(("settings", "Settings", settings(report)))
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
    done, best = len(report.rows), max(report.rows, key=best_accuracy)
    going_on = f"Done after epoch {done} of {report.epochs}." if report.finished else (
        f"Epoch {done} of {report.epochs} is done. While the run goes on, this page is written anew after every epoch, "
        f"and reloads itself when nobody has touched it for {QUIET_SECONDS} seconds."
    )  # fmt: skip
    return (
        f"{going_on} Test accuracy {best_accuracy(best):.2%} after epoch {best['epoch']}, the best; "
        f"{report.rows[-1]['test_accuracy']:.2%} after epoch {done}, the last, from which all below comes."
    )


def line_style(number: int) -> str:
    """How a line in a chart is drawn: each of 16 differs from the others in color, or in its dashes, or in both."""
    color, dash = f"var(--c{number % 4})", ("none", "7 3", "2 3", "9 3 2 3")[(number + number // 4) % 4]
    return (
        f".line{number} path {{ stroke: {color}; stroke-dasharray: {dash}; }} .line{number} circle {{ fill: {color}; }}"
    )


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
                   limits=(0,), level=level),
        line_chart("Accuracy", epochs, lines(test="test_accuracy", averaged_weights="average_accuracy",
                   training="train_accuracy"), percents=True, limits=(0, 1)),
        line_chart("Learning rate, at the end of each epoch", epochs, lines(rate="lr"), limits=(0,)),
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
    confusion, name = report.predictions.confusion(), report.classes
    if len(name) <= LARGEST_MATRIX:
        matrix = "<h3>Confusion matrix</h3><p>Rows: what the images are. Columns: what they were taken for.</p>"
        matrix += table("Confusion matrix", ["", *map(named, name)], (
            [named(name[i]), *(confusion_cell(int(count), int(row.sum()), i == j) for j, count in enumerate(row))]
            for i, row in enumerate(confusion)
        ), "confusion")  # fmt: skip
    else:
        matrix = f"<h3>Most confused</h3><p>Of {len(name)} classes, the pairs that were confused most often.</p>"
        matrix += table("Most confused", ["images of", "taken for", "how many", "of all of these"], (
            [
                named(name[i]), f'<td class="text">{named(name[j])}</td>', f"{count:,}",
                percent(count / confusion[i].sum()),
            ]
            for i, j, count in most_confused(confusion, MOST_PAIRS)
        ))  # fmt: skip
    heads = ["class", "images", "right", "recall", "precision", "F1", "most confused with"]
    per_class = (
        [
            named(name[i]), f"{s.images:,}", f"{s.right:,}", number(s.recall, percent), number(s.precision, percent),
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
    labels, probabilities = report.predictions.labels, report.predictions.probabilities
    found = {
        "Most confident mistakes": confident_mistakes(labels, probabilities, MOST_PICTURES),
        "Least certain hits": uncertain_hits(labels, probabilities, MOST_PICTURES),
    }
    return "".join(
        f"<h3>{title}</h3>"
        + (f'<div class="pictures">{"".join(shown(report, i) for i in indices)}</div>' if indices else "<p>None.</p>")
        for title, indices in found.items()
    )


def shown(report: Report, index: int) -> str:
    """One image, with what it is, what it was taken for and how surely."""
    p = report.predictions.probabilities[index]
    true, taken = report.classes[report.predictions.labels[index]], report.classes[int(p.argmax())]
    name = report.name(index)
    short = "/".join(PurePath(name).parts[-2:])
    address = thumbnail(report.picture, index)
    image = '<span class="gone">cannot be read</span>'
    if address:
        kind = ' class="small"' if address.startswith("data:image/png") else ""
        image = f'<img{kind} src="{address}" alt="an image of {escape(true)}, taken for {escape(taken)}">'
    mistaken = f", taken for <bdi>{escape(taken)}</bdi>" if taken != true else ""
    words = f"<bdi>{escape(true)}</bdi>{mistaken}, {p.max():.1%}"
    return (
        f'<figure>{image}<figcaption>{words}<br><bdi class="soft" title="{escape(name)}">{escape(short)}</bdi>'
        "</figcaption></figure>"
    )


def filters(report: Report) -> str:
    """The kernels of the first layer as one picture."""
    count, _, height, width = report.filters.shape
    colors = "in gray" if report.order == "L" else "in color"
    return (
        f"<p>The {count} kernels of conv1, {height}x{width} each, {colors}. Middle gray is a weight of 0; each filter "
        "is scaled by its own largest weight. In the beginning they are noise; edges and colors come with the epochs."
        "</p>"
        f'<img class="filters" alt="{count} filters" src="{data_uri(filter_sheet(report.filters, report.order))}">'
    )
