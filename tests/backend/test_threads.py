"""The threads, BLAS held to one while they work, and what a process keeps."""

import platform
import threading
import time

import numpy as np
import pytest
import threadpoolctl
from support import run_python

import minicnn as mc
from minicnn import backend


def blas_threads():
    return [info["num_threads"] for info in threadpoolctl.threadpool_info() if info["user_api"] == "blas"]


@pytest.fixture
def two_blas_threads():
    """BLAS with two threads, so that a walk has something to hold back and to restore."""
    with threadpoolctl.threadpool_limits(2, user_api="blas"):
        before = blas_threads()
        assert before
        assert set(before) == {2}
        yield before


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
