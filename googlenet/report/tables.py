"""Tables in HTML, for report.html, and what stands in their cells."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from html import escape

from googlenet.report.charts import three_digits


def table(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]], kind: str = "") -> str:
    """A table in a box of its own, which scrolls, by keyboard too.

    Cells are HTML, the first of each row its head; one that begins with <td is taken as it is.
    """
    head = "".join(f'<th scope="col">{cell}</th>' for cell in heads)
    body = "".join(
        f'<tr><th scope="row">{first}</th>{"".join(c if c.startswith("<td") else f"<td>{c}</td>" for c in others)}</tr>'
        for first, *others in rows
    )
    return (
        f'<div class="box" role="region" tabindex="0" aria-label="{escape(title)}"><table class="{kind}">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def named(text: str) -> str:
    """A name from outside: cut off where it is long, whole under the pointer."""
    return f'<bdi class="name" title="{escape(text)}">{escape(text)}</bdi>'


def number(value: float | None, show: Callable[[float], str] = three_digits) -> str:
    """A number as text, a dash where there is none."""
    return "–" if value is None or not math.isfinite(value) else show(value)


def bar(share: float) -> str:
    """A bar, as long as a share of 6 em."""
    return f'<td class="text"><span class="bar" style="width:{6 * share:.2f}em"></span></td>'
