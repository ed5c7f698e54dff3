"""What classes are taken for: the table, classes.csv and confusion.png."""

import csv

import numpy as np
import pytest
from PIL import Image

from googlenet.report import confusion as report
from googlenet.report.confusion import class_results, class_table, confusion_png, draw_confusion, write_classes
from googlenet.report.text import width

CONFUSION = np.array([[8, 2, 0, 0], [1, 3, 0, 0], [0, 0, 0, 0], [3, 4, 0, 0]])
NAMES = ("cats", "dogs", "foxes", "owls")


def test_each_class_by_itself():
    cats, dogs, foxes, owls = class_results(CONFUSION, NAMES)
    assert cats == ("cats", 0, 10, 8, 0.8, 8 / 12, "dogs")
    assert dogs == ("dogs", 1, 4, 3, 0.75, 3 / 9, "cats")
    assert foxes == ("foxes", 2, 0, 0, None, None, None)
    assert owls == ("owls", 3, 7, 0, 0.0, None, "dogs")


def test_the_table():
    assert class_table(class_results(CONFUSION, NAMES)) == [
        "class                         images   right   recall  precision  taken for",
        "cats                              10       8    80.0%      66.7%  dogs",
        "dogs                               4       3    75.0%      33.3%  cats",
        "owls                               7       0     0.0%          -  dogs",
    ]


def test_the_table_fits_80_columns_whatever_the_names():
    names = ("tench, Tinca tinca, of the carps and their relatives", "猫" * 40, "\x1b[31m", "\n")
    lines = class_table(class_results(CONFUSION * 100_000, names))
    assert max(map(width, lines)) <= 80 and len(lines) == 4
    assert "\x1b" not in "".join(lines)


def test_of_many_classes_the_table_shows_those_that_are_recognized_least():
    confusion = np.diag(np.arange(60)) + np.eye(60, k=1, dtype=int)  # class 0 never, and each a bit better
    lines = class_table(class_results(confusion, [f"class {i}" for i in range(60)]))
    assert len(lines) == 52
    assert [line.split()[1] for line in lines[1:4]] == ["0", "1", "2"]
    assert lines[-1] == "and 10 classes that are recognized better"


def test_the_csv_has_every_class(tmp_path):
    write_classes(tmp_path / "classes.csv", class_results(CONFUSION, NAMES))
    with (tmp_path / "classes.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["name", "number", "images", "right", "recall", "precision", "taken_for"]
    assert [row["name"] for row in rows] == list(NAMES)
    assert (rows[0]["recall"], rows[2]["recall"], rows[3]["taken_for"]) == ("0.8", "", "dogs")


@pytest.fixture
def drawn(monkeypatch):
    """drawn(confusion, names): the axes of the picture."""
    kept = []
    monkeypatch.setattr(report, "png", lambda figure: kept.append(figure) or b"")

    def draw(confusion, names):
        confusion_png(np.asarray(confusion), names)
        return kept[-1].axes[0]

    return draw


def test_the_picture_has_a_row_for_what_is_and_a_column_for_what_it_was_taken_for(drawn):
    axes = drawn(CONFUSION, NAMES)
    np.testing.assert_allclose(
        axes.images[0].get_array(), [[0.8, 0.2, 0, 0], [0.25, 0.75, 0, 0], [0] * 4, [3 / 7, 4 / 7, 0, 0]]
    )
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("taken for", "is")
    assert [label.get_text() for label in axes.get_yticklabels()] == list(NAMES)
    numbers = {(text.get_position(), text.get_text()) for text in axes.texts}  # (x, y): column and row
    assert numbers == {((0, 0), "8"), ((1, 0), "2"), ((0, 1), "1"), ((1, 1), "3"), ((0, 3), "3"), ((1, 3), "4")}
    assert axes.get_title() == "11 of 21 images right (52.38%)"


@pytest.mark.parametrize(("classes", "names", "numbers"), [(20, True, True), (21, True, False), (121, False, False)])
def test_many_classes_have_no_numbers_and_no_names(drawn, classes, names, numbers):
    axes = drawn(np.eye(classes, dtype=int), [f"name {i}" for i in range(classes)])
    assert bool(axes.texts) == numbers
    assert (axes.get_xticklabels()[0].get_text() == "name 0") == names


@pytest.mark.parametrize(("names", "degrees"), [("01", 0), (("tench, Tinca tinca, Ti", "b"), 90)])
def test_names_stand_upright_where_they_have_no_room(drawn, names, degrees):
    assert drawn(np.eye(2, dtype=int), names).get_xticklabels()[0].get_rotation() == degrees


def test_numbers_can_be_read_on_dark_and_on_light(drawn):
    assert [text.get_color() for text in drawn([[3, 1], [0, 0]], "ab").texts] == ["white", "black"]


def test_the_picture_of_no_images(drawn):
    assert drawn(np.zeros((2, 2), int), "ab").get_title() == "0 of 0 images right (0.00%)"


def test_the_file_is_a_picture(tmp_path):
    draw_confusion(tmp_path / "c.png", CONFUSION, ("$a$", "猫", "c", "d"))
    assert Image.open(tmp_path / "c.png").size == (570, 530)
