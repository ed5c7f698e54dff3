"""The graph: what is recorded, the walk back through it, and what is left when the walk is done."""

import contextlib
import copy
import gc
import sys
import threading
import tracemalloc
import warnings
import weakref

import numpy as np
import pytest
from support import fetch, put, raises

import minicnn as mc
import minicnn.functional as F
from minicnn import Tensor, no_grad, tensor
from minicnn.function import Function


def leaf(values, dtype=np.float64):
    return Tensor(np.asarray(values, dtype), requires_grad=True)


class Recorder(Function):
    """y = 2x, noting in `alive` how many of the arrays that were kept for backward still exist at each backward."""

    kept: list = []  # noqa: RUF012 (the tests empty it)
    alive: list = []  # noqa: RUF012

    def forward(self, x):
        self.saved = x.copy()
        Recorder.kept.append(weakref.ref(self.saved))
        return 2 * x

    def backward(self, grad_y):
        Recorder.alive.append(sum(ref() is not None for ref in Recorder.kept))
        return 2 * grad_y


@pytest.fixture
def recorder():
    Recorder.kept, Recorder.alive = [], []
    return Recorder


@contextlib.contextmanager
def without_garbage_collector():
    """Inside, only reference counts free anything: what is in a cycle stays."""
    gc.freeze()  # what was there before is not searched: among all that a long run of tests keeps, that takes a while
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()


# ---- the walk back ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shape_a", "shape_b"),
    [((2, 3), (2, 3)), ((2, 3), (3,)), ((2, 1), (1, 3)), ((4, 1, 3), (2, 1)), ((2, 3), ()), ((1,), (5,))],
)
def test_broadcast_inputs_get_gradients_of_their_own_shape(shape_a, shape_b):
    rng = np.random.default_rng(0)
    a, b = leaf(rng.standard_normal(shape_a)), leaf(rng.standard_normal(shape_b))
    cotangent = rng.standard_normal(np.broadcast_shapes(shape_a, shape_b))
    (a * b).backward(cotangent)
    for x, other in ((a, b), (b, a)):
        wide = cotangent * other.data
        expected = np.array([np.sum(wide[np.broadcast_to(np.arange(x.data.size).reshape(x.shape), wide.shape) == i])
                             for i in range(x.data.size)]).reshape(x.shape)  # fmt: skip
        assert x.grad.shape == x.shape
        np.testing.assert_allclose(x.grad, expected, rtol=1e-12)


def test_gradients_of_a_diamond_add_up():
    x = leaf([2.0])
    a = 3 * x
    (a * a + 5 * a).backward()  # 9x^2 + 15x
    np.testing.assert_allclose(x.grad, [18 * 2 + 15])


def test_a_diamond_of_diamonds_is_walked_once_for_each_operation():
    calls = []

    class Count(Function):
        def forward(self, x):
            return x * 1

        def backward(self, grad_y):
            calls.append(1)
            return grad_y

    x = y = leaf([1.0])
    for _ in range(40):  # 2^40 paths
        y = Count()(y) * 0.5 + Count()(y) * 0.5
    y.backward()
    np.testing.assert_allclose(x.grad, [1.0])
    assert len(calls) == 80


def test_a_long_and_a_short_way_to_the_same_tensor_are_both_counted():
    x = leaf([3.0])
    a = x * x
    b = a
    for _ in range(5):
        b = 2 * b
    (a + b).backward()  # a must wait for the long way: 33 x^2
    np.testing.assert_allclose(x.grad, [33 * 2 * 3])
    x.grad = None
    a = x * x
    b = a
    for _ in range(5):
        b = 2 * b
    (b + a).backward()
    np.testing.assert_allclose(x.grad, [33 * 2 * 3])


def test_a_tensor_used_many_times():
    x, one = leaf([1.0, 2.0]), leaf([1.0, 1.0])
    middle = x * 2
    total = middle
    for _ in range(99):
        total = total + middle * one
    total.sum().backward()
    np.testing.assert_allclose(x.grad, [200, 200])
    np.testing.assert_allclose(one.grad, [99 * 2, 99 * 4])


def test_the_same_tensor_as_both_inputs_of_one_operation():
    x = leaf([3.0, -1.0])
    (x * x).sum().backward()
    np.testing.assert_allclose(x.grad, [6, -2])


