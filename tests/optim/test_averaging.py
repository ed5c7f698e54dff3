import numpy as np
import pytest

from minicnn import Tensor, nn
from minicnn.optim import SGD, WeightAverage

SHAPES = [(3, 4), (), (30, 7)]


def parameters(dtype=np.float64):
    return [Tensor(np.zeros(shape, dtype), requires_grad=True) for shape in SHAPES]


def walk(ps, seed, steps=20):
    """Set the parameters to new random values, step by step; yields what they are."""
    rng = np.random.default_rng(seed)
    for _ in range(steps):
        for p in ps:
            p.data[...] = rng.standard_normal(p.shape)
        yield [p.data.copy() for p in ps]


def test_the_plain_mean_of_all_updates():
    ps = parameters()
    average = WeightAverage(iter(ps))
    seen = []
    for values in walk(ps, 0):
        seen.append(values)
        average.update()
    for mean, values in zip(average.averages, zip(*seen, strict=True), strict=True):
        np.testing.assert_allclose(mean, np.mean(values, axis=0), rtol=1e-12, atol=1e-15)
    assert average.n_averaged == 20


@pytest.mark.parametrize("decay", [0.9, 0.0])
def test_the_exponential_mean(decay):
    ps = parameters()
    average, expected = WeightAverage(ps, decay), None
    for values in walk(ps, 0):
        average.update()
        expected = expected or values
        expected = [decay * e + (1 - decay) * v for e, v in zip(expected, values, strict=True)]
    for mean, value in zip(average.averages, expected, strict=True):
        np.testing.assert_allclose(mean, value, rtol=1e-12, atol=1e-15)


def test_applied_puts_the_averages_in_and_everything_back():
    ps = parameters(np.float32)
    average = WeightAverage(ps)
    for _ in walk(ps, 2):
        average.update()
    own = [p.data for p in ps]
    values = [data.copy() for data in own]
    with pytest.raises(KeyboardInterrupt), average.applied():
        for p, mean in zip(ps, average.averages, strict=True):
            np.testing.assert_array_equal(p.data, mean)
            assert p.dtype == np.float32
        raise KeyboardInterrupt
    for p, data, value in zip(ps, own, values, strict=True):
        assert p.data is data
        np.testing.assert_array_equal(data, value)
    with average.applied():  # it can be used again
        pass


def test_training_goes_on_after_applied_without_touching_the_averages():
    ps = parameters()
    average, optimizer = WeightAverage(ps), SGD(ps, lr=1.0)
    average.update()
    with average.applied():
        pass
    for p in ps:
        p.grad = np.ones(p.shape)
    optimizer.step()
    for p, mean in zip(ps, average.averages, strict=True):
        np.testing.assert_array_equal(p.data, -1)
        np.testing.assert_array_equal(mean, 0)


@pytest.mark.parametrize("decay", [None, 0.9])
def test_resumes_bit_for_bit(decay):
    ps = parameters(np.float32)
    straight, first = WeightAverage(ps, decay), WeightAverage(ps, decay)
    for step, _ in enumerate(walk(ps, 3)):
        if step == 8:
            saved = first.state_dict()
            second = WeightAverage(ps)
            second.load_state_dict(saved)
            at_8 = [mean.copy() for mean in first.averages]
        straight.update()
        first.update()
        if step >= 8:
            second.update()
    assert second.decay == decay
    for a, b in zip(straight.averages, second.averages, strict=True):
        np.testing.assert_array_equal(a, b)
        assert a.dtype == b.dtype == np.float32
    assert saved["n_averaged"] == 8
    for n, mean in enumerate(at_8):
        np.testing.assert_array_equal(saved["averages"][n], mean)  # a copy: later updates are not in it


def test_a_state_before_the_first_update():
    ps = parameters()
    average = WeightAverage(ps)
    average.load_state_dict(WeightAverage(ps).state_dict())
    assert average.n_averaged == 0


def test_errors():
    (p, *_) = ps = parameters()
    average = WeightAverage(ps)
    saved = average.state_dict()
    with pytest.raises(ValueError, match="there is no average yet"), average.applied():
        pass
    average.update()
    for make, error, message in [
        (lambda: WeightAverage([]), ValueError, "WeightAverage: params is empty"),
        (lambda: WeightAverage(p), TypeError, "params is one Tensor"),
        (lambda: WeightAverage(nn.Linear(1, 1)), TypeError, r"params is a Linear: write model.parameters\(\)"),
        (lambda: WeightAverage([np.ones(2)]), TypeError, "params contains a ndarray"),
        (lambda: WeightAverage([Tensor(np.ones(2, int))]), TypeError, "a Tensor of int64"),
        (lambda: WeightAverage(ps, decay=1.0), ValueError, "WeightAverage: decay is 1.0"),
        (lambda: WeightAverage(ps, decay="0.9"), TypeError, "WeightAverage: decay is '0.9'"),
        (lambda: average.load_state_dict({}), ValueError, "expected decay, n_averaged and averages"),
        (
            lambda: average.load_state_dict({**saved, "n_averaged": 3}),
            ValueError,
            "0 averages after 3 updates, expected 3",
        ),
        (lambda: average.load_state_dict(state_of(np.ones(5))), ValueError, "there are 1 averages"),
        (
            lambda: WeightAverage([p]).load_state_dict(state_of(np.ones(5))),
            ValueError,
            r"average 0 has shape \(5,\), the parameter has \(3, 4\)",
        ),
    ]:
        with pytest.raises(error, match=message):
            make()
    with average.applied():
        for forbidden in (average.update, lambda: average.load_state_dict(saved), average.applied().__enter__):
            with pytest.raises(ValueError, match="not inside `with applied"):
                forbidden()


def state_of(array):
    return {"decay": None, "n_averaged": 1, "averages": {0: array}}
