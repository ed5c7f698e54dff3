"""Ctrl-C between two steps in place of in the middle of one, and never in the middle of a file."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from types import FrameType, TracebackType
from typing import Any


class Interrupted(Exception):
    """Training was stopped by the user, and saved."""


class Interrupt:
    """`with Interrupt() as interrupt:` answers Ctrl-C, SIGTERM and SIGHUP (a closed terminal) with a line, at once.

    They are noted in `interrupt.asked`, and the work goes on as far as `interrupt.doing` says. A second Ctrl-C stops it
    where it is, by KeyboardInterrupt, but not inside `with interrupt.saving():`. The other two come twice by
    themselves (a shell sends SIGHUP after the terminal has, `timeout` SIGTERM to the process and to its group), and
    only say the same again. A signal that is ignored (`nohup`, a background job of a script) stays so.
    """

    def __enter__(self) -> Interrupt:
        self.asked, self.doing, self.can_stop = False, "stopping", True
        self.before: dict[int, Any] = {}
        for number in (getattr(signal, name, None) for name in ("SIGINT", "SIGTERM", "SIGHUP")):  # Windows: no SIGHUP
            if number is not None and signal.getsignal(number) != signal.SIG_IGN:
                self.before[number] = signal.signal(number, self._answer)
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.can_stop = False
        for number, handler in self.before.items():
            signal.signal(number, handler)

    @contextlib.contextmanager
    def saving(self) -> Iterator[None]:
        """What is begun in here is finished, however often Ctrl-C is pressed."""
        before = self.doing, self.can_stop
        self.doing, self.can_stop = "saving, then stopping", False
        try:
            yield
        finally:
            self.doing, self.can_stop = before

    def _answer(self, number: int, frame: FrameType | None) -> None:
        again, self.asked = self.asked, True
        if number != signal.SIGINT:
            _tell(f"{signal.Signals(number).name}: {self.doing}")
        elif not self.can_stop:
            _tell(self.doing)
        elif not again:
            _tell(f"{self.doing}; once more to stop without")
        else:
            raise KeyboardInterrupt


def _tell(line: str) -> None:
    """Write to standard error from a handler; not by `print`, which may be in the middle of another line."""
    with contextlib.suppress(OSError):  # the terminal may be gone
        start = "\r\x1b[K" if os.isatty(2) else ""  # over the progress bar, and the ^C that the terminal shows
        os.write(2, f"{start}{line}\n".encode())
