"""A worked example as a page."""

import numpy as np
import pytest
from browser import needs_browser, opened
from pages import Parsed

import minicnn as mc
from minicnn.explain.document import Beside, Explanation, Numbers, Prose, Section, Trace
from minicnn.explain.page import frame, page

HOSTILE = "<script>alert(1)</script>\"'&"


def test_every_text_is_escaped():
    explanation = Explanation(HOSTILE, [Section(HOSTILE, [
        Prose(HOSTILE),
        Beside((Numbers(HOSTILE, np.ones((2, 2)), note=HOSTILE), HOSTILE)),
        Trace(HOSTILE, 3, ((HOSTILE, (), 1), (HOSTILE, (), 2)), how=HOSTILE),
    ])], {HOSTILE: lambda index: {HOSTILE: [index]}})  # fmt: skip
    parsed = Parsed(page(explanation))
    assert [tag for tag, _ in parsed.elements].count("script") == 1
    assert "".join(parsed.texts).count(HOSTILE) == 12
    known = {"data-at", "data-of", "data-said"}
    assert {key for tag, attributes in parsed.elements if tag == "td" for key in attributes} == known
    ((tag, attributes),) = Parsed(frame(explanation)).elements
    assert tag == "iframe" and attributes.keys() == {"title", "srcdoc", "style"}
    assert attributes["title"] == HOSTILE and attributes["srcdoc"] == page(explanation)


def test_a_number_knows_what_it_was_made_of():
    parsed = Parsed(mc.explain("conv2d").html())
    cells = {attributes["data-at"]: attributes for tag, attributes in parsed.elements if "data-of" in attributes}
    assert cells["y:0,1,1,1"]["data-of"].split()[:4] == ["x:0,0,1,1", "x:0,0,1,2", "x:0,0,2,1", "x:0,0,2,2"]
    assert cells["y:0,1,1,1"]["data-said"].startswith("y[0,1,1,1] = 5, made of 8 of x, 8 of weight, 1 of bias")
    assert "grad_y:0,0,1,1" in cells["grad_x:0,0,1,1"]["data-of"].split()


def test_nothing_is_fetched():
    shown = mc.explain("max_pool2d").html()
    assert "default-src 'none'" in shown
    assert "http" not in shown.replace("http-equiv", "")


@needs_browser
@pytest.mark.everything("browser")
@pytest.mark.parametrize(("width", "dark"), [(375, False), (375, True), (1600, False), (1600, True)])
def test_in_a_browser(tmp_path, width, dark):
    (tmp_path / "page.html").write_text(mc.explain("conv2d", padding=1).html(), encoding="utf-8")
    with opened(tmp_path / "page.html", width=width, dark=dark) as shown:
        assert shown.faults() == []


@needs_browser
@pytest.mark.everything("browser")
def test_what_a_number_was_made_of_lights_up(tmp_path):
    (tmp_path / "page.html").write_text(mc.explain("conv2d").html(), encoding="utf-8")
    lit = "[...document.querySelectorAll('.lit')].map(cell => cell.dataset.at).filter(at => at.startsWith('x:'))"
    with opened(tmp_path / "page.html", width=1600) as shown:
        shown.point('[data-at="y:0,0,0,0"]')
        assert shown.evaluate(lit) == [f"x:0,{c},{i},{j}" for c in (0, 1) for i in (0, 1) for j in (0, 1)]
        assert shown.evaluate("document.querySelector('.said').textContent").startswith("y[0,0,0,0] = 6, made of")
        shown.point("h1")
        assert shown.evaluate(lit) == []
        shown.evaluate("document.querySelector('[data-at=\"y:0,0,0,0\"]').focus()")
        shown.press("ArrowRight")
        assert shown.evaluate(lit)[0] == "x:0,0,0,1"
        shown.press("ArrowDown")
        assert shown.evaluate(lit)[0] == "x:0,0,1,1"
        shown.press("Escape")
        assert shown.evaluate(lit) == []
