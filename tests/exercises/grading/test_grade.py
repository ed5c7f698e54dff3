"""A class with hostile answers: each hurts itself alone, nothing is left running, the good get their points."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from hostile import GOOD, HOSTILE
from support import REPOSITORY

from exercises.catalog import every_exercise, find_exercise
from exercises.grading import grade as grading
from exercises.grading.grade import grade, read_seeds
from exercises.grading.results import Results, as_json
from exercises.grading.sandbox import Guard, Limits, find_guard
from exercises.grading.submissions import Submission

EXERCISE = find_exercise("max_pool2d")
LIMITS = Limits(seconds=8, memory=2**30, file=2**20, processes=16)
WHOLE = {"good", "daemon"}  # what stays running behind a right answer is ended, that is all
ALONE = {"forks", "writer", "killer", "reader", "network", "limits"}  # only in the sandbox


@pytest.fixture(scope="session")
def sandbox():
    try:
        why_not = find_guard(REPOSITORY, LIMITS).why_not
    except ValueError as error:  # nothing else works here, either
        why_not = str(error)
    if why_not:
        pytest.skip(f"no sandbox: {why_not}")


@pytest.fixture
def as_who_we_are(monkeypatch):
    """Without a sandbox root becomes another user, who may not be able to read this Python."""
    monkeypatch.setattr(Guard, "is_root", False)


def handed_in(answers):
    return [Submission(name, {EXERCISE.name: source.encode()}) for name, source in sorted(answers.items())]


def graded(answers, **options):
    settings = {"limits": LIMITS, "jobs": 2, **options}
    return grade(handed_in(answers), [EXERCISE], lambda student: 0, **settings)


@pytest.fixture
def room(tmp_path, monkeypatch):
    """Where temporary files lie, so that the processes of this test are known by their command lines."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


def running_in(room):
    """Command lines of processes in which an answer runs."""
    lines = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            lines.append(path.read_bytes())
    return [line for line in lines if b"exercises.worker" in line and os.fsencode(room) in line]


def test_points_in_the_sandbox(sandbox):
    results = graded({"good": GOOD, "importer": HOSTILE["importer"], "stub": EXERCISE.stub})
    good, importer, stub = (student.marks[0] for student in results.students)
    assert good.points == good.possible and not good.reason and not good.notes
    assert importer.points == 0 and "No module named" in importer.reason and importer.notes
    assert stub.points == 0 and stub.reason == "as it was given"
    assert any("no network" in sentence for sentence in results.contained)


