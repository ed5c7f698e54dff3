"""Activations: relu, sigmoid, tanh, softmax, log_softmax."""

from __future__ import annotations

from minicnn import backend
from minicnn.function import Function
from minicnn.functional import checks
from minicnn.tensor import Tensor, grad_enabled


class ReLU(Function):
    """y = max(x, 0):  grad_x = grad_y where y > 0, else 0 (so 0 at the kink, as in PyTorch).

    With `inplace` y overwrites x, which saves the memory. That works where nothing else needs the old numbers: after an
    operation that keeps its output for backward it is an error. A convolution keeps its input, so convolution + ReLU
    is safe.
    """

    def __init__(self, inplace: bool):
        self.inplace = inplace

    def forward(self, x):
        xp = backend.module_of(x)
        y = x if self.inplace else xp.empty_like(x)

        def rectify(rows):
            some = y[rows]  # one name for both where they are one array: CuPy would copy an input that overlaps
            # max(x, 0): NumPy's maximum takes several times longer for an array and a number.
            xp.clip(some if self.inplace else x[rows], 0, xp.inf, out=some)

        backend.for_each_row_block(rectify, x)
        self.y = y
        return y

    def backward(self, grad_y):
        xp, y = backend.module_of(grad_y), self.y
        grad_x = xp.empty_like(grad_y)

        def pass_where_positive(rows):
            xp.multiply(grad_y[rows], y[rows] > 0, out=grad_x[rows])

        backend.for_each_row_block(pass_where_positive, y)
        return grad_x


class Sigmoid(Function):
    """y = 1 / (1 + e^-x):  grad_x = grad_y y (1 - y).

    Computed as (1 + tanh(x/2)) / 2, which is the same and cannot overflow.
    """

    def forward(self, x):
        self.y = 0.5 * backend.module_of(x).tanh(0.5 * x) + 0.5
        return self.y

    def backward(self, grad_y):
        return grad_y * self.y * (1 - self.y)


class Tanh(Function):
    """y = tanh x:  grad_x = grad_y (1 - y^2)."""

    def forward(self, x):
        self.y = backend.module_of(x).tanh(x)
        return self.y

    def backward(self, grad_y):
        return grad_y * (1 - self.y * self.y)


class Softmax(Function):
    """y_i = e^x_i / sum over j of e^x_j, along one axis. Subtracting the largest x first changes nothing but overflow.

    dy_i/dx_j = y_i ([i = j] - y_j), so  grad_x = y (grad_y - sum over j of grad_y_j y_j).
    """

    def __init__(self, axis: int):
        self.axis = axis

    def forward(self, x):
        xp, axis = backend.module_of(x), checks.axis_of("softmax", self.axis, x)
        e = xp.exp(x - x.max(axis=axis, keepdims=True))
        self.y = e / e.sum(axis=axis, keepdims=True)
        return self.y

    def backward(self, grad_y):
        return self.y * (grad_y - (grad_y * self.y).sum(axis=self.axis, keepdims=True))


class LogSoftmax(Function):
    """y_i = x_i - log(sum over j of e^x_j), along one axis:  grad_x = grad_y - softmax(x) sum over j of grad_y_j."""

    name = "log_softmax"

    def __init__(self, axis: int):
        self.axis = axis

    def forward(self, x):
        xp, axis = backend.module_of(x), checks.axis_of("log_softmax", self.axis, x)
        shifted = x - x.max(axis=axis, keepdims=True)
        self.y = shifted - xp.log(xp.exp(shifted).sum(axis=axis, keepdims=True))
        return self.y

    def backward(self, grad_y):
        softmax = backend.module_of(grad_y).exp(self.y)
        return grad_y - softmax * grad_y.sum(axis=self.axis, keepdims=True)


def relu(x: Tensor, inplace: bool = False) -> Tensor:
    """max(x, 0), element by element. With `inplace` it is x itself that is changed, and returned.

    x has the history of the result from then on. RuntimeError for a leaf that requires a gradient, or a view of one.
    """
    if not inplace:
        return ReLU(inplace=False)(x)
    if checks.tensor("relu", "x", x).requires_grad and grad_enabled():
        x.check_in_place("relu with inplace=True")
    return x.become(ReLU(inplace=True)(x))


def sigmoid(x: Tensor) -> Tensor:
    """1 / (1 + e^-x), element by element."""
    return Sigmoid()(x)


def tanh(x: Tensor) -> Tensor:
    """The hyperbolic tangent, element by element."""
    return Tanh()(x)


def softmax(x: Tensor, axis: int) -> Tensor:
    """Positive numbers that add up to 1 along `axis`; any shape."""
    return Softmax(axis)(x)


def log_softmax(x: Tensor, axis: int) -> Tensor:
    """The logarithm of softmax, exact where softmax itself would round to 0; any shape."""
    return LogSoftmax(axis)(x)
