"""Every message speaks of the learner's code, by its own lines; never of ours."""

import re
from types import SimpleNamespace

import numpy as np
import pytest
from learners import run_file

from exercises.catalog import Exercise
from exercises.judging import judge
from exercises.message import colored, told
from exercises.running import Found, run_answer
from exercises.stages import Stage, returned

LAST = "        return grad_x"  # of the solution


def message_of(pool, path, source):
    path.write_text(source, encoding="utf-8")
    return told(judge(pool, run_file(pool, path)), path)


@pytest.fixture
def said(pool, tmp_path):
    """What is said of the solution with a change in it."""
    folder = tmp_path / "a b"
    folder.mkdir()
    source = (pool.folder / "solution.py").read_text(encoding="utf-8")

    def message(old, new):
        assert old in source
        return message_of(pool, folder / "max_pool2d.py", source.replace(old, new))

    return message


FORWARD = "        return y\n"
CASES = {
    "a syntax error": (FORWARD, "        return y)\n", "SyntaxError: unmatched ')'",
                       "line 19:\n    return y)\n            ^"),
    "cut off": (FORWARD, "        return [\n", "SyntaxError: ", "max_pool2d.py, line "),
    "another name": ("class MaxPool2d", "class MaxPool", "does not define MaxPool2d", "it defines MaxPool"),
    "an option missing": ("kernel_size, stride):", "kernel_size):", "unexpected keyword argument 'stride'",
                          "as the stub has it: def __init__(self, kernel_size, stride)"),
    "one input too many": ("forward(self, x)", "forward(self, x, y)", "missing 1 required positional argument: 'y'",
                           "as the stub has it: def forward(self, x)"),
    "no self": ("forward(self, x)", "forward(x)", "takes 1 positional argument", "def forward(self, x)"),
    "no forward": ("def forward", "def backwards", "Not written yet: MaxPool2d has no forward"),
    "a function": ("class MaxPool2d", "def MaxPool2d(kernel_size, stride): return 3\n\nclass Other",
                   "expected a class with forward and backward, got a function"),
    "no return": (FORWARD, "", "y is None: forward gave nothing for it. Is a return missing?"),
    "no gradient": (LAST, "        pass", "grad_x is None: backward gave nothing for it. Is a return missing?"),
    "a list": (FORWARD, "        return y.tolist()\n", "forward returned a list, expected an array"),
    "a Tensor": (FORWARD, "        import minicnn; return minicnn.Tensor(y)\n", "forward returned a Tensor"),
    "a list of gradients": (LAST, "        return [grad_x, 1]", "backward returned 2 gradients for 1 inputs"),
    "objects": (FORWARD, "        return y.astype(object)\n", "y is no array of numbers: array([[[["),
    "whole numbers": ("x.dtype)", "np.int64)",
                      "3 of 4 numbers differ (*), the first at y[0, 0, 0, 0]: 2 came, 2.6 was"),
    "nan": (FORWARD, "        return y * np.nan\n", "y has NaN in it", "*nan"),
    "infinity": (FORWARD, "        return y + np.inf\n", "y has an infinity in it", "*inf"),
    "an error in NumPy": ("argmax(axis=2)", "argmax(axis=7)", "AxisError: axis 7 is out of bounds",
                          "line 28:\n    row,"),
    "an error in the library": (FORWARD, "        import minicnn.functional as F; F.relu(1)\n", "Error: ",
                                "line 19:\n    import minicnn.functional as F; F.relu(1)"),
    "the library's own": (FORWARD, "        import minicnn.functional as F; return F.max_pool2d(x, k, s)\n",
                          "the library's own max_pool2d is not there in this exercise", "line 19:"),
    "None in a sum": (FORWARD, "        return y + print()\n", "is a return missing?",
                      "line 19:\n    return y + print()"),
    "exit": (FORWARD, "        raise SystemExit(3)\n", "it ended Python: take the exit() out", "line 19:"),
    "in place": (FORWARD, "        x[...] = 0; return y\n", "it changed its input x in place"),
    "endless recursion": (FORWARD, "        return self.forward(x)\n", "RecursionError", "max_pool2d.py, line 1"),
    "a large request": (FORWARD, "        return np.zeros((10**6,) * 3)\n", "MemoryError", "line 19:"),
}  # fmt: skip


SLOW = ("endless recursion",)  # a second


@pytest.mark.parametrize(
    "old, new, parts",
    [
        pytest.param(a, b, c, id=name, marks=pytest.mark.everything("the course") if name in SLOW else ())
        for name, (a, b, *c) in CASES.items()
    ],
)
def test_what_is_wrong_is_said_in_the_learner_s_lines(said, old, new, parts):
    text = said(old, new)
    unwrapped = text + re.sub(r"(?<=\S)\n(?=\S)", " ", text)
    for part in parts:
        assert part in unwrapped, text
    assert max(map(len, text.splitlines())) <= 80
    for ours in ("Traceback", "exercises/", "site-packages", "stages.py", "judging.py"):
        assert ours not in text


