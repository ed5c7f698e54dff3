"""The driver of the browser, and that each of its checks finds a page that is wrong and accepts one that is right."""

import os
from pathlib import Path

import browser
import chromium
import pytest
from browser import BrowserError, needs_browser, opened

pytestmark = [needs_browser, pytest.mark.everything("browser")]

HEAD = '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="color-scheme" content="light dark">'


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """A function that gives one page after the other in the same browser."""
    path = tmp_path_factory.mktemp("browser") / "page.html"
    path.write_text(HEAD, encoding="utf-8")
    with opened(path) as page:

        def load(html, **shown):
            path.write_text(f"{HEAD}{html}", encoding="utf-8")
            page.show(**shown)
            page.load(path)
            return page

        yield load


# ---- what it does ---------------------------------------------------------------------------------------------------


def test_values_are_those_of_json(loaded):
    page = loaded("<p>text</p>")
    assert page.evaluate("[1.5, 'ä', null, {a: document.querySelector('p').textContent}]") == [
        1.5,
        "ä",
        None,
        {"a": "text"},
    ]
    assert page.evaluate("let three = 3; three + 1") == 4
    assert page.evaluate("(a, b) => [a.length, b]", '"quoted"</script>', {"b": [True]}) == [17, {"b": [True]}]
    assert page.evaluate("new Promise(done => setTimeout(() => done('late'), 20))") == "late"


@pytest.mark.parametrize("script", ["nothing.there", "Promise.reject(new Error('nothing'))", "nothing ("])
def test_what_throws_is_told(loaded, script):
    with pytest.raises(BrowserError, match="(?s)nothing.*Error"):
        loaded("").evaluate(script)


def test_waiting_ends(loaded):
    page = loaded("<script>setTimeout(() => document.title = 'now', 50)</script>")
    assert page.wait_for("document.title") == "now"
    with pytest.raises(BrowserError, match="document.body.title: still '' after 0.1 s"):
        page.wait_for("document.body.title", seconds=0.1)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [375, 1600])
def test_size_and_preferences(loaded, width, dark):
    page = loaded("", width=width, height=500, dark=dark, still=dark)
    assert page.evaluate("[innerWidth, innerHeight, devicePixelRatio]") == [width, 500, 1]
    for feature in "(prefers-color-scheme: dark)", "(prefers-reduced-motion: reduce)":
        assert page.evaluate("(feature) => matchMedia(feature).matches", feature) is dark


@pytest.mark.parametrize(("whole", "height"), [(False, 200), (True, 1000)])
def test_screenshot(loaded, tmp_path, whole, height):
    loaded("<body style='margin: 0; height: 1000px'>", width=300, height=200).screenshot(tmp_path / "shot.png", whole)
    header = (tmp_path / "shot.png").read_bytes()[:24]
    assert header[:8] == b"\x89PNG\r\n\x1a\n"
    assert [int.from_bytes(header[at : at + 4], "big") for at in (16, 20)] == [300, height]


def test_keys_are_those_of_a_keyboard(loaded):
    page = loaded("""<input id="text"><input id="range" type="range" min="0" max="9" value="5"><button>go</button>
      <script>const pressed = [];
      addEventListener("keydown", (event) => pressed.push((event.shiftKey ? "+" : "") + event.key + "/" + event.code));
      document.querySelector("button").onclick = (event) => pressed.push("clicked");</script>""")
    for key in ["Tab", "a", "Tab", "ArrowLeft", "Home", "ArrowRight", "Tab", "Enter", "Space", "Shift+Tab", "Escape"]:
        page.press(key)
    assert page.evaluate("pressed") == [
        "Tab/Tab", "a/KeyA", "Tab/Tab", "ArrowLeft/ArrowLeft", "Home/Home", "ArrowRight/ArrowRight", "Tab/Tab",
        "Enter/Enter", "clicked", " /Space", "clicked", "+Tab/Tab", "Escape/Escape",
    ]  # fmt: skip
    assert page.evaluate("[text.value, range.value, document.activeElement.id]") == ["a", "1", "range"]
    page.press("ArrowRight", times=3)
    assert page.evaluate("range.value") == "4"


CLICKS = """<style>#over { position: fixed; inset: 0 auto auto 0; width: 50px; height: 50px; }</style>
  <button>under</button><div id="over" hidden></div><div style="height: 3000px"></div><button>first</button>
  <button>second</button><script>let clicked = [];
  onclick = (event) => clicked.push(event.target.textContent.trim() + " " + event.isTrusted);</script>"""