def test_ten_thousand_operations_do_not_exhaust_the_stack():
    x = y = leaf([1.0])
    for _ in range(10_000):
        y = y + 1
    y.backward()
    np.testing.assert_array_equal(x.grad, [1.0])
    del y  # freeing the chain must not recurse either


def test_ten_thousand_operations_that_were_never_walked_are_freed():
    y = leaf([1.0])
    for _ in range(10_000):
        y = y + 1
    node = weakref.ref(y.creator)
    del y
    assert node() is None


def test_several_outputs_of_one_graph():
    x = leaf([1.0, 2.0, 3.0])
    trunk = x * x
    one, two = trunk.sum(), (trunk * 2).sum()
    one.backward(retain_graph=True)
    np.testing.assert_allclose(x.grad, [2, 4, 6])
    two.backward()
    np.testing.assert_allclose(x.grad, [6, 12, 18])


def test_an_output_that_is_nobodys_input_is_left_out():
    x = leaf([1.0])
    y = x * 2
    unused = y * 100
    y.backward()
    np.testing.assert_array_equal(x.grad, [2.0])
    assert unused.requires_grad


def test_inputs_that_require_no_gradient_get_none():
    x, constant = leaf([1.0]), Tensor(np.array([5.0]))
    (x * constant).backward()
    assert constant.grad is None
    np.testing.assert_array_equal(x.grad, [5.0])


def test_gradients_go_to_leaves_alone():
    x = leaf([1.0])
    y = x * 2
    (y * 3).backward()
    with pytest.warns(UserWarning, match="grad: this tensor is a result"):
        assert y.grad is None
    np.testing.assert_array_equal(x.grad, [6.0])


def test_backward_of_a_leaf_itself():
    x = leaf(2.0)
    x.backward()
    x.backward(np.array(3.0))
    np.testing.assert_array_equal(x.grad, 4.0)


@pytest.mark.parametrize("before", [None, [5.0]])
def test_an_error_in_the_middle_leaves_every_leaf_as_it_was(before):
    class Fails(Function):
        def forward(self, x):
            return x * 1

        def backward(self, grad_y):
            raise KeyError("in the middle")

    first, last = leaf([1.0]), leaf([2.0])
    for x in (first, last):
        x.grad = None if before is None else np.array(before)
    y = Fails()(first * 2) * last  # last is reached before the error
    with pytest.raises(KeyError, match="in the middle"):
        y.backward()
    for x in (first, last):
        assert x.grad is None if before is None else x.grad == before


def test_the_gradients_of_leaves_are_let_go_one_by_one():
    """Those that are copied are gone before the next is: no more memory than the gradients themselves and one more."""
    leaves = [leaf(np.ones(1000)) for _ in range(20)]
    total = sum(x * 1.0 for x in leaves)
    cotangent = np.ones(1000)
    tracemalloc.start()
    try:
        total.backward(cotangent)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 23 * cotangent.nbytes


# ---- the cotangent ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [np.asarray, lambda g: Tensor(np.asarray(g)), list])
def test_an_explicit_gradient_weights_the_outputs(kind):
    x = leaf([1.0, 2.0, 3.0])
    (x * x).backward(kind([1.0, 10.0, 100.0]))
    np.testing.assert_allclose(x.grad, [2, 40, 600])


def test_the_gradient_may_be_of_another_dtype_but_the_result_is_not():
    x = leaf([1.0, 2.0], np.float32)
    (x * x).backward(np.array([1, 2]))
    assert x.grad.dtype == np.float32
    np.testing.assert_allclose(x.grad, [2, 8])


@pytest.mark.parametrize("shape", [(2,), (1, 3), (3, 1), (), (4,)])
def test_a_gradient_of_the_wrong_shape_is_refused_and_both_shapes_named(shape):
    x = leaf([1.0, 2.0, 3.0])
    y = x * 2
    with pytest.raises(ValueError, match="backward") as error:
        y.backward(np.ones(shape))
    assert str(shape) in str(error.value)
    assert "(3,)" in str(error.value)
    assert x.grad is None
    y.backward(np.ones(3))  # nothing was used up
    np.testing.assert_array_equal(x.grad, [2, 2, 2])


def test_a_tensor_of_many_elements_needs_a_gradient():
    with pytest.raises(RuntimeError, match=r"\(3,\)"):
        (leaf([1.0, 2.0, 3.0]) * 2).backward()


