"""Operations that are right where differences look, and wrong behind one's back: each is found, and named."""

import numpy as np
import pytest

import minicnn.functional as F
from minicnn import GradCheckError, Tensor, backend, gradcheck
from minicnn.function import Function
from minicnn.functional.activation import ReLU, Tanh
from minicnn.functional.basic import Mul
from minicnn.functional.layout import channels_last, channels_second
from minicnn.functional.linear import Linear
from minicnn.functional.pooling import MaxPool2d, slide_max, slide_max_backward


def leaf(*shape, seed=0):
    return Tensor(np.random.default_rng(seed).standard_normal(shape), requires_grad=True)


class Square(Function):
    """y = x^2, right; the classes below break it."""

    def forward(self, x):
        self.x = x
        return x * x

    def backward(self, grad_y):
        return 2 * self.x * grad_y


class Greedy(Square):
    def backward(self, grad_y):
        grad_y *= 2
        return self.x * grad_y


class SharedResult(Square):
    """All instances write their gradients into the same memory."""

    result = np.zeros(3)

    def backward(self, grad_y):
        return np.multiply(2 * self.x, grad_y, out=self.result)


class UsesUpColumns(Square):
    """`columns` is a copy of grad_y, but for a grad_y in Fortran order, where it is a view."""

    def backward(self, grad_y):
        columns = grad_y.T.reshape(-1)
        columns *= 2
        return self.x * columns.reshape(grad_y.T.shape).T


class ReLUOverwrites(ReLU):
    """Not told to work in place, and it does."""

    def forward(self, x):
        self.y = np.maximum(x, 0, out=x)
        return self.y.copy()


class Rescales(Linear):
    def forward(self, x, weight, bias=None):
        weight /= abs(weight).max()
        return super().forward(x, weight, bias)


class Shifts(Square):
    def forward(self, x):
        x += 1e-3
        return super().forward(x)


class Decaying(Function):
    """The constant that it was made with is another one after backward."""

    def __init__(self, scale):
        self.scale = scale

    def forward(self, x):
        self.x = x
        return self.scale * x

    def backward(self, grad_y):
        grad_x = self.scale * grad_y
        self.scale *= 0.9
        return grad_x


class ChangesOtherInput(Mul):
    def backward(self, grad_y):
        gradients = super().backward(grad_y)
        self.b[...] = 0
        return gradients


class UsesUpItsList(Function):
    def forward(self, x):
        self.kept = [x.copy()]
        return x * x

    def backward(self, grad_y):
        self.kept[0] *= 2 * grad_y
        return self.kept[0].copy()


class Pops(Function):
    def forward(self, x):
        self.kept = [x]
        return x * x

    def backward(self, grad_y):
        return 2 * self.kept.pop() * grad_y


class SharedWorkspace(Function):
    kept: dict = {}

    def forward(self, x):
        self.kept["x"] = x.copy()
        return x * x

    def backward(self, grad_y):
        return 2 * self.kept["x"] * grad_y


class AllOrNothing(Linear):
    def backward(self, grad_y):
        grad_x, grad_weight, grad_bias = super().backward(grad_y)
        factor = 1 if all(self.needs_input_grad) else 2
        return factor * grad_x if self.needs_input_grad[0] else None, grad_weight, grad_bias


class OnlyRetained(Square):
    def backward(self, grad_y):
        return (2 if self.retain_graph else 1) * self.x * grad_y


class Clips(Square):
    def backward(self, grad_y):
        return 2 * self.x * np.clip(grad_y, -3, 3)


class DropsSmall(Square):
    def backward(self, grad_y):
        return 2 * self.x * grad_y * (abs(grad_y) > 1e-4)


class UsesUpItsGradient(MaxPool2d):
    """MaxPool2d without its copy: where the gradient lies with the channels last, it is used up."""

    def backward(self, grad_y):
        x, y, grad_y = channels_last(self.x), channels_last(self.y), channels_last(grad_y)
        row_maxima = np.empty((*x.shape[:2], *y.shape[2:]))
        slide_max(x, row_maxima, self.windows.columns)
        grad_row_maxima, grad_x = np.zeros_like(row_maxima), np.zeros_like(x)
        slide_max_backward(grad_y, y, grad_row_maxima, row_maxima, self.windows.rows)
        slide_max_backward(grad_row_maxima, row_maxima, grad_x, x, self.windows.columns)
        return channels_second(grad_x)


