"""Element by element: which formula backward multiplies grad_y with, and which one it should.

Where each output depends on the input in its own place alone, found / grad_y is what backward takes for the derivative
there, and expected / grad_y is the derivative. Both are looked for among products of two simple functions of x, y and
the other inputs: 1 - |y| and 1 - y^2, say.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from minicnn.gradcheck.diagnosis.evidence import Evidence
from minicnn.gradcheck.diagnosis.masks import threshold

NUMBERS = {1.0: "", 2.0: "2 ", 0.5: "1/2 ", 3.0: "3 ", 4.0: "4 ", 0.25: "1/4 ", 1 / 3: "1/3 "}
ENOUGH = 4  # so many elements must agree on a formula


def formula(e: Evidence) -> str:
    """found = grad_y * this formula, where it should be grad_y * that one; everywhere, or where x < 0 (or > 0)."""
    if not e.is_elementwise():
        return ""
    for where, region in _regions(e):
        given = region & (np.abs(e.grad_y) > 1e-3)
        if np.sum(given) < ENOUGH:
            continue
        formulas = Formulas(e, given)
        grad_y, found, expected = e.grad_y[given], e.found[given], e.expected[given]
        said, should = formulas.match(found, grad_y), formulas.match(expected, grad_y)
        says = f"{where}backward says {_times(said)}"
        says = says[0].upper() + says[1:]
        if said and should:
            return f"{says}, where it should be {_times(should)}."
        factor = formulas.match(expected, found) if said else ""
        if factor:
            return f"{says}: the factor {factor} is missing."
        term = formulas.match(expected - found, grad_y)
        if term and said:
            return f"{says}: the term {_times(term)} is missing."
        if term:
            return f"Perhaps {where}the term {_times(term)} is missing."
        if said:
            return f"{says}: that is not the derivative."
    return ""


def _times(formula: str) -> str:
    return {"1": "grad_y", "0": "0", "-1": "-grad_y"}.get(formula, f"grad_y * {formula}").replace(" * 1 / ", " / ")


def _regions(e: Evidence) -> Iterator[tuple[str, np.ndarray]]:
    """The side of 0, or of another number, on which all that is wrong lies, where there is one; and everywhere."""
    name = _names(e)[0][0]
    for text, side in {f"where {name} < 0 ": e.x < 0, f"where {name} > 0 ": e.x > 0}.items():
        if not (e.wrong & ~side).any() and (~side).any():
            yield text, side
    where = threshold(e, e.wrong)
    if where:
        yield f"where {where} ", e.wrong
    yield "", np.ones(e.found.shape, bool)


def _names(e: Evidence) -> list[tuple[str, np.ndarray]]:
    """The arrays of the output's shape, or broadcast to it, by short names: x, or inputs[i] where there are several."""
    floating = [i for i, x in enumerate(e.inputs) if x.dtype.kind == "f"]
    order = [e.number, *(i for i in floating if i != e.number)]
    arrays = [("x" if len(floating) == 1 else f"inputs[{i}]", e.inputs[i]) for i in order] + [("y", e.y)]
    found = []
    for name, array in arrays:
        try:
            found.append((name, np.broadcast_to(array, e.found.shape)))
        except ValueError:
            continue
    return found


