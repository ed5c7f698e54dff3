"""What the experiments share: a short training, a look at gradients."""

import numpy as np
import pytest

import minicnn as mc
import minicnn.functional as F
from googlenet.data import DigitsDataset
from googlenet.lab import harness
from googlenet.lab.harness import Lab, left_as_found, look, network, rounded, train
from googlenet.model import GoogLeNetOutput
from googlenet.presets import presets
from minicnn import nn, optim, rng


class Tiny(nn.Module):
    """Blocks with the names of the network's, and one head: quick, and its gradients can be told by hand."""

    def __init__(self):
        self.conv1 = nn.Conv2d(1, 3, 5, 4)
        self.aux1 = nn.Linear(3 * 7 * 7, 10)
        self.inception3a = nn.Conv2d(3, 4, 3)
        self.fc = nn.Linear(4 * 5 * 5, 10)

    def forward(self, x):
        x = self.conv1(x)
        logits = self.fc(F.dropout(F.flatten(self.inception3a(x)), 1e-9, self.training))
        return GoogLeNetOutput(logits, self.aux1(F.flatten(x)), None) if self.training else logits


def linear(seed=0):
    mc.manual_seed(seed)
    return nn.Sequential(nn.Flatten(), nn.Linear(32 * 32, 10))


# ---- how -------------------------------------------------------------------------------------------------------------


def test_variants_take_turns():
    assert list(Lab(seeds=2).with_seeds("ab")) == [(0, "a"), (0, "b"), (1, "a"), (1, "b")]


def test_the_bar_is_the_experiment_s_and_goes_away(monkeypatch):
    seen = {}
    monkeypatch.setattr("tqdm.tqdm", lambda cases, **options: seen.update(options) or cases)
    assert list(Lab(name="heads").each([1, 2])) == [1, 2]
    assert (seen["desc"], seen["leave"], seen["disable"]) == ("heads", False, None)


@pytest.mark.parametrize("error", [None, KeyboardInterrupt])
def test_random_state_and_threads_are_left_as_they_were(error):
    mc.manual_seed(3)
    state, threads = rng.get_state(), mc.get_num_threads()
    try:
        with left_as_found(threads + 1):
            assert mc.get_num_threads() == threads + 1
            mc.manual_seed(5)
            if error:
                raise error
    except KeyboardInterrupt:
        pass
    assert (rng.get_state(), mc.get_num_threads()) == (state, threads)


# ---- networks --------------------------------------------------------------------------------------------------------


def test_without_heads_all_else_is_the_same(small_blocks):
    had = []
    one = network(4, presets["plain"], heads=False, initialize=lambda model: had.append(model.aux1 is not None))
    other = network(4, presets["plain"])
    assert had == [True] and one.aux1 is None and one.aux2 is None
    parameters, others = dict(one.named_parameters()), dict(other.named_parameters())
    assert set(others) - set(parameters) == {name for name in others if name.startswith("aux")} != set()
    assert all((values.data == others[name].data).all() for name, values in parameters.items())
    assert one.fc.weight.shape[0] == 10 and one.conv1.conv.weight.shape[1] == 1
    assert not (network(5, presets["plain"]).conv1.conv.weight.data == one.conv1.conv.weight.data).all()


def test_a_training_is_what_its_seed_makes_it():
    first, again = (train(Lab(quick=True), linear(), 1) for _ in range(2))
    other = train(Lab(quick=True), linear(), 2)
    assert first.pop("cpu") > 0 and again.pop("cpu") > 0
    assert first == again
    assert first["losses"] != other["losses"]


def test_accuracies_are_on_the_test_digits_and_on_those_trained_on():
    model = linear()
    found = train(Lab(), model, 0, images=100, epochs=3)
    assert len(found["losses"]) == 3 and found["losses"][2] < found["losses"][0]
    for name, digits in (
        ("accuracy", DigitsDataset(False, 32)),
        ("train_accuracy", DigitsDataset(True, 32, limit=100)),
    ):
        images = np.stack([image for image, _ in digits])
        assert found[name] == (model(mc.Tensor(images)).data.argmax(axis=1) == digits.labels).mean()


def test_the_rate_falls_to_0(monkeypatch):
    made = []
    monkeypatch.setattr(optim, "Adam", lambda *a: made.append((Adam(*a), a[1])) or made[-1][0])
    train(Lab(quick=True), linear(), 0, lr=0.1)
    ((optimizer, rate),) = made
    assert rate == 0.1 and optimizer.param_groups[0]["lr"] == pytest.approx(0, abs=1e-9)


Adam = optim.Adam


def test_the_heads_count_as_much_as_is_said():
    mc.manual_seed(0)
    with_heads, without = Tiny(), Tiny()
    before = with_heads.aux1.weight.data.copy(), without.aux1.weight.data.copy()
    train(Lab(quick=True), with_heads, 0, aux_weight=1.0)
    train(Lab(quick=True), without, 0, aux_weight=0.0)
    assert not (with_heads.aux1.weight.data == before[0]).all() and (without.aux1.weight.data == before[1]).all()


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_loss_that_is_no_number_ends_it():
    found = train(Lab(), linear(), 0, images=100, epochs=4, lr=1e38)
    assert found["losses"][-1] is None and len(found["losses"]) < 4


def test_quick_is_tiny(monkeypatch):
    seen = []
    monkeypatch.setattr(harness, "DigitsDataset", lambda *a, **o: seen.append((a, o)) or DigitsDataset(*a, **o))
    found = train(Lab(quick=True), linear(), 0, images=1000, epochs=5)
    assert len(found["losses"]) == 1
    assert seen == [((train_part, 32), {"limit": 16}) for train_part in (True, False, True)]


# ---- a look ----------------------------------------------------------------------------------------------------------


def test_gradients_and_signals_are_those_of_autograd():
    mc.manual_seed(0)
    model = Tiny()
    digits = DigitsDataset(True, 32, limit=50)
    x = mc.Tensor(np.stack([image for image, _ in digits]))
    found = look(model, aux_weight=0.5)
    assert list(found) == ["conv1", "3a", "fc"]
    output = model(x)
    main = F.cross_entropy(output.logits, digits.labels)
    (main + 0.5 * F.cross_entropy(output.aux1, digits.labels)).backward()

    def norm(layer):
        return np.sqrt((layer.weight.grad**2).sum() + (layer.bias.grad**2).sum())

    for name, layer in (("conv1", model.conv1), ("3a", model.inception3a), ("fc", model.fc)):
        assert found[name]["gradient"] == pytest.approx(norm(layer), rel=1e-4)
    signal = np.sqrt(model.conv1(x).data.var(axis=0).mean())
    assert found["conv1"]["signal"] == pytest.approx(signal, rel=1e-4)
    whole = norm(model.conv1)
    model.zero_grad()
    F.cross_entropy(model(x).logits, digits.labels).backward()
    assert found["conv1"]["main"] == pytest.approx(norm(model.conv1), rel=1e-4) != pytest.approx(whole)
    assert found["3a"]["heads"] == 0.0 and 0 < found["conv1"]["heads"] < 1


def test_a_look_leaves_no_trace():
    model = Tiny()
    mc.manual_seed(9)
    state = rng.get_state()
    look(model)
    assert rng.get_state() == state and not model.has_hooks()
    assert all(parameter.grad is None for parameter in model.parameters())


def test_numbers_are_rounded_and_plain():
    assert rounded(1 / 3) == 0.333333 and rounded(float("nan")) is rounded(float("inf")) is None
