"""The walk back, step by step: bit for bit what backward does, without a trace; and in words."""

import itertools

import numpy as np
import pytest
from support import fetch, leaf, put, raises, tensor, threads

import minicnn as mc
import minicnn.functional as F
from minicnn import nn, rng
from minicnn.explain import names_of_functions, recording
from minicnn.function import Function


def add_and_multiply():
    """a (2, 3) used twice, once by itself: a * a + a."""
    a = leaf([2.0, 3.0])
    return a, (a * a + a).sum()


def test_steps():
    a, y = add_and_multiply()
    steps = list(mc.replay(y))
    assert [type(step.at).__name__ for step in steps] == ["Sum", "Add", "Mul", "Tensor"]
    total, add, mul, end = steps
    assert [sender for sender, _ in total.arrived] == [None] and total.gradient == 1
    assert [sender for sender, _ in mul.arrived] == [add.at] and [to for to, _ in mul.sent] == [a, a]
    assert end.at is a and end.sent == () and [sender for sender, _ in end.arrived] == [add.at, mul.at, mul.at]
    np.testing.assert_array_equal(end.gradient, [5, 7])
    assert a.grad is None


class Everything(nn.Module):
    """In place, shares, batch norm, dropout, a shared layer, a fork, and max pooling."""

    def __init__(self):
        self.stem = nn.Sequential(nn.Conv2d(2, 4, 3), nn.Conv2d(4, 4, 1, relu=True))
        self.norm, self.drop, self.same = nn.BatchNorm2d(4), nn.Dropout(0.4), nn.Conv2d(4, 4, 3, padding=1)
        self.fc = nn.Linear(16, 3)

    def forward(self, x):
        x = F.relu(self.norm(nn.in_shares(self.stem, x)), inplace=True)
        x = F.concat([self.same(x), self.same(F.max_pool2d(x, 3, 1, 1))]) + F.concat([x, x])
        x += 1
        return self.fc(F.flatten(self.drop(F.adaptive_avg_pool2d(x[:, :4], 2))))


def everything(device="cpu", dtype=np.float32):
    mc.manual_seed(1)
    network = Everything().to(device, dtype)
    x = mc.Tensor(put(tensor(8, 2, 8, 8, dtype=dtype).data, device), requires_grad=True)
    return network, x, F.cross_entropy(network(x), put(np.arange(8) % 3, device))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_gradients_are_backwards_bit_for_bit_and_nothing_changes(device, dtype):
    with threads(2):
        network, x, y = everything(device, dtype)
        buffers = {name: fetch(b.data).copy() for name, b in network.named_buffers()}
        state = rng.get_state()
        found = {step.at: step.gradient for step in mc.replay(y) if not isinstance(step.at, Function)}
        again = {step.at: step.gradient for step in mc.replay(y) if not isinstance(step.at, Function)}
        leaves = [x, *network.parameters()]
        assert all(one.grad is None for one in leaves) and found.keys() == set(leaves)
        assert rng.get_state() == state
        assert all(np.array_equal(fetch(b.data), buffers[name]) for name, b in network.named_buffers())
        y.backward()
    for one in leaves:
        assert fetch(found[one]).tobytes() == fetch(again[one]).tobytes() == fetch(one.grad).tobytes()
        assert found[one].dtype == dtype


def test_what_is_sent_is_what_arrives():
    sent, arrived = [], []
    for step in mc.replay(everything()[2]):
        sent += [(step.at, to, gradient.tobytes()) for to, gradient in step.sent]
        arrived += [(sender, step.at, gradient.tobytes()) for sender, gradient in step.arrived if sender is not None]
        total = sum(gradient.astype(np.float64) for _, gradient in step.arrived)
        np.testing.assert_allclose(step.gradient, total, rtol=1e-4, atol=1e-6)
    assert sorted(sent, key=str) == sorted(arrived, key=str) and len(sent) > 30


class Branches(nn.Module):
    """What threads share begins with a fork, and uses a layer twice; before it is an operation."""

    def __init__(self):
        self.one, self.two = nn.Conv2d(2, 2, 1), nn.Conv2d(2, 2, 3, padding=1)

    def inside(self, x):
        return F.concat([self.one(x), self.two(self.two(x)), F.max_pool2d(x, 3, 1, 1)])

    def forward(self, x):
        return F.tanh(nn.in_shares(self.inside, F.sigmoid(x)))


def test_shares_are_told_as_if_one_thread_had_done_it_all():
    network, told = Branches(), []
    for number in (1, 2):
        with threads(number):
            x = tensor(9, 2, 5, 5, requires_grad=True, dtype=np.float32)
            y = network(x).mean()
            told.append({step.label(step.at): step for step in mc.replay(y, names=network)})
            y.backward()
            assert told[-1]["Input 0"].gradient.tobytes() == x.grad.tobytes()
    alone, together = told
    assert list(alone) == list(together) and len(together) == 13
    for name, step in alone.items():
        np.testing.assert_allclose(together[name].gradient, step.gradient, rtol=1e-4, atol=1e-7, err_msg=name)
        for field in ("arrived", "sent"):
            pairs = zip(getattr(step, field), getattr(together[name], field), strict=True)
            for (who, gradient), (who_too, found) in pairs:
                assert (who is None) == (who_too is None) or field == "sent"
                assert step.label(who) == together[name].label(who_too)
                np.testing.assert_allclose(found, gradient, rtol=1e-4, atol=1e-7, err_msg=name)
    assert len(together["Sigmoid 1"].arrived) == 3


