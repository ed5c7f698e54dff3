"""The explorer's page: that it is whole and lets nothing in, and in a browser that every part of it works."""

import base64
import gzip
import hashlib
import json
import re
from importlib.resources import files

import numpy as np
import pytest
from browser import needs_browser, opened
from explorer_networks import made as small_network
from explorer_networks import narrow_googlenet
from pages import Parsed

from googlenet.explorer.data import Options, explorer_data
from googlenet.explorer.page import SCRIPTS, page
from googlenet.explorer.run import run_network

NASTY = "</script><script>document.title='hacked'</script><!--"
CLASSES = (
    NASTY,
    "\u202eright to left \u05e9\u05dc\u05d5\u05dd",
    "x" * 300,
    "\U0001f33c" * 40,
    "tulips & <b>roses</b>",
    "",
)
NUMBERS = base64.b64encode(gzip.compress(np.arange(3, dtype="<f4").tobytes(), mtime=0)).decode()


def small(**changes):
    """As little data as the page's file needs."""
    return {"title": NASTY, "classes": list(CLASSES), "places": [], **changes}


# ---- the file ------------------------------------------------------------------------------------------------------


def script(html, id):
    """What stands in the script with this id."""
    return re.search(rf'<script [^>]*id="{id}">(.*?)</script>', html, re.S)[1]


def test_data_and_numbers_come_back():
    html = page(small(), NUMBERS)
    assert json.loads(script(html, "data")) == small()
    assert script(html, "numbers") == NUMBERS
    assert len(Parsed(html).all("script")) == len(SCRIPTS) + 2


def test_names_are_only_text():
    html = page(small(title="<b>&\udcff.jpg"), NUMBERS)
    parsed = Parsed(html)
    assert not parsed.all("b")
    assert "<b>&\\udcff.jpg" in parsed.text
    assert "hacked" not in html.replace(script(html, "data"), "")
    assert html.encode()


def test_numbers_that_json_has_not():
    with pytest.raises(ValueError, match="not JSON compliant"):
        page(small(losses={"main": float("nan")}), NUMBERS)


def test_nothing_is_fetched_and_no_other_script_runs():
    html = page(small(), NUMBERS)
    policy = next(meta["content"] for meta in Parsed(html).all("meta") if "http-equiv" in meta)
    allowed = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert allowed["default-src"] == "'none'" and allowed["img-src"] == "data:"
    scripts = re.findall(r"<script>(.*?)</script>", html, re.S)
    hashes = [base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in scripts]
    assert allowed["script-src"] == " ".join(f"'sha256-{value}'" for value in hashes)
    assert len(scripts) == len(SCRIPTS)
    assert not re.search(r"url\((?!#)|@import|https?:(?!//www\.w3\.org/2000/svg)|fetch\(|XMLHttp", html)


def test_every_file_of_the_page_is_on_it_as_it_is():
    html = page(small(), "")
    for item in files("googlenet.explorer").joinpath("web").iterdir():
        text = item.read_text(encoding="utf-8")
        assert item.name == "page.html" or text in html, item.name
        assert item.suffix != ".js" or text.startswith("'use strict';\n// "), item.name
    assert len(set(SCRIPTS)) == len(SCRIPTS)


# ---- in a browser --------------------------------------------------------------------------------------------------


def googlenet():
    """An untrained network with both heads that has run."""
    model = narrow_googlenet(len(CLASSES), "paper")
    x = np.random.default_rng(0).standard_normal((1, 3, 32, 32)).astype(np.float32)
    return model, run_network(model, x, 2)


