"""What a worked example is made of: a sum that is none, and ways that do not agree, are refused."""

import numpy as np
import pytest

from minicnn.explain.document import Agreement, Explanation, Section, Trace


def test_a_term_is_the_product_of_its_factors():
    with pytest.raises(AssertionError, match="y: a \\* b is 7, its factors give 6"):
        Trace("y", 7, (("a * b", (2, 3), 7),))


def test_a_sum_is_that_of_its_terms():
    with pytest.raises(AssertionError, match="y is 4, its terms add up to 3"):
        Trace("y", 4, (("a", (), 1), ("b", (), 2)))
    assert Trace("y", 2, (("a", (), 1), ("b", (), 2)), how="largest").value == 2


def test_small_numbers_are_looked_at_as_closely():
    with pytest.raises(AssertionError, match="its factors give"):
        Trace("y", 2e-12, (("a * b", (1e-6, 1e-6), 2e-12),))
    with pytest.raises(AssertionError, match="its terms add up"):
        Trace("y", 2e-12, (("a", (), 1e-12),))
    with pytest.raises(AssertionError, match="differ by 1e-09"):
        Agreement("y", {"loops": np.array([1e-9]), "library": np.array([2e-9])})
    Agreement("y", {"loops": np.array([0.0]), "differences": np.array([1e-10])})


@pytest.mark.parametrize(("found", "message"), [
    (np.array([1.0, 2.1]), "y: loops and library differ by 0.1, expected 2e-06"),
    (np.array([1.0]), r"y: loops gives shape \(2,\), library \(1,\)"),
])  # fmt: skip
def test_ways_that_do_not_agree(found, message):
    with pytest.raises(AssertionError, match=message):
        Agreement("y", {"loops": np.array([1.0, 2.0]), "library": found})


def test_an_explanation_is_text_and_page():
    explanation = Explanation("a title", [Section("a section", [Trace("y", 1, (("a", (), 1),))])])
    assert str(explanation) == explanation.text() == "a title\n=======\n\na section\n---------\n  y = 1, which is a"
    assert "<h1>a title</h1>" in explanation.html()
    assert explanation._repr_html_().startswith("<iframe ")
