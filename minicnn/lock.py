"""A lock on an open file. It dies with the process that holds it, so a file that is locked has a living owner."""

from __future__ import annotations

import sys
from typing import IO, Any

if sys.platform != "win32":
    import fcntl


def try_lock(file: IO[Any]) -> bool | None:
    """Lock a file, opened for writing, until it is closed. Returns True, or False where another one has locked it.

    None where nobody can tell: Windows has no such locks (its own keep others from reading, too), nor have some network
    drives.
    """
    if sys.platform == "win32":
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True
