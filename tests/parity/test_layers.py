"""Every layer beside its namesake in torch.nn: the same state, the same numbers, the same gradients, both modes."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from support import as_pair, assert_close, both_dtypes, needs_torch, normal, ties, torch

import minicnn as mc
from minicnn import nn
from minicnn.nn import Module

pytestmark = [pytest.mark.parity, needs_torch]


class Comparison(NamedTuple):
    """The arguments of a layer, the shape of its input, and what else its forward is given."""

    arguments: tuple[Any, ...]
    options: dict[str, Any]
    x: tuple[int, ...]
    targets: tuple[np.ndarray, ...] = ()


COMPARED: dict[str, Callable[[Any], Comparison]] = {}


def compares(name: str):
    """Registers a function of draw that draws a Comparison for the layer of that name."""

    def register(compose):
        COMPARED[name] = compose
        return compose

    return register


# ---- what Hypothesis draws ----------------------------------------------------------------------------------------

few = st.integers(1, 4)
image_sizes = st.tuples(st.integers(5, 9), st.integers(5, 9))


def int_or_pair(draw, low, high):
    numbers = st.integers(low, high)
    return draw(numbers | st.tuples(numbers, numbers))


def images(draw):
    """(N, C, H, W)"""
    return (draw(few), draw(few), *draw(image_sizes))


@compares("Conv2d")
def conv2d(draw):
    x, kernel = images(draw), int_or_pair(draw, 1, 5)
    options = {"stride": int_or_pair(draw, 1, 3), "padding": int_or_pair(draw, 0, 2), "bias": draw(st.booleans())}
    return Comparison((x[1], draw(few), kernel), options, x)


@compares("Linear")
def linear(draw):
    x = (*draw(st.lists(few, max_size=3)), draw(st.integers(1, 6)))
    return Comparison((x[-1], draw(st.integers(1, 6))), {"bias": draw(st.booleans())}, x)


@compares("ReLU")
def relu(draw):
    return Comparison((), {}, images(draw))


@compares("MaxPool2d")
def pool(draw):
    kernel = int_or_pair(draw, 1, 4)
    arguments = (
        kernel,
        draw(st.none() | st.just(int_or_pair(draw, 1, 3))),
        int_or_pair(draw, 0, min(as_pair(kernel)) // 2),
    )
    return Comparison(arguments, {"ceil_mode": draw(st.booleans())}, images(draw))


@compares("AvgPool2d")
def avg_pool(draw):
    comparison = pool(draw)
    comparison.options["count_include_pad"] = draw(st.booleans())
    return comparison


@compares("AdaptiveAvgPool2d")
def adaptive_avg_pool(draw):
    return Comparison((int_or_pair(draw, 1, 6),), {}, images(draw))


@compares("Dropout")
def dropout(draw):
    """p 0 or 1: with any other p the two libraries' random numbers differ (tests/parity/test_operations.py)."""
    return Comparison((draw(st.sampled_from([0.0, 1.0])),), {}, images(draw))


@compares("BatchNorm2d")
def batch_norm(draw):
    x = (draw(st.integers(2, 4)), draw(few), *draw(image_sizes))
    options = {"eps": draw(st.sampled_from([1e-5, 1e-3, 0.1])), "momentum": draw(st.sampled_from([0.1, 0.01, 0.6]))}
    return Comparison((x[1],), options, x)


@compares("LocalResponseNorm")
def local_response_norm(draw):
    options = {
        name: draw(st.sampled_from([1e-4, 0.75, 1.0, 2.0])) for name in ("alpha", "beta", "k") if draw(st.booleans())
    }
    return Comparison((draw(st.integers(1, 6)),), options, images(draw))


@compares("Flatten")
def flatten(draw):
    return Comparison((draw(st.integers(-4, 3)),), {}, images(draw))


@compares("CrossEntropyLoss")
def cross_entropy(draw):
    rows, classes = draw(few), draw(few)
    targets = np.array(draw(st.lists(st.integers(0, classes - 1), min_size=rows, max_size=rows)))
    options = {
        "reduction": draw(st.sampled_from(["mean", "sum", "none"])),
        "label_smoothing": draw(st.sampled_from([0.0, 0.2])),
    }
    return Comparison((), options, (rows, classes), (targets,))


# ---- the tests ----------------------------------------------------------------------------------------------------


def state_of(module):
    return {name: tensor.numpy() for name, tensor in module.state_dict().items()}


def check_state(ours, theirs):
    found, expected = state_of(ours), state_of(theirs)
    assert list(found) == list(expected)
    for name, array in expected.items():
        assert_close(found[name], array, array.dtype, name)


def check_step(ours, theirs, x, dtype, targets=()):
    """Forward, the gradients of the input and of every parameter, and afterwards the whole state."""
    tensor, their_tensor = mc.Tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    y, their_y = ours(tensor, *targets), theirs(their_tensor, *map(torch.tensor, targets))
    assert_close(y.data, their_y.detach().numpy(), dtype, "forward")
    cotangent = np.asarray(np.random.default_rng(1).standard_normal(y.shape), dtype)
    ours.zero_grad()
    theirs.zero_grad()
    y.backward(cotangent)
    their_y.backward(torch.tensor(cotangent))
    assert_close(tensor.grad, their_tensor.grad.numpy(), dtype, "gradient of the input")
    gradients = {name: parameter.grad for name, parameter in ours.named_parameters()}
    their_gradients = {name: parameter.grad.numpy() for name, parameter in theirs.named_parameters()}
    assert list(gradients) == list(their_gradients)
    for name, gradient in their_gradients.items():
        assert_close(gradients[name], gradient, dtype, f"gradient of {name}")
    check_state(ours, theirs)


