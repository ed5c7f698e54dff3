"""What the figures were taken on, and the environment that every side gets."""

import os
import platform
import time
from pathlib import Path

# Some machines set these, for an older CPU than they have: OpenBLAS then takes its slower kernels, or too small blocks.
SLOWING = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def cores() -> int:
    """The cores that this process may use, which can be fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def cpu_model() -> str:
    """The CPU's name, such as "Intel(R) Xeon(R) Processor @ 2.80GHz"."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def busy_seconds() -> float | None:
    """Seconds that our cores have worked since the machine started, for whomever; None where Linux does not count them.

    What the host of a virtual machine took away ("steal") is in it. The kernel counts in hundredths of a second.
    """
    stat = Path("/proc/stat")
    if not stat.exists():
        return None
    ours = {f"cpu{number}" for number in os.sched_getaffinity(0)}
    ticks = 0
    for line in stat.read_text().splitlines():
        name, *numbers = line.split()
        if name in ours:
            user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, numbers[:8])
            ticks += user + nice + system + irq + softirq + steal
    return ticks / os.sysconf("SC_CLK_TCK")


def clocks() -> tuple[float, float, float | None]:
    """Seconds that passed, that this process computed, and that all programs did: a start for `taken_by_others`."""
    return time.perf_counter(), time.process_time(), busy_seconds()


def taken_by_others(start: tuple[float, float, float | None]) -> str:
    """The share of our cores that other programs took since `start`, such as "3%"."""
    wall, cpu, busy = clocks()
    if busy is None or start[2] is None:
        return "unknown"
    others = (busy - start[2]) - (cpu - start[1])
    return f"{max(0.0, others) / ((wall - start[0]) * cores()):.0%}"


def side_environment(threads: int) -> tuple[dict[str, str], list[str]]:
    """The environment of a side, and the names of the variables that were removed from it."""
    removed = [name for name in SLOWING if name in os.environ]
    environment = {name: value for name, value in os.environ.items() if name not in SLOWING}
    return environment | dict.fromkeys(THREADS, str(threads)), removed


def blas_kernels() -> str:
    """The BLAS libraries loaded in this process and the kernels they chose, as threadpoolctl sees them."""
    try:
        from threadpoolctl import threadpool_info
    except ImportError:
        return "unknown (threadpoolctl is not installed)"
    found = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
    names = [f"{pool['internal_api']} {pool['version']} {pool.get('architecture', '')}".strip() for pool in found]
    return ", ".join(names) or "unknown"
