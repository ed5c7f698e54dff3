"""Text in columns of a terminal."""

import pytest

from googlenet.report.columns import columns_of, fit, printable, shorten, wrap


@pytest.mark.parametrize(
    ("text", "columns"), [("", 0), ("roses", 5), ("Übung", 5), ("U\u0308bung", 5), ("漢字", 4), ("한글", 4), ("🌹", 2)]
)
def test_columns_that_a_text_takes(text, columns):
    assert columns_of(text) == columns


def test_nothing_moves_the_cursor():
    assert printable("a\x1b[31mb\nc\td\r漢") == "a?[31mb?c?d?漢"


@pytest.mark.parametrize(
    ("text", "columns", "expected"),
    [
        ("roses", 5, "roses"),
        ("chrysanthemum", 9, "chr..emum"),
        ("chrysanthemum", 2, ".."),
        ("漢字漢字漢字", 8, "漢..漢字"),
        ("漢字漢字漢字", 7, "漢..字"),
        ("a\nb", 3, "a?b"),
    ],
)
def test_the_middle_is_left_out(text, columns, expected):
    assert shorten(text, columns) == expected


@pytest.mark.parametrize("text", ["", "roses", "chrysanthemum" * 3, "漢字" * 9, "a漢" * 9, "\x1b" * 30])
@pytest.mark.parametrize("columns", [2, 7, 8, 30])
def test_what_fits_has_exactly_so_many_columns(text, columns):
    assert columns_of(fit(text, columns)) == columns
    assert columns_of(shorten(text, columns)) <= columns


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("one two three four", ["> one two", "  three four"]),
        ("", ["> "]),
        ("one chrysanthemum-and-roses", ["> one", "  chry..oses"]),
        ("漢字漢 漢字漢 漢字漢", ["> 漢字漢", "  漢字漢", "  漢字漢"]),
        ("a\x1bb\nc", ["> a?b?c"]),
    ],
)
def test_words_are_wrapped(text, expected):
    assert wrap(text, 12, start="> ") == expected
