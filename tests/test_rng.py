"""Random numbers: the same after the same seed and the same calls, and a state that fits in a checkpoint."""

import json

import numpy as np
import pytest

import minicnn as mc
import minicnn.functional as F
from minicnn import Tensor, nn, rng


def draw():
    return rng.next_generator().standard_normal(5)


def test_the_same_seed_gives_the_same_numbers():
    mc.manual_seed(7)
    first = [draw() for _ in range(3)]
    mc.manual_seed(7)
    np.testing.assert_array_equal(first, [draw() for _ in range(3)])


def test_every_draw_and_every_seed_is_different():
    numbers = []
    for seed in (0, 1, 2**40):
        mc.manual_seed(seed)
        numbers += [draw() for _ in range(10)]
    assert len(np.unique(np.concatenate(numbers))) == 3 * 10 * 5


def test_draws_are_independent():
    """Neighboring draws and neighboring seeds show no correlation: 0.02 is four standard deviations."""
    mc.manual_seed(0)
    a, b = (rng.next_generator().standard_normal(40_000) for _ in range(2))
    mc.manual_seed(1)
    c = rng.next_generator().standard_normal(40_000)
    for x, y in ((a, b), (a, c)):
        assert abs(np.mean(x * y)) < 0.02
    assert abs(a.mean()) < 0.02
    assert abs(a.std() - 1) < 0.02


def test_the_n_th_draw_does_not_depend_on_how_much_the_earlier_ones_took():
    mc.manual_seed(3)
    rng.next_generator().standard_normal(1000)
    second = draw()
    mc.manual_seed(3)
    rng.next_generator()
    np.testing.assert_array_equal(draw(), second)


def test_a_state_goes_through_json_and_back():
    mc.manual_seed(5)
    draw()
    state = json.loads(json.dumps(rng.get_state()))
    expected = [draw(), draw()]
    mc.manual_seed(99)
    draw()
    rng.set_state(state)
    np.testing.assert_array_equal([draw(), draw()], expected)


def test_a_state_is_a_copy():
    state = rng.get_state()
    draw()
    assert rng.get_state() != state
    rng.set_state(state)
    assert rng.get_state() == state


def test_manual_seed_repeats_weights_and_dropout():
    def weights_and_masks():
        mc.manual_seed(11)
        layer = nn.Linear(4, 3)
        x = Tensor(np.ones((8, 8), np.float32))
        return [layer.weight.data, layer.bias.data, F.dropout(x).data, F.dropout(x).data]

    one, two = weights_and_masks(), weights_and_masks()
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(a, b)
    assert (one[2] != one[3]).any()


def test_numpy_s_own_generators_are_left_alone():
    np.random.seed(12345)  # noqa: NPY002 (the point is that it is not touched)
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    mc.manual_seed(1)
    draw()
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


@pytest.mark.parametrize("seed", [-1, 1.5, "1", None, float("nan")])
def test_manual_seed_refuses(seed):
    state = rng.get_state()
    with pytest.raises((ValueError, TypeError), match="manual_seed") as error:
        mc.manual_seed(seed)
    assert repr(seed) in str(error.value)
    assert rng.get_state() == state


def test_numpy_integers_are_seeds_too():
    mc.manual_seed(np.int64(4))
    numpy_seed = draw()
    mc.manual_seed(4)
    np.testing.assert_array_equal(numpy_seed, draw())
    json.dumps(rng.get_state())
