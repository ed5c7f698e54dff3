"""The tests that every operation gets must be able to fail: each is run on an operation with the mistake it is for."""

import numpy as np
import pytest
from support import LAYOUTS, ON_EVERY_CASE, Case, OperationTest, contiguous, in_turn, needs_torch, raises, torch

import minicnn as mc
from minicnn import backend
from minicnn.function import Function


class Product(Function):
    """y = a * b, right in every way; the mistakes below are made on top of it."""

    def forward(self, a, b):
        self.a, self.b = a, b
        return a * b

    def backward(self, grad_y):
        need_a, need_b = self.needs_input_grad
        return grad_y * self.b if need_a else None, grad_y * self.a if need_b else None


class ProductTest(OperationTest):
    name, arguments = "product", ("a", "b")
    cases = [Case("matrices", (3, 4), (3, 4))]
    function = Product

    def operation(self, case, a, b):
        return self.function()(a, b)

    def naive(self, case, a, b):
        return [[a[i, j] * b[i, j] for j in range(a.shape[1])] for i in range(a.shape[0])]

    def torch_operation(self, case, a, b):
        return a * b


class TestProduct(ProductTest):
    """Without a mistake all tests pass."""


class WrongForward(Product):
    def forward(self, a, b):
        return super().forward(a, b) * 1.0001


class WrongGradient(Product):
    def backward(self, grad_y):
        grad_a, grad_b = super().backward(grad_y)
        return grad_a, -grad_b


class AlwaysFloat64(Product):
    def forward(self, a, b):
        return super().forward(a, b).astype(np.float64)

    def backward(self, grad_y):
        return tuple(grad.astype(self.a.dtype) for grad in super().backward(grad_y))


class ChangesItsInput(Product):
    def forward(self, a, b):
        y = super().forward(a, b)
        b += 1
        return y


class ChangesTheCotangent(Product):
    def backward(self, grad_y):
        grads = super().backward(grad_y)
        grad_y *= 2
        return grads


class ResultIsTheInput(Product):
    def forward(self, a, b):
        self.a, self.b = a, np.ones_like(b)
        return a


class IgnoresTheLayout(Product):
    def forward(self, a, b):
        super().forward(a, b)
        return a.ravel(order="K").reshape(a.shape) * b


class IgnoresTheLayoutOfTheCotangent(Product):
    def backward(self, grad_y):
        return super().backward(grad_y.ravel(order="K").reshape(grad_y.shape))


class DependsOnTheThreads(Product):
    def backward(self, grad_y):
        return tuple(grad * (mc.get_num_threads() < 3) for grad in super().backward(grad_y))


class DependsOnChance(Product):
    def forward(self, a, b):
        return super().forward(a, b) * np.random.default_rng().choice([1, 1 + 1e-15], a.shape)


class ComputesForNobody(Product):
    def backward(self, grad_y):
        return grad_y * self.b, grad_y * self.a


class NeedsBothGradients(Product):
    def backward(self, grad_y):
        grad_a, grad_b = super().backward(grad_y)
        return (grad_a, grad_b) if all(self.needs_input_grad) else (grad_b, grad_a)


class UsesUpWhatItSaved(Product):
    def backward(self, grad_y):
        grads = super().backward(grad_y)
        self.a = 0 * self.a
        return grads


class OtherWithoutAGraph(Product):
    def forward(self, a, b):
        return super().forward(a, b) * (1 if any(self.needs_input_grad) else 2)


class TakesEverything(Product):
    def __call__(self, a, b):
        return super().__call__(*(mc.Tensor(np.ones((3, 4))) for _ in (a, b)))


class AsksNoArray(Product):
    def forward(self, a, b):
        self.a, self.b = a, b
        return backend.module_of(2.0).multiply(a, b)


class ForgetsTheDtype(Product):
    def forward(self, a, b):
        super().forward(a, b)
        xp = backend.module_of(a, b)
        return (xp.zeros(a.shape) + a * b).astype(a.dtype)


class WalksOnNumPy(Product):
    def forward(self, a, b):
        y = super().forward(a, b)
        backend.for_each_block(lambda rows: np.multiply(a[rows], b[rows], out=y[rows]), len(a), np)
        return y


for mistake in Product.__subclasses__():
    mistake.name = "product"  # what its messages say; the class name otherwise

