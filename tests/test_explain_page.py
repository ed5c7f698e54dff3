"""docs/explain.md: its examples run, and print and draw what the page shows."""

import contextlib
import io
import re

import pytest
from support import REPOSITORY

PAGE = REPOSITORY / "docs" / "explain.md"


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """The page, and the names that its Python leaves behind, with what it has printed and written."""
    page = PAGE.read_text(encoding="utf-8")
    code = "\n".join(re.sub(r"(?m)^  ", "", block) if block.startswith("  ") else block
                     for block in re.findall(r"(?s)```python\n(.*?)```", page))  # fmt: skip
    folder, printed, names = tmp_path_factory.mktemp("page"), io.StringIO(), {}
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(printed):
        patch.chdir(folder)
        exec(code, names)
    return page, names, printed.getvalue(), (folder / "draw.svg").read_text(encoding="utf-8")


def test_what_is_printed(shown):
    page, _, printed, _ = shown
    assert "".join(f"    {line}\n" for line in printed.splitlines()) in page


def test_the_picture(shown):
    assert shown[3] == (REPOSITORY / "docs" / "figures" / "draw.svg").read_text(encoding="utf-8")
    assert shown[1]["picture"].nodes


def test_the_table_of_layers(shown):
    """But for the times, and the last digits of what other machines compute in another order."""
    import minicnn as mc

    found = str(mc.trace(shown[1]["network"], shown[1]["images"])).splitlines()
    told = [line[4:] for line in shown[0].partition(">>> print(mc.trace(")[2].splitlines()[1:] if line[:4] == "    "]
    assert [line[:36] for line in found[:-1]] == [line[:36] for line in told[: len(found) - 1]]
