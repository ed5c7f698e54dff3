"""build on the command line. (What it builds: ../grading/test_build.py.)"""

import re

from support import REPOSITORY

from exercises.__main__ import main


def test_it_says_what_is_in_it(tmp_path, capsys):
    assert main(["build", str(tmp_path / "out"), "--hide", "hints", "chain_rule", "--seed", "7"]) == 0
    out = capsys.readouterr().out
    assert "seed 7, without hints." in out and "python -m exercises start" in out
    course = tmp_path / "out" / "exercises" / "course"
    assert not list(course.rglob("hints.md")) and list(course.rglob("solution.py"))
    assert not (course / "chain_rule" / "add").exists()
    told = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    project = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    needed = re.findall(r'^    "(\w+)>=', project.partition("\ndependencies = [")[2].partition("]")[0], flags=re.M)
    assert len(needed) >= 5 and all(package in told for package in needed)


def test_one_line_for_what_cannot_be(tmp_path, capsys):
    assert main(["build", str(tmp_path)]) == 2
    assert main(["build", str(tmp_path / "out"), "--hide", "answers"]) == 2
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 2 and "is there already" in errors[0] and "--hide answers: expected solutions" in errors[1]
    assert not (tmp_path / "out").exists()