@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
def test_a_tensor_of_one_element_needs_none(shape):
    x = leaf(np.full(shape, 3.0))
    (x * x).backward()
    np.testing.assert_array_equal(x.grad, np.full(shape, 6.0))


def test_backward_where_nothing_requires_a_gradient():
    with pytest.raises(RuntimeError, match="^backward: this tensor does not require a gradient"):
        (Tensor([1.0]) * 2).backward()


# ---- twice --------------------------------------------------------------------------------------------------------


def test_a_second_backward_through_a_freed_graph_says_what_to_do():
    x = leaf([1.0])
    y = x * x
    y.backward()
    with pytest.raises(RuntimeError, match="retain_graph=True") as error:
        y.backward()
    assert "freed" in str(error.value)
    np.testing.assert_array_equal(x.grad, [2.0])  # and adds nothing


def test_a_second_backward_through_a_part_that_was_freed():
    x = leaf([1.0])
    shared = x.exp()
    one, two = shared * 2, shared * 3
    one.backward()
    with pytest.raises(RuntimeError, match="freed"):
        two.backward()


def test_retain_graph_adds_up_over_calls():
    x = leaf([3.0])
    y = x * x
    y.backward(retain_graph=True)
    y.backward(retain_graph=True)
    y.backward()
    np.testing.assert_array_equal(x.grad, [18.0])
    with pytest.raises(RuntimeError, match="freed"):
        y.backward()


def test_gradients_add_up_over_graphs_until_they_are_forgotten():
    x = leaf([3.0])
    (x * 2).backward()
    (x * 5).backward()
    np.testing.assert_array_equal(x.grad, [7.0])
    x.grad = None
    (x * 5).backward()
    np.testing.assert_array_equal(x.grad, [5.0])


# ---- grad -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [lambda g: g, Tensor])
def test_grad_may_be_set_to_an_array_a_tensor_or_none(kind, device):
    x = tensor(np.ones(2, np.float32), requires_grad=True, device=device)
    gradient = put(np.array([1.0, 2.0], np.float32), device)
    x.grad = kind(gradient)
    assert x.grad is gradient
    x.grad += 1
    x.sum().backward()
    np.testing.assert_array_equal(fetch(x.grad), [3, 4])
    x.grad = None
    assert x.grad is None


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        (1.0, TypeError, "grad: got float, expected None, or an array of shape (2,)"),
        ([1.0, 2.0], TypeError, "grad: got list, expected"),
        (np.ones(3), ValueError, "grad: got an array of shape (3,) float64 on cpu, expected ...: (2,) float64 on cpu"),
        (np.ones((1, 2)), ValueError, "grad: got an array of shape (1, 2)"),
        (np.ones(2, np.float32), ValueError, "grad: got an array of shape (2,) float32 on cpu, expected"),
        (Tensor(np.ones(3)), ValueError, "grad: got an array of shape (3,)"),
    ],
)
def test_a_grad_that_does_not_fit_is_refused_where_it_is_set(value, error, message):
    x = leaf([1.0, 2.0])
    with raises(error, message):
        x.grad = value
    assert x.grad is None


@pytest.mark.devices("strict", "cuda")
def test_a_grad_on_another_device_is_refused(device):
    x = tensor(np.ones(2), requires_grad=True, device=device)
    with raises(ValueError, "grad: got an array of shape (2,) float64 on cpu", "(2,) float64 on cuda:0"):
        x.grad = np.ones(2)


def test_the_missing_grad_of_a_result_is_warned_of_once_for_each_place():
    w = leaf([1.0, 2.0])
    (w * w).sum().backward()
    w = w - 0.1 * w.grad
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("default")
        for _ in range(3):
            assert w.grad is None
    assert [warning.filename for warning in caught] == [__file__]
    assert str(caught[0].message).startswith("grad: this tensor is a result (of sub), and only leaves keep one.")


@pytest.mark.filterwarnings("error")
def test_nothing_is_warned_of_where_grad_is_none_for_another_reason_or_is_set():
    assert leaf([1.0]).grad is None
    assert (Tensor([1.0]) * 2).grad is None  # a leaf: nothing requires a gradient
    y = leaf([1.0]) * 2
    y.grad = np.ones(1)
    assert y.grad is not None
    y.backward()


# ---- no_grad ------------------------------------------------------------------------------------------------------