BROKEN = {
    "grad_y doubled in place, behind an addition": (
        lambda a, b: (b + Greedy()(a)).exp(), [(3,), (3,)], "backward of greedy changed the gradient it was given"),
    "grad_y doubled in place, before another": (
        lambda x: Greedy()(x).exp(), [(3,)], "backward of greedy changed the gradient it was given"),
    "forward overwrites its input": (
        lambda x: ReLUOverwrites(False)(x), [(3, 4)], "forward of reluoverwrites changed inputs[0]"),
    "forward overwrites what another has made": (
        lambda x: ReLUOverwrites(False)(x * 2), [(3, 4)],
        "forward of reluoverwrites changed its input 0, shape (3, 4)"),
    "forward rescales its weight": (
        lambda x, w: Rescales()(x, w, None), [(4, 3), (2, 3)], "forward of rescales changed inputs[1]"),
    "forward shifts its input": (lambda x: Shifts()(x), [(3,)], "forward of shifts changed inputs[0]"),
    "a constant changed in backward": (
        lambda x: Decaying(np.full(3, 2.0))(x), [(3,)], "backward of decaying changed scale that it was made with"),
    "a constant in a Tensor changed in backward": (
        lambda x: Decaying(np.full(3, 2.0))(Tanh()(x)), [(3,)], "backward of decaying changed scale"),
    "another input changed in backward": (
        lambda x: ChangesOtherInput()(x, Tensor(np.full(3, 2.0))), [(3,)],
        "backward of changesotherinput changed its input 1, shape (3,)"),
    "what was kept in a list used up": (
        lambda x: UsesUpItsList()(x), [(3,)], "a second backward of usesupitslist differs from its first"),
    "what was kept in a list popped": (lambda x: Pops()(x), [(3,)], "a second backward of pops"),
    "a workspace shared by all instances": (
        lambda x: SharedWorkspace()(x), [(3,)],
        "backward of sharedworkspace is wrong after another instance was called"),
    "a result shared by all instances": (
        lambda x: SharedResult()(x), [(3,)],
        "the gradient of sharedresult changes with the backward of another instance"),
    "a gradient used up where it is in Fortran order": (
        lambda x: UsesUpColumns()(x), [(3, 4)],
        "backward of usesupcolumns changed the gradient it was given, where that is in Fortran order"),
    "right where all inputs need a gradient": (
        lambda x, w, b: AllOrNothing()(x, w, b), [(4, 3), (2, 3), (2,)],
        "the gradient of inputs[0] is right only where others need one, too"),
    "right with retain_graph": (lambda x: OnlyRetained()(x), [(3,)], "is right with retain_graph=True only"),
    "clipped": (lambda x: Clips()(x), [(3,)], "backward of clips is not linear in the gradient that it is given"),
    "clipped in the middle": (lambda x: Clips()(x * 0.1).exp(), [(3,)], "backward of clips is not linear"),
    "small ones dropped": (lambda x: DropsSmall()(x), [(3,)], "backward of dropssmall is not linear"),
    "gradient used up where the channels are last": (
        lambda x: UsesUpItsGradient(2, 2, 0, False)(x), [(2, 2, 4, 4)],
        "backward of usesupitsgradient changed the gradient it was given, where that is channels last"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_wrong_behind_ones_back_is_found(name):
    fn, shapes, message = BROKEN[name]
    with pytest.raises(GradCheckError) as error:
        gradcheck(fn, [leaf(*shape, seed=seed) for seed, shape in enumerate(shapes)])
    assert message in str(error.value)


def test_an_operation_that_changes_grad_y_is_named_not_the_others():
    for position in range(3):
        operations = [Square, Square, Square]
        operations[position] = Greedy
        a, b, c = operations
        with pytest.raises(GradCheckError, match="^gradcheck: backward of greedy changed the gradient it was given"):
            gradcheck(lambda x, a=a, b=b, c=c: a()(b()(x) + c()(x)), leaf(3))


@pytest.mark.parametrize("fn", [lambda x: x + (x * x + x * x), lambda a, b: (F.tanh(a) + b) + b])
def test_gradients_added_up_in_place_are_not_blamed_on_an_operation(fn, monkeypatch):
    """The walk back adds what arrives second to what arrived first, which others have got as well."""

    def add_in_place(a, b, out=None):
        a.setflags(write=True)
        a += b
        return a

    monkeypatch.setattr(backend, "add", add_in_place)
    with pytest.raises(GradCheckError, match=r"no operation does: .* the sum of what arrives is written into"):
        gradcheck(fn, [leaf(3, seed=seed) for seed in range(fn.__code__.co_argcount)])


@pytest.mark.parametrize(
    "fn",
    [
        lambda x: F.relu(x * 2, inplace=True),
        lambda x: F.relu((x * 2).reshape(2, 8), inplace=True) * 3,
        lambda x: F.max_pool2d(x, 2) + F.avg_pool2d(x, 2),
        lambda x: (x * x) * (x * x),
        lambda x: (x * 2, x.exp()),
    ],
)
def test_what_is_right_is_not_blamed(fn):
    assert gradcheck(fn, leaf(1, 1, 4, 4))


def test_what_an_operation_was_made_with_may_change_in_forward():
    """As batch norm's running mean does."""

    class Counts(Square):
        def __init__(self, total):
            self.total = total

        def forward(self, x):
            self.total += x.sum()
            return super().forward(x)

    assert gradcheck(lambda x: Counts(np.zeros(1))(x), leaf(3))


def test_the_functions_are_as_before_afterwards():
    call = Function.__call__
    gradcheck(F.tanh, leaf(3))
    with pytest.raises(GradCheckError):
        gradcheck(lambda x: Shifts()(x), leaf(3))
    assert Function.__call__ is call
