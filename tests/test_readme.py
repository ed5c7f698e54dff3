"""The README's code: what it shows of the library stands there, and what it tells to type runs as it stands."""

import os
import re
import subprocess
import sys

import pytest
from support import REPOSITORY

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """What the blocks print, pasted one after the other into one fresh interpreter."""
    here = {"cwd": tmp_path_factory.mktemp("readme"), "env": {**os.environ, "PYTHONPATH": str(REPOSITORY)}}
    command, code = [sys.executable, "-W", "error", "-"], "\n".join(BLOCKS)
    done = subprocess.run(command, input=code, capture_output=True, text=True, timeout=120, check=False, **here)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_class_that_it_shows_is_the_library_s():
    shown = BLOCKS[0][BLOCKS[0].index("class ") :]
    assert shown in (REPOSITORY / "minicnn/functional/activation.py").read_text(encoding="utf-8")


def test_the_comment_beside_a_print_is_what_it_prints(printed):
    comment = re.search(r"print\(weight.grad.shape\)  # (.*)", README)
    assert comment is not None
    assert printed[0] == comment[1]


def test_the_network_that_it_trains_learns_as_it_says(printed):
    """To one per cent: the last digits of a sum depend on the number of threads."""
    lines = r"epoch \d: ([\d.]+) % of the test digits"
    found, said = (
        re.findall(lines, "\n".join(printed)),
        re.findall(lines, README),
    )
    assert len(said) == len(found) == 3
    assert [float(accuracy) for accuracy in found] == pytest.approx([float(accuracy) for accuracy in said], abs=1)
