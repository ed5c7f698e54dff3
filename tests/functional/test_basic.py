import itertools
import math
import operator

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from support import Case, OperationTest, assert_close, both_dtypes, leaf, positive, raises, tensor, ties, torch

import minicnn as mc
import minicnn.functional as F
from minicnn.functional.basic import unbroadcast

PAIRS = [
    Case("same shape", (3, 4), (3, 4)),
    Case("a row for every row", (3, 4), (4,)),
    Case("both stretched", (3, 1), (1, 4)),
    Case("a number", (2, 3, 2), ()),
    Case("both numbers", (), ()),
    Case("a channel", (5, 3, 2, 2), (3, 1, 1)),
]


def element_by_element(formula, *arrays):
    """formula(a, b) for every element of the broadcast arrays."""
    stretched = np.broadcast_arrays(*arrays)
    y = np.empty(stretched[0].shape)
    for index in np.ndindex(y.shape):
        y[index] = formula(*(float(array[index]) for array in stretched))
    return y


class Binary(OperationTest):
    """What the tests of + - * / ** have in common: `formula` says what becomes of two numbers."""

    arguments = ("a", "b")
    arrays_allowed = True
    cases = PAIRS

    def operation(self, case, a, b):
        return getattr(F, self.name)(a, b)

    def naive(self, case, a, b):
        return element_by_element(self.formula, a, b)

    def torch_operation(self, case, a, b):
        return getattr(torch, self.name)(a, b)


class TestAdd(Binary):
    name = "add"
    integers_allowed = True
    formula = staticmethod(lambda a, b: a + b)


class TestSub(Binary):
    name = "sub"
    integers_allowed = True
    formula = staticmethod(lambda a, b: a - b)


class TestMul(Binary):
    name = "mul"
    integers_allowed = True
    formula = staticmethod(lambda a, b: a * b)


class TestDiv(Binary):
    name = "div"
    formula = staticmethod(lambda a, b: a / b)

    def inputs(self, case, rng, dtype):
        a, b = case.shapes
        return np.asarray(rng.standard_normal(a), dtype), np.asarray(positive(rng, b) * rng.choice([-1, 1], b), dtype)


class TestPow(Binary):
    name = "pow"
    formula = staticmethod(lambda a, b: a**b)

    def inputs(self, case, rng, dtype):
        a, b = case.shapes
        return np.asarray(positive(rng, a), dtype), np.asarray(rng.standard_normal(b), dtype)


class Unary(OperationTest):
    """What the tests of functions of one number have in common: `formula` says what becomes of it."""

    arguments = ("x",)
    cases = [
        Case("matrix", (3, 4), draw=positive),
        Case("four axes", (5, 2, 3, 2), draw=positive),
        Case("a number", (), draw=positive),
    ]

    def operation(self, case, x):
        return getattr(F, self.name)(x)

    def naive(self, case, x):
        return element_by_element(self.formula, x)

    def torch_operation(self, case, x):
        return getattr(torch, self.name)(x)


class TestNeg(Unary):
    name = "neg"
    integers_allowed = True
    formula = staticmethod(lambda x: -x)


class TestExp(Unary):
    name = "exp"
    formula = staticmethod(math.exp)


class TestLog(Unary):
    name = "log"
    formula = staticmethod(math.log)


class TestSqrt(Unary):
    name = "sqrt"
    formula = staticmethod(math.sqrt)


class Reduction(OperationTest):
    """What the tests of sum, mean and max have in common: `formula` says what becomes of a list of numbers."""

    arguments = ("x",)
    cases = [
        Case("everything", (3, 4)),
        Case("first axis", (5, 3), axis=0),
        Case("last axis", (2, 3, 4), axis=-1),
        Case("middle axis, kept", (2, 3, 4), axis=1, keepdims=True),
        Case("two axes", (2, 3, 4), axis=(0, 2)),
        Case("two axes, kept, out of order", (2, 3, 4), axis=(-1, 0), keepdims=True),
        Case("an axis of one", (3, 1, 2), axis=1),
        Case("a number", ()),
    ]

    def operation(self, case, x):
        return getattr(F, self.name)(x, **case.arguments)

    def naive(self, case, x):
        axis, keepdims = case.arguments.get("axis"), case.arguments.get("keepdims", False)
        axes = range(x.ndim) if axis is None else [a % x.ndim for a in np.atleast_1d(axis)]
        kept = tuple(1 if a in axes else size for a, size in enumerate(x.shape))
        y = np.empty(kept)
        for index in np.ndindex(kept):
            along = [range(x.shape[a]) if a in axes else [index[a]] for a in range(x.ndim)]
            y[index] = self.formula([x[place] for place in itertools.product(*along)])
        return y if keepdims else y.reshape([size for a, size in enumerate(x.shape) if a not in axes])

    def torch_arguments(self, case, x):
        axis = case.arguments.get("axis")
        return {"dim": tuple(range(x.ndim)) if axis is None else axis, "keepdim": case.arguments.get("keepdims", False)}


