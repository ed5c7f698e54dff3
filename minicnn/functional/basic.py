"""Arithmetic and reductions: + - * / **, neg, exp, log, sqrt, sum, mean, max, with NumPy's broadcasting."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn import backend
from minicnn.backend import Array
from minicnn.function import Function
from minicnn.functional import checks
from minicnn.tensor import Tensor

Operand = Tensor | Array | int | float
Axes = int | tuple[int, ...] | None


def unbroadcast(gradient: Array, shape: tuple[int, ...]) -> Array:
    """The adjoint of broadcasting: add up what was copied.

    Broadcasting uses one element of an input in many places of the output; its gradient is the sum over these places.
    gradient (..., D1, D2) -> an array of `shape`.
    """
    added = gradient.ndim - len(shape)
    stretched = [i + added for i, size in enumerate(shape) if size == 1 and gradient.shape[i + added] != 1]
    if added or stretched:
        gradient = gradient.sum(axis=(*range(added), *stretched), keepdims=True)
    return gradient.reshape(shape)


class Add(Function):
    """y = a + b."""

    integers_allowed = numbers_allowed = True

    def forward(self, a, b):
        self.shapes = shapes_together("add", a, b)
        return a + b

    def backward(self, grad_y):
        a_shape, b_shape = self.shapes
        grad_a = unbroadcast(grad_y, a_shape) if self.needs_input_grad[0] else None
        grad_b = unbroadcast(grad_y, b_shape) if self.needs_input_grad[1] else None
        return grad_a, grad_b


class Sub(Function):
    """y = a - b."""

    integers_allowed = numbers_allowed = True

    def forward(self, a, b):
        self.shapes = shapes_together("sub", a, b)
        return a - b

    def backward(self, grad_y):
        a_shape, b_shape = self.shapes
        grad_a = unbroadcast(grad_y, a_shape) if self.needs_input_grad[0] else None
        grad_b = unbroadcast(-grad_y, b_shape) if self.needs_input_grad[1] else None
        return grad_a, grad_b


class Mul(Function):
    """y = a b:  grad_a = grad_y b,  grad_b = grad_y a."""

    integers_allowed = numbers_allowed = True

    def forward(self, a, b):
        self.shapes = shapes_together("mul", a, b)
        # Only what backward will ask for: the other may be changed in place.
        self.a, self.b = a if self.needs_input_grad[1] else None, b if self.needs_input_grad[0] else None
        return a * b

    def backward(self, grad_y):
        a_shape, b_shape = self.shapes
        grad_a = unbroadcast(grad_y * self.b, a_shape) if self.needs_input_grad[0] else None
        grad_b = unbroadcast(grad_y * self.a, b_shape) if self.needs_input_grad[1] else None
        return grad_a, grad_b


class Div(Function):
    """y = a / b:  grad_a = grad_y / b,  grad_b = -grad_y y / b, where y is divided again rather than kept."""

    numbers_allowed = True

    def forward(self, a, b):
        self.b, self.shapes = b, shapes_together("div", a, b)
        self.a = a if self.needs_input_grad[1] else None
        return a / b

    def backward(self, grad_y):
        a_shape, b_shape = self.shapes
        grad_a = unbroadcast(grad_y / self.b, a_shape) if self.needs_input_grad[0] else None
        grad_b = unbroadcast(-grad_y * (self.a / self.b) / self.b, b_shape) if self.needs_input_grad[1] else None
        return grad_a, grad_b


class Pow(Function):
    """y = a^b:  grad_a = grad_y b a^(b-1),  grad_b = grad_y a^b log a.

    Where the formulas say 0 times infinity the gradient is 0, as in PyTorch: grad_a where b = 0, and grad_b where a = 0
    and b >= 0.
    """

    numbers_allowed = True

    def forward(self, a, b):
        self.a, self.b, self.shapes = a, b, shapes_together("pow", a, b)
        y = a**b
        self.y = y if self.needs_input_grad[1] else None
        return y

    def backward(self, grad_y):
        xp, a, b = backend.module_of(grad_y), self.a, self.b
        a_shape, b_shape = self.shapes
        grad_a = grad_b = None
        if self.needs_input_grad[0]:
            safe_b = xp.where(b == 0, 1, b) if backend.is_array(b) else b or 1
            grad_a = unbroadcast(grad_y * b * a ** (safe_b - 1), a_shape)
        if self.needs_input_grad[1]:
            defined = xp.logical_or(xp.asarray(a) != 0, b < 0)
            log_a = xp.log(xp.where(defined, a, 1)).astype(grad_y.dtype, copy=False)
            grad_b = unbroadcast(grad_y * self.y * log_a, b_shape)
        return grad_a, grad_b


class Neg(Function):
    """y = -x."""

    integers_allowed = True

    def forward(self, x):
        return -x

    def backward(self, grad_y):
        return -grad_y


class Exp(Function):
    """y = e^x, its own derivative:  grad_x = grad_y y."""

    def forward(self, x):
        self.y = backend.module_of(x).exp(x)
        return self.y

    def backward(self, grad_y):
        return grad_y * self.y


class Log(Function):
    """y = log x (natural):  grad_x = grad_y / x."""

    def forward(self, x):
        self.x = x
        return backend.module_of(x).log(x)

    def backward(self, grad_y):
        return grad_y / self.x


class Sqrt(Function):
    """y = x^(1/2):  grad_x = grad_y / (2 y)."""

    def forward(self, x):
        self.y = backend.module_of(x).sqrt(x)
        return self.y

    def backward(self, grad_y):
        return grad_y / (2 * self.y)


class Sum(Function):
    """y = sum of x over the axes: every x counts once, so grad_x is grad_y copied along them."""

    integers_allowed = True

    def __init__(self, axis: Axes, keepdims: bool):
        self.axis, self.keepdims = axis, keepdims

    def forward(self, x):
        self.axes, self.x_shape = checks.axes(self.name, self.axis, x.ndim), x.shape
        return backend.module_of(x).asarray(x.sum(axis=self.axes, keepdims=self.keepdims))

    def backward(self, grad_y):
        xp = backend.module_of(grad_y)
        return xp.broadcast_to(with_reduced_axes(grad_y, self.x_shape, self.axes), self.x_shape).copy()


class Mean(Function):
    """y = mean of x over the axes: the sum divided by the number of elements, and so is its gradient."""

    def __init__(self, axis: Axes, keepdims: bool):
        self.axis, self.keepdims = axis, keepdims

    def forward(self, x):
        self.axes, self.x_shape = checks.axes(self.name, self.axis, x.ndim), x.shape
        return backend.module_of(x).asarray(x.mean(axis=self.axes, keepdims=self.keepdims))

    def backward(self, grad_y):
        xp = backend.module_of(grad_y)
        count = 1
        for axis in self.axes:
            count *= self.x_shape[axis]
        return xp.broadcast_to(with_reduced_axes(grad_y / count, self.x_shape, self.axes), self.x_shape).copy()


class Max(Function):
    """y = largest x over the axes. Elements that tie share the gradient equally, as in torch.amax."""

    integers_allowed = True

    def __init__(self, axis: Axes, keepdims: bool):
        self.axis, self.keepdims = axis, keepdims

    def forward(self, x):
        self.axes = checks.axes(self.name, self.axis, x.ndim)
        if x.size == 0:
            raise ValueError(f"max: x has shape {x.shape}, expected at least one element")
        self.x, self.y = x, x.max(axis=self.axes, keepdims=True)
        return self.y.reshape(x.max(axis=self.axes, keepdims=self.keepdims).shape)

    def backward(self, grad_y):
        largest = (self.x == self.y).astype(grad_y.dtype)
        ties = largest.sum(axis=self.axes, keepdims=True)
        return largest * (with_reduced_axes(grad_y, self.x.shape, self.axes) / ties)


def with_reduced_axes(grad_y: Array, x_shape: tuple[int, ...], axes: tuple[int, ...]) -> Array:
    """The gradient of a reduction with the axes it lost back in place, each of length 1."""
    return grad_y.reshape([1 if i in axes else size for i, size in enumerate(x_shape)])


def shapes_together(operation: str, a: Any, b: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The two shapes; ValueError where they do not broadcast."""
    a_shape, b_shape = getattr(a, "shape", ()), getattr(b, "shape", ())
    try:
        np.broadcast_shapes(a_shape, b_shape)
    except ValueError:
        raise ValueError(f"{operation}: shapes {a_shape} and {b_shape} do not broadcast") from None
    return a_shape, b_shape


