"""Text in columns of a terminal."""

import pytest

from googlenet.report.columns import fit, shorten, wrap
from googlenet.report.text import width


@pytest.mark.parametrize(
    ("text", "columns", "expected"),
    [
        ("roses", 5, "roses"),
        ("chrysanthemum", 9, "chr..emum"),
        ("chrysanthemum", 2, ".."),
        ("漢字漢字漢字", 8, "漢..漢字"),
        ("漢字漢字漢字", 7, "漢..字"),
        ("a\nb", 3, "a\ufffdb"),
    ],
)
def test_the_middle_is_left_out(text, columns, expected):
    assert shorten(text, columns) == expected


@pytest.mark.parametrize("text", ["", "roses", "chrysanthemum" * 3, "漢字" * 9, "a漢" * 9, "\x1b" * 30])
@pytest.mark.parametrize("columns", [2, 7, 8, 30])
def test_what_fits_has_exactly_so_many_columns(text, columns):
    assert width(fit(text, columns)) == columns
    assert width(shorten(text, columns)) <= columns


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("one two three four", ["> one two", "  three four"]),
        ("", ["> "]),
        ("one chrysanthemum-and-roses", ["> one", "  chry..oses"]),
        ("漢字漢 漢字漢 漢字漢", ["> 漢字漢", "  漢字漢", "  漢字漢"]),
        ("a\x1bb\nc", ["> a\ufffdb\ufffdc"]),
    ],
)
def test_words_are_wrapped(text, expected):
    assert wrap(text, 12, start="> ") == expected
