"""From the definition of a convolution to the fast one, step by step: `python -m benchmarks.steps`.

The steps are those of googlenet/lab/steps.py. Each is measured in the same run, beside PyTorch and what the machine
could do at best. docs/performance.md tells the story.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

import minicnn as mc
from benchmarks import limits, machine
from googlenet.lab.steps import (
    ALL_THREADS,
    KH,
    KW,
    MULTIPLY_ADDS,
    ONE_THREAD,
    PIXELS,
    C,
    H,
    K,
    N,
    Step,
    W,
    Work,
    step_works,
)

Array = Any
PAUSE = 0.02  # seconds; idle threads of OpenMP and OpenBLAS spin for some milliseconds before they sleep


def pytorch(x: Array, weight: Array) -> Array:
    """PyTorch takes the layout that it is given."""
    import torch

    with torch.inference_mode():
        return torch.nn.functional.conv2d(torch.from_numpy(x), torch.from_numpy(weight), padding=1).numpy()


PYTORCH = [Step("  PyTorch, NCHW", pytorch, False, None), Step("  PyTorch, channels_last", pytorch, True, None)]


NOTES = f"""
times: faster than the step before. of peak: of the matrix product's speed on as
many threads. Fastest round of each. Steps 1 to 3 take a part of the work (1 of
{N} images; 2, 8 and {K} of {K} kernels); ms and GB are scaled to the whole."""


def limit_works(threads: int) -> list[Work]:
    """What the machine can do at best: a large matrix product, a copy of large arrays, our layer's product alone."""
    commands = limits.numpy_side({"size": 2048, "threads": threads}).commands
    rng = np.random.default_rng(0)
    patches, kernels = (rng.standard_normal((rows, C * KH * KW), dtype=np.float32) for rows in (PIXELS, K))
    layer = partial(np.matmul, patches, kernels.T, out=np.empty((PIXELS, K), np.float32))
    works = [Work(partial(commands[name], 1), commands[name](1)["work"]) for name in ("product", "copy")]
    return [*works, Work(layer, 2e-9 * MULTIPLY_ADDS)]


LIMITS = "matrix product, GFLOP/s", "copy, read + written, GB/s", "this layer's product, GFLOP/s"  # their names


def speeds(works: list[Work], rounds: int) -> list[float]:
    """GFLOP/s or GB/s of each in its fastest round. They take turns, so that slow changes of the machine meet all."""
    seconds: list[list[float]] = [[] for _ in works]
    for _ in range(rounds):
        for work, found in zip(works, seconds, strict=True):
            time.sleep(PAUSE)
            work.call()  # wakes the threads
            start = time.perf_counter()
            work.call()
            found.append(time.perf_counter() - start)
    return [work.amount / min(found) for work, found in zip(works, seconds, strict=True)]


def use_threads(number: int) -> Any:
    """A context in which everything works on so many threads."""
    mc.set_num_threads(number)
    if find_spec("torch"):
        import torch

        torch.set_num_threads(number)
    return threadpool_limits(number)


def table(heading: str, steps: list[Step], figures: list[float], before: float | None, peak: float) -> str:
    """One row a step; `before` is the speed of the step before the first."""
    lines = [f"{heading:<33}{'GFLOP/s':>9}{'times':>8}{'of peak':>9}{'ms':>10}{'GB moved':>10}"]
    for step, speed in zip(steps, figures, strict=True):
        times = f"{speed / before:.3g}" if before and step.compute is not pytorch else ""
        moved = "" if step.moved is None else f"{4e-9 * step.moved:.3g}"
        milliseconds = 2e-6 * MULTIPLY_ADDS / speed
        lines.append(
            f"{step.name:<33}{speed:9.3g}{times:>8}{speed / peak:9.2%}{milliseconds:10.1f}{moved:>10}".rstrip()
        )
        before = speed
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    cores = machine.cores()
    environment, removed = machine.side_environment(cores)
    if removed:  # OpenBLAS has read them: start again without
        os.execve(sys.executable, [sys.executable, "-m", "benchmarks.steps", *sys.argv[1:]], environment)
    parser = argparse.ArgumentParser(prog="python -m benchmarks.steps", description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--rounds", type=int, default=15, metavar="N", help="turns of each step; the fastest counts (15)"
    )
    rounds = parser.parse_args().rounds
    if rounds < 1:
        parser.error(f"--rounds: expected 1 or more, got {rounds}")
    beside = PYTORCH if find_spec("torch") else []
    one_steps, all_steps, clocks = ONE_THREAD + beside, ALL_THREADS + beside, machine.clocks()
    with use_threads(1):
        found = speeds(step_works(one_steps) + limit_works(1), rounds)
        one, one_limits = found[: len(one_steps)], found[len(one_steps) :]
    with use_threads(cores):
        found = speeds(step_works(all_steps) + limit_works(cores), rounds)
        many, many_limits = found[: len(all_steps)], found[len(all_steps) :]
    print(f"{KH}x{KW} convolution, {C} to {K} channels, {H}x{W}, batch {N}, float32: {2e-9 * MULTIPLY_ADDS:.2f} GFLOP")
    print(f"{machine.cpu_model()}, NumPy {np.__version__}, {machine.blas_kernels()}")
    print(f"Other programs took {machine.taken_by_others(clocks)} of the cores.\n")
    print(table("one thread", one_steps, one, None, one_limits[0]), end="\n\n")
    print(table(f"{cores} threads", all_steps, many, one[len(ONE_THREAD) - 1], many_limits[0]), end="\n\n")
    print(f"{'limits':<33}{'one thread':>18}{f'{cores} threads':>18}")
    for name, one_limit, many_limit in zip(LIMITS, one_limits, many_limits, strict=True):
        print(f"{name:<33}{one_limit:18.1f}{many_limit:18.1f}")
    print(NOTES)


if __name__ == "__main__":
    main()
