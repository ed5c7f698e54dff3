"""Tables in HTML."""

import math

import pytest
from pages import Parsed, rows

from googlenet.report.tables import bar, named, number, table


def test_a_table_scrolls_in_a_box_that_the_keyboard_reaches():
    html = table("All & more", ["name", "count"], [["a", "1"], ["b", "2"]], "wide")
    assert rows(html) == [["name", "count"], ["a", "1"], ["b", "2"]]
    page = Parsed(html)
    assert page.all("div") == [{"class": "box", "role": "region", "tabindex": "0", "aria-label": "All & more"}]
    assert page.all("table") == [{"class": "wide"}]
    assert [cell["scope"] for cell in page.all("th")] == ["col", "col", "row", "row"]
    assert len(page.all("td")) == 2


def test_a_whole_cell_is_taken_as_it_is():
    html = table("", ["a", "b", "c"], [["1", '<td class="text">x</td>', "2"]])
    assert Parsed(html).all("td") == [{"class": "text"}, {}]
    assert rows(html)[1] == ["1", "x", "2"]


def test_names_are_escaped():
    name = '<script>alert("1")</script>\' & $title'
    page = Parsed(named(name))
    assert page.texts == [name]
    assert page.elements == [("bdi", {"class": "name", "title": name})]


@pytest.mark.parametrize(
    ("value", "expected"), [(None, "–"), (math.nan, "–"), (math.inf, "–"), (0.0, "0"), (0.12345, "0.123")]
)
def test_numbers(value, expected):
    assert number(value) == expected


def test_a_number_as_asked_for():
    assert number(0.5, "{:.3f}".format) == "0.500"


def test_bars():
    assert "width:3.00em" in bar(0.5)
    assert Parsed(bar(1)).all("td") == [{"class": "text"}]
