"""A worked example as text."""

import numpy as np

from minicnn.explain.document import Agreement, Beside, Explanation, Formula, Numbers, Prose, Section, Trace
from minicnn.explain.terminal import text

X, W, Y = np.array([[1, 2], [3, 4]]), np.array([[0.5], [-1]]), np.array([[-1.5], [-2.5]])
EXPLANATION = Explanation("matmul", [
    Section("Forward", [
        Prose("A row of x with a column of w."),
        Formula(("y = x @ w",)),
        Beside((Numbers("x", X, ((1, 0), (1, 1))), "@", Numbers("w", W, ((0, 0), (1, 0))), "=",
                Numbers("y", Y, ((1, 0),), note="(2, 1)"))),
        Trace("y[1,0]", -2.5, (("x[1,0] * w[0,0]", (3, 0.5), 1.5), ("x[1,1] * w[1,0]", (4, -1), -4))),
        Agreement("y", {"loops": Y, "library": X @ W}),
        Agreement("z", {"loops": Y, "library": Y + 1e-9}),
    ]),
    Section("Nothing", [Trace("grad_x[0]", 0, ()), Trace("grad_x[1]", 2, (("grad_y[1]", (), 2),))]),
])  # fmt: skip

PLAIN = """\
matmul
======

Forward
-------
A row of x with a column of w.

    y = x @ w

   x          w          y  (2, 1)
   1  2   @  [ 0.5]  =   -1.5
  [3  4]     [-1.0]     [-2.5]

  y[1,0] = -2.5, the sum of
    x[1,0] * w[0,0]  3 *  0.5 =  1.5
    x[1,1] * w[1,0]  4 * -1.0 = -4.0
                                ----
                                -2.5

  ok  y: loops = library
  ok  z: loops = library, within 1e-09

Nothing
-------
  grad_x[0] = 0: nothing adds to it

  grad_x[1] = 2, which is grad_y[1]"""


def test_as_text():
    assert text(EXPLANATION) == PLAIN


def test_in_color_marked_numbers_have_it_in_place_of_brackets():
    colored = text(EXPLANATION, color=True)
    assert "\033[30;103m3  4\033[0m" in colored
    assert "\033[1mmatmul\033[0m" in colored
    assert "[3" not in colored.replace("\033[3", "")
    without = colored
    for code in ("\033[30;103m", "\033[0m", "\033[1m"):
        without = without.replace(code, "")
    plain = PLAIN.replace("[3  4]", " 3  4 ").replace("[ 0.5]", "  0.5 ").replace("[-1.0]", " -1.0 ")
    assert [line.rstrip() for line in without.splitlines()] == [
        line.rstrip() for line in plain.replace("[-2.5]", " -2.5 ").splitlines()
    ]


def of(*items):
    """The lines of these items, below the two titles."""
    return text(Explanation("t", [Section("s", list(items))])).splitlines()[5:]


def test_brackets_hug_what_is_marked():
    x = np.array([[1, 2, 3], [-4, 5, 6], [7, 8, 9]])
    assert of(Beside((Numbers("x", x[:, 1:], ((0, 0), (1, 1))), "+", Numbers("y", x, ((0, 0), (1, 1), (1, 2)))))) == [
        "   x          y",
        "  [2] 3      [ 1]  2   3",
        "   5 [6]  +   -4 [ 5   6]",
        "   8  9        7   8   9",
    ]


def test_matrices_of_an_array_are_aligned():
    assert of(Numbers("x", np.array([[[1, 2]], [[-30, 4]]]))) == ["   x[0]", "     1    2", "   x[1]", "   -30    4"]


def test_a_formula_that_is_too_long_is_wrapped():
    short, long = "y = x" + " + 1" * 17, "y = x" + " + 1" * 18
    assert of(Formula((short, long))) == [f"    {short}", f"    {long[:75]}", f"            {long[76:]}"]


def test_what_does_not_fit_beside_each_other_goes_on_below():
    wide = np.full((2, 9), 1000)
    shown = text(Explanation("t", [Section("s", [Beside((Numbers("a", wide), "+", Numbers("b", wide)))])]))
    lines = shown.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines.index("   a") < next(i for i, line in enumerate(lines) if line.startswith("  +"))


def test_names_cannot_give_the_terminal_orders():
    shown = text(
        Explanation("t", [Section("s", [Numbers("\033[2Jevil", X), Prose("\033[2J"), Numbers("x", X, note="\a")])])
    )
    assert "\033" not in shown and "\a" not in shown
