"""The steps from the definition of a convolution to the fast one compute the same; their table is complete."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from support import channels_last, torch

from benchmarks import steps

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("arrange", [np.ascontiguousarray, channels_last])
@pytest.mark.parametrize("step", [*steps.ONE_THREAD, *steps.ALL_THREADS, steps.PYTORCH[0]], ids=lambda step: step.name)
def test_every_step_is_the_same_convolution(step: steps.Step, arrange) -> None:
    if step.compute is steps.pytorch and torch is None:
        pytest.skip("PyTorch is not installed: pip install -e '.[parity]'")
    rng = np.random.default_rng(0)
    x, weight = rng.standard_normal((2, 3, 5, 4)), rng.standard_normal((4, 3, 3, 3))
    expected = np.zeros((2, 4, 5, 4))
    for n, k, i, j in np.ndindex(expected.shape):
        for c, u, v in np.ndindex(weight.shape[1:]):
            row, column = i + u - 1, j + v - 1
            if 0 <= row < 5 and 0 <= column < 4:
                expected[n, k, i, j] += weight[k, c, u, v] * x[n, c, row, column]
    y = step.compute(arrange(x), arrange(weight))
    assert y.shape == expected.shape
    np.testing.assert_allclose(y, expected, rtol=1e-12, atol=1e-12)


def test_a_step_that_computes_something_else_is_an_error() -> None:
    wrong = steps.Step("wrong", lambda x, weight: steps.blocks(x, weight) * 1.01, True, None, images=1)
    with pytest.raises(AssertionError, match="Mismatched elements"):
        steps.step_works([wrong])


def test_only_the_part_that_is_computed_counts() -> None:
    whole, part = steps.step_works([steps.ONE_THREAD[-1], steps.ONE_THREAD[0]])
    assert whole.amount == pytest.approx(2e-9 * 16 * 28 * 28 * 128 * 96 * 3 * 3)
    assert part.amount == pytest.approx(2e-9 * 1 * 28 * 28 * 2 * 96 * 3 * 3)


def test_the_fastest_round_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 4.0, 10.0, 12.0, 20.0, 25.0, 30.0, 38.0])  # two works in turn, two rounds: 4, 2; 5, 8 seconds
    monkeypatch.setattr(steps, "time", SimpleNamespace(perf_counter=lambda: next(clock), sleep=lambda _: None))
    assert steps.speeds([steps.Work(lambda: None, 20.0), steps.Work(lambda: None, 6.0)], rounds=2) == [5.0, 3.0]


@pytest.mark.everything("long runs")
def test_the_whole_table_fits_in_80_columns() -> None:
    line = [sys.executable, "-m", "benchmarks.steps", "--rounds", "1"]
    done = subprocess.run(line, cwd=REPOSITORY, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert max(len(row) for row in done.stdout.splitlines()) <= 80
    for step in steps.ONE_THREAD + steps.ALL_THREADS:
        assert step.name in done.stdout
