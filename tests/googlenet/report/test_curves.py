"""curves.png."""

import math
import sys
import warnings

import pytest
from rows import WITHOUT_HEADS, row
from support import run_python

from googlenet.report.curves import draw_curves, try_to_draw


@pytest.mark.parametrize(
    "rows",
    [
        [row(i, loss_main=2 / i) for i in range(1, 6)],
        [],
        [row()],
        [row(**WITHOUT_HEADS)],
        [row(1, **WITHOUT_HEADS), row(2, **WITHOUT_HEADS)],
        [row(1), row(2, average_accuracy=0.5), row(3, average_accuracy=0.6)],
        [row(1, test_accuracy=0.0, train_accuracy=0.0), row(2, test_accuracy=1.0, loss_main=0.0)],
    ],
    ids=["five epochs", "no epoch", "one epoch", "one epoch without heads", "without heads", "averages", "extremes"],
)
def test_curves_are_a_png(tmp_path, rows):
    from PIL import Image

    path = tmp_path / "curves.png"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        draw_curves(path, rows, 10)
    assert path.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    with Image.open(path) as image:
        assert image.width >= 800
        assert image.height >= 300
        image.load()


@pytest.fixture
def drawn(tmp_path, monkeypatch):
    """A function that draws rows and returns the two axes: of the losses and of the accuracies."""
    import matplotlib.figure

    figures = []

    class Kept(matplotlib.figure.Figure):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            figures.append(self)

    monkeypatch.setattr(matplotlib.figure, "Figure", Kept)

    def draw(rows, classes=10):
        draw_curves(tmp_path / "curves.png", rows, classes)
        return figures[-1].axes

    return draw


def lines(axes):
    """What is drawn, by the label in the legend."""
    return {line.get_label(): (list(line.get_xdata()), list(line.get_ydata())) for line in axes.get_lines()}


def test_every_line_shows_its_own_column(drawn):
    losses, accuracies = drawn([row(1), row(2, loss_main=1.1, loss_aux1=1.2, loss_aux2=1.25)])
    found = lines(losses)
    assert found["main"] == ([1, 2], [2.1, 1.1])
    assert found["aux1 (on 4a)"] == ([1, 2], [2.2, 1.2])
    assert found["aux2 (on 4d)"] == ([1, 2], [2.25, 1.25])
    one = row()
    assert lines(accuracies)["test"] == ([1, 2], [one["test_accuracy"]] * 2)
    assert lines(accuracies)["training (augmented, dropout)"] == ([1, 2], [one["train_accuracy"]] * 2)


def test_heads_that_are_not_there_have_no_line(drawn):
    losses, _ = drawn([row(**WITHOUT_HEADS)])
    assert [text.get_text() for text in losses.get_legend().get_texts()] == ["main", "guessing: ln(10)"]


def test_the_loss_of_a_guess_is_a_line_across(drawn):
    losses, _ = drawn([row()], classes=7)
    _, height = lines(losses)["guessing: ln(7)"]
    assert height == [math.log(7)] * 2


def test_the_best_accuracy_is_in_the_title_and_a_line_across(drawn):
    _, accuracies = drawn([row(1, test_accuracy=0.5), row(2, test_accuracy=0.875), row(3, test_accuracy=0.75)])
    assert accuracies.get_title() == "Accuracy (best test: 87.50%)"
    assert ([0, 1], [0.875, 0.875]) in lines(accuracies).values()


@pytest.mark.parametrize("epochs", [1, 2])
def test_the_axes_say_what_they_are(drawn, epochs):
    losses, accuracies = drawn([row(), row(2)][:epochs])
    assert losses.get_yscale() == "log"
    assert accuracies.yaxis.get_major_formatter()(0.25) in ("25%", "25.0%", "25.00%")
    for axes in (losses, accuracies):
        assert axes.get_legend() is not None
        assert axes.get_xlabel() == "epoch"
        assert all(tick == int(tick) for tick in axes.get_xticks())


def test_no_window_system_is_touched(tmp_path):
    """pyplot would choose a back end, and keep every figure. That of Jupyter, left in the environment, is not there."""
    code = (
        "import os, sys\n"
        "os.environ['MPLBACKEND'] = 'module://matplotlib_inline.not_there'\n"
        "from googlenet.report.curves import draw_curves, try_to_draw\n"
        "try_to_draw()\n"
        f"draw_curves({str(tmp_path / 'curves.png')!r}, [{row()!r}], 10)\n"
        "print('matplotlib.pyplot' in sys.modules, os.environ['MPLBACKEND'])"
    )
    result = run_python(code)
    assert result.stdout == "False module://matplotlib_inline.not_there\n", result.stderr
    assert result.stderr == ""


def test_a_folder_for_the_cache_that_cannot_be_made_is_not_worth_a_word(tmp_path):
    (tmp_path / "file").write_text("")
    code = f"""
import os
os.environ["MPLCONFIGDIR"] = {str(tmp_path / "file" / "inside")!r}
from googlenet.report.curves import try_to_draw
try_to_draw()
"""
    result = run_python(code)
    assert (result.returncode, result.stderr) == (0, "")


def test_try_to_draw(monkeypatch):
    assert try_to_draw() is None
    monkeypatch.setitem(sys.modules, "matplotlib.backends.backend_agg", None)
    with pytest.raises(ImportError, match="cannot draw curves.png with matplotlib: import of matplotlib"):
        try_to_draw()


@pytest.mark.parametrize(
    ("error", "expected"), [(AttributeError("numpy\nABI"), ImportError), (MemoryError(), MemoryError)]
)
def test_what_a_broken_matplotlib_raises(monkeypatch, error, expected):
    def broken(*_, **__):
        raise error

    monkeypatch.setattr("matplotlib.figure.Figure.subplots", broken)
    with pytest.raises(expected) as found:
        try_to_draw()
    assert expected is MemoryError or str(found.value) == "cannot draw curves.png with matplotlib: numpy ABI"