class TestSum(Reduction):
    name = "sum"
    integers_allowed = True
    formula = staticmethod(math.fsum)

    def torch_operation(self, case, x):
        return torch.sum(x, **self.torch_arguments(case, x))


class TestMean(Reduction):
    name = "mean"
    formula = staticmethod(lambda numbers: math.fsum(numbers) / len(numbers))

    def torch_operation(self, case, x):
        return torch.mean(x, **self.torch_arguments(case, x))


class TestMax(Reduction):
    name = "max"
    integers_allowed = True
    formula = staticmethod(max)
    cases = [*Reduction.cases, Case("ties", (4, 6), draw=ties, axis=1), Case("ties of all", (2, 3, 2), draw=ties)]

    def torch_operation(self, case, x):
        return torch.amax(x, **self.torch_arguments(case, x))


# ---- known values -------------------------------------------------------------------------------------------------


def test_unbroadcast_adds_up_what_was_copied():
    g = np.arange(24.0).reshape(2, 3, 4)
    np.testing.assert_array_equal(unbroadcast(g, (3, 1)), [[(0 + 1 + 2 + 3) + (12 + 13 + 14 + 15)], [92], [124]])
    np.testing.assert_array_equal(unbroadcast(g, ()), 276)
    assert isinstance(unbroadcast(g, ()), np.ndarray)
    assert unbroadcast(g, (2, 3, 4)) is g or np.array_equal(unbroadcast(g, (2, 3, 4)), g)
    assert unbroadcast(np.ones((1, 1)), (1,)).shape == (1,)
    np.testing.assert_array_equal(unbroadcast(np.ones((5, 3, 1)), (1, 1)), [[15]])


def test_an_input_used_twice_gets_both_gradients():
    x = leaf([3.0])
    (x * x + x).backward()
    assert x.grad == 2 * 3 + 1


def test_pow_where_the_formula_says_zero_times_infinity():
    a, b = leaf([0.0, 0.0, 2.0, 0.0]), leaf([0.0, 2.0, 0.0, 1.0])
    y = a**b
    np.testing.assert_array_equal(y.data, [1, 0, 1, 0])
    y.backward(np.ones(4))
    np.testing.assert_array_equal(a.grad, [0, 0, 0, 1])
    np.testing.assert_array_equal(b.grad, [0, 0, math.log(2), 0])


def test_pow_at_infinity_and_of_zero_to_a_negative_power():
    for zero in (0, 0.0, leaf([0.0])):
        x = leaf([np.inf])
        (x**zero).backward()
        np.testing.assert_array_equal(x.grad, [0])  # not 0 times infinity
    x, b = mc.Tensor(np.array([0.0])), leaf([-1.0])
    with np.errstate(divide="ignore"):
        (x**b).backward()
    np.testing.assert_array_equal(b.grad, [-np.inf])  # 0^b log 0, as in PyTorch


def test_pow_of_negative_numbers_to_whole_powers():
    x = leaf([-2.0, -1.0, 3.0])
    y = x**3
    np.testing.assert_allclose(y.data, [-8, -1, 27])
    y.backward(np.ones(3))
    np.testing.assert_allclose(x.grad, [12, 3, 27])


def test_pow_with_a_number_as_base():
    x = leaf([0.0, 3.0])
    y = 2**x
    y.backward(np.ones(2))
    np.testing.assert_allclose(x.grad, [math.log(2), 8 * math.log(2)])


def test_sqrt_and_pow_one_half_agree():
    x, z = leaf([0.25, 9.0]), leaf([0.25, 9.0])
    x.sqrt().backward(np.ones(2))
    (z**0.5).backward(np.ones(2))
    np.testing.assert_allclose(x.grad, [1, 1 / 6])
    np.testing.assert_allclose(z.grad, x.grad)


