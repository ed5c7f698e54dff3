"""The eight steps from the definition of a convolution to the fast one, measured against each other."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from googlenet.lab.harness import Data, Experiment, Lab, Table, left_as_found, rounded
from googlenet.lab.plots import COLORS, MARKERS
from googlenet.lab.steps import ALL_THREADS, MULTIPLY_ADDS, ONE_THREAD, Work, step_works
from googlenet.lab.words import short, times

ROUNDS = 20


def measure(lab: Lab) -> Data:
    """{"steps": {step: {"speed": GFLOP/s, "moved": GB}}, "threads": how many, "alone": GFLOP/s of step 8 on one}.

    On one thread CPU time counts, which other programs do not disturb much. What threads win only the clock tells, so
    step 8 is measured by it, on all threads and on one.
    """
    one, every = step_works(ONE_THREAD), step_works(ALL_THREADS)
    fastest: dict[str, float] = {}

    def take(name: str, work: Work, clock: Callable[[], float]) -> None:
        start = clock()
        work.call()
        speed = work.amount / (clock() - start)
        fastest[name] = max(fastest.get(name, 0.0), speed)

    for _ in lab.each(range(1 if lab.quick else ROUNDS)):
        with left_as_found(1):
            for step, work in zip(ONE_THREAD, one, strict=True):
                take(step.name, work, time.process_time)
            take("alone", every[0], time.perf_counter)
        with left_as_found(lab.threads):
            every[0].call()  # wakes the threads
            take(ALL_THREADS[0].name, every[0], time.perf_counter)
    steps = {
        step.name: {"speed": rounded(fastest[step.name]), "moved": rounded(4e-9 * (step.moved or 0))}
        for step in ONE_THREAD + ALL_THREADS
    }
    return {"steps": steps, "threads": lab.threads, "alone": rounded(fastest["alone"])}


def gains(data: Data) -> list[float]:
    """How many times as fast each step is as the one before; the last, on all threads, as itself on one."""
    speeds = [step["speed"] for step in data["steps"].values()]
    before = [speeds[0], *speeds[:-2], data["alone"]]
    return [speed / other for speed, other in zip(speeds, before, strict=True)]


def table(data: Data) -> Table:
    return Table(["step", "GFLOP/s", "times", "ms", "GB moved"], [
        [
            name, f"{step['speed']:.3g}", f"{gain:.3g}" if place else "",
            f"{2e-6 * MULTIPLY_ADDS / step['speed']:.1f}", f"{step['moved']:.3g}",
        ]
        for place, ((name, step), gain) in enumerate(zip(data["steps"].items(), gains(data), strict=True))
    ])  # fmt: skip


def sentences(data: Data) -> tuple[str, str]:
    names, found = list(data["steps"]), gains(data)
    speeds = [step["speed"] for step in data["steps"].values()]
    largest = max(range(1, len(found)), key=found.__getitem__)
    columns = next(place for place, name in enumerate(names) if "im2col" in name)
    threads = f"by the clock, {data['threads']} threads have {times(found[-1])} that of one"
    return (
        f"With the same multiply-adds in another order the last step on one thread is {short(speeds[-2] / speeds[0])} "
        f"times as fast as the definition; the largest gain, {short(found[largest])} times, is that of step "
        f"{names[largest].replace(' ', ', ', 1)}.",
        f"Step 5, im2col, which copies every pixel for each place in the kernel, has {times(found[columns])} the speed "
        f"of the step before; {threads if data['threads'] > 1 else 'what more threads would win was not measured'}.",
    )


def draw(data: Data, figure: Any) -> None:
    axes = figure.subplots()
    for place, (name, step) in enumerate(data["steps"].items()):
        last = place == len(data["steps"]) - 1
        axes.plot(step["speed"], name, MARKERS[last], color=COLORS[last], markersize=9)
        axes.annotate(short(step["speed"]), (step["speed"], name), (10, 0), textcoords="offset points", va="center")
    axes.invert_yaxis()
    axes.set(xscale="log", xlabel="GFLOP/s (square: on all threads)", title="One convolution, eight steps")
    axes.margins(x=0.12)
    axes.grid(alpha=0.3)


EXPERIMENT = Experiment(
    "im2col",
    "Why is a convolution done as a matrix product?",
    "The order of the same multiply-adds, in the eight steps of docs/performance.md: the 3x3 convolution of Inception "
    "3a, batch 16, float32; the fastest of 20 rounds. Steps 1 to 7: CPU time of one thread; 8: all threads, by the "
    "clock, and times is against one thread. Steps 1 to 3 do a part of the work, ms are scaled to the whole.",
    measure, table, sentences, draw,
)  # fmt: skip
