"""GoogLeNets with random weights, in evaluation mode, whose logits differ enough from each other to be compared."""

from __future__ import annotations

import numpy as np

import minicnn as mc
from googlenet import GoogLeNet


def random_network(classes: int = 1000, preset: str = "paper", heads: bool = False, channels: int = 3) -> GoogLeNet:
    """Random weights, biases and running statistics; for images of about N(0, 1) the logits have a spread of 1 to 2."""
    mc.manual_seed(0)
    model = GoogLeNet(classes, preset, channels, heads)
    rng = np.random.default_rng(0)
    for name, tensor in model.state_dict().items():
        array = tensor.data
        if name.endswith("running_var"):
            array[...] = rng.uniform(0.5, 1.5, array.shape)
        elif name.endswith(("bias", "running_mean")):
            array[...] = rng.normal(0, 0.1, array.shape)
        elif name.endswith("bn.weight"):
            array[...] = rng.uniform(0.8, 1.2, array.shape)
        elif name.endswith(("fc.weight", "fc2.weight")):
            array *= 1.5
    return model.eval()


def arrays_of(model: GoogLeNet) -> dict[str, np.ndarray]:
    """Its state dict as bare arrays."""
    return {name: tensor.data for name, tensor in model.state_dict().items()}


def random_images(count: int = 1, size: int = 224, channels: int = 3) -> np.ndarray:
    """(count, channels, size, size), float32."""
    return np.random.default_rng(1).normal(0, 1, (count, channels, size, size)).astype(np.float32)


def probabilities(model: GoogLeNet, x: np.ndarray) -> np.ndarray:
    """The softmax of its logits: (N, classes)."""
    logits = model(mc.Tensor(x)).data.astype(np.float64)
    exp = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exp / exp.sum(axis=1, keepdims=True)
