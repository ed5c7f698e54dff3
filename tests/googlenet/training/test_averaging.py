"""Averaged weights of a run: which steps they are of, and that batch norm's statistics are those of the average."""

import numpy as np
import pytest

import minicnn as mc
from googlenet.training.averaging import averaged, make_average, take_in
from googlenet.training.options import Options
from minicnn import Tensor, nn, rng
from minicnn.optim import WeightAverage


def averages_of(kind, values, steps=None):
    """The average, after each step, of a weight that has these values behind them; None where there is none yet."""
    p, found = Tensor(np.zeros(1), requires_grad=True), []
    average = WeightAverage([p])
    for step, value in enumerate(values, 1):
        p.data[...] = value
        take_in(average, kind, step, steps or len(values))
        found.append(float(average.averages[0][0]) if average.n_averaged else None)
    return found


def test_none_is_asked_for():
    assert make_average(Options(), nn.Linear(1, 1)) is None
    for kind in ("polyak", "ema"):
        assert len(make_average(Options(average=kind), nn.Linear(1, 1)).params) == 2


def test_polyak_is_the_plain_mean_of_the_second_half():
    assert averages_of("polyak", [9, 1, 2, 6]) == [None, None, 2, 4]
    assert averages_of("polyak", [9, 1, 2, 6, 7]) == [None, None, 2, 4, 5]
    assert averages_of("polyak", [3]) == [3]


def test_polyak_goes_on_where_a_run_is_made_longer():
    p = Tensor(np.ones(1), requires_grad=True)
    average = WeightAverage([p])
    take_in(average, "polyak", 3, 4)
    p.data[...] = 3
    take_in(average, "polyak", 4, 20)
    assert (average.n_averaged, average.averages[0][0]) == (2, 2)


def test_the_exponential_mean_forgets_more_in_the_beginning():
    values = np.random.default_rng(0).standard_normal(30)
    expected, mean = [], None
    for n, value in enumerate(values):  # n steps are behind it
        decay = min(0.999, (1 + n) / (10 + n))
        mean = value if mean is None else decay * mean + (1 - decay) * value
        expected.append(mean)
    np.testing.assert_allclose(averages_of("ema", values), expected, rtol=1e-12)


def test_the_exponential_mean_in_a_long_run():
    average = WeightAverage([Tensor(np.ones(1), requires_grad=True)])
    take_in(average, "ema", 1, 1)
    average.n_averaged = 100_000
    take_in(average, "ema", 1, 1)
    assert average.decay == 0.999


# ---- batch norm ---------------------------------------------------------------------------------------------------


def network():
    mc.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.Dropout(0.5), nn.ReLU())


def batches(count=4):
    draw = np.random.default_rng(1)
    return [(draw.standard_normal((8, 1, 6, 6)).astype(np.float32), None) for _ in range(count)]


def with_average(model):
    """An average of other weights than the network has now."""
    average = WeightAverage(model.parameters())
    average.update()
    for p in model.parameters():
        p.data += 1
    model(Tensor(np.ones((2, 1, 6, 6), np.float32)))  # running statistics of its own
    return average


def test_inside_the_statistics_are_those_of_the_averaged_weights():
    model = network()
    average = with_average(model)
    conv, norm = model[0], model[1]
    with averaged(model, average, batches()):
        assert conv.weight.data is average.averages[0]
        outputs = [conv(Tensor(x)).data.astype(np.float64) for x, _ in batches()]
        mean = np.mean([y.mean(axis=(0, 2, 3)) for y in outputs], axis=0)
        variance = np.mean([y.var(axis=(0, 2, 3), ddof=1) for y in outputs], axis=0)
        np.testing.assert_allclose(norm.running_mean.data, mean, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(norm.running_var.data, variance, rtol=1e-4)


@pytest.mark.parametrize("error", [None, KeyboardInterrupt])
@pytest.mark.parametrize("training", [True, False])
def test_afterwards_all_is_as_before(training, error):
    model = network()
    average = with_average(model)
    model.train(training)
    before = {name: (tensor.data, tensor.data.copy()) for name, tensor in model.state_dict().items()}
    state = rng.get_state()
    try:
        with averaged(model, average, batches()):
            assert model[1].training is training
            if error:
                raise error
    except KeyboardInterrupt:
        pass
    for name, tensor in model.state_dict().items():
        np.testing.assert_array_equal(tensor.data, before[name][1], err_msg=name)
    assert rng.get_state() == state  # dropout has drawn
    assert (model.training, model[1].training, model[1].momentum) == (training, training, 0.1)


def test_a_frozen_batch_norm_keeps_its_statistics():
    model = network()
    average = with_average(model)
    for p in model[1].parameters():
        p.requires_grad = False
    own = model[1].running_mean.data.copy()
    with averaged(model, average, batches()):
        np.testing.assert_array_equal(model[1].running_mean.data, own)


def test_without_batch_norm_no_image_is_looked_at():
    model = nn.Linear(1, 1)
    average = WeightAverage(model.parameters())
    average.update()

    def none():
        raise AssertionError("an image was looked at")
        yield

    with averaged(model, average, none()):
        assert model.weight.data is average.averages[0]
