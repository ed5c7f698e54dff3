import numpy as np
import pytest
from support import Case, OperationTest, leaf, raises, tensor, torch

import minicnn as mc
import minicnn.functional as F
from minicnn import rng


class TestDropout(OperationTest):
    """Every call begins at the same seed. Which elements are kept is found out by dropping from ones."""

    name, arguments = "dropout", ("x",)
    cases = [
        Case("matrix", (6, 7), p=0.4),
        Case("images", (2, 3, 3, 2), p=0.7),
        Case("nearly nothing dropped", (3, 4), p=0.001),
        Case("one", (1,), p=0.2),
    ]

    def operation(self, case, x):
        mc.manual_seed(3)
        return F.dropout(x, case.p)

    def kept(self, case, x):
        ones = np.ones(tuple(x.shape), str(x.dtype).removeprefix("torch."))
        return self.operation(case, self.tensor(ones)).numpy() > 0

    def expected(self, case, arrays):
        (x,) = arrays
        kept, y = self.kept(case, x), np.zeros(x.shape)
        for index in np.ndindex(x.shape):
            if kept[index]:
                y[index] = x[index] / (1 - case.p)
        return y

    def test_gives_what_the_cpu_gives(self, case):
        """Not the same mask; but the gradient goes through the same mask and scale as the value."""
        (x,) = self.draw(case)
        cotangent = self.cotangent(case, [x])
        kept = self.kept(case, x)
        _, (grad,) = self.run(case, [x], cotangent)
        np.testing.assert_allclose(grad, kept * cotangent / (1 - case.p), rtol=1e-14)

    def torch_operation(self, case, x):
        return x * torch.tensor(self.kept(case, x)) / (1 - case.p)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("p", [0.05, 0.4, 0.5, 0.7, 0.95])
def test_the_share_and_the_scale(p, dtype):
    mc.manual_seed(0)
    n = 100_000
    y = F.dropout(mc.Tensor(np.ones(n, dtype)), p).data
    values = np.unique(y)
    np.testing.assert_allclose(values, [0, 1 / (1 - p)], rtol=1e-6)
    deviation = np.sqrt(p * (1 - p) / n)
    assert abs((y == 0).mean() - p) < 4 * deviation
    assert abs(y.mean() - 1) < 4 * deviation / (1 - p)  # inverted: the mean is kept


def test_elements_are_dropped_one_by_one():
    """Not rows, channels or images, and neighbors do not know of each other."""
    mc.manual_seed(1)
    dropped = F.dropout(mc.Tensor(np.ones((200, 300))), 0.3).data == 0
    for axis in (0, 1):
        assert 0.1 < dropped.mean(axis=axis).min() < dropped.mean(axis=axis).max() < 0.5
    assert abs((dropped[:, 1:] & dropped[:, :-1]).mean() - 0.09) < 0.01
    assert abs((dropped[1:] & dropped[:-1]).mean() - 0.09) < 0.01


def test_elements_of_an_image_are_dropped_one_by_one_too():
    """Not whole channels, as PyTorch's dropout2d does."""
    mc.manual_seed(1)
    dropped = F.dropout(mc.Tensor(np.ones((3, 4, 30, 30))), 0.3).data == 0
    for axes in [(2, 3), (0, 1, 2), (0, 1, 3)]:
        assert 0.1 < dropped.mean(axis=axes).min() < dropped.mean(axis=axes).max() < 0.5


def test_the_gradient_goes_where_the_value_went():
    mc.manual_seed(2)
    x = leaf(np.ones((20, 20)))
    y = F.dropout(x, 0.5)
    y.backward(np.full((20, 20), 3.0))
    np.testing.assert_array_equal(x.grad, 3 * y.data)


