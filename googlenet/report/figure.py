"""What all pictures of this package are drawn with: matplotlib without pyplot, so no window system, no global state."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

from googlenet.report.text import shortened

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def new_figure(width: float, height: float) -> Figure:
    """An empty figure, in inches (100 pixels each).

    Raises ImportError, in one sentence, where matplotlib is missing or broken.
    """
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # a folder for its cache that cannot be written: never mind
    try:
        with without_a_window_system():
            from matplotlib.figure import Figure
    except MemoryError:
        raise
    except Exception as error:  # a broken one may raise anything
        raise ImportError(f"cannot draw with matplotlib: {' '.join(str(error).split())}") from error
    return Figure(figsize=(width, height), layout="constrained")


@contextlib.contextmanager
def without_a_window_system() -> Iterator[None]:
    """Where matplotlib is imported for the first time: it would look for the one that MPLBACKEND names."""
    backend = os.environ.pop("MPLBACKEND", None)  # Jupyter leaves one that need not be installed here; none is needed
    try:
        yield
    finally:
        if backend is not None:
            os.environ["MPLBACKEND"] = backend


def png(figure: Figure) -> bytes:
    """The figure as the contents of a PNG file. Characters that the font does not have become boxes, silently."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    image = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from", UserWarning)
        FigureCanvasAgg(figure).print_png(image)
    return image.getvalue()


def as_text(name: str, columns: int) -> str:
    """A name for a picture, shortened to so many columns; matplotlib would take what is between two $ for a formula."""
    return shortened(name, columns).replace("$", r"\$")
