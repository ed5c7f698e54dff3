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
    writer = Writer(explanation)
    sections = []
    for section in explanation.sections:
        items = "\n".join(writer.item(item) for item in section.items)
        sections.append(f"<section><h2>{escape(section.title)}</h2>\n{items}</section>")
    pointable = " or ".join(escape(name) for name in explanation.made_of)
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


def scrolled(inside: str) -> str:
    """What may be wider than the screen scrolls by itself."""
    return f'<div class="scroll">{inside}</div>'


class Writer:
    """Items as HTML. A number that is shown knows its place, and what it was made of as far as that is shown."""

    def __init__(self, explanation: Explanation) -> None:
        self.made_of = explanation.made_of
        items = [item for section in explanation.sections for item in section.items]
        arrays = [part for item in items for part in (item.parts if isinstance(item, Beside) else (item,))]
        self.shown = {
            place(base_of(numbers.name)[0], index)
            for numbers in arrays if isinstance(numbers, Numbers)
            for matrix in matrices(numbers)[0] for row in matrix.cells for _, index, _ in row
        }  # fmt: skip

    def item(self, item: Item) -> str:
        if isinstance(item, Prose):
            return f"<p>{escape(item.text)}</p>"
        if isinstance(item, Formula):
            return scrolled(f"<pre>{escape(chr(10).join(item.lines))}</pre>")
        if isinstance(item, Numbers):
            return f'<div class="beside"><div>{self.array(item)}</div></div>'
        if isinstance(item, Beside):
            boxes, signs = [], ""
            for part in item.parts:
                if isinstance(part, str):  # it stays with the array that follows
                    signs += sign(part)
                else:
                    boxes.append(f"<div>{signs}{self.array(part)}</div>")
                    signs = ""
            return f'<div class="beside">{"".join(boxes)}{signs}</div>'
        return trace(item) if isinstance(item, Trace) else agreement(item)

    def array(self, numbers: Numbers) -> str:
        """A table for each matrix that is shown of it."""
        shown, left_out = matrices(numbers)
        base, _ = base_of(numbers.name)
        tables = []
        for i, matrix in enumerate(shown):
            note = f" {escape(numbers.note)}" if numbers.note and not i else ""
            rows = "".join(f"<tr>{''.join(self.cell(base, *one) for one in row)}</tr>" for row in matrix.cells)
            tables.append(f"<table><caption>{escape(matrix.name)}{note}</caption>{rows}</table>")
        more = f'<p class="soft">and {left_out:,} more of {escape(base)}</p>' if left_out else ""
        return f'<div class="array">{scrolled("".join(tables))}{more}</div>'

    def cell(self, base: str, text: str, index: Index, marked: bool) -> str:
        attributes = ' class="on"' * marked
        if index and self.made_of:
            attributes += f' data-at="{place(base, index)}"'
        if index and base in self.made_of:
            parts = self.made_of[base](index)
            places = [place(name, one) for name, ones in parts.items() for one in ones]
            inside = ",".join(map(str, index))
            said = f"{base}[{inside}] = {text}, made of " + ", ".join(
                f"{len(ones)} of {name}" for name, ones in parts.items()
            )
            attributes += (
                f' data-of="{" ".join(one for one in places if one in self.shown)}" data-said="{escape(said)}"'
            )
        return f"<td{attributes}>{escape(text)}</td>"


def sign(symbol: str) -> str:
    text = escape("\u00d7" if symbol == "*" else symbol.replace("->", "\u2192"))
    return f'<span class="sign">{text}</span>'


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
