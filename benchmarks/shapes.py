"""GoogLeNet as arithmetic: what every layer gets, and how many multiply-adds it needs."""

from typing import NamedTuple

HEADS = {"4a": "aux1", "4d": "aux2"}  # after which block an auxiliary head stands


class Layer(NamedTuple):
    """A layer by its name in `googlenet.GoogLeNet`; its input is (channels, size, size); multiply-adds an image."""

    name: str
    channels: int
    size: int
    multiply_adds: int = 0


def layers(size: int, channels: int = 3, classes: int = 1000, preset: str = "plain") -> list[Layer]:
    """The layers of a training step on images (channels, size, size), first to last; multiply-adds only where the
    work is a matrix product: in convolutions and linear layers."""
    from googlenet.presets import presets
    from googlenet.table import INCEPTION

    choice = presets[preset]
    s = (size - 1) // 2 + 1  # 7x7, stride 2, padding 3
    found = [Layer("conv1", channels, size, s * s * 7 * 7 * channels * 64), Layer("maxpool1", 64, s)]
    s = pooled(s, 3)
    found += [Layer("norm1", 64, s)] if choice.local_response_norm else []
    found += [Layer("conv2", 64, s, s * s * 64 * 64), Layer("conv3", 64, s, s * s * 3 * 3 * 64 * 192)]
    found += [Layer("norm2", 192, s)] if choice.local_response_norm else []
    found += [Layer("maxpool2", 192, s)]
    s = pooled(s, 3)
    pools = {"3b": ("maxpool3", 3), "4e": ("maxpool4", choice.pool4[0])}  # after a block: the pool, its kernel
    for name, row in INCEPTION.items():
        ones = row.in_channels * (row.ch1x1 + row.ch3x3red + row.ch5x5red + row.pool_proj)
        larger = 3 * 3 * row.ch3x3red * row.ch3x3 + 5 * 5 * row.ch5x5red * row.ch5x5
        found.append(Layer(f"inception{name}", row.in_channels, s, s * s * (ones + larger)))
        if name in HEADS:
            convolution, linear = 4 * 4 * row.out_channels * 128, 4 * 4 * 128 * 1024 + 1024 * classes
            found.append(Layer(HEADS[name], row.out_channels, s, convolution + linear))
        if name in pools:
            pool, kernel = pools[name]
            found.append(Layer(pool, row.out_channels, s))
            s = pooled(s, kernel)
    return [*found, Layer("avgpool", 1024, s), Layer("fc", 1024, 1, 1024 * classes)]


def pooled(size: int, kernel: int) -> int:
    """The size after a max pool of stride 2 in ceil mode."""
    return -(-(size - kernel) // 2) + 1


def training_gflop(size: int, channels: int = 3, classes: int = 1000, preset: str = "plain") -> float:
    """Floating-point operations, in 10^9, that one image takes in a training step: two for a multiply-add.

    Forward multiplies once, backward twice: for the gradient of the weights and for that of the input, which nobody
    wants of the images.
    """
    first, *rest = layers(size, channels, classes, preset)
    return 2e-9 * (2 * first.multiply_adds + 3 * sum(layer.multiply_adds for layer in rest))