def test_a_seed_repeats_the_mask_and_calls_differ():
    x = mc.Tensor(np.ones(1000))
    mc.manual_seed(5)
    first, second = F.dropout(x).data, F.dropout(x).data
    assert (first != second).any()
    mc.manual_seed(5)
    np.testing.assert_array_equal(F.dropout(x).data, first)
    np.testing.assert_array_equal(F.dropout(x).data, second)
    mc.manual_seed(6)
    assert (F.dropout(x).data != first).any()


@pytest.mark.parametrize(
    ("dtype", "drawn"), [(np.float16, np.float32), (np.float32, np.float32), (np.float64, np.float64)]
)
def test_elements_are_dropped_where_a_number_of_the_same_precision_is_below_p(dtype, drawn):
    mc.manual_seed(5)
    kept = rng.next_generator(np).random((20, 30), dtype=drawn) >= 0.3
    mc.manual_seed(5)
    np.testing.assert_array_equal(F.dropout(mc.Tensor(np.ones((20, 30), dtype)), 0.3).data > 0, kept)


def test_an_element_is_kept_where_the_number_equals_p(monkeypatch):
    """The numbers are at least 0 and below 1, so that a share p of them is below p, and none where p is 0."""

    class Generator:
        def random(self, shape, dtype):
            return np.array([0.0, 0.49, 0.5, 0.99], dtype)

    monkeypatch.setattr(rng, "next_generator", lambda xp: Generator())
    np.testing.assert_array_equal(F.dropout(mc.Tensor(np.ones(4)), 0.5).data, [0, 0, 2, 2])


def test_one_half_is_the_default():
    mc.manual_seed(0)
    assert set(F.dropout(mc.Tensor(np.ones(100))).data) == {0.0, 2.0}


@pytest.mark.parametrize("p", [1, 1.0])
def test_with_p_one_nothing_is_left(p):
    x = leaf([1.0, 2.0, -3.0])
    y = F.dropout(x, p)
    np.testing.assert_array_equal(y.data, [0, 0, 0])
    y.backward(np.ones(3))
    np.testing.assert_array_equal(x.grad, [0, 0, 0])


def test_with_p_zero_and_in_evaluation_nothing_happens():
    x = tensor(3, 4, requires_grad=True)
    for y in (F.dropout(x, 0), F.dropout(x, 0.0), F.dropout(x, 0.5, training=False), F.dropout(x, 1, training=False)):
        assert y is x
        x.grad = None
        y.backward(np.full((3, 4), 2.0))
        np.testing.assert_array_equal(x.grad, np.full((3, 4), 2.0))


def test_evaluation_draws_no_random_numbers():
    x = mc.Tensor(np.ones(1000))
    mc.manual_seed(5)
    expected = F.dropout(x).data
    mc.manual_seed(5)
    F.dropout(x, training=False)
    np.testing.assert_array_equal(F.dropout(x).data, expected)


@pytest.mark.parametrize("p", [-0.1, 1.1, 2, np.nan, np.inf])
def test_what_is_no_probability_is_refused(p):
    with raises(ValueError, f"dropout: p is {p!r}, expected a number from 0 to 1"):
        F.dropout(tensor(2), p)


@pytest.mark.parametrize("p", ["0.5", None, True, [0.5]])
def test_what_is_no_number_is_refused(p):
    with raises((TypeError, ValueError), f"dropout: p is {p!r}, expected a number from 0 to 1"):
        F.dropout(tensor(2), p)


@pytest.mark.parametrize("p", [np.float32(0.5), np.float64(0.5)])
def test_numpy_numbers_are_taken_and_keep_the_dtype(p):
    assert F.dropout(tensor(4, dtype=np.float32), p).dtype == np.float32


@pytest.mark.parametrize("wrong", [None, 1.0, np.ones(2)], ids=lambda wrong: type(wrong).__name__)
def test_in_evaluation_too_the_input_is_a_tensor(wrong):
    with raises(TypeError, f"dropout: x is {type(wrong).__name__}, expected a Tensor"):
        F.dropout(wrong, training=False)
