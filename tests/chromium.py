"""The process of headless Chromium, and the pipe through which the tests speak to it.

With --remote-debugging-pipe it reads from file descriptor 3 and answers on 4, in JSON texts that a zero byte ends. So
the standard library is enough, and no port is open to others.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
OPTIONS = [
    "--headless", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
    "--hide-scrollbars", "--no-first-run", "--disable-extensions", "--disable-background-networking",
    "--disable-breakpad", "--host-resolver-rules=MAP * ~NOTFOUND",
]  # fmt: skip


class BrowserError(Exception):
    """The browser has ended, does not answer, or refuses what it was asked."""


class Chromium:
    """The process, and the pipe to it. Nothing of it remains after `end`."""

    def __init__(self) -> None:
        assert BROWSER is not None, "a test in a browser bears the mark needs_browser"
        self._folder = tempfile.TemporaryDirectory(prefix="browser-", ignore_cleanup_errors=True)
        self._log = Path(self._folder.name, "log")
        # The shell gives it our two pipes under the numbers that it wants.
        command = ["sh", "-c", 'exec "$@" 3<&0 4>&1 0</dev/null 1>/dev/null', "sh", BROWSER, *OPTIONS]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [*command, f"--user-data-dir={self._folder.name}/profile", "about:blank"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, bufsize=0, start_new_session=True,
            )  # fmt: skip
        self._received = b""

    def write(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(message).encode() + b"\0")
        except OSError:
            raise self._ended() from None

    def read(self, until: float) -> dict[str, Any] | None:
        """The next message; None where there is none before `until`, a time of time.monotonic()."""
        assert self._process.stdout is not None
        while b"\0" not in self._received:
            if not select.select([self._process.stdout], [], [], max(0.0, until - time.monotonic()))[0]:
                return None
            part = os.read(self._process.stdout.fileno(), 1 << 20)
            if not part:
                raise self._ended()
            self._received += part
        message, _, self._received = self._received.partition(b"\0")
        return json.loads(message)

    def _ended(self) -> BrowserError:
        lines = self._log.read_text(errors="replace").strip().splitlines()[-5:]
        return BrowserError("\n  ".join(["Chromium has ended, and said last:", *lines]))

    def end(self) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()  # it ends by itself where nobody is at the pipe any more
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)  # and what it has started
        self._process.wait()
        self._process.stdout.close()
        for _ in range(50):  # what was killed may still be writing
            self._folder.cleanup()
            if not os.path.exists(self._folder.name):
                break
            time.sleep(0.1)
