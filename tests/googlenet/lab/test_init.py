"""The experiment on initial weights."""

from unittest.mock import Mock

import numpy as np
from lab_runs import BLOCKS, HIGH, LOW, NOISY, looked, runs

from googlenet.lab import init
from minicnn import nn

DEAD = ((0.1, 0.1, 0.1), (2.31, 2.30))


def data(kaiming=(HIGH,), pytorch=DEAD, normalized=(HIGH,)):
    """A Kaiming signal that keeps its size, and one of PyTorch's that falls to a tenth in each block."""
    named = {"Kaiming": (kaiming, 1.0), "PyTorch": (pytorch, 10.0), "PyTorch + bn": (normalized, 0.5)}
    return {name: runs(*numbers, before=looked(factor, signal=3.0)) for name, (numbers, factor) in named.items()}


def test_what_is_varied(measured):
    found, calls = measured(init, look={"conv1": {}}, train={"accuracy": 0.5})
    made = [(a[1].name, o["heads"], o["initialize"]) for name, a, o in calls if name == "network"]
    kinds = [("plain", init.as_they_are), ("plain", init.pytorch_weights), ("batchnorm", init.pytorch_weights)]
    assert made == 2 * [(preset, False, initialize) for preset, initialize in kinds]
    assert [a[0] for name, a, _ in calls if name == "network"] == [0, 0, 0, 1, 1, 1]
    assert [name for name, _, _ in calls[:3]] == ["network", "look", "train"]
    assert found["PyTorch"] == 2 * [{"accuracy": 0.5, "before": {"conv1": {}}}]


def test_pytorch_s_weights_have_a_third_of_the_variance_that_1_over_fan_in_is():
    layers = nn.Sequential(nn.Conv2d(8, 64, 3), nn.Linear(100, 64), nn.Conv2d(8, 8, 1, bias=False))
    for parameter in layers.parameters():
        parameter.data[...] = 7
    init.pytorch_weights(layers)
    for layer, fan_in in ((layers[0], 72), (layers[1], 100)):
        for values in (layer.weight.data, layer.bias.data):
            bound = 1 / np.sqrt(fan_in)
            assert 0.9 * bound < np.abs(values).max() <= bound
    assert np.abs(layers[2].weight.data).max() < 1
    init.as_they_are(layers)
    assert np.abs(layers[2].weight.data).max() < 1


def test_the_table():
    rows = init.table(data()).rows
    assert rows[0] == ["Kaiming", "91.0 ± 1.0", "0.50 ± 0.00", "3.0", "3.0", "1.0"]
    assert rows[1] == ["PyTorch", "10.0 ± 0.0", "2.30 ± 0.00", "3.0", "3.0e-11", "1.0"]


def test_the_signal_is_followed_from_the_first_block_to_the_last():
    found = data()
    for run in found["Kaiming"]:
        run["before"]["conv1"]["gradient"] = 50.0
    first = init.sentences(found)[0]
    assert first == (
        "What images differ in is multiplied by 1.0 from conv1 to 5b with Kaiming's weights, by 1.0e-11 with "
        "PyTorch's, by 2048 with PyTorch's and batch norm; at conv1 Kaiming's weights get a gradient 50 times as large "
        "as PyTorch's."
    )


def test_the_signal_is_drawn_as_far_as_the_dropout(monkeypatch):
    """Behind it images differ by what is dropped."""
    drawn, figure = [], Mock()
    figure.subplots.return_value = [Mock(), Mock(), Mock()]
    monkeypatch.setattr(init, "losses", Mock())
    monkeypatch.setattr(init, "curves", lambda axes, blocks, of_seeds, log: drawn.append((blocks, of_seeds)))
    init.draw(data(), figure)
    assert [blocks for blocks, _ in drawn] == [BLOCKS[:-1], BLOCKS]
    assert [len(of_seeds["PyTorch"][0]) for _, of_seeds in drawn] == [len(BLOCKS) - 1, len(BLOCKS)]


def test_who_does_not_learn_is_named():
    second = init.sentences(data())[1]
    assert "Kaiming's weights is 81.0 points above that with PyTorch's, beyond the noise" in second
    assert second.endswith("the last loss is no better than guessing's, ln 10 = 2.30, with PyTorch (3 of 3 seeds).")
    assert init.sentences(data(kaiming=DEAD))[1].endswith("with Kaiming (3 of 3 seeds) and PyTorch (3 of 3 seeds).")


def test_one_seed_that_does_not_learn_is_told_and_one_whose_loss_is_no_number():
    found = data(kaiming=(HIGH,), pytorch=(HIGH,))
    found["Kaiming"][1]["losses"], found["PyTorch"][0]["losses"] = [2.3, 2.3], [3.0, None]
    assert init.sentences(found)[1].endswith("with Kaiming (1 of 3 seeds) and PyTorch (1 of 3 seeds).")


def test_where_all_learn_it_is_said():
    second = init.sentences(data(pytorch=(NOISY,), kaiming=(LOW,)))[1]
    assert "4.0 points below that with PyTorch's, which is within the noise" in second
    assert second.endswith("all learn something.")
