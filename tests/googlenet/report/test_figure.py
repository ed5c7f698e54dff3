"""matplotlib, as all pictures use it."""

import io
import logging
import os
import sys
import warnings

import pytest
from PIL import Image

from googlenet.report.figure import as_text, new_figure, png


def test_a_picture_has_100_pixels_an_inch():
    assert Image.open(io.BytesIO(png(new_figure(2, 1.5)))).size == (200, 150)


def test_matplotlib_is_silent():
    new_figure(1, 1)
    assert logging.getLogger("matplotlib").level == logging.ERROR


def test_the_backend_of_a_notebook_is_not_asked_for_and_still_there(monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "module://not_installed")
    seen = []
    monkeypatch.setitem(sys.modules, "matplotlib.figure", Watched(seen))
    new_figure(1, 1)
    assert set(seen) == {None}
    assert os.environ["MPLBACKEND"] == "module://not_installed"


class Watched:
    """In place of matplotlib.figure: notes the backend that is asked for when it is imported."""

    def __init__(self, seen):
        self.seen = seen

    def __getattr__(self, name):
        if name == "Figure":
            self.seen.append(os.environ.get("MPLBACKEND"))
        return lambda **options: options


@pytest.mark.parametrize("kind", [ImportError, RuntimeError])
def test_a_broken_matplotlib_is_one_sentence(monkeypatch, kind):
    class Broken:
        __spec__ = None

        @property
        def Figure(self):
            raise kind("numpy.core\nfailed")

    monkeypatch.setitem(sys.modules, "matplotlib.figure", Broken())
    with pytest.raises(ImportError, match="^cannot draw with matplotlib: numpy.core failed"):
        new_figure(1, 1)


def test_memory_that_is_not_there_is_no_broken_matplotlib(monkeypatch):
    class Full:
        __spec__ = None

        @property
        def Figure(self):
            raise MemoryError

    monkeypatch.setitem(sys.modules, "matplotlib.figure", Full())
    with pytest.raises(MemoryError):
        new_figure(1, 1)


def test_what_the_font_does_not_have_warns_nobody():
    figure = new_figure(1, 1)
    figure.text(0, 0, as_text("猫", 9))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        png(figure)


@pytest.mark.parametrize(("name", "expected"), [("$x$", r"\$x\$"), ("a\nb", "a�b"), ("tulips", "tuli…")])
def test_names_are_no_formulas(name, expected):
    assert as_text(name, 5) == expected
