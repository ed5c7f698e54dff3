"""The backend: whose array is this, and every item of a batch exactly once, on threads, with BLAS held to one."""

import contextlib
import gc
import os
import platform
import subprocess
import sys
import threading
import time
import weakref
from pathlib import Path

import numpy as np
import pytest
import threadpoolctl
from hypothesis import given, settings
from hypothesis import strategies as st

import minicnn as mc
from minicnn import backend

REPOSITORY = Path(__file__).resolve().parents[1]


def blas_threads():
    return [info["num_threads"] for info in threadpoolctl.threadpool_info() if info["user_api"] == "blas"]


def run_python(code):
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "OPENBLAS_NUM_THREADS": "2"}
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, env=environment, check=False
    )


@pytest.fixture(params=[1, 2, 3])
def threads(request):
    mc.set_num_threads(request.param)
    return request.param


@pytest.fixture
def two_blas_threads():
    """BLAS with two threads, so that a walk has something to hold back and to restore."""
    with threadpoolctl.threadpool_limits(2, user_api="blas"):
        before = blas_threads()
        assert before
        assert set(before) == {2}
        yield before


# ---- whose array is this? -----------------------------------------------------------------------------------------


def test_module_of_numpy_arrays():
    assert backend.module_of(np.ones(1), None, 3, 2.5) is np
    assert backend.module_of() is np
    assert backend.module_of(None) is np


def test_is_array():
    assert backend.is_array(np.ones(2))
    for value in ([1], 1.0, None, np.float32(1), mc.Tensor([1.0])):
        assert not backend.is_array(value)


class PretendedCuPy:
    """A module that looks like CuPy to the backend: an array class, and enough to move one."""

    class ndarray:
        class device:
            id = 1

        def __init__(self, on_host):
            self.on_host = on_host

    @staticmethod
    def asnumpy(array):
        return array.on_host


