"""Ctrl-C between two steps in place of in the middle of one."""

from __future__ import annotations

import signal
from types import FrameType, TracebackType
from typing import Any


class Interrupted(Exception):
    """Training was stopped by the user, and saved."""


class Interrupt:
    """`with Interrupt() as interrupt:` notes Ctrl-C (and SIGTERM) in `interrupt.asked`; a second one stops at once."""

    def __enter__(self) -> Interrupt:
        self.asked = False
        self.before: dict[int, Any] = {s: signal.signal(s, self._ask) for s in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for number, handler in self.before.items():
            signal.signal(number, handler)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