def test_no_grad_builds_no_graph():
    x = leaf([1.0])
    with no_grad():
        y = x * 2
    assert not y.requires_grad
    assert y.is_leaf
    assert (x * 2).requires_grad  # over again afterwards


def test_no_grad_keeps_no_arrays():
    x = leaf(np.ones(10))
    with without_garbage_collector(), no_grad():
        middle = x.exp()
        ref = weakref.ref(middle.data)
        y = middle.exp()
        del middle
        assert ref() is None
    assert y.shape == (10,)


def test_no_grad_nested():
    x = leaf([1.0])
    with no_grad():
        with no_grad():
            assert not (x * 2).requires_grad
        assert not (x * 2).requires_grad
    assert (x * 2).requires_grad


def test_no_grad_as_decorator():
    @no_grad()
    def double(x):
        """Twice x."""
        return x * 2

    x = leaf([1.0])
    assert not double(x).requires_grad
    assert (x * 2).requires_grad
    assert double.__name__ == "double"
    assert double.__doc__ == "Twice x."


def test_no_grad_decorating_a_function_that_calls_itself():
    @no_grad()
    def power(x, n):
        return x if n == 0 else x * power(x, n - 1)

    x = leaf([2.0])
    assert not power(x, 3).requires_grad
    assert (x * 2).requires_grad


def test_no_grad_ends_with_an_exception():
    x = leaf([1.0])
    with pytest.raises(KeyError), no_grad():
        raise KeyError

    @no_grad()
    def fails():
        raise KeyError

    with pytest.raises(KeyError):
        fails()
    assert (x * 2).requires_grad


def test_a_generator_under_no_grad_that_is_closed_early():
    def doubles(x):
        with no_grad():
            yield x * 2

    x = leaf([1.0])
    generator = doubles(x)
    assert not next(generator).requires_grad
    generator.close()
    assert (x * 2).requires_grad


def test_no_grad_holds_on_its_own_thread_only():
    x, found = leaf([1.0]), []
    with no_grad():
        thread = threading.Thread(target=lambda: found.append((x * 2).requires_grad))
        thread.start()
        thread.join()
    assert found == [True]


def test_an_operation_recorded_before_no_grad_can_be_walked_inside():
    x = leaf([3.0])
    y = x * x
    with no_grad():
        y.backward()
    np.testing.assert_array_equal(x.grad, [6.0])


# ---- leaves, detach, requires_grad --------------------------------------------------------------------------------


def test_leaves():
    x, constant = leaf([1.0]), Tensor([1.0])
    assert x.is_leaf
    assert constant.is_leaf
    assert not (x * 2).is_leaf
    assert (constant * 2).is_leaf  # nothing to go back to


def test_detach_shares_the_data_and_leaves_the_graph():
    x = leaf([3.0])
    y = x * x
    d = y.detach()
    assert d.data is y.data
    assert not d.requires_grad
    assert d.is_leaf
    (y * d).backward()  # d is a constant 9
    np.testing.assert_array_equal(x.grad, [9 * 6.0])


@pytest.mark.parametrize("data", [[1, 2], np.array([1, 2]), np.array([True]), np.array([1], np.uint8), 3])
def test_requires_grad_for_integers_is_refused(data):
    with pytest.raises(TypeError, match=r"requires_grad.*(int|bool)"):
        Tensor(data, requires_grad=True)
    with pytest.raises(TypeError, match="requires_grad"):
        tensor(data, requires_grad=True)


@pytest.mark.parametrize("data", [["a"], [1j], [None], np.array([{}]), np.array(["2026-01-01"], "datetime64[D]")])
def test_data_that_are_no_numbers_are_refused(data):
    with pytest.raises(TypeError, match="real numbers"):
        Tensor(data)


@pytest.mark.parametrize("make", [Tensor, tensor])
@pytest.mark.parametrize("rows", [[[1, 2], [3]], [[1.0], 2.0], [np.ones(2), np.ones(3)]])
def test_a_ragged_list_is_refused(make, rows):
    with raises(ValueError, "Tensor: the rows of the list differ in length"):
        make(rows)


def test_another_error_of_numpy_is_passed_on():
    with pytest.raises(ValueError, match="could not convert string"):
        tensor(["a"], dtype=np.float64)


def test_a_copy_of_a_module_s_tensors_keeps_its_views_together():
    x = Tensor(np.zeros(4))
    a, b = copy.deepcopy([x, x[:2]])
    assert a.memory is b.memory is not x.memory


