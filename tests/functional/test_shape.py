import numpy as np
import pytest
from support import Case, OperationTest, fetch, leaf, put, raises, tensor

import minicnn as mc
import minicnn.functional as F
from minicnn import backend
from minicnn.functional.shape import ToDevice


class TestReshape(OperationTest):
    name, arguments = "reshape", ("x",)
    integers_allowed = is_view = True
    cases = [
        Case("two axes to one", (2, 3), shape=(6,)),
        Case("one axis to three", (12,), shape=(2, 3, 2)),
        Case("what is left", (2, 3, 4), shape=(4, -1)),
        Case("a number to an array", (), shape=(1, 1)),
        Case("an array to a number", (1, 1), shape=()),
    ]

    def operation(self, case, x):
        return F.reshape(x, case.shape)

    def naive(self, case, x):
        """The n-th element in row order stays the n-th."""
        elements = [x[index] for index in np.ndindex(x.shape)]
        known = [size for size in case.shape if size != -1]
        shape = [len(elements) // int(np.prod(known)) if size == -1 else size for size in case.shape]
        y = np.empty(shape)
        for n, index in enumerate(np.ndindex(y.shape)):
            y[index] = elements[n]
        return y

    def torch_operation(self, case, x):
        return x.reshape(case.shape)


class TestFlatten(OperationTest):
    name, arguments = "flatten", ("x",)
    integers_allowed = is_view = True
    cases = [
        Case("images", (2, 3, 2, 2)),
        Case("from the front", (2, 3, 2), start_axis=0),
        Case("from the last but one", (2, 3, 2), start_axis=-2),
        Case("from the third", (2, 3, 2, 2), start_axis=2),
        Case("nothing to do", (2, 3)),
        Case("one axis", (4,), start_axis=0),
    ]

    def operation(self, case, x):
        return F.flatten(x, **case.arguments)

    def naive(self, case, x):
        start = case.arguments.get("start_axis", 1) % x.ndim
        y = [[x[index + rest] for rest in np.ndindex(x.shape[start:])] for index in np.ndindex(x.shape[:start])]
        return np.reshape(y, (*x.shape[:start], -1))

    def torch_operation(self, case, x):
        return x.flatten(case.arguments.get("start_axis", 1))


class TestTranspose(OperationTest):
    name, arguments = "transpose", ("x",)
    integers_allowed = is_view = True
    cases = [
        Case("reversed", (2, 3, 4), axes=(), order=(2, 1, 0)),
        Case("two swapped", (2, 3, 4), axes=(0, 1), order=(1, 0, 2)),
        Case("two swapped, from the back", (2, 3, 4), axes=(-1, 0), order=(2, 1, 0)),
        Case("channels last", (2, 3, 4, 2), axes=((0, 2, 3, 1),), order=(0, 2, 3, 1)),
        Case("a cycle, without parentheses", (2, 3, 4), axes=(1, 2, 0), order=(1, 2, 0)),
        Case("a cycle, from the back", (2, 3, 4), axes=([-1, 0, 1],), order=(2, 0, 1)),
    ]

    def operation(self, case, x):
        return F.transpose(x, *case.axes)

    def naive(self, case, x):
        y = np.empty([x.shape[axis] for axis in case.order])
        for index in np.ndindex(x.shape):
            y[tuple(index[axis] for axis in case.order)] = x[index]
        return y

    def torch_operation(self, case, x):
        return x.permute(case.order)


class TestGetItem(OperationTest):
    name, arguments = "indexing", ("x",)
    integers_allowed = is_view = True
    uploads = waits = True  # lists as indices have to be copied to a GPU, masks counted
    cases = [
        Case("an integer", (4, 3), index=1),
        Case("from the back", (4, 3), index=-1),
        Case("all integers", (4, 3), index=(1, 2)),
        Case("a slice", (4, 3), index=slice(1, 3)),
        Case("a step", (5, 3), index=(slice(None), slice(None, None, 2))),
        Case("the last axis", (2, 3, 4), index=(..., 1)),
        Case("a new axis", (2, 3), index=(slice(None), None, 1)),
        Case("integers, some twice", (4, 3), index=[0, 2, 2, 2]),
        Case("pairs of integers, some twice", (4, 3), index=([0, 1, 0], [2, 1, 2])),
        Case("an array of integers", (4, 3), index=(slice(None), np.array([[0, 1], [1, -1]]))),
        Case("a mask", (2, 3), index=np.array([[True, False, True], [False, True, False]])),
        Case("a mask of rows", (3, 2), index=np.array([True, False, True])),
    ]

    def operation(self, case, x):
        return x[case.index]

    def naive(self, case, x):
        """Number the elements, look which numbers the index takes."""
        numbers = np.arange(x.size).reshape(x.shape)[case.index]
        elements = [x[index] for index in np.ndindex(x.shape)]
        return np.array([elements[n] for n in np.ravel(numbers)]).reshape(np.shape(numbers))

    def torch_operation(self, case, x):
        return x[case.index]

    def test_what_is_no_tensor_is_refused(self):
        """Only a Tensor has this operator."""


# ---- known values -------------------------------------------------------------------------------------------------


def test_an_element_taken_twice_gets_the_sum():
    x = leaf([1.0, 2.0, 3.0])
    y = x[[0, 2, 2, 2]]
    y.backward(np.array([1.0, 10.0, 100.0, 1000.0]))
    np.testing.assert_array_equal(x.grad, [1, 0, 1110])


def test_an_index_may_be_a_tensor():
    x = tensor(4, 2)
    np.testing.assert_array_equal(x[mc.Tensor(np.array([3, 1]))].data, x.data[[3, 1]])
    np.testing.assert_array_equal(x[mc.Tensor(np.array([3, 1])), 0].data, x.data[[3, 1], 0])


def test_reshape_and_transpose_are_methods_too():
    x = tensor(2, 3)
    for y, expected in [(x.reshape(3, 2), x.data.reshape(3, 2)), (x.reshape((3, -1)), x.data.reshape(3, 2)),
                        (x.reshape([6]), x.data.reshape(6)), (x.T, x.data.T), (x.transpose(), x.data.T),
                        (x.transpose(0, 1), x.data.T), (x.transpose((1, 0)), x.data.T)]:  # fmt: skip
        np.testing.assert_array_equal(y.data, expected)


@pytest.mark.parametrize("move", [lambda x: x.reshape(6), lambda x: x.T, lambda x: x[1:], F.flatten])
def test_nothing_is_copied_forward(move):
    x = tensor(2, 3)
    assert np.shares_memory(move(x).data, x.data)


def test_a_gradient_through_views_does_not_change_the_cotangent():
    x, cotangent = leaf(np.ones((2, 3))), np.arange(6.0)
    (x.T.reshape(6) + x.reshape(6)).backward(cotangent)
    np.testing.assert_array_equal(cotangent, np.arange(6.0))
    np.testing.assert_array_equal(x.grad, np.arange(6.0).reshape(3, 2).T + np.arange(6.0).reshape(2, 3))


def test_flatten_of_a_number_is_one_element():
    assert F.flatten(tensor(), 0).shape == (1,)


# ---- another device -----------------------------------------------------------------------------------------------


def test_to_where_it_is_already_is_the_tensor_itself():
    x = tensor(2)
    assert F.to(x, "cpu") is x
    assert x.to("cpu") is x


@pytest.mark.devices("strict", "cuda")
@pytest.mark.parametrize("from_the_cpu", [True, False])
def test_the_gradient_goes_back_to_where_x_came_from(device, from_the_cpu):
    origin, other = ("cpu", device) if from_the_cpu else (device, "cpu")
    x, grad_y = np.array([1.0, 2.0]), np.array([3.0, 4.0])
    move = ToDevice(other)
    y, grad_x = move.forward(put(x, origin)), move.backward(put(grad_y, other))
    assert backend.same_device(y, other)
    assert backend.same_device(grad_x, origin)
    np.testing.assert_array_equal(fetch(y), x)
    np.testing.assert_array_equal(fetch(grad_x), grad_y)


@pytest.mark.parametrize("name", ["gpu", "cpu:0", "cuda:x", "cuda:-1", "", None, 3])
def test_devices_that_do_not_exist_are_refused(name):
    with raises(ValueError, f"device: got {name!r}", 'expected "cpu", "cuda"'):
        tensor(2).to(name)


def test_a_gpu_without_cupy_is_refused(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "cupy", None)  # so that importing it fails
    with raises(RuntimeError, 'device "cuda" cannot be used: CuPy cannot be imported', "Install it"):
        tensor(2).to("cuda")


@pytest.mark.parametrize("kind", [list, np.array, lambda numbers: mc.Tensor(np.array(numbers))])
def test_an_index_may_change_before_backward(kind):
    x, index = leaf([1.0, 2.0, 3.0]), kind([0, 1])
    y = x[index]
    (index.data if isinstance(index, mc.Tensor) else index)[:] = [2, 2]
    y.backward(np.ones(2))
    np.testing.assert_array_equal(x.grad, [1, 1, 0])


# ---- what is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(4,), (2, 4), (-1, 4), (-1, -1), (2, 3, 0), (-2, 3)], ids=str)
def test_shapes_that_do_not_fit_are_refused(shape):
    with raises(ValueError, f"reshape: x of shape (2, 3) does not fit the shape {shape}"):
        F.reshape(tensor(2, 3), shape)


@pytest.mark.parametrize("shape", [(2.0, 3), ("a",), (None,), (True, 6)], ids=str)
def test_shapes_that_are_no_integers_are_refused(shape):
    with raises(TypeError, "reshape: shape", repr(shape[0])):
        F.reshape(tensor(2, 3), shape)


@pytest.mark.parametrize(
    ("axes", "error", "message"),
    [
        ((0, 3), ValueError, "axis is 3, expected -3 to 2"),
        ((0, 1.0), TypeError, "axis is 1.0, expected an int"),
        (((0, 1),), ValueError, "axes (0, 1) for shape (2, 3, 4), expected two axes or all 3"),
        ((0,), ValueError, "axes (0,) for shape (2, 3, 4), expected two axes or all 3"),
        (((0, 1, 1),), ValueError, "axis is (0, 1, 1), which names an axis twice"),
        (((0, 1, -2),), ValueError, "axis is (0, 1, -2), which names an axis twice"),
        (((0, 1, 2, 3),), ValueError, "axis is 3, expected -3 to 2"),
        (("rows", "columns"), TypeError, "axis is 'rows', expected an int"),
    ],
)
def test_wrong_orders_of_axes_are_refused(axes, error, message):
    with raises(error, f"transpose: {message}"):
        F.transpose(tensor(2, 3, 4), *axes)


@pytest.mark.parametrize(
    ("start_axis", "error", "message"),
    [(2, ValueError, "axis is 2, expected -2 to 1"), (0.5, TypeError, "axis is 0.5, expected an int")],
)
def test_flatten_from_an_axis_that_does_not_exist_is_refused(start_axis, error, message):
    with raises(error, f"flatten: {message}"):
        F.flatten(tensor(2, 3), start_axis)


@pytest.mark.parametrize(
    "index",
    [2, (0, 3), (0, 0, 0), [5], 1.5, "text", np.array([0.5]), np.ones(3, bool), np.ones((2, 2), bool)],
    ids=repr,
)
def test_wrong_indices_are_refused(index):
    with raises(IndexError, "indexing: x of shape (2, 3)"):
        tensor(2, 3)[index]
