"""What all commands share: they answer Ctrl-C from the first moment, and say in one line what went wrong."""

from __future__ import annotations

import argparse
import contextlib
import importlib
import importlib.util
import os
import platform
import signal
import sys
import tempfile
import textwrap
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, TextIO

FAILED, USAGE_ERROR, INTERRUPTED, NOBODY_READS = 1, 2, 130, 141  # exit statuses; 141 is what a broken pipe gives cat
INSTALL = "Install what is needed: pip install -e ."


class Parser(argparse.ArgumentParser):
    """An ArgumentParser that answers a wrong command line with one line. Its help is 80 columns wide.

    The description is wrapped; the epilog, where examples stand one below the other, is left as it is.
    """

    def __init__(self, *, description: str | None = None, **settings: Any) -> None:
        settings.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(description=textwrap.fill(description or "", 80), **settings)

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {message} (--help lists the options)\n")


def not_empty(text: str) -> str:
    """For an option that is text, as argparse's `type`: a variable that is not set leaves "", which is no answer."""
    if not text:
        raise argparse.ArgumentTypeError("got nothing between the quotes; is a variable not set?")
    return text


def at_least(minimum: int) -> Callable[[str], int]:
    """For an option that is a whole number, as argparse's `type`."""

    def whole_number(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"got {text!r}, expected a whole number") from None
        if number < minimum:
            raise argparse.ArgumentTypeError(f"got {number}, expected at least {minimum}")
        return number

    return whole_number


def add_version(parser: argparse.ArgumentParser) -> None:
    """--version: what a report of a mistake should begin with."""
    import numpy as np

    import minicnn as mc

    text = f"minicnn-googlenet {mc.__version__} (NumPy {np.__version__}, Python {platform.python_version()})"
    parser.add_argument("--version", action="version", version=text, help="print the versions and stop")


# ---- the surroundings ---------------------------------------------------------------------------------------------


def begin(command: str) -> None:
    """Before what takes long to import: Ctrl-C ends the process, without a traceback. Without NumPy it ends here."""
    if sys.version_info < (3, 10):  # noqa: UP036 (so that it can say so)
        print(f"{command} needs Python 3.10 or newer, this is {sys.version.split()[0]}", file=sys.stderr)
        sys.exit(USAGE_ERROR)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # it stays ignored where it is (nohup)
        signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))
    if importlib.util.find_spec("numpy") is None:
        print(f"{command}: error: No module named 'numpy'. {INSTALL}", file=sys.stderr)
        sys.exit(USAGE_ERROR)


def prepare_streams() -> None:
    """Make standard output and error take every text, and be there: `2>&-` closes one."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        stream: TextIO | None = getattr(sys, name)
        if stream is None:
            # Its number is free: the next file to be opened would get it, and what is written to the stream with it.
            os.open(os.devnull, os.O_RDWR)
            setattr(sys, name, open(number, "w" if number else "r", closefd=False))  # noqa: SIM115 (for the whole run)
        elif number and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # an ASCII terminal, and a folder "Übung"


def check_packages(*names: str) -> None:
    """ImportError, in one sentence, for a package that is missing or broken: before anything is trained."""
    for name in names:
        try:
            module = importlib.import_module(name)
        except Exception as error:  # a broken one may raise anything
            raise ImportError(f"{name} cannot be imported ({one_line(error)})") from error
        if name == "numpy" and int(module.__version__.partition(".")[0]) < 2:
            raise ImportError(f"NumPy {module.__version__} is too old, 2.0 or newer is needed")


# ---- what is said -------------------------------------------------------------------------------------------------


def say(text: str, error: bool = False) -> None:
    """Print lines at once. Where nobody hears them any more (`| head -1`, a closed terminal) the work goes on."""
    stream = sys.stderr if error else sys.stdout
    try:
        print(text, file=stream, flush=True)
    except OSError as problem:
        _discard(stream)
        if not error:
            say(f"warning: standard output: {one_line(problem)}. The work goes on without.", error=True)


def failed(command: str, error: Exception, folder: Path | None = None, kept: str = "") -> int:
    """Say in one line what went wrong, and `kept`, what is saved; returns the exit status.

    What the user can mend is said in the error's words. All else is a mistake in this program: its traceback is kept,
    in error.txt in `folder` or in a file for temporary ones.
    """
    try:
        sys.stdout.flush()
    except OSError:
        _discard(sys.stdout)
    if isinstance(error, BrokenPipeError):
        return NOBODY_READS
    status, text = _explained(error, inside=folder is not None)
    if not text:
        where = _write_traceback(error, folder)
        text = f"{type(error).__name__}: {one_line(error)}. This is a mistake in the program: please report it, {where}"
    say(f"{command}: error: {text}" + (f". {kept}" if kept else ""), error=True)
    return status


def _explained(error: Exception, inside: bool) -> tuple[int, str]:
    """Exit status, and what the user can do about it; no text where that is nothing.

    inside: the work itself failed. Before, a ValueError is about what the user gave.
    """
    from minicnn.backend.gpu import NoGPU  # here, so that `begin` comes before NumPy
    from minicnn.data import SampleError

    if isinstance(error, MemoryError):
        return FAILED, f"out of memory ({one_line(error)}). A smaller --batch-size or --image-size takes less"
    if "can't start new thread" in str(error):
        return FAILED, "the system gives no more threads. Ask for fewer: --threads"
    if isinstance(error, ImportError):
        return USAGE_ERROR, one_line(error) if "pip install" in str(error) else f"{one_line(error)}. {INSTALL}"
    if isinstance(error, (OSError, SampleError, NoGPU)) or (isinstance(error, ValueError) and not inside):
        return FAILED if inside else USAGE_ERROR, one_line(error)
    return FAILED, ""


def _write_traceback(error: Exception, folder: Path | None) -> str:
    """Where the traceback is now, in words."""
    text = "".join(traceback.format_exception(error))
    with contextlib.suppress(OSError):
        if folder is not None:
            path = folder / "error.txt"
            path.write_text(text, encoding="utf-8")
        else:
            with tempfile.NamedTemporaryFile(
                "w", encoding="utf-8", prefix="googlenet-error-", suffix=".txt", delete=False
            ) as file:
                file.write(text)
            path = Path(file.name)
        return f"with {path}"
    return "\n" + text  # nothing can be written: the screen is better than nothing


def one_line(error: BaseException) -> str:
    """An error as a line for the user, without Python's "[Errno 2]"."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(text.split()) or type(error).__name__


def _discard(stream: TextIO) -> None:
    """Let a stream end in nothing: when the process ends Python would write once more what is left in it, and fail."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, stream.fileno())
    os.close(nothing)
