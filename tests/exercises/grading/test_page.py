"""The page of results: whole, readable, and nothing of a stranger's text is markup."""

import pytest
from browser import needs_browser, opened
from pages import Parsed

from exercises.grading.page import page, write_page
from exercises.grading.results import Mark, Results, StageMark, Student

STAGES = [StageMark("the shape", 1, 1), StageMark("the gradient", 0, 2, "<script>alert(1)</script>")]
MARKS = [
    Mark("relu", 1, 3, STAGES, "the gradient: <script>", ["line 1: <img src=x>"]),
    Mark("max_pool2d", 0, 2, [], "not handed in"),
    Mark("add", 2, 2, []),
]
RESULTS = Results(["relu", "max_pool2d", "add"], [Student('<b>"Ada"', 0, MARKS, ["a <i>note"])], ["limits"], ["all"], 1)


def test_everything_is_there_and_nothing_of_it_is_markup():
    parsed = Parsed(page(RESULTS))
    names = {name for name, _ in parsed.elements}
    assert not names & {"script", "img", "b", "i", "link"}
    text = " ".join(parsed.texts)
    for part in ('<b>"Ada"', "1/3", "<script>alert(1)</script>", "not handed in", "line 1: <img src=x>", "a <i>note"):
        assert part in text
    shades = [attributes.get("class") for name, attributes in parsed.elements if name == "td"]
    assert shades == [None, "part", "none", "whole"]


def test_it_is_written_whole(tmp_path):
    write_page(RESULTS, tmp_path / "results.html")
    assert (tmp_path / "results.html").read_text(encoding="utf-8") == page(RESULTS)


LOOK = """
const style = getComputedStyle(document.body), wide = document.querySelector(".box");
({ground: style.backgroundColor, table: wide.scrollWidth > wide.clientWidth});
"""


@needs_browser
@pytest.mark.everything("browser")
@pytest.mark.parametrize(("width", "dark"), [(375, False), (375, True), (1600, True)])
def test_in_a_browser(tmp_path, width, dark):
    """A large class fits a telephone: the table moves sideways in its frame, the page does not."""
    names = [f"an_exercise_{number}" for number in range(45)]
    students = [
        Student("a long name " * 9, 0, [Mark(n, 1, 3, STAGES, "no", ["x" * 300]) for n in names]) for _ in "abc"
    ]
    write_page(Results(names, students, ["x" * 200], ["y" * 200]), tmp_path / "page.html")
    with opened(tmp_path / "page.html", width=width, dark=dark) as shown:
        assert shown.faults() == []
        shown.click("summary")
        assert shown.faults() == []
        found = shown.evaluate(LOOK)
    assert found == {"ground": "rgb(20, 23, 26)" if dark else "rgb(255, 255, 255)", "table": True}
