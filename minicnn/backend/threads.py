"""The threads that share a batch on the CPU, and what they need: BLAS held to one thread, freed memory kept."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from minicnn.arguments import whole_number

_num_threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
_pool: ThreadPoolExecutor | None = None


def set_num_threads(number: int) -> None:
    """Use `number` threads for all that runs on the CPU from now on; ValueError for less than one."""
    global _num_threads, _pool
    _num_threads = whole_number("set_num_threads", "number", number, minimum=1)
    if _pool is not None:
        _pool.shutdown()
        _pool = None


def get_num_threads() -> int:
    """How many threads work on a batch on the CPU; at the start, as many as there are cores."""
    return _num_threads


def pool() -> ThreadPoolExecutor:
    """The threads that work beside the caller, made when they are first needed."""
    global _pool
    if _pool is None:
        _keep_freed_memory()
        _pool = ThreadPoolExecutor(max(1, _num_threads - 1), thread_name_prefix="minicnn")
    return _pool


def _forget_threads() -> None:
    global _pool
    _pool = None


if hasattr(os, "register_at_fork"):  # a forked process has no thread but the one that forked, and would wait forever
    os.register_at_fork(after_in_child=_forget_threads)


def _keep_freed_memory() -> None:
    """Ask the C library (glibc) to keep freed memory for the next array of this process, whichever thread makes it.

    It would give large arrays back to the system, which hands out zeroed pages, one by one, each time anew: for a
    training step on two threads that was 6 % of its time. And it would keep a heap for each thread, so that one could
    not use what another has freed: 2 % more memory at the peak.
    """
    trim_threshold, top_pad, mmap_threshold, arena_max = -1, -2, -3, -8  # M_TRIM_THRESHOLD ... in malloc.h
    settings = {trim_threshold: 1 << 30, top_pad: 64 << 20, mmap_threshold: 1 << 30, arena_max: 1}
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # another C library has no mallopt
            for option, value in settings.items():
                ctypes.CDLL(None).mallopt(option, value)


_blas: Any = None
_blas_held = threading.Lock()


@contextlib.contextmanager
def blas_threads(number: int) -> Iterator[None]:
    """Hold BLAS to one thread where the blocks already use every core; where there is one block, it has all threads.

    Where several threads of the user walk at once, the first one alone sets and restores: two that each restore what
    they found could leave the limit in place for good.
    """
    global _blas
    if not _blas_held.acquire(blocking=False):
        yield
        return
    try:
        if _blas is None:
            from threadpoolctl import ThreadpoolController  # here, so that importing minicnn needs NumPy alone

            _blas = ThreadpoolController().select(user_api="blas")
        with _blas.limit(limits=number):
            yield
    finally:
        _blas_held.release()
