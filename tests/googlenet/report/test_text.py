"""Names of files and classes on a terminal."""

import pytest

from googlenet.report.text import fitted, shortened, width


@pytest.mark.parametrize(("text", "columns"), [("", 0), ("abc", 3), ("猫", 2), ("ｶ", 1), ("e\u0301", 1), ("é猫a", 4)])
def test_width_in_columns(text, columns):
    assert width(text) == columns


@pytest.mark.parametrize(
    ("text", "columns", "expected"),
    [
        ("tulips", 6, "tulips"),
        ("tulips", 5, "tuli…"),
        ("猫猫猫", 6, "猫猫猫"),
        ("猫猫猫", 5, "猫猫…"),
        ("猫猫猫", 4, "猫…"),
        ("a\nb", 3, "a�b"),
    ],
)
def test_what_is_too_wide_is_cut_off(text, columns, expected):
    assert shortened(text, columns) == expected
    assert width(shortened(text, columns)) <= columns


@pytest.mark.parametrize("text", ["", "tulips", "猫猫猫猫猫", "a long name"])
def test_fitted_is_exactly_as_wide_as_asked(text):
    assert width(fitted(text, 7)) == 7
    assert fitted("ab", 4) == "ab  "