CASE = ProductTest.cases[0]
MISTAKES = [
    (WrongForward, "test_forward_agrees_with_the_naive_version", (CASE, np.float64)),
    (WrongForward, "test_forward_agrees_with_the_naive_version", (CASE, np.float32)),
    (WrongGradient, "test_gradients_agree_with_differences", (CASE,)),
    (AlwaysFloat64, "test_keeps_the_dtype", (CASE, np.float32)),
    (ChangesItsInput, "test_leaves_inputs_and_cotangent_unchanged", (CASE,)),
    (ChangesTheCotangent, "test_leaves_inputs_and_cotangent_unchanged", (CASE,)),
    (ChangesTheCotangent, "test_accepts_a_cotangent_that_is_one_number_stretched", (CASE,)),
    (ResultIsTheInput, "test_leaves_inputs_and_cotangent_unchanged", (CASE,)),
    (IgnoresTheLayout, "test_any_layout_in_memory_gives_the_same", (CASE,)),
    (IgnoresTheLayoutOfTheCotangent, "test_any_layout_in_memory_gives_the_same", (CASE,)),
    (DependsOnTheThreads, "test_any_number_of_threads_gives_the_same", (CASE, None, pytest.MonkeyPatch())),
    (DependsOnChance, "test_any_number_of_threads_gives_the_same", (CASE, None, pytest.MonkeyPatch())),
    (ComputesForNobody, "test_only_inputs_that_require_a_gradient_get_one", (CASE,)),
    (NeedsBothGradients, "test_only_inputs_that_require_a_gradient_get_one", (CASE,)),
    (UsesUpWhatItSaved, "test_two_backwards_add_up", (CASE,)),
    (AsksNoArray, "test_its_arrays_decide_where_it_runs", (CASE,)),
    (ForgetsTheDtype, "test_its_arrays_decide_where_it_runs", (CASE,)),
    (WalksOnNumPy, "test_its_arrays_decide_where_it_runs", (CASE,)),
    (OtherWithoutAGraph, "test_without_a_graph_gives_the_same", (CASE,)),
    (AlwaysFloat64, "test_float16_works_or_is_refused", ()),
    (TakesEverything, "test_mixed_dtypes_are_refused", ()),
    (TakesEverything, "test_integers_are_refused_or_kept", ()),
    (TakesEverything, "test_what_is_no_tensor_is_refused", (None,)),
    pytest.param(WrongGradient, "test_forward_and_gradients_agree_with_pytorch", (CASE, np.float64), marks=needs_torch),
]


def run(function, test, arguments):
    subject = type("Subject", (ProductTest,), {"function": function})()
    getattr(subject, test)(*arguments)


@pytest.mark.parametrize(("mistake", "test", "arguments"), MISTAKES)
def test_every_mistake_is_found(mistake, test, arguments):
    run(Product, test, arguments)  # the test itself is right: it passes without the mistake
    with pytest.raises((AssertionError, ValueError, RuntimeError, pytest.fail.Exception)):
        run(mistake, test, arguments)


def test_a_gradient_that_is_the_cotangent_itself_is_found(monkeypatch):
    class Same(Product):
        def backward(self, grad_y):
            return grad_y, grad_y

    monkeypatch.setattr(mc.Tensor, "accumulate", lambda t, gradient: setattr(t, "grad", gradient))  # forgets to copy
    with pytest.raises(AssertionError):
        run(Same, "test_gradients_own_their_memory", (CASE,))


def test_random_cases_are_compared_with_pytorch_or_with_differences(monkeypatch):
    import support

    for library in {torch, None}:
        monkeypatch.setattr(support, "torch", library)
        ProductTest().agrees(CASE)
        with pytest.raises(AssertionError):
            type("Subject", (ProductTest,), {"function": WrongGradient})().agrees(CASE)


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 3, 4, 5)], ids=str)
@pytest.mark.parametrize("layout", [*LAYOUTS, contiguous])
def test_layouts_hold_the_same_numbers(layout, shape):
    array = np.asarray(np.random.default_rng(0).standard_normal(shape))
    view = layout(array)
    assert isinstance(view, np.ndarray)
    np.testing.assert_array_equal(view, array)
    if len(shape) == 4:
        assert view.flags.c_contiguous == (layout is contiguous)


def test_raises_wants_the_parts_in_order():
    with raises(ValueError, "one", "three...five"):
        raise ValueError("one two three four five")
    with pytest.raises(AssertionError), raises(ValueError, "two", "one"):
        raise ValueError("one two")
    with pytest.raises(AssertionError), raises(ValueError, "two"):
        raise ValueError("one two")
    with pytest.raises(AssertionError), raises(ValueError, "a.b"):
        raise ValueError("a b")


@pytest.mark.parametrize("number", [1, 2, 3, 7])
def test_the_quick_run_leaves_out_no_shared_test_and_no_case(number):
    cases = [Case(str(i), (1,)) for i in range(number)]
    shared = [name for name in vars(OperationTest) if name.startswith("test_")]
    taken = {name: [p.values[0] for p in in_turn(cases, name) if not p.marks] for name in shared}
    assert all(taken.values())
    assert taken["test_gradients_agree_with_differences"] == cases
    some = [taken[name] for name in shared if name not in ON_EVERY_CASE]
    assert {case for few in some for case in few} == set(cases)
    assert max(len(few) for few in some) == (number + 2) // 3
    assert all(not p.marks for p in in_turn(cases, "test_of_the_operation_alone"))