# ---- dtypes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [1.5, [1.0, 2.0], [[1, 2.5]], (0.5,)])
def test_python_floats_become_float32(data):
    assert Tensor(data).dtype == np.float32
    assert tensor(data).dtype == np.float32


def test_python_integers_become_int64_and_bools_bool():
    assert Tensor([1, 2]).dtype == np.int64
    assert Tensor([True]).dtype == np.bool_


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int32, np.uint8, np.bool_])
def test_arrays_keep_their_dtype_and_are_not_copied(dtype):
    array = np.ones((2, 3), dtype)
    assert Tensor(array).data is array
    copy = tensor(array)
    assert copy.dtype == dtype
    assert not np.shares_memory(copy.data, array)
    assert Tensor(array[0, 0]).dtype == dtype  # a NumPy scalar too


def test_tensor_with_a_dtype():
    assert tensor([1, 2], dtype=np.float64).dtype == np.float64
    assert tensor(np.ones(2), dtype=np.float32, requires_grad=True).dtype == np.float32
    original = leaf([1.0])
    copy = tensor(original)
    assert not np.shares_memory(copy.data, original.data)
    assert not copy.requires_grad


def test_tensor_to_float64_keeps_all_digits_of_a_list():
    assert tensor([0.1], dtype=np.float64).data[0] == 0.1
    assert tensor([2**70], dtype=np.float64).data[0] == 2.0**70  # more than an int64 holds


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "function",
    [
        lambda x: x + 1,
        lambda x: 2.5 - x,
        lambda x: x * np.float64(2.5),
        lambda x: 3 / x,
        lambda x: x**2,
        lambda x: x**0.5,
        lambda x: 2.0**x,
        lambda x: -x,
        lambda x: x.exp(),
        lambda x: x.log(),
        lambda x: x.sqrt(),
        lambda x: x.sum(),
        lambda x: x.mean(),
        lambda x: x.mean(axis=0),
        lambda x: x.max(axis=1),
        lambda x: F.softmax(x, 1),
        lambda x: F.log_softmax(x, 1),
        lambda x: F.sigmoid(x),
        lambda x: F.tanh(x),
        lambda x: F.relu(x),
        lambda x: F.dropout(x, 0.3),
        lambda x: F.cross_entropy(x, [0, 1]),
        lambda x: F.cross_entropy(x, [0, 1], label_smoothing=0.1),
        lambda x: F.cross_entropy(x, [0, 1], reduction="none"),
        lambda x: x[0],
        lambda x: x[0, 0],
        lambda x: x.T @ x,
    ],
)
def test_a_float_dtype_goes_through_forward_and_backward(function, dtype):
    x = leaf([[0.5, 1.0, 2.0], [3.0, 1.5, 0.25]], dtype)
    y = function(x)
    assert y.dtype == dtype
    assert isinstance(y.data, np.ndarray)
    y.sum().backward()
    assert x.grad.dtype == dtype
    assert x.grad.shape == x.shape


def test_two_float_dtypes_do_not_mix():
    with pytest.raises(TypeError, match="float64.*float32"):
        Tensor(np.ones(2, np.float32)) + Tensor(np.ones(2, np.float64))


@pytest.mark.parametrize("function", [lambda x: x.exp(), lambda x: F.sigmoid(x), lambda x: x * x, lambda x: x + 1])
def test_the_gradient_of_a_number_is_an_array_too(function):
    x = leaf(2.0)
    function(x).backward()
    assert isinstance(x.grad, np.ndarray)
    assert x.grad.shape == ()


# ---- with NumPy, with Python --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "function",
    [
        lambda a, b: a + b,
        lambda a, b: a - b,
        lambda a, b: a * b,
        lambda a, b: a / b,
        lambda a, b: a**b,
        lambda a, b: a @ b,
    ],
)
def test_arrays_and_tensors_on_either_side_of_an_operator(function):
    rng = np.random.default_rng(0)
    a, b = rng.uniform(1, 2, (3, 3)), rng.uniform(1, 2, (3, 3))
    x = leaf(a)
    for y, expected in ((function(x, b), function(a, b)), (function(b, x), function(b, a))):
        assert isinstance(y, Tensor)
        assert y.requires_grad
        assert not y.is_leaf
        np.testing.assert_allclose(y.data, expected, rtol=1e-12)