def test_the_gradient_of_sqrt_at_zero_is_infinite():
    """As the formula says, and as in PyTorch: an eps below the root is the user's choice."""
    x = leaf([0.0, 4.0, 0.0])
    with np.errstate(divide="ignore"):
        x.sqrt().backward(np.array([1.0, 1.0, -1.0]))
    np.testing.assert_array_equal(x.grad, [np.inf, 0.25, -np.inf])


def test_gradient_of_div_by_numbers_whose_square_is_out_of_range():
    a, b = leaf([1e-25, 1e25], np.float32), leaf([1e-23, 1e23], np.float32)
    (a / b).backward(np.ones(2, np.float32))
    np.testing.assert_allclose(a.grad, [1e23, 1e-23], rtol=1e-6)
    np.testing.assert_allclose(b.grad, [-1e21, -1e-21], rtol=1e-6)  # -a / b^2


def test_ties_of_max_share_the_gradient():
    x = leaf([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]])
    x.max(axis=1).backward(np.array([1.0, 6.0]))
    np.testing.assert_array_equal(x.grad, [[0, 0.5, 0.5], [2, 2, 2]])


def test_mean_of_large_numbers_in_float32():
    x = mc.Tensor(np.full(1_000_000, 100.3, np.float32))
    assert x.mean().item() == pytest.approx(100.3, rel=1e-6)
    assert x.sum().item() == pytest.approx(100.3e6, rel=1e-6)


# ---- the operators of Tensor ----------------------------------------------------------------------------------------

OPERATORS = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow]
OTHERS = [2, 2.5, np.float64(2.5), np.float32(2.5), np.int64(2)]


@pytest.mark.parametrize("other", OTHERS, ids=lambda other: f"{type(other).__name__} {other}")
@pytest.mark.parametrize("operate", OPERATORS)
def test_operators_take_numbers_on_either_side_and_keep_float32(operate, other):
    x = leaf([0.5, 1.0, 3.0], np.float32)
    number = float(other)
    for y, expected in [(operate(x, other), operate(x.data, number)), (operate(other, x), operate(number, x.data))]:
        assert isinstance(y, mc.Tensor)
        assert_close(y.data, expected, np.float32, str(operate))
        x.grad = None
        y.backward(np.ones(3))
        assert x.grad.dtype == np.float32


@pytest.mark.parametrize("operate", OPERATORS)
def test_operators_take_arrays_on_either_side(operate):
    array, x = np.array([[1.0, 2.0], [3.0, 0.5]]), leaf([1.5, 2.5])
    for y, expected in [(operate(x, array), operate(x.data, array)), (operate(array, x), operate(array, x.data))]:
        assert isinstance(y, mc.Tensor)
        assert_close(y.data, expected, np.float64, str(operate))
        x.grad = None
        y.backward(np.ones((2, 2)))
        assert x.grad.shape == (2,)


def test_operators_and_methods_are_the_functions():
    a, b = tensor(2, 3), tensor(2, 3)
    pairs = [(a + b, F.add(a, b)), (a - b, F.sub(a, b)), (a * b, F.mul(a, b)), (a / b, F.div(a, b)), (-a, F.neg(a)),
             ((a * a) ** b, F.pow(a * a, b)), (a.exp(), F.exp(a)), ((a * a).log(), F.log(a * a)),
             ((a * a).sqrt(), F.sqrt(a * a)), (a.sum(0), F.sum(a, 0)), (a.mean(1, True), F.mean(a, 1, True)),
             (a.max(), F.max(a))]  # fmt: skip
    for method, function in pairs:
        np.testing.assert_array_equal(method.data, function.data)


def test_integers_can_be_added_and_reduced():
    x = mc.Tensor(np.array([[3, 1], [2, 5]]))
    np.testing.assert_array_equal((x + x * 2 - 1).data, 3 * x.data - 1)
    np.testing.assert_array_equal((-x).data, -x.data)
    assert x.sum().item() == 11
    assert x.max().item() == 5


# ---- what is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["add", "sub", "mul", "div", "pow"])
@pytest.mark.parametrize("shapes", [((3, 4), (3,)), ((2, 3), (3, 2)), ((2, 1, 3), (4, 2))])
def test_shapes_that_do_not_broadcast_are_refused(name, shapes):
    with raises(ValueError, f"{name}: shapes {shapes[0]} and {shapes[1]} do not broadcast"):
        getattr(F, name)(tensor(*shapes[0]), tensor(*shapes[1]))


