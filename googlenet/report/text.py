"""Text for a terminal: whatever a name contains, one line, and as wide as it should be."""

from __future__ import annotations

import unicodedata

from minicnn.explain.text import printable as printable  # what a terminal would obey is replaced


def width(text: str) -> int:
    """How many columns it takes: Chinese characters take two, accents that are characters of their own none."""
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )


def shortened(text: str, columns: int) -> str:
    """The text made printable and, where it is wider than so many columns, cut off, with an ellipsis."""
    text = printable(text)
    if width(text) <= columns:
        return text
    while width(text) > columns - 1:
        text = text[:-1]
    return f"{text}…"


def fitted(text: str, columns: int) -> str:
    """The text shortened, and filled up with spaces: exactly so many columns."""
    text = shortened(text, columns)
    return text + " " * (columns - width(text))
