"""What samples find inside a network, and that training does not notice them."""

import gc
import json

import numpy as np
import pytest

import minicnn as mc
import minicnn.functional as F
from googlenet import GoogLeNet, GoogLeNetOutput
from googlenet.inception import BasicConv2d
from googlenet.model import loss
from googlenet.training import probe as probe_module
from googlenet.training.probe import IMAGES, IMAGES_FOR_RELUS, Probe, add_sample, dead_relus, look_inside
from minicnn import Tensor, function, nn, rng


class Head(nn.Module):
    """Like an auxiliary head."""

    def __init__(self, channels):
        self.fc1 = nn.Linear(channels, 7)
        self.dropout = nn.Dropout(0.5)
        self.fc2 = nn.Linear(7, 3)

    def forward(self, x):
        means = F.flatten(F.adaptive_avg_pool2d(x, 1))
        return self.fc2(self.dropout(F.relu(self.fc1(means), inplace=True)))


class Small(nn.Module):
    """A GoogLeNet of three convolutions; aux1 is behind the first, aux2 behind the second."""

    def __init__(self, heads=True, batch_norm=True):
        self.conv1 = BasicConv2d(1, 5, 3, batch_norm=batch_norm)
        self.conv2 = BasicConv2d(5, 6, 3, batch_norm=batch_norm)
        self.inception3a = nn.Sequential(BasicConv2d(6, 4, 1), BasicConv2d(4, 8, 3))
        self.aux1, self.aux2 = (Head(5), Head(6)) if heads else (None, None)
        self.fc = Head(8)

    def forward(self, x):
        first = self.conv1(x)
        second = self.conv2(first)
        aux1 = self.aux1(first) if self.training and self.aux1 else None
        aux2 = self.aux2(second) if self.training and self.aux2 else None
        logits = self.fc(self.inception3a(second))
        return GoogLeNetOutput(logits, aux1, aux2) if self.training else logits


def batch(count=6, size=10):
    generator = np.random.default_rng(3)
    return generator.standard_normal((count, 1, size, size)).astype(np.float32), generator.integers(0, 3, count)


def gradients(model, x, labels, weights, **options):
    """The gradient of each block as one vector, of main, aux1 and aux2 with these weights, by a backward of its own."""
    before = rng.get_state()
    model.zero_grad()
    parts = loss(model(Tensor(x)), labels, **options)
    sum(weight * part for weight, part in zip(weights, parts[1:], strict=True) if weight).backward()
    rng.set_state(before)
    blocks = {}
    for name, parameter in model.named_parameters():
        if not name.startswith("aux"):
            gradient = parameter.data * 0 if parameter.grad is None else parameter.grad
            blocks.setdefault(name.partition(".")[0], []).append(gradient.astype(float).ravel())
    model.zero_grad()
    return {block: np.concatenate(vectors) for block, vectors in blocks.items()}


@pytest.mark.parametrize("label_smoothing", [0.0, 0.3])
def test_shares_and_norms_are_those_of_the_parts_of_the_gradient(label_smoothing):
    """Against a backward for each part, and one for the whole loss."""
    model, (x, labels) = Small(), batch()
    mc.manual_seed(5)
    found = look_inside(model, x, labels, label_smoothing)["blocks"]
    mc.manual_seed(5)
    whole = gradients(model, x, labels, (1, 0.3, 0.3), label_smoothing=label_smoothing)
    parts = {
        "main": gradients(model, x, labels, (1, 0, 0), label_smoothing=label_smoothing),
        "aux1": gradients(model, x, labels, (0, 0.3, 0), label_smoothing=label_smoothing),
        "aux2": gradients(model, x, labels, (0, 0, 0.3), label_smoothing=label_smoothing),
    }
    assert list(found) == list(whole) == ["conv1", "conv2", "inception3a", "fc"]
    for block, g in whole.items():
        assert found[block]["norm"] == pytest.approx(np.linalg.norm(g), rel=1e-4)
        assert sum(found[block][part] for part in parts) == pytest.approx(1)
        np.testing.assert_allclose(sum(part[block] for part in parts.values()), g, atol=1e-6)
        for name, part in parts.items():
            assert found[block][name] == pytest.approx(part[block] @ g / (g @ g), abs=1e-4)
            assert found[block][f"norm_{name}"] == pytest.approx(np.linalg.norm(part[block]), rel=1e-4, abs=1e-7)
    assert found["conv1"]["aux1"] != 0 == found["conv2"]["aux1"] != found["conv2"]["aux2"] != 0
    assert found["fc"]["main"] == 1


