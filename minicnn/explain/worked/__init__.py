"""The operations that have a worked example, each in a file of this folder, which is imported when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any, NamedTuple

import minicnn.functional as F
from minicnn import nn, optim


class Operation(NamedTuple):
    """function: what it explains, None for what is no function of the library. module: the file in this folder.

    layer: the layer that calls the function, and options: which of its attributes are the function's arguments.
    """

    says: str  # in the list of all examples, one line
    function: Callable[..., Any] | None
    module: str
    layer: type[nn.Module] | None = None
    options: tuple[str, ...] = ()

    def load(self) -> ModuleType:
        """The module, with EXAMPLE and explanation()."""
        return import_module(f"{__name__}.{self.module}")


OPERATIONS = {
    "conv2d": Operation("a kernel slides over an image; columns, matrix product", F.conv2d, "conv2d",
                        nn.Conv2d, ("weight", "bias", "stride", "padding")),
    "im2col": Operation("patches become columns, and col2im adds them back", F.im2col, "im2col"),
    "max_pool2d": Operation("the largest of every window, and where the gradient goes", F.max_pool2d, "max_pool2d",
                            nn.MaxPool2d, ("kernel_size", "stride", "padding", "ceil_mode")),
    "avg_pool2d": Operation("the mean of every window", F.avg_pool2d, "avg_pool2d",
                            nn.AvgPool2d, ("kernel_size", "stride", "padding", "ceil_mode", "count_include_pad")),
    "linear": Operation("every output is a weighted sum of all inputs", F.linear, "linear",
                        nn.Linear, ("weight", "bias")),
    "relu": Operation("what is negative becomes 0, and its gradient too", F.relu, "relu", nn.ReLU, ("inplace",)),
    "softmax": Operation("scores become probabilities; Jacobian, large numbers", F.softmax, "softmax"),
    "cross_entropy": Operation("softmax minus what is wanted, in one step and in two", F.cross_entropy, "cross_entropy",
                               nn.CrossEntropyLoss, ("weight", "reduction", "label_smoothing")),
    "concat": Operation("branches side by side, and the seam between them", F.concat, "concat"),
    "batch_norm": Operation("three paths of the gradient; training and evaluation", F.batch_norm, "batch_norm",
                            nn.BatchNorm2d, ("running_mean", "running_var", "weight", "bias", "training", "momentum",
                                             "eps")),
    "local_response_norm": Operation("strong channels hold down their neighbors", F.local_response_norm,
                                     "local_response_norm", nn.LocalResponseNorm, ("size", "alpha", "beta", "k")),
    "dropout": Operation("the mask, and why the others grow", F.dropout, "dropout", nn.Dropout, ("p", "training")),
    "broadcasting": Operation("an element with many uses gets the sum of their gradients", F.mul, "broadcasting"),
    "inception": Operation("four branches leave x, and four gradients meet there", None, "inception"),
    "sgd": Operation("three steps with momentum and weight decay", optim.SGD, "sgd"),
}  # fmt: skip
