"""Weights for the checks of this chapter: set by a rule, so that all right answers compute the same."""

import zlib

import numpy as np


def numbers_for(key, shape):
    """Numbers from -0.5 to 0.5 with one digit, the same for the same key and shape, of about unit gain in a layer."""
    rng = np.random.default_rng(zlib.crc32(f"{key} {shape}".encode()))
    return rng.integers(-5, 6, shape) / 10


def filled(module, weights="by a rule", named=False):
    """The module in float64, every parameter set: by a rule, or, with weights=1, all weights to 1 and biases to 0.

    The rule goes by the parameter's shape, so that its name is free; with `named` by its name as well.
    """
    module.double()
    for name, parameter in module.named_parameters():
        if weights == 1:
            parameter.data[...] = 1 if parameter.ndim > 1 else 0
        else:
            parameter.data[...] = numbers_for(name if named else "", parameter.shape)
    return module


def shapes(module):
    """For a check of the parameters: how many numbers there are, and every parameter's shape by its name."""
    parameters = dict(module.named_parameters())
    count = sum(parameter.data.size for parameter in parameters.values())
    return {**{name: np.array(p.shape) for name, p in parameters.items()}, "numbers in all parameters": count}
