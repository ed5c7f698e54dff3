"""The steps from the definition of a convolution to the fast one: PyTorch beside them, the fastest round, the table."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from support import torch

from benchmarks import steps
from googlenet.lab.steps import definition

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.mark.skipif(torch is None, reason="PyTorch is not installed: pip install -e '.[parity]'")
@pytest.mark.parametrize("step", steps.PYTORCH, ids=lambda step: step.name)
def test_pytorch_computes_the_same(step: steps.Step) -> None:
    rng = np.random.default_rng(0)
    x, weight = rng.standard_normal((2, 3, 5, 4)), rng.standard_normal((4, 3, 3, 3))
    np.testing.assert_allclose(step.compute(x, weight), definition(x, weight), rtol=1e-12, atol=1e-12)


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