def test_a_numpy_scalar_on_the_left():
    y = np.float64(3.0) * leaf([1.0, 2.0], np.float32)
    assert isinstance(y, Tensor)
    assert y.dtype == np.float32


def test_numpy_shares_the_data():
    x = Tensor([1.0, 2.0])
    assert x.numpy() is x.data
    np.testing.assert_array_equal(np.asarray(x), [1, 2])
    assert np.asarray(x, dtype=np.float64).dtype == np.float64
    copy = np.array(x)
    copy[0] = 100
    assert x.data[0] == 1


def test_item():
    assert Tensor([[2.5]]).item() == 2.5
    assert isinstance(Tensor(2.5).item(), float)
    assert isinstance(Tensor([3]).item(), int)
    for shape in ((2,), (0,)):
        with pytest.raises(ValueError, match=rf"item.*{shape[0]} elements.*exactly 1"):
            Tensor(np.ones(shape)).item()


def test_float_and_len():
    assert float(leaf(1.5)) == 1.5
    assert len(Tensor(np.zeros((4, 2)))) == 4
    assert len(Tensor([1.0, 2.0, 3.0])) == 3
    with pytest.raises(TypeError, match="^len: a tensor of no dimensions"):
        len(Tensor(1.0))
    with pytest.raises(ValueError, match="item"):
        float(Tensor([1.0, 2.0]))


def test_the_truth_of_a_tensor_is_that_of_its_number():
    assert bool(Tensor([2.0])) is True
    assert bool(Tensor(0.0)) is False
    with pytest.raises(ValueError, match="item"):
        bool(Tensor([1.0, 2.0]))


def test_as_a_numpy_array():
    x = Tensor(np.array([1.0, 2.0]))
    assert np.asarray(x, dtype=np.float32).dtype == x.__array__(np.float32).dtype == np.float32
    assert np.shares_memory(np.asarray(x), x.data)
    assert not np.shares_memory(np.array(x), x.data)


def test_iteration_gives_rows_that_belong_to_the_graph():
    x = leaf([[1.0, 2.0], [3.0, 4.0]])
    first, second = x
    assert isinstance(first, Tensor)
    (first * 10 + second).sum().backward()
    np.testing.assert_array_equal(x.grad, [[10, 10], [1, 1]])
    with pytest.raises(TypeError):
        list(Tensor(1.0))


def test_attributes():
    x = Tensor(np.zeros((2, 3, 4), np.float32))
    assert x.shape == (2, 3, 4)
    assert x.ndim == 3
    assert x.dtype == np.float32
    assert x.device == "cpu"
    assert x.grad is None
    assert x.to("cpu") is x


def test_repr():
    assert repr(Tensor([1.5])) == "Tensor([1.5], dtype=float32)"
    assert repr(leaf([1.0, 2.0])) == "Tensor([1., 2.], dtype=float64, requires_grad=True)"
    assert repr(Tensor([1.23456789])) == "Tensor([1.2346], dtype=float32)"
    assert repr(Tensor([[1.0, 2.0], [3.0, 4.0]])) == "Tensor([[1., 2.],\n        [3., 4.]], dtype=float32)"
    assert repr(Tensor(3)) == "Tensor(3, dtype=int64)"
    assert len(repr(Tensor(np.zeros((500, 500))))) < 1000  # a large one is shortened


# ---- memory -------------------------------------------------------------------------------------------------------


def test_arrays_kept_for_backward_are_freed_on_the_way(recorder):
    with without_garbage_collector():
        x = y = leaf(np.ones(4))
        for _ in range(5):
            y = recorder()(y)
        y.backward(np.ones(4))
        assert recorder.alive == [5, 4, 3, 2, 1]
        assert all(ref() is None for ref in recorder.kept)
    np.testing.assert_array_equal(x.grad, np.full(4, 32.0))


