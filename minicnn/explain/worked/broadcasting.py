"""broadcasting: an element that was used in several places gets the sum of their gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import minicnn.functional as F
from minicnn.explain.document import (
    Agreement,
    Beside,
    Explanation,
    Formula,
    Index,
    Item,
    Numbers,
    Prose,
    Section,
    Trace,
)
from minicnn.explain.worked import ways
from minicnn.explain.worked.window import named
from minicnn.tensor import Tensor

EXAMPLE: dict[str, Any] = {"a": np.array([[1, 2, 3], [4, 5, 6]]), "b": np.array([10, 2, -1])}


def used(shape, index):
    """The element of an array of this shape that stands at an index of y."""
    index = index[len(index) - len(shape) :]  # without the axes it lacks
    sizes = zip(shape, index, strict=True)
    return tuple(0 if n == 1 else i for n, i in sizes)


def loops(a, b, places):
    """y at these places."""
    y = []
    for index in places:
        of_a, of_b = used(a.shape, index), used(b.shape, index)
        y.append(a[of_a] * b[of_b])
    return np.array(y)


def fitting(given: dict[str, Any]) -> dict[str, Any]:
    """What fits the last axis of the learner's array, if one is given."""
    if "a" in given and "b" not in given:
        return {"b": np.resize(EXAMPLE["b"], np.shape(given["a"])[-1:])}
    if "b" in given and "a" not in given and np.shape(given["b"])[-1:] != (1,):
        return {"a": np.resize(EXAMPLE["a"], (2, *np.shape(given["b"])[-1:]))}
    return {}


def explanation(a, b, *, at=None, grad_y=None) -> Explanation:
    """Arguments as F.mul takes them, in shapes that fit together; at: the element of y that is traced; grad_y: the
    gradient that arrives at y."""
    arrays = {"a": ways.as_array("broadcasting", "a", a), "b": ways.as_array("broadcasting", "b", b)}
    y = F.mul(*map(Tensor, arrays.values())).data
    at, grad_y = ways.element("broadcasting", at, y.shape), ways.cotangent("broadcasting", grad_y, y.shape)
    places = ways.sample(y.shape, ways.MOST_LOOPS, at)
    at_a, at_b = (used(array.shape, at) for array in arrays.values())
    wide_a, wide_b = (np.broadcast_to(array, y.shape) for array in arrays.values())
    names = f"{named('a', *at_a)} * {named('b', *at_b)}"
    forward: list[Item] = [
        ways.code(used),
        ways.code(loops),
        Prose("Shapes are compared from the last axis on. An axis that is missing, or of size 1, is stretched to the "
              "size of the other's. Nothing is copied: one element is used in several places."),
        *(Beside((Numbers(name, array, (used(array.shape, at),)), "->",
                  Numbers(f"{name} stretched", np.broadcast_to(array, y.shape), positions(array.shape, at, y.shape))))
          for name, array in arrays.items() if array.shape != y.shape),
        Beside((Numbers("a", wide_a, (at,)), "*", Numbers("b", wide_b, (at,)), "=", Numbers("y", y, (at,)))),
        Trace(named("y", *at), y[at], ((names, (wide_a[at], wide_b[at]), wide_a[at] * wide_b[at]),)),
        Agreement("y" + ways.some(places, y), {"loops": loops(arrays["a"], arrays["b"], places),
                                               "F.mul": ways.at_places(y, places)}),
    ]  # fmt: skip
    return Explanation("broadcasting: many uses, one sum of gradients", [
        Section("The formula", [Formula((
            "y      = a * b", "grad_a = grad_y * b, summed over the axes along which a was stretched",
            "grad_b = grad_y * a, summed over the axes along which b was stretched", "",
            f"a {arrays['a'].shape}, b {arrays['b'].shape} -> y {y.shape}",
        ))]),
        Section("Forward", forward),
        Section("Backward: to a", backward("a", "b", arrays, grad_y, at)),
        Section("Backward: to b", backward("b", "a", arrays, grad_y, at)),
    ], {
        "y": lambda index: {name: [used(array.shape, index)] for name, array in arrays.items()},
        **{f"grad_{name}": sum_made_of(array.shape, y.shape) for name, array in arrays.items()
           if array.shape != y.shape},
    })  # fmt: skip


def positions(shape: Index, at: Index, y_shape: Index) -> tuple[Index, ...]:
    """All places of y that use the element that stands at `at`."""
    one, added = used(shape, at), len(y_shape) - len(shape)
    axes = [range(n) for n in y_shape[:added]]
    axes += [range(m) if n == 1 else range(i, i + 1) for n, m, i in zip(shape, y_shape[added:], one, strict=True)]
    return tuple(tuple(axis[i] for axis, i in zip(axes, index, strict=True)) for index in np.ndindex(*map(len, axes)))


def sum_made_of(shape: Index, y_shape: Index) -> Callable[[Index], dict[str, tuple[Index, ...]]]:
    return lambda index: {"of each use": positions(shape, index, y_shape)}


def backward(name: str, other: str, arrays: dict[str, np.ndarray], grad_y: np.ndarray, at: Index) -> list[Item]:
    """The gradient of one input: a gradient for each use, and their sum."""
    x, others, which = arrays[name], arrays[other], list(arrays).index(name)
    grad = ways.gradients(F.mul, list(arrays.values()), grad_y)[which]
    one, uses = used(x.shape, at), positions(x.shape, at, grad_y.shape)
    each = grad_y * others  # the gradient of every use
    added = grad_y.ndim - x.ndim
    axes = (*range(added), *(i + added for i, n in enumerate(x.shape) if n != grad_y.shape[i + added]))

    def forward_again() -> np.ndarray:
        """y of what is in the arrays now: by the loops, or by F.mul where those would take long."""
        if grad_y.size > ways.MOST_MOVED:
            return F.mul(*map(Tensor, arrays.values())).data
        return loops(arrays["a"], arrays["b"], np.ndindex(grad_y.shape)).reshape(grad_y.shape)

    def summed(gradient: np.ndarray) -> np.ndarray:
        return gradient.sum(axis=axes, keepdims=True).reshape(x.shape)

    items: list[Item] = [
        Prose(f"Every use of an element of {name} sends back grad_y * {other}. "
              + (f"{name} was stretched along axis {' and '.join(map(str, axes))} of y, so an element has several "
                 "uses, and its gradient is their sum." if axes else "There was one use of each, so that is all.")),
        Beside((Numbers("grad_y", grad_y, uses), "*", Numbers(other, np.broadcast_to(others, grad_y.shape), uses), "=",
                Numbers("of each use" if axes else f"grad_{name}", each, uses))),
        *([Numbers(f"grad_{name}", grad, (one,))] if axes else []),
        Trace(named(f"grad_{name}", *one), grad[one], tuple(
            (f"{named('grad_y', *i)} * {named(other, *used(others.shape, i))}",
             (grad_y[i], others[used(others.shape, i)]), each[i]) for i in uses)),
        *ways.gradient_agreements(f"grad_{name}", {"the sum": summed(each), "F.mul's backward": grad}, forward_again, x,
                                  grad_y),
    ]  # fmt: skip
    if axes:
        of_sum = ways.gradients(F.add, list(arrays.values()), grad_y)[which]
        items += [
            Prose("Of a + b the factor would be 1, and the gradient the plain sum of grad_y: so it is with a bias."),
            Numbers(f"grad_{name} of a + b", of_sum, (one,)),
            Agreement(f"grad_{name} of a + b", {"the sum": summed(grad_y), "F.add's backward": of_sum}),
        ]  # fmt: skip
    return items
