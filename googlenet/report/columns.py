"""Lines and columns of a terminal: names that may lose their middle, texts in lines of so many columns."""

from __future__ import annotations

from googlenet.report.text import printable, width


def shorten(text: str, columns: int) -> str:
    """The text, printable, in at most so many columns (2 or more): where it is longer ".." stands for its middle."""
    text = printable(text)
    if width(text) <= columns:
        return text
    start, end = text[: len(text) // 2], text[len(text) // 2 :]
    while width(start) + width(end) > columns - 2:
        if width(start) >= width(end):
            start = start[:-1]
        else:
            end = end[1:]
    return f"{start}..{end}"


def fit(text: str, columns: int) -> str:
    """The text in exactly so many columns: `shorten`ed, or filled up with spaces."""
    text = shorten(text, columns)
    return text + " " * (columns - width(text))


def wrap(text: str, columns: int = 80, indent: int = 2, start: str = "") -> list[str]:
    """The text, printable, in lines of at most so many columns: the first after `start`, the others after spaces.

    A word that is longer than a line is `shorten`ed.
    """
    lines, line, empty = [], start, True
    for word in printable(text).split():
        word = shorten(word, columns - max(indent, width(start)))
        longer = line + word if empty else f"{line} {word}"
        if width(longer) > columns:
            lines.append(line)
            longer = " " * indent + word
        line, empty = longer, False
    return [*lines, line]
