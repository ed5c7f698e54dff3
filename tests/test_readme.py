"""The README's code: what it shows of the library stands there, and what it tells to type runs."""

import contextlib
import io
import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]
CLASS, USE = re.findall(r"```python\n(.*?)```", (REPOSITORY / "README.md").read_text(encoding="utf-8"), re.DOTALL)


def test_the_class_that_it_shows_is_the_library_s():
    assert CLASS in (REPOSITORY / "minicnn/functional/activation.py").read_text(encoding="utf-8")


def test_what_it_tells_to_type_runs_and_prints_what_stands_beside():
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(USE, "README.md", "exec"), {})
    comment = re.search(r"print\(weight.grad.shape\)  # (.*)", USE)
    assert comment is not None
    assert printed.getvalue().splitlines()[0] == comment[1]
