"""The answers to why, from the course's texts."""

import re
from pathlib import Path

import pytest

from googlenet.explorer import texts as room
from googlenet.explorer.texts import PASSAGES, html, paragraphs, texts


def test_all_of_them_are_in_the_course():
    assert Path(__file__).resolve().parents[3] / "exercises" / "course" == room.COURSE
    found = texts()
    assert list(found) == list(PASSAGES)
    assert found["heads"]["title"] == "Why heads?"
    assert found["heads"]["html"].startswith("<p>GoogLeNet is 22 layers deep, and in 2014 nobody knew")
    assert found["total"]["html"].count("<p>") == 2 and "<pre>total = main + 0.3 aux1" in found["total"]["html"]
    assert "<strong>reductions</strong>" in found["1x1"]["html"]
    assert "<pre>&gt;&gt;&gt; print(528 * 128" in found["1x1"]["html"]


@pytest.mark.parametrize("key", list(PASSAGES))
def test_whole_paragraphs_that_begin_but_once(key):
    title, exercise, begins = PASSAGES[key]
    blocks = paragraphs((room.COURSE / exercise / "text.md").read_text(encoding="utf-8"))
    for begin in begins:
        assert sum(block.startswith(begin) for block in blocks) == 1, begin
    text = "".join(html(next(block for block in blocks if block.startswith(begin))) for begin in begins)
    assert title.endswith("?") and not text.endswith(":</p>")
    assert set(re.findall(r"</?(\w+)>", text)) <= {"p", "pre", "code", "strong", "em"}


def test_without_the_course_there_are_none(tmp_path):
    assert texts(tmp_path / "nowhere") == {}


def test_what_has_changed_is_left_out_whole(tmp_path):
    folder = tmp_path / "inception" / "weighted_loss"
    folder.mkdir(parents=True)
    text = "# Loss\n\nIn training GoogLeNet guesses three times: <b>\n\n    total = main + aux\n"
    (folder / "text.md").write_text(text, encoding="utf-8")
    assert texts(tmp_path) == {}  # its last paragraph is missing
    (folder / "text.md").write_text(f"{text}\n(section 5 of the paper: yes).\n", encoding="utf-8")
    assert list(texts(tmp_path)) == ["total"] and "&lt;b&gt;" in texts(tmp_path)["total"]["html"]
    (folder / "text.md").write_bytes(b"In training \xff")
    assert texts(tmp_path) == {}


def test_paragraphs():
    text = "# One\n\ntwo\nlines\n \t\n\n    a = b\n    c\n\nlast\n"
    assert paragraphs(text) == ["# One", "two\nlines", "    a = b\n    c", "last\n"]


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ("two\nlines", "<p>two lines</p>"),
        ("a `x < 2` b", "<p>a <code>x &lt; 2</code> b</p>"),
        ("**both** and *one* and 2 * 3 * 4", "<p><strong>both</strong> and <em>one</em> and 2 * 3 * 4</p>"),
        ("`a **b** c`", "<p><code>a **b** c</code></p>"),
        ("<script>&\"'", "<p>&lt;script&gt;&amp;\"'</p>"),
        ("    x < y\n      z", "<pre>x &lt; y\n  z</pre>"),
        ("        x\n      y *z*", "<pre>  x\ny *z*</pre>"),
        ("```python\n>>> 1 < 2\nTrue\n```", "<pre>&gt;&gt;&gt; 1 &lt; 2\nTrue</pre>"),
    ],
)
def test_html(block, expected):
    assert html(block) == expected