def test_a_click_is_one_of_a_mouse(loaded):
    page = loaded(CLICKS)
    page.click("button", text="second")
    page.click("button")
    assert page.evaluate("clicked") == ["second true", "under true"]
    assert page.evaluate("document.querySelector('button').matches(':hover')")


@pytest.mark.parametrize(
    ("text", "message"),
    [("third", 'no visible button with the text "third"'), ("under", 'button "under" is covered by div#over ""')],
)
def test_where_nobody_could_click(loaded, text, message):
    page = loaded(CLICKS)
    page.evaluate("over.hidden = false")
    with pytest.raises(BrowserError, match=message):
        page.click("button", text=text)


# ---- requests and errors --------------------------------------------------------------------------------------------

FETCHES = {
    "fetch": "<script>fetch('https://example.org/a').catch(() => 0)</script>",
    "picture": "<img src='https://example.org/a' alt=''>",
    "neighbor": "<img src='a' alt=''>",
    "style": "<link rel='stylesheet' href='https://example.org/a'>",
    "background": "<style>body { background: url(https://example.org/a) }</style>",
    "font": "<style>@font-face { font-family: f; src: url(https://example.org/a) } p { font-family: f }</style><p>a",
    "frame": "<iframe src='https://example.org/a'></iframe>",
    "address": "<iframe src='http://127.0.0.1:9/a'></iframe>",
    "beacon": "<script>navigator.sendBeacon('https://example.org/a')</script>",
    "socket": "<script>new WebSocket('wss://example.org/a')</script>",
    "late": "<script>setTimeout(() => new Image().src = 'https://example.org/a', 1)</script>",
    "away": "<script>location = 'https://example.org/a'</script>",
}


@pytest.mark.parametrize("name", FETCHES)
def test_a_page_that_fetches(loaded, name):
    page = loaded(f"{FETCHES[name]}<body>")
    asked = page.requests_but_itself
    assert len(asked) == 1 and asked[0].endswith("/a")


def test_what_is_fetched_does_not_come(loaded, tmp_path):
    (tmp_path / "neighbor.js").write_text("document.title = 'fetched'")
    page = loaded(f"<script src='{(tmp_path / 'neighbor.js').as_uri()}'></script>")
    assert page.requests_but_itself == [(tmp_path / "neighbor.js").as_uri()]
    assert page.evaluate("document.title") == ""


def test_a_page_that_has_everything_in_it(loaded):
    page = loaded("""<img src="data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=" alt=""><a href="#here">here</a>
      <p id="here">there</p><script>
      fetch(URL.createObjectURL(new Blob(["text"]))).then((answer) => answer.text())
        .then((text) => document.title = text);
      </script>""")
    page.click("a")
    page.wait_for("document.title == 'text'")
    assert (page.requests_but_itself, page.errors) == ([], [])


POLICY = """<meta http-equiv="Content-Security-Policy" content="default-src 'none'">"""


@pytest.mark.parametrize(
    ("html", "message"),
    [
        ("<script>undefined.x</script>", "TypeError: Cannot read"),
        ("<script>setTimeout(() => { throw 'a string'; })</script>", "a string"),
        ("<script>Promise.reject(new Error('nobody listens'))</script>", "nobody listens"),
        ("<script>console.error('bad', 3)</script>", "console.error: bad 3"),
        ("<script>console.assert(1 > 2, 'less')</script>", "console.assert: less"),
        ("<script>alert('hello')</script>", "a dialog: hello"),
        (f"{POLICY}<script>1</script>", "Content Security Policy"),
        (f"{POLICY}<img src='data:image/gif;base64,R0lGOD' alt=''>", "Content Security Policy"),
    ],
)
def test_errors_are_told(loaded, html, message):
    page = loaded(html)
    assert [message in error for error in page.errors] == [True]
    assert page.faults() == page.errors
    assert loaded("<script>console.log('fine'); console.warn('fine')</script>").errors == []


# ---- the keyboard ---------------------------------------------------------------------------------------------------

