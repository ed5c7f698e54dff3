"""Fewer layers, the same numbers: held against the layers themselves."""

import numpy as np
import pytest

from googlenet.inception import BasicConv2d
from googlenet.weights.folding import absorb_biases, embed_kernels, fold_batch_norms, with_eps
from minicnn import Tensor, nn

RNG = np.random.default_rng(0)
X = Tensor(RNG.standard_normal((2, 3, 9, 8)).astype(np.float32))


def with_norm(kernel=3):
    """A convolution with batch norm whose statistics are like no others, in evaluation, and its state by full names."""
    layer = BasicConv2d(3, 5, kernel, padding=kernel // 2, batch_norm=True).eval()
    for name, tensor in layer.state_dict().items():
        if name == "bn.running_var":
            tensor.data[...] = [1e-4, 0.01, 0.5, 2, 0]  # where eps counts, and where it does not
        elif tensor.data.dtype.kind == "f":
            tensor.data[...] = RNG.standard_normal(tensor.shape)
    return layer, {f"block.{name}": tensor.data.copy() for name, tensor in layer.state_dict().items()}


def of(layer, state):
    """What the layer makes of X with this state."""
    layer.load_state_dict({name.removeprefix("block."): array for name, array in state.items()})
    return layer(X).data


def agree(ours, theirs):
    np.testing.assert_allclose(ours, theirs, atol=1e-6 * np.abs(theirs).max())


def test_a_batch_norm_becomes_part_of_its_convolution():
    layer, state = with_norm()
    folded = fold_batch_norms({**state, "fc.weight": np.ones((2, 2), np.float32)})
    assert list(folded) == ["block.conv.weight", "fc.weight", "block.conv.bias"]
    assert {array.dtype for array in folded.values()} == {np.dtype(np.float32)}
    del folded["fc.weight"]
    agree(of(BasicConv2d(3, 5, 3, padding=1), folded), layer(X).data)


def test_what_is_given_stays_as_it_is():
    _, state = with_norm()
    before = {name: array.copy() for name, array in state.items()}
    fold_batch_norms(state), embed_kernels(state), with_eps(state, 1e-5), absorb_biases(state)
    assert state.keys() == before.keys()
    for name, array in state.items():
        np.testing.assert_array_equal(array, before[name])


@pytest.mark.parametrize("kernel", [1, 3, 5])
def test_a_smaller_kernel_in_the_middle_of_a_larger_one_does_the_same(kernel):
    small, large = (nn.Conv2d(3, 5, size, padding=size // 2) for size in (kernel, 5))
    name = "inception3a.branch3.1.conv.weight"
    found = embed_kernels({name: small.weight.data, "inception3a.branch2.1.conv.weight": small.weight.data})
    assert found["inception3a.branch2.1.conv.weight"] is small.weight.data
    large.load_state_dict({"weight": found[name], "bias": small.bias})
    agree(large(X).data, small(X).data)


@pytest.mark.parametrize("eps", [1e-5, 0.1])
def test_another_eps_is_taken_up_by_the_weights(eps):
    layer, state = with_norm()
    state["block.bn.running_var"][-1] = 0.3  # with 0, and 1e-5, rounding shows
    layer.load_state_dict({name.removeprefix("block."): array for name, array in state.items()})
    layer.bn.eps = eps
    expected = layer(X).data
    layer.bn.eps = 1e-3
    assert np.abs(layer(X).data - expected).max() > 0.01
    agree(of(layer, with_eps(state, eps)), expected)


def test_a_bias_in_front_of_a_batch_norm_is_taken_up_by_the_mean():
    layer, state = with_norm()
    bias = RNG.standard_normal(5).astype(np.float32)
    convolution = nn.Conv2d(3, 5, 3, padding=1)
    convolution.load_state_dict({"weight": state["block.conv.weight"], "bias": bias})
    expected = np.maximum(layer.bn(convolution(X)).data, 0)
    found = absorb_biases({**state, "block.conv.bias": bias})
    assert found.keys() == state.keys()
    agree(of(layer, found), expected)


def test_biases_that_no_batch_norm_follows_stay():
    state = {"conv1.conv.bias": np.ones(2, np.float32), "fc.bias": np.ones(2, np.float32)}
    assert absorb_biases(state) == state
