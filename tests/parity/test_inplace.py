"""Operations in place beside PyTorch's: what both compute is the same, and nothing is computed that PyTorch refuses."""

import types

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import assert_close, needs_torch, torch

import minicnn as mc
import minicnn.functional as F
from minicnn import nn

pytestmark = [pytest.mark.parity, needs_torch]

OURS = types.SimpleNamespace(
    tensor=lambda array, requires_grad: mc.Tensor(array.copy(), requires_grad),
    relu=F.relu, relu_=lambda x: F.relu(x, inplace=True), tanh=F.tanh, no_grad=mc.no_grad, nn=nn, flatten=F.flatten,
)  # fmt: skip


def theirs():
    return types.SimpleNamespace(
        tensor=lambda array, requires_grad: torch.tensor(array, requires_grad=requires_grad),
        relu=torch.relu, relu_=torch.relu_, tanh=torch.tanh, no_grad=torch.no_grad, nn=torch.nn,
        flatten=lambda x: torch.flatten(x, 1),
    )  # fmt: skip


# ---- programs that both must run ------------------------------------------------------------------------------------


def relu_whose_input_is_used_again(lib, x, w, c):
    h = x * w
    return lib.nn.ReLU(inplace=True)(h) + h


def uses_before_and_after(lib, x, w, c):
    h = x * w
    before = h + c
    h += w
    between = h * 2.0
    lib.relu_(h)
    after = h + 0.0
    after *= x
    return before * between + after * w + h


def every_operator(lib, x, w, c):
    h = x - w
    h += c
    h -= w
    h *= x
    h /= w * w + 1.0
    h **= 2
    return h


def numbers(lib, x, w, c):
    h = x * 1.0
    h += 1
    h *= 3.0
    h -= 0.5
    h /= 4
    return h * w


def a_constant_that_joins(lib, x, w, c):
    total = c * 1.0
    for factor in (1.0, -2.0):
        total += w * factor
        total *= x
    return total


def a_row_that_is_broadcast(lib, x, w, c):
    h = x * w
    h *= w[0]
    h += c[:, :1]
    return h


def the_same_on_both_sides(lib, x, w, c):
    h = x * w
    h += h
    h -= h * c
    return h


def a_view_that_is_changed_in_place_of_the_whole(lib, x, w, c):
    return lib.relu_(lib.flatten(x * w)) * c.reshape(2, 2)


def behind_what_keeps_neither_input_nor_result(lib, x, w, c):
    h = (x + w) / 2.0
    h -= 0.25
    return h


def leaves_under_no_grad(lib, x, w, c):
    y = x * w
    y.sum().backward()
    with lib.no_grad():
        for leaf in (x, w):
            leaf -= 0.1 * leaf.grad
            leaf[0] *= 2.0
            leaf[:, 1] = 3.0
    return x * w * c


PROGRAMS = [
    relu_whose_input_is_used_again, uses_before_and_after, every_operator, numbers, a_constant_that_joins,
    a_row_that_is_broadcast, the_same_on_both_sides, a_view_that_is_changed_in_place_of_the_whole,
    behind_what_keeps_neither_input_nor_result, leaves_under_no_grad,
]  # fmt: skip


def run(lib, program):
    """The result, the inputs afterwards and their gradients, as arrays."""
    rng = np.random.default_rng(0)
    x, w, c = (lib.tensor(rng.standard_normal((2, 2)), requires_grad) for requires_grad in (True, True, False))
    y = program(lib, x, w, c)
    if y.requires_grad:
        y.backward(lib.tensor(rng.standard_normal((2, 2)), False))
    gradients = [np.zeros((2, 2)) if t.grad is None else np.asarray(t.grad) for t in (x, w)]
    return [t.detach().numpy() for t in (y, x, w, c)] + gradients


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
def test_the_gradients_are_pytorchs(program):
    what = ("the result", "x", "w", "c", "the gradient of x", "the gradient of w")
    for name, array, their_array in zip(what, run(OURS, program), run(theirs(), program), strict=True):
        assert_close(array, their_array, np.float64, name)


def saved_by_tanh(lib, x, w, c):
    return lib.relu_(lib.tanh(x)) + w


def saved_as_a_factor(lib, x, w, c):
    h = x * 1.0
    y = h * w
    h += 1
    return y


def a_leaf(lib, x, w, c):
    x += 1
    return x


def a_view_of_a_leaf(lib, x, w, c):
    return lib.relu_(x.reshape(4)).reshape(2, 2)


def a_larger_result(lib, x, w, c):
    h = x[0] * 1.0
    h += w
    return h


@pytest.mark.parametrize(
    "program", [saved_by_tanh, saved_as_a_factor, a_leaf, a_view_of_a_leaf, a_larger_result], ids=lambda p: p.__name__
)
def test_both_refuse(program):
    for lib in (OURS, theirs()):
        with pytest.raises((RuntimeError, ValueError)):
            run(lib, program)


# ---- programs that nobody wrote -------------------------------------------------------------------------------------

STEPS = {
    "a + b": lambda lib, a, b: a + b,
    "a * b": lambda lib, a, b: a * b,
    "tanh a": lambda lib, a, b: lib.tanh(a),
    "relu a": lambda lib, a, b: lib.relu(a),
    "relu_ a": lambda lib, a, b: lib.relu_(a),
    "a += b": lambda lib, a, b: a.__iadd__(b),
    "a *= b": lambda lib, a, b: a.__imul__(b),
    "a.T": lambda lib, a, b: a.T,
    "a[:]": lambda lib, a, b: a[:],
    "a.detach()": lambda lib, a, b: a.detach(),
}
Step = tuple[str, bool, int, int]  # which, whether under no_grad, and the numbers of a and b among all tensors so far


def random_program(steps: list[Step], used: list[int]):
    def program(lib, *tensors):
        made = list(tensors)
        for name, no_grad, a, b in steps:
            arguments = made[a % len(made)], made[b % len(made)]
            if no_grad:
                with lib.no_grad():
                    made.append(STEPS[name](lib, *arguments))
            else:
                made.append(STEPS[name](lib, *arguments))
        y = made[-1] * 1.0
        for number in used:
            y = y + made[number % len(made)]
        return y

    return program


@given(
    st.lists(
        st.tuples(st.sampled_from(list(STEPS)), st.sampled_from([False] * 5 + [True]), *[st.integers(0, 9)] * 2),
        min_size=2,
        max_size=8,
    ),
    st.lists(st.integers(0, 9), max_size=3),
)
@settings(max_examples=300, deadline=None)
def test_what_is_not_refused_is_what_pytorch_computes(steps, used):
    program = random_program(steps, used)
    try:
        found = run(OURS, program)
    except RuntimeError:
        return
    try:
        expected = run(theirs(), program)
    except RuntimeError:
        return  # PyTorch counts changes, we compare: relu_ that has nothing to cut off changes nothing
    for array, their_array in zip(found, expected, strict=True):
        np.testing.assert_allclose(array, their_array, rtol=1e-10, atol=1e-10)