def operand(value: Any) -> Any:
    """What the other side of an operator may be: a Tensor, an array, or a number that takes the tensor's dtype."""
    if isinstance(value, np.generic):
        return value.item()
    return Tensor(value) if backend.is_array(value) else value


def operands(a: Any, b: Any) -> tuple[Any, Any]:
    """Both sides of an operator. Integers and bools, a mask say, take the other side's floating dtype, as in PyTorch.

    That of a Python float beside integers is float32. Two floating dtypes do not mix, which Function says.
    """
    a, b = operand(a), operand(b)
    float32 = np.dtype(np.float32)
    dtypes = (x.dtype if isinstance(x, Tensor) else float32 for x in (a, b) if isinstance(x, Tensor | float))
    floating = next((dtype for dtype in dtypes if dtype.kind == "f"), None)
    if floating is None:
        return a, b
    a, b = (Tensor(x.data.astype(floating)) if isinstance(x, Tensor) and x.dtype.kind != "f" else x for x in (a, b))
    return a, b


def add(a: Operand, b: Operand) -> Tensor:
    """a + b, element by element."""
    return Add()(*operands(a, b))


def sub(a: Operand, b: Operand) -> Tensor:
    """a - b, element by element."""
    return Sub()(*operands(a, b))


def mul(a: Operand, b: Operand) -> Tensor:
    """a * b, element by element."""
    return Mul()(*operands(a, b))


