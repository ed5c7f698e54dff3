"""The exercises: write the backward pass of everything that GoogLeNet needs, inside a library that works all along."""

from typing import Any


def check(name: str, answer: Any, seed: int | None = None) -> Any:
    """Check an answer in a notebook or at a prompt: check("max_pool2d", MyMaxPool2d). More in exercises/here.py."""
    from exercises.here import check  # here: the process in which answers run needs nothing of it

    return check(name, answer, seed)
