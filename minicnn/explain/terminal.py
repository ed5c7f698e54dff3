"""A worked example as text: 80 columns, arrays beside each other, marked elements in color or in brackets."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from minicnn.explain.document import Agreement, Beside, Explanation, Formula, Item, Numbers, Prose, Trace
from minicnn.explain.matrices import Cell, base_of, matrices, number, trace_rows

WIDTH = 80
INDENT = "  "
ROOM = WIDTH - len(INDENT)
BEGIN, END, TITLE, TITLE_END = "\1\2\3\4"  # around what is marked, as wide as a bracket, and around titles
PLAIN = {BEGIN: "[", END: "]", TITLE: "", TITLE_END: ""}
COLORED = {BEGIN: " \033[30;103m", END: "\033[0m ", TITLE: "\033[1m", TITLE_END: "\033[0m"}  # black on yellow; bold


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
    return "\n".join("".join(signs.get(one, one) for one in printable(line)) for line in lines)


def printable(line: str) -> str:
    """Without what a terminal would obey, and without spaces at the end; a title ends where its line does."""
    line = "".join(one if one.isprintable() or one in PLAIN else "?" for one in line).rstrip()
    return line + TITLE_END if line.startswith(TITLE) else line


def item_lines(item: Item) -> list[str]:
    if isinstance(item, Prose):
        return textwrap.wrap(item.text, WIDTH)
    if isinstance(item, Formula):
        return [INDENT * 2 + part for line in item.lines for part in wrapped(line)]
    if isinstance(item, Numbers):
        return [INDENT + line for line in block(item)]
    if isinstance(item, Beside):
        return [INDENT + line for line in beside(item)]
    if isinstance(item, Trace):
        return trace(item)
    return agreement(item)


def wrapped(line: str) -> list[str]:
    """A line of a formula or of code, with its indent; where it is too long, in several."""
    within = WIDTH - 2 * len(INDENT)
    return [line] if len(line) <= within else textwrap.wrap(line, within, subsequent_indent=INDENT * 4)


# ---- arrays ------------------------------------------------------------------------------------------------------


def block(numbers: Numbers, roomy: bool = True) -> list[str]:
    """An array: each of its matrices below its name, all lines equally long. roomy: two spaces between numbers."""
    shown, left_out = matrices(numbers, ROOM)
    width = max((len(text) for matrix in shown for row in matrix.cells for text, _, _ in row), default=0)
    lines = []
    for i, matrix in enumerate(shown):
        note = f"  {numbers.note}" if numbers.note and not i else ""
        lines += [f" {matrix.name}{note}", *matrix_lines(matrix.cells, width, roomy)]
    if left_out:
        lines.append(f" and {left_out:,} more of {base_of(numbers.name)[0]}")
    if roomy and max(map(len, lines), default=0) > ROOM:
        return block(numbers, roomy=False)
    return as_wide([line[:ROOM] for line in lines])


def as_wide(lines: Sequence[str]) -> list[str]:
    width = max(map(len, lines), default=0)
    return [line.ljust(width) for line in lines]


def matrix_lines(cells: list[list[Cell]], width: int, roomy: bool) -> list[str]:
    """Rows of numbers, aligned at the right; what is marked stands between BEGIN and END."""
    space = " " * (roomy or width == 1)  # single digits would stand too close
    lines = []
    for row in cells:
        line, before = "", False
        for text, _, marked in row:
            sign = " " if marked == before else BEGIN if marked else END
            gap = space if line else ""
            line += (sign + gap if before else gap + sign) + text.rjust(width)
            before = marked
        lines.append(line + (END if before else " "))
    return lines


def beside(item: Beside) -> list[str]:
    """Blocks and symbols from left to right, around one middle line; what does not fit goes on below."""
    for roomy in (True, False):
        blocks = [[part] if isinstance(part, str) else block(part, roomy) for part in item.parts]
        if width_of(blocks) <= ROOM:
            break
    rows: list[list[list[str]]] = [[]]
    for part, one, following in zip(item.parts, blocks, [*blocks[1:], [""]], strict=True):
        needed = [one, following] if isinstance(part, str) else [one]  # a symbol stays with what follows it
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
    rows, result = trace_rows(item)
    value = number(item.value)
    if not rows:
        return [f"{INDENT}{item.name} = {value}: nothing adds to it"]
    if len(rows) == 1 and not rows[0][1]:
        return [f"{INDENT}{item.name} = {value}, which is {rows[0][0]}"]
    lines = [f"{INDENT}{item.name} = {value}" + (f", the {item.how} of" if len(rows) > 1 else ", which is")]
    wide, room = max(len(what) for what, _, _ in rows), max(len(factors) for _, factors, _ in rows)
    for what, factors, product in rows:
        tail = f"{factors.rjust(room)} {'=' if factors else ' '} {product}" if room else product
        line = f"{INDENT * 2}{what.ljust(wide)}  {tail}"
        lines += [line] if len(line) <= WIDTH else [INDENT * 2 + what, tail.rjust(WIDTH)]
    if len(rows) > 1:
        end = len(lines[-1])
        lines += [("-" * len(result.strip())).rjust(end), result.rjust(end)]
    return lines


def agreement(item: Agreement) -> list[str]:
    off = item.off()
    line = f"ok  {item.what}: {' = '.join(item.ways)}" + (f", within {off:.0e}" if off else "")
    return textwrap.wrap(line, WIDTH, initial_indent=INDENT, subsequent_indent=INDENT * 3)
