"""What all commands share: how they answer a wrong command line, and how they say what went wrong."""

from __future__ import annotations

import argparse
from typing import NoReturn

USAGE_ERROR, INTERRUPTED = 2, 130  # exit statuses


class Parser(argparse.ArgumentParser):
    """An ArgumentParser that answers a wrong command line with one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: error: {message} (--help lists the options)\n")


def one_line(error: BaseException) -> str:
    """An error as a line for the user, without Python's "[Errno 2]"."""
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(text.split())
