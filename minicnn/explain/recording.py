"""What every operation computed: no graph keeps it, so it is noted while the network runs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from minicnn.backend import Array
from minicnn.function import Function
from minicnn.tensor import Tensor


@contextlib.contextmanager
def recording() -> Iterator[dict[Function, Array]]:
    """Inside `with`, note a copy of the result of every operation, in the order in which they run.

    A copy, since an operation in place (ReLU behind batch norm) overwrites it. Nothing of that costs anything outside:
    Function has no place for it, its `__call__` is exchanged while the context lasts, for all threads.
    """
    results: dict[Function, Array] = {}
    call = Function.__call__

    def noted(function: Function, *inputs: Any) -> Tensor:
        y = call(function, *inputs)
        results[function] = y.data.copy()
        return y

    Function.__call__ = noted  # type: ignore[method-assign, assignment]
    try:
        yield results
    finally:
        Function.__call__ = call  # type: ignore[method-assign]
