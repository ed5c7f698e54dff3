"""curves.png."""

import warnings

import pytest
from rows import WITHOUT_HEADS, row
from support import run_python

from googlenet.report.curves import draw_curves


@pytest.mark.parametrize(
    "rows",
    [
        [row(i, loss_main=2 / i) for i in range(1, 6)],
        [row()],
        [row(**WITHOUT_HEADS)],
        [row(1, **WITHOUT_HEADS), row(2, **WITHOUT_HEADS)],
        [row(1, test_accuracy=0.0, train_accuracy=0.0), row(2, test_accuracy=1.0, loss_main=0.0)],
    ],
    ids=["five epochs", "one epoch", "one epoch without heads", "without heads", "extremes"],
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
    """pyplot would choose a back end, and keep every figure."""
    code = (
        "import sys\n"
        "from googlenet.report.curves import draw_curves\n"
        f"draw_curves({str(tmp_path / 'curves.png')!r}, [{row()!r}], 10)\n"
        "print('matplotlib.pyplot' in sys.modules)"
    )
    result = run_python(code)
    assert result.stdout == "False\n", result.stderr
