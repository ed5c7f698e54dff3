"""+= -= *= /= **= and x[index] = value: what they change, what they refuse, and that they refuse before they change."""

import operator

import numpy as np
import pytest
from support import fetch, leaf, put, raises, share_memory

import minicnn as mc
import minicnn.functional as F
from minicnn import Tensor, gradcheck, nn

IN_PLACE = {
    "+=": (operator.iadd, operator.add),
    "-=": (operator.isub, operator.sub),
    "*=": (operator.imul, operator.mul),
    "/=": (operator.itruediv, operator.truediv),
    "**=": (operator.ipow, operator.pow),
}
every_operator = pytest.mark.parametrize("symbol", IN_PLACE)


@pytest.fixture
def numbers(device):
    """A leaf and another array on the device."""
    x = mc.tensor(np.array([[1.0, 2.0], [3.0, 4.0]]), requires_grad=True, device=device)
    return x, put(np.array([0.5, 2.0]), device)


# ---- without a gradient -------------------------------------------------------------------------------------------


@every_operator
@pytest.mark.parametrize("kind", [lambda a: a, Tensor, lambda a: 3], ids=["array", "tensor", "number"])
def test_without_a_graph_the_data_are_changed_where_they_lie(symbol, kind, numbers):
    (x, array), (in_place, operation) = numbers, IN_PLACE[symbol]
    other, data, view = kind(array), x.data, x[0]
    expected = operation(fetch(x.data), 3 if isinstance(other, int) else fetch(array))
    with mc.no_grad():
        y = in_place(x, other)
    assert y is x and x.data is data
    assert x.is_leaf and x.requires_grad
    np.testing.assert_allclose(fetch(data), expected, rtol=1e-12)
    (view * 1).sum().backward()  # nobody is stale
    np.testing.assert_array_equal(fetch(x.grad), [[1, 1], [0, 0]])


def test_a_training_loop_by_hand_trains(device):
    w = mc.tensor(np.zeros(3), requires_grad=True, device=device)
    target = put(np.array([1.0, -2.0, 3.0]), device)
    for _ in range(100):
        ((w - target) ** 2).sum().backward()
        with mc.no_grad():
            w -= 0.1 * w.grad
        w.grad = None
    np.testing.assert_allclose(fetch(w.data), [1, -2, 3], atol=1e-6)


def test_constants_may_be_changed_where_a_graph_is_recorded():
    x, y = Tensor(np.array([1, 2, 3])), Tensor(np.array([1.0, 2.0]))
    view = x[1:]
    x += 1
    x *= np.array([1, 2, 3])
    y /= 4
    np.testing.assert_array_equal(x.data, [2, 6, 12])
    np.testing.assert_array_equal(y.data, [0.25, 0.5])
    np.testing.assert_array_equal((view + 0).data, [6, 12])


# ---- with one -----------------------------------------------------------------------------------------------------


@every_operator
def test_the_result_has_the_history_of_both_sides(symbol, numbers):
    (leaf_x, array), (in_place, operation) = numbers, IN_PLACE[symbol]
    other = Tensor(array, requires_grad=True)
    h = leaf_x * 1
    data = h.data
    y = in_place(h, other)
    assert y is h and h.data is data and not h.is_leaf
    h.sum().backward()
    found = [fetch(leaf_x.grad), fetch(other.grad)]
    leaf_x.grad = other.grad = None
    result = operation(leaf_x * 1, other)
    result.sum().backward()
    np.testing.assert_array_equal(fetch(data), fetch(result.data))
    for gradient, expected in zip(found, [leaf_x.grad, other.grad], strict=True):
        np.testing.assert_array_equal(gradient, fetch(expected))


@every_operator
def test_gradients_agree_with_differences(symbol):
    def function(x, w):
        h = x * w
        before = h + w
        h = IN_PLACE[symbol][0](h, x + 1)
        return h * before + h

    assert gradcheck(function, [leaf([[0.5, 1.5], [1.2, 2.0]]), leaf([1.1, 0.7])])


@pytest.mark.parametrize("other", [lambda h: h, lambda h: h[0], lambda h: h.T], ids=["itself", "a row", "transposed"])
def test_the_other_side_may_lie_in_the_same_memory(other):
    def function(x):
        h = x * 2
        h *= other(h)
        return h

    x = leaf([[1.0, 2.0], [3.0, 4.0]])
    h = 2 * x.data
    np.testing.assert_array_equal(function(x).data, h * other(h))
    assert gradcheck(function, x)


def test_a_constant_joins_the_graph():
    w, total = leaf([1.0, 2.0]), Tensor(np.zeros(2))
    for factor in (1.0, 10.0):
        total += factor * w
    assert not total.is_leaf
    total.sum().backward()
    np.testing.assert_array_equal(w.grad, [11, 11])
    constant = Tensor(np.zeros(2))
    view = constant[:1]
    constant += w
    with raises(RuntimeError, "add: a shares its memory"):
        view + 1


