"""Weights for the checks of this chapter: set by a rule, so that all right answers compute the same."""

import contextlib
import functools
import zlib
from unittest import mock

import numpy as np

from minicnn.nn import init


@functools.lru_cache(16)
def numbers_for(key, shape):
    """Numbers from -0.5 to 0.5 with one digit, the same for the same key and shape."""
    rng = np.random.default_rng(zlib.crc32(f"{key} {shape}".encode()))
    return rng.integers(-5, 6, shape) / 10


def filled(module, weights="by a rule", named=False):
    """The module in float64, every parameter set: by a rule, or the weights to 1, or so that every layer takes the mean
    of its inputs ("means"); then the biases are 0.

    The rule goes by the parameter's shape, so that its name is free; with `named` by its name as well.
    """
    with np.errstate(invalid="ignore"):  # of numbers that are replaced
        module.double()
    for name, parameter in module.named_parameters():
        if weights == 1:
            parameter.data[...] = 1 if parameter.ndim > 1 else 0
        elif weights == "means":
            parameter.data[...] = 1 / parameter.data[0].size if parameter.ndim > 1 else 0
        else:
            parameter.data[...] = numbers_for(name if named else "", parameter.shape)
    return module


def filled_deep(network):
    """A deep network, float32, with weights by their names, and so large (as He's) that the signal keeps its size."""
    pool = normal_numbers()
    for name, parameter in network.named_parameters():
        start = zlib.crc32(name.encode()) % len(pool)
        scale = (2 / parameter.data[0].size) ** 0.5 if parameter.ndim > 1 else 0.1
        values = np.roll(pool, start) * np.float32(scale) + np.float32(name.endswith("bn.weight"))
        data = parameter.data.transpose(0, 2, 3, 1) if parameter.ndim == 4 else parameter.data  # as it lies in memory
        data[...] = np.resize(values, data.shape)
    return network


@functools.lru_cache(1)
def normal_numbers():
    """Prime in number, so that rows of a weight which are cut from them do not repeat."""
    return np.random.default_rng(0).standard_normal(65_537, np.float32)


def parameters_of(module, names):
    """For a check of the parameters: the shape of each of these, as text, and how many others there are."""
    found = dict(module.named_parameters())
    others = [name for name in found if name not in names]
    shapes = {name: str(found[name].shape) if name in found else "missing" for name in names}
    return {**shapes, "other parameters": len(others), "_other names": ", ".join(others[:8]) or "none"}


def conv_names(*paths, batch_norm=False):
    """The names of the parameters of convolutions (BasicConv2d) at these paths."""
    parts = ("conv.weight", "bn.weight", "bn.bias") if batch_norm else ("conv.weight", "conv.bias")
    return [f"{path}.{part}" for path in paths for part in parts]


@contextlib.contextmanager
def uninitialized():
    """Layers are made without drawing their initial weights, which takes long where they are millions."""
    with contextlib.ExitStack() as stack:
        for name in ("kaiming_uniform_", "uniform_", "kaiming_normal_", "normal_"):
            stack.enter_context(mock.patch.object(init, name, lambda tensor, *_, **__: tensor))
        yield
