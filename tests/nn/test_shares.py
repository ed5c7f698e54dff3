"""Layers that are walked in shares compute what they compute otherwise, forward and backward."""

import gc
import threading
import weakref

import numpy as np
import pytest
from support import raises, tensor, threads

import minicnn as mc
import minicnn.functional as F
from minicnn import Tensor, gradcheck, nn
from minicnn.function import Function
from minicnn.tensor import grad_enabled


@pytest.fixture(autouse=True)
def shares_of_any_size(monkeypatch):
    monkeypatch.setattr(nn.shares, "SMALLEST_SHARE", 1)


def network(dtype=np.float64):
    """With parameters, one of which is used twice and one that is frozen."""
    mc.manual_seed(3)
    layers = nn.Sequential(
        nn.Conv2d(2, 3, 3, padding=1, relu=True), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(12, 4), nn.Linear(4, 4)
    )
    layers.add = layers[4].bias  # a second use
    layers[3].bias.requires_grad = False
    for parameter in layers.parameters():
        parameter.data = parameter.data.astype(dtype)
    return layers


def use(layers, x):
    return layers(x) + layers.add


def watched(layers, seen):
    """The same, noting how many items come, on which thread, and whether a graph is recorded."""

    def forward(x):
        seen.append((len(x), threading.current_thread(), grad_enabled()))
        return use(layers, x)

    return forward


