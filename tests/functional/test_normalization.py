import numpy as np
import pytest
from support import Case, OperationTest, assert_close, both_dtypes, leaf, put, raises, tensor, torch

import minicnn as mc
import minicnn.functional as F
from minicnn import backend

# ---- batch norm -----------------------------------------------------------------------------------------------------


def naive_batch_norm(x, weight, bias, eps, statistics=None):
    """y = weight (x - mean) / sqrt(variance + eps) + bias for every channel; mean and variance given or the batch's."""
    y = np.empty(x.shape)
    for c in range(x.shape[1]):
        places = [index for index in np.ndindex(x.shape) if index[1] == c]
        if statistics is None:
            mean = sum(x[index] for index in places) / len(places)
            variance = sum((x[index] - mean) ** 2 for index in places) / len(places)
        else:
            mean, variance = statistics[0][c], statistics[1][c]
        for index in places:
            y[index] = weight[c] * (x[index] - mean) / (variance + eps) ** 0.5 + bias[c]
    return y


class TestBatchNormInTraining(OperationTest):
    name, arguments, optional = "batch_norm", ("x", "weight", "bias"), ("weight", "bias")
    gradients_come_together = True
    training, uploads = True, True  # the running statistics, which these tests make anew
    cases = [
        Case("images", (4, 3, 2, 2), (3,), (3,)),
        Case("images, GoogLeNet's eps", (3, 2, 3, 2), (2,), (2,), eps=1e-3),
        Case("without weight and bias", (4, 2, 2, 3)),
        Case("vectors", (6, 3), (3,), (3,)),
        Case("sequences", (2, 3, 4), (3,), (3,)),
        Case("volumes", (2, 2, 2, 1, 3), (2,), (2,)),
        Case("one image", (1, 2, 3, 3), (2,), (2,)),
        Case("one channel", (3, 1, 2, 2), (1,), (1,)),
        Case("five images for three threads", (5, 2, 2, 2), (2,), (2,), eps=0.1),
    ]

    def statistics(self, case, x):
        """Running statistics far from those of the batch, of x's dtype."""
        channels = np.arange(case.shapes[0][1])
        dtype = str(getattr(x, "dtype", "float64")).removeprefix("torch.")
        return (0.3 - 0.5 * channels).astype(dtype), (0.5 + channels).astype(dtype)

    def operation(self, case, x, weight=None, bias=None):
        statistics = (put(array, self.device) for array in self.statistics(case, x))
        return F.batch_norm(x, *statistics, weight, bias, self.training, **case.arguments)

    def naive(self, case, x, weight=None, bias=None):
        weight, bias = (np.ones(x.shape[1]), np.zeros(x.shape[1])) if weight is None else (weight, bias)
        eps = case.arguments.get("eps", 1e-5)
        return naive_batch_norm(x, weight, bias, eps, None if self.training else self.statistics(case, x))

    def torch_operation(self, case, x, weight=None, bias=None):
        statistics = (torch.tensor(s) for s in self.statistics(case, x))
        return torch.nn.functional.batch_norm(x, *statistics, weight, bias, self.training, **case.arguments)

    # a float16 mean of squares has too few digits to be compared with anything
    test_float16_works_or_is_refused = None  # type: ignore[assignment]


class TestBatchNormInEvaluation(TestBatchNormInTraining):
    training = False
    cases = [*TestBatchNormInTraining.cases, Case("one value", (1, 1), (1,), (1,))]


def test_batch_norm_by_hand():
    x, weight, bias = leaf([[1.0], [3.0], [5.0], [7.0]]), leaf([2.0]), leaf([10.0])
    y = F.batch_norm(x, None, None, weight, bias, training=True, eps=4.0)  # mean 4, variance 5, so the root is 3
    np.testing.assert_allclose(y.data, [[10 - 2], [10 - 2 / 3], [10 + 2 / 3], [10 + 2]], rtol=1e-14)
    y.backward(np.array([[9.0], [0], [0], [0]]))
    np.testing.assert_allclose(weight.grad, [9 * -1])
    np.testing.assert_allclose(bias.grad, [9])
    x_hat, grad_y = np.array([-1, -1 / 3, 1 / 3, 1]), np.array([9, 0, 0, 0])
    np.testing.assert_allclose(x.grad[:, 0], 2 / 3 * (grad_y - 9 / 4 - x_hat * -9 / 4))  # as in BatchNorm's docstring


def test_every_channel_has_mean_0_and_variance_1():
    x = mc.Tensor(tensor(8, 3, 4, 4).data * 5 + 7)
    y = F.batch_norm(x, None, None, None, None, training=True).data
    np.testing.assert_allclose(y.mean(axis=(0, 2, 3)), 0, atol=1e-13)
    np.testing.assert_allclose(y.var(axis=(0, 2, 3)), 1, rtol=1e-5)


