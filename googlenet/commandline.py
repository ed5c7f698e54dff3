"""What all commands share: how they answer a wrong command line, and how they say what went wrong."""

from __future__ import annotations

import argparse
import platform
from collections.abc import Callable
from typing import NoReturn

USAGE_ERROR, INTERRUPTED = 2, 130  # exit statuses


class Parser(argparse.ArgumentParser):
    """An ArgumentParser that answers a wrong command line with one line."""

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


def one_line(error: BaseException) -> str:
    """An error as a line for the user, without Python's "[Errno 2]"."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(text.split())
