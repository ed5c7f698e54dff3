"""curves.png."""

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
        [row(1, test_accuracy=0.0, train_accuracy=0.0), row(2, test_accuracy=1.0, loss_main=0.0)],
    ],
    ids=["five epochs", "no epoch", "one epoch", "one epoch without heads", "without heads", "extremes"],
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
