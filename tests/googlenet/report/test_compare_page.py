"""The page that lays runs over each other."""

import re
from html.parser import HTMLParser

import pytest
from browser import needs_browser, opened

from googlenet.report.compare import Run, compare
from googlenet.report.compare_page import chart, page, ticks

VOID = {"meta", "line", "circle", "polyline"}


def run(*accuracies, folder="runs/a", problems=(), **options):
    rows = tuple(
        {"epoch": i + 1.0, "lr": 0.1 / (i + 1), "test_accuracy": value, "train_accuracy": value / 2,
         "loss_main": 1.5 - value, "seconds": 60.0} for i, value in enumerate(accuracies)
    )  # fmt: skip
    return Run(folder, {"epochs": len(accuracies), "seed": 0, **options}, rows, problems=problems)


RUNS = [
    run(0.25, 0.5, 0.75, lr=0.1), run(0.5, lr=0.2, folder="<script>alert(1)</script>&"), Run("empty", {}, ()),
    run(0.5, folder="c", lr='"><img src=x>', problems=("metrics.csv is <damaged>",)),
]  # fmt: skip


class Tree(HTMLParser):
    """Every tag is closed, in the right order; which tags and texts there are."""

    def __init__(self, text):
        super().__init__()
        self.waiting, self.tags, self.texts = [], [], []
        self.feed(text)
        self.close()
        assert self.waiting == []

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag != "meta":
            self.waiting.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.waiting.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)

    def all(self, name):
        return [attributes for tag, attributes in self.tags if tag == name]


def test_the_page_is_whole_and_fetches_nothing():
    text = page(compare(RUNS))
    tree = Tree(text)
    assert not tree.all("script") and not tree.all("img") and not tree.all("link")
    assert not re.search(r"https?:|url\(|@import|\bsrc=x>", text.replace("&quot;&gt;&lt;img src=x&gt;", ""))
    assert "<script>alert(1)</script>&" in "".join(tree.texts)
    assert "metrics.csv is <damaged>" in "".join(tree.texts)
    for part in ("width=device-width", "prefers-color-scheme: dark", 'lang="en"', "<title>4 runs compared</title>"):
        assert part in text


def test_each_run_has_its_curve_in_each_chart():
    tree = Tree(page(compare(RUNS)))
    figures = len(tree.all("figure"))
    assert figures == 5  # nobody has a loss of aux1 or aux2
    assert len([svg for svg in tree.all("svg") if svg.get("role") == "img"]) == figures
    assert len(tree.all("circle")) == figures * (3 + 1 + 1)
    charted = [line for line in tree.all("polyline") if line["points"] != "0,5 28,5"]
    assert len(charted) == figures * len(RUNS)


def test_numbers_are_in_the_table():
    text = page(compare(RUNS))
    assert "<td>75.00%</td><td>3</td><td>75.00%</td><td>37.50%</td><td>0.7500</td><td>-</td><td>-</td>" in text
    assert "<td>finished</td><td>3/3</td><td>3:00</td><td>-</td>" in text
    assert '<td class="name">lr</td><td>0.1</td><td>0.2</td><td>-</td>' in text
    assert "all have the same options" in page(compare([RUNS[0], RUNS[0]]))


def test_points_are_where_their_values_are():
    text = chart("Accuracy", "epoch", [[(1, 0.0), (3, 1.0)], [(2, 0.5)]], "{:.0%}".format)
    points = [(float(c["cx"]), float(c["cy"])) for c in Tree(text).all("circle")]
    left, middle, right = points[0], points[2], points[1]
    assert left[0] < right[0] and left[1] > right[1]  # y points down
    assert middle == pytest.approx(((left[0] + right[0]) / 2, (left[1] + right[1]) / 2))
    assert "b, epoch 2: 50%" in text
    assert Tree(text).all("polyline")[0]["points"] == f"{left[0]},{left[1]} {right[0]},{right[1]}"


def test_no_chart_without_points():
    assert chart("x", "epoch", [[], []], str) == ""
    assert "<figure" not in page(compare([Run("x", {}, ())]))


def test_more_runs_than_colors_are_dashed():
    lines = Tree(chart("x", "epoch", [[(1, 1)]] * 52, str)).all("polyline")
    looks = {(line["stroke"], line["stroke-dasharray"]) for line in lines}
    assert len(looks) == 52


@pytest.mark.parametrize(
    ("values", "whole", "expected"),
    [
        ([1, 9], True, [0, 2, 4, 6, 8, 10]),
        ([1, 2], True, [1, 2]),
        ([5], True, [4, 5, 6]),
        ([0.12, 0.98], False, [0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        ([-3, 40], False, [-10, 0, 10, 20, 30, 40]),
    ],
)
def test_ticks_are_round_numbers(values, whole, expected):
    assert ticks(values, whole) == pytest.approx(expected)


@pytest.mark.parametrize("low", [0, 1e-9, -5, 0.9731, 1e12])
@pytest.mark.parametrize("span", [0, 1e-6, 0.03, 7, 1e5])
def test_ticks_enclose_the_values_and_are_few(low, span):
    found = ticks([low, low + span * max(1, low)])
    high, rounding = low + span * max(1, low), 1e-9 * (abs(low) + span)
    assert found[0] - rounding <= low and high <= found[-1] + rounding
    assert 2 <= len(found) <= 9


@pytest.mark.everything("browser")
@needs_browser
@pytest.mark.parametrize(("width", "dark"), [(375, False), (375, True), (1600, True)])
def test_in_a_browser(tmp_path, width, dark):
    """It has no faults, long names included."""
    html = page(compare([run(*[0.1 * i for i in range(9)], folder="runs/" + "long" * 40, lr=i) for i in range(12)]))
    (tmp_path / "page.html").write_text(html, encoding="utf-8")
    with opened(tmp_path / "page.html", width=width, dark=dark) as shown:
        assert shown.faults() == []