@pytest.mark.parametrize("name", ["add", "sub", "mul", "div", "pow"])
def test_arrays_of_another_dtype_are_refused(name):
    with raises(TypeError, f"{name}: b is float64", "a is float32"):
        getattr(F, name)(tensor(2, dtype=np.float32), np.ones(2))


@pytest.mark.parametrize("name", ["sum", "mean", "max"])
@pytest.mark.parametrize(
    ("axis", "error", "message"),
    [
        (2, ValueError, "axis is 2, expected -2 to 1"),
        (-3, ValueError, "axis is -3, expected -2 to 1"),
        ((0, 5), ValueError, "axis is 5, expected -2 to 1"),
        ((0, -2), ValueError, "axis is (0, -2), which names an axis twice"),
        (1.0, TypeError, "axis is 1.0, expected an int"),
        (True, TypeError, "axis is True, expected an int"),
        ("rows", TypeError, "axis is 'rows', expected an int"),
        ((0, None), TypeError, "axis is None, expected an int"),
    ],
)
def test_wrong_axes_are_refused(name, axis, error, message):
    with raises(error, f"{name}: {message}"):
        getattr(F, name)(tensor(2, 3), axis)


@pytest.mark.parametrize(("shape", "axis"), [((0, 3), None), ((2, 0), 1), ((0,), 0)])
def test_max_of_nothing_is_refused(shape, axis):
    with raises(ValueError, f"max: x has shape {shape}, expected at least one element"):
        F.max(tensor(*shape), axis)


# ---- properties -----------------------------------------------------------------------------------------------------


@st.composite
def shapes_that_broadcast(draw):
    full = draw(st.lists(st.integers(1, 3), max_size=4))

    def shortened():
        stretched = [1 if draw(st.booleans()) else size for size in full]
        return tuple(stretched[draw(st.integers(0, len(full))) :])

    return shortened(), shortened()


@given(shapes_that_broadcast(), st.sampled_from([TestAdd, TestSub, TestMul, TestDiv, TestPow]))
@settings(max_examples=50, deadline=None, derandomize=True)
def test_operators_on_random_shapes(shapes, test):
    test().agrees(Case("random", *shapes))


@given(st.lists(st.integers(1, 3), max_size=4), st.data(), st.sampled_from([TestSum, TestMean, TestMax]))
@settings(max_examples=50, deadline=None, derandomize=True)
def test_reductions_over_random_axes(shape, data, test):
    subsets = [axes for n in range(1, len(shape) + 1) for axes in itertools.permutations(range(-len(shape), 0), n)]
    axis = data.draw(st.sampled_from([None, *subsets]))
    test().agrees(Case("random", tuple(shape), axis=axis, keepdims=data.draw(st.booleans())))


# ---- integers and bools beside floats -------------------------------------------------------------------------------


OPERATORS = [lambda a, b: a + b, lambda a, b: a - b, lambda a, b: a * b, lambda a, b: a / b, lambda a, b: a**b]


@both_dtypes
@pytest.mark.parametrize("kind", [np.int64, np.uint8, bool])
@pytest.mark.parametrize("operator", OPERATORS)
def test_integers_and_bools_take_the_floating_dtype_beside_them(operator, kind, dtype):
    x, other = mc.Tensor(np.array([0.5, 1.5, 2.5], dtype), requires_grad=True), np.array([1, 1, 2], kind)
    y = operator(x, mc.Tensor(other))
    assert y.dtype == operator(mc.Tensor(other), x).dtype == dtype
    np.testing.assert_allclose(y.data, operator(x.data, other.astype(dtype)), rtol=1e-6)
    y.sum().backward()
    assert x.grad.dtype == dtype


def test_a_mask_times_a_tensor_lets_the_gradient_through_where_it_is_true():
    x = mc.Tensor(np.array([-1.0, 2.0, 3.0]), requires_grad=True)
    (x * (x > 0)).sum().backward()
    np.testing.assert_array_equal(x.grad, [0, 1, 1])


def test_integers_with_a_python_float_are_float32():
    x = mc.tensor([1, 2])
    assert (x * 1.5).dtype == (1.0 - x).dtype == (x / 2.0).dtype == np.float32
    assert (x * 2).dtype == np.int64
