"""The course's Markdown on a terminal: headings, emphasis, code, lists. Not all of Markdown, but what the texts use.

(The library for this, rich, would bring four packages for colored code and for tables, which the texts do without.)
"""

from __future__ import annotations

import re

BOLD, UNDERLINED, CYAN, PLAIN = "\033[1m", "\033[4m", "\033[36m", "\033[0m"
WIDEST = 100  # columns: longer lines of prose are hard to read
SPAN = re.compile(r"`([^`]+)`|\*\*([^*\s][^*]*)\*\*|(?<![\w*])\*([^*\s][^*]*)\*(?![\w*])")  # code, strong, emphasis
ITEM = re.compile(r"\s*([-*]|\d+\.)\s+")


def rendered(text: str, width: int = 80, color: bool = False) -> str:
    """The text, its prose in lines of at most so many columns; code, and drawings made of letters, stay as they are."""
    lines: list[str] = []
    paragraph: list[str] = []  # what is read of one
    fenced = False
    indent = " " * max(0, min(4, width - widest_fenced(text)))
    for line in [*text.splitlines(), ""]:
        code = fenced or (not paragraph and line.startswith(("    ", "|")))
        if paragraph and (not line.strip() or line.startswith(("```", "#")) or ITEM.match(line)):
            lines += wrapped(" ".join(paragraph), min(width, WIDEST), color)
            paragraph = []
        if line.startswith("```"):
            fenced = not fenced
        elif code:
            as_it_stands = not fenced and line.startswith("    ")
            lines.append(
                styled(line if as_it_stands else f"{indent if fenced else '    '}{line}".rstrip(), CYAN, color)
            )
        elif line.startswith("#"):
            title = line.lstrip("#").strip()
            lines.append(styled(title, BOLD, color))
            if not color:
                lines.append(("=" if line.startswith("# ") else "-") * len(title))
        elif line.strip():
            paragraph.append(line.rstrip() if not paragraph else line.strip())
        else:
            lines.append("")
    return "\n".join(lines).rstrip("\n")


def widest_fenced(text: str) -> int:
    """Columns of the widest line between fences."""
    return max((len(line) for block in text.split("```")[1::2] for line in block.splitlines()), default=0)


def wrapped(text: str, width: int, color: bool) -> list[str]:
    """A paragraph or an item of a list, in lines: the width is that of what is seen, without the colors' codes."""
    item = ITEM.match(text)
    start = item.end() if item else 0
    lines, line = [], text[:start]
    for word in SPAN.sub(lambda span: emphasized(span, color), text[start:]).split():
        if seen(line) + seen(word) > width and seen(line) > start:
            lines.append(line.rstrip())
            line = " " * start
        line += f"{word} "
    return [*lines, line.rstrip()]


def emphasized(span: re.Match[str], color: bool) -> str:
    """Word by word, so that a line can be broken between them. Without colors, code keeps its quotes."""
    code, strong, emphasis = span.groups()
    if not color:
        return span[0] if code else strong or emphasis
    style = CYAN if code else BOLD if strong else UNDERLINED
    return " ".join(styled(word, style, color) for word in (code or strong or emphasis).split())


def styled(text: str, style: str, color: bool) -> str:
    return f"{style}{text}{PLAIN}" if color and text.strip() else text


def seen(text: str) -> int:
    """How many columns a text takes."""
    return len(re.sub(r"\033\[\d+m", "", text))
