"""The sums as the browser makes and shows them, against those of sums.py and the library."""

import base64
import gzip
import re

import numpy as np
import pytest
from browser import needs_browser, opened
from explorer_networks import narrow_googlenet
from sums import parsed

import minicnn as mc
from googlenet import presets
from googlenet.explorer.data import Options, explorer_data
from googlenet.explorer.page import page
from googlenet.explorer.run import run_network

pytestmark = [needs_browser, pytest.mark.everything("browser")]

SAMPLE = """ready.then(() => data.places.flatMap((place) => [place.open[0], place.open.at(-1)].flatMap((channel) => {
  const [c, ...star] = place.exact.star, [d, ...other] = place.exact.gradient_star;
  const pixels = [[0, 0], mapSize(place).map((side) => side - 1)];
  if (c === channel) pixels.push(star);
  if (d === channel) pixels.push(other);
  return pixels.flatMap(([i, j]) => ['y', ...lossesAt(place)].map((what) => {
    const direction = what === 'y' ? 'forward' : 'backward', element = make('div');
    const sum = sumAt(place, channel, i, j, direction, what);
    showSum(element, place, channel, i, j, direction, what);
    const numbers = (equation) => [...equation.querySelectorAll('b')].map((b) => b.textContent);
    const equations = [...element.querySelectorAll('.equation')].map(numbers);
    return {number: place.number, channel, i, j, what, value: sum && sum.value, agrees: sum && sum.agrees, equations};
  }));
})))"""


def html_of(preset, logits=1.0, label=1):
    """logits: how often as large as those of a new network."""
    choice = presets[preset]
    mc.manual_seed(1)
    model = narrow_googlenet(4, choice, choice.in_channels)
    for classifier in (model.fc, model.aux1.fc2, model.aux2.fc2):
        classifier.weight.data *= logits
    side = max(32, choice.smallest_image)
    rng = np.random.default_rng(2)
    run = run_network(model, rng.standard_normal((1, choice.in_channels, side, side)).astype(np.float32), label)
    picture = rng.integers(0, 256, (side, side, 3) if choice.in_channels == 3 else (side, side), dtype=np.uint8)
    return page(*explorer_data(run, model, {"classes": list("abcd")}, picture, Options({}, channels=4)))


@pytest.fixture(scope="module")
def html():
    return html_of("paper")


@pytest.fixture
def tab(html, tmp_path):
    path = tmp_path / "page.html"
    path.write_text(html, encoding="utf-8")
    with opened(path, width=1200) as tab:
        yield tab


def written(text):
    """A number as an equation has it: "+ 1.20", "= −0.3"."""
    return float(re.sub(r"[+= ]", "", text).replace("−", "-"))


@pytest.mark.parametrize("preset", ["paper", "torchvision", "mnist"])
def test_the_browser_adds_up_the_same(preset, tmp_path):
    html = html_of(preset)
    (tmp_path / "page.html").write_text(html, encoding="utf-8")
    with opened(tmp_path / "page.html") as tab:
        found = tab.evaluate(SAMPLE)
        assert tab.errors == []
    sums, kinds = parsed(html), set()
    for one in found:
        place, at = sums.places[one["number"]], (one["number"], one["channel"], one["i"], one["j"])
        if one["value"] is None:
            assert place["operation"] == "Input" and one["what"] == "y"
            continue
        value, terms = sums.forward(*at) if one["what"] == "y" else sums.backward(at[0], one["what"], *at[1:])
        assert one["value"] == pytest.approx(value, abs=1e-9 * (1 + sum(map(abs, terms)))), one
        assert one["agrees"], one
        kinds.add((place["operation"], one["what"]))
        for *terms, result in one["equations"]:
            decimals = len(result.partition(".")[2])
            assert sum(map(written, terms)) == pytest.approx(written(result), abs=0.1**decimals / 100), one
    assert {operation for operation, _ in kinds} == {place["operation"] for place in sums.places}


def go(tab, number, star, direction):
    """Open the sum of a pixel."""
    tab.evaluate(
        "(at, [channel, ...pixel], direction) => ready.then(() => "
        "goTo({at, channel, pixel, direction, loss: 'total'}))",
        number, star, direction,
    )  # fmt: skip
    tab.wait_for("!!document.querySelector('#sum h3')", 10)