def test_an_error_while_the_file_is_read(pool, tmp_path):
    text = message_of(pool, tmp_path / "max_pool2d.py", "import numpy as np\nx = np.undefined\n")
    assert "AttributeError" in text and "max_pool2d.py, line 2:\n    x = np.undefined" in text
    (tmp_path / "max_pool2d.py").write_bytes(b"\xff\xfe\x00")
    text = told(judge(pool, run_file(pool, tmp_path / "max_pool2d.py")))
    assert "max_pool2d.py is not UTF-8 (byte 0xff in line 1): save it as UTF-8" in text


@pytest.mark.everything("the course")
def test_prints_and_memory_have_a_limit(pool, tmp_path):
    path = tmp_path / "max_pool2d.py"
    source = (pool.folder / "solution.py").read_text(encoding="utf-8")
    for line, part in [
        ("while True: print('x' * 10**6)", "printed or written far too much: an endless loop?"),
        ("np.empty(10 * 2**30, np.uint8)", "MemoryError: Unable to allocate 10.0 GiB"),
    ]:
        path.write_text(source.replace(FORWARD, f"        {line}\n"), encoding="utf-8")
        text = told(judge(pool, run_answer(pool, path)), path)
        assert part in text and "line 19:" in text


def test_the_file_may_begin_with_windows_mark(pool, tmp_path):
    path = tmp_path / "max_pool2d.py"
    path.write_bytes(b"\xef\xbb\xbf" + (pool.folder / "solution.py").read_bytes())
    assert judge(pool, run_file(pool, path)).passed


def test_stages_are_listed_passed_or_not(said, pool):
    text = said(LAST, "        return -grad_x")
    assert "  ok  random values\n  no  the gradient\n" in text
    assert text.startswith("max_pool2d: 3 of 6 points\n")


def test_what_it_printed_is_shown_for_20_lines(pool, tmp_path):
    path = tmp_path / "max_pool2d.py"
    path.write_text(pool.stub, encoding="utf-8")
    found = run_file(pool, path)
    found.printed = f"{path}:3: RuntimeWarning: divide\n" + "".join(f"{'x' * 99}{i}\n" for i in range(50))
    lines = told(judge(pool, found), path).splitlines()
    shown = lines[lines.index("it printed:") + 1 :]
    assert len(shown) == 21 and shown[0] == "  max_pool2d.py:3: RuntimeWarning: divide" and shown[-1] == "  ..."
    assert max(map(len, lines)) <= 80


class Made(Exercise):
    """An exercise with one stage, made up for a test."""

    answer_name, stub, forbidden, mistakes = "f", "def f(x): ...", (), ()
    stages, solution = [], None

    def module(self, name):
        return SimpleNamespace(f=lambda x: None)  # its stub: no network


def message_for(right, wrong, **case):
    stage = Stage("values", returned(), [case], hint="Think again.")
    exercise = type("One", (Made,), {"stages": [stage], "solution": staticmethod(right)})("pooling", "one")
    from exercises.running import run_here

    return told(judge(exercise, run_here(exercise, wrong)))


def test_single_numbers_texts_and_lists():
    assert "result: 2 came, 3 was expected" in message_for(lambda x: 3, lambda x: 2, x=1)
    assert "result: True came, False was expected" in message_for(lambda x: False, lambda x: True, x=1)
    assert "  result came     abc\n  result expected abd" in message_for(lambda x: "abd", lambda x: "abc", x=1)
    text = message_for(lambda x: np.zeros(2), lambda x: np.ones(3), x=[np.ones(2), np.zeros(1)])
    assert "  x[0], shape (2,)\n      [1 1]\n  x[1], shape (1,)" in text
    assert "result has shape (3,), expected (2,)" in text and text.endswith("Think again.")


def test_numbers_that_look_the_same_get_more_digits():
    text = message_for(lambda x: np.array([1.0, 123456.4]), lambda x: np.array([1.0, 123456.1]), x=1)
    assert "result: 1.000002 came, 1 was expected" in message_for(lambda x: 1.0, lambda x: 1.000002, x=1)
    assert "result[1]: 123456.1 came, 123456.4 was expected" in " ".join(text.split())


def test_a_broken_process_is_told(pool):
    assert "nothing came out" in told(judge(pool, Found()))


def test_colors_only_mark():
    text = "f: 1 of 2 points\n  ok  the shape\n  no  the rest\n      [ 1 *2.5 *nan]\nx *y"
    bright = colored(text)
    assert re.sub(r"\033\[\d+m", "", bright) == text
    assert "\033[31m*2.5\033[0m" in bright and "\033[31m*nan\033[0m" in bright and "\033[32mok\033[0m" in bright
    assert bright.endswith("x *y")