def test_retain_graph_keeps_them(recorder):
    x = leaf(np.ones(4))
    y = recorder()(recorder()(x))
    y.backward(np.ones(4), retain_graph=True)
    assert all(ref() is not None for ref in recorder.kept)


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x * x,
        lambda x: x.exp(),
        lambda x: F.relu(x),
        lambda x: F.conv2d(x, leaf(np.ones((2, 3, 3, 3))), padding=1),
        lambda x: F.max_pool2d(x, 2),
        lambda x: F.avg_pool2d(x, 2),
        lambda x: F.concat([x, x]),
        lambda x: F.batch_norm(x, None, None, leaf(np.ones(3)), leaf(np.zeros(3)), training=True),
        lambda x: F.local_response_norm(x, 3),
        lambda x: F.dropout(x, 0.5),
        lambda x: F.linear(x, leaf(np.ones((2, 4)))),
    ],
)
def test_the_inputs_of_operations_are_freed_when_backward_is_done(function):
    with without_garbage_collector():
        x = leaf(np.random.default_rng(0).standard_normal((2, 3, 4, 4)))
        middle = x * 1.0
        data, node = weakref.ref(middle.data), weakref.ref(middle.creator)
        output = function(middle)
        total = output.sum()
        kept_output = weakref.ref(output.data)
        del middle, output
        total.backward()  # total itself is still there: it must hold nothing but its own number
        assert data() is None
        assert node() is None
        assert kept_output() is None


def test_a_graph_that_is_never_walked_holds_no_cycle():
    with without_garbage_collector():
        x = leaf(np.ones(3))
        y = F.softmax(x * 2, 0)
        total = (y * y).sum()
        refs = [weakref.ref(y), weakref.ref(y.creator), weakref.ref(total), weakref.ref(total.creator)]
        del y, total
        assert [ref() for ref in refs] == [None] * 4


def test_a_whole_network_leaves_no_cycle():
    with without_garbage_collector():
        net = mc.nn.Sequential(
            mc.nn.Conv2d(1, 2, 3), mc.nn.BatchNorm2d(2), mc.nn.ReLU(inplace=True), mc.nn.MaxPool2d(2), mc.nn.Flatten(),
            mc.nn.Dropout(0.5), mc.nn.Linear(8, 3),
        )  # fmt: skip
        x = Tensor(np.ones((2, 1, 6, 6), np.float32))
        logits = net(x)
        value = F.cross_entropy(logits, [0, 1])
        refs = [weakref.ref(logits), weakref.ref(logits.data), weakref.ref(value), weakref.ref(value.creator)]
        value.backward()
        del logits, value
        assert [ref() for ref in refs] == [None] * 4


def test_tensors_between_are_not_kept_alive_by_the_graph():
    with without_garbage_collector():
        x = leaf(np.ones(3))
        middle = x + 1
        ref = weakref.ref(middle)
        y = middle + 1  # needs neither the tensor nor its data for backward
        del middle
        assert ref() is None
        y.backward(np.ones(3))


@pytest.mark.parametrize("shape", [(), (3,)])
def test_gradients_are_no_ones_else(shape):
    """Changing one gradient, as an optimizer may, changes no other, nor the cotangent that was given."""
    a, b, c = leaf(np.ones(shape)), leaf(np.ones(shape)), leaf(np.ones(shape))
    cotangent = np.ones(shape)
    (a + b + c).backward(cotangent)
    arrays = [a.grad, b.grad, c.grad, cotangent]
    for i, one in enumerate(arrays):
        for other in arrays[i + 1 :]:
            assert not np.shares_memory(one, other)


def test_the_gradient_of_a_leaf_is_not_the_cotangent():
    x, cotangent = leaf([1.0, 2.0]), np.ones(2)
    x.backward(cotangent)
    assert not np.shares_memory(x.grad, cotangent)
    x.grad += 1
    np.testing.assert_array_equal(cotangent, [1, 1])


def test_the_cotangent_is_not_changed_by_fan_out():
    x, cotangent = leaf([1.0, 2.0]), np.array([1.0, 10.0])
    y = x.reshape(2)  # a view: its gradient is a view of the cotangent
    (y + (y + y)).backward(cotangent)
    np.testing.assert_array_equal(cotangent, [1, 10])
    np.testing.assert_array_equal(x.grad, [3, 30])


def test_views_of_one_gradient_do_not_disturb_each_other():
    x = leaf(np.arange(6.0).reshape(2, 3))
    a, b = x * 1, x * 2
    y = F.concat([a, b, a], axis=0)  # every input gets a view of the gradient
    cotangent = np.arange(18.0).reshape(6, 3)
    before = cotangent.copy()
    y.backward(cotangent)
    np.testing.assert_array_equal(cotangent, before)
    np.testing.assert_array_equal(x.grad, before[:2] + 2 * before[2:4] + before[4:])


