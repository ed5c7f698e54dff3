"""Line charts as SVG."""

import json
import math
import re
from html import unescape
from xml.etree import ElementTree

import pytest

from googlenet.report.charts import (
    BOTTOM,
    LEFT,
    RIGHT,
    TOP,
    decades,
    even_ticks,
    line_chart,
    percent,
    some_of,
    span,
    three_digits,
)


def drawn(html):
    """The figure, parsed, with what the script walks along."""
    figure = ElementTree.fromstring(html)
    svg = next(svg for svg in figure.iter("svg") if "data-walk" in svg.attrib)
    return figure, svg, json.loads(svg.attrib["data-walk"])


def points(svg, number):
    """The points of a line, as they are marked."""
    group = next(group for group in svg.iter("g") if group.attrib["class"] == f"line{number}")
    return [(float(c.attrib["cx"]), float(c.attrib["cy"])) for c in group.iter("circle")]


def texts(element):
    return [text.text for text in element.iter("text")]


def test_lines_go_through_their_values():
    _, svg, walk = drawn(line_chart("Loss", [1, 2, 3], {"a": [0.0, 5.0, 10.0], "b": [10.0, None, 0.0]}))
    middle, half = (LEFT + RIGHT) / 2, (TOP + BOTTOM) / 2
    assert points(svg, 0) == [(LEFT, BOTTOM), (middle, half), (RIGHT, TOP)]
    assert points(svg, 1) == [(LEFT, TOP), (RIGHT, BOTTOM)]
    paths = [next(group.iter("path")).attrib["d"] for group in svg.iter("g")]
    assert paths == [
        f"M{LEFT}.0 {BOTTOM}.0L{middle} {half}L{RIGHT}.0 {TOP}.0",
        f"M{LEFT}.0 {TOP}.0M{RIGHT}.0 {BOTTOM}.0",
    ]
    assert walk == {"x": [LEFT, middle, RIGHT], "said": ["epoch 1: a 0, b 10", "epoch 2: a 5", "epoch 3: a 10, b 0"]}


def test_a_logarithmic_axis():
    _, svg, _ = drawn(line_chart("Norm", [1, 2, 3, 4], {"a": [1.0, 10.0, 100.0, 0.0]}, log=True))
    assert [y for _, y in points(svg, 0)] == [BOTTOM, (TOP + BOTTOM) / 2, TOP]
    assert {"1", "10", "100"} <= set(texts(svg))


@pytest.mark.parametrize("value", [math.nan, math.inf, None])
def test_what_is_not_finite_has_no_point(value):
    _, svg, walk = drawn(line_chart("Loss", [1, 2], {"a": [1.0, value]}))
    assert len(points(svg, 0)) == 1
    assert walk["said"][1] == ("epoch 2: nothing" if value is None else f"epoch 2: a {value}")


def test_a_chart_without_any_value_is_drawn():
    for log in (False, True):
        _, svg, _ = drawn(line_chart("Loss", [1], {"a": [math.nan]}, log=log))
        assert points(svg, 0) == []


def test_one_epoch_stands_in_the_middle():
    _, svg, _ = drawn(line_chart("Loss", [1], {"a": [2.0]}))
    assert points(svg, 0) == [((LEFT + RIGHT) / 2, (TOP + BOTTOM) / 2)]
    assert "1" in texts(svg)


def test_limits_and_level_are_in_sight():
    figure, svg, _ = drawn(line_chart("Loss", [1, 2], {"a": [0.5, 0.5]}, limits=(0,), level=("guessing", 1.0)))
    assert points(svg, 0)[0][1] == (TOP + BOTTOM) / 2
    level = next(path for path in svg.iter("path") if path.attrib["class"] == "level")
    assert level.attrib["d"] == f"M{LEFT} {TOP}.0H{RIGHT}"
    assert [span.find("svg").tail for span in figure.iter("span")] == ["a", "guessing"]


def test_shares_are_in_percent():
    _, svg, walk = drawn(line_chart("Accuracy", [1, 2], {"a": [0.5, 0.98765]}, percents=True, limits=(0, 1)))
    assert {"0%", "20%", "100%"} <= set(texts(svg))
    assert walk["said"] == ["epoch 1: a 50.00%", "epoch 2: a 98.77%"]


def test_names_are_escaped():
    html = line_chart("<b>&", [1], {'"<i>': [1.0]}, level=("<u>", 2.0))
    assert not re.search(r"<[biu]>", html)
    figure, _, walk = drawn(html)
    assert next(figure.iter("figcaption")).text == "<b>&"
    assert walk["said"] == ['epoch 1: "<i> 1']
    assert unescape(html).count("<u>") == 1


def test_the_last_values_stand_below_and_the_keyboard_gets_there():
    figure, svg, _ = drawn(line_chart("Loss", [1, 2], {"a": [3.0, 2.5]}))
    said = next(p for p in figure.iter("p") if p.attrib["class"] == "said")
    assert said.text == "epoch 2: a 2.5"
    assert svg.attrib["tabindex"] == "0"


def test_many_points_are_not_marked():
    _, svg, _ = drawn(line_chart("Loss", range(1, 42), {"a": [1.0] * 41}))
    assert points(svg, 0) == []


@pytest.mark.parametrize("low", [0, -3, 0.1, 1e-6, 97, -1e5])
@pytest.mark.parametrize("width", [1e-5, 0.07, 0.3, 1, 2.2, 3, 7, 60, 99_999])
def test_even_ticks(low, width):
    found = even_ticks(low, low + width)
    assert 2 <= len(found) <= 7
    slack = width * 1e-6
    assert low - slack <= found[0] < found[-1] <= low + width + slack
    step = found[1] - found[0]
    assert f"{step:.0e}"[0] in "125"
    assert found[0] - step < low
    assert found[-1] + step > low + width


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (1, 100, [1, 2, 5, 10, 20, 50, 100]),
        (0.5, 2, [0.5, 1, 2]),
        (1, 1e6, [10.0**i for i in range(7)]),
        (1, 1e9, [1, 1e2, 1e4, 1e6, 1e8]),
        (3, 4, [3, 4]),
    ],
)
def test_decades(low, high, expected):
    assert decades(low, high) == pytest.approx(expected)


def test_span():
    assert span([3.0, 1.0], log=False) == (1.0, 3.0)
    assert span([3.0], log=False) == (2.5, 3.5)
    assert span([3.0, 3.0], log=True) == (1.5, 6.0)
    assert span([], log=True) == (0.1, 1.0)


@pytest.mark.parametrize(
    ("last", "expected"),
    [(1, [1]), (2, [1, 2]), (7, [1, 2, 3, 4, 5, 6, 7]), (50, [10, 20, 30, 40, 50]), (90, [20, 40, 60, 80])],
)
def test_epochs_below_the_axis_are_round(last, expected):
    assert some_of(range(1, last + 1)) == expected


def test_numbers_as_text():
    assert [three_digits(v) for v in (0.00012345, 1.0, 12345.6, 1234567)] == ["0.000123", "1", "12,346", "1.23e+06"]
    assert [percent(v) for v in (0.12345, 0.5, 1, -0.02)] == ["12.3%", "50%", "100%", "-2%"]
