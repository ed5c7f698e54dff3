import weakref

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from support import Case, OperationTest, leaf, raises, tensor, torch

import minicnn as mc
import minicnn.functional as F


class TestConcat(OperationTest):
    name, arguments = "concat", ("tensors[]",)
    gradients_come_together = True
    cases = [
        Case("the four branches of Inception", (2, 1, 3, 2), (2, 3, 3, 2), (2, 2, 3, 2), (2, 1, 3, 2)),
        Case("one tensor", (2, 3)),
        Case("rows", (1, 3), (4, 3), axis=0),
        Case("the last axis", (2, 3, 1), (2, 3, 2), axis=-1),
        Case("vectors", (2,), (3,), (1,), axis=0),
        Case("one of them empty", (2, 3), (2, 0), (2, 1)),
        Case("five images", (5, 2, 2, 2), (5, 1, 2, 2)),
    ]

    def operation(self, case, *tensors):
        return F.concat(tensors, **case.arguments)

    def naive(self, case, *arrays):
        axis = case.arguments.get("axis", 1) % arrays[0].ndim
        shape = list(arrays[0].shape)
        shape[axis] = sum(array.shape[axis] for array in arrays)
        y, start = np.empty(shape), 0
        for array in arrays:
            for index in np.ndindex(array.shape):
                place = *index[:axis], start + index[axis], *index[axis + 1 :]
                y[place] = array[index]
            start += array.shape[axis]
        return y

    def torch_operation(self, case, *tensors):
        return torch.cat(tensors, dim=case.arguments.get("axis", 1))


def test_everyone_gets_back_its_own_part_of_the_gradient():
    a, b, c = (leaf(np.zeros((2, n))) for n in (1, 3, 2))
    F.concat([a, b, c]).backward(np.arange(12.0).reshape(2, 6))
    np.testing.assert_array_equal(a.grad, [[0], [6]])
    np.testing.assert_array_equal(b.grad, [[1, 2, 3], [7, 8, 9]])
    np.testing.assert_array_equal(c.grad, [[4, 5], [10, 11]])


def test_a_tensor_given_twice_gets_both_parts():
    x = leaf([[1.0, 2.0]])
    F.concat([x, x]).backward(np.array([[1.0, 2.0, 30.0, 40.0]]))
    np.testing.assert_array_equal(x.grad, [[31, 42]])


def test_parts_of_the_gradient_stay_apart():
    """What is added to the gradient of one branch must not reach the others, though backward hands out views."""
    x = leaf([[1.0, 2.0]])
    a, b = x * 2.0, x * 3.0
    cotangent = np.array([[1.0, 1.0, 1.0, 1.0]])
    (F.concat([a, b]) + F.concat([b, a])).backward(cotangent)
    np.testing.assert_array_equal(x.grad, [[2 * 2 + 2 * 3] * 2])
    np.testing.assert_array_equal(cotangent, np.ones((1, 4)))


def test_channels_are_the_default():
    assert F.concat([tensor(2, 3, 4), tensor(2, 5, 4)]).shape == (2, 8, 4)


def test_tuples_and_lists_are_taken():
    a, b = tensor(2, 1), tensor(2, 2)
    np.testing.assert_array_equal(F.concat((a, b)).data, F.concat([a, b]).data)


