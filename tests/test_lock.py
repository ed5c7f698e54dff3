"""A lock on a file: one holder at a time, gone when the holder is."""

import errno
import signal
import subprocess
import sys

import pytest

from minicnn.lock import try_lock

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no flock")


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "file"
    path.write_text("")
    return path


def test_one_holder_at_a_time(path):
    with open(path, "r+") as first, open(path, "r+") as second:
        assert try_lock(first) is True
        assert try_lock(first) is True  # its own already
        assert try_lock(second) is False
        first.close()
        assert try_lock(second) is True


def test_the_lock_dies_with_the_process(path):
    program = (
        "import sys, minicnn.lock as l; f = open(sys.argv[1], 'r+'); print(l.try_lock(f), flush=True); sys.stdin.read()"
    )
    arguments = [sys.executable, "-c", program, path]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "True\n"
        with open(path, "r+") as file:
            assert try_lock(file) is False
            process.send_signal(signal.SIGKILL)
            process.wait()
            assert try_lock(file) is True


def test_where_there_are_no_locks_nobody_can_tell(path, monkeypatch):
    def refused(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", refused)
    with open(path, "r+") as file:
        assert try_lock(file) is None