def test_without_heads_all_of_it_comes_from_the_main_loss():
    for numbers in look_inside(Small(heads=False), *batch())["blocks"].values():
        assert set(numbers) == {"norm", "norm_main", "main"}
        assert numbers["main"] == 1
        assert numbers["norm"] == numbers["norm_main"] > 0


def test_a_frozen_block_has_no_gradient():
    model = Small()
    for parameter in model.conv1.parameters():
        parameter.requires_grad = False
    assert list(look_inside(model, *batch())["blocks"]) == ["conv2", "inception3a", "fc"]


def test_a_gradient_of_0_has_no_shares():
    model = Small(heads=False, batch_norm=False)
    for parameter in model.parameters():
        parameter.data[...] = 0
    assert look_inside(model, *batch())["blocks"]["conv1"] == {"norm": 0.0, "norm_main": 0.0}


def test_nothing_of_the_graph_is_left_behind():
    """A Function that is held in a circle would keep its arrays until the garbage collector comes."""
    model, (x, labels) = Small(), batch()
    gc.collect()
    gc.disable()
    try:
        before = sum(isinstance(thing, function.Function) for thing in gc.get_objects())
        look_inside(model, x, labels)
        assert sum(isinstance(thing, function.Function) for thing in gc.get_objects()) == before
    finally:
        gc.enable()


# ---- training does not notice -------------------------------------------------------------------------------------


def state(model):
    return {name: tensor.data.tobytes() for name, tensor in model.state_dict().items()}


def train_for(model, steps, probe):
    """The weights after a few steps; each batch is shown to the probe before, if there is one."""
    optimizer = mc.optim.SGD(model.parameters(), 0.01, momentum=0.9)
    x, labels = batch(8, 32)
    for step in range(steps):
        if probe:
            probe.before_batch(0, step, x, labels, [])
        loss(model(Tensor(x)), labels).total.backward()
        optimizer.step()
        optimizer.zero_grad()
    return state(model)


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(Small, id="small"),
        pytest.param(lambda: GoogLeNet(3, "batchnorm", 1), id="GoogLeNet", marks=pytest.mark.everything("long runs")),
    ],
)
def test_training_goes_the_same_way_bit_for_bit(kind):
    results = []
    for with_probe in (False, True):
        mc.manual_seed(2)
        model = kind().train()
        probe = Probe(model, 2, 8) if with_probe else None
        results.append((train_for(model, 2, probe), rng.get_state()))
        assert not model.has_hooks()
    assert results[0] == results[1]


def test_gradients_that_wait_for_others_stay():
    """With --accumulate."""
    model, (x, labels) = Small(), batch()
    loss(model(Tensor(x)), labels).total.backward()
    before = [parameter.grad.copy() for parameter in model.parameters()]
    Probe(model, 1, 6).before_batch(0, 0, x, labels, [])
    for parameter, expected in zip(model.parameters(), before, strict=True):
        np.testing.assert_array_equal(parameter.grad, expected)


def test_a_part_that_is_in_evaluation_mode_stays_so():
    """Batch norm of what is frozen."""
    model = Small()
    model.conv1.eval()
    Probe(model, 1, 6).before_batch(0, 0, *batch(), [])
    assert [model.conv1.bn.training, model.conv2.bn.training, model.training] == [False, True, True]


# ---- ReLUs, times -------------------------------------------------------------------------------------------------


def test_dead_are_the_channels_that_are_0_everywhere_for_all_images():
    model, (x, _) = Small(batch_norm=False), batch()
    model.conv1.conv.bias.data[[1, 3]] = -100.0
    model.aux2.fc1.bias.data[:] = [-100, 100, -100, 100, -100, 100, 100]
    found = dead_relus(model, x)
    assert found["images_for_relus"] == 6
    y = model.conv1(Tensor(x)).data
    expected = sum(not y[:, channel].any() for channel in range(5))
    assert found["dead"]["conv1"] == [expected, 5]
    assert 2 <= expected < 5
    assert found["dead"]["aux2.fc1"] == [3, 7]
    assert set(found["dead"]) == {"conv1", "conv2", "inception3a.0", "inception3a.1", "aux1.fc1", "aux2.fc1"}


def test_a_channel_that_one_image_wakes_is_not_dead():
    model, (x, _) = Small(batch_norm=False), batch()
    model.conv1.conv.weight.data[0] = 1.0
    model.conv1.conv.bias.data[0] = -50.0
    dead = dead_relus(model, x)["dead"]["conv1"][0]
    x[4, 0, :3, :3] = 100.0
    assert dead_relus(model, x)["dead"]["conv1"][0] == dead - 1