def written(folder, model, run, classes=CLASSES):
    """The page of a network that has run, and its data."""
    picture = np.random.default_rng(1).integers(0, 256, (*run.places[0].y.shape[1:], 3), dtype=np.uint8)
    command = "python -m googlenet explore w.safetensors a.jpg --channels 3 -o a.html"
    options = Options({"picture": f"{NASTY}.jpg", "command": command}, label_given=True)
    data, numbers = explorer_data(run, model, {"classes": classes}, picture, options)
    path = folder / "page.html"
    path.write_text(page(data, numbers), encoding="utf-8")
    return path, data


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A page with both heads, and its data."""
    return written(tmp_path_factory.mktemp("explorer"), *googlenet())


@pytest.fixture(scope="module")
def tab(made):
    """One browser for all tests of a page."""
    with opened(made[0]) as page:
        yield page


@pytest.fixture
def browser(made, tab):
    """The page as it is in the beginning, as wide as a screen."""
    tab.load(made[0])
    tab.show(width=1280, height=900, still=True)
    return tab


def results(data):
    """For each block the place whose result leaves it."""
    return {place["block"]: place for place in data["places"] if place["block"]}


def text(page, selector):
    return page.evaluate("selector => document.querySelector(selector).innerText", selector)


def at(page, address):
    """Go to an address of the page."""
    page.evaluate("address => { location.hash = address; }", address)
    page.settle()


in_a_browser = pytest.mark.everything("browser")


@needs_browser
@in_a_browser
@pytest.mark.parametrize(("width", "dark"), [(375, False), (375, True), (768, False), (1600, False), (1600, True)])
def test_no_faults_at_any_width_light_or_dark(browser, made, width, dark):
    browser.show(width=width, height=900, dark=dark, still=True)
    browser.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    assert browser.faults() == []
    for address in (
        "direction=backward&loss=total&step=3",
        f"direction=backward&loss=aux1&at={len(made[1]['places']) - 1}",
    ):
        at(browser, address)
        assert browser.errors == [] and browser.too_wide() == [] and browser.low_contrast() == []


@needs_browser
@in_a_browser
@pytest.mark.parametrize(("width", "dark"), [(375, False), (1600, True)])
def test_no_faults_around_an_enlarged_map(browser, made, width, dark):
    place = results(made[1])["inception3a"]
    closed = next(channel for channel in place["order"] if channel not in place["open"])
    browser.show(width=width, height=900, dark=dark, still=True)
    for channel, direction in ((place["open"][0], "forward"), (place["open"][0], "backward"), (closed, "forward")):
        at(browser, f"at={place['number']}&channel={channel}&direction={direction}&pixel=1,1")
        browser.wait_for("document.querySelector('#sum').innerText.length > 20")
        assert browser.requests_but_itself == [] and browser.errors == []
        assert browser.too_wide() == [] and browser.low_contrast() == []
    assert "--layers inception3a --full" in text(browser, "#sum") and "--channels 3" not in text(browser, "#sum")


@needs_browser
@in_a_browser
def test_names_from_outside_are_shown_and_do_nothing(browser, made):
    assert browser.evaluate("document.title").startswith(NASTY)
    shown = browser.evaluate(
        "[...document.querySelectorAll('#scores section:first-child bdi')].map(one => one.textContent)"
    )
    assert shown == [CLASSES[number] for number, _, _ in made[1]["scores"]["main"]]
    assert browser.evaluate("document.querySelectorAll('#scores b, #label script').length") == 0
    assert f"Label: {CLASSES[2]}, given" in text(browser, "#label")


@needs_browser
@in_a_browser
def test_names_of_classes_in_a_sum(browser):
    """They are cut, keep their direction to themselves, and are not given to features of the same count."""
    logits, texts, features = browser.evaluate("""(() => {
      const logits = data.places.filter(isLogits), known = data.classes;
      const texts = known.map((_, channel) => channelText(logits[0], channel));
      data.classes = Array(1024).fill('a name');
      const others = data.places.filter(({shape}) => shape.length === 1 && shape[0] === 1024);
      const features = others.map((place) => channelText(place, 3));
      data.classes = known;
      return [logits.map(placeName), texts, features];
    })()""")
    assert logits == ["fc", "aux1.fc2", "aux2.fc2"]
    assert texts[1] == f"class 1 (\u2068{CLASSES[1]}\u2069)" and texts[5] == "class 5 (\u2068\u2069)"
    assert texts[2] == f"class 2 (\u2068{'x' * 59}…\u2069)"
    assert len(features) > 2 and set(features) == {"feature 3"}


@needs_browser
@in_a_browser
def test_scores_are_those_of_the_data(browser, made):
    shown = browser.evaluate("[...document.querySelectorAll('.probability')].map(one => one.textContent)")
    assert shown == [f"{p:.1%}" for best in made[1]["scores"].values() for _, p, _ in best]


@needs_browser
@in_a_browser
def test_something_lies_over_the_picture(browser, made):
    overlays = made[1]["overlays"]
    number = next(i for i, one in enumerate(overlays) if one["at"] == "inception4a")
    browser.click("#overlay")
    browser.press("Escape")
    browser.evaluate(
        "n => { const s = document.querySelector('#overlay'); s.value = n; s.dispatchEvent(new Event('change')); }",
        number,
    )
    assert browser.evaluate("document.querySelector('.over').src") == overlays[number]["src"]
    assert browser.evaluate("location.hash") == f"#overlay={number}"
    assert "Grad-CAM" in text(browser, ".overlay-text")
    shown = browser.evaluate("[...document.querySelectorAll('.overlay-text .ramp')].map((e) => e.innerText)")
    assert len(shown) == 1 and shown[0].startswith("0") and float(shown[0].split("\n")[-1]) > 0


# ---- the map -------------------------------------------------------------------------------------------------------


def sizes(page):
    """What stands in the boxes of the map: the number, or "" in the empty ones."""
    found = (
        "[...document.querySelectorAll('.node')].map(one => [one.dataset.block, one.querySelector('.size').innerText])"
    )
    return dict(page.evaluate(found))


@needs_browser
@in_a_browser
def test_another_loss_reaches_other_boxes(browser, made):
    found = {}
    for loss in ("main", "aux1", "aux2", "total"):
        browser.click("#choice label", text=loss)
        found[loss] = sizes(browser)
        for block, place in results(made[1]).items():
            if loss in place["norms"]:
                assert float(found[loss][block]) == pytest.approx(place["norms"][loss], rel=0.01)
            else:
                assert found[loss][block] == ""
    reached = {loss: {block for block, size in boxes.items() if size} for loss, boxes in found.items()}
    assert {"picture", "inception3a", "inception4a", "aux1"} <= reached["aux1"]
    assert not reached["aux1"] & {"inception4b", "inception5b", "fc", "aux2"}
    assert {"inception4d", "aux2"} <= reached["aux2"] and not reached["aux2"] & {"inception4e", "aux1"}
    assert reached["total"] == set(found["total"])


@needs_browser
@in_a_browser
def test_the_share_of_the_heads_is_that_of_the_norms(browser, made):
    browser.click("#choice label", text="total")
    norms = results(made[1])["conv1"]["norms"]
    parts = {loss: norms[loss] * weight for loss, weight in made[1]["weights"].items()}
    said = browser.evaluate("document.querySelector('[data-block=conv1]').getAttribute('aria-label')")
    for loss, part in parts.items():
        assert f"{loss} {100 * part / sum(parts.values()):.0f}%" in said
    assert browser.evaluate("document.querySelectorAll('[data-block=inception5b] .shares span').length") == 3
    assert "main 100%" in browser.evaluate(
        "document.querySelector('[data-block=inception5b]').getAttribute('aria-label')"
    )


@needs_browser
@in_a_browser
@pytest.mark.parametrize("width", [375, 600, 768, 1024, 1280, 1600])
def test_boxes_stand_apart_and_every_line_has_its_shape(browser, made, width):
    browser.show(width=width, height=900, still=True)
    boxes = browser.evaluate("""[...document.querySelectorAll('.node')].map(one => one.getBoundingClientRect())
        .map(({left, right, top, bottom}) => [left, right, top, bottom])""")
    for i, (left, right, top, bottom) in enumerate(boxes):
        assert left >= 0 and right <= width
        for other in boxes[:i]:
            assert right <= other[0] or other[1] <= left or bottom <= other[2] or other[3] <= top
    texts = browser.evaluate("[...document.querySelectorAll('#map text')].map(one => one.textContent)")
    assert texts.count("× 0.3") == 2
    long = "lineTexts('conv3', 'maxpool2', [192, 56, 56], {x: 0, y: 0, anchor: 'middle'}).map(one => one.textContent)"
    assert browser.evaluate(long) == ["192 ×", "56×56"]
    for shape in (place["shape"] for place in results(made[1]).values()):
        assert "×".join(map(str, shape)) in texts


@needs_browser
@in_a_browser
def test_a_box_opens_by_keyboard(browser):
    browser.evaluate("document.querySelector('[data-block=inception4b]').focus()")
    browser.press("Enter")
    assert text(browser, "#block-title") == "Inside inception4b"
    lanes = browser.evaluate("[...document.querySelectorAll('.lane h3')].map(one => one.innerText)")
    assert lanes == [
        "Branch 1: 1×1",
        "Branch 2: 1×1, then 3×3",
        "Branch 3: 1×1, then 5×5",
        "Branch 4: 3×3 pool, then 1×1",
    ]
    seam = browser.evaluate("[...document.querySelectorAll('.seam li')].map(one => one.innerText)")
    assert seam == ["Branch 1 0 to 19", "Branch 2 20 to 47", "Branch 3 48 to 55", "Branch 4 56 to 63"]
    assert browser.evaluate("document.activeElement.dataset.block") == "inception4b"
    assert browser.evaluate("document.querySelector('[data-block=inception4b]').ariaPressed") == "true"
    browser.show(width=375, height=900, still=True)  # the map is drawn anew
    assert browser.evaluate("document.activeElement.dataset.block") == "inception4b"


@needs_browser
@in_a_browser
def test_every_box_opens_in_every_direction(browser, made):
    browser.evaluate("""() => {
        for (const block of blocks.values()) {
            for (const loss of LOSSES) {
                goTo({at: block.result.number, direction: 'backward', loss});
                const place = block.places.at(-1), channel = place.open[0];
                goTo({at: place.number, channel, pixel: channel === undefined ? null : [0, 0]});
                goTo({direction: 'forward'});
                goTo({channel: null});
            }
        }
    }""")
    assert browser.errors == []
    for name in ("loss aux1", "total"):
        browser.click(f"[data-block='{name}']")
        browser.click("#block button", text="How it is computed")
        browser.wait_for("document.querySelector('#sum').innerText.includes('The library has')")
        browser.press("Escape")
    assert browser.errors == []


# ---- maps and their pixels -----------------------------------------------------------------------------------------


@needs_browser
@in_a_browser
def test_maps_are_made_as_one_walks_along_them(browser, made):
    place = results(made[1])["conv3"]
    at(browser, f"at={place['number']}")
    row = f"#block [data-place='{place['number']}'] .strip"
    count = f'document.querySelectorAll("{row} .tile").length'
    few = browser.evaluate(count)
    assert few < 60
    browser.evaluate("row => document.querySelector(row).firstChild.focus()", row)
    browser.press("End", times=10)
    assert browser.evaluate(count) == 192
    channels = browser.evaluate(
        "row => [...document.querySelector(row).children].map(one => Number(one.dataset.channel))", row
    )
    exact = [channel in place["open"] for channel in place["order"]]
    assert channels == [
        c for want in (True, False) for c, found in zip(place["order"], exact, strict=True) if found is want
    ]
    browser.click("#order")
    assert (
        browser.evaluate("row => Number(document.querySelector(row).firstChild.dataset.channel)", row)
        == place["order"][0]
    )
    assert browser.evaluate("document.querySelectorAll('*').length") < 4000


@needs_browser
@in_a_browser
def test_a_map_is_enlarged_and_a_pixel_opened_by_keyboard(browser, made):
    place = results(made[1])["inception3a"]
    channel = [channel for channel in place["order"] if channel in place["open"]][1]
    row = f"#block [data-place='{place['number']}'] .strip"
    browser.evaluate("row => document.querySelector(row).firstChild.focus()", row)
    browser.press("ArrowRight")
    browser.press("Enter")
    assert text(browser, "#enlarged-title") == f"Channel {channel} of inception3a"
    browser.wait_for("document.querySelector('#pixel-said').innerText.includes(':')")
    browser.press("ArrowDown")
    browser.press("ArrowRight", times=2)
    assert text(browser, "#pixel-said").startswith("Row 1, column 2 (counted from 0): ")
    assert browser.evaluate("state.pixel") is None
    browser.press("Enter")
    assert browser.evaluate("state.pixel") == [1, 2]
    assert browser.evaluate("document.activeElement.id") == "pixels"
    browser.click("#enlarged button", text="next")
    channel = browser.evaluate("state.channel")
    browser.press("Escape")
    assert not browser.evaluate("document.querySelector('#enlarged').open")
    assert browser.evaluate("Number(document.activeElement.dataset.channel)") == channel


@needs_browser
@in_a_browser
def test_everything_in_an_enlarged_map_is_reached_by_tab(browser, made):
    place = results(made[1])["inception3a"]
    at(browser, f"at={place['number']}&channel={place['order'][1]}")
    seen = []
    for _ in range(12):
        seen.append(
            browser.evaluate(
                "document.activeElement.id || document.activeElement.dataset.keep || document.activeElement.tagName"
            )
        )
        browser.press("Tab")
    assert {"pixels", "close", "‹ before", "next ›", "★ the largest number", "enlarged-choice-forward"} <= set(seen)


@needs_browser
@in_a_browser
def test_a_map_without_a_picture_is_drawn_from_its_numbers(made, tmp_path):
    html, data = made[0].read_text(encoding="utf-8"), json.loads(json.dumps(made[1]))
    for place in data["places"]:
        place["maps"].pop("total", None)
    place = results(data)["inception3a"]
    (tmp_path / "page.html").write_text(page(data, script(html, "numbers")), encoding="utf-8")
    with opened(tmp_path / "page.html", width=1280, height=900, still=True) as browser:
        at(browser, f"direction=backward&loss=total&at={place['number']}")
        assert "choose main, aux1 or aux2" in text(browser, "#block .strip")
        channel, i, j = place["exact"]["gradient_star"]
        at(browser, f"direction=backward&loss=total&at={place['number']}&channel={channel}")
        browser.wait_for("document.querySelector('#pixel-said').innerText.includes(':')")
        browser.settle()
        side = browser.evaluate("document.querySelector('#pixels canvas').width") / place["shape"][2]
        color = f"getImageData({j * side + 9}, {i * side + 9}, 1, 1).data"
        color = browser.evaluate(f"[...document.querySelector('#pixels canvas').getContext('2d').{color}]")
        assert color in ([0x05, 0x30, 0x61, 255], [0x67, 0x00, 0x1F, 255])  # of the largest number
        assert "Drawn from its numbers" in text(browser, "#enlarged")
        assert browser.errors == []


# ---- the address ---------------------------------------------------------------------------------------------------


@needs_browser
@in_a_browser
def test_the_address_brings_the_state_back(browser, made):
    place = results(made[1])["conv3"]
    address = f"#direction=backward&loss=aux1&at={place['number']}&channel=5&pixel=1,2&overlay=2&step=30"
    at(browser, address)
    before = browser.evaluate(
        "[state.direction, state.loss, state.at, state.channel, state.pixel, state.overlay, state.step]"
    )
    assert before == ["backward", "aux1", place["number"], 5, [1, 2], 2, 30]
    assert browser.evaluate("address()") == address
    browser.evaluate("document.body.dataset.before = '', location.reload()")
    browser.wait_for("document.querySelector('body:not([data-before]) #enlarged-title') !== null")
    assert text(browser, "#enlarged-title").startswith("Channel 5 of conv3")


@needs_browser
@in_a_browser
def test_the_back_button_goes_back(browser):
    browser.click("[data-block=conv1]")
    browser.click("#choice label", text="aux2")
    assert text(browser, "#block-title") == "Inside conv1"
    browser.evaluate("history.back()")
    browser.wait_for("state.direction === 'forward'")
    assert browser.evaluate("document.querySelector('#choice input:checked').value") == "forward"
    browser.evaluate("history.back()")
    browser.wait_for("document.querySelector('#block-title').innerText === 'Inside inception3a'")


@needs_browser
@in_a_browser
@pytest.mark.parametrize("address", [
    "at=99999&channel=-1&step=1e3&overlay=x", "loss=__proto__&direction=<b>", "at=0&channel=3&pixel=0,0",
    "at=0&channel=0&pixel=32,0", "%", "pixel=1,2",
])  # fmt: skip
def test_an_address_that_means_nothing(browser, address):
    beginning = browser.evaluate("[BEGINNING.at, BEGINNING.loss]")
    at(browser, address)
    assert browser.errors == []
    assert browser.evaluate("state.pixel") is None and browser.evaluate("state.step") is None
    assert browser.evaluate("[state.at, state.loss]") in (beginning, [0, beginning[1]])


# ---- the replay ----------------------------------------------------------------------------------------------------


@needs_browser
@in_a_browser
def test_the_replay_goes_from_the_loss_to_the_picture(browser, made):
    places = made[1]["places"]
    browser.click("#choice label", text="aux1")
    browser.evaluate("document.querySelector('#step').focus()")
    browser.press("Home")
    browser.press("ArrowRight")
    reached = [place for place in reversed(places) if "aux1" in place["norms"]]
    assert f"Step 2 of {len(reached)}: " in text(browser, "#step-text")
    assert browser.evaluate("document.querySelector('.node.current').dataset.block") == "aux1"
    browser.press("End")
    assert browser.evaluate("document.querySelector('.node.current').dataset.block") == "picture"
    assert browser.evaluate("document.querySelectorAll('#arrived canvas').length") == 3


@needs_browser
@in_a_browser
@pytest.mark.parametrize("width", [375, 1250])
def test_the_box_of_a_step_is_seen(browser, width):
    browser.show(width=width, height=700)
    browser.evaluate("document.querySelector('#step').focus()")
    for key in ("ArrowRight", "End", "Home"):
        browser.press(key)
        edges = "[byId('choice'), document.querySelector('.node.current'), byId('replay')].map((e) => "
        above, box, below = browser.evaluate(edges + "e.getBoundingClientRect().toJSON())")
        assert above["bottom"] <= box["top"] and box["bottom"] <= below["top"], key
    assert browser.errors == []


@needs_browser
@in_a_browser
def test_what_arrives_where_branches_begin(browser, made):
    place = results(made[1])["maxpool2"]
    at(browser, f"direction=backward&loss=main&step={place['number']}")
    said = text(browser, "#arrived")
    assert "added up" in said and len(place["arrived"]["main"]) == 4
    for number, _ in place["arrived"]["main"]:
        assert made[1]["places"][number]["name"] in said


@needs_browser
@in_a_browser
def test_play_plays_until_it_is_paused(browser):
    browser.click(".play")
    browser.wait_for("position() >= 2", seconds=20)
    browser.click(".play")
    assert text(browser, ".play") == "Play"
    assert browser.evaluate("player") is None


# ---- other networks ------------------------------------------------------------------------------------------------


@needs_browser
@in_a_browser
def test_a_network_without_heads(tmp_path):
    path, _ = written(tmp_path, *small_network(heads=False), classes=CLASSES[:3])
    with opened(path, width=1280, height=900, still=True) as page:
        assert page.faults() == []
        assert page.evaluate("LOSSES") == ["main", "total"]
        page.click("#choice label", text="main")
        assert page.evaluate("document.querySelectorAll('.unreached.node, .node .shares').length") == 0
        assert "no auxiliary heads" in text(page, "#label")
        assert page.errors == []


@needs_browser
@in_a_browser
def test_a_total_that_is_no_sum_of_losses(tmp_path):
    path, _ = written(tmp_path, *small_network("mnist"), classes=CLASSES[:3])
    with opened(path, width=1280, height=900, still=True) as page:
        assert page.faults() == []
        page.click("#choice label", text="total")
        assert page.evaluate("document.querySelectorAll('.node .shares').length") == 0
        assert "their one loss" in text(page, "#label")
        page.show(width=375, height=800, still=True)
        assert page.too_wide() == [] and page.errors == []


@needs_browser
@in_a_browser
def test_numbers_that_cannot_be_unpacked(made, tmp_path):
    html = made[0].read_text(encoding="utf-8")
    (tmp_path / "damaged.html").write_text(html.replace(script(html, "numbers"), "H4sIdamaged"), encoding="utf-8")
    with opened(tmp_path / "damaged.html", width=1280, height=900, still=True) as page:
        page.wait_for("document.querySelector('#trouble').innerText !== ''")
        page.click("#choice label", text="main")
        assert page.faults() == []