REACHED = {
    "usual": "<a href='#a'>a</a><button>b</button><input type='text'><select><option>1</select><textarea></textarea>"
    "<details><summary>s</summary><button>inside</button></details><div role='button' tabindex='0'>d</div>",
    "radio": "<input type='radio' name='r' checked><input type='radio' name='r'>",
    "disabled": "<button disabled>b</button><fieldset disabled><input></fieldset><div inert><button>i</button></div>",
    "hidden": "<button hidden>b</button><button style='visibility: hidden'>c</button><input type='hidden'>",
    "heading": "<h2 tabindex='-1'>where a script jumps to</h2>",
    "drawing": "<svg width='50' height='50'><g tabindex='0' role='button'><rect width='20' height='20'/></g></svg>",
    "label": "<style>input { position: absolute; opacity: 0 } input:focus + label { background: yellow }</style>"
    "<input type='checkbox' id='c'><label for='c'>c</label>",
    "tabs": """<div role="tablist"><button role="tab">1</button><button role="tab" tabindex="-1">2</button></div>
      <script>const tabs = [...document.querySelectorAll("[role=tab]")];
      onkeydown = (e) => tabs[{ArrowLeft: 0, ArrowRight: 1}[e.key]]?.focus();</script>""",
}
UNREACHED = {
    "div": ("<div role='button' onclick='go()'>go</div>", 'Tab does not reach div "go"'),
    "click": ("<div onclick='go()'>go</div>", 'Tab does not reach div "go"'),
    "shape": ("<svg><rect width='20' height='20' onclick='go()'/></svg>", 'Tab does not reach rect ""'),
    "taken out": ("<button tabindex='-1' id='b' class='x y'>b</button>", 'Tab does not reach button#b.x.y "b"'),
    "tabs": (
        "<div role='tablist'><button role='tab'>1</button><button role='tab' tabindex='-1'>2</button></div>",
        'Tab does not reach button "2"',
    ),
    "trap": (
        "<button>1</button><button>2</button><button>3</button><script>"
        "onkeydown = (e) => document.activeElement.textContent == '2' && e.preventDefault();</script>",
        'Tab does not reach button "3"',
    ),
    "outline": (
        "<style>:focus-visible { outline: none; outline-offset: 2px }</style><button>b</button>",
        'the focus is not to be seen on button "b"',
    ),
    "transparent": (
        "<style>:focus-visible { outline: 2px solid transparent }</style><button>b</button>",
        'the focus is not to be seen on button "b"',
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REACHED)
def test_all_is_reached_by_keyboard(loaded, name):
    page = loaded(f"<body><p>first</p>{REACHED[name]}")
    assert page.unreachable_by_keyboard() == []
    page.evaluate("scrollTo(0, 1e6)")
    assert page.unreachable_by_keyboard() == []  # it begins at the top, wherever the focus is


def test_what_an_arrow_changed_is_changed_back(loaded):
    page = loaded("""<body><div role="radiogroup"><button role="radio">1</button>
      <button role="radio" tabindex="-1">2</button></div><script>
      const radios = [...document.querySelectorAll("[role=radio]")];
      onkeydown = (e) => {
        const radio = radios[{ArrowUp: 0, ArrowDown: 1}[e.key]];
        if (radio) { radio.focus(); document.title = radio.textContent; }
      };</script>""")
    assert page.unreachable_by_keyboard() == []
    assert page.evaluate("document.title") == "1"


@pytest.mark.parametrize("name", UNREACHED)
def test_something_is_not_reached_by_keyboard(loaded, name):
    html, message = UNREACHED[name]
    assert loaded(f"<body><a href='#a'>a</a>{html}").unreachable_by_keyboard()[-1:] == [message]


# ---- width ----------------------------------------------------------------------------------------------------------

TABLE = "<table><tr>" + "<td>a long cell</td>" * 9 + "</tr></table>"


@pytest.mark.parametrize(
    ("html", "found"),
    [
        (TABLE.replace("<td>", "<td style='white-space: nowrap'>"), "the page scrolls sideways"),
        ("<p id='p'>" + "x" * 200, "sticks out: p#p"),
        ("<body style='overflow-x: hidden'><p id='p' style='width: 500px'>text", "sticks out: p#p"),
        ("<p id='p' style='position: relative; left: -20px'>text", "sticks out: p#p"),
        ("<svg id='p' width='600' height='9'></svg>", "sticks out: svg#p"),
    ],
)
def test_what_is_wider_than_a_telephone(loaded, html, found):
    page = loaded(html, width=375)
    assert any(line.startswith(found) for line in page.too_wide())


@pytest.mark.parametrize(
    "html",
    [
        f"<div style='overflow: auto; white-space: nowrap'>{TABLE}</div>",
        "<p style='overflow: hidden; text-overflow: ellipsis'>" + "x" * 200,
        "<p style='overflow-wrap: anywhere'>" + "x" * 200,
        "<svg width='100' height='9'><rect width='1000' height='9'/></svg>",
    ],
)
def test_what_is_not_wider_than_a_telephone(loaded, html):
    assert loaded(html, width=375).too_wide() == []


# ---- contrast -------------------------------------------------------------------------------------------------------

DARK = "<style>p { color: #777 } @media (prefers-color-scheme: light) { p { color: #333 } }</style>"


@pytest.mark.parametrize(
    ("html", "ratio"),  # ratio: by hand, of luminances
    [
        ("<p style='color: #777'>text", 4.48),
        ("<p style='color: #000; opacity: 0.4'>text", 2.85),  # as #999
        ("<p style='color: rgb(0 0 0 / 40%)'>text", 2.85),
        ("<div style='background: #000'><p style='color: #000'>text</div>", 1),
        ("<div style='background: #000'><div style='background: rgb(255 255 255 / 0)'><p style='color: #333'>t", 1.66),
        ("<div style='background: #000; opacity: 0.5'><p style='color: #fff'>text</div>", 3.98),  # white on #808080
        ("<p style='background: linear-gradient(#fff, #777); color: #000'>text", 4.69),
        ("<p style='font-size: 23px; color: #949494'>text", 3.03),
        ("<input value='text' style='background: #fff; color: #999'>", 2.85),
        ("<input placeholder='text' style='background: #fff'><style>::placeholder { color: #999 }</style>", 2.85),
        ("<svg><text y='20' fill='#999'>text</text></svg>", 2.85),
        ("<svg><rect width='90' height='90' fill='#000'/><text y='20' fill='#333'>text</text></svg>", 1.66),
        ("<svg><rect width='90' height='90' fill-opacity='0'/><text y='20' fill='#999'>text</text></svg>", 2.85),
    ],
)
def test_what_can_hardly_be_read(loaded, html, ratio):
    found = loaded(f"<body style='background: #fff'>{html}").low_contrast(minimum=5)
    assert len(found) == 1
    assert abs(float(found[0].removeprefix("contrast ").partition(",")[0]) - ratio) < 0.025


@pytest.mark.parametrize(
    "html",
    [
        "<p style='color: #767676'>text",
        "<p style='font-size: 24px; color: #949494'>text",
        "<p style='font-size: 19px; font-weight: 700; color: #949494'>text",
        "<p style='color: #fff'><span style='background: #000'>text</span>",
        "<p style='color: #fff; background: linear-gradient(#000, #333)'>text",
        "<p style='color: #fff; display: none'>text",
        "<details><summary>more</summary><p style='color: #fff'>text</details>",
        "<button disabled style='color: #ccc; background: #fff'>text</button>",
        "<svg><rect width='90' height='90' fill='#000'/><text y='20' fill='#fff'>text</text></svg>",
        "<svg><text y='20'>text</text><rect x='50' width='9' height='90'/></svg>",
        "<svg viewBox='0 0 10 10' width='300' height='300'><text y='2' font-size='1' fill='#949494'>text</text></svg>",
    ],
)
def test_what_can_be_read(loaded, html):
    assert loaded(f"<body style='background: #fff'>{html}").low_contrast() == []


def test_what_can_hardly_be_read_in_the_dark_alone(loaded):
    assert loaded(f"{DARK}<p>text").low_contrast() == []
    assert loaded(f"{DARK}<p>text", dark=True).low_contrast() == ['contrast 4.18, not 4.5: p "text"']  # on #121212


# ---- the process ----------------------------------------------------------------------------------------------------


def gone(page):
    return not Path(f"/proc/{page._browser._process.pid}").exists() and not Path(page._browser._folder.name).exists()


@pytest.fixture
def a_page(tmp_path):
    (tmp_path / "page.html").write_text(HEAD, encoding="utf-8")
    return tmp_path / "page.html"


def test_nothing_remains(a_page):
    with pytest.raises(ZeroDivisionError), opened(a_page) as page:
        1 / 0  # noqa: B018
    assert gone(page)


def test_a_script_without_an_end(a_page, monkeypatch):
    with opened(a_page) as page:
        monkeypatch.setattr(browser, "PATIENCE", 0.5)
        with pytest.raises(BrowserError, match=r"Runtime.evaluate .*for \(;;\);.*: no answer in 0.5 s"):
            page.evaluate("for (;;);")
    assert gone(page)


def test_a_browser_that_ends(a_page):
    with opened(a_page) as page:
        os.kill(page._browser._process.pid, 9)
        with pytest.raises(BrowserError, match="Chromium has ended"):
            page.settle()
    assert gone(page)


def test_a_browser_that_cannot_start(a_page, monkeypatch):
    monkeypatch.setattr(chromium, "OPTIONS", [*chromium.OPTIONS, "--version"])
    with pytest.raises(BrowserError, match="Chromium has ended"), opened(a_page):
        pass


def test_a_page_that_is_not_there(tmp_path):
    with pytest.raises(BrowserError, match="none.html"), opened(tmp_path / "none.html"):
        pass