def test_shares_without_an_operation_hand_on_what_they_get():
    x = tensor(8, 2, requires_grad=True)
    with threads(2):
        *_, last = mc.replay(nn.in_shares(lambda part: part, x * 2).sum())
    np.testing.assert_array_equal(last.gradient, np.full((8, 2), 2.0))


def test_sums_are_added_up_in_the_order_of_backward():
    """1, 1e16 and -1e16 make 0 or 1, as the order is."""
    for factors in itertools.permutations([1.0, 1e16, -1e16]):
        x = leaf(1.0)
        y = (x * factors[0] + x * factors[1]) + x * factors[2]
        *_, last = mc.replay(y)
        y.backward()
        assert last.gradient == x.grad and len(last.arrived) == 3


def test_a_cotangent_of_ones_own():
    x = leaf([1.0, 2.0])
    *_, last = mc.replay(x * 3, np.array([1.0, 10.0]))
    np.testing.assert_array_equal(last.gradient, [3, 30])
    with raises(RuntimeError, "backward: a tensor of shape (2,) needs a gradient"):
        mc.replay(x * 3)


def test_a_leaf_is_one_step():
    x = leaf(2.0)
    (step,) = mc.replay(x)
    assert step.at is x and step.gradient == 1 and x.grad is None
    assert str(step).splitlines() == [
        "Input 0  ()", "  from the beginning".ljust(79) + "1", "  grad stays here, a leaf".ljust(79) + "1"
    ]  # fmt: skip


def test_steps_are_computed_when_they_are_asked_for():
    computed = []

    class Noted(Function):
        def forward(self, x):
            return x * 1

        def backward(self, grad_y):
            computed.append(self)
            return grad_y * 1

    steps = iter(mc.replay(Noted()(Noted()(leaf(1.0)))))
    assert not computed
    next(steps)
    assert len(computed) == 1


def test_what_has_no_graph_is_refused_at_once():
    x = leaf(1.0)
    with raises(TypeError, "replay: got float, expected a Tensor"):
        mc.replay(1.0)
    with raises(ValueError, "replay: nothing is remembered", "no_grad"):
        mc.replay(mc.Tensor(np.ones(())))
    y = x * 2
    y.backward()
    with raises(ValueError, "replay: the graph was freed by backward() (at mul)", "retain_graph=True"):
        mc.replay(y)


def test_printed():
    a, y = add_and_multiply()
    lines = str(mc.replay(y, names={a: "a"})).splitlines()
    assert [line for line in lines if line[0] != " "] == [
        "1. Sum 3  ()", "2. Add 2  (2,)", "3. Mul 1  (2,)", "4. Input 0 (a)  (2,)"
    ]  # fmt: skip
    assert [line.split() for line in lines[-5:]] == [
        ["from", "Add", "2", "[1", "1]"],
        ["from", "Mul", "1", "[2", "3]"],
        ["from", "Mul", "1", "[2", "3]"],
        ["sum", "of", "these", "3,", "added", "up", "here", "[5", "7]"],
        ["grad", "stays", "here,", "a", "leaf", "[5", "7]"],
    ]


def test_names():
    network, x, y = everything()
    with_parameters = {step.label(step.at) for step in mc.replay(y, names=network)}
    assert "fc.weight" in with_parameters and any(label.endswith("(norm)") for label in with_parameters)
    without = {step.label(step.at) for step in mc.replay(y)}
    assert any(label.startswith("weight (3, 16) of Linear ") for label in without)
    with names_of_functions(network) as names:
        y = F.cross_entropy(network(x), np.zeros(8, int))
    assert any(step.label(step.at).endswith("(drop)") for step in mc.replay(y, names=names))


def test_a_shared_parameter_is_told_by_its_first_user():
    layer = nn.Linear(2, 2)
    steps = list(mc.replay(layer(layer(leaf(np.ones((1, 2)), np.float32))).sum()))
    assert {step.label(step.at) for step in steps} >= {"weight (2, 2) of Linear 1", "bias (2,) of Linear 1"}


def test_everything_fits_80_columns_whatever_it_is_called():
    evil = nn.Sequential(nn.Linear(3, 3))
    vars(evil)["\x1b[31m" + "long" * 40] = nn.Linear(3, 3)
    y = F.cross_entropy(evil[1](evil[0](tensor(2, 3, dtype=np.float32, requires_grad=True))), np.array([0, 1]))
    text = str(mc.replay(y, names=evil)) + "\n" + str(mc.replay(everything()[2]))
    assert max(map(len, text.splitlines())) <= 80 and "\x1b" not in text


def test_recording_and_replay_tell_of_the_same_places():
    with recording() as results:
        y = everything()[2]
    for step in mc.replay(y):
        if isinstance(step.at, Function):
            assert step.at in results and results[step.at].shape[1:] == step.gradient.shape[1:]
