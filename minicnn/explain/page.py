"""A worked example as a page: one file that needs nothing but a browser."""

from __future__ import annotations

from html import escape
from importlib.resources import files
from string import Template

from minicnn.explain.document import Agreement, Beside, Explanation, Formula, Index, Item, Numbers, Prose, Trace
from minicnn.explain.matrices import base_of, matrices, number, trace_rows


def page(explanation: Explanation) -> str:
    """The whole page. All text in it is escaped, and it fetches nothing."""
    template = Template(files("minicnn.explain").joinpath("page.html").read_text(encoding="utf-8"))
    sections = []
    for section in explanation.sections:
        items = "\n".join(item_html(item, explanation) for item in section.items)
        sections.append(f"<section><h2>{escape(section.title)}</h2>\n{items}</section>")
    pointable = " or of ".join(escape(name) for name in explanation.made_of)
    return template.substitute(
        title=escape(explanation.title), sections="\n".join(sections), pointable=pointable,
        hidden="" if pointable else "hidden",
    )  # fmt: skip


def frame(explanation: Explanation) -> str:
    """The page in a frame, for a notebook: what is around it has other styles."""
    return (
        f'<iframe title="{escape(explanation.title)}" srcdoc="{escape(page(explanation))}" '
        'style="width:100%;height:40rem;border:0"></iframe>'
    )


def item_html(item: Item, explanation: Explanation) -> str:
    if isinstance(item, Prose):
        return f"<p>{escape(item.text)}</p>"
    if isinstance(item, Formula):
        return scrolled(f"<pre>{escape(chr(10).join(item.lines))}</pre>")
    if isinstance(item, Numbers):
        return f'<div class="beside">{array(item, explanation)}</div>'
    if isinstance(item, Beside):
        parts = [
            f'<span class="sign">{sign(part)}</span>' if isinstance(part, str) else array(part, explanation)
            for part in item.parts
        ]
        return f'<div class="beside">{"".join(parts)}</div>'
    return trace(item) if isinstance(item, Trace) else agreement(item)


def scrolled(inside: str) -> str:
    """What may be wider than the screen scrolls by itself, by keyboard too."""
    return f'<div class="scroll" tabindex="0">{inside}</div>'


def sign(symbol: str) -> str:
    return escape(symbol).replace("-&gt;", "&rarr;").replace("*", "&times;" if symbol == "*" else "*")


def array(numbers: Numbers, explanation: Explanation) -> str:
    """A table for each matrix that is shown of it."""
    shown, left_out = matrices(numbers)
    base, _ = base_of(numbers.name)
    tables = []
    for i, matrix in enumerate(shown):
        note = f" {escape(numbers.note)}" if numbers.note and not i else ""
        rows = "".join(f"<tr>{''.join(cell(base, *one, explanation) for one in row)}</tr>" for row in matrix.cells)
        tables.append(f"<table><caption>{escape(matrix.name)}{note}</caption>{rows}</table>")
    more = f'<p class="soft">and {left_out:,} more of {escape(base)}</p>' if left_out else ""
    return f'<div class="array">{scrolled("".join(tables))}{more}</div>'


def cell(base: str, text: str, index: Index, marked: bool, explanation: Explanation) -> str:
    mark = ' class="on"' if marked else ""
    if not index or not explanation.made_of:
        return f"<td{mark}>{escape(text)}</td>"
    of = ""
    if base in explanation.made_of:
        parts = explanation.made_of[base](index)
        of = f' data-of="{" ".join(place(name, one) for name, ones in parts.items() for one in ones)}"'
    return f'<td{mark} data-at="{place(base, index)}"{of}>{escape(text)}</td>'


def place(name: str, index: Index) -> str:
    """ "x:0,0,1,2", the number of this name at this index; without spaces, so that several make a list."""
    return escape(name.replace(" ", "_")) + ":" + ",".join(map(str, index))


def trace(item: Trace) -> str:
    rows, result = trace_rows(item)
    head = f"{item.name} = {number(item.value)}"
    if not rows:
        return f"<p>{escape(head)}: nothing adds to it</p>"
    if len(rows) == 1 and not rows[0][1]:
        return f"<p>{escape(head)}, which is {escape(rows[0][0])}</p>"
    lines = [
        f"<tr><td>{escape(what)}</td><td>{escape(factors)}{' =' * bool(factors)}</td><td>{escape(product)}</td></tr>"
        for what, factors, product in rows
    ]
    if len(rows) > 1:
        head += f", the {item.how} of"
        lines.append(f'<tr class="result"><td></td><td></td><td>{escape(result)}</td></tr>')
    return scrolled(f'<table class="trace"><caption>{escape(head)}</caption>{"".join(lines)}</table>')


def agreement(item: Agreement) -> str:
    off = item.off()
    text = f"{item.what}: {' = '.join(item.ways)}" + (f", within {off:.0e}" if off else "")
    return f'<p class="ok">{escape(text)}</p>'
