"""--lr find: the sweep takes the steps of a run, stops where the loss blows up, and leaves all as it was."""

from types import SimpleNamespace

import numpy as np
import pytest

import minicnn as mc
import minicnn.functional as F
from googlenet import GoogLeNetOutput
from googlenet.training import lr_find
from googlenet.training.lr_find import Sweep, draw_sweep, sweep
from googlenet.training.options import Options
from minicnn import Tensor, nn, rng


class Network(nn.Module):
    """A linear layer with dropout, in place of GoogLeNet. It notes its weights and images."""

    def __init__(self):
        self.fc, self.dropout, self.seen = nn.Linear(4, 3), nn.Dropout(0.2), []
        self.norm = nn.BatchNorm2d(1)

    def forward(self, x):
        self.seen.append((self.fc.weight.data.copy(), x.data.copy()))
        return GoogLeNetOutput(self.fc(self.dropout(F.flatten(self.norm(x)))), None, None)


def loader(batches=5, size=8, last=8, scale=1.0):
    """Batches of 2x2 images; other ones in every epoch."""

    def made(epoch):
        draw = np.random.default_rng((1, epoch))
        for n in [size] * (batches - 1) + [last]:
            labels = draw.integers(0, 3, n)
            yield (scale * draw.standard_normal((n, 1, 2, 2)) + labels[:, None, None, None]).astype("f4"), labels

    return SimpleNamespace(batches=made)


def test_the_sweep():
    mc.manual_seed(1)
    model = Network()
    found = sweep(model, loader(), Options(optimizer="sgd", momentum=0.9, lr=123.0))
    np.testing.assert_allclose(found.rates, np.geomspace(1e-6, 10, 100)[: len(found.rates)])
    assert len(found.losses) == len(found.rates) > 60
    assert min(found.losses) < 0.8 * found.losses[0]  # it learns
    assert 1e-3 < found.proposed < 1
    blown_up = found.losses[-1] > 3 * min(found.losses)
    assert blown_up or len(found.rates) == 100
    assert all(x > 0 for x in found.losses)


def test_it_stops_where_the_loss_blows_up(monkeypatch):
    losses = iter([2.0, 1.5, 1.0, 2.9, 3.1, 9.9])
    monkeypatch.setattr(
        lr_find, "loss", lambda output, *_, **__: SimpleNamespace(total=0 * output.logits.sum() + next(losses))
    )
    found = sweep(Network(), loader(), Options(optimizer="sgd"))
    assert found.losses == [2.0, 1.5, 1.0, pytest.approx(2.9), pytest.approx(3.1)]


@pytest.mark.parametrize("values", [[2.0, 1.0, np.nan], [np.inf]])
def test_a_loss_that_is_no_number_ends_it_or_is_an_error(monkeypatch, values):
    losses = iter(values)
    monkeypatch.setattr(
        lr_find, "loss", lambda output, *_, **__: SimpleNamespace(total=0 * output.logits.sum() + next(losses))
    )
    if len(values) == 1:
        with pytest.raises(ValueError, match="--lr find: the loss of the new network is inf"):
            sweep(Network(), loader(), Options())
    else:
        assert sweep(Network(), loader(), Options()).losses == [2.0, 1.0]


def test_network_and_random_numbers_are_left_alone():
    mc.manual_seed(3)
    model = Network()
    before, state = {n: t.data.copy() for n, t in model.state_dict().items()}, rng.get_state()
    first = sweep(model, loader(), Options())
    for name, tensor in model.state_dict().items():
        np.testing.assert_array_equal(tensor.data, before[name], err_msg=name)
    assert rng.get_state() == state
    assert all(p.grad is None for p in model.parameters())
    assert sweep(model, loader(), Options()) == first


def test_the_images_go_on_over_the_epochs():
    model = Network()
    sweep(model, loader(), Options(lr=1.0, optimizer="sgd", momentum=0.0))
    images = [x.tobytes() for _, x in model.seen]
    assert len(set(images)) == len(images) > 5


def test_accumulated_batches_are_one_step():
    """As with batches that are twice as large; batch norm and dropout are the exceptions, and out of the way here."""
    found = {}
    for name, options, data in (
        ("small", Options(accumulate=2), loader(6, size=4, last=2)),
        ("large", Options(), SimpleNamespace(batches=lambda epoch: pairs(loader(6, size=4, last=2).batches(epoch)))),
    ):
        mc.manual_seed(5)
        model = Network()
        model.norm, model.dropout.p = nn.Sequential(), 0.0
        found[name] = sweep(model, data, options)
    np.testing.assert_allclose(found["small"].losses[:40], found["large"].losses[:40], rtol=1e-4)


def pairs(batches):
    for (x, t), (y, u) in zip(batches, batches, strict=True):
        yield np.concatenate([x, y]), np.concatenate([t, u])


def test_biases_have_twice_the_rate_with_bias_rules(monkeypatch):
    rates = []

    def look(optimizer, model, clip_norm):
        rates.append([group["lr"] for group in optimizer.param_groups])
        assert clip_norm == 2.0

    monkeypatch.setattr(lr_find, "take_step", look)
    found = sweep(Network(), loader(), Options(bias_rules=True, clip_norm=2.0, optimizer="sgd"))
    np.testing.assert_allclose(rates, [[rate, 2 * rate] for rate in found.rates])


def test_what_is_proposed():
    """A third of the rate at the lowest of the smoothed losses, which single low ones are not."""
    rates = np.geomspace(1e-4, 1, 41).tolist()
    losses = [2 + (i - 20) ** 2 / 100 for i in range(41)]
    found = Sweep(rates, losses)
    assert found.lowest == 20
    assert found.proposed == pytest.approx(0.0033)
    losses[35] = 1.9
    assert Sweep(rates, losses).proposed == pytest.approx(0.0033)
    np.testing.assert_allclose(found.smoothed[10], np.mean(losses[7:14]))
    np.testing.assert_allclose(
        [found.smoothed[0], found.smoothed[1], found.smoothed[-1]], [losses[0], np.mean(losses[:3]), losses[-1]]
    )
    assert "at 0.01. Proposed: a third of that, 0.0033" in str(found)
    assert max(map(len, str(found).splitlines())) <= 80


def test_the_picture_is_a_png(tmp_path):
    draw_sweep(tmp_path / "lr.png", Sweep([1e-3, 1e-2, 1e-1], [2.0, 1.0, 9.0]))
    draw_sweep(tmp_path / "lr.png", Sweep([1e-3], [2.0]))
    assert (tmp_path / "lr.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert [path.name for path in tmp_path.iterdir()] == ["lr.png"]


def test_the_network_is_trained():
    model = Network()
    sweep(model, loader(), Options(optimizer="sgd"))
    first, last = model.seen[0][0], model.seen[60][0]
    assert not np.array_equal(first, last)
    assert Tensor(first).shape == (3, 4)