@both_dtypes
def test_running_statistics_in_training(dtype):
    x = mc.Tensor(np.array([[1.0, 10], [3, 30], [8, 20]], dtype))
    mean, variance = np.array([100.0, 200], dtype), np.array([3.0, 5], dtype)
    F.batch_norm(x, mean, variance, None, None, training=True, momentum=0.25)
    # means 4 and 20; the sums of squared differences 26 and 200 are divided by 3 - 1: unbiased
    assert_close(mean, np.array([0.75 * 100 + 0.25 * 4, 0.75 * 200 + 0.25 * 20]), dtype, "running_mean")
    assert_close(variance, np.array([0.75 * 3 + 0.25 * 13, 0.75 * 5 + 0.25 * 100]), dtype, "running_var")


def test_a_tenth_of_the_running_statistics_is_renewed_unless_said_otherwise():
    mean = np.array([100.0])
    F.batch_norm(mc.Tensor(np.array([[1.0], [3.0]])), mean, None, None, None, training=True)
    np.testing.assert_allclose(mean, [0.9 * 100 + 0.1 * 2])


def test_running_statistics_may_be_tensors_and_are_updated_in_place():
    mean, variance = mc.Tensor(np.zeros(2)), mc.Tensor(np.ones(2))
    arrays = mean.data, variance.data
    F.batch_norm(tensor(4, 2), mean, variance, None, None, training=True)
    assert mean.data is arrays[0]
    assert mean.data.any()
    assert variance.data is arrays[1]
    assert (variance.data != 1).all()


def test_backward_does_not_update_the_running_statistics():
    mean, variance = np.zeros(2), np.ones(2)
    y = F.batch_norm(tensor(4, 2, requires_grad=True), mean, variance, None, None, training=True)
    before = mean.copy(), variance.copy()
    y.backward(np.ones(y.shape))
    np.testing.assert_array_equal([mean, variance], before)


def test_evaluation_uses_the_running_statistics_and_leaves_them_alone():
    x, mean, variance = mc.Tensor(np.array([[1.0, 10], [3, 30]])), np.array([2.0, 20]), np.array([4.0, 25])
    y = F.batch_norm(x, mean, variance, None, None, training=False, eps=0.0)
    np.testing.assert_allclose(y.data, [[-0.5, -2], [0.5, 2]], rtol=1e-14)
    np.testing.assert_array_equal(mean, [2, 20])
    np.testing.assert_array_equal(variance, [4, 25])


def test_the_gradient_in_evaluation_is_that_of_the_statistics_used_forward():
    """They may have moved on, by training on another batch, when backward comes."""
    x, mean, variance = leaf([[1.0], [3.0]]), np.array([2.0]), np.array([4.0])
    weight, bias = leaf([1.0]), leaf([0.0])
    y = F.batch_norm(x, mean, variance, weight, bias, training=False, eps=0.0)
    F.batch_norm(mc.Tensor(np.array([[100.0], [200.0]])), mean, variance, None, None, training=True)
    y.backward(np.array([[1.0], [2.0]]))
    np.testing.assert_allclose(weight.grad, [1 * -0.5 + 2 * 0.5])
    np.testing.assert_allclose(x.grad, [[0.5], [1.0]])


def test_a_large_mean_costs_no_digits_of_the_variance():
    x = tensor(64, 2, 4, 4, dtype=np.float32).data
    mean, variance = np.zeros(2, np.float32), np.ones(2, np.float32)
    y = F.batch_norm(mc.Tensor(x + np.float32(1e4)), mean, variance, None, None, training=True, momentum=1.0)
    np.testing.assert_allclose(variance, x.var(axis=(0, 2, 3), ddof=1), rtol=2e-3)
    np.testing.assert_allclose(y.data.std(axis=(0, 2, 3)), 1, rtol=1e-2)


def test_a_constant_channel_becomes_the_bias():
    x, weight, bias = leaf(np.full((4, 2), 3.0)), leaf([5.0, 6.0]), leaf([1.0, 2.0])
    y = F.batch_norm(x, None, None, weight, bias, training=True)
    np.testing.assert_allclose(y.data, [[1, 2]] * 4)
    y.backward(np.arange(8.0).reshape(4, 2))
    assert np.isfinite(x.grad).all()
    np.testing.assert_allclose(weight.grad, 0, atol=1e-9)


@pytest.mark.parametrize("training", [True, False])
def test_options_may_be_numpy_numbers_without_changing_the_dtype(training):
    x, weight, bias = (tensor(*shape, dtype=np.float32, requires_grad=True) for shape in [(4, 2, 2, 2), (2,), (2,)])
    statistics = np.zeros(2, np.float32), np.ones(2, np.float32)
    y = F.batch_norm(x, *statistics, weight, bias, training, momentum=np.float64(0.1), eps=np.float64(1e-3))
    assert y.dtype == np.float32
    y.backward(np.ones(y.shape))
    assert x.grad.dtype == weight.grad.dtype == bias.grad.dtype == np.float32


