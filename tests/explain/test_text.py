"""Names from outside, on a terminal or in a file."""

import pytest

from minicnn.explain.text import printable


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tulips", "tulips"),
        ("Übung 猫", "Übung 猫"),
        ("\x1b[31mred\nline\ttab", "�[31mred�line�tab"),
        ("\udcff.jpg", "�.jpg"),  # a file name that is no text
        ("\u202egpj.exe", "�gpj.exe"),  # from right to left from here on
    ],
)
def test_what_a_terminal_would_obey_is_replaced(text, expected):
    assert printable(text) == expected
