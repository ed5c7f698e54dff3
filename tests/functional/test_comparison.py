"""Comparisons element by element, and argmax."""

import operator

import numpy as np
import pytest
from support import Elsewhere, fetch, leaf, needs_torch, put, raises, torch

import minicnn as mc
from minicnn import Tensor, nn

COMPARISONS = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge
}  # fmt: skip
every_comparison = pytest.mark.parametrize("symbol", COMPARISONS)
A, B = np.array([[1.0, 2.0, 3.0], [3.0, np.nan, 1.0]]), np.array([1.0, 3.0, 2.0])


@every_comparison
@pytest.mark.parametrize("kind", [Tensor, lambda b: b, lambda b: b.astype(np.float32)], ids=["tensor", "array", "f32"])
def test_elements_are_compared_with_a_tensor_or_an_array_on_either_side(symbol, kind, device):
    compare, a = COMPARISONS[symbol], mc.tensor(A, requires_grad=True, device=device)
    b = kind(put(B, device))
    for y, expected in ((compare(a, b), compare(A, B)), (compare(b, a), compare(B, A))):
        assert type(y) is Tensor
        assert y.dtype == np.bool_ and y.is_leaf and not y.requires_grad
        assert y.device == a.device
        np.testing.assert_array_equal(fetch(y.data), expected)


@every_comparison
@pytest.mark.parametrize("number", [2, 2.0, True, np.float32(2), np.int64(3)])
def test_elements_are_compared_with_a_number_on_either_side(symbol, number, device):
    compare, a = COMPARISONS[symbol], mc.tensor(A, device=device)
    np.testing.assert_array_equal(fetch(compare(a, number).data), compare(A, number))
    np.testing.assert_array_equal(fetch(compare(number, a).data), compare(number, A))


def test_tensors_of_no_axes_are_compared_and_their_truth_is_that_of_the_numbers():
    assert (Tensor(2.0) == Tensor(2.0)) and (Tensor(1.0) < 2) and Tensor(1.0) >= 1
    assert isinstance((Tensor(2.0) == 2.0).data, np.ndarray)
    with raises(ValueError, "item: a tensor of shape (2,) has 2 elements"):
        assert Tensor([1.0, 2.0]) == Tensor([1.0, 2.0])


@pytest.mark.parametrize("stranger", [None, "text", Elsewhere(), {}, nn.ReLU()], ids=lambda s: type(s).__name__)
def test_what_is_no_number_is_equal_to_no_tensor_and_has_no_order(stranger):
    x = Tensor([1.0, 2.0])
    assert (x == stranger) is False and (stranger == x) is False
    assert (x != stranger) is True
    with pytest.raises(TypeError, match="'<' not supported between instances of 'Tensor'"):
        assert x < stranger


def test_a_list_is_refused():
    with raises(TypeError, "==: a Tensor and a list, expected a Tensor, an array or a number"):
        assert Tensor([1, 2]) == [1, 2]


@every_comparison
def test_shapes_that_do_not_broadcast_are_refused(symbol):
    with raises(ValueError, f"{symbol}: shapes (2,) and (3,) do not broadcast"):
        COMPARISONS[symbol](Tensor(np.ones(2)), Tensor(np.ones(3)))


@pytest.mark.devices("strict", "cuda")
def test_two_devices_are_refused(device):
    with raises(TypeError, "arrays on different devices"):
        assert mc.tensor(A, device=device) == Tensor(A)


def test_tensors_are_told_apart_in_sets_and_dicts():
    a, b = leaf([1.0, 2.0]), leaf([1.0, 2.0])
    assert len({a, b, a}) == 2
    assert {a: 1, b: 2}[b] == 2
    p = nn.Parameter([1.0])
    assert {p: 1}[p] == 1


# ---- argmax ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("axis", [None, 0, 1, -1, 2])
def test_argmax_is_the_place_of_the_first_of_the_largest(axis, device):
    x = np.random.default_rng(0).integers(0, 3, (4, 5, 3)).astype(np.float64)
    y = mc.tensor(x, requires_grad=True, device=device).argmax(axis)
    assert y.dtype == np.int64 and y.is_leaf and not y.requires_grad
    assert mc.backend.is_array(y.data)
    expected = np.apply_along_axis(lambda line: list(line).index(max(line)), axis, x) if axis is not None else None
    np.testing.assert_array_equal(fetch(y.data), list(x.flat).index(max(x.flat)) if axis is None else expected)


@needs_torch
def test_argmax_agrees_with_pytorch():
    x = np.random.default_rng(0).standard_normal((4, 5))
    for axis in (None, 0, 1):
        np.testing.assert_array_equal(Tensor(x).argmax(axis).data, torch.tensor(x).argmax(axis).numpy())


def test_an_accuracy_can_be_written(device):
    logits = mc.tensor(np.array([[1.0, 3.0], [2.0, 0.0], [0.0, 1.0]]), requires_grad=True, device=device)
    targets = put(np.array([1, 1, 1]), device)
    for right in (
        logits.argmax(axis=1) == targets,
        logits.argmax(1) == Tensor(targets),
        logits.data.argmax(1) == Tensor(targets),
        Tensor(targets) == logits.data.argmax(1),
    ):
        assert right.sum().item() / len(right) == 2 / 3


@pytest.mark.parametrize(("shape", "axis"), [((2, 0), 1), ((0,), None), ((0,), 0), ((2, 3), 2)])
def test_argmax_of_nothing_or_along_no_axis_is_refused(shape, axis):
    with raises(ValueError, "argmax: "):
        Tensor(np.ones(shape)).argmax(axis)


def test_argmax_of_no_tensor_is_refused():
    from minicnn.functional.comparison import argmax

    with raises(TypeError, "argmax: x is ndarray, expected a Tensor"):
        argmax(A)
