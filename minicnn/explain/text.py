"""Text from outside, such as names, for a terminal or a file."""

from __future__ import annotations


def printable(text: str) -> str:
    """The text without what a terminal would obey and XML does not allow: each such character becomes U+FFFD."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text)
