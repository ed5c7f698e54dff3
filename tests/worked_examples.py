"""What the tests of worked examples share: an example is made, its text is read, and the library is broken for it."""

import functools

import numpy as np

import minicnn as mc
from minicnn.explain.document import Agreement, Beside, Numbers, Trace

WIDTH = 80


def example(what, *inputs, **arguments):
    """The explanation, whose text fits the terminal."""
    explanation = mc.explain(what, *inputs, **arguments)
    wide = [line for line in str(explanation).split("\n") if len(line) > WIDTH]
    assert not wide
    return explanation


def items(explanation, kind):
    """All items of a kind, those in a Beside as well."""
    found = [item for section in explanation.sections for item in section.items]
    found += [part for item in found if isinstance(item, Beside) for part in item.parts]
    return [item for item in found if isinstance(item, kind)]


def array(explanation, name):
    """The numbers that are shown under this name, for the first time."""
    return next(item.array for item in items(explanation, Numbers) if item.name == name)


def trace(explanation, name):
    """(the value, the products of its terms), of the first of this name."""
    found, *_ = [item for item in items(explanation, Trace) if item.name == name]
    return found.value, [product for _, _, product in found.terms]


def compared(explanation):
    """What was found in several ways -> the names of these ways."""
    return {item.what: list(item.ways) for item in items(explanation, Agreement)}


def break_forward(monkeypatch, operation):
    """The last element of what it computes is off by a thousandth."""
    forward = operation.forward

    @functools.wraps(forward)
    def wrong(self, *inputs):
        y = np.array(forward(self, *inputs))
        y[(-1,) * y.ndim] += 1e-3
        return y

    monkeypatch.setattr(operation, "forward", wrong)


def break_backward(monkeypatch, operation, which=0):
    """The last element of the gradient of one of its inputs is off by a thousandth."""
    backward = operation.backward

    def wrong(self, grad_y):
        found = backward(self, grad_y)
        grads = list(found) if isinstance(found, tuple) else [found]
        grads[which] = np.array(grads[which])
        grads[which][(-1,) * grads[which].ndim] += 1e-3
        return tuple(grads)

    monkeypatch.setattr(operation, "backward", wrong)
