"""NumPy or CuPy: whose array is this, move it, and walk a batch block by block.

This is the only file that knows that there are two kinds of array. Every operation asks `module_of` for the
module of its arrays and calls it `xp`; there is no global "current device": the arrays decide.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import threading
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from minicnn import gpu
from minicnn.arguments import whole_number

Array = Any  # numpy.ndarray or cupy.ndarray; CuPy has no usable types where it is not installed
Result = TypeVar("Result")


# ---- whose array is this? ----------------------------------------------------------------------------------------


def is_array(value: object) -> bool:
    """Whether `value` is a NumPy or a CuPy array."""
    return isinstance(value, np.ndarray) or _is_cupy(value)


def _is_cupy(value: object) -> bool:
    cupy = sys.modules.get("cupy")  # where nobody has imported CuPy, nothing is a CuPy array
    return cupy is not None and isinstance(value, cupy.ndarray)


def module_of(*arrays: Array) -> Any:
    """The module the arrays belong to, `numpy` or `cupy`. None and Python numbers belong to both.

    Raises TypeError where NumPy and CuPy arrays are mixed.
    """
    on_gpu = [_is_cupy(array) for array in arrays if is_array(array)]
    if not any(on_gpu):
        return np
    if not all(on_gpu):
        raise TypeError(f"arrays on different devices: {', '.join(device_of(a) for a in arrays if is_array(a))}")
    return sys.modules["cupy"]


def device_of(array: Array) -> str:
    """ "cpu" for a NumPy array, "cuda:0" (or another number) for a CuPy array."""
    return f"cuda:{array.device.id}" if _is_cupy(array) else "cpu"


def to_device(array: Array, device: str) -> Array:
    """The array on `device` ("cpu", "cuda", "cuda:1"): the array itself where it is there already, else a copy.

    Raises RuntimeError, saying what to do, where that GPU cannot be used.
    """
    number = _device_number(device)
    if number is None:
        return sys.modules["cupy"].asnumpy(array) if _is_cupy(array) else array
    cupy = _usable_cupy(device, number)
    with cupy.cuda.Device(number):
        return cupy.asarray(array)


def on_device_of(*arrays: Array) -> contextlib.AbstractContextManager[Any]:
    """Inside, new arrays are made where these are: CuPy makes them on its current device, whatever they come from."""
    for array in arrays:
        if _is_cupy(array):
            return sys.modules["cupy"].cuda.Device(array.device.id)
    return _nothing


def use(device: str) -> None:
    """Make `device` CuPy's current one, for this thread; nothing for "cpu". Raises RuntimeError as `to_device` does."""
    number = _device_number(device)
    if number is not None:
        _usable_cupy(device, number).cuda.Device(number).use()


_nothing: contextlib.AbstractContextManager[Any] = contextlib.nullcontext()


def same_device(array: Array, device: str) -> bool:
    """Whether the array is on `device` already; "cuda" alone means the first GPU."""
    number = _device_number(device)
    return device_of(array) == ("cpu" if number is None else f"cuda:{number}")


def _device_number(device: str) -> int | None:
    """None for "cpu", 0 for "cuda", n for "cuda:n"."""
    name, _, number = str(device).partition(":")
    if name == "cpu" and not number:
        return None
    if name == "cuda" and (not number or number.isdecimal()):
        return int(number or 0)
    raise ValueError(f'device: got {device!r}, expected "cpu", "cuda" or "cuda:<number>"')


def _usable_cupy(device: str, number: int) -> Any:
    try:
        return gpu.usable_cupy(number)
    except gpu.NoGPU as error:
        raise RuntimeError(f'device "{device}" cannot be used: {error}') from error


