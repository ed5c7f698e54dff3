"""A real browser for the tests of pages: headless Chromium, spoken to through a pipe in the Chrome DevTools Protocol.

    with opened(path, width=375, dark=True) as page:
        page.click("button", text="backward")
        page.press("ArrowRight")
        assert page.evaluate("document.querySelector('output').value") == "3b"
        assert page.faults() == []

The process and the pipe are in chromium.py; the protocol is at https://chromedevtools.github.io/devtools-protocol.
What is looked for in a page is in browser.js, and only in what is to be seen: first open what is to be checked.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from chromium import BROWSER, BrowserError, Chromium

needs_browser = pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed: apt-get install chromium")
PATIENCE = 60.0  # seconds that an answer may take, on a machine that has much else to do
CHECKS = Path(__file__).with_name("browser.js").read_text(encoding="utf-8")
CODES = {  # of keys that are no characters, https://www.w3.org/TR/uievents/#fixed-virtual-key-codes
    "Backspace": 8, "Tab": 9, "Enter": 13, "Escape": 27, "Space": 32, "PageUp": 33, "PageDown": 34, "End": 35,
    "Home": 36, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Delete": 46,
}  # fmt: skip
RIGHT, DOWN = ("ArrowRight", "ArrowLeft"), ("ArrowDown", "ArrowUp")
WAYS = [RIGHT, DOWN, RIGHT[::-1], DOWN[::-1]]  # in a group of controls: there, and back
MODIFIERS = {"Alt": 1, "Control": 2, "Meta": 4, "Shift": 8}


class Page:
    """One page in a browser. `opened` makes it.

    Attributes:
        requests_but_itself: addresses asked for, without data: and blob:, in their order. None was answered.
        errors: uncaught exceptions, console.error and failed console.assert, what Chromium itself logs as an error
            (violations of the Content-Security-Policy, what could not be fetched), and dialogs.
    """

    def __init__(self, browser: Chromium) -> None:
        self._browser, self._address = browser, ""
        self._number, self._session, self._loaded = 0, "", False
        self._requests: list[str] = []
        self._errors: list[str] = []
        target = self._ask("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in "Page", "Runtime", "Log", "Network":
            self._ask(f"{domain}.enable")
        self._ask("Fetch.enable", patterns=[{"urlPattern": "*"}])
        self._ask("Emulation.setFocusEmulationEnabled", enabled=True)
        self._ask("Page.addScriptToEvaluateOnNewDocument", source=CHECKS)

    # ---- what it does -----------------------------------------------------------------------------------------------

    def load(self, path: str | Path) -> None:
        """Load this page, or it again, until it has drawn what it has to draw; requests and errors begin anew."""
        self._ask("Page.navigate", url="about:blank")  # the page before has nothing to say any more
        self.settle()
        self._address, self._loaded, self._requests, self._errors = Path(path).resolve().as_uri(), False, [], []
        if failed := self._ask("Page.navigate", url=self._address).get("errorText"):
            raise BrowserError(f"{self._address}: {failed}")
        until = time.monotonic() + PATIENCE
        while not self._loaded:
            self._take(until, f"{self._address}: not loaded")
        self.settle()

    def show(
        self, width: int = 1200, height: int = 800, dark: bool = False, still: bool = False, scale: float = 1
    ) -> None:
        """Give it another size, in CSS pixels, and other preferences; still: prefers-reduced-motion."""
        self._ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=False
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        motion = {"name": "prefers-reduced-motion", "value": "reduce" if still else "no-preference"}
        self._ask("Emulation.setEmulatedMedia", features=[scheme, motion])
        self.settle()

    def evaluate(self, script: str, *arguments: Any) -> Any:
        """The value of JavaScript, as JSON has it, after a promise is kept; BrowserError where it throws.

        script: an expression, or statements of which the last one counts; or, with arguments, a function of them:
        `evaluate("(a, b) => a + b", 1, 2)`.
        """
        if arguments:
            script = f"({script})({', '.join(json.dumps(argument) for argument in arguments)})"
        answer = self._ask("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise BrowserError(f"{script[:200]}: {thrown(answer['exceptionDetails'])}")
        return answer["result"].get("value")

    def wait_for(self, script: str, seconds: float = PATIENCE) -> Any:
        """The value of JavaScript as soon as it is true; BrowserError where it does not become so."""
        until = time.monotonic() + seconds
        while not (value := self.evaluate(script)):
            if time.monotonic() > until:
                raise BrowserError(f"{script[:200]}: still {value!r} after {seconds:g} s")
            self.settle()
        return value

    def settle(self) -> None:
        """Until the page has drawn what it has to draw."""
        self.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done())))")

    def press(self, key: str, times: int = 1) -> None:
        """A real key: "Tab", "Shift+Tab", "Enter", "Space", "ArrowLeft", "Escape", "Home", ..., or a character."""
        for _ in range(times):
            self._press(key)
        self.settle()

    def _press(self, key: str) -> None:
        *held, name = key.split("+") if len(key) > 1 else [key]
        text = {"Enter": "\r", "Space": " "}.get(name, name if len(name) == 1 else "")
        event = {
            "key": " " if name == "Space" else name,
            "code": name if name in CODES else f"Key{name.upper()}" if name.isalpha() else "",
            "windowsVirtualKeyCode": CODES[name] if len(name) > 1 else ord(name.upper()),
            "modifiers": sum(MODIFIERS[modifier] for modifier in held),
        }
        self._ask("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", text=text, **event)
        self._ask("Input.dispatchKeyEvent", type="keyUp", **event)

    def point(self, selector: str, text: str = "", across: float = 0.5, down: float = 0.5) -> tuple[float, float]:
        """Move the mouse to the first visible element that matches, and holds the text; BrowserError without one.

        across, down: where in its box, from 0 to 1. Returns the place in the window, which nothing else may cover.
        """
        x, y = self.evaluate("(...which) => browserChecks.place(...which)", selector, text, across, down)
        self._ask("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)
        self.settle()
        return x, y

    def click(self, selector: str, text: str = "", across: float = 0.5, down: float = 0.5) -> None:
        """Click with the mouse there; see `point`."""
        x, y = self.point(selector, text, across, down)
        for what in "mousePressed", "mouseReleased":
            self._ask("Input.dispatchMouseEvent", type=what, x=x, y=y, button="left", clickCount=1)
        self.settle()

    def screenshot(self, path: str | Path, whole: bool = False) -> None:
        """A PNG of the window, or of the whole page."""
        shot = self._ask("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        Path(path).write_bytes(base64.b64decode(shot["data"]))

    # ---- what is found in it ----------------------------------------------------------------------------------------

    @property
    def requests_but_itself(self) -> list[str]:
        self.settle()
        return list(dict.fromkeys(self._requests))

    @property
    def errors(self) -> list[str]:
        self.settle()
        return list(self._errors)

    def unreachable_by_keyboard(self) -> list[str]:
        """Visible controls that Tab from the top of the page does not reach, or whose look does not tell the focus.

        Controls: links, buttons, fields, summaries, and what has a tabindex, an onclick or the role of a control. In a
        group such as a tablist or a toolbar it is enough that an arrow key moves on from the one that Tab reaches.
        """
        self.evaluate("browserChecks.toTheTop()")
        while True:
            self._press("Tab")
            group = self.evaluate("browserChecks.reached()")
            if group is None:
                return self.evaluate("browserChecks.unreachable()")
            for there, back in WAYS if group else []:
                self._press(there)
                if self.evaluate("browserChecks.movedInGroup()"):
                    self._press(back)
                    break

    def too_wide(self) -> list[str]:
        """What is seen beyond the left or right edge to which no box scrolls, and whether the page does."""
        return self.evaluate("browserChecks.tooWide()")

    def low_contrast(self, minimum: float = 4.5, large: float = 3.0) -> list[str]:
        """Visible texts whose contrast is too low, https://www.w3.org/TR/WCAG22/#contrast-minimum, the worst first.

        Behind a text are the backgrounds of its ancestors, of a gradient the worst color; behind one in SVG also the
        shapes drawn before it. What is only placed over something (a picture, another element) is not known to be.
        """
        return self.evaluate("(...least) => browserChecks.lowContrast(...least)", minimum, large)

    def faults(self) -> list[str]:
        """Everything above: nothing leaves, no error, all by keyboard, nothing sticks out, all can be read."""
        return [
            *(f"asks for {address}" for address in self.requests_but_itself), *self.errors, *self.too_wide(),
            *self.low_contrast(), *self.unreachable_by_keyboard(),
        ]  # fmt: skip

    # ---- the protocol -----------------------------------------------------------------------------------------------

    def _send(self, method: str, **parameters: Any) -> int:
        self._number += 1
        session = {"sessionId": self._session} if self._session else {}
        self._browser.write({"id": self._number, "method": method, "params": parameters, **session})
        return self._number

    def _ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        number, until = self._send(method, **parameters), time.monotonic() + PATIENCE
        while True:
            message = self._take(until, f"{method} {str(parameters)[:200]}: no answer")
            if message.get("id") == number:
                if "error" in message:
                    raise BrowserError(f"{method}: {message['error']['message']}")
                return message["result"]

    def _take(self, until: float, otherwise: str) -> dict[str, Any]:
        """The next message, after it has been noted what it tells; BrowserError(otherwise) where none comes."""
        message = self._browser.read(until)
        if message is None:
            raise BrowserError(f"{otherwise} in {PATIENCE:g} s")
        told = message.get("params", {})
        match message.get("method"):
            case "Page.loadEventFired":
                self._loaded = True
            case "Fetch.requestPaused":
                if self._stays(told["request"]["url"]):
                    self._send("Fetch.continueRequest", requestId=told["requestId"])
                else:
                    self._send("Fetch.failRequest", requestId=told["requestId"], errorReason="BlockedByClient")
            case "Network.requestWillBeSent":
                if not self._stays(told["request"]["url"]):
                    self._requests.append(told["request"]["url"])
            case "Network.webSocketCreated":
                self._requests.append(told["url"])
            case "Runtime.exceptionThrown":
                self._errors.append(thrown(told["exceptionDetails"]))
            case "Runtime.consoleAPICalled" if told["type"] in ("error", "assert"):
                words = (str(one.get("value", one.get("description"))) for one in told["args"])
                self._errors.append(f"console.{told['type']}: {' '.join(words)}")
            case "Log.entryAdded" if told["entry"]["level"] == "error":
                self._errors.append(f"{told['entry']['text']} {told['entry'].get('url', '')}".strip())
            case "Page.javascriptDialogOpening":
                self._errors.append(f"a dialog: {told['message']}")
                self._send("Page.handleJavaScriptDialog", accept=True)
            case "Inspector.targetCrashed":
                raise BrowserError(f"{self._address}: the page has crashed")
        return message

    def _stays(self, address: str) -> bool:
        return address.startswith(("data:", "blob:", "about:")) or address == self._address


def thrown(details: dict[str, Any]) -> str:
    exception = details.get("exception", {})
    return str(exception.get("description") or exception.get("value") or details["text"])


@contextmanager
def opened(path: str | Path, **shown: Any) -> Iterator[Page]:
    """A page in a browser of its own, loaded; shown: what `Page.show` takes."""
    browser = Chromium()
    try:
        page = Page(browser)
        page.show(**shown)
        page.load(path)
        yield page
    finally:
        browser.end()
