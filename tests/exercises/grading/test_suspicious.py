"""What is pointed out to the instructor."""

import pytest

from exercises.catalog import every_exercise
from exercises.grading.suspicious import suspicious


@pytest.mark.parametrize(
    "line",
    [
        "import torch",
        "    from exercises.course.dense import relu",
        "import numpy, importlib",
        "x = __import__('tor' + 'ch')",
        "text = open('solution.py').read()",
        "c = ().__class__.__base__.__subclasses__()",
        "sys.modules['minicnn']",
    ],
)
def test_found_with_its_line(line):
    assert suspicious(f"import numpy as np\n{line}\n".encode()) == [f"line 2: {line.strip()}"]


def test_no_more_than_a_few_lines_whatever_the_bytes():
    found = suspicious(b"import torch\xff\x1b\n" * 1000)
    assert len(found) == 6 and found[-1] == "and 995 more lines"
    assert all(line.isprintable() for line in found)


def test_the_course_s_own_answers_are_not_suspicious():
    for exercise in every_exercise():
        assert not suspicious((exercise.folder / "solution.py").read_bytes()), exercise.name
        assert not suspicious(exercise.stub.encode()), exercise.name
