"""The layers: each holds what its operation in `functional` needs, and calls it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

import minicnn.functional as F
from minicnn.arguments import number, whole_number
from minicnn.functional import checks
from minicnn.functional.checks import IntPair
from minicnn.functional.layout import channels_second
from minicnn.functional.loss import check_options, weight_array
from minicnn.functional.pooling import Windows, output_pair
from minicnn.nn import init
from minicnn.nn.module import Buffer, Module, Parameter
from minicnn.tensor import Tensor


class Conv2d(Module):
    """2-D convolution: x (N, in, H, W) -> (N, out, OH, OW). weight (out, in, KH, KW), bias (out,) or None.

    With `relu` a ReLU is part of it, which is quicker than a layer for it.
    Initial weights are PyTorch's: uniform with variance 1 / (3 fan-in), also for the bias. With ReLU and many layers
    that is too small, see `init.kaiming_normal_`.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: IntPair,
        stride: IntPair = 1,
        padding: IntPair = 0,
        *,
        bias: bool = True,
        relu: bool = False,
    ) -> None:
        for argument, value in {"in_channels": in_channels, "out_channels": out_channels}.items():
            whole_number("Conv2d", argument, value, minimum=1)
        self.kernel_size = checks.pair("Conv2d", "kernel_size", kernel_size, minimum=1)
        self.stride = checks.pair("Conv2d", "stride", stride, minimum=1)
        self.padding = checks.pair("Conv2d", "padding", padding)
        self.relu = relu
        memory = np.empty((out_channels, *self.kernel_size, in_channels), np.float32)
        self.weight = Parameter(channels_second(memory))  # as F.conv2d takes it: it need not be copied there
        self.bias = Parameter(np.empty(out_channels, np.float32)) if bias else None
        _initialize(self.weight, self.bias)

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.weight, self.bias, self.stride, self.padding, relu=self.relu)

    def extra_repr(self) -> str:
        out, inputs = self.weight.shape[:2]
        options = ("" if self.bias is not None else ", bias=False") + (", relu=True" if self.relu else "")
        return f"{inputs}, {out}, kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}{options}"


class Linear(Module):
    """y = x W^T + b: x (..., in) -> (..., out). weight (out, in), bias (out,) or None; initial weights as in Conv2d."""

    def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
        for argument, value in {"in_features": in_features, "out_features": out_features}.items():
            whole_number("Linear", argument, value, minimum=1)
        self.weight = Parameter(np.empty((out_features, in_features), np.float32))
        self.bias = Parameter(np.empty(out_features, np.float32)) if bias else None
        _initialize(self.weight, self.bias)

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight, self.bias)

    def extra_repr(self) -> str:
        return f"{self.weight.shape[1]}, {self.weight.shape[0]}{'' if self.bias is not None else ', bias=False'}"


def _initialize(weight: Parameter, bias: Parameter | None) -> None:
    """PyTorch's initial weights, so that comparisons start alike."""
    init.kaiming_uniform_(weight, a=math.sqrt(5))
    if bias is not None:
        bound = 1 / math.sqrt(init.fans(weight)[0])
        init.uniform_(bias, -bound, bound)


class ReLU(Module):
    """max(x, 0); `inplace` overwrites x, see functional.activation.ReLU for when that is safe."""

    def __init__(self, inplace: bool = False) -> None:
        if not isinstance(inplace, bool):
            raise TypeError(f"ReLU: inplace is {type(inplace).__name__}, expected a bool; for a Tensor: nn.ReLU()(x)")
        self.inplace = inplace

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x, self.inplace)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class MaxPool2d(Module):
    """The largest value in every window; stride is kernel_size where it is not given."""

    def __init__(
        self, kernel_size: IntPair, stride: IntPair | None = None, padding: IntPair = 0, *, ceil_mode: bool = False
    ) -> None:
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride
        self.padding, self.ceil_mode = padding, ceil_mode
        Windows("MaxPool2d", kernel_size, self.stride, padding, ceil_mode)  # its checks

    def forward(self, x: Tensor) -> Tensor:
        return F.max_pool2d(x, self.kernel_size, self.stride, self.padding, ceil_mode=self.ceil_mode)

    def extra_repr(self) -> str:
        ceil = ", ceil_mode=True" if self.ceil_mode else ""
        return f"{self.kernel_size}, stride={self.stride}, padding={self.padding}{ceil}"


