"""What the tests of pages share: HTML as a browser sees it, and a browser."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from browser import BROWSER, needs_browser

__all__ = ["BROWSER", "Parsed", "in_browser", "look_at", "needs_browser", "rows"]
VOID = {"meta", "img", "br", "link", "input", "hr"}


class Parsed(HTMLParser):
    """The elements, each with its attributes, and the text outside of scripts; AssertionError where tags do not match.

    As in a browser, `<script>` in a name that is not escaped would be an element.
    """

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.open: list[str] = []
        self.feed(html)
        assert not self.open, f"never closed: {self.open}"

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, f"</{tag}> where {self.open} is open"

    def handle_data(self, data):
        if not self.open or self.open[-1] not in ("script", "style"):
            self.texts.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", " ".join(self.texts))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


def rows(html: str) -> list[list[str]]:
    """The cells of all rows of all tables, as text."""
    return [
        [Parsed(cell).text.strip() for cell in re.findall(r"<t[hd].*?</t[hd]>", row, re.S)]
        for row in re.findall(r"<tr>.*?</tr>", html, re.S)
    ]


FRAME = """<!doctype html><meta name="color-scheme" content="light dark">
<body style="margin: 0"><iframe src="{page}" style="border: 0; width: {width}px; height: 1200px"></iframe><script>
addEventListener("message", (event) => {{ document.body.dataset.found = event.data; }});
</script></body>"""


def look_at(page: Path, script: str, width: int, dark: bool = False) -> Any:
    """What a script has to say when the page is loaded, in a browser, so wide.

    script: JavaScript, the body of a function that returns what JSON can hold. The page is in a frame, because
    Chromium has no window of less than 500 pixels.
    """
    html, look = page.read_text(encoding="utf-8"), page.with_name("look.html")
    tell = f'addEventListener("load", () => parent.postMessage(JSON.stringify((() => {{ {script} }})()), "*"));'
    look.write_text(html.replace("</body>", f"<script>{tell}</script></body>"), encoding="utf-8")
    frame = page.with_name("frame.html")
    frame.write_text(FRAME.format(page=look.name, width=width), encoding="utf-8")
    options = ["--blink-settings=preferredColorScheme=0"] if dark else []
    return json.loads(Parsed(in_browser(frame, options)).all("body")[0]["data-found"] or "")


def in_browser(page: Path, options: Sequence[str] = ()) -> str:
    """The page's HTML after its scripts have run."""
    assert BROWSER is not None
    profile = page.parent / "browser"
    command = [
        BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={profile}",
        "--virtual-time-budget=3000", "--window-size=1600,1200", *options, "--dump-dom", page.resolve().as_uri(),
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