def test_every_layer_has_its_times(monkeypatch):
    """A clock that goes one second ahead whenever somebody looks at it."""
    seconds = iter(range(10_000))
    monkeypatch.setattr(probe_module.time, "perf_counter", lambda: next(seconds))
    model = Small()
    times = look_inside(model, *batch())["times"]
    layers = [name for name, module in model.named_modules() if not list(module.named_children())]
    assert set(times) == set(layers)
    assert set(map(tuple, times.values())) == {(1000 / 6, 1000 / 6)}


# ---- which batches, and what becomes of the samples ---------------------------------------------------------------


@pytest.mark.parametrize(("batches", "batch_size"), [(157, 32), (20, 32), (16, 32), (1875, 32), (50, 16), (4, 128)])
def test_samples_take_less_than_3_percent(batches, batch_size):
    """By the costs that were measured, in images: docs/performance.md."""
    probe = Probe(Small(), batches, batch_size)
    cost = len(probe.sampled) * (5 + 1.6 * probe.images) + 0.4 * probe.images_for_relus
    assert cost < 0.03 * batches * batch_size
    assert probe.sampled == sorted(set(probe.sampled))
    assert 0 <= probe.sampled[0] <= probe.sampled[-1] < batches
    assert 2 <= probe.images <= IMAGES
    assert 2 <= probe.images_for_relus <= IMAGES_FOR_RELUS


def test_a_long_epoch_is_sampled_four_times_in_full():
    probe = Probe(Small(), 160, 32)
    assert (probe.sampled, probe.images, probe.images_for_relus) == ([20, 60, 100, 140], 8, 32)


@pytest.mark.parametrize(("batches", "batch_size"), [(1, 1), (1, 2), (3, 4), (2, 32)])
def test_the_shortest_epoch_has_one_small_sample(batches, batch_size):
    probe = Probe(Small(), batches, batch_size)
    assert (probe.sampled, probe.images, probe.images_for_relus) == ([batches // 2], 2, 2)


@pytest.mark.parametrize(("batches", "batch_size"), [(160, 32), (13, 30), (12, 30), (10, 8), (2, 32), (1, 1)])
def test_short_epochs_take_turns(batches, batch_size):
    """By the costs that were measured, less than 3 % of all epochs together."""
    probe = Probe(Small(), batches, batch_size)
    cost = len(probe.sampled) * (5 + 1.6 * probe.images) + 0.4 * probe.images_for_relus
    assert cost < 0.03 * batches * batch_size * probe.every
    assert probe.every == 1 or cost > 0.02 * batches * batch_size * (probe.every - 1)


def test_an_epoch_whose_turn_it_is_not_has_no_record():
    model, (x, labels) = Small(), batch(8)
    probe, records = Probe(model, 20, 8), []
    for epoch in range(2 * probe.every + 1):
        for number in range(20):
            probe.before_batch(epoch, number, x, labels, records)
    assert probe.every == 3
    assert [record["epoch"] for record in records] == [1, 4, 7]


def test_the_batches_sampled_give_the_record_of_their_epoch():
    model, (x, labels) = Small(), batch(40)
    probe, records = Probe(model, 160, 32), []
    for epoch in (0, 1):
        for number in range(160):
            probe.before_batch(epoch, number, x, labels, records)
            if number == 139:
                assert "dead" not in records[-1]
    assert [record["epoch"] for record in records] == [1, 2]
    for record in records:
        assert (record["samples"], record["images"], record["images_for_relus"]) == (4, 8, 32)
        assert record["dead"] == dead_relus(model, x[:32])["dead"]
    assert json.loads(json.dumps(records)) == records


def test_a_record_has_the_means_of_its_samples():
    def sample(norm, forward, **more):
        return {"images": 8, "blocks": {"fc": {"norm": norm, "main": 1.0}}, "times": {"fc": [forward, 2.0]}, **more}

    records = []
    add_sample(records, 1, sample(9.0, 9.0))
    add_sample(records, 2, sample(1.0, 3.0))
    add_sample(records, 2, sample(2.0, 3.0))
    add_sample(records, 2, sample(6.0, 0.0, dead=7))
    assert records[0]["blocks"]["fc"]["norm"] == 9.0
    assert records[1] == {"epoch": 2, "samples": 3, **sample(3.0, 2.0, dead=7)}