def fingerprint(array: Array) -> int | None:
    """A number that is another one after the array has changed: of all its bytes, or of 256 elements of a large one.

    None for a CuPy array: reading it would make the host wait for the GPU.
    """
    if _is_cupy(array):
        return None
    if array.nbytes > 16 * 1024:
        array = array.flat[:: array.size // 256 | 1]  # an odd step, so that not one column alone is looked at
    return zlib.crc32(array.tobytes())


def read_only(array: Array) -> Array:
    """The same memory, as an array that cannot be written to; a CuPy array itself, which has no such setting."""
    if not isinstance(array, np.ndarray):
        return array
    view = array.view()
    view.flags.writeable = False
    return view


@dataclass(frozen=True)
class Device:
    """One line of `devices()`: a device's name, whether it can be used here, and what it is or why not."""

    name: str
    usable: bool
    description: str
    remedy: str = ""  # where it is not usable: the command to begin with
    details: dict[str, Any] = field(default_factory=dict)  # see gpu.about

    def __str__(self) -> str:
        return f"{self.name:8}{'' if self.usable else 'not usable: '}{self.description}"


def devices() -> list[Device]:
    """What can be computed on here, and why not where not. The CPU comes first and is always usable.

    Every GPU is tried: a kernel, a matrix product, a copy back.
    """
    found = [Device("cpu", True, f"NumPy {np.__version__}, {get_num_threads()} threads")]
    try:
        cupy = gpu.import_cupy()
        numbers = range(gpu.count(cupy))
    except gpu.NoGPU as error:
        return [*found, Device("cuda", False, str(error), error.remedy)]
    for number in numbers:
        try:
            gpu.try_out(cupy, number)
        except gpu.NoGPU as error:
            found.append(Device(f"cuda:{number}", False, str(error), error.remedy))
        else:
            facts = gpu.about(cupy, number)
            line = "{gpu}, {free_gb} of {total_gb} GB free, CuPy {cupy}, CUDA {cuda_runtime}, driver for {cuda_driver}"
            found.append(Device(f"cuda:{number}", True, line.format(**facts), details=facts))
    return found


# ---- batches on their way to a GPU --------------------------------------------------------------------------------


def uploaded(batches: Iterable[tuple[np.ndarray, ...]], device: str) -> Iterator[tuple[Array, ...]]:
    """The batches, moved to `device`; on a GPU the next one is on its way while the caller works with the present one.

    A copy runs beside the computation only from *pinned* memory, which the system may not swap out, and on a stream (a
    queue of work) of its own. So each batch is written to pinned memory and sent from there, and the computation waits
    for its arrival: on the GPU, not here. On the CPU the batches come as they are.
    """
    number = _device_number(device)
    if number is None:
        yield from batches
        return
    cupy = _usable_cupy(device, number)
    with cupy.cuda.Device(number):
        copying = cupy.cuda.Stream(non_blocking=True)
        computing = cupy.cuda.get_current_stream()
    in_flight: deque[tuple[Any, list[np.ndarray]]] = deque()  # pinned arrays, which must live until they are copied

    def send(batch: tuple[np.ndarray, ...]) -> tuple[Any, tuple[Array, ...]]:
        with cupy.cuda.Device(number):
            pinned = [_pinned(cupy, array) for array in batch]
            arrays = tuple(cupy.empty(array.shape, array.dtype) for array in batch)
            copying.wait_event(computing.record())  # this memory may be what an earlier step still computes with
            for array, source in zip(arrays, pinned, strict=True):
                array.set(source, copying)
            arrival = copying.record()
        in_flight.append((arrival, pinned))
        while in_flight and in_flight[0][0].done:
            in_flight.popleft()
        return arrival, arrays

    coming = None
    try:
        for batch in batches:
            present, coming = coming, send(batch)
            if present is not None:
                computing.wait_event(present[0])
                yield present[1]
        if coming is not None:
            computing.wait_event(coming[0])
            yield coming[1]
    finally:
        copying.synchronize()  # before the pinned memory is let go


def _pinned(cupy: Any, array: np.ndarray) -> np.ndarray:
    """A copy in pinned memory."""
    pinned = np.frombuffer(cupy.cuda.alloc_pinned_memory(array.nbytes), array.dtype, array.size).reshape(array.shape)
    pinned[...] = array
    return pinned


# ---- a batch, block by block --------------------------------------------------------------------------------------
#
# The one thing in which a CPU and a GPU really differ is how much of a batch to take at once. A CPU wants blocks that
# stay in its cache, several at a time on several threads (NumPy and BLAS release Python's global lock); a GPU wants
# the whole batch in one launch, as long as its memory holds that. So an operation is written for a block and handed to
# one of the two walks below.

CACHE_BYTES = 512 * 1024  # what a block may fill: half of the second-level cache of one core on today's CPUs
GPU_BYTES = 1 << 30  # what the columns of a block may fill on a GPU; may be set

_num_threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
_pool: ThreadPoolExecutor | None = None
_thread = threading.local()  # .inside_block: true on a thread that is working on a block


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
    shares = _num_threads if module_of(x) is np and n >= smallest * _num_threads else 1
    return [slice(n * t // shares, n * (t + 1) // shares) for t in range(shares)]


def _block_size(size: int, bytes_per_item: int, length: int, xp: Any) -> int:
    return size if xp is np else max(1, min(length, GPU_BYTES // max(1, bytes_per_item)))


def _blocks(length: int, size: int) -> list[slice]:
    return [slice(start, min(start + size, length)) for start in range(0, length, size)] or [slice(0, 0)]


def _walk(run: Callable[[list[slice]], Result], length: int, xp: Any, size: int) -> list[Result]:
    """Cut range(length) into blocks, give each thread its share of them in order, return each share's result."""
    if xp is not np or length == 0:
        return [run(_blocks(length, size))]
    threads = 1 if getattr(_thread, "inside_block", False) else min(_num_threads, length)
    blocks = _blocks(length, min(size, -(-length // threads)))  # at least one block for each thread
    shares = [blocks[len(blocks) * t // threads : len(blocks) * (t + 1) // threads] for t in range(threads)]
    shares = [share for share in shares if share]
    with _blas_threads(1 if len(shares) > 1 else _num_threads):
        futures = [_threads().submit(_inside_block, run, share) for share in shares[1:]]
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


def _threads() -> ThreadPoolExecutor:
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
def _blas_threads(number: int) -> Iterator[None]:
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