def functions(name: str, v: np.ndarray) -> list[tuple[int, str, np.ndarray]]:
    """Simple functions of an array: how far each lies from the array itself, its name, its values."""
    sigmoid, tanh = 1 / (1 + np.exp(-v)), np.tanh(v)
    return [
        (0, name, v),
        (1, f"1 / {name}", 1 / v), (1, f"(1 - {name})", 1 - v), (1, f"|{name}|", np.abs(v)), (1, f"{name}^2", v * v),
        (2, f"(1 + {name})", 1 + v), (2, f"1 / {name}^2", 1 / (v * v)), (2, f"(1 - {name}^2)", 1 - v * v),
        (2, f"sqrt({name})", np.sqrt(v)), (2, f"1 / sqrt({name})", 1 / np.sqrt(v)), (2, f"[{name} > 0]", v > 0.0),
        (2, f"[{name} < 0]", v < 0.0), (2, f"[{name} != 0]", v != 0.0), (2, f"sign({name})", np.sign(v)),
        (3, f"(1 + {name}^2)", 1 + v * v), (3, f"(1 - |{name}|)", 1 - np.abs(v)), (3, f"e^{name}", np.exp(v)),
        (3, f"e^-{name}", np.exp(-v)), (3, f"log {name}", np.log(v)),
        (4, f"log |{name}|", np.log(np.abs(v))), (3, f"{name}^3", v**3),
        (3, f"1 / |{name}|", 1 / np.abs(v)),
        (4, f"sigmoid({name})", sigmoid), (4, f"tanh({name})", tanh), (4, f"(1 - sigmoid({name}))", 1 - sigmoid),
        (4, f"(1 - tanh({name})^2)", 1 - tanh * tanh), (4, f"1 / (1 + {name})", 1 / (1 + v)),
        (4, f"1 / (1 - {name})", 1 / (1 - v)), (4, f"1 / (1 + e^{name})", 1 / (1 + np.exp(v))),
        (6, f"sigmoid({name}) (1 - sigmoid({name}))", sigmoid * (1 - sigmoid)),
        (5, f"cos({name})", np.cos(v)), (5, f"sin({name})", np.sin(v)), (5, f"1 / (1 + {name}^2)", 1 / (1 + v * v)),
        (5, f"1 / sqrt(1 - {name}^2)", 1 / np.sqrt(1 - v * v)), (5, f"1 / (1 - {name}^2)", 1 / (1 - v * v)),
        (5, f"log(1 + {name})", np.log1p(v)), (5, f"1 / sqrt(1 + {name}^2)", 1 / np.sqrt(1 + v * v)),
    ]  # fmt: skip


class Formulas:
    """All simple functions of all arrays at the places that are given, as the rows of a table."""

    def __init__(self, e: Evidence, given: np.ndarray) -> None:
        self.noise = e.noise
        rows: list[tuple[int, str, np.ndarray]] = [(-1, "1", np.ones(int(given.sum())))]
        with np.errstate(all="ignore"):
            for name, array in reversed(_names(e)):  # y first: 1 - y^2, not 1 - tanh(x)^2
                rows += functions(name, array[given])
        rows = [row for row in rows if np.isfinite(row[2]).all()]
        self.costs = np.array([cost for cost, _, _ in rows])
        self.names = [name for _, name, _ in rows]
        self.table = np.array([values for _, _, values in rows], float)
        self.numbers = {c: f"{name} * " for name, c in e.constants.items() if 1 / 64 < abs(c) < 64} | NUMBERS

    def match(self, gradient: np.ndarray, factor: np.ndarray) -> str:
        """The simplest function, or product of two, with which `factor` gives `gradient`; "" where there is none."""
        if np.abs(gradient).max() <= self.noise:
            return "0"
        best, text = np.inf, ""
        at = int(np.argmax(np.abs(gradient)))
        for first, row in enumerate(self.table):
            if self.costs[first] + 0.0 >= best:
                continue
            candidates = row * self.table[first:] * factor
            with np.errstate(all="ignore"):
                scale = gradient[at] / candidates[:, at]
                fits = np.abs(candidates * scale[:, None] - gradient) <= self.noise + 1e-5 * np.abs(gradient)
            for second in np.flatnonzero(fits.all(axis=1)) + first:
                number = float(scale[second - first])
                known = next((name for n, name in self.numbers.items() if abs(abs(number) / n - 1) < 1e-5), None)
                if known is None and not 1 / 64 < abs(number) < 64:
                    continue  # nobody writes that: it fits by chance
                cost = self.costs[first] + self.costs[second] + (0 if known == "" else 1.5 if known is not None else 4)
                cost = -1 if first == second == 0 else cost  # a number alone
                if cost < best:
                    best, text = cost, self._text(number, known, first, int(second))
        return text

    def _text(self, number: float, known: str | None, first: int, second: int) -> str:
        parts = [self.names[i] for i in (first, second) if self.names[i] != "1"]
        product = (" * " if any("/" in part for part in parts) else " ").join(parts).replace(" * 1 / ", " / ")
        sign = "-" if number < 0 else ""
        size = f"{abs(number):.4g} " if known is None else known
        if size.startswith("1/") and product.startswith("1 / "):
            return f"{sign}1 / ({size[2:]}{product[4:]})"  # 1 / (2 y), not 1/2 1 / y
        return f"{sign}{(size + product).rstrip(' *') or '1'}"
