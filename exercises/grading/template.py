"""A new exercise: one folder with all its files, which the course's tests refuse until they are written."""

from __future__ import annotations

import keyword
import re
import shutil
import tempfile
from pathlib import Path
from string import Template

from exercises.catalog import COURSE, chapters, every_exercise, exercises_of
from exercises.grading.build import list_exercises

FILES = {
    "__init__.py": '"""The exercise $name."""\n',
    "text.md": """# $title

What it is, and where GoogLeNet has it. The derivation, or the picture from which to derive it. 40 to 100 lines.

What stands in ```python fences is run by the tests, and its output compared: show one example in numbers. For instance

```python
>>> "the worked example of $name"
'is to be written'
```
""",
    "stub.py": '''"""$name: python -m exercises show $name"""

from minicnn.function import Function


class $answer(Function):
    """What it computes, in one line.

    x (N, C, H, W) -> y (N, C, H, W).
    """

    def forward(self, x):
        raise NotImplementedError("say here what to return, with its shape, and what backward needs")

    def backward(self, grad_y):
        raise NotImplementedError("say here what to return: grad_x, of the shape of x")
''',
    "solution.py": '''"""A solution of $name."""

from minicnn.function import Function


class $answer(Function):
    def forward(self, x):
        raise NotImplementedError("$name: solution.py is to be written")

    def backward(self, grad_y):
        raise NotImplementedError("$name: solution.py is to be written")
''',
    "checks.py": '''"""How $name is checked."""

import numpy as np

from exercises.stages import Stage, forward_of, gradients_of, numbers

ANSWER = "$answer"  # what the learner's file defines
FORBIDDEN = ()  # what of the library would be the answer: "minicnn.functional:relu"

WORKED = np.arange(16.0).reshape(1, 1, 4, 4)  # the numbers of the text


def random_cases(rng):
    """Smallest first: the first that fails is shown whole."""
    return [{"x": numbers(rng, 1, 1, 4, 4)}, {"x": numbers(rng, 2, 3, 5, 4)}]


STAGES = [
    Stage("the shape", forward_of("x"), random_cases, shapes_only=True),
    Stage("the worked example", forward_of("x"), [{"x": WORKED}]),
    Stage("random values", forward_of("x"), random_cases),
    Stage("the gradient", gradients_of("x"), random_cases, points=2),
]
''',
    "mistakes.py": '''"""Typical wrong answers to $name: at least five, each with a sentence that names it."""

from exercises.course.$chapter.$name.solution import $answer
from exercises.stages import Mistakes

mistake = Mistakes()


@mistake("You forgot grad_y; what flows back is the derivative times grad_y.")
class NoGradient($answer):
    def backward(self, grad_y):
        return super().backward(grad_y * 0 + 1)
''',
    "hints.md": """## 1

Where to look.

## 2

What to use.

## 3

Nearly the code.
""",
}


def new_exercise(chapter: str, name: str, course: Path = COURSE) -> Path:
    """Write the folder, and put the name at the end of its chapter; returns the folder.

    ValueError for a chapter that is none, and for a name that is taken or no name of a Python file.
    """
    if chapter not in chapters():
        raise ValueError(f"there is no chapter {chapter!r}: expected one of {', '.join(chapters())}")
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,40}", name) or keyword.iskeyword(name):
        raise ValueError(f"{name!r} is no name for an exercise: small letters, digits and _, as in max_pool2d")
    folder = course / chapter / name
    if name in {exercise.name for exercise in every_exercise()} | set(chapters()) or folder.exists():
        raise ValueError(f"the name {name} is taken: every exercise needs its own")
    words = {"chapter": chapter, "name": name, "answer": camel(name), "title": name.replace("_", " ").capitalize()}
    with tempfile.TemporaryDirectory(prefix=".new-", dir=course / chapter) as temporary:
        unfinished = Path(temporary, name)
        unfinished.mkdir()
        for file, text in FILES.items():
            (unfinished / file).write_text(Template(text).substitute(words), encoding="utf-8")
        shutil.move(unfinished, folder)
    list_exercises(course / chapter / "__init__.py", [e.name for e in exercises_of(chapter)] + [name])
    return folder


def camel(name: str) -> str:
    """max_pool2d -> MaxPool2d."""
    return "".join(part.capitalize() for part in name.split("_"))