def pair_of(name, comparison, dtype):
    """Our layer and theirs, made with the same arguments, in this dtype, and with the same random state."""
    ours, theirs = (getattr(library, name)(*comparison.arguments, **comparison.options) for library in (nn, torch.nn))
    assert [(n, t.dtype) for n, t in state_of(ours).items()] == [(n, t.dtype) for n, t in state_of(theirs).items()]
    rng = np.random.default_rng(2)
    state = {n: np.asarray(rng.uniform(0.5, 2, a.shape), a.dtype) for n, a in state_of(theirs).items()}
    theirs.load_state_dict({n: torch.tensor(array) for n, array in state.items()})
    ours.load_state_dict(state)
    return (ours.double(), theirs.double()) if dtype == np.float64 else (ours, theirs)


@both_dtypes
@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize("name", COMPARED)
@given(data=st.data())
@settings(max_examples=20, deadline=None, derandomize=True, phases=[Phase.generate])
def test_every_layer(name, training, dtype, data):
    comparison = COMPARED[name](data.draw)
    ours, theirs = (module.train(training) for module in pair_of(name, comparison, dtype))
    kind = data.draw(st.sampled_from([normal, ties]))
    x = np.asarray(kind(np.random.default_rng(0), comparison.x), dtype)
    check_step(ours, theirs, x, dtype, comparison.targets)


def test_no_layer_was_left_out():
    layers = {name for name, value in vars(nn).items() if isinstance(value, type) and issubclass(value, Module)}
    assert layers == COMPARED.keys() | {"Module", "Sequential", "ModuleList"}  # the containers are below


@both_dtypes
@given(data=st.data())
@settings(max_examples=10, deadline=None, derandomize=True, phases=[Phase.generate])
def test_batch_norm_s_statistics_over_several_batches_and_evaluation_with_them(dtype, data):
    comparison = batch_norm(data.draw)
    ours, theirs = pair_of("BatchNorm2d", comparison, dtype)
    batches = data.draw(st.integers(1, 5))
    for seed in range(batches):
        x = np.asarray(np.random.default_rng(seed).standard_normal(comparison.x) * 3 + seed, dtype)
        check_step(ours, theirs, x, dtype)
    assert ours.num_batches_tracked.item() == theirs.num_batches_tracked.item()
    ours.eval(), theirs.eval()
    check_step(ours, theirs, x, dtype)


def network(library):
    """Layers in both kinds of containers, nested."""

    class Branches(library.Module):
        def __init__(self):
            super().__init__()
            self.branches = library.ModuleList(
                [library.Conv2d(4, 2, 1), library.Sequential(library.Conv2d(4, 3, 3, padding=1), library.ReLU())]
            )

        def forward(self, x):
            one, two = (branch(x) for branch in self.branches)
            return mc.functional.concat([one, two]) if library is nn else torch.cat([one, two], 1)

    return library.Sequential(
        library.Conv2d(2, 4, 3, bias=False), library.BatchNorm2d(4), library.ReLU(inplace=True), library.MaxPool2d(2),
        Branches(), library.LocalResponseNorm(3), library.Flatten(), library.Dropout(0.0), library.Linear(45, 3),
    )  # fmt: skip


@both_dtypes
def test_containers(dtype):
    ours, theirs = network(nn), network(torch.nn)
    ours.load_state_dict(state_of(theirs))
    if dtype == np.float64:
        ours.double(), theirs.double()
    for training in (True, False):
        x = np.asarray(np.random.default_rng(0).standard_normal((3, 2, 8, 8)), dtype)
        check_step(ours.train(training), theirs.train(training), x, dtype)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("Conv2d", (6, 700, (3, 2))), ("Conv2d", (4, 900, 1)), ("Linear", (5, 4000)), ("Linear", (400, 90))],
    ids=str,
)
def test_initial_weights_have_the_same_distribution(name, arguments):
    torch.manual_seed(0)
    ours, theirs = (getattr(library, name)(*arguments) for library in (nn, torch.nn))
    shares = np.linspace(0, 1, 21)
    for parameter, array in state_of(theirs).items():
        found, expected = (np.quantile(state_of(layer)[parameter], shares) for layer in (ours, theirs))
        # A quantile of n uniform numbers from -b to b is off by b / sqrt(n) at most, in standard deviations.
        error = np.abs(expected).max() / np.sqrt(array.size)
        np.testing.assert_allclose(found, expected, rtol=0, atol=6 * error, err_msg=parameter)
        # The largest of them is off by b / n on average, so it tells the bounds apart far better.
        assert found[-1] == pytest.approx(expected[-1], rel=20 / array.size), parameter


def test_batch_norm_starts_as_theirs():
    check_state(nn.BatchNorm2d(5), torch.nn.BatchNorm2d(5))
