"""What a side measures of itself: seconds and bytes."""

import math
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

Answer = dict[str, Any]


class Side(NamedTuple):
    """What a side can do: `commands[name](repeats)` works that often and returns the answer.

    On a GPU a step returns when the GPU has done it, and memory is what the library has taken of the GPU's.
    """

    commands: dict[str, Callable[[int], Answer]]
    versions: dict[str, str]
    after_imports: int
    peak: Callable[[], int]


def timed(step: Callable[[], object], work: float, **facts: float) -> Callable[[int], Answer]:
    """The command that times each of several calls. work: what one call gets done, in images, GFLOP or GB.

    A loss that is no number ends the process, since such a run is worth nothing.
    """

    def command(repeats: int) -> Answer:
        seconds = []
        for _ in range(repeats):
            start = time.perf_counter()
            result = step()
            seconds.append(time.perf_counter() - start)
            if isinstance(result, float) and not math.isfinite(result):
                raise FloatingPointError(f"the training loss became {result}")
        return {"seconds": seconds, "work": work, **facts}

    return command


def resident_bytes() -> int:
    """Memory in use now; where the system does not tell (macOS), the most so far."""
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") if statm.exists() else peak_bytes()


def peak_bytes() -> int:
    """The most memory this process ever had resident: what `/usr/bin/time -v` reports."""
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024  # macOS counts bytes, Linux KiB
