"""One picture through the network and back."""

import numpy as np
import pytest

import minicnn as mc
import minicnn.functional as F
from googlenet import GoogLeNet
from googlenet.explorer.run import LOSSES, rms, run_network
from googlenet.model import loss
from googlenet.presets import presets


def agree(a, b):
    np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6 * np.abs(b).max())


def gradient_at_picture(model, x, label, which):
    """By the library's own backward."""
    picture = mc.Tensor(x[np.newaxis], requires_grad=True)
    output = model(picture, heads=True)
    if which == "score":
        output.logits[:, label].sum().backward()
    else:
        getattr(loss(output, np.array([label])), which).backward()
    return picture.grad[0]


@pytest.mark.parametrize("preset", ["paper", "batchnorm", "mnist"])
def test_the_gradients_at_the_picture_are_those_of_backward(seen, preset):
    model, run = seen(preset, label=2)
    start = run.places[0]
    assert start.function is None and start.node.operation == "Input" and run.label == 2
    assert sorted(start.gradients) == sorted(LOSSES)
    for which in LOSSES:
        agree(start.gradients[which], gradient_at_picture(model, start.y, 2, which))
    agree(start.score, gradient_at_picture(model, start.y, 2, "score"))


def test_every_result_is_what_the_network_computes(seen):
    model, run = seen("batchnorm")
    with mc.no_grad():
        x = mc.Tensor(run.places[0].y[np.newaxis])
        conv1 = model.conv1(x)
        ends = {"conv1": conv1, "inception3a": model.inception3a(model.maxpool1(model.norm1(conv1))), "fc": model(x)}
    last = {place.block: place for place in run.places}
    for name, y in ends.items():
        agree(last[name].y, y.data[0])
    agree(run.logits["main"], ends["fc"].data[0])
    assert last["conv1"].node.operation == "ReLU"  # a place of its own behind batch norm


def test_losses_and_the_most_probable_class_where_none_is_given(seen):
    model, run = seen("paper")
    assert run.label == run.logits["main"].argmax() > 0 and not run.sum_of_logits
    for name in ("main", "aux1", "aux2"):
        assert run.losses[name] == pytest.approx(-np.log(F.softmax(mc.Tensor(run.logits[name]), 0).data[run.label]))
    assert run.losses["total"] == pytest.approx(
        run.losses["main"] + 0.3 * (run.losses["aux1"] + run.losses["aux2"]), rel=1e-6
    )
    assert run_network(model, run.places[0].y[np.newaxis], (run.label + 1) % 3).losses["main"] != run.losses["main"]


def test_a_loss_reaches_what_it_depends_on_alone(seen):
    _, run = seen("paper")
    blocks = {place.block for place in run.places}
    assert blocks == {"", "conv1", "norm1", "maxpool1", "inception3a", "aux1", "aux2", "inception5b", "fc"}
    for place in run.places:
        if place.block == "inception5b" or place.block == "fc":
            assert sorted(place.gradients) == ["main", "total"] and place.score is not None
        if place.block == "aux1":
            assert sorted(place.gradients) == ["aux1", "total"] and place.score is None
    _, run = seen("mnist")
    assert run.sum_of_logits and run.places[-1].node.operation == "CrossEntropy"


def test_what_arrives_adds_up(seen):
    """Behind inception3a the network and both heads go on."""
    _, run = seen("paper")
    end = max((p for p in run.places if p.block == "inception3a"), key=lambda place: place.number)
    senders = {name: [who for who, _ in came] for name, came in end.arrived.items()}
    assert len(senders["main"]) == 4 and set(senders["aux1"]) == set(senders["aux2"])
    assert set(senders["total"]) == set(senders["main"]) | set(senders["aux1"])
    assert all(run.places[who].node.inputs == (end.number,) for who in senders["total"])
    assert end.arrived["aux1"][0][1] == pytest.approx(rms(end.gradients["aux1"]))
    assert run.places[-1].arrived["total"] == [(None, 1.0)]


def test_without_heads_the_total_is_main(seen):
    _, run = seen("paper", False)
    assert list(run.losses) == ["main", "total"] and list(run.logits) == ["main"]
    assert all(np.array_equal(p.gradients["main"], p.gradients["total"]) for p in run.places)


def test_the_parameters_and_the_random_state_stay_as_they_are(seen):
    model, run = seen("batchnorm")
    before, state = {n: t.data.copy() for n, t in model.state_dict().items()}, mc.rng.get_state()
    run_network(model.train(), run.places[0].y[np.newaxis])
    assert not model.training and mc.rng.get_state() == state
    assert all(parameter.grad is None for parameter in model.parameters())
    assert all(np.array_equal(t.data, before[n]) for n, t in model.state_dict().items())


def test_numbers_that_are_infinite_are_refused(seen):
    model, run = seen("paper")
    x = run.places[0].y[np.newaxis].copy()
    x[0, 0, 3, 3] = np.inf
    with np.errstate(all="ignore"), pytest.raises(ValueError, match=r"infinite in conv1\.conv \(Conv2d\)"):
        run_network(model, x)


def test_root_mean_square():
    assert rms(np.array([[3.0, -4.0], [0, 0]])) == 2.5
    assert rms(np.full(1000, 1e30, np.float32)) == pytest.approx(1e30)


@pytest.mark.everything("presets")
@pytest.mark.parametrize("preset", list(presets))
def test_every_preset(preset, small_blocks):
    size = max(64, presets[preset].smallest_image)
    model = GoogLeNet(3, preset)
    x = np.random.default_rng(0).standard_normal((1, 3, size, size)).astype(np.float32)
    run = run_network(model, x, 1)
    assert len({place.block for place in run.places if place.block.startswith("inception")}) == 9
    agree(run.places[0].gradients["total"], gradient_at_picture(model, x[0], 1, "total"))
