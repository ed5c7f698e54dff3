"""The experiment on gradients by block."""

from dataclasses import replace

import lab_runs
import pytest
from lab_runs import BLOCKS

from googlenet.lab import depth
from googlenet.lab.init import as_they_are, pytorch_weights
from googlenet.presets import presets

NAMES = ["Kaiming", "K + heads", "Caffe", "PyTorch", "P + heads", "P + bn"]


def data(**factors):
    """From fc down the norm is multiplied by 1 / 10 in each block; by `heads` again up to 4d, of those with heads."""
    found = {name: {block: [10.0 ** (i - 12)] * 3 for i, block in enumerate(BLOCKS)} for name in NAMES}
    for name, factor in factors.items():
        norms = found[{"K": "K + heads", "P": "P + heads", "bn": "P + bn"}[name]]
        norms.update({block: [factor * n for n in norms[block]] for block in BLOCKS[: BLOCKS.index("4d") + 1]})
    return found


def test_what_is_varied(measured):
    found, calls = measured(depth, look={"conv1": {"gradient": 0.5}, "fc": {"gradient": 2.0}})
    plain = replace(presets["plain"], dropout=0.0, aux_dropout=0.0)
    caffe, normalized = replace(plain, initial_weights="caffe", initial_bias=0.2), replace(plain, batch_norm=True)
    kinds = [
        (plain, False, as_they_are), (plain, True, as_they_are), (caffe, False, as_they_are),
        (plain, False, pytorch_weights), (plain, True, pytorch_weights), (normalized, False, pytorch_weights),
    ]  # fmt: skip
    assert [a for name, a, _ in calls if name == "network"] == [(seed, *kind) for seed in (0, 1) for kind in kinds]
    assert [a[1] for name, a, _ in calls if name == "look"] == 12 * [64]
    assert found == {name: {"conv1": [0.5, 0.5], "fc": [2.0, 2.0]} for name in NAMES}


def test_the_table_runs_from_the_loss_to_the_stem():
    heads, rows = depth.table(data(P=5.0))
    assert heads == ["block", *NAMES]
    assert [row[0] for row in rows] == BLOCKS[::-1]
    assert rows[0][1:] == 6 * ["1.0"] and rows[-2] == ["conv2", *4 * ["1.0e-11"], "5.0e-11", "1.0e-11"]


def test_the_norm_is_the_geometric_mean_of_the_seeds():
    found = lab_runs.fabricated()["depth"]
    found["Kaiming"]["3a"] = [1e-6, 1.0, 1.0]
    assert depth.norm(found, "Kaiming", "3a") == pytest.approx(1e-2)


def test_what_is_left_at_the_stem():
    first = depth.sentences(data(bn=1e6))[0]
    assert first == (
        "From fc down to conv1 the norm of the gradient is multiplied by 1.0e-12 with Kaiming's weights, 1.0e-12 with "
        "Caffe's, 1.0e-12 with PyTorch's, 1.0e-06 with PyTorch's and batch norm."
    )


def test_what_heads_add():
    assert depth.sentences(data(K=2.0, P=0.1))[1] == (
        "The gradient with heads: with Kaiming's weights it is at conv1 2.0 times what it is without, at 5a 1.0 times; "
        "with PyTorch's weights it is at conv1 1/10 of what it is without, at 5a 1.0 times."
    )