def test_those_that_share_the_memory_are_stale():
    h = leaf([1.0, 2.0, 3.0]) * 1
    view, detached = h.reshape(3, 1), h.detach()
    h += 1
    for stale in (view, detached):
        with raises(RuntimeError, "mul: a shares its memory with a tensor that add changed in place"):
            stale * 2
    with raises(RuntimeError, "backward: this tensor shares its memory with a tensor that add changed in place"):
        view.backward(np.ones((3, 1)))
    with raises(RuntimeError, "+=: the tensor shares its memory with a tensor that add changed in place"):
        view += 1
    with raises(RuntimeError, "concat: tensors[1] shares its memory"):
        F.concat([h.reshape(3, 1), view])
    with mc.no_grad():
        np.testing.assert_array_equal((view * 2).data, [[4], [6], [8]])  # no history is needed
        view_of_view = view[1:]
    with raises(RuntimeError, "mul: a shares its memory"):
        view_of_view * 2
    (h + h[::-1]).sum().backward()  # what was made since is not stale


# ---- what is refused ----------------------------------------------------------------------------------------------


def test_a_leaf_or_a_view_of_one_is_refused_before_it_changes(numbers):
    x, array = numbers
    before, w = fetch(x.data).copy(), Tensor(array, requires_grad=True)
    with raises(RuntimeError, "-=: the tensor is a leaf"):
        w -= 1
    for tensor, what in [(x, "is a leaf"), (x.reshape(4), "shares its memory with a leaf"), (x[1:], "shares its")]:
        with raises(RuntimeError, f"-=: the tensor {what}", "write it under no_grad(), use an optimizer"):
            tensor -= 1
    detached = x.detach()
    with raises(RuntimeError, "*=: the tensor shares its memory with a leaf that requires a gradient"):
        detached *= w
    detached[...] = fetch(x.data)[0, 0]  # but without a history it may be overwritten, as in PyTorch
    assert not np.array_equal(fetch(x.data), before)


def test_a_parameter_made_of_a_tensor_shares_its_memory():
    h = leaf([1.0, -2.0]) * 1
    p = nn.Parameter(h)
    assert p.memory is h.memory
    with raises(RuntimeError, "relu with inplace=True: the tensor shares its memory with a leaf"):
        F.relu(h, inplace=True)
    np.testing.assert_array_equal(p.data, [1, -2])


def test_a_part_is_refused_before_it_changes(numbers):
    x, _ = numbers
    h = x * 1
    for index in (0, slice(1), (slice(None), 1)):
        with raises(RuntimeError, "-=: the tensor is a part of another one"):
            h[index] -= 1
    for row in h:
        with raises(RuntimeError, "+=: the tensor is a part of another one"):
            row += 1
    picked = h[[0, 1]]  # a copy
    picked += 1
    with raises(RuntimeError, "indexing: x[index] = value is not recorded for backward; write it under no_grad()"):
        h[[0, 1]] = picked
    np.testing.assert_array_equal(fetch(h.data), fetch(x.data))
    (h + picked).sum().backward()
    np.testing.assert_array_equal(fetch(x.grad), [[2, 2], [2, 2]])


@pytest.mark.parametrize("requires_grad", [False, True])
@pytest.mark.parametrize(
    ("data", "other", "error", "message"),
    [
        (np.ones(2), np.ones((3, 2)), ValueError, "+=: the result has shape (3, 2), the tensor on the left has (2,)"),
        (np.ones((1, 2)), np.ones((2, 2)), ValueError, "+=: the result has shape (2, 2)"),
        (np.ones(2), np.ones(3), ValueError, "add: shapes (2,) and (3,) do not broadcast"),
        (np.ones(2), np.ones(2, np.float32), TypeError, "add: b is float32, a is float64"),
        (np.ones(2, int), 1.5, TypeError, "+=: the result is float32, the tensor on the left is int64"),
    ],
)
def test_a_result_that_does_not_fit_is_refused(data, other, error, message, requires_grad):
    x = Tensor(data)
    if isinstance(other, np.ndarray):
        other = Tensor(other, requires_grad=requires_grad)
    with raises(error, message):
        x += other
    np.testing.assert_array_equal(x.data, 1)
    assert x.is_leaf


def test_the_in_place_quotient_of_integers_is_refused():
    x = Tensor(np.array([4, 2]))
    with raises(TypeError, "div: a is int64, expected a floating dtype"):
        x /= 2


@pytest.mark.parametrize("change", [lambda h: h.__iadd__(1), lambda h: F.relu(h, inplace=True)], ids=["+=", "relu"])
@pytest.mark.parametrize(
    ("keep", "name"), [(lambda h: h, "tanh"), (lambda h: h * h, "mul"), (lambda h: h.reshape(2, 1).T.exp(), "exp")]
)
def test_what_was_kept_for_backward_cannot_be_overwritten(keep, name, change, numbers):
    """Also on a GPU, where the arrays themselves are not compared, and where no number changes."""
    h = F.tanh(numbers[0][0])
    y = keep(h)
    change(y if name == "exp" else h)
    with raises(RuntimeError, f"{name}: ", "that it kept", "was changed in place"):
        y.sum().backward()


