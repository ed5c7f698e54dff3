"""What samples have found, as parts of the page."""

import re

import pytest
from pages import Parsed, rows
from rows import record

from googlenet.report.inside import gradients, parts_bar, relus, times


def charts(html):
    return re.findall(r"<figcaption>(.*?)</figcaption>", html)


def test_shares_and_norms_of_the_last_epoch():
    html = gradients([record(1), record(2)])
    assert rows(html)[:3] == [
        ["block", "norm", "from main", "from aux1", "from aux2", "", "norm of main", "norm of aux1", "norm of aux2"],
        ["conv1", "4", "125%", "-37.5%", "12.5%", "", "2.5", "0.5", "0.25"],
        ["fc", "4", "100%", "0%", "0%", "", "4", "0", "0"],
    ]
    text = Parsed(html).text
    assert "One below 0 pulls against the others" in text
    assert "Means over 3 samples of 8 training images in epoch 2." in text


def test_over_the_epochs():
    html = gradients([record(1), record(3)])
    assert charts(html) == ["conv1", "Norm of the gradient"]  # fc has nothing but the main loss
    assert rows(html)[3:] == [["norm, in epoch", "1", "3"], ["conv1", "2", "6"], ["fc", "4", "4"]]
    assert "epoch 3: main 125.00%, aux1 -37.50%, aux2 12.50%" in html


def test_without_heads_there_are_no_shares_to_compare():
    alone = {"norm": 2.0, "main": 1.0, "norm_main": 2.0}
    html = gradients([record(1, blocks={"conv1": alone})])
    assert rows(html)[:2] == [["block", "norm", "from main", "", "norm of main"], ["conv1", "2", "100%", "", "2"]]
    assert charts(html) == ["Norm of the gradient"]
    assert "Shares over the epochs" not in html


def test_a_block_that_was_not_there_before_and_a_gradient_of_nan():
    broken = {"norm": float("nan"), "norm_main": float("nan")}
    html = gradients([record(1, blocks={}), record(2, blocks={"conv1": broken})])
    assert rows(html)[1] == ["conv1", "–", "–", "", "–"]


def test_one_sample_is_not_samples():
    assert "Means over 1 sample of 8" in gradients([record(1, samples=1)])


@pytest.mark.parametrize(
    ("shares", "expected"),
    [
        ([0.25, 0.25, 0.5], [(50, 25), (75, 25), (100, 50)]),
        ([1.25, -0.5, 0.25], [(50, 125), (0, 50), (175, 25)]),
        ([3.0, -2.0], [(50, 150), (0, 50)]),
        ([1.0], [(50, 100)]),
    ],
)
def test_bars_begin_at_0_and_go_both_ways(shares, expected):
    rects = Parsed(parts_bar(shares)).all("rect")
    assert [(float(rect["x"]), float(rect["width"])) for rect in rects] == expected


def test_dead_relus_then_and_now():
    first = record(1, images_for_relus=32, dead={"conv1": [0, 64]})
    last = record(3, images_for_relus=16, dead={"conv1": [16, 64], "conv2": [48, 64]})
    html = relus([first, record(2), last, record(4)])
    assert rows(html) == [
        ["layer", "channels", "dead, epoch 1", "dead, epoch 3", "share", ""],
        ["conv1", "64", "0", "16", "25%", ""],
        ["conv2", "64", "–", "48", "75%", ""],
    ]
    assert "epoch 3: dead 50.00%" in html
    assert "Here 16 training images" in Parsed(html).text


def test_nobody_has_looked_at_relus_yet():
    assert "Nobody has looked" in relus([record(1)])


def test_times_of_the_last_epoch():
    html = times([record(1, times={"old": [9.0, 9.0]}), record(2)])
    assert rows(html) == [
        ["layer", "forward", "backward", "of all", ""],
        ["conv1.conv", "0.500", "1.000", "75%", ""],
        ["fc", "0.125", "0.375", "25%", ""],
    ]
    assert re.findall(r"width:([\d.]+)em", html) == ["6.00", "2.00"]