def batch_norm_of(shape=(4, 3, 2, 2), weight=(3,), bias=(3,), mean=(3,), variance=(3,), training=True, **options):
    tensors = [tensor(*shape) for shape in (weight, bias)]
    statistics = [s if s is None or not isinstance(s, tuple) else np.ones(s) for s in (mean, variance)]
    return F.batch_norm(tensor(*shape), *statistics, *tensors, training, **options)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"shape": (3,)}, "x has shape (3,), expected (N, C, ...)"),
        ({"shape": ()}, "x has shape (), expected (N, C, ...)"),
        ({"weight": (4,)}, "weight has shape (4,), expected (3,)"),
        ({"weight": (1,)}, "weight has shape (1,), expected (3,)"),
        ({"bias": (3, 1)}, "bias has shape (3, 1), expected (3,)"),
        ({"bias": ()}, "bias has shape (), expected (3,)"),
        ({"mean": (2,)}, "running_mean has shape (2,), expected (3,)"),
        ({"variance": (1, 3)}, "running_var has shape (1, 3), expected (3,)"),
        ({"shape": (1, 3, 1, 1)}, "x has shape (1, 3, 1, 1), expected more than one value a channel in training"),
        ({"shape": (1, 3)}, "x has shape (1, 3), expected more than one value a channel in training"),
        ({"shape": (0, 3, 2, 2)}, "x has shape (0, 3, 2, 2), expected more than one value a channel in training"),
        ({"mean": None, "training": False}, "running_mean ...is None, expected both where training=False"),
        ({"variance": None, "training": False}, "...running_var is None, expected both where training=False"),
        ({"eps": -1e-5}, "eps is -1e-05, expected"),
        ({"eps": float("nan")}, "eps is nan, expected"),
        ({"momentum": -0.1}, "momentum is -0.1, expected"),
        ({"momentum": float("nan")}, "momentum is nan, expected"),
    ],
    ids=str,
)
def test_wrong_values_for_batch_norm_are_refused(arguments, message):
    with raises(ValueError, f"batch_norm: {message}"):
        batch_norm_of(**arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"eps": "small"}, "eps is 'small', expected a number"),
        ({"eps": None}, "eps is None, expected a number"),
        ({"momentum": "0.1"}, "momentum is '0.1', expected a number"),
        ({"mean": [0.0, 0.0, 0.0]}, "running_mean is list"),
        ({"variance": 1.0}, "running_var is float"),
        ({"mean": np.zeros(3, int)}, "running_mean is int64"),
        ({"variance": np.ones(3, np.float32)}, "running_var is float32"),
        ({"variance": np.ones(3, np.float32), "training": False}, "running_var is float32"),
    ],
    ids=str,
)
def test_wrong_types_for_batch_norm_are_refused(arguments, message):
    with raises(TypeError, f"batch_norm: {message}"):
        batch_norm_of(**arguments)


def test_batch_norm_of_no_images_in_evaluation():
    assert batch_norm_of((0, 3, 2, 2), training=False).shape == (0, 3, 2, 2)


# ---- local response norm --------------------------------------------------------------------------------------------


