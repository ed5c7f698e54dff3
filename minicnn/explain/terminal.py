"""A worked example as text: 80 columns, arrays beside each other, marked elements in color or in brackets."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import numpy as np

from minicnn.explain.document import Agreement, Beside, Explanation, Formula, Item, Numbers, Prose, Trace
from minicnn.explain.matrices import decimals, matrices, number, written

WIDTH = 80
INDENT = "  "
ROOM = WIDTH - len(INDENT)
BEGIN, END, TITLE = "\x01", "\x02", "\x03"  # stand for what is shown in color; as wide as the bracket or space there
PLAIN = {BEGIN: "[", END: "]", TITLE: ""}
COLORED = {BEGIN: " \033[30;103m", END: "\033[0m ", TITLE: "\033[1m"}  # black on yellow; titles bold
FIRST_TERMS, LAST_TERMS = 9, 2  # of a number with many terms


def text(explanation: Explanation, color: bool = False) -> str:
    """The whole example. color: for a terminal that has it."""
    lines = [TITLE + explanation.title, TITLE + "=" * len(explanation.title)]
    for section in explanation.sections:
        lines += ["", TITLE + section.title, TITLE + "-" * len(section.title)]
        for i, item in enumerate(section.items):
            if i and not (isinstance(item, Agreement) and isinstance(section.items[i - 1], Agreement)):
                lines.append("")
            lines += item_lines(item)
    signs = COLORED if color else PLAIN
    return "\n".join(ended(line.rstrip(), color) for line in lines).translate(str.maketrans(signs))


def ended(line: str, color: bool) -> str:
    """A line that begins in color also ends it."""
    return line + "\033[0m" if color and line.startswith(TITLE) else line


def item_lines(item: Item) -> list[str]:
    if isinstance(item, Prose):
        return textwrap.wrap(item.text, WIDTH)
    if isinstance(item, Formula):
        return [INDENT + INDENT + line for line in item.lines]
    if isinstance(item, Numbers):
        return [INDENT + line for line in block(item)]
    if isinstance(item, Beside):
        return [INDENT + line for line in beside(item)]
    if isinstance(item, Trace):
        return trace(item)
    return agreement(item)


# ---- arrays ------------------------------------------------------------------------------------------------------


def block(numbers: Numbers, room: int = ROOM) -> list[str]:
    """An array: each of its matrices below its name, all lines equally long."""
    shown, left_out = matrices(numbers, room)
    lines = []
    for i, matrix in enumerate(shown):
        note = f"  {numbers.note}" if numbers.note and not i else ""
        lines += [f" {matrix.name}{note}", *matrix_lines(matrix.cells)]
    if left_out:
        lines.append(f" and {left_out:,} more of {numbers.name.partition('[')[0]}")
    width = max(map(len, lines), default=0)
    return [line.ljust(width) for line in lines]


def matrix_lines(cells: list[list[tuple[str, tuple[int, ...], bool]]]) -> list[str]:
    """Rows of numbers, aligned at the right; what is marked stands between BEGIN and END."""
    width = max((len(text) for row in cells for text, _, _ in row), default=0)
    lines = []
    for row in cells:
        line, before = "", False
        for text, _, marked in row:
            line += (BEGIN if marked else END) if marked != before else " "
            line += text.rjust(width)
            before = marked
        lines.append(line + (END if before else " "))
    return lines


def beside(item: Beside) -> list[str]:
    """Blocks and symbols from left to right, around one middle line; what does not fit goes on below."""
    blocks = [[part] if isinstance(part, str) else block(part) for part in item.parts]
    rows: list[list[list[str]]] = [[]]
    for i, one in enumerate(blocks):
        # A symbol stays with what follows it.
        needed = [one, blocks[i + 1]] if isinstance(item.parts[i], str) and i + 1 < len(blocks) else [one]
        if rows[-1] and width_of([*rows[-1], *needed]) > ROOM:
            rows.append([])
        rows[-1].append(one)
    lines: list[str] = []
    for row in rows:
        lines += ([""] if lines else []) + side_by_side(row)
    return lines


def width_of(blocks: Sequence[list[str]]) -> int:
    return sum(len(one[0]) for one in blocks) + len(INDENT) * (len(blocks) - 1)


def side_by_side(blocks: Sequence[list[str]]) -> list[str]:
    height = max(map(len, blocks))
    columns = []
    for one in blocks:
        # A symbol (one line) stands beside the middle of the numbers, which begin below the name.
        above = (height - len(one) + (len(one) == 1 and height > 1)) // 2
        below = height - len(one) - above
        columns.append([" " * len(one[0])] * above + one + [" " * len(one[0])] * below)
    return [INDENT.join(parts) for parts in zip(*columns, strict=True)]


# ---- one number, and checks --------------------------------------------------------------------------------------


def trace(item: Trace) -> list[str]:
    """Term below term, factors and products aligned, and the result below a line."""
    skipped = item.terms[FIRST_TERMS:-LAST_TERMS] if len(item.terms) > FIRST_TERMS + LAST_TERMS + 1 else ()
    terms = [term for term in item.terms if not skipped or term not in skipped]
    head = f"{item.name} = {number(item.value)}" + (f", the {item.how} of" if len(item.terms) > 1 else ", which is")
    products = aligned([product for _, _, product in item.terms] + [item.value])
    names = [what for what, _, _ in item.terms]
    sums = factor_texts([factors for _, factors, _ in item.terms])
    wide, room = max(map(len, names), default=0), max(map(len, sums), default=0)
    lines = [INDENT + head]
    count = len(item.terms)
    for i, (name, factors, product) in enumerate(zip(names, sums, products, strict=False)):
        if skipped and i == FIRST_TERMS:
            rest = sum(product for _, _, product in skipped)
            together = f", together {number(rest)}" if item.how == "sum" else ""
            lines.append(f"{INDENT * 2}... {len(skipped):,} more{together}")
        if skipped and FIRST_TERMS <= i < count - LAST_TERMS:
            continue
        tail = f"{factors.rjust(room)} {'=' if factors else ' '} {product}" if room else product
        line = f"{INDENT * 2}{name.ljust(wide)}  {tail}"
        lines += [line] if len(line) <= WIDTH else [INDENT * 2 + name, tail.rjust(WIDTH)]
    if len(terms) > 1:
        end = len(lines[-1])
        lines += [("-" * len(products[-1])).rjust(end), products[-1].rjust(end)]
    return lines


def aligned(values: Sequence[float]) -> list[str]:
    """Numbers with equally many digits behind the point, all equally long."""
    digits = decimals(np.asarray(values, np.float64))
    texts = [written(value, digits) for value in values]
    width = max(map(len, texts), default=0)
    return [text.rjust(width) for text in texts]


def factor_texts(factors: Sequence[tuple[float, ...]]) -> list[str]:
    """The factors of every term, "1 * -2", column below column."""
    count = max(map(len, factors), default=0)
    columns = []
    for k in range(count):
        there = iter(aligned([one[k] for one in factors if len(one) > k]))
        columns.append([next(there) if len(one) > k else None for one in factors])
    return [" * ".join(column[i] for column in columns if column[i] is not None) for i in range(len(factors))]


def agreement(item: Agreement) -> list[str]:
    line = f"ok  {item.what}: {' = '.join(item.ways)}"
    off = item.off()
    line += f" ({'exactly' if off == 0 else f'{off:.0e} apart at most'})"
    return textwrap.wrap(line, WIDTH, initial_indent=INDENT, subsequent_indent=INDENT * 3)
