"""NumPy's functions on a Tensor: the right result with its graph, or a sentence that says what to write instead.

NumPy asks `__array_ufunc__` before it computes np.exp(t) or array + t, and `__array_function__` before np.mean(t). Left
to itself it would take the tensor for an array, and the gradient would be lost without a word.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from minicnn.functional import activation, basic, comparison, linear
from minicnn.tensor import Tensor, grad_enabled

OURS: dict[Any, Callable[..., Any]] = {  # the ufuncs that are operations of ours
    np.add: basic.add, np.subtract: basic.sub, np.multiply: basic.mul, np.true_divide: basic.div, np.power: basic.pow,
    np.matmul: linear.matmul, np.negative: basic.neg, np.exp: basic.exp, np.log: basic.log, np.sqrt: basic.sqrt,
    np.tanh: activation.tanh,
    np.equal: comparison.eq, np.not_equal: comparison.ne, np.less: comparison.lt, np.less_equal: comparison.le,
    np.greater: comparison.gt, np.greater_equal: comparison.ge,
}  # fmt: skip

LOSE_NOTHING = {  # functions whose result has no gradient
    "isfinite", "isnan", "isinf", "sign", "signbit", "floor", "ceil", "rint", "trunc", "logical_and", "logical_or",
    "logical_not", "logical_xor", "allclose", "array_equal", "array_equiv", "isclose", "shape", "ndim", "size",
    "argmax", "argmin", "argsort", "argwhere", "count_nonzero", "nonzero", "flatnonzero", "all", "any", "result_type",
    "can_cast", "may_share_memory", "shares_memory", "zeros_like", "ones_like", "empty_like", "full_like",
    "broadcast_shapes", "array2string", "array_repr", "array_str", "iscomplexobj", "isrealobj",
}  # fmt: skip

WRITE = {  # what to write in place of what loses the gradient
    "sum": "t.sum()", "mean": "t.mean()", "max": "t.max()", "amax": "t.max()", "reshape": "t.reshape(...)",
    "ravel": "t.reshape(-1)", "transpose": "t.transpose(...)", "swapaxes": "t.transpose(a, b)",
    "concatenate": "F.concat([t, u], axis=0)", "stack": "F.concat([t, u]) of reshaped tensors",
    "vstack": "F.concat([t, u], axis=0)", "hstack": "F.concat([t, u], axis=1)", "dot": "t @ u", "inner": "t @ u.T",
    "tensordot": "t @ u of reshaped tensors", "einsum": "t @ u of reshaped tensors", "square": "t * t",
    "reciprocal": "1 / t", "maximum": "F.relu(t - u) + u", "copy": "t * 1",
}  # fmt: skip


def array_ufunc(self: Tensor, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = (), **options: Any) -> Any:
    """array + t, np.exp(t), and all other ufuncs of NumPy."""
    if out:
        raise TypeError(
            f"np.{ufunc.__name__}: a Tensor's result cannot be written to an array (`array += t`, out=...), which has "
            "no gradient; write array = array + t, or array += t.data where no gradient is wanted"
        )
    if ufunc in OURS and method == "__call__" and not options:
        return OURS[ufunc](*inputs)
    refuse_where_a_gradient_is_lost(ufunc.__name__, inputs)
    return getattr(ufunc, method)(*plain(inputs), **plain(options))


def array_function(self: Tensor, function: Callable[..., Any], types: Any, args: Any, kwargs: Any) -> Any:
    """np.mean(t), np.concatenate([t, t]), and all other functions of NumPy: on the bare arrays."""
    refuse_where_a_gradient_is_lost(function.__name__, (args, kwargs))
    return function(*plain(args), **plain(kwargs))


def refuse_where_a_gradient_is_lost(name: str, arguments: Any) -> None:
    """TypeError for a function whose result should have a gradient, of a tensor that requires one."""
    if name not in LOSE_NOTHING and grad_enabled() and any(t.requires_grad for t in tensors_in(arguments)):
        instead = f"write {WRITE[name]}, or" if name in WRITE else "write it with the operations of Tensor and F, or"
        raise TypeError(
            f"np.{name}: NumPy's functions lose the gradient that a tensor requires; {instead} np.{name} of t.data "
            "where no gradient is wanted"
        )


def tensors_in(value: Any) -> Iterator[Tensor]:
    """The Tensors among arguments, also in lists, tuples and dicts of them."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, list | tuple | dict):
        parts: Iterable[Any] = value.values() if isinstance(value, dict) else value
        for part in parts:
            yield from tensors_in(part)


def plain(value: Any) -> Any:
    """The arguments with arrays in the place of Tensors."""
    if isinstance(value, Tensor):
        return value.data
    if isinstance(value, dict):
        return {name: plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(plain, value))
    return value


def attach_protocol() -> None:
    """Give Tensor the two methods that NumPy asks (tensor.py comes before this file)."""
    setattr(Tensor, "__array_ufunc__", array_ufunc)  # noqa: B010 - mypy refuses assignments to methods
    setattr(Tensor, "__array_function__", array_function)  # noqa: B010


attach_protocol()
