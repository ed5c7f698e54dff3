"""Markdown on a terminal."""

import re

from exercises.markdown import PLAIN, rendered, seen

TEXT = """# The title

Prose that is **long** enough to be *set* in several lines, with `code in it` and a * b * c.

- an item that is long enough to be set in two lines
- another
1. a number

## A part
    x   1  2
        3  4

```python
>>> **not**   strong
```
| a | table |
"""


def test_without_colors():
    assert rendered(TEXT, 40) == (
        "The title\n=========\n\n"
        "Prose that is long enough to be set in\nseveral lines, with `code in it` and a *\nb * c.\n\n"
        "- an item that is long enough to be set\n  in two lines\n- another\n1. a number\n\n"
        "A part\n------\n    x   1  2\n        3  4\n\n    >>> **not**   strong\n    | a | table |"
    )


def test_colors_take_no_room_and_end():
    colored = rendered(TEXT, 40, color=True)
    assert "\033[1mlong\033[0m" in colored and "\033[4mset\033[0m" in colored and "\033[36mcode\033[0m" in colored
    assert max(seen(line) for line in colored.splitlines()) <= 40
    assert all(line.endswith(PLAIN) or line.rfind("\033") == line.rfind(PLAIN) for line in colored.splitlines())


def test_lines_are_as_long_with_colors_as_without():
    text = "- An item with **strong words** and *others that are emphasized* in it, enough of them for some lines."
    colored = rendered(text, 30, color=True)
    assert "\033[" in colored and re.sub(r"\033\[\d+m", "", colored) == rendered(text, 30)


def test_a_long_word_stands_alone():
    assert rendered("a " + "b" * 50 + " c", 20).splitlines() == ["a", "b" * 50, "c"]


def test_a_fenced_block_moves_as_a_whole():
    text = "```python\n>>> a\narray([[1.],\n       [2.]])\n```\n\n    drawn\n"
    assert rendered(text).splitlines() == ["    >>> a", "    array([[1.],", "           [2.]])", "", "    drawn"]


def test_wide_code_is_moved_less():
    for columns, indent in ((76, 4), (78, 2), (80, 0), (85, 0)):
        assert rendered(f"```\nx\n{'y' * columns}\n```\n").splitlines()[0] == " " * indent + "x"