def div(a: Operand, b: Operand) -> Tensor:
    """a / b, element by element."""
    return Div()(*operands(a, b))


def pow(a: Operand, b: Operand) -> Tensor:
    """a to the power of b, element by element."""
    return Pow()(*operands(a, b))


def neg(x: Tensor) -> Tensor:
    """-x."""
    return Neg()(x)


def exp(x: Tensor) -> Tensor:
    """e to the power of x."""
    return Exp()(x)


def log(x: Tensor) -> Tensor:
    """The natural logarithm of x."""
    return Log()(x)


def sqrt(x: Tensor) -> Tensor:
    """The square root of x."""
    return Sqrt()(x)


def sum(x: Tensor, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """The sum of x over one axis, several, or all (None)."""
    return Sum(axis, keepdims)(x)


def mean(x: Tensor, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """The mean of x over one axis, several, or all (None)."""
    return Mean(axis, keepdims)(x)


def max(x: Tensor, axis: Axes = None, keepdims: bool = False) -> Tensor:
    """The largest element of x over one axis, several, or all (None); the values, without their indices."""
    return Max(axis, keepdims)(x)


def attach_operators() -> None:
    """Give Tensor its operators and methods. They are attached from here because tensor.py comes before this file."""
    for name, function in {"add": add, "sub": sub, "mul": mul, "truediv": div, "pow": pow}.items():
        setattr(Tensor, f"__{name}__", function)
        setattr(Tensor, f"__r{name}__", lambda b, a, function=function: function(a, b))
    setattr(Tensor, "__neg__", neg)  # noqa: B010 - mypy refuses assignments to methods
    for method in (exp, log, sqrt, sum, mean, max):
        setattr(Tensor, method.__name__, method)


attach_operators()
