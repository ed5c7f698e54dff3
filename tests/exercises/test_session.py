"""A first session as a user has it: processes of their own, in a folder with a space in its name."""

import os
import signal
import subprocess
import sys
import time

import pytest
from support import REPOSITORY

pytestmark = pytest.mark.everything("the course")
COMMAND = [sys.executable, "-m", "exercises"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(REPOSITORY)}


@pytest.fixture
def here(tmp_path):
    folder = tmp_path / "my first session"
    folder.mkdir()
    return folder


def run(here, *words):
    """(status, what was printed)."""
    done = subprocess.run([*COMMAND, *words], cwd=here, env=ENVIRONMENT, capture_output=True, text=True, timeout=100)
    assert "Traceback" not in done.stdout + done.stderr
    return done.returncode, done.stdout + done.stderr


def test_from_start_to_the_first_that_passes(here, pool):
    assert run(here, "start", "my work")[0] == 0
    file = here / "my work" / "4_pooling" / "max_pool2d.py"
    solution = (pool.folder / "solution.py").read_text(encoding="utf-8")
    tries = {
        "Not written yet": pool.stub,
        "line 19:\n    return y / undefined": solution.replace("return y", "return y / undefined"),
        "You wrote one window's gradient over another's": solution.replace("+= grad_y", "= grad_y"),
    }
    for message, source in tries.items():
        file.write_text(source, encoding="utf-8")
        status, text = run(here, "check", "max_pool2d")
        assert status == 1 and message in text, text
    file.write_text(solution, encoding="utf-8")
    assert run(here, "check", "max_pool2d")[0] == 0
    assert run(here / "my work" / "4_pooling")[1].count("#") == 2  # the mark, and what it means
    assert run(here, "diff", "max_pool2d")[0] == 0


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is sent to a process group in another way")
def test_watch_until_ctrl_c(here, pool, signals_as_in_a_terminal):
    run(here, "start", "my work")
    file = here / "my work" / "4_pooling" / "max_pool2d.py"
    with open(here / "printed", "w") as printed:
        watching = subprocess.Popen([*COMMAND, "watch"], cwd=here, env=ENVIRONMENT, stdout=printed, stderr=printed)

    def wait_for(text):
        for _ in range(600):
            if text in (here / "printed").read_text(encoding="utf-8"):
                return
            time.sleep(0.1)
        raise AssertionError((here / "printed").read_text(encoding="utf-8"))

    wait_for("Ctrl-C ends")
    file.write_text((pool.folder / "solution.py").read_text(encoding="utf-8"), encoding="utf-8")
    wait_for("max_pool2d: passed")
    watching.send_signal(signal.SIGINT)
    assert watching.wait(60) == 130
    assert "Traceback" not in (here / "printed").read_text(encoding="utf-8")
