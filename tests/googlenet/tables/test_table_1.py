"""The command `table`: Table 1 beside what is counted, and what it says of the paper's figures."""

import json

import pytest

from googlenet.__main__ import main
from googlenet.table import INCEPTION, TABLE_1
from googlenet.tables import table_1
from googlenet.tables.table_1 import as_printed, explained, figure_lines, fits, number, off, shape_lines, sums


@pytest.fixture(scope="module")
def rows():
    return table_1.counted()


@pytest.fixture
def run(capsys, monkeypatch, rows):
    """Standard output of `python -m googlenet table`; the network is walked through once for all tests."""
    monkeypatch.setattr(table_1, "counted", lambda: rows)

    def command(*arguments):
        assert main(["table", *arguments]) == 0
        return capsys.readouterr().out

    return command


def weights_and_pixels(name):
    """By hand, from the channels of the paper."""
    if name.startswith("inception"):
        c = INCEPTION[name.removeprefix("inception")]
        reductions = c.in_channels * (c.ch1x1 + c.ch3x3red + c.ch5x5red + c.pool_proj)
        own = reductions + 9 * c.ch3x3red * c.ch3x3 + 25 * c.ch5x5red * c.ch5x5
        return own, c.out_channels + c.ch3x3red + c.ch5x5red, {"3": 28, "4": 14, "5": 7}[name[9]] ** 2
    return {
        "conv1": (7 * 7 * 3 * 64, 64, 112**2),
        "conv2": (64 * 64, 64, 56**2),
        "conv3": (3 * 3 * 64 * 192, 192, 56**2),
        "fc": (1024 * 1000, 1000, 1),
    }.get(name, (0, 0, 0))


def test_counted_is_what_the_paper_s_channels_come_to(rows):
    assert [row.row for row in rows] == TABLE_1
    for row in rows:
        own, biases, pixels = weights_and_pixels(row.row.name)
        assert (row.weights, row.params, row.multiply_adds) == (own, own + biases, own * pixels), row.row.name
        assert row.params == row.row.params
    assert sum(row.params for row in rows) == 6_998_552
    assert sum(row.multiply_adds for row in rows) == 1_581_647_872 + 1_024_000


def test_depths_are_the_paper_s_and_make_22_layers(rows):
    depths = [row.depth for row in rows if row.depth]
    assert depths == [1, 1, 1, *9 * [2], 1]
    assert sum(depths) == 22


@pytest.mark.parametrize(
    ("figure", "value"), [("112K", 114_688), ("34M", 34e6), ("2.7K", 2.7 * 1024), ("1000K", 1_024_000)]
)
def test_figures_of_the_paper(figure, value):
    assert number(figure) == pytest.approx(value)


@pytest.mark.parametrize(
    ("figure", "exact", "said"),
    [
        ("112K", 112 * 1024, ""), ("112K", 113 * 1024, ""), ("112K", 111 * 1024, ""), ("112K", 113 * 1024 + 1, "-0.9%"),
        ("34M", 34_900_000, ""), ("34M", 17_000_000, "+100.0%"), ("2.7K", 2_800, ""), ("2.7K", 3_000, "-7.8%"),
    ],
)  # fmt: skip
def test_a_figure_fits_where_it_is_one_off_in_its_last_digit(figure, exact, said):
    assert fits(figure, exact) == (said == "")
    assert off(figure, exact) == said


def test_the_paper_counts_its_3x3_reduce_with_the_convolution_behind_it(rows):
    printed = {row.row.name: row for row in as_printed(rows)}
    assert len(printed) == 12
    stem = printed["conv2 + conv3"]
    assert (stem.weights, stem.params, stem.multiply_adds, stem.depth) == (114_688, 114_944, 359_661_568, 2)
    assert (stem.row.params_paper, stem.row.ops_paper) == ("112K", "360M")


def cells(lines):
    return {line.split("  ")[0]: line.split()[1:] for line in lines}


def test_each_channel_stands_in_its_column(rows):
    found = cells(shape_lines(rows))
    assert found["layer"][-6:] == ["#1x1", "#3x3r", "#3x3", "#5x5r", "#5x5", "pool"]
    assert found["conv1"] == ["7x7/2", "112x112x64", "1"]
    assert found["maxpool4"] == ["3x3/2", "7x7x832"]
    for name, channels in INCEPTION.items():
        assert found[f"inception{name}"][1:] == ["2", *map(str, channels[1:])]


def test_each_figure_stands_in_its_column(rows):
    found = cells(line.replace("conv2 + conv3", "conv2+conv3  ") for line in figure_lines(rows))
    assert found["conv1"] == ["2.7K", "9.2K", "-70.6%", "9,472", "34M", "118,013,952", "-71.2%"]
    assert found["conv2+conv3"] == ["112K", "112.0K", "114,944", "360M", "359,661,568"]
    assert found["inception4c"] == ["463K", "497.5K", "-6.9%", "510,104", "100M", "99,850,240"]
    assert found["inception5a"] == ["1072K", "1,018.0K", "+5.3%", "1,043,456", "54M", "51,079,168", "+5.7%"]


def test_the_sums(rows):
    counted, paper = sums(rows)
    assert "6,998,552 parameters" in counted and "1,581,647,872 multiply-adds in the convolutions" in counted
    assert "1,024,000 in the classifier" in counted and "biases, pools and normalizations are not" in counted
    assert "1,502,000,000 multiply-adds" in paper and "6,960,845 parameters" in paper


def test_what_adds_up_and_what_does_not(rows):
    right, first, widths, block = explained(rows)
    assert "112K is 114,688 = 112 * 1024" in right and right.endswith("of conv2 + conv3, 3a, 3b, 4b, fc.")
    assert "9,408 weights, not 2.7K" in first and "= 2,712, and at 12,544 pixels 34.0M" in first
    assert widths.startswith("4a, 4c, 4d, 4e, 5b: ops are right")
    assert block.startswith("5a: neither is right") and "1072K * 49 pixels = 53.8M" in block


def test_all_of_it_within_80_columns(run, rows):
    out = run()
    assert max(map(len, out.splitlines())) <= 80
    for line in [*shape_lines(rows), *figure_lines(rows)]:
        assert line in out.splitlines()
    for text in [*sums(rows), *explained(rows)]:
        assert text in " ".join(out.split())


def test_as_json(run):
    found = {row["name"]: row for row in json.loads(run("--json"))}
    assert list(found) == [row.name for row in TABLE_1]
    assert sum(row["params"] for row in found.values()) == 6_998_552
    assert found["inception3a"] == {
        "name": "inception3a", "patch_stride": "", "output": [28, 28, 256], "params_paper": "159K", "ops_paper": "128M",
        "params": 163_696, "weights": 163_328, "multiply_adds": 128_049_152, "depth": 2,
        "channels": {"in_channels": 192, "ch1x1": 64, "ch3x3red": 96, "ch3x3": 128, "ch5x5red": 16, "ch5x5": 32,
                     "pool_proj": 32},
    }  # fmt: skip
    assert found["conv1"]["channels"] is None