def naive_local_response_norm(x, size, alpha=1e-4, beta=0.75, k=1.0):
    """y[c] = x[c] / (k + alpha / size * sum of x[c']^2 for c' from c - size // 2 to c + (size - 1) // 2) ** beta."""
    y = np.empty(x.shape)
    for image, c, *pixel in np.ndindex(x.shape):
        channels = [x[image, other][tuple(pixel)] for other in range(x.shape[1])]
        window = [other for other in range(c - size // 2, c + (size - 1) // 2 + 1) if 0 <= other < x.shape[1]]
        squares = sum(channels[other] ** 2 for other in window)
        y[image, c][tuple(pixel)] = channels[c] / (k + alpha / size * squares) ** beta
    return y


class TestLocalResponseNorm(OperationTest):
    """With a large alpha, so that the neighbors matter; the usual one hardly changes anything."""

    name, arguments = "local_response_norm", ("x",)
    cases = [
        Case("five channels, Caffe's", (2, 7, 2, 2), size=5, alpha=1.0),
        Case("the usual alpha", (2, 6, 2, 2), size=5),
        Case("three, other beta and k", (2, 5, 2, 1), size=3, alpha=2.0, beta=0.5, k=2.0),
        Case("an even size", (2, 6, 1, 2), size=4, alpha=1.0),
        Case("a pair", (2, 4, 2, 1), size=2, alpha=3.0, beta=1.5),
        Case("itself alone", (2, 3, 2, 2), size=1, alpha=1.0),
        Case("more than there are channels", (2, 3, 2, 2), size=9, alpha=1.0),
        Case("many more, even", (1, 2, 2, 2), size=12, alpha=5.0),
        Case("one channel", (2, 1, 2, 2), size=5, alpha=1.0),
        Case("sequences", (2, 4, 3), size=3, alpha=1.0),
        Case("volumes", (1, 4, 2, 1, 2), size=3, alpha=1.0),
        Case("five images for three threads", (5, 3, 2, 1), size=3, alpha=1.0),
        Case("options below zero", (2, 3, 2, 2), size=3, alpha=-1.0, beta=-2.0, k=-1.0),
    ]

    def operation(self, case, x):
        return F.local_response_norm(x, **case.arguments)

    def naive(self, case, x):
        return naive_local_response_norm(x, **case.arguments)

    def torch_operation(self, case, x):
        return torch.nn.functional.local_response_norm(x, **case.arguments)


def test_local_response_norm_by_hand():
    x = mc.Tensor(np.array([1.0, 2, 3]).reshape(1, 3, 1))
    y = F.local_response_norm(x, 3, alpha=3.0, beta=1.0, k=1.0)  # 1 + 1 + 4, 1 + 1 + 4 + 9, 1 + 4 + 9
    np.testing.assert_allclose(y.data[0, :, 0], [1 / 6, 2 / 15, 3 / 14], rtol=1e-14)
    y = F.local_response_norm(x, 2, alpha=2.0, beta=1.0, k=1.0)  # an even window: one before, none after
    np.testing.assert_allclose(y.data[0, :, 0], [1 / 2, 2 / 6, 3 / 14], rtol=1e-14)


def test_the_defaults_are_those_of_pytorch():
    x = tensor(1, 4, 2)
    explicit = F.local_response_norm(x, 5, alpha=1e-4, beta=0.75, k=1.0)
    np.testing.assert_array_equal(F.local_response_norm(x, 5).data, explicit.data)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"size": 0}, ValueError, "size is 0, expected at least 1"),
        ({"size": -3}, ValueError, "size is -3, expected at least 1"),
        ({"size": 3.0}, TypeError, "size is 3.0, expected an int"),
        ({"size": (3, 5)}, TypeError, "size is (3, 5), expected an int"),
        ({"size": None}, TypeError, "size is None, expected an int"),
        ({"size": 3, "alpha": "large"}, TypeError, "alpha is 'large', expected a number"),
        ({"size": 3, "beta": None}, TypeError, "beta is None, expected a number"),
        ({"size": 3, "k": [1]}, TypeError, "k is [1], expected a number"),
    ],
    ids=str,
)
def test_wrong_arguments_for_local_response_norm_are_refused(arguments, error, message):
    with raises(error, f"local_response_norm: {message}"):
        F.local_response_norm(tensor(2, 3, 4, 4), **arguments)


@pytest.mark.parametrize("shape", [(), (3,), (2, 3)], ids=str)
def test_local_response_norm_needs_three_axes(shape):
    with raises(ValueError, f"local_response_norm: x has shape {shape}, expected (N, C, ...) with at least 3 axes"):
        F.local_response_norm(tensor(*shape), 3)


@pytest.mark.parametrize("shape", [(0, 3, 2, 2), (2, 0, 2)], ids=str)
def test_local_response_norm_of_nothing(shape):
    x = tensor(*shape, requires_grad=True)
    y = F.local_response_norm(x, 3)
    y.backward(np.ones(shape))
    assert y.shape == x.grad.shape == shape


@pytest.mark.parametrize("option", ["alpha", "beta", "k"])
def test_options_may_be_numpy_numbers(option):
    x = tensor(2, 3, 2, dtype=np.float32, requires_grad=True)
    y = F.local_response_norm(x, 3, **{option: np.float64(0.5)})
    y.backward(np.ones(y.shape))
    assert y.dtype == x.grad.dtype == np.float32


# ---- both -----------------------------------------------------------------------------------------------------------

LAYERS = {
    "batch_norm": lambda x: F.batch_norm(x, None, None, None, None, training=True),
    "local_response_norm": lambda x: F.local_response_norm(x, 3),
}


@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (2, 3, 4), (2, 3, 2, 2, 2)], ids=str)
@pytest.mark.parametrize("layer", LAYERS)
def test_what_comes_out_has_its_channels_last_in_memory(layer, shape, device):
    x = mc.tensor(tensor(*shape).data, requires_grad=True, device=device)
    y = LAYERS[layer](x)
    y.backward(put(np.ones(shape), device))
    for array in (y.data, x.grad):
        assert backend.module_of(array).moveaxis(array, 1, -1).flags.c_contiguous
