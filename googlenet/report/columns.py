"""Text in columns of a terminal: names of any length, in any writing."""

from __future__ import annotations

import unicodedata


def printable(text: str) -> str:
    """The text on one line, without what moves a terminal's cursor or colors it: such characters become "?"."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def columns_of(text: str) -> int:
    """How many columns the text takes: two for each wide character (Chinese, Japanese, emoji), none for an accent."""
    return sum(
        0 if unicodedata.combining(letter) else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )


def shorten(text: str, columns: int) -> str:
    """The text, printable, in at most so many columns (2 or more): where it is longer ".." stands for its middle."""
    text = printable(text)
    if columns_of(text) <= columns:
        return text
    start, end = text[: len(text) // 2], text[len(text) // 2 :]
    while columns_of(start) + columns_of(end) > columns - 2:
        if columns_of(start) >= columns_of(end):
            start = start[:-1]
        else:
            end = end[1:]
    return f"{start}..{end}"


def fit(text: str, columns: int) -> str:
    """The text in exactly so many columns: `shorten`ed, or filled up with spaces."""
    text = shorten(text, columns)
    return text + " " * (columns - columns_of(text))


def wrap(text: str, columns: int = 80, indent: int = 2, start: str = "") -> list[str]:
    """The text, printable, in lines of at most so many columns: the first after `start`, the others after spaces.

    A word that is longer than a line is `shorten`ed.
    """
    lines, line, empty = [], start, True
    for word in printable(text).split():
        word = shorten(word, columns - max(indent, columns_of(start)))
        longer = line + word if empty else f"{line} {word}"
        if columns_of(longer) > columns:
            lines.append(line)
            longer = " " * indent + word
        line, empty = longer, False
    return [*lines, line]
