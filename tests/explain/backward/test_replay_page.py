"""The page that plays backward: its numbers are the steps', names are text, and it works in a browser by keyboard."""

import json
import re

import numpy as np
import pytest
from browser import needs_browser, opened
from pages import Parsed
from support import leaf, threads

import minicnn as mc
import minicnn.functional as F
from minicnn import nn
from minicnn.explain.backward.amounts import amount
from minicnn.explain.backward.replay_page import numbers_text

EVIL = '</script><script>alert(1)</script><b title="'


def network():
    mc.manual_seed(0)
    layers = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Conv2d(2, 3, 1))
    h = layers(leaf(np.arange(32).reshape(2, 1, 4, 4) / 10, np.float32))
    pooled = F.concat([F.max_pool2d(h, 2), F.tanh(F.avg_pool2d(h, 2))])
    return layers, (pooled * pooled).mean()


def steps_of(html):
    return json.loads(re.search(r'<script type="application/json" id="steps">(.*?)</script>', html, re.S)[1])


def test_the_steps_of_the_page_are_those_of_the_walk():
    layers, y = network()
    replay = mc.replay(y, names=layers)
    html = replay.html()
    boxes = {e["data-box"]: e for tag, e in Parsed(html).elements if "data-box" in e}
    arrows = {e["data-arrow"] for tag, e in Parsed(html).elements if "data-arrow" in e}
    steps = steps_of(html)
    assert len(steps) == len(list(replay)) and len(boxes) == 9
    for shown, step in zip(steps, replay, strict=True):
        assert shown["label"] == step.label(step.at) and str(shown["at"]) in boxes
        assert [line["amount"] for line in shown["from"]] == [amount(gradient) for _, gradient in step.arrived]
        assert [line["amount"] for line in shown["to"]] == [amount(gradient) for _, gradient in step.sent]
        for line in shown["to"]:
            assert line["box"] == shown["at"] or f"{line['box']} {shown['at']}" in arrows
    assert [line["label"] for line in steps[1]["to"]] == ["Concat 6", "Concat 6"]


def test_small_arrays_are_whole_and_large_ones_a_range():
    assert numbers_text(np.array([[1.5, -2]])) == "[[ 1.5 -2. ]]"
    assert numbers_text(np.arange(100.0)) == "norm 573, largest 99\n100 numbers from 0 to 99; 1% are 0"
    assert numbers_text(np.full(100, np.nan)) == "100 numbers, none of them finite"


def test_names_are_text_and_nothing_is_fetched():
    x = leaf([1.0])
    html = mc.replay(x * 2, names={x: EVIL}).html(EVIL + "\ud800")  # which is no character
    html.encode()
    page = Parsed(html)
    assert [tag for tag, _ in page.elements].count("script") == 2 and not page.all("b")
    assert "alert(1)" in page.text and EVIL in steps_of(html)[-1]["label"]
    assert "http" not in re.sub(r'xmlns="[^"]*"|http-equiv', "", html)
    assert "default-src 'none'" in html


def test_save(tmp_path):
    replay = mc.replay(leaf(1.0))
    replay.save(tmp_path / "r.html")
    assert (tmp_path / "r.html").read_text(encoding="utf-8") == replay.html()


def test_a_notebook_shows_the_page_in_a_frame():
    x = leaf([1.0])
    replay = mc.replay(x * 2, names={x: EVIL})
    (frame,) = Parsed(replay._repr_html_()).all("iframe")
    assert frame["srcdoc"] == replay.html()


def test_shares_are_drawn_as_one():
    layers = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    with threads(2):
        html = mc.replay(nn.in_shares(layers, mc.Tensor(np.ones((8, 2), np.float32), True)).sum()).html()
    assert [step["label"] for step in steps_of(html)][:4] == ["Sum 3", "ReLU 2", "Linear 1", "Input 0"]


@needs_browser
@pytest.mark.everything("browser")
@pytest.mark.parametrize(("width", "dark"), [(375, False), (375, True), (1600, False), (1600, True)])
def test_in_a_browser(tmp_path, width, dark):
    layers, y = network()
    mc.replay(y, names=layers).save(tmp_path / "page.html")
    with opened(tmp_path / "page.html", width=width, height=800, dark=dark, still=True) as page:
        assert page.faults() == []
        now = "document.querySelector('.now').dataset.box"
        count = "document.getElementById('count').textContent"
        assert (page.evaluate(count), page.evaluate(now)) == ("1 / 13", "8")
        page.press("ArrowRight", times=2)
        assert (page.evaluate(count), page.evaluate(now)) == ("3 / 13", "6")
        lit = "[...document.querySelectorAll('.lit')].map((arrow) => arrow.dataset.arrow)"
        assert page.evaluate(lit) == ["3 6", "5 6"]
        assert page.evaluate("[...document.querySelectorAll('.came')].map((a) => a.dataset.arrow)") == ["6 7", "6 7"]
        assert "2 gradients arrive and are added up" in page.evaluate("document.body.innerText")
        page.press("End")
        assert page.evaluate(count) == "13 / 13" and page.faults() == []
        page.press("ArrowRight")
        page.press("ArrowLeft")
        assert page.evaluate(count) == "12 / 13"
        page.click('[data-box="5"]')
        assert page.evaluate(now) == "5"
        page.press("Home")
        page.press("Space")
        page.wait_for("document.getElementById('count').textContent == '2 / 13'")
        assert page.evaluate("document.getElementById('play').textContent") == "Pause"
        page.press("Space")
        assert page.evaluate("document.getElementById('play').getAttribute('aria-pressed')") == "false"
        assert page.evaluate("getComputedStyle(document.querySelector('.lit')).animationName") == "none"