class AvgPool2d(Module):
    """The mean of every window; stride is kernel_size where it is not given."""

    def __init__(
        self,
        kernel_size: IntPair,
        stride: IntPair | None = None,
        padding: IntPair = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride
        self.padding, self.ceil_mode, self.count_include_pad = padding, ceil_mode, count_include_pad
        Windows("AvgPool2d", kernel_size, self.stride, padding, ceil_mode)  # its checks

    def forward(self, x: Tensor) -> Tensor:
        return F.avg_pool2d(
            x, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad
        )  # fmt: skip

    def extra_repr(self) -> str:
        ceil = ", ceil_mode=True" if self.ceil_mode else ""
        return f"{self.kernel_size}, stride={self.stride}, padding={self.padding}{ceil}"


class AdaptiveAvgPool2d(Module):
    """Means over as many windows as `output_size` says, whatever the size of the image."""

    def __init__(self, output_size: Any) -> None:
        self.output_size = output_size
        output_pair("AdaptiveAvgPool2d", output_size)  # its checks

    def forward(self, x: Tensor) -> Tensor:
        return F.adaptive_avg_pool2d(x, self.output_size)

    def extra_repr(self) -> str:
        return f"{self.output_size}"


class Dropout(Module):
    """Set a share p of the elements to 0 in training, and scale up the rest."""

    def __init__(self, p: float = 0.5) -> None:
        self.p = checks.probability("Dropout", "p", p)

    def forward(self, x: Tensor) -> Tensor:
        return F.dropout(x, self.p, self.training)

    def extra_repr(self) -> str:
        return f"p={self.p}"


class BatchNorm2d(Module):
    """Normalize every channel of x (N, C, H, W) over the batch; running statistics are used in evaluation."""

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        whole_number("BatchNorm2d", "num_features", num_features, minimum=1)
        self.eps, self.momentum = number("BatchNorm2d", "eps", eps), number("BatchNorm2d", "momentum", momentum)
        self.weight = Parameter(np.ones(num_features, np.float32))
        self.bias = Parameter(np.zeros(num_features, np.float32))
        self.running_mean = Buffer(np.zeros(num_features, np.float32))
        self.running_var = Buffer(np.ones(num_features, np.float32))
        self.num_batches_tracked = Buffer(np.zeros((), np.int64), optional=True)  # PyTorch before 0.4.1 had none

    def forward(self, x: Tensor) -> Tensor:
        checks.ndim("BatchNorm2d", "x", checks.tensor("BatchNorm2d", "x", x).data, 4, "(N, C, H, W)")
        if self.training:
            self.num_batches_tracked.data += 1
        return F.batch_norm(
            x, self.running_mean, self.running_var, self.weight, self.bias, self.training, self.momentum, self.eps
        )  # fmt: skip

    def extra_repr(self) -> str:
        return f"{len(self.weight)}, eps={self.eps}, momentum={self.momentum}"


class LocalResponseNorm(Module):
    """Divide by a power of the activity of `size` neighboring channels."""

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        self.size = whole_number("LocalResponseNorm", "size", size, minimum=1)
        self.alpha, self.beta, self.k = alpha, beta, k

    def forward(self, x: Tensor) -> Tensor:
        return F.local_response_norm(x, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


class Flatten(Module):
    """All axes from `start_axis` on as one."""

    def __init__(self, start_axis: int = 1) -> None:
        if not checks.is_integer(start_axis):
            found = type(start_axis).__name__
            raise TypeError(f"Flatten: start_axis is {found}, expected an int; for a Tensor: nn.Flatten()(x)")
        self.start_axis = start_axis

    def forward(self, x: Tensor) -> Tensor:
        return F.flatten(x, self.start_axis)


class CrossEntropyLoss(Module):
    """Softmax cross-entropy of logits (N, classes) and targets: classes (N,), integers, or probabilities (N, classes).

    `weight` has a number for each class.
    """

    def __init__(self, weight: Any = None, *, reduction: str = "mean", label_smoothing: float = 0.0) -> None:
        check_options("CrossEntropyLoss", reduction, label_smoothing)
        self.weight = None if weight is None else Buffer(weight_array("CrossEntropyLoss", weight))
        self.reduction, self.label_smoothing = reduction, label_smoothing

    def forward(self, logits: Tensor, targets: Any) -> Tensor:
        return F.cross_entropy(
            logits, targets, self.weight, reduction=self.reduction, label_smoothing=self.label_smoothing
        )
