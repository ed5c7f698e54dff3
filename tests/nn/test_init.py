"""Initial weights: the distributions that are promised, from the seed that is set."""

import numpy as np
import pytest

import minicnn as mc
from minicnn import Tensor, nn
from minicnn.nn import init

SHAPE = (256, 64, 3, 3)  # fan-in 64 * 9 = 576, fan-out 256 * 9 = 2304; 147,456 elements
FAN_IN, FAN_OUT = 576, 2304


def empty(*shape, dtype=np.float32):
    return Tensor(np.full(shape or SHAPE, np.nan, dtype))


def test_fans():
    assert init.fans(empty(7, 5)) == (5, 7)
    assert init.fans(empty(*SHAPE)) == (FAN_IN, FAN_OUT)
    assert init.fans(empty(8, 4, 5, 2)) == (40, 80)
    for shape in ((), (3,)):
        with pytest.raises(ValueError, match=r"init: a weight of shape .* has no fan-in"):
            init.fans(Tensor(np.zeros(shape)))


NORMAL = [
    (lambda t: init.normal_(t), 0, 1),
    (lambda t: init.normal_(t, mean=3.0, std=0.5), 3, 0.5),
    (lambda t: init.kaiming_normal_(t), 0, np.sqrt(2 / FAN_IN)),
    (lambda t: init.xavier_normal_(t), 0, np.sqrt(2 / (FAN_IN + FAN_OUT))),
]
UNIFORM = [
    (lambda t: init.uniform_(t), 0, 1),
    (lambda t: init.uniform_(t, -2.0, 5.0), -2, 5),
    (lambda t: init.kaiming_uniform_(t), -np.sqrt(6 / FAN_IN), np.sqrt(6 / FAN_IN)),
    (lambda t: init.kaiming_uniform_(t, a=np.sqrt(5)), -np.sqrt(1 / FAN_IN), np.sqrt(1 / FAN_IN)),
    (lambda t: init.xavier_uniform_(t), -np.sqrt(6 / (FAN_IN + FAN_OUT)), np.sqrt(6 / (FAN_IN + FAN_OUT))),
]


@pytest.mark.parametrize(("fill", "mean", "std"), NORMAL)
def test_normal_distributions(fill, mean, std):
    x = fill(empty()).data.astype(np.float64)
    assert abs(x.mean() - mean) < 5 * std / np.sqrt(x.size)
    assert x.std() == pytest.approx(std, rel=0.01)
    # a normal distribution, not just one of this variance: 31.73 % are further than one standard deviation away
    assert np.mean(np.abs(x - mean) > std) == pytest.approx(0.3173, abs=0.006)
    assert np.abs(x - mean).max() > 3.5 * std


@pytest.mark.parametrize(("fill", "low", "high"), UNIFORM)
def test_uniform_distributions(fill, low, high):
    x = fill(empty()).data.astype(np.float64)
    width = high - low
    assert x.min() >= low - 1e-6 * width
    assert x.max() <= high + 1e-6 * width
    assert x.min() < low + 0.001 * width
    assert x.max() > high - 0.001 * width
    assert x.mean() == pytest.approx((low + high) / 2, abs=0.005 * width)
    assert x.std() == pytest.approx(width / np.sqrt(12), rel=0.01)
    counts, _ = np.histogram(x, bins=10, range=(low, high))
    np.testing.assert_allclose(counts, x.size / 10, rtol=0.05)


@pytest.mark.parametrize(
    "fill", [init.kaiming_normal_, init.kaiming_uniform_, init.xavier_normal_, init.xavier_uniform_]
)
def test_a_linear_weight_too(fill):
    x = fill(empty(300, 500)).data
    fan_in, fan_out = 500, 300
    variance = 2 / fan_in if "kaiming" in fill.__name__ else 2 / (fan_in + fan_out)
    assert x.var() == pytest.approx(variance, rel=0.02)
    with pytest.raises(ValueError, match="no fan-in"):
        fill(empty(5))


def test_constants():
    for fill, value in ((init.zeros_, 0), (init.ones_, 1), (lambda t: init.constant_(t, val=0.2), 0.2)):
        np.testing.assert_array_equal(fill(empty(3, 2)).data, np.full((3, 2), value, np.float32))


EVERY = [fill for fill, *_ in NORMAL + UNIFORM] + [init.zeros_, init.ones_]


@pytest.mark.parametrize("fill", EVERY)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_tensors_are_filled_in_place_in_their_dtype(fill, dtype):
    tensor = empty(4, 3, dtype=dtype)
    array = tensor.data
    assert fill(tensor) is tensor
    assert tensor.data is array
    assert array.dtype == dtype
    assert np.isfinite(array).all()


@pytest.mark.parametrize("fill", EVERY)
def test_the_seed_decides(fill):
    mc.manual_seed(1)
    one, two = fill(empty(4, 3)).data, fill(empty(4, 3)).data
    mc.manual_seed(1)
    np.testing.assert_array_equal(fill(empty(4, 3)).data, one)
    if fill not in (init.zeros_, init.ones_):
        assert (one != two).all()
        mc.manual_seed(2)
        assert (fill(empty(4, 3)).data != one).all()


def test_both_dtypes_get_the_same_numbers():
    mc.manual_seed(1)
    single = init.kaiming_normal_(empty(4, 3)).data
    mc.manual_seed(1)
    np.testing.assert_array_equal(single, init.kaiming_normal_(empty(4, 3, dtype=np.float64)).data.astype(np.float32))


def test_parameters_stay_trainable():
    layer = nn.Linear(3, 2)
    init.kaiming_normal_(layer.weight)
    assert layer.weight.requires_grad
    assert layer.weight.is_leaf
    assert layer.weight.grad is None


def test_the_bound_of_kaiming_is_what_keeps_a_relu_network_s_signal():
    """Mean square in, mean square out: 20 layers of ReLU later it is still of the same size."""
    x = Tensor(np.random.default_rng(0).standard_normal((200, 256)).astype(np.float32))
    first = float((x * x).mean())
    for _ in range(20):
        weight = init.kaiming_normal_(empty(256, 256))
        x = mc.functional.relu(mc.functional.linear(x, weight))
    assert 0.2 < float((x * x).mean()) / first < 5


@pytest.mark.parametrize("fill", [init.zeros_, init.normal_, init.uniform_, init.kaiming_normal_, init.xavier_uniform_])
@pytest.mark.parametrize("wrong", [nn.Linear(2, 2), np.ones((2, 2)), None], ids=lambda wrong: type(wrong).__name__)
def test_what_is_no_tensor_is_named(fill, wrong):
    with pytest.raises(TypeError, match=f"init: tensor is {type(wrong).__name__}, expected a Tensor"):
        fill(wrong)
