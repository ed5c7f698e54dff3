"""What there is to find out why a gradient is wrong: computed from the function, for the diagnosis to look at."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from minicnn import backend
from minicnn.backend import Array
from minicnn.function import Function
from minicnn.gradcheck.diagnosis import Evidence
from minicnn.gradcheck.differences import Differences
from minicnn.tensor import Tensor, no_grad, outputs_first


def evidence(check: Differences, i: int, found: np.ndarray, expected: np.ndarray, wrong: np.ndarray) -> Evidence:
    """All about the gradient of inputs[i]; the costly parts only when asked for."""
    outputs, error = check.outputs(), np.abs(found - expected)

    def others() -> dict[int, np.ndarray]:
        alike = [j for j, t in enumerate(check.tensors) if t.requires_grad and t.shape == found.shape and j != i]
        return {j: check.central(j) for j in alike}

    def with_changed(j: int, array: np.ndarray) -> np.ndarray:
        data = check.tensors[j].data
        check.tensors[j].data = backend.module_of(data).asarray(array)
        try:
            return check.central(i)
        finally:
            check.tensors[j].data = data

    def on_host(arrays: list[Array]) -> list[np.ndarray]:
        return [backend.to_device(array, "cpu") for array in arrays]

    wrong = wrong | (error > 0.02 * error.max(initial=0))  # also where it is off by less than the tolerance
    return Evidence(
        found=np.asarray(found),  # arrays also where NumPy has made a number of one without axes
        expected=np.asarray(expected),
        wrong=np.asarray(wrong),
        number=i,
        inputs=on_host([t.data for t in check.tensors]),
        outputs=on_host([y.data for y in outputs]),
        cotangents=on_host(check.cotangents),
        constants=constants(outputs),
        others=functools.cache(others),
        derivatives=functools.cache(lambda: derivatives(check, i)),
        with_changed=with_changed,
        walk=lambda combine: walk(check, i, outputs, combine),
    )


def derivatives(check: Differences, i: int) -> np.ndarray | None:
    """dy[j]/dx[i] of the only output for x = inputs[i], (x.size, y.size); None where too large or not finite."""
    shape = check.tensors[i].shape
    if len(check.cotangents) != 1 or check.tensors[i].data.size * check.cotangents[0].size > 4_000_000:
        return None
    rows = np.empty((check.tensors[i].data.size, check.cotangents[0].size))
    with no_grad():
        for row, index in zip(rows, np.ndindex(shape), strict=True):
            move, step = check.along_element(i, index).move, float(check.steps[i][index])
            below, under = move(-step), check.outputs()[0].data.copy()  # a view of x moves with it
            above, over = move(step), check.outputs()[0].data.copy()
            move(0)
            row[:] = backend.to_device((over - under) / (above - below), "cpu").ravel()
    if not np.isfinite(rows).all():
        return None  # a step led out of where the function is defined
    rows[np.abs(rows) < 1e-7 * np.abs(rows).max(initial=0)] = 0  # rounding, where y[j] does not depend on x[i]
    return rows


def walk(check: Differences, i: int, outputs: list[Tensor], combine: Callable[[Array, Array], Array]) -> np.ndarray:
    """The gradient of inputs[i] where `combine` puts together what arrives from several uses of a tensor."""
    arrived: dict[Any, Array] = {y.edge: g for y, g in zip(outputs, check.cotangents, strict=True)}
    for function in outputs_first([y.creator for y in outputs if y.creator is not None]):
        for edge, grad_x in zip(function.edges, function.gradients(arrived[function].copy()), strict=True):
            if edge is not None:
                arrived[edge] = combine(arrived[edge], grad_x) if edge in arrived else grad_x
    return backend.to_device(arrived[check.tensors[i]], "cpu")


def constants(outputs: list[Tensor]) -> dict[str, float]:
    """The numbers that the operations of the graph were made with, like {"p of dropout": 0.5}."""
    functions: Iterator[Function] = outputs_first([y.creator for y in outputs if y.creator is not None])
    return {
        f"{name} of {function.name}": float(value)
        for function in functions
        for name, value in vars(function).items()
        if type(value) in (int, float)  # a NumPy number is a result, not an option
    }