def test_an_earlier_gradient_is_added_to_and_not_replaced():
    x = leaf([1.0])
    (x * 2).backward()
    first = x.grad
    (x * 3).backward()
    assert x.grad is first  # in place: an optimizer may hold it


def test_memory_is_flat_over_a_thousand_steps_without_the_garbage_collector():
    net = mc.nn.Sequential(
        mc.nn.Conv2d(1, 2, 3), mc.nn.BatchNorm2d(2), mc.nn.ReLU(inplace=True), mc.nn.MaxPool2d(2), mc.nn.Flatten(),
        mc.nn.Dropout(0.5), mc.nn.Linear(8, 3),
    )  # fmt: skip
    optimizer = mc.optim.Adam(net.parameters())
    x = np.random.default_rng(0).standard_normal((2, 1, 6, 6)).astype(np.float32)

    def steps(number):
        for _ in range(number):
            F.cross_entropy(net(Tensor(x)), [0, 1]).backward()
            optimizer.step()
            optimizer.zero_grad()

    mc.set_num_threads(1)
    steps(100)  # what is made once: the state of Adam, caches
    with without_garbage_collector():
        before = sys.getallocatedblocks()
        steps(1000)
        cycles = gc.collect()  # also empties Python's lists of tuples to use again, as at the beginning
        after = sys.getallocatedblocks()
    assert cycles == 0, f"{cycles} objects were in reference cycles"
    assert after - before < 500, f"{(after - before) / 1000} objects a step are never freed"


# ---- inputs that need no gradient cost nothing --------------------------------------------------------------------

WIDE = 1000  # a weight of 1000 x 1000 in float64 takes 8 MB, its gradient as much again


@pytest.mark.parametrize(
    ("function", "small", "large"),
    [
        (lambda x, w: F.linear(x, w), (1, WIDE), (WIDE, WIDE)),
        (lambda x, w: x @ w, (1, WIDE), (WIDE, WIDE)),
        (lambda x, w: F.conv2d(x, w), (1, WIDE, 1, 1), (WIDE, WIDE, 1, 1)),
        (lambda w, x: F.linear(x, w), (1, WIDE), (WIDE, WIDE)),  # now the weight is small, and x is not asked for
        (lambda w, x: F.conv2d(x, w), (1, WIDE, 1, 1), (WIDE, WIDE, 1, 1)),
        (lambda b, x: F.linear(x, Tensor(np.ones((1, WIDE))), b), (1,), (WIDE, WIDE)),
        (lambda a, b: a.sum() + (b * b).sum(), (1,), (WIDE, WIDE)),
    ],
    ids="linear matmul conv2d linear-weight conv2d-weight linear-bias branch".split(),
)
def test_an_input_that_needs_no_gradient_costs_nothing_in_backward(function, small, large):
    needs, needs_none = leaf(np.ones(small)), Tensor(np.ones(large))
    mc.set_num_threads(1)
    y = function(needs, needs_none)
    cotangent = np.ones(y.shape)
    tracemalloc.start()
    try:
        y.backward(cotangent)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert needs.grad is not None
    assert needs_none.grad is None
    assert peak < needs_none.data.nbytes / 2


# ---- as a Python number ---------------------------------------------------------------------------------------------


def test_one_element_is_a_number():
    loss = leaf(np.array(2.34567))
    assert (f"{loss:.3f}", "{:.1e}".format(loss), int(loss)) == ("2.346", "2.3e+00", 2)  # noqa: UP032
    assert ["a", "b", "c"][Tensor(np.array([1, 5, 2])).argmax()] == "b"
    assert f"{Tensor(np.array([1, 2]))}" == "Tensor([1, 2], dtype=int64)"
    with raises(ValueError, "item: a tensor of shape (2,) has 2 elements"):
        format(Tensor(np.array([1.0, 2.0])), ".3f")
    with raises(TypeError, "index: a tensor of float64, expected one integer"):
        range(loss)


def test_no_grad_above_a_function():
    @mc.no_grad
    def bare(x):
        return 2 * x

    @mc.no_grad()
    def called(x):
        return 2 * x

    x = leaf(np.ones(2))
    assert not bare(x).requires_grad and not called(x).requires_grad
    assert (2 * x).requires_grad
    with raises(TypeError, "no_grad: a generator runs when it is asked; write `with no_grad"):

        @mc.no_grad()
        def items(x):
            yield 2 * x