def test_what_the_inputs_makers_kept_is_kept_once():
    """A ReLU and a convolution with one keep their results; those are in the concatenated array as well."""
    x, weight = tensor(4, 3, 6, 5, requires_grad=True), tensor(2, 3, 1, 1, requires_grad=True)
    branches = [F.relu(x), F.conv2d(x, weight, relu=True), x * 2.0, tensor(4, 1, 6, 5)]
    makers, arrays = [b.creator for b in branches], [weakref.ref(b.data) for b in branches]
    expected = [np.array(b.data) for b in branches]
    y = F.concat(branches)
    del branches
    assert [array() for array in arrays] == [None] * 4
    for maker, result in zip(makers[:2], expected[:2], strict=True):
        assert np.shares_memory(maker.y, y.data)
        np.testing.assert_array_equal(maker.y, result)


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_gradients_of_what_is_kept_in_the_concatenated_array(axis):
    weight = tensor(2, 2, 3, 3)

    def branches(x):
        return [F.relu(x), F.exp(x), F.conv2d(x, weight, padding=1, relu=True)]

    apart, together = tensor(3, 2, 4, 4, requires_grad=True), tensor(3, 2, 4, 4, requires_grad=True)
    y = F.concat(branches(together), axis)
    cotangent = np.random.default_rng(3).standard_normal(y.shape)
    y.backward(cotangent)
    for branch, part in zip(branches(apart), np.split(cotangent, 3, axis), strict=True):
        branch.backward(part)
    np.testing.assert_allclose(together.grad, apart.grad, rtol=1e-12)


def test_a_change_of_the_concatenated_array_is_noticed_by_those_who_kept_their_part():
    y = F.concat([F.relu(tensor(2, 3, requires_grad=True)), tensor(2, 1)])
    y.data[0, 0] += 1
    with raises(RuntimeError, "relu: the array that it kept as y", "was changed in place"):
        y.backward(np.ones((2, 4)))


# ---- what is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shapes", "axis", "message"),
    [
        (((2, 3), (3, 3)), 1, "tensors[1] has shape (3, 3), tensors[0] (2, 3); they may differ in axis 1 alone"),
        (
            ((2, 3), (2, 3), (2, 4)),
            0,
            "tensors[2] has shape (2, 4), tensors[0] (2, 3); they may differ in axis 0 alone",
        ),
        (((2, 3), (2, 3, 1)), 1, "tensors[1] has shape (2, 3, 1), tensors[0] (2, 3)"),
        (((2, 3), (3,)), 1, "tensors[1] has shape (3,), tensors[0] (2, 3)"),
        (((2, 3, 1), (2, 3, 2)), -2, "tensors[1] has shape (2, 3, 2), tensors[0] (2, 3, 1); they may differ in axis 1"),
        (((2, 3), (2, 3)), 2, "axis is 2, expected -2 to 1"),
        (((2,), (2,)), 1, "axis is 1, expected -1 to 0"),
        (((), ()), 0, "axis is 0"),
    ],
)
def test_wrong_shapes_are_refused(shapes, axis, message):
    with raises(ValueError, f"concat: {message}"):
        F.concat([tensor(*shape) for shape in shapes], axis)


@pytest.mark.parametrize("empty", [[], ()])
def test_nothing_is_refused(empty):
    with raises(ValueError, "concat: tensors is empty, expected at least one"):
        F.concat(empty)


@pytest.mark.parametrize("axis", [1.0, None, "channels", True])
def test_an_axis_that_is_no_integer_is_refused(axis):
    with raises(TypeError, f"concat: axis is {axis!r}, expected an int"):
        F.concat([tensor(2, 3), tensor(2, 3)], axis)


@pytest.mark.parametrize("tensors", [None, 3, mc.Tensor(np.ones((2, 3)))], ids=lambda value: type(value).__name__)
def test_what_is_no_list_of_tensors_is_refused(tensors):
    with raises(TypeError, f"concat: tensors is {type(tensors).__name__}"):
        F.concat(tensors)


# ---- properties -----------------------------------------------------------------------------------------------------


@given(
    st.lists(st.integers(1, 3), min_size=1, max_size=4), st.lists(st.integers(0, 3), min_size=1, max_size=4), st.data()
)
@settings(max_examples=40, deadline=None, derandomize=True)
def test_random_shapes(shape, sizes, data):
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    shapes = []
    for size in sizes:
        shape[axis] = size
        shapes.append(tuple(shape))
    TestConcat().agrees(Case("random", *shapes, axis=axis))