@pytest.mark.everything("hostile answers")
def test_a_hostile_class_in_the_sandbox(sandbox, room, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        words = {
            "{PLACES!r}": repr([str(room), str(tmp_path), str(REPOSITORY), "/", "/dev/shm"]),
            "{REPOSITORY!r}": repr(str(REPOSITORY)),
            "{PORT}": str(server.getsockname()[1]),
        }
        answers = {}
        for name, source in HOSTILE.items():
            for word, value in words.items():
                source = source.replace(word, value)
            answers[name] = source
        first = graded(answers, jobs=4)
        slow = {name for name in answers if "stopped" in first.students[sorted(answers).index(name)].marks[0].reason}
        second = graded({name: source for name, source in answers.items() if name not in slow})
    again = Results(
        first.exercises, [s for s in first.students if s.name not in slow], first.contained, first.not_contained
    )
    assert as_json(again) == as_json(second)
    assert slow == {"endless", "endless_in_c", "deaf"}
    marks = {student.name: student.marks[0] for student in first.students}
    assert {name for name, mark in marks.items() if mark.points == mark.possible} == WHOLE
    assert {name for name, mark in marks.items() if mark.points} == WHOLE
    assert not running_in(room) and not list(room.iterdir())
    assert list(tmp_path.iterdir()) == [room] and not (REPOSITORY / "graffiti").exists()
    for name, words in {
        "endless": "not done after 8 seconds",
        "endless_in_c": "not done after 8 seconds",
        "deaf": "not done after 8 seconds",
        "forks": "no more processes",
        "memory": "Unable to allocate 100. GiB",
        "printer": "File too large",
        "reader": "No such file",
        "importlib": "No module named",
        "torch": "torch is not there",
        "network": "Connection refused",
        "quitter": "ended its own process",
        "system_exit": "SystemExit",
        "segfault": "SIGSEGV",
        "forger": "nothing came out",
    }.items():
        assert words in marks[name].reason, name


@pytest.mark.skipif(sys.platform != "linux", reason="the limit on memory, and /proc, are Linux's")
@pytest.mark.everything("hostile answers")
def test_a_hostile_class_without_a_sandbox(as_who_we_are, room):
    """Bounded ones; what is not contained is said."""
    answers = {name: source for name, source in HOSTILE.items() if name not in ALONE}
    results = graded(answers, sandbox=False, jobs=4)
    marks = {student.name: student.marks[0] for student in results.students}
    assert {name for name, mark in marks.items() if mark.points} - {"pipe"} == WHOLE
    assert not running_in(room)
    told = " ".join(results.not_contained)
    for word in ("Without a sandbox", "network is open", "solutions", "your other programs"):
        assert word in told
    assert "File too large" in marks["printer"].reason and "No module named" in marks["importer"].reason


@pytest.mark.everything("the course")
def test_every_solution_has_all_points_in_the_sandbox(sandbox):
    """The limits leave room for the whole course."""
    sources = {e.name: (e.folder / "solution.py").read_bytes() for e in every_exercise()}
    (student,) = grade([Submission("Ada", sources)], every_exercise(), lambda student: 5, jobs=2).students
    assert [(mark.exercise, mark.reason) for mark in student.marks if mark.points < mark.possible] == []
    assert student.points == student.possible > 0


def test_what_cannot_be_judged_costs_its_own_points_alone(monkeypatch, sandbox):
    class Broken:
        def result(self):
            raise RuntimeError("\x1b[31mred")

    (submission,) = handed_in({"Ada": GOOD})
    mark = grading.marked(EXERCISE, submission, 0, Broken())
    assert mark.points == 0 and "could not be judged" in mark.reason and mark.reason.isprintable()


def test_what_is_missing_or_was_not_read():
    submission = Submission("Ada", problems={"max_pool2d": "max_pool2d.py is a link: not followed"})
    assert grading.marked(EXERCISE, submission, 0, None).reason == "max_pool2d.py is a link: not followed"
    assert grading.marked(EXERCISE, Submission("Ada"), 0, None).reason == "not handed in"


@pytest.mark.everything("hostile answers")
def test_control_c_ends_all_and_keeps_what_is_done(sandbox, room, tmp_path, signals_as_in_a_terminal):
    for name in ("a_good", "b_endless", "c_endless"):
        (tmp_path / "class" / name).mkdir(parents=True)
        (tmp_path / "class" / name / "max_pool2d.py").write_text(HOSTILE[name[2:]], encoding="utf-8")
    code = "import sys; from exercises.commands import grade; import argparse; p = argparse.ArgumentParser(); " \
           "grade.add_command(p.add_subparsers()); a = p.parse_args(); sys.exit(a.run(a))"  # fmt: skip
    line = [sys.executable, "-c", code, "grade", str(tmp_path / "class"), "--json", "--jobs", "1", "--seconds", "60",
            "--exercises", "max_pool2d"]  # fmt: skip
    process = subprocess.Popen(line, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 60
    while not running_in(room) and time.monotonic() < until:
        time.sleep(0.1)
    time.sleep(3)  # the good one is done by then
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=20)
    assert process.returncode == 130, errors
    record = json.loads(out)
    assert [student["name"] for student in record["students"]] == ["a_good"] and record["missing"] == 2
    assert record["students"][0]["points"] == 6 and "interrupted: 1 of 3" in errors
    assert not running_in(room)


def test_a_course_that_cannot_judge_gives_nobody_nothing(monkeypatch):
    """Without solutions, for another seed: refused before anything runs."""

    def refuse(exercise, seed):
        raise ValueError(f"built for another seed than {seed}")

    monkeypatch.setattr(grading, "reference_of", refuse)
    with pytest.raises(ValueError, match="another seed than 3"):
        grade(handed_in({"Ada": GOOD}), [EXERCISE], lambda student: 3)


def test_seeds(tmp_path):
    path = tmp_path / "seeds.csv"
    path.write_text("\ufeffstudent,seed\nAda,17\n\n Bob , 3\n", encoding="utf-8")
    assert read_seeds(path) == {"Ada": 17, "Bob": 3}
    path.write_text("Ada,x\n", encoding="utf-8")
    with pytest.raises(ValueError, match="line 1: expected a student and a seed"):
        read_seeds(path)


def test_stopping_ends_what_is_just_being_started(as_who_we_are, tmp_path):
    """A process that starts while all is to stop does not go on."""
    (submission,) = handed_in({"Ada": HOSTILE["endless"]})
    runner = grading.Runner(Guard(REPOSITORY, Limits(seconds=60)), tmp_path, 1)
    future = runner.submit(EXERCISE, submission, 0)
    while not runner.processes:
        time.sleep(0.01)
    stopper = threading.Thread(target=runner.stop)
    stopper.start()
    stopper.join(20)
    assert not stopper.is_alive() and not future.result().results and not runner.processes
    assert not running_in(tmp_path)
