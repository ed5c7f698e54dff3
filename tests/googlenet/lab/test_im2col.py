"""The experiment on the eight steps of a convolution."""

import pytest
from lab_runs import of_steps

import minicnn as mc
from googlenet.lab import im2col
from googlenet.lab.harness import Lab
from googlenet.lab.steps import ALL_THREADS, ONE_THREAD, Work


@pytest.fixture
def clocks(monkeypatch):
    """Works that take as long as is told, by both clocks; CPU time passes on all threads. Which threads each had."""
    state = {"cpu": 0.0, "wall": 0.0, "threads": []}

    def works(steps):
        def work(seconds):
            def call():
                state["threads"].append(mc.get_num_threads())
                state["cpu"] += seconds
                state["wall"] += seconds / mc.get_num_threads()

            return call

        return [Work(work(2.0**-i if len(steps) > 1 else 0.01), 10.0) for i in range(len(steps))]

    monkeypatch.setattr(im2col, "step_works", works)
    monkeypatch.setattr(im2col.time, "process_time", lambda: state["cpu"])
    monkeypatch.setattr(im2col.time, "perf_counter", lambda: state["wall"])
    return state


def test_cpu_time_counts_on_one_thread_and_the_clock_on_all(clocks):
    threads = mc.get_num_threads()
    found = im2col.measure(Lab(threads=4, quick=True))
    speeds = [step["speed"] for step in found["steps"].values()]
    assert speeds == pytest.approx([10 * 2.0**i for i in range(7)] + [4000], rel=1e-4)
    assert (found["alone"], found["threads"]) == (pytest.approx(1000), 4)
    assert clocks["threads"] == 8 * [1] + 2 * [4]
    assert mc.get_num_threads() == threads
    assert list(found["steps"]) == [step.name for step in ONE_THREAD + ALL_THREADS]
    assert found["steps"]["7 image by image, in the cache"]["moved"] == pytest.approx(0.154, abs=1e-3)


def test_the_fastest_round_counts(clocks, monkeypatch):
    plain, slower = im2col.step_works, iter([3.0, 1.0, 2.0] + 17 * [5.0])

    def works(steps):
        def call():
            clocks["cpu"] += next(slower)

        found = plain(steps)
        return [Work(call, 10.0), *found[1:]] if len(steps) > 1 else found

    monkeypatch.setattr(im2col, "step_works", works)
    assert next(iter(im2col.measure(Lab())["steps"].values()))["speed"] == 10.0


def test_the_table():
    heads, rows = im2col.table(of_steps())
    assert rows[0] == ["1 the definition, seven loops", "1", "", "2774.5", "0.1"]
    assert rows[1][1:3] == ["2", "2"]
    assert im2col.table(of_steps(alone=100.0)).rows[-1][1:3] == ["128", "1.28"]


@pytest.mark.parametrize(
    "changed, first, second",
    [({}, ["64 times as fast as the definition"], ["Step 5, im2col", "has 2.0 times the speed of the step before",
                                                  "2 threads have 2.0 times that of one"]),
     ({"s3": 1000.0, "s7": 500.0}, ["500 times", "the largest gain, 500 times, is that of step 3, matrix times"], []),
     ({"s5": 1.0, "alone": 640.0}, [], ["has 1/8.0 of the speed of the step before", "1/5.0 of that of one"])],
)  # fmt: skip
def test_sentences_follow_the_numbers(changed, first, second):
    said = im2col.sentences(of_steps(**changed))
    assert all(text in said[0] for text in first) and all(text in said[1] for text in second)


def test_one_thread_is_not_compared_with_itself():
    said = im2col.sentences(of_steps() | {"threads": 1})[1]
    assert said.endswith("the step before; what more threads would win was not measured.")
