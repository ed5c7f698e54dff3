"""Module, Parameter, containers, and the layers."""

from minicnn.nn import init, utils
from minicnn.nn.layers import (
    AdaptiveAvgPool2d,
    AvgPool2d,
    BatchNorm2d,
    Conv2d,
    CrossEntropyLoss,
    Dropout,
    Flatten,
    Linear,
    LocalResponseNorm,
    MaxPool2d,
    ReLU,
)
from minicnn.nn.module import Buffer, Module, ModuleList, Parameter, Sequential
from minicnn.nn.shares import in_shares

__all__ = [
    "AdaptiveAvgPool2d", "AvgPool2d", "BatchNorm2d", "Buffer", "Conv2d", "CrossEntropyLoss", "Dropout", "Flatten",
    "Linear", "LocalResponseNorm", "MaxPool2d", "Module", "ModuleList", "Parameter", "ReLU", "Sequential", "in_shares",
    "init", "utils",
]  # fmt: skip
