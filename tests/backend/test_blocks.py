"""Every item of a batch exactly once, on threads."""

import contextlib
import gc
import os
import threading
import time
import weakref

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import run_python

import minicnn as mc
from minicnn import backend


@settings(max_examples=60, deadline=None)
@given(length=st.integers(0, 200), size=st.integers(1, 60), threads=st.integers(1, 5))
def test_every_item_is_walked_exactly_once(length, size, threads):
    mc.set_num_threads(threads)
    visits, sizes = np.zeros(length, int), []

    def work(items):
        assert isinstance(items, slice)
        visits[items] += 1
        sizes.append(items.stop - items.start)

    backend.for_each_block(work, length, np, size)
    assert (visits == 1).all()
    assert max(sizes, default=0) <= size


@settings(max_examples=40, deadline=None)
@given(length=st.integers(1, 100), size=st.integers(1, 40), threads=st.integers(1, 5))
def test_the_sum_over_blocks_is_the_sum(length, size, threads):
    mc.set_num_threads(threads)
    x = np.random.default_rng(length).standard_normal((length, 3))
    before = x.copy()
    total = backend.sum_over_blocks(lambda items: x[items].sum(axis=0), length, np, size)
    np.testing.assert_allclose(total, x.sum(axis=0), rtol=1e-10, atol=1e-12)
    np.testing.assert_array_equal(x, before)


def test_the_sum_is_the_same_to_the_last_bit_whichever_thread_is_faster(threads):
    x = np.random.default_rng(0).standard_normal((97, 50)).astype(np.float32)
    delays = np.random.default_rng(1)

    def work(items):
        time.sleep(delays.uniform(0, 0.0005))
        return x[items].sum(axis=0)

    sums = [backend.sum_over_blocks(work, len(x), np, size=3) for _ in range(6)]
    for other in sums[1:]:
        np.testing.assert_array_equal(other, sums[0])


def test_on_another_module_the_batch_is_one_block():
    blocks = []
    backend.for_each_block(blocks.append, 10, object(), size=2)
    assert blocks == [slice(0, 10)]
    assert backend.sum_over_blocks(lambda items: items.stop, 10, object(), size=2) == 10


def test_on_a_gpu_a_batch_that_would_not_fit_is_cut(monkeypatch):
    monkeypatch.setattr(backend.blocks, "GPU_BYTES", 1000)
    for bytes_per_item, sizes in [(0, [10]), (100, [10]), (101, [9, 1]), (300, [3, 3, 3, 1]), (10**9, [1] * 10)]:
        blocks = []
        backend.for_each_block(blocks.append, 10, object(), bytes_per_item=bytes_per_item)
        assert [block.stop - block.start for block in blocks] == sizes
        total = backend.sum_over_blocks(lambda b: b.stop - b.start, 10, object(), bytes_per_item=bytes_per_item)
        assert total == 10


def test_on_a_gpu_an_empty_batch_is_one_empty_block():
    blocks = []
    backend.for_each_block(blocks.append, 0, object(), bytes_per_item=5)
    assert blocks == [slice(0, 0)]


def test_on_the_cpu_the_limit_of_a_gpu_changes_nothing(monkeypatch):
    monkeypatch.setattr(backend.blocks, "GPU_BYTES", 1)
    mc.set_num_threads(1)
    blocks = []
    backend.for_each_block(blocks.append, 10, np, size=5, bytes_per_item=300)
    assert blocks == [slice(0, 5), slice(5, 10)]


def test_blocks_run_on_all_threads_at_once():
    mc.set_num_threads(3)
    everyone = threading.Barrier(3, timeout=20)  # gets through only where three blocks run at the same time
    seen = set()

    def work(items):
        seen.add(threading.get_ident())
        everyone.wait()

    backend.for_each_block(work, 3, np)
    assert len(seen) == 3
    assert threading.get_ident() in seen  # the caller works too


def test_a_nested_walk_stays_on_its_thread_and_covers_everything():
    mc.set_num_threads(2)
    visits = np.zeros((6, 7), int)

    def outer(rows):
        here = threading.get_ident()

        def inner(columns):
            assert threading.get_ident() == here
            visits[rows, columns] += 1

        backend.for_each_block(inner, 7, np, size=2)

    backend.for_each_block(outer, 6, np)
    assert (visits == 1).all()


