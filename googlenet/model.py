"""GoogLeNet: the stem, nine Inception blocks, two auxiliary heads, and the loss that trains all of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import minicnn.functional as F
from googlenet.auxiliary import AuxiliaryHead
from googlenet.data.transforms import IMAGENET_MEAN, IMAGENET_STD
from googlenet.inception import BasicConv2d, Inception, NaiveInception
from googlenet.presets import Preset, find_preset
from googlenet.table import INCEPTION
from minicnn import nn
from minicnn.nn import init
from minicnn.tensor import Tensor


class GoogLeNetOutput(NamedTuple):
    """Logits (N, num_classes) of the network and of both auxiliary heads; None for heads that it was made without."""

    logits: Tensor
    aux1: Tensor | None
    aux2: Tensor | None


class SummedOutput(GoogLeNetOutput):
    """The same of a preset with `sum_logits`, for `loss`: it is the sum of the three that is trained."""

    __slots__ = ()


class GoogLeNet(nn.Module):
    """The network of Table 1. x (N, in_channels, H, W), H and W at least 32 -> logits (N, num_classes).

    In training it returns GoogLeNetOutput, with the logits of the heads on 4a and 4d; in evaluation the logits alone.
    `preset` is a name in `presets` or a Preset. Parameter names are torchvision's, in all of them. Images have to be
    larger where the preset says so: `preset.smallest_image`.
    Source: Szegedy et al., "Going Deeper with Convolutions", arXiv 1409.4842, Table 1 and Figure 3.
    """

    def __init__(
        self, num_classes: int = 1000, preset: str | Preset = "paper", in_channels: int = 3, aux_heads: bool = True
    ) -> None:
        self.preset = choice = find_preset(preset)
        bn = choice.batch_norm
        lrn = choice.local_response_norm
        ceil = choice.ceil_mode
        block = inception_blocks(choice)

        self.transform_input = choice.transform_input and in_channels == 3
        self.conv1 = BasicConv2d(in_channels, 64, 7, stride=2, padding=3, batch_norm=bn)
        self.maxpool1 = nn.MaxPool2d(3, stride=2, ceil_mode=ceil)
        self.norm1 = nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=1.0) if lrn else None
        self.conv2 = BasicConv2d(64, 64, 1, batch_norm=bn)
        self.conv3 = BasicConv2d(64, 192, 3, padding=1, batch_norm=bn)
        self.norm2 = nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=1.0) if lrn else None
        self.maxpool2 = nn.MaxPool2d(3, stride=2, ceil_mode=ceil)

        self.inception3a = block["3a"]
        self.inception3b = block["3b"]
        self.maxpool3 = nn.MaxPool2d(3, stride=2, ceil_mode=ceil)

        self.inception4a = block["4a"]
        self.inception4b = block["4b"]
        self.inception4c = block["4c"]
        self.inception4d = block["4d"]
        self.inception4e = block["4e"]
        self.maxpool4 = nn.MaxPool2d(choice.pool4[0], stride=choice.pool4[1], ceil_mode=ceil)

        self.inception5a = block["5a"]
        self.inception5b = block["5b"]

        heads: dict[str, Any] = {
            "pool": choice.aux_pool, "size": choice.aux_size, "first_dropout": choice.aux_first_dropout,
        }  # fmt: skip
        from_4a, from_4d = block["4a"].out_channels, block["4d"].out_channels
        self.aux1 = AuxiliaryHead(from_4a, num_classes, choice.aux_dropout, bn, **heads) if aux_heads else None
        self.aux2 = AuxiliaryHead(from_4d, num_classes, choice.aux_dropout, bn, **heads) if aux_heads else None

        self.avgpool = nn.AdaptiveAvgPool2d(1)  # 7x7/1 in the paper: at 224x224 that is all there is
        self.dropout = nn.Dropout(choice.dropout)
        self.fc = nn.Linear(block["5b"].out_channels, num_classes)
        initialize(self, choice)

    def forward(self, x: Tensor, heads: bool | None = None) -> GoogLeNetOutput | Tensor:
        """heads: whether they run too and all three logits are returned; in training alone, unless it is said."""
        heads = self.training if heads is None else heads
        self._check(x)
        # Each thread takes its images through the layers; but hooks, and batch norm in training, see all of them.
        together = self.has_hooks() or (self.training and self.preset.batch_norm)
        run = all_at_once if together else nn.in_shares
        x = run(self._up_to_4a, x)
        aux1 = self.aux1(x) if heads and self.aux1 else None
        x = run(self._up_to_4d, x)
        aux2 = self.aux2(x) if heads and self.aux2 else None
        x = run(self._up_to_5b, x)
        logits = self.fc(self.dropout(F.flatten(self.avgpool(x))))
        output = SummedOutput if self.preset.sum_logits else GoogLeNetOutput
        return output(logits, aux1, aux2) if heads else logits

    def _up_to_4a(self, x: Tensor) -> Tensor:
        x = between_minus_1_and_1(x) if self.transform_input else x
        x = self.maxpool1(self.conv1(x))
        x = self.norm1(x) if self.norm1 else x
        x = self.conv3(self.conv2(x))
        x = self.norm2(x) if self.norm2 else x
        x = self.maxpool2(x)
        x = self.inception3b(self.inception3a(x))
        x = self.maxpool3(x)
        return self.inception4a(x)

    def _up_to_4d(self, x: Tensor) -> Tensor:
        return self.inception4d(self.inception4c(self.inception4b(x)))

    def _up_to_5b(self, x: Tensor) -> Tensor:
        x = self.inception4e(x)
        for _ in range(self.preset.pool4_times):
            x = self.maxpool4(x)
        return self.inception5b(self.inception5a(x))

    def _check(self, x: Tensor) -> None:
        channels, smallest = self.conv1.conv.weight.shape[1], self.preset.smallest_image
        if x.ndim != 4 or x.shape[1] != channels or min(x.shape[2:]) < smallest:
            raise ValueError(
                f"GoogLeNet: x has shape {x.shape}, expected (N, {channels}, H, W) with H and W at least {smallest}"
            )


def all_at_once(layers: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """layers(x): the plain version of `nn.in_shares`."""
    return layers(x)


def inception_blocks(choice: Preset) -> dict[str, Inception | NaiveInception]:
    """The nine blocks of Table 1 by name. Without reductions each gets all that the ones before have piled up."""
    blocks: dict[str, Inception | NaiveInception] = {}
    channels = 192
    for name in INCEPTION:
        blocks[name] = inception_block(name, channels, choice)
        channels = blocks[name].out_channels
    return blocks


def inception_block(name: str, channels: int, choice: Preset) -> Inception | NaiveInception:
    """One of them; `channels` is what a block without reductions gets."""
    row = INCEPTION[name]
    options: dict[str, Any] = {
        "batch_norm": choice.batch_norm, "kernel_5x5": choice.kernel_5x5, "pool_relu": choice.pool_relu,
    }  # fmt: skip
    if choice.reductions:
        return Inception(*row, **options)
    return NaiveInception(channels, row.ch1x1, row.ch3x3, row.ch5x5, **options)


def between_minus_1_and_1(x: Tensor) -> Tensor:
    """Images that ImageNet's mean and standard deviation have normalized, to [-1, 1]; x (N, 3, H, W).

    x = (pixel - mean) / std, so 2 pixel - 1 = (std / 0.5) x + (mean - 0.5) / 0.5. torchvision's weights want such
    images (`transform_input` there).
    """
    numbers = enumerate(zip(IMAGENET_MEAN, IMAGENET_STD, strict=True))
    return F.concat([x[:, c : c + 1] * (std / 0.5) + (mean - 0.5) / 0.5 for c, (mean, std) in numbers], axis=1)


def initialize(model: nn.Module, choice: Preset) -> None:
    """Initial weights with which all 22 layers train, also without batch norm.

    Each layer multiplies the mean square of the signal by fan-in * variance(weights) / 2 (the half is ReLU's).
    PyTorch's default variance of 1 / (3 fan-in) makes that 1/6 a layer: after 22 layers only the biases are left of the
    signal, what images differ in has vanished (tests/googlenet/test_model.py measures it), the gradients likewise, and
    the loss stays at ln(classes). Kaiming's 2 / fan-in makes it 1.

    The classifiers start small, so that all classes start about equally likely.

    Caffe's (its filler "xavier") are uniform with variance 1 / fan-in, in the classifiers too: the signal halves in
    each layer, and biases of 0.2 make up for it.
    """
    for name, module in model.named_modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            classifier = name.endswith(("fc", "fc2"))
            if choice.initial_weights == "caffe":
                init.kaiming_uniform_(module.weight, a=1)  # variance 2 / ((1 + a^2) fan-in)
            elif classifier:
                init.normal_(module.weight, std=0.01)
            else:
                init.kaiming_normal_(module.weight)
            if module.bias is not None:
                init.constant_(module.bias, 0 if classifier else choice.initial_bias)


class LossParts(NamedTuple):
    """What `loss` returns, scalar Tensors: `total` is to be trained; the last two are None without heads."""

    total: Tensor
    main: Tensor
    aux1: Tensor | None
    aux2: Tensor | None


def loss(
    output: GoogLeNetOutput | Tensor, targets: Any, aux_weight: float = 0.3, label_smoothing: float = 0.0
) -> LossParts:
    """Cross-entropy of the network plus 0.3 times that of each head (paper, section 5).

    targets (N,), integers, or the probabilities of all classes (N, num_classes). Labels are smoothed for all of them
    (not in the paper; Inception v3, arXiv 1512.00567, section 7).
    Where the preset has `sum_logits` the total is one cross-entropy, of logits + 0.3 (aux1 + aux2).
    """
    if isinstance(output, Tensor):
        output = GoogLeNetOutput(output, None, None)
    main, aux1, aux2 = (
        None if logits is None else F.cross_entropy(logits, targets, label_smoothing=label_smoothing)
        for logits in output
    )
    assert main is not None
    if isinstance(output, SummedOutput):
        total = F.cross_entropy(with_heads(*output, aux_weight), targets, label_smoothing=label_smoothing)
    else:
        total = with_heads(main, aux1, aux2, aux_weight)
    return LossParts(total, main, aux1, aux2)


def with_heads(main: Tensor, aux1: Tensor | None, aux2: Tensor | None, aux_weight: float) -> Tensor:
    """main + aux_weight (aux1 + aux2), of the heads that there are: losses, or logits."""
    total = main
    for aux in (aux1, aux2):
        if aux is not None:
            total = total + aux_weight * aux
    return total