def test_what_concat_keeps_instead_may_be_overwritten_and_its_own_result_not(numbers):
    x, _ = numbers
    for changed, allowed in ((0, True), (1, False)):
        x.grad = None
        h = F.tanh(x * 1.0)
        y = F.concat([h, x])
        (h, y)[changed].__iadd__(1)
        if allowed:
            y.sum().backward()
            np.testing.assert_allclose(fetch(x.grad), 2 - np.tanh(fetch(x.data)) ** 2)
        else:
            with raises(RuntimeError, "tanh: ", "that it kept", "was changed in place"):
                y.sum().backward()


def test_relu_in_place_knows_what_it_has_written_itself(numbers):
    x, _ = numbers
    h = x - 2.0
    y = F.concat([F.relu(h, inplace=True) + h, h])
    y.sum().backward()
    np.testing.assert_array_equal(fetch(x.grad), [[0, 0], [3, 3]])


# ---- x[index] = value -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("index", "value"),
    [
        (0, 7.0),
        ((slice(None), 1), [7.0, 8.0]),
        ((Ellipsis, 0), np.array([7.0, 8.0])),
        (slice(1, None), Tensor(np.array([[7.0, 8.0]]))),
        ([0, 1], 7),
        ((Tensor([1]), Tensor([0])), 7.0),
        (np.array([[True, False], [False, True]]), 7.0),
    ],
    ids=str,
)
def test_elements_are_set_where_no_gradient_is_wanted(index, value, numbers, device):
    x, _ = numbers
    parts = index if isinstance(index, tuple) else (index,)
    expected = fetch(x.data).copy()
    expected[tuple(np.asarray(p) if isinstance(p, Tensor | list) else p for p in parts)] = np.asarray(value)
    there = Tensor(put(value.data, device)) if isinstance(value, Tensor) else value
    there = put(there, device) if isinstance(there, np.ndarray) else there
    data = x.data
    with mc.no_grad():
        x[index] = there
    assert x.data is data
    np.testing.assert_array_equal(fetch(x.data), expected)


def test_elements_are_changed_under_no_grad():
    p = leaf([1.0, 2.0, 3.0])
    with mc.no_grad():
        p[0] -= 1
        p[1:] *= 2
    np.testing.assert_array_equal(p.data, [0, 4, 6])
    assert p.is_leaf


def test_elements_of_a_constant_may_be_set_at_any_time_but_not_to_what_wants_a_gradient():
    constant, w = Tensor(np.zeros(3)), leaf([1.0])
    constant[1] = 5
    with raises(RuntimeError, "indexing: x[index] = value is not recorded"):
        constant[:1] = w
    np.testing.assert_array_equal(constant.data, [0, 5, 0])


def test_an_element_of_a_leaf_is_not_set_where_a_gradient_is_wanted():
    for p in (leaf([1.0, 2.0]), leaf([1.0, 2.0]) * 1):
        with raises(RuntimeError, "indexing: x[index] = value is not recorded"):
            p[0] = 5
        with raises(RuntimeError, "indexing: x[index] = value is not recorded"):
            p[0] -= 1
        np.testing.assert_array_equal(p.data, [1, 2])


@pytest.mark.parametrize(("index", "value"), [(5, 1.0), (slice(2), np.ones(3)), ((0, 0), 1.0)], ids=str)
def test_an_index_or_a_value_that_does_not_fit_is_refused(index, value):
    x = Tensor(np.zeros(3))
    with raises((IndexError, ValueError), "indexing: x of shape (3,): "):
        x[index] = value
    assert not x.data.any()


@pytest.mark.devices("strict", "cuda")
def test_another_device_is_refused(device):
    x = mc.tensor(np.zeros(2), device=device)
    with raises(TypeError, "arrays on different devices"):
        x[...] = Tensor(np.ones(2))
    with raises(TypeError, "add: b is on cpu, a on cuda:0"):
        x += np.ones(2)


def test_memory_is_shared_by_views_and_by_nothing_else(device):
    """What a Function returns is known to lie in an input's memory, or not to, without being told."""
    x = mc.tensor(np.arange(12.0).reshape(3, 4), device=device)
    for view in (x[1:], x[:, None], x.T, x.reshape(-1), x.reshape(4, 3).T[1:], F.flatten(x), x.detach()):
        assert view.memory is x.memory
        assert share_memory(view.data, x.data)
    for copy in (x[[0, 1]], x.T.reshape(-1), x + 0, F.relu(x), mc.tensor(x, device=device), F.concat([x], axis=0)):
        assert copy.memory is not x.memory
        assert not share_memory(copy.data, x.data)


def test_arrays_over_a_buffer_that_is_no_array_are_recognized_as_views():
    x = Tensor(np.frombuffer(bytearray(32), np.float64))
    assert x[1:].memory is x.memory
