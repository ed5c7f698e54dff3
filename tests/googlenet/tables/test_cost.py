"""The command `cost`: its lines, its options, and the example that is told everywhere."""

import json

import pytest

from googlenet import GoogLeNet, presets
from googlenet.__main__ import main
from googlenet.table import INCEPTION
from googlenet.tables.branches import blocks
from googlenet.tables.cost import as_record, text
from googlenet.tables.layers import walk
from googlenet.tables.windows import columns, windows


@pytest.fixture
def run(capsys):
    """Standard output of `python -m googlenet cost`, with small images where no size is asked for."""

    def command(*arguments, size=32):
        status = main(["cost", "--image-size", str(size), *map(str, arguments)])
        assert status == 0
        return capsys.readouterr().out

    return command


def lines_with(out, start):
    return [line.split() for line in out.splitlines() if line.startswith(start)]


@pytest.fixture(scope="module")
def whole():
    """All of the paper's network at 224x224, as JSON and as text."""
    calls = walk(GoogLeNet(2, aux_heads=False), (3, 224, 224))
    parts = blocks(calls), windows(calls), columns(calls)
    return as_record("paper", 224, *parts), text("paper", 224, *parts)


def test_it_begins_with_the_example_that_is_told_everywhere(whole):
    record, printed = whole
    assert printed.splitlines()[:3] == [
        "64 kernels of 5x5 on 512 channels: 64 * 5*5*512 = 819,200 weights.",
        "Through 24 kernels of 1x1: 24 * 512 + 64 * 5*5*24 = 12,288 + 38,400 = 50,688.",
        "At 14x14: 9,934,848 multiply-adds in place of 160,563,200, 16.2 times less.",
    ]
    assert (9_934_848, 160_563_200) == (50_688 * 14 * 14, 819_200 * 14 * 14)
    branch = next(b for b in record["blocks"][3]["branches"] if b["name"] == "5x5")  # of 4b
    assert branch == record["example"]


def test_it_fits_in_80_columns_and_names_its_sections_and_source(whole):
    lines = whole[1].splitlines()
    assert max(map(len, lines)) <= 80
    assert "REDUCTIONS, preset paper, 224x224" in lines
    assert "SIZES AND RECEPTIVE FIELDS" in lines and "COLUMNS OF IM2COL" in lines
    assert "distill.pub/2019/computing-receptive-fields" in whole[1]
    assert lines[4].startswith("One multiply-add is one product and its addition")
    assert "All 9 blocks: 5,842,176 weights; without reductions 23,718,912." in lines


def test_each_figure_of_a_block_stands_in_its_column(whole):
    lines = whole[1].splitlines()
    start = lines.index("inception3a, 28x28: 192 -> 256 channels (416 without reductions)")
    assert [line.split() for line in lines[start + 3 : start + 8]] == [
        ["1x1", "12,288", "9,633,792", "12,288", "9,633,792", "1.0"],
        ["3x3", "18,432", "+", "110,592", "101,154,816", "221,184", "173,408,256", "1.7"],
        ["5x5", "3,072", "+", "12,800", "12,443,648", "153,600", "120,422,400", "9.7"],
        ["pool", "6,144", "4,816,896", "0", "0"],
        ["in", "all", "163,328", "128,049,152", "387,072", "303,464,448", "2.4"],
    ]


def test_each_figure_of_a_layer_stands_in_its_column(whole):
    conv1, columns_of_conv1 = lines_with(whole[1], "conv1 ")
    assert " ".join(conv1) == "conv1 (224 - 7 + 6)/2 + 1 = 112.5 -> 112 7 2 3 0"
    assert columns_of_conv1 == ["conv1", "147", "x", "12,544", "7,375,872", "12.2", "1", "7,375,872"]
    last, its_columns = lines_with(whole[1], "inception5b.branch3.1 ")
    assert " ".join(last) == "inception5b.branch3.1 (7 - 5 + 4)/1 + 1 = 7 715 32 327 30"
    assert its_columns == ["inception5b.branch3.1", "1,200", "x", "49", "235,200", "25.0", "20", "4,704,000"]


def test_as_json_of_the_network_without_its_heads(run, whole):
    found = json.loads(run("--json", size=64))
    assert list(found) == list(whole[0])
    assert (found["preset"], found["image_size"]) == ("paper", 64)
    assert found["convention"].startswith("One multiply-add")
    assert [(block["name"], block["size"]) for block in found["blocks"]][-1] == ("inception5b", 2)
    assert found["windows"][-2] == {
        "name": "inception5b.branch4.1.conv", "input_size": 2, "kernel": 1, "stride": 1, "padding": 0,
        "output_size": 2, "field": {"size": 651, "jump": 32, "padding": 295}, "formula": "(2 - 1 + 0)/1 + 1 = 2",
        "center": 30.0,
    }  # fmt: skip
    assert [len(found[part]) for part in ("blocks", "windows", "im2col")] == [9, 3 + 4 + 9 * 7 + 1, 57]


def test_one_block_alone(run):
    out = run("--block", "4b")
    names = {line.split()[0].partition(".")[0] for line in out.splitlines() if line.startswith("inception")}
    assert names == {"inception4b,", "inception4b"}
    assert "All " not in out and not lines_with(out, "conv1 ")


def test_the_preset_and_its_own_size(capsys):
    assert main(["cost", "--preset", "catsdogs", "--block", "5b"]) == 0
    assert "REDUCTIONS, preset catsdogs, 82x82" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--image-size", "16"], "--image-size: got 16, expected at least 32"),
        (["--preset", "mnist", "--image-size", "64"], "expected (N, 1, H, W) with H and W at least 125"),
        (["--block", "6a"], f"choose from {', '.join(map(repr, INCEPTION))}"),
        (["--preset", "vgg"], "invalid choice: 'vgg'"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_status_2(capsys, arguments, message):
    try:
        status = main(["cost", *arguments])
    except SystemExit as stop:
        status = stop.code
    out, err = capsys.readouterr()
    assert (status, out, len(err.splitlines())) == (2, "", 1)
    assert message.replace("'", "") in err.replace("'", "")


@pytest.mark.everything("presets")
@pytest.mark.parametrize("preset", presets)
def test_every_preset_fits_in_80_columns(capsys, preset):
    assert main(["cost", "--preset", preset]) == 0
    out = capsys.readouterr().out
    assert max(map(len, out.splitlines())) <= 80
    assert len(lines_with(out, "in all")) == 9
    assert len(lines_with(out, "maxpool4 ")) == presets[preset].pool4_times
    assert len(lines_with(out, "inception5b.branch1 ")) == 2
