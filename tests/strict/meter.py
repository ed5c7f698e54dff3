"""What a GPU would have done so far: kernel launches, copies in both directions, times the CPU had to wait for it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

_counts = {"launches": 0, "h2d": 0, "d2h": 0, "synchronizations": 0}
_forbidden: list[str] = []


class Forbidden(AssertionError):
    """Something that the code under test had promised not to do, at the place where it does it."""


def counters() -> dict[str, int]:
    """Counts since the start: take differences. `d2h` are among `synchronizations`: the CPU waits for the numbers."""
    return dict(_counts)


def count(what: str, why: str) -> None:
    """One more; Forbidden inside a context that excludes it."""
    if what in _forbidden:
        raise Forbidden(f"{why}: {'the CPU waits for the device' if what == 'synchronizations' else 'an upload'}")
    _counts[what] += 1


def download(why: str) -> None:
    count("synchronizations", why)
    count("d2h", why)


@contextlib.contextmanager
def no_synchronization() -> Iterator[None]:
    """Inside, whatever makes the CPU wait for the device raises Forbidden."""
    with _without("synchronizations"):
        yield


@contextlib.contextmanager
def no_uploads() -> Iterator[None]:
    """Inside, every copy from the CPU to the device raises Forbidden."""
    with _without("h2d"):
        yield


@contextlib.contextmanager
def _without(what: str) -> Iterator[None]:
    _forbidden.append(what)
    try:
        yield
    finally:
        _forbidden.remove(what)
