"""How im2col is checked."""

import numpy as np

from exercises.stages import Stage, numbers, returned

ANSWER = "im2col"
FORBIDDEN = (
    "minicnn.functional:im2col",
    "minicnn.functional:col2im",  # its backward is im2col
    "minicnn.functional.im2col:im2col",
    "minicnn.functional.im2col:col2im",
    "minicnn.functional.im2col:Im2Col",
    "minicnn.functional.im2col:Col2Im",
    "minicnn.functional.im2col:patches",
    "minicnn.functional.convolution:patches",
)
LIBRARY = "minicnn.functional.im2col:Im2Col"


def case(x, kernel, stride=1, padding=0):
    return {"x": x, "kernel": kernel, "stride": stride, "padding": padding}


SMALL = case(np.arange(1.0, 10).reshape(1, 1, 3, 3), (2, 2))
WORKED = case(np.array([[[[1.0, 2, 0, 1], [0, 1, 3, 1], [2, 1, 0, 0], [1, 0, 2, 1]]]]), (3, 3))


def one_channel(rng):
    return [
        case(numbers(rng, 1, 1, 3, 3), (1, 1)),
        case(numbers(rng, 1, 1, 3, 4), (2, 2)),
        case(numbers(rng, 1, 1, 4, 3), (3, 2)),
        case(numbers(rng, 1, 1, 2, 3), (2, 3)),
    ]


def channels_and_images(rng):
    return [
        case(numbers(rng, 1, 2, 2, 3), (2, 2)),
        case(numbers(rng, 2, 1, 3, 3), (2, 2)),
        case(numbers(rng, 2, 3, 3, 4), (2, 3)),
    ]


def with_stride(rng):
    return [
        case(numbers(rng, 1, 1, 4, 4), (2, 2), 2),
        case(numbers(rng, 1, 1, 5, 5), (3, 3), 2),
        case(numbers(rng, 1, 1, 5, 6), (2, 2), 2),
        case(numbers(rng, 2, 2, 4, 7), (2, 1), 3),
    ]


def with_padding(rng):
    return [
        case(numbers(rng, 1, 1, 2, 2), (2, 2), 1, 1),
        case(numbers(rng, 1, 1, 3, 3), (3, 3), 1, 1),
        case(numbers(rng, 1, 1, 2, 3), (3, 3), 2, 2),
        case(numbers(rng, 2, 3, 4, 5), (3, 2), 2, 1),
    ]


STAGES = [
    Stage("the shape", returned(), lambda rng: [SMALL, *with_stride(rng), *with_padding(rng)], shapes_only=True,
          hint="(N, C*KH*KW, OH*OW), with OH = (H + 2 padding - KH) // stride + 1"),
    Stage("the worked example", returned(), [SMALL, WORKED]),
    Stage("one channel", returned(), one_channel),
    Stage("channels and images", returned(), channels_and_images,
          hint="A column holds the patch of the first channel, then that of the second, ...; each image has its own."),
    Stage("with a stride", returned(), with_stride),
    Stage("with padding", returned(), with_padding, hint="Zeros at all four edges of each channel."),
]  # fmt: skip


def install(answer):
    """In the library: in F.im2col, in the backward of F.col2im and in every convolution larger than 1x1, on the CPU."""
    from minicnn import backend
    from minicnn.functional.im2col import from_columns, output_size
    from minicnn.functional.im2col import patches as library
    from minicnn.functional.layout import channels_second

    def patches(x, kernel, stride, padding):
        """As the library's: x (N, H, W, C) -> (N, OH, OW, KH, KW, C)."""
        if backend.module_of(x) is not np or len({*stride}) > 1 or len({*padding}) > 1:
            return library(x, kernel, stride, padding)
        columns = np.asarray(answer(channels_second(x), kernel, stride[0], padding[0]), x.dtype)
        return from_columns(columns, output_size("im2col", x.shape[1:3], kernel, stride, padding), kernel)

    return {"minicnn.functional.im2col:patches": patches, "minicnn.functional.convolution:patches": patches}
