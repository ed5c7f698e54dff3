"""What is found in a class's folder, and what is never read."""

import os
import zipfile

import pytest

from exercises.catalog import find_exercise
from exercises.grading.submissions import LARGEST, Item, find_submissions, printable, read

EXERCISES = [find_exercise("max_pool2d")]
NAME, SOURCE = "max_pool2d", b"answer = 1\n"


def put(path, source=SOURCE):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(source)


def packed(path, members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def one(folder):
    (submission,) = find_submissions(folder, EXERCISES)
    return submission


@pytest.mark.parametrize(
    "place", ["4_pooling/max_pool2d.py", "max_pool2d.py", "my_work/4_pooling/max_pool2d.py", "x/Max_Pool2D (1).py"]
)
def test_a_folder_or_an_archive_of_any_usual_form(tmp_path, place):
    put(tmp_path / "class" / "Ada Lovelace" / place)
    packed(tmp_path / "class" / "Zoë.zip", {place: SOURCE})
    ada, zoe = find_submissions(tmp_path / "class", EXERCISES)
    assert (ada.student, zoe.student) == ("Ada Lovelace", "Zoë")
    assert ada.answers == zoe.answers == {NAME: SOURCE} and not ada.notes and not zoe.notes


def test_single_files_are_by_student(tmp_path):
    put(tmp_path / "Ada-max_pool2d.py")
    put(tmp_path / "Alan Turing_max_pool2d.py")
    put(tmp_path / "readme.py")
    assert [s.student for s in find_submissions(tmp_path, EXERCISES)] == ["Ada", "Alan Turing"]


@pytest.mark.parametrize("place", ["max_pool2d.py", "4_pooling/max_pool2d.py"])
def test_one_student_s_own_folder(tmp_path, place):
    put(tmp_path / "my_work" / place)
    submission = one(tmp_path / "my_work")
    assert submission.student == "my_work" and submission.answers == {NAME: SOURCE}


def test_of_two_that_in_its_chapter_counts(tmp_path):
    put(tmp_path / "Ada" / "max_pool2d.py", b"old")
    put(tmp_path / "Ada" / "4_pooling" / "max_pool2d.py")
    put(tmp_path / "Ada" / "other" / "max_pool2d.py", b"old")
    submission = one(tmp_path)
    assert submission.answers == {NAME: SOURCE}
    assert len(submission.notes) == 2 and all("counts" in note for note in submission.notes)


def test_no_link_is_followed(tmp_path):
    put(tmp_path / "secret" / "max_pool2d.py")
    folder = tmp_path / "class" / "Ada"
    folder.mkdir(parents=True)
    (folder / "max_pool2d.py").symlink_to(tmp_path / "secret" / "max_pool2d.py")
    (folder / "4_pooling").symlink_to(tmp_path / "secret")
    (tmp_path / "class" / "Bob").symlink_to(tmp_path / "secret")
    ada, bob = find_submissions(tmp_path / "class", EXERCISES)
    assert not ada.answers and "link" in ada.problems[NAME]
    assert not bob.answers and "link" in bob.notes[0]


def test_a_link_that_has_come_since_is_not_followed(tmp_path):
    put(tmp_path / "secret")
    (tmp_path / "max_pool2d.py").symlink_to(tmp_path / "secret")
    source, problem = read(Item(("max_pool2d.py",), "file", tmp_path / "max_pool2d.py"))
    assert source == b"" and "cannot be read" in problem


def test_what_is_no_file_or_too_large_is_not_read(tmp_path):
    os.mkfifo(tmp_path / "fifo_max_pool2d.py")
    (tmp_path / "Ada" / "x").mkdir(parents=True)
    os.mkfifo(tmp_path / "Ada" / "max_pool2d.py")
    (tmp_path / "Bob").mkdir()
    os.truncate(os.open(tmp_path / "Bob" / "max_pool2d.py", os.O_CREAT | os.O_WRONLY), 10**9)
    packed(tmp_path / "Cy.zip", {"max_pool2d.py": b" " * (LARGEST + 1)})
    ada, bob, cy, fifo = find_submissions(tmp_path, EXERCISES)
    assert "special file" in ada.problems[NAME] and "is no file" in fifo.problems[NAME]
    assert "larger" in bob.problems[NAME] and "larger" in cy.problems[NAME]
    assert not any(submission.answers for submission in (ada, bob, cy, fifo))


def test_archives_that_are_none_or_lead_out_of_themselves(tmp_path):
    put(tmp_path / "Ada.zip", b"PK\3\4 no")
    packed(tmp_path / "Bob.zip", {"../../max_pool2d.py": SOURCE})
    ada, bob = find_submissions(tmp_path, EXERCISES)
    assert not ada.answers and "damaged" in ada.notes[0]
    assert not bob.answers and "leads out" in bob.problems[NAME]


def test_a_bomb_is_not_unpacked(tmp_path):
    packed(
        tmp_path / "Ada.zip",
        {"big.bin": bytes(10**7), "max_pool2d.py": bytes(10**7), "4_pooling/max_pool2d.py": SOURCE},
    )
    assert one(tmp_path).answers == {NAME: SOURCE}


def test_many_files_and_odd_names(tmp_path, monkeypatch):
    monkeypatch.setattr("exercises.grading.submissions.MOST_FILES", 20)
    for number in range(30):
        put(tmp_path / "Ada" / f"{number}.txt")
    put(tmp_path / "Ada" / "z" / "max_pool2d.py")
    (tmp_path / "\x1b[31m\nred").mkdir()
    ada, red = find_submissions(tmp_path, EXERCISES)
    assert red.student.isprintable() and "red" in red.student
    assert not ada.answers and "more than 20 files" in ada.notes[0]
    assert printable("a\u202eb\ud800") == "a\ufffdb\ufffd"


def test_nothing_handed_in(tmp_path):
    with pytest.raises(ValueError, match="holds no submissions"):
        find_submissions(tmp_path, EXERCISES)
    with pytest.raises(ValueError, match="is no folder"):
        find_submissions(tmp_path / "none", EXERCISES)
