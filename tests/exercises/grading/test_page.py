"""The page of results: whole, readable, and nothing of a stranger's text is markup."""

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
