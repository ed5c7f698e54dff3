"""What every layer makes of a batch, against NumPy's statistics of the outputs; and nothing is left behind."""

import json
import math

import numpy as np
import pytest
from support import put, raises, tensor, threads

import minicnn as mc
import minicnn.functional as F
from minicnn import nn, rng
from minicnn.explain.trace import engineering, short


class Two(nn.Module):
    """Returns two tensors, one of them in a dict."""

    def __init__(self):
        self.weight = nn.Parameter(np.ones(3, np.float32))

    def forward(self, x):
        return F.relu(x), {"more": x * self.weight}


class Network(nn.Module):
    def __init__(self):
        self.stem = nn.Sequential(nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.ReLU())
        self.drop, self.same, self.two = nn.Dropout(0.5), nn.Linear(3, 3), Two()
        self.fc = nn.Linear(4 * 4, 3)

    def forward(self, x):
        x = self.fc(F.flatten(self.drop(self.stem(x))))
        return self.two(self.same(self.same(x)))[0]


def images(device="cpu"):
    return mc.Tensor(put(tensor(4, 2, 4, 4, dtype=np.float32).data, device))


def network(device="cpu"):
    made = Network().to(device)
    made.stem[0].weight.data[:] *= 3
    return made


def test_rows():
    found = mc.trace(network(), images())
    assert [(row.name, row.kind, row.output, row.shape, row.parameters) for row in found.rows] == [
        ("stem.0", "Conv2d", "", (4, 4, 2, 2), 76),
        ("stem.1", "BatchNorm2d", "", (4, 4, 2, 2), 8),
        ("stem.2", "ReLU", "", (4, 4, 2, 2), 0),
        ("drop", "Dropout", "", (4, 4, 2, 2), 0),
        ("fc", "Linear", "", (4, 3), 51),
        ("same", "Linear", "", (4, 3), 12),
        ("same", "Linear", "", (4, 3), 0),
        ("two", "Two", "[0]", (4, 3), 3),
        ("two", "Two", "[1]", (4, 3), 0),
    ]
    assert found.parameters == sum(row.parameters for row in found.rows)
    assert all(row.seconds > 0 for row in found.rows[:-1]) and found.rows[-1].seconds == 0
    assert sum(row.seconds for row in found.rows) <= found.seconds
    assert [row.share for row in found.rows] == [row.seconds / found.seconds for row in found.rows]


def test_statistics(device):
    made, x = network(device), images(device)
    outputs = []
    with_hooks = [
        layer.register_forward_hook(lambda m, i, y: outputs.append(np.array(mc.Tensor(y).numpy(), copy=True)))
        for layer in (*made.stem, made.fc)
    ]
    found = {row.name: row for row in mc.trace(made.eval(), x).rows}
    for take_away in with_hooks:
        take_away()
    for name, y in zip(("stem.0", "stem.1", "stem.2", "fc"), outputs, strict=True):
        row, wide = found[name], y.astype(np.float64)
        assert (row.lowest, row.highest, row.zeros, row.not_finite) == (y.min(), y.max(), np.mean(y == 0), 0)
        np.testing.assert_allclose([row.mean, row.std], [wide.mean(), wide.std()], rtol=1e-6, atol=1e-9)
    assert 0 < found["stem.2"].zeros < 1


def test_depth():
    assert [row.name for row in mc.trace(network(), images(), depth=1).rows] == [
        "stem", "drop", "fc", "same", "same", "two", "two"
    ]  # fmt: skip
    assert len(mc.trace(network(), images(), depth=2).rows) == 9
    (row,) = mc.trace(nn.Linear(2, 3), np.ones((5, 2), np.float32)).rows
    assert (row.name, row.kind, row.shape) == ("", "Linear", (5, 3))


@pytest.mark.parametrize("fails", [False, True])
def test_everything_is_left_as_it_was(fails):
    made = network()
    own = made.two.forward
    vars(made.two)["forward"] = own  # somebody's own
    calls = []
    made.fc.register_forward_hook(lambda *_: calls.append(1))
    state, before = rng.get_state(), {name: t.data.copy() for name, t in made.state_dict().items()}
    attributes = [set(vars(module)) for module in made.modules()]
    if fails:
        with raises(ValueError, "linear"):
            mc.trace(made, mc.Tensor(np.ones((4, 2, 5, 5), np.float32)))
    else:
        mc.trace(made, images())
    assert rng.get_state() == state and made.training and all(module.training for module in made.modules())
    for name, t in made.state_dict().items():
        np.testing.assert_array_equal(t.data, before[name], err_msg=name)
    assert [set(vars(module)) - {"_forward_hooks"} for module in made.modules()] == [
        names - {"_forward_hooks"} for names in attributes
    ]
    assert vars(made.two)["forward"] is own and len(vars(made.fc)["_forward_hooks"]) == 1
    assert all(not vars(module).get("_forward_hooks") for module in made.modules() if module is not made.fc)
    assert len(calls) == (not fails) and all(p.grad is None for p in made.parameters())