def test_arrays_of_cupy_are_told_apart(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", PretendedCuPy)
    host = np.ones(2)
    there = PretendedCuPy.ndarray(host)
    assert backend.is_array(there)
    assert backend.module_of(there, None, 2) is PretendedCuPy
    assert backend.device_of(there) == "cuda:1"
    assert backend.device_of(host) == "cpu"
    assert backend.to_device(there, "cpu") is host
    assert backend.same_device(there, "cuda:1")
    assert not backend.same_device(there, "cuda")  # cuda:0
    with pytest.raises(TypeError, match=r"different devices: cpu, cuda:1"):
        backend.module_of(host, there)


def test_to_device_returns_the_array_itself_where_it_is_there():
    x = np.ones(2)
    assert backend.to_device(x, "cpu") is x
    assert backend.same_device(x, "cpu")
    assert not backend.same_device(x, "cuda")


@pytest.mark.parametrize("name", ["gpu", "", "cuda:x", "cuda:-1", "cpu:0", "CUDA", "cuda:0:1", None, 0])
def test_unknown_devices_are_refused_by_name(name):
    for call in (backend.to_device, backend.same_device):
        with pytest.raises(ValueError, match=r'device: got .*expected "cpu", "cuda" or "cuda:<number>"') as error:
            call(np.ones(2), name)
        assert repr(name) in str(error.value)


@pytest.fixture
def no_cupy(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)  # import cupy raises ImportError


def test_cuda_without_cupy_says_how_to_install_it(no_cupy):
    for call in (
        lambda: backend.to_device(np.ones(2), "cuda"),
        lambda: mc.tensor([1.0], device="cuda:1"),
        lambda: mc.Tensor([1.0]).to("cuda"),
        lambda: mc.nn.Linear(1, 1).to("cuda"),
    ):
        with pytest.raises(
            RuntimeError, match=r'device "cuda(:1)?" cannot be used: CuPy cannot.*pip install .*cupy-cuda'
        ):
            call()


def test_devices_without_cupy_say_why_and_how_to_install_it(no_cupy):
    cpu, gpu = mc.devices()
    assert (cpu.name, cpu.usable) == ("cpu", True)
    assert np.__version__ in cpu.description
    assert f"{mc.get_num_threads()} thread" in cpu.description
    assert (gpu.name, gpu.usable) == ("cuda", False)
    assert "cannot be imported" in gpu.description
    assert "pip install" in gpu.description
    assert str(cpu).startswith("cpu ")
    assert str(gpu).startswith("cuda ")
    assert "not usable" in str(gpu)


def test_devices_with_cupy_but_no_driver(monkeypatch):
    class runtime:
        @staticmethod
        def getDeviceCount():
            raise OSError("no driver here")

    pretended = type("cupy", (), {"cuda": type("cuda", (), {"runtime": runtime})})
    monkeypatch.setitem(sys.modules, "cupy", pretended)
    assert [str(device) for device in mc.devices()][1] == "cuda    not usable: no driver here"


# ---- a batch, block by block --------------------------------------------------------------------------------------


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
    monkeypatch.setattr(backend, "GPU_BYTES", 1000)
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
    monkeypatch.setattr(backend, "GPU_BYTES", 1)
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
    monkeypatch.setattr(backend, "CACHE_BYTES", 1024)
    for shape in ((), (0,), (1,), (1000,), (37, 11), (3, 2, 500), (0, 5), (5, 0)):
        x = np.zeros(shape)

        def work(rows, x=x):
            x[rows] += 1

        backend.for_each_row_block(work, x)
        np.testing.assert_array_equal(x, np.ones(shape))


def test_items_per_block():
    assert backend.items_per_block(backend.CACHE_BYTES) == 1
    assert backend.items_per_block(10 * backend.CACHE_BYTES) == 1
    assert backend.items_per_block(backend.CACHE_BYTES // 4) == 4
    assert backend.items_per_block(0) >= 1


# ---- threads ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [0, -1, 1.5, float("nan"), "2", None])
def test_set_num_threads_refuses(number):
    before = mc.get_num_threads()
    with pytest.raises((ValueError, TypeError), match="set_num_threads") as error:
        mc.set_num_threads(number)
    assert repr(number) in str(error.value)
    assert mc.get_num_threads() == before


def test_set_num_threads():
    for number in (1, 4, np.int64(2)):
        mc.set_num_threads(number)
        assert mc.get_num_threads() == number
        assert isinstance(mc.get_num_threads(), int)


def test_a_walk_uses_no_more_threads_than_allowed():
    for number in (3, 1, 2):
        mc.set_num_threads(number)
        seen = set()
        backend.for_each_block(lambda items, seen=seen: (seen.add(threading.get_ident()), time.sleep(0.005)), 9, np)
        assert len(seen) <= number


# ---- BLAS ---------------------------------------------------------------------------------------------------------


def test_blas_has_one_thread_inside_and_its_own_again_outside(two_blas_threads):
    inside = []
    backend.for_each_block(lambda items: inside.append(blas_threads()), 4, np)
    assert {n for counts in inside for n in counts} == {1}
    assert blas_threads() == two_blas_threads


def test_blas_has_all_threads_for_a_single_block(two_blas_threads):
    inside = []
    for number in (2, 1):
        mc.set_num_threads(number)
        backend.for_each_block(lambda items: inside.append(blas_threads()), 1, np)
    assert inside == [[2] * len(inside[0]), [1] * len(inside[0])]
    assert blas_threads() == two_blas_threads


def test_blas_threads_are_restored_after_an_error(two_blas_threads):
    def fail(items):
        raise KeyError

    with pytest.raises(KeyError):
        backend.for_each_block(fail, 4, np)
    assert blas_threads() == two_blas_threads


def test_blas_threads_are_restored_after_nested_walks(two_blas_threads):
    inside = []

    def nested(items):
        backend.for_each_block(lambda _: None, 2, np)
        inside.append(blas_threads())  # the inner walk is over, the outer is not

    backend.for_each_block(nested, 4, np)
    assert {n for counts in inside for n in counts} == {1}
    assert blas_threads() == two_blas_threads


TWO_USERS = """
import threading
import numpy as np, threadpoolctl
import minicnn as mc
from minicnn import backend

def blas_threads():
    return [i["num_threads"] for i in threadpoolctl.threadpool_info() if i["user_api"] == "blas"]

print(blas_threads())
mc.set_num_threads(2)
if main_walks_before:
    backend.for_each_block(lambda items: None, 4, np)
first_is_in, first_may_end, second_is_in, second_may_end = (threading.Event() for _ in range(4))

def walk(is_in, may_end):
    def block(items):
        if items.start == 0:
            is_in.set()
            may_end.wait(20)
            print(blas_threads())
    backend.for_each_block(block, 2, np)

first = threading.Thread(target=walk, args=(first_is_in, first_may_end))
second = threading.Thread(target=walk, args=(second_is_in, second_may_end))
first.start(); first_is_in.wait(20)
second.start(); second_is_in.wait(20)
for thread, may_end in [(first, first_may_end), (second, second_may_end)][::order]:
    may_end.set(); thread.join()
print(blas_threads())
backend.for_each_block(lambda items: items.start or print(blas_threads()), 2, np)
print(blas_threads())
"""


@pytest.mark.parametrize("main_walks_before", [False, True])
@pytest.mark.parametrize("order", [1, -1], ids=["first out first", "first out last"])
def test_blas_threads_when_two_user_threads_walk_at_once(order, main_walks_before):
    result = run_python(f"main_walks_before, order = {main_walks_before}, {order}\n{TWO_USERS}")
    assert result.stderr == ""
    before, first_out, last_out, between, inside_again, after = result.stdout.splitlines()
    if before != "[2]":
        pytest.skip(f"BLAS threads are {before} here, not [2]: nothing to hold back")
    assert first_out == "[1]"
    assert last_out == "[1]" or order == 1  # where the first to come has left, the second may have all threads
    assert between == "[2]"
    assert inside_again == "[1]"
    assert after == "[2]"


def test_blas_threads_are_restored_by_a_thread_that_did_not_hold_them_back():
    result = run_python("""
import threading
import numpy as np, threadpoolctl
from minicnn import backend

def blas_threads():
    return [i["num_threads"] for i in threadpoolctl.threadpool_info() if i["user_api"] == "blas"]

print(blas_threads())
is_in, may_end = threading.Event(), threading.Event()
other = threading.Thread(
    target=backend.for_each_block, args=(lambda items: (is_in.set(), may_end.wait(20)), 1, np)
)
backend.for_each_block(lambda items: (other.start(), is_in.wait(20)), 1, np)  # ours began first and ends first
may_end.set()
other.join()
print(blas_threads())
""")
    assert result.stderr == ""
    before, after = result.stdout.splitlines()
    assert after == before


def test_many_user_threads_walk_at_once():
    mc.set_num_threads(2)
    wrong = []

    def user(number):
        x = np.full((20, 4), float(number))
        for _ in range(30):
            total = backend.sum_over_blocks(lambda items: x[items].sum(axis=0), 20, np)
            if not (total == 20 * number).all():
                wrong.append((number, total))

    users = [threading.Thread(target=user, args=(n,)) for n in range(4)]
    for thread in users:
        thread.start()
    for thread in users:
        thread.join()
    assert wrong == []


# ---- import -------------------------------------------------------------------------------------------------------


def test_import_minicnn_needs_numpy_alone():
    heavy = ["cupy", "PIL", "matplotlib", "torch", "tqdm", "safetensors", "threadpoolctl", "googlenet"]
    result = run_python(
        f"import sys, minicnn, minicnn.nn, minicnn.optim, minicnn.data, minicnn.checkpoint\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    assert result.stderr == ""
    assert result.stdout == "[]\n"


def test_import_googlenet_needs_no_more():
    heavy = ["cupy", "PIL", "matplotlib", "torch", "tqdm", "safetensors", "threadpoolctl"]
    result = run_python(
        f"import sys, googlenet, googlenet.training\nprint([name for name in {heavy} if name in sys.modules])"
    )
    assert result.stderr == ""
    assert result.stdout == "[]\n"


def test_a_process_that_has_used_its_threads_ends():
    result = run_python(
        "import numpy as np, minicnn as mc\n"
        "from minicnn import backend\n"
        "mc.set_num_threads(2)\n"
        "backend.for_each_block(lambda items: None, 8, np)\n"
        "print('done')"
    )
    assert result.returncode == 0
    assert result.stdout == "done\n"


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has the settings: elsewhere malloc decides")
def test_freed_memory_is_kept_for_the_next_array():
    """Ten arrays of 3 MB are 7,680 pages: given back and asked for again, they would be as many page faults."""
    code = """
import resource
import numpy as np
import minicnn as mc
from minicnn import backend

mc.set_num_threads(2)
walk = lambda: backend.for_each_block(lambda items: [np.ones(3 << 20, np.uint8) for _ in range(10)], 2, np)
faults = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_minflt
walk(), walk()
before = faults()
walk()
print(faults() - before)
"""
    result = run_python(code)
    assert result.returncode == 0, result.stderr
    assert int(result.stdout) < 768  # of 15,360 on both threads
