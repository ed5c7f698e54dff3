"""Which sandbox there is, and what is said of it."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support import REPOSITORY

from exercises.grading import sandbox
from exercises.grading.sandbox import Contained, Guard, Limits, end_all, find_guard, parents, processes_of


def test_without_bubblewrap_it_is_said(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(sandbox, "tried", lambda guard: "")
    guard = find_guard(REPOSITORY, Limits())
    told = " ".join(guard.not_contained)
    assert guard.bwrap is None and "bubblewrap is not installed" in told and "network is open" in told


def test_where_bubblewrap_does_not_work_the_reason_is_said(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/bwrap")
    monkeypatch.setattr(sandbox, "tried", lambda guard: "no namespaces" if guard.bwrap else "")
    assert "no namespaces" in " ".join(find_guard(REPOSITORY, Limits()).not_contained)


def test_where_not_even_python_starts(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(sandbox, "tried", lambda guard: "Permission denied")
    with pytest.raises(ValueError, match="no answer can be run here.*Permission denied"):
        find_guard(REPOSITORY, Limits())


def test_nothing_secret_is_in_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("API_KEY", "secret")
    place = Contained(Guard(REPOSITORY), tmp_path / "answer.py")
    assert "secret" not in " ".join(place.environment.values())
    assert place.environment["EXERCISES_ANSWER"] == place.token


def test_the_walls_show_neither_the_repository_nor_the_network(tmp_path, monkeypatch):
    place = Contained(Guard(tmp_path / "course", bwrap="/usr/bin/bwrap"), tmp_path / "a" / "answer.py")
    monkeypatch.setattr(sandbox, "help_of", lambda bwrap: "--size BYTES")
    options = place.walls([tmp_path / "s" / "results"])
    binds = [options[i + 1] for i, option in enumerate(options) if option == "--bind"]
    seen = [Path(options[i + 1]) for i, option in enumerate(options) if option == "--ro-bind"]
    assert binds == [str(tmp_path / "s" / "results")] and "--unshare-net" in options
    assert options[-4:-2] == ["--remount-ro", "/"]  # what is made for it belongs to it, where we are not root
    assert not [path for path in seen if REPOSITORY.is_relative_to(path) or path in (Path("/"), Path.home())]


def test_folders_above_a_file_are_for_everyone_and_made_once():
    made, bound = {Path("/")}, {Path("/usr")}
    assert parents(Path("/a/b/c"), made, bound) == [
        "--perms",
        "0755",
        "--dir",
        "/a",
        "--perms",
        "0755",
        "--dir",
        "/a/b",
    ]
    assert parents(Path("/a/b/d"), made, bound) == parents(Path("/usr/x/y"), made, bound) == []


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")
def test_what_has_detached_itself_is_found_by_its_token_and_ended():
    code = "import os\nif not os.fork():\n os.setsid()\n if not os.fork():\n  import time; time.sleep(60)\n os._exit(0)"
    token = f"token-of-this-test-{os.getpid()}"
    subprocess.run([sys.executable, "-c", code], env={"EXERCISES_ANSWER": token}, check=True)
    until = time.monotonic() + 20
    while not processes_of(0, token) and time.monotonic() < until:
        time.sleep(0.05)
    assert processes_of(0, token)
    end_all(0, token)
    assert not processes_of(0, token)