def test_a_wrong_number_is_said(html, tmp_path):
    """Each in turn of some numbers of the page is changed."""
    sums = parsed(html)
    conv = next(place for place in sums.places if place["name"] == "inception3a.branch2.1.conv")
    text = re.search(r'id="numbers">(.*?)</script>', html, re.S)[1]
    for name in (conv["exact"]["y"], conv["exact"]["forward"]["weight"], conv["exact"]["forward"]["rest"]):
        floats = np.frombuffer(gzip.decompress(base64.b64decode(text)), "<f4").copy()
        at, size = sums.arrays[name]["at"], sums.array(name).size
        floats[at : at + size] += 0.05 * abs(floats[at : at + size]).max()
        changed = base64.b64encode(gzip.compress(floats.tobytes())).decode()
        (tmp_path / "page.html").write_text(html.replace(text, changed), encoding="utf-8")
        with opened(tmp_path / "page.html") as tab:
            go(tab, conv["number"], conv["exact"]["star"], "forward")
            assert "This does not add up" in tab.evaluate("document.querySelector('#sum [role=alert]').textContent")


@pytest.mark.parametrize("logits", [100, 3000])
def test_rounding_is_no_damage_where_the_network_is_certain(logits, tmp_path):
    """There softmax - 1 and the loss are small differences of large numbers, and some probabilities 0 in float32."""
    (tmp_path / "page.html").write_text(html_of("paper", logits, label=None), encoding="utf-8")
    with opened(tmp_path / "page.html") as tab:
        assert min(tab.evaluate("data.scores.main.map(([, p]) => p)")) < 1e-3
        assert [one for one in tab.evaluate(SAMPLE) if one["agrees"] is False] == []


def test_a_patch_that_is_not_on_the_page_leads_nowhere(html, tab):
    """As with --layers: then all channels of the input are one number, the rest."""
    conv = next(place for place in parsed(html).places if place["name"] == "inception3a.branch2.1.conv")
    tab.evaluate("number => { data.places[number].open = []; }", conv["inputs"][0])
    go(tab, conv["number"], conv["exact"]["star"], "forward")
    said = tab.evaluate("document.querySelector('#sum').innerText")
    assert "The patch is not on this page" in said and "lead to" not in said
    assert f"all {conv['exact']['forward']['others']} channels together" in said and "the other" not in said


def test_one_walks_from_3a_to_the_logits_and_to_the_picture(html, tab):
    """By the numbers of the sums alone: each leads to where it came from."""
    sums = parsed(html)
    start = next(p for p in sums.places if p["operation"] == "Concat" and p["name"] == "inception3a")
    for direction, end, numbers in (("backward", "Linear", "#sum section button"), ("forward", "Input", "#sum button")):
        go(tab, start["number"], start["exact"]["gradient_star" if direction == "backward" else "star"], direction)
        seen = [tab.evaluate("state.at")]
        while sums.places[seen[-1]]["operation"] != end:
            tab.evaluate(f"document.querySelector('{numbers}').click()")
            tab.wait_for(f"state.at !== {seen[-1]}", 10)
            tab.wait_for("!!document.querySelector('#sum h3')", 10)
            seen.append(tab.evaluate("state.at"))
        assert len(seen) > 8 and seen == sorted(set(seen), reverse=direction == "forward")
    assert tab.errors == []


def test_a_grid_is_one_stop_and_the_arrows_walk(html, tab):
    conv = next(p for p in parsed(html).places if p["name"] == "inception3a.branch2.1.conv")
    go(tab, conv["number"], conv["exact"]["star"], "forward")
    assert tab.evaluate("document.querySelector('#sum table.grid').querySelectorAll('[tabindex=\"0\"]').length") == 1
    tab.evaluate("document.querySelector('#sum table.grid button').focus()")
    tab.press("ArrowRight")
    tab.press("ArrowDown")
    assert tab.evaluate("document.activeElement === document.querySelectorAll('#sum table.grid button')[4]")
    tab.press("Enter")
    channel, i, j = conv["exact"]["star"]
    assert tab.evaluate("state.pixel") == [i, j] and tab.evaluate("state.at") == conv["inputs"][0]


@pytest.mark.parametrize("width", [375, 1600])
@pytest.mark.parametrize("dark", [False, True])
def test_sums_are_readable(html, tab, width, dark):
    tab.show(width=width, dark=dark, still=True)
    kinds = {}
    for place in parsed(html).places:
        kinds.setdefault(place["operation"], place)
    for place in kinds.values():
        for star, direction in (("star", "forward"), ("gradient_star", "backward")):
            if place["shape"]:
                go(tab, place["number"], place["exact"][star], direction)
                assert tab.too_wide() == [] and tab.low_contrast() == [], place["operation"]
    assert tab.errors == []