def test_a_nested_sum():
    mc.set_num_threads(2)
    x = np.arange(12.0).reshape(3, 4)

    def row_sums(rows):
        return backend.sum_over_blocks(lambda columns: x[rows, columns].sum(), 4, np)

    assert backend.sum_over_blocks(row_sums, 3, np) == x.sum()


@pytest.mark.parametrize("failing", [0, 4, 9])
def test_an_error_in_any_block_reaches_the_caller_when_all_threads_have_stopped(failing, threads):
    working, lock = [0], threading.Lock()

    def work(items):
        with lock:
            working[0] += 1
        try:
            time.sleep(0.002)
            if items.start <= failing < items.stop:
                raise KeyError(f"block {failing}")
            time.sleep(0.002)
        finally:
            with lock:
                working[0] -= 1

    for walk in (backend.for_each_block, backend.sum_over_blocks):
        with pytest.raises(KeyError, match=f"block {failing}"):
            walk(work if walk is backend.for_each_block else lambda items: work(items) or np.zeros(1), 10, np)
        assert working == [0]
    visits = np.zeros(10, int)  # and the next walk works
    backend.for_each_block(lambda items: visits.__setitem__(items, 1), 10, np)
    assert visits.all()


@pytest.mark.parametrize("error", [KeyError, KeyboardInterrupt])
def test_the_caller_waits_for_the_others_where_its_own_block_fails(error):
    mc.set_num_threads(2)
    other_is_done = threading.Event()
    caller = threading.get_ident()

    def work(items):
        if threading.get_ident() == caller:
            raise error("at once")
        time.sleep(0.1)
        other_is_done.set()

    with pytest.raises(error, match="at once"):
        backend.for_each_block(work, 2, np)
    assert other_is_done.is_set()


def test_a_thread_that_waits_for_work_does_not_hold_on_to_the_last():
    mc.set_num_threads(2)
    array = np.zeros(4)
    backend.for_each_block(lambda items, array=array: array[items].sum(), 4, np)
    alive = weakref.ref(array)
    del array
    end = time.monotonic() + 20
    while alive() is not None and time.monotonic() < end:
        time.sleep(0.001)  # it says that it is done just before it lets go
    assert alive() is None


def test_an_error_in_every_block_leaves_no_cycle_of_references():
    """Such a cycle would keep the arrays of a failed step until the garbage collector comes by."""
    mc.set_num_threads(3)
    seen = []

    class Failure(Exception):
        def __init__(self):
            seen.append(weakref.ref(self))

    def work(items):
        raise Failure

    gc.disable()
    try:
        with contextlib.suppress(Failure):
            backend.for_each_block(work, 3, np)
        end = time.monotonic() + 20
        while any(error() for error in seen) and time.monotonic() < end:
            time.sleep(0.001)
        assert [error() for error in seen] == [None] * 3
    finally:
        gc.enable()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_a_forked_process_can_walk():
    """It has none of its parent's threads, and would wait for them forever."""
    result = run_python("""
import os, signal, warnings
import numpy as np
import minicnn as mc
from minicnn import backend
warnings.simplefilter("ignore")  # newer Pythons warn of a fork in a process with threads
mc.set_num_threads(2)
total = lambda: backend.sum_over_blocks(lambda items: np.arange(4)[items].sum(), 4, np)
total()
if child := os.fork():
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), total())
else:
    signal.alarm(20)
    os._exit(int(total()))
""")
    assert result.stderr == ""
    assert result.stdout.split() == ["6", "6"]


def test_for_each_row_block_covers_arrays_of_any_shape(threads, monkeypatch):
    monkeypatch.setattr(backend.blocks, "CACHE_BYTES", 1024)
    for shape in ((), (0,), (1,), (1000,), (37, 11), (3, 2, 500), (0, 5), (5, 0)):
        x = np.zeros(shape)

        def work(rows, x=x):
            x[rows] += 1

        backend.for_each_row_block(work, x)
        np.testing.assert_array_equal(x, np.ones(shape))


def test_items_per_block():
    assert backend.items_per_block(backend.blocks.CACHE_BYTES) == 1
    assert backend.items_per_block(10 * backend.blocks.CACHE_BYTES) == 1
    assert backend.items_per_block(backend.blocks.CACHE_BYTES // 4) == 4
    assert backend.items_per_block(0) >= 1
