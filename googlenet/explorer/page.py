"""The explorer's page: its data and the files of web/ in one HTML file that needs nothing but a browser."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

SCRIPTS = (  # each may use what those before it define
    "elements", "numbers", "state", "places", "picture", "tiles", "choice", "texts", "layout", "map", "replay",
    "block", "exact", "exact_windows", "exact_losses", "exact_terms", "exact_forward", "exact_backward",
    "grids", "sums_terms", "sums_forward", "sums_backward", "sums", "pixels", "enlarged", "start",
)  # fmt: skip


def page(data: Mapping[str, Any], numbers: str) -> str:
    """The page as HTML. data: what it shows, as `explorer_data` makes it; numbers: `Numbers.text()`.

    Names in data may be anything: they cannot end the script that they stand in, and the scripts put them on the page
    as text. Only the page's own scripts run, which the browser knows by their hashes. Raises ValueError where a number
    is not finite: JSON has no such numbers.
    """
    scripts = [web(f"{name}.js") for name in SCRIPTS]
    return Template(web("page.html")).substitute(
        title=escape(data["title"].encode("utf-8", "backslashreplace").decode()),
        style=web("style.css") + web("sums.css"),
        hashes=" ".join(map(script_hash, scripts)),
        data=json.dumps(data, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c"),
        numbers=numbers,
        scripts="\n".join(f"<script>{script}</script>" for script in scripts),
    )


def web(name: str) -> str:
    """A file of web/, as text."""
    return files("googlenet.explorer").joinpath(f"web/{name}").read_text(encoding="utf-8")


def script_hash(script: str) -> str:
    """What a Content-Security-Policy calls a script, so that the browser runs it and no other."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
