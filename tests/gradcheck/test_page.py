"""docs/gradcheck.md: its code runs, from the top to the bottom, and what stands below each block is what it prints.

    python tests/gradcheck/test_page.py

writes what the blocks print now into the page.
"""

import contextlib
import io
import re
import textwrap
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "gradcheck.md"
BLOCK = re.compile(r"```python\n(?P<code>.*?)```\n(?:\n(?P<output>(?: {4}(?! *\$)[^\n]*\n)+))?", re.DOTALL)


def blocks(text):
    return [(match["code"], match["output"] or "") for match in BLOCK.finditer(text)]


def outputs(text):
    """What each block prints, where an error is its last line."""
    names, found = {"__name__": "page"}, []
    for code, _ in blocks(text):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            try:
                exec(code, names)
            except AssertionError as error:
                print(f"{type(error).__name__}: {error}")
        found.append(printed.getvalue())
    return found


def without_what_rounding_decides(text):
    """How many steps had to be tried, and how exact the differences are, is not the same on every machine."""
    return re.sub(r"\(\d+ evaluations\)|\(to \S+\)", "", " ".join(text.split()))


def test_the_page_says_what_its_code_prints():
    text = PAGE.read_text(encoding="utf-8")
    for (code, said), printed in zip(blocks(text), outputs(text), strict=True):
        expected, found = map(without_what_rounding_decides, (said, printed))
        assert expected == found, f"{code}\nprints\n{printed}"


def test_every_mistake_passes_the_naive_check_and_is_named_by_ours():
    famous = [
        said for code, said in blocks(PAGE.read_text(encoding="utf-8")) if "naive(" in code and "def naive" not in code
    ]
    assert len(famous) == 4
    for said in famous:
        assert said.startswith("    naive: right\n")
        assert "is wrong in" in said


@pytest.mark.parametrize("page", ["README.md", "docs/testing.md"])
def test_other_pages_lead_there(page):
    assert "gradcheck.md)" in (PAGE.parents[1] / page).read_text(encoding="utf-8")


def write():
    """The page with its outputs as they are now."""
    text = PAGE.read_text(encoding="utf-8")
    printed = iter(outputs(text))

    def with_output(match):
        lines = [textwrap.fill(line, 130, break_on_hyphens=False) for line in next(printed).splitlines()]
        output = textwrap.indent("\n".join(lines), "    ")
        return f"```python\n{match['code']}```\n" + (f"\n{output}\n" if output else "")

    PAGE.write_text(BLOCK.sub(with_output, text), encoding="utf-8")


if __name__ == "__main__":
    write()
