"""`python -m benchmarks.peers`. Chainer and DeZero need a NumPy older than ours: here is what can be tested without."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import peers
from googlenet import table

REPOSITORY = Path(__file__).resolve().parents[2]


def test_the_blocks_are_those_of_table_1() -> None:
    assert peers.BLOCKS == table.INCEPTION


@pytest.mark.everything("long runs")
def test_a_library_is_measured() -> None:
    line = [sys.executable, "-m", "benchmarks.peers", "minicnn", "--batch-size", "1", "--repeats", "1"]
    done = subprocess.run(line, cwd=REPOSITORY, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    _, _, heading, _, inference, training = done.stdout.splitlines()
    assert heading.startswith("GoogLeNet 224x224, batch 1, ")
    assert re.match(r"inference +[\d.]+ +[\d.]+ - [\d.]+ +(\d+%|unknown) +\d+$", inference)
    assert re.match(r"training +[\d.]+ +[\d.]+ - [\d.]+ +(\d+%|unknown) +\d+$", training)
