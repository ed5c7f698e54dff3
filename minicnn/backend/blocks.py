"""A batch, block by block: the two walks that every operation on a batch is handed to.

The one thing in which a CPU and a GPU really differ is how much of a batch to take at once. A CPU wants blocks that
stay in its cache, several at a time on several threads (NumPy and BLAS release Python's global lock); a GPU wants
the whole batch in one launch, as long as its memory holds that. So an operation is written for a block and handed to
one of the two walks below.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from minicnn.backend.arrays import Array, module_of
from minicnn.backend.threads import blas_threads, get_num_threads, pool

Result = TypeVar("Result")

CACHE_BYTES = 512 * 1024  # what a block may fill: half of the second-level cache of one core on today's CPUs
GPU_BYTES = 1 << 30  # what the columns of a block may fill on a GPU; may be set

_thread = threading.local()  # .inside_block: true on a thread that is working on a block


def items_per_block(bytes_per_item: int) -> int:
    """How many items (images, rows, planes) of this size a block may hold to stay in the cache; at least one."""
    return max(1, CACHE_BYTES // max(1, bytes_per_item))


def for_each_block(work: Callable[[slice], Any], length: int, xp: Any, size: int = 1, bytes_per_item: int = 0) -> None:
    """Call `work(items)` for slices that cover range(length): on a CPU `size` items each, on threads.

    On a GPU all at once, or as many as fit in GPU_BYTES where each takes `bytes_per_item` while it is worked on.
    Blocks run at the same time and in any order, so `work` must write only to its own items.
    """
    size = _block_size(size, bytes_per_item, length, xp)
    _walk(lambda blocks: [work(block) for block in blocks], length, xp, size)


def for_each_row_block(work: Callable[[Any], Any], x: Array) -> None:
    """`for_each_block` over the first axis of x, as many rows at a time as fit in the cache; x of any shape.

    A small array is done at once, `work(...)`: waking another thread would take longer.
    """
    if x.ndim == 0 or x.nbytes < CACHE_BYTES // 4:
        work(...)
    else:
        for_each_block(work, len(x), module_of(x), items_per_block(x.nbytes // max(1, len(x))))


def add(a: Array, b: Array, out: Array | None = None) -> Array:
    """a + b, two arrays of one shape, written to `out` where it is given."""
    xp = module_of(a, b)
    total = xp.empty_like(a) if out is None else out
    for_each_row_block(lambda rows: xp.add(a[rows], b[rows], out=total[rows]), a)
    return total


def sum_over_blocks(
    work: Callable[[slice], Array], length: int, xp: Any, size: int = 1, bytes_per_item: int = 0
) -> Array:
    """Like `for_each_block`, and the sum of what `work` returned: for gradients that add up over the batch.

    Every thread adds up its own blocks in order, then the threads' sums are added in order, so that the result does
    not depend on which thread was faster.
    """

    def add_up(blocks: list[slice]) -> Array:
        total = work(blocks[0])
        for block in blocks[1:]:
            total += work(block)
        return total

    totals = _walk(add_up, length, xp, _block_size(size, bytes_per_item, length, xp))
    for other in totals[1:]:
        totals[0] += other
    return totals[0]


def even_shares(x: Array, smallest: int) -> list[slice]:
    """The batch x (N, ...) cut into a share for each thread; uncut on a GPU, and where a share would be too small."""
    n = len(x)
    shares = get_num_threads() if module_of(x) is np and n >= smallest * get_num_threads() else 1
    return [slice(n * t // shares, n * (t + 1) // shares) for t in range(shares)]


def _block_size(size: int, bytes_per_item: int, length: int, xp: Any) -> int:
    return size if xp is np else max(1, min(length, GPU_BYTES // max(1, bytes_per_item)))


def _blocks(length: int, size: int) -> list[slice]:
    return [slice(start, min(start + size, length)) for start in range(0, length, size)] or [slice(0, 0)]


def _walk(run: Callable[[list[slice]], Result], length: int, xp: Any, size: int) -> list[Result]:
    """Cut range(length) into blocks, give each thread its share of them in order, return each share's result."""
    if xp is not np or length == 0:
        return [run(_blocks(length, size))]
    threads = 1 if getattr(_thread, "inside_block", False) else min(get_num_threads(), length)
    blocks = _blocks(length, min(size, -(-length // threads)))  # at least one block for each thread
    shares = [blocks[len(blocks) * t // threads : len(blocks) * (t + 1) // threads] for t in range(threads)]
    shares = [share for share in shares if share]
    with blas_threads(1 if len(shares) > 1 else get_num_threads()):
        futures = [pool().submit(_inside_block, run, share) for share in shares[1:]]
        try:
            results = [_inside_block(run, shares[0])]  # this thread works too
        finally:
            for future in futures:
                future.exception()  # wait for all, even where one failed: they write to our arrays
        return results + [future.result() for future in futures]


def _inside_block(run: Callable[[list[slice]], Result], share: list[slice]) -> Result:
    outer = getattr(_thread, "inside_block", False)
    _thread.inside_block = True
    try:
        return run(share)
    finally:
        _thread.inside_block = outer