@pytest.mark.parametrize("recording", [True, False])
@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("n", [1, 2, 5, 9])
def test_the_result_is_that_of_the_whole_batch(n, number, recording):
    layers, x = network(np.float32), tensor(n, 2, 4, 4, dtype=np.float32)
    with threads(number):
        expected = use(layers, x)
        with mc.no_grad() if not recording else threads(number):
            y = nn.in_shares(lambda x: use(layers, x), x)
    assert y.dtype == np.float32
    assert y.requires_grad == recording
    np.testing.assert_allclose(y.data, expected.data, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("number", [2, 3, 4])
def test_the_gradients_are_those_of_the_whole_batch(number):
    layers, x, same_x = network(), tensor(5, 2, 4, 4, requires_grad=True), tensor(5, 2, 4, 4, requires_grad=True)
    cotangent = np.random.default_rng(1).standard_normal((5, 4))
    use(layers, same_x).backward(cotangent)
    expected = [parameter.grad for parameter in layers.parameters()]
    layers.zero_grad()
    with threads(number):
        nn.in_shares(lambda x: use(layers, x), x).backward(cotangent)
    np.testing.assert_allclose(x.grad, same_x.grad, rtol=1e-12)
    assert layers[3].bias.grad is None  # frozen
    for parameter, gradient in zip(layers.parameters(), expected, strict=True):
        if gradient is not None:
            np.testing.assert_allclose(parameter.grad, gradient, rtol=1e-12)


def test_gradients_agree_with_differences():
    layers, x = network(), tensor(3, 2, 4, 4, requires_grad=True)
    trained = [parameter for parameter in layers.parameters() if parameter.requires_grad]
    with threads(2):
        assert gradcheck(lambda x, *_: nn.in_shares(lambda x: use(layers, x), x), [x, *trained])


def test_the_gradient_goes_on_to_what_x_was_made_of():
    layers, leaf = network(), tensor(4, 2, 4, 4, requires_grad=True)
    cotangent = np.random.default_rng(1).standard_normal((4, 4))
    use(layers, leaf * 3.0).backward(cotangent)
    expected, leaf.grad = leaf.grad, None
    with threads(2):
        (nn.in_shares(lambda x: use(layers, x), leaf * 3.0) * 1.0).backward(cotangent)
    np.testing.assert_allclose(leaf.grad, expected, rtol=1e-12)


def test_x_may_want_no_gradient_and_the_layers_may_want_none():
    layers, wanted = network(), []
    with threads(2):
        nn.in_shares(lambda x: wanted.append(x.requires_grad) or use(layers, x), tensor(4, 2, 4, 4)).backward(
            np.ones((4, 4))
        )
        assert layers[0].weight.grad.any()
        assert wanted == [False, False]
        assert not nn.in_shares(F.relu, tensor(4, 2)).requires_grad
        x = tensor(4, 2, requires_grad=True)
        nn.in_shares(lambda x: x, x).backward(np.full((4, 2), 7.0))  # no operation at all
    np.testing.assert_array_equal(x.grad, np.full((4, 2), 7.0))


def test_leaves_that_get_one_and_the_same_array_do_not_get_each_other_s_gradients():
    """The backward of + gives grad_y itself to both, so that nobody may add to it in place."""
    for uses in (1, 2, 3):
        a, b, x = tensor(3, requires_grad=True), tensor(3, requires_grad=True), tensor(4, 3)
        with threads(2):
            y = nn.in_shares(lambda x, uses=uses, a=a, b=b: x + sum((a + b for _ in range(uses)), start=0.0), x)
        y.backward(np.ones((4, 3)))
        np.testing.assert_array_equal(a.grad, [4 * uses] * 3)
        np.testing.assert_array_equal(b.grad, [4 * uses] * 3)


@pytest.mark.parametrize(
    "layers",
    [
        lambda made, x: lambda t: F.linear(t, made["w"]),
        lambda made, x: lambda t: t * made["w"].sum() + made["b"],
        lambda made, x: lambda t: t + x.sum(),  # x itself, and not the share of it
    ],
)
def test_a_tensor_that_was_computed_outside_is_refused(layers):
    w, b = tensor(2, 2, requires_grad=True), tensor(2, requires_grad=True)
    made, x = {"w": F.relu(w * 2.0), "b": b}, tensor(6, 2, requires_grad=True) * 1.0
    for number in (2, 3):
        with threads(number), raises(ValueError, "in_shares: the layers use a tensor that was computed outside"):
            nn.in_shares(layers(made, x), x)


def test_a_constant_a_leaf_or_nothing_of_a_gradient_may_come_from_outside():
    w, b = tensor(2, 2, requires_grad=True), tensor(2, requires_grad=True)
    with mc.no_grad():
        frozen = w * 2.0
    x = tensor(4, 2, requires_grad=True)
    with threads(2):
        nn.in_shares(lambda t: F.linear(t, frozen, b), x * 1.0).backward(np.ones((4, 2)))
        assert w.grad is None and x.grad is not None and b.grad is not None
        with mc.no_grad():
            assert nn.in_shares(lambda t: F.linear(t, w * 2.0), x).shape == (4, 2)
        made = w * 2.0
        with mc.no_grad():
            assert nn.in_shares(lambda t: F.linear(t, made), x).shape == (4, 2)


def test_relu_in_place_behind_batch_norm_gives_the_same_in_shares():
    """As BasicConv2d has it, and with its result, that is its input, used twice."""
    norm = nn.BatchNorm2d(2).eval()
    norm.running_mean.data[:] = 0.3

    def layers(t):
        h = norm(t)
        return F.concat([F.relu(h, inplace=True) + h, h])

    found = []
    for number in (1, 3):
        x = tensor(6, 2, 3, 3, dtype=np.float32, requires_grad=True)
        norm.zero_grad()
        with threads(number):
            y = nn.in_shares(layers, x * 2.0)
            y.backward(np.random.default_rng(1).standard_normal(y.shape))
        found.append([y.data, x.grad, norm.weight.grad, norm.bias.grad])
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


def test_an_error_in_one_share_s_backward_leaves_every_leaf_as_it_was():
    class Fails(Function):
        def forward(self, x):
            self.first = x[0, 0]
            return x * 1

        def backward(self, grad_y):
            if self.first == 3:
                raise KeyError("the last share")
            return grad_y

    w, x = tensor(2, requires_grad=True), mc.Tensor(np.arange(4.0)[:, None].repeat(2, 1) // 2 * 3, requires_grad=True)
    with threads(2), pytest.raises(KeyError, match="the last share"):
        (nn.in_shares(lambda t: Fails()(t) * w, x) * w).backward(np.ones((4, 2)))
    assert w.grad is None and x.grad is None


def test_gradients_add_up_and_the_graph_is_freed_unless_retained():
    layers, x = network(), tensor(4, 2, 4, 4, requires_grad=True)
    with threads(2):
        y = nn.in_shares(lambda x: use(layers, x), x)
    y.backward(np.ones((4, 4)), retain_graph=True)
    once = x.grad.copy()
    y.backward(np.ones((4, 4)))
    np.testing.assert_allclose(x.grad, 2 * once)
    with raises(RuntimeError, "backward: the graph was freed by an earlier backward() (at joined)"):
        y.backward(np.ones((4, 4)))


def test_the_shares_graphs_are_freed_on_the_way():
    """Not at the end: most of the memory in training is what the operations keep for backward."""
    alive = []

    class Last(Function):  # its turn in backward comes last
        def forward(self, x):
            return x.copy()

        def backward(self, grad_y):
            alive.append(sum(not function.freed for function in functions))
            return grad_y

    functions = []

    def layers(x):
        y = F.relu(Last()(x)) * 2.0
        functions.append(y.creator)
        return y

    with threads(2):
        y = nn.in_shares(layers, tensor(4, 2, requires_grad=True))
        y.backward(np.ones((4, 2)), retain_graph=True)
        y.backward(np.ones((4, 2)))
    assert alive[:2] == [2, 2]
    assert min(alive[2:]) <= 1  # its own is freed; the other share may be behind
    assert all(function.freed for function in functions)


def test_nothing_stays_alive_when_the_result_is_gone_or_the_graph_freed():
    layers, x = network(), tensor(4, 2, 4, 4)
    kept = []

    def forward(x):
        y = use(layers, x)
        kept.append(weakref.ref(y.creator))
        return y

    gc.disable()
    try:
        with threads(2):
            y = nn.in_shares(forward, x)
            y.backward(np.ones((4, 4)))
            assert [creator() for creator in kept] == [None] * 2
            del y
            kept.clear()
            y = nn.in_shares(forward, x)
            del y
            assert [creator() for creator in kept] == [None] * 2
    finally:
        gc.enable()


def test_the_same_bits_from_run_to_run():
    layers, cotangent = network(np.float32), np.random.default_rng(0).standard_normal((9, 4)).astype(np.float32)
    found = []
    with threads(3):
        for _ in range(5):
            layers.zero_grad()
            nn.in_shares(lambda x: use(layers, x), tensor(9, 2, 4, 4, dtype=np.float32)).backward(cotangent)
            found.append(layers[0].weight.grad)
    for gradient in found:
        np.testing.assert_array_equal(gradient, found[0])


@pytest.mark.parametrize("recording", [True, False])
def test_the_shares_are_even_and_each_has_its_thread(recording):
    seen = []
    with threads(3), mc.no_grad() if not recording else threads(3):
        nn.in_shares(watched(network(), seen), tensor(8, 2, 4, 4))
    assert sorted(n for n, _, _ in seen) == [2, 3, 3]
    assert threading.current_thread() in {thread for _, thread, _ in seen}
    assert [graph for _, _, graph in seen] == [recording] * 3
    assert grad_enabled()


def test_backward_too_is_done_on_all_threads_at_once():
    everyone = threading.Barrier(2, timeout=20)  # gets through only where two shares are walked back at the same time

    class Meet(Function):
        def forward(self, x):
            return x.copy()

        def backward(self, grad_y):
            everyone.wait()
            return grad_y

    x = tensor(4, 2, requires_grad=True)
    with threads(2):
        nn.in_shares(lambda x: Meet()(x), x).backward(np.ones((4, 2)))
    np.testing.assert_array_equal(x.grad, np.ones((4, 2)))


@pytest.mark.parametrize(
    ("n", "number", "shares"),
    [(7, 2, [7]), (8, 2, [4, 4]), (9, 2, [4, 5]), (11, 3, [11]), (12, 3, [4, 4, 4]), (9, 1, [9])],
)
def test_a_small_batch_is_not_shared(n, number, shares, monkeypatch):
    monkeypatch.setattr(nn.shares, "SMALLEST_SHARE", 4)
    seen = []
    with threads(number):
        y = nn.in_shares(watched(network(), seen), tensor(n, 2, 4, 4))
    assert sorted(items for items, _, _ in seen) == shares
    assert (y.creator.name == "joined") == (len(shares) > 1)


def test_memory_keeps_its_layout():
    """Channels last: what follows would have to copy otherwise."""
    x = mc.Tensor(np.zeros((4, 6, 5, 3)).transpose(0, 3, 1, 2), requires_grad=True)
    with threads(2):
        y = nn.in_shares(F.relu, x)
    assert y.data.strides == x.data.strides
    assert y.creator.gradients(x.data)[0].strides == x.data.strides


def test_an_error_in_one_share_reaches_the_caller():
    def forward(x):
        if x.data[0, 0] == 3:
            raise KeyError("the last share")
        return x

    with threads(2), pytest.raises(KeyError, match="the last share"):
        nn.in_shares(forward, mc.Tensor(np.arange(4.0)[:, None].repeat(2, 1) // 2 * 3))


# ---- layers that do not treat every item alike -----------------------------------------------------------------------


def batch(n=16):
    mc.set_num_threads(2)
    return Tensor(np.arange(4.0 * n).reshape(n, 4), requires_grad=True)


@pytest.mark.parametrize("larger", [True, False])
def test_a_parameter_that_some_shares_alone_use_is_an_error(larger):
    w, x = Tensor(np.ones(4), requires_grad=True), batch()
    with raises(ValueError, "in_shares: the layers use other parameters for some items than for others"):
        nn.in_shares(lambda t: t * w if (t.data.max() > 40) == larger else t * 1.0, x)


@pytest.mark.parametrize(
    ("layers", "found"),
    [
        (lambda t: t.mean(0, keepdims=True), "one of shape (1, 4)"),
        (lambda t: t.sum(), "one of shape ()"),
        (lambda t: (t, t), "tuple"),
    ],
)
def test_layers_that_do_not_give_a_result_for_each_item_are_an_error(layers, found):
    with raises(ValueError, f"in_shares: the layers made {found} of 8 items, expected a Tensor of as many"):
        nn.in_shares(layers, batch())


def test_a_method_may_keep_what_it_gets():
    class Net(nn.Module):
        def __init__(self):
            self.layer = nn.Linear(4, 4).double()

        def part(self, t):
            self.kept = t
            return self.layer(t)

        def forward(self, x):
            return nn.in_shares(self.part, x)

    assert Net()(batch()).shape == (16, 4)
