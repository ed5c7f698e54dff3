"""The optimizer of a run, its groups, the learning rate of every step, beside the formulas of their sources."""

import numpy as np
import pytest
from rates import rates

from googlenet.training.optimization import make_optimizer, make_schedule, take_step
from googlenet.training.options import Options, with_recipe
from minicnn import nn, optim


def test_schedules():
    t = np.arange(40)
    np.testing.assert_allclose(rates(schedule="constant"), 0.1)
    np.testing.assert_allclose(rates(schedule="cosine"), 0.05 * (1 + np.cos(np.pi * t / 40)), atol=1e-9)
    np.testing.assert_allclose(rates(schedule="poly"), 0.1 * (1 - t / 40) ** 0.5, atol=1e-9)
    np.testing.assert_allclose(rates(schedule="step", epochs=20), 0.1 * 0.96 ** (np.arange(200) // 80))


@pytest.mark.parametrize("schedule", ["constant", "cosine", "poly", "step"])
def test_warm_up_climbs_to_the_rate_and_then_the_schedule_begins(schedule):
    found = rates(schedule=schedule, warmup=0.5)
    assert found[0] > 0
    np.testing.assert_allclose(np.diff(found[:6]), np.diff(found[:6])[0])  # a line
    assert found[5] == pytest.approx(0.1)
    assert found.max() == pytest.approx(0.1)
    np.testing.assert_array_equal(found[:5], np.sort(found[:5]))
    assert (found > 0).all()


def test_warm_up_climbs_from_where_one_step_more_would_be_0():
    np.testing.assert_allclose(rates(schedule="constant", warmup=0.5)[:6], 0.1 * np.arange(1, 7) / 6)


def test_behind_the_warm_up_a_schedule_reaches_its_end_with_the_run():
    t = np.arange(35)
    np.testing.assert_allclose(rates(schedule="cosine", warmup=0.5)[5:], 0.05 * (1 + np.cos(np.pi * t / 35)))
    np.testing.assert_allclose(rates(schedule="poly", warmup=0.5)[5:], 0.1 * (1 - t / 35) ** 0.5)


@pytest.mark.parametrize(("name", "kind"), [("sgd", optim.SGD), ("adam", optim.Adam), ("adamw", optim.AdamW)])
def test_optimizers(name, kind):
    options = Options(optimizer=name, lr=0.03, momentum=0.8, weight_decay=1e-3)
    optimizer = make_optimizer(options, nn.Linear(2, 2))
    assert type(optimizer) is kind
    group = optimizer.param_groups[0]
    assert (group["lr"], group["weight_decay"]) == (0.03, 1e-3)
    if name == "sgd":
        assert group["momentum"] == 0.8


@pytest.mark.parametrize("kind", ["sgd", "adamw"])
def test_caffe_s_bias_rules(kind):
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Linear(2, 2, bias=False))
    options = Options(optimizer=kind, lr=0.03, weight_decay=1e-3, bias_rules=True, warmup=0.0, schedule="poly")
    weights, biases = make_optimizer(options, model).param_groups
    conv, norm, linear = model
    assert [id(p) for p in weights["params"]] == [id(conv.weight), id(norm.weight), id(linear.weight)]
    assert [id(p) for p in biases["params"]] == [id(conv.bias), id(norm.bias)]
    assert (weights["lr"], weights["weight_decay"]) == (0.03, 1e-3)
    assert (biases["lr"], biases["weight_decay"]) == (0.06, 0.0)


def test_with_bias_rules_a_step_is_caffe_s():
    """x - lr (g + decay x) for weights, x - 2 lr g for biases; and the schedule takes both along."""
    model = nn.Linear(1, 1)
    options = Options(optimizer="sgd", momentum=0.0, lr=0.1, weight_decay=0.5, bias_rules=True, warmup=0.0, epochs=1)
    optimizer = make_optimizer(options, model)
    schedule = make_schedule(options, optimizer, 2)
    for p, value, gradient in ((model.weight, 4.0, 3.0), (model.bias, 5.0, 7.0)):
        p.data[...], p.grad = value, np.full(p.shape, gradient, np.float32)
    take_step(optimizer, model, 0.0)
    np.testing.assert_allclose(model.weight.data, 4 - 0.1 * (3 + 0.5 * 4), rtol=1e-6)
    np.testing.assert_allclose(model.bias.data, 5 - 0.2 * 7, rtol=1e-6)
    assert model.weight.grad is None and model.bias.grad is None
    schedule.step()
    assert [group["lr"] for group in optimizer.param_groups] == pytest.approx([0.05, 0.1])
    assert schedule.get_last_lr()[0] == pytest.approx(0.05)  # what a run reports is the rate of the weights


@pytest.mark.parametrize(("clip_norm", "length"), [(0.0, 5.0), (2.5, 2.5), (10.0, 5.0)])
def test_a_step_is_as_long_as_the_clipped_gradient(clip_norm, length):
    model = nn.Linear(1, 1)
    optimizer = optim.SGD(model.parameters(), 1.0)
    before = [p.data.copy() for p in model.parameters()]
    model.weight.grad, model.bias.grad = np.full((1, 1), 3, np.float32), np.full(1, 4, np.float32)
    take_step(optimizer, model, clip_norm)
    way = [float((b - p.data).item()) for b, p in zip(before, model.parameters(), strict=True)]
    np.testing.assert_allclose(way, [0.6 * length, 0.8 * length], rtol=1e-5)


# ---- the recipes, beside the formulas of their sources ---------------------------------------------------------------

T = np.arange(120)  # steps of a run of 12 epochs with ten steps each
FORMULAS = {
    "default": np.where(T < 5, 5e-4 * (T + 1) / 6, 5e-4 * (1 + np.cos(np.pi * (T - 5) / 115)) / 2),
    "paper": 0.01 * 0.96 ** (T // 10 // 8),  # "decreasing the learning rate by 4% every 8 epochs"
    "caffe": 0.01 * (1 - T / 120) ** 0.5,  # lr_policy poly: base_lr (1 - iter / max_iter)^power
    "mnist": 0.001 + 0 * T,
    "modern": np.where(T < 5, 1e-3 * (T + 1) / 6, 1e-3 * (1 + np.cos(np.pi * (T - 5) / 115)) / 2),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_the_schedule_of_a_recipe(name):
    recipe = {key: value for key, value in with_recipe({"recipe": name}).items() if key != "epochs"}
    np.testing.assert_allclose(rates(**recipe, epochs=12), FORMULAS[name], rtol=1e-12, atol=1e-15)