def test_the_mode_stays_and_decides():
    made = network()
    assert next(row.zeros for row in mc.trace(made, images()).rows if row.name == "drop") > 0.2
    evaluated = mc.trace(made.eval(), images()).rows
    assert not made.training and evaluated[3].zeros == evaluated[2].zeros


def test_layers_see_the_whole_batch():
    class Shares(nn.Module):
        def __init__(self):
            self.layers = nn.Sequential(nn.Conv2d(2, 2, 3), nn.ReLU())

        def forward(self, x):
            return self.layers(x) if self.has_hooks() else nn.in_shares(self.layers, x)

    with threads(2):
        found = mc.trace(Shares(), tensor(9, 2, 4, 4, dtype=np.float32))
    assert [row.shape[0] for row in found.rows] == [9, 9]


def test_what_is_not_finite_is_counted_and_left_out():
    (row,) = mc.trace(nn.ReLU(), np.array([[np.nan, 1, np.inf, 3]], np.float32)).rows
    assert (row.not_finite, row.mean, row.lowest, row.highest, row.zeros) == (2, 2, 1, 3, 0)
    empty = mc.trace(nn.Sequential(nn.ReLU()), np.full((1, 2), np.nan, np.float32))
    assert empty.rows[0].not_finite == 2 and math.isnan(empty.rows[0].mean)
    assert "! 1 row has numbers that are not finite" in str(empty) and "\n!" in str(empty)
    assert json.loads(json.dumps(empty.records(), allow_nan=False))[0]["mean"] is None
    assert "!" not in str(mc.trace(nn.Sequential(nn.ReLU()), np.ones((1, 2), np.float32)))


def test_printed():
    lines = str(mc.trace(network(), images())).splitlines()
    assert lines[0].split() == ["layer", "output", "params", "mean", "std", "min", "max", "zeros", "time"]
    assert lines[2].strip() == "stem" and lines[3].split()[:3] == ["0", "4x2x2", "76"]
    assert sum(line.strip().startswith("same") for line in lines) == 2
    assert any(line.split()[:2] == ["two", "[1]"] for line in lines)
    assert lines[-1].startswith("150 parameters; forward took ")


def test_it_fits_80_columns_whatever_the_names_and_numbers():
    made = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    vars(made)["\x1b[31m" + "long" * 30] = nn.Sequential(nn.Linear(3, 3))
    made[0].weight.data[:] *= -1e30
    made[1].weight.data[:] *= 1e-33
    text = str(mc.trace(made, tensor(2, 3, dtype=np.float32)))
    assert max(map(len, text.splitlines())) <= 80 and "\x1b" not in text and "\u2026" in text


@pytest.mark.parametrize(
    ("number", "text"),
    [(0.0, "0"), (-0.01234, "-0.0123"), (-1.234e-5, "-1.2e-5"), (1.234e-5, "1.23e-5"), (-1.2e-10, "-1e-10"),
     (123456.0, "1.23e5"), (-1.25e15, "-1.2e15"), (math.nan, "nan")],
)  # fmt: skip
def test_numbers_in_seven_characters(number, text):
    assert short(number) == text


def test_a_column_of_seven_characters_has_a_space_before_its_number():
    assert [short(number, 6) for number in (0.0123, 0.00123, 3.42e37)] == ["0.0123", "1.2e-3", "3.4e37"]
    lines = str(mc.trace(nn.ReLU(), np.array([[1e37, 4e37]]))).splitlines()
    assert "2.5e37 1.5e37" in lines[2]


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0"), (416, "416"), (9408, "9.41k"), (999_990, "1000k"), (13_378_280, "13.4M")]
)
def test_counts_in_five_characters(count, text):
    assert engineering(count) == text


def test_several_inputs():
    class Sum(nn.Module):
        def forward(self, a, b):
            return a + b

    (row,) = mc.trace(Sum(), mc.Tensor([1.0]), np.ones(1, np.float32)).rows
    assert row.mean == 2


def test_wrong_arguments():
    with raises(TypeError, "trace: got int, expected a Module"):
        mc.trace(3, 4)
    for depth in (0, True, "1"):
        with raises(ValueError, "trace: depth is", "at least 1"):
            mc.trace(network(), images(), depth=depth)
