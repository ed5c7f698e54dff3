"""How col2im is checked."""

import numpy as np

from exercises.stages import Stage, numbers, returned

ANSWER = "col2im"
FORBIDDEN = (
    "minicnn.functional:col2im",
    "minicnn.functional:im2col",  # its backward is col2im
    "minicnn.functional.im2col:col2im",
    "minicnn.functional.im2col:im2col",
    "minicnn.functional.im2col:Col2Im",
    "minicnn.functional.im2col:Im2Col",
    "minicnn.functional.im2col:add_patches",
    "minicnn.functional.convolution:add_patches",
)
LIBRARY = "minicnn.functional.im2col:Col2Im"


def unfold(x, kernel, stride, padding):
    """im2col, by which the answer is measured."""
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = np.lib.stride_tricks.sliding_window_view(x, kernel, axis=(2, 3))[:, :, ::stride, ::stride]
    n, c, oh, ow = windows.shape[:4]
    return windows.transpose(0, 1, 4, 5, 2, 3).reshape(n, c * kernel[0] * kernel[1], oh * ow)


def case(rng, shape, kernel, stride=1, padding=0):
    """Random columns of an image of this shape."""
    columns = numbers(rng, *unfold(np.zeros(shape), kernel, stride, padding).shape)
    return {"columns": columns, "size": shape[2:], "kernel": kernel, "stride": stride, "padding": padding}


def dot_products(answer, x, columns, kernel, stride, padding):
    """<im2col(x), columns>, which is shown, and <x, col2im(columns)>, which has to be the same."""
    image = np.asarray(answer(columns, x.shape[2:], kernel, stride, padding))
    if image.shape != x.shape:
        return {"col2im(columns)": image}
    dot = np.float64((unfold(x, kernel, stride, padding) * columns).sum())
    return {"_dot product of im2col(x) and columns": dot, "dot product of x and col2im(columns)": (x * image).sum()}


def dot_case(rng, shape, kernel, stride=1, padding=0):
    made = case(rng, shape, kernel, stride, padding)
    del made["size"]
    return {"x": numbers(rng, *shape), **made}


SMALL = {"columns": np.arange(1.0, 17).reshape(1, 4, 4), "size": (3, 3), "kernel": (2, 2), "stride": 1, "padding": 0}
ONES = {"columns": np.ones((1, 9, 4)), "size": (4, 4), "kernel": (3, 3), "stride": 1, "padding": 0}


def apart(rng):
    return [
        case(rng, (1, 1, 2, 2), (2, 2)),
        case(rng, (1, 1, 4, 4), (2, 2), 2),
        case(rng, (1, 1, 3, 2), (1, 1)),
        case(rng, (2, 2, 2, 6), (2, 3), 3),
    ]


def overlapping(rng):
    return [
        case(rng, (1, 1, 3, 3), (2, 2)),
        case(rng, (1, 1, 3, 5), (3, 2)),
        case(rng, (1, 1, 5, 5), (3, 3), 2),
        case(rng, (2, 3, 3, 4), (2, 3)),
    ]


def with_padding(rng):
    return [
        case(rng, (1, 1, 2, 2), (2, 2), 1, 1),
        case(rng, (1, 1, 3, 3), (3, 3), 1, 1),
        case(rng, (1, 1, 2, 3), (3, 3), 2, 2),
        case(rng, (2, 2, 4, 3), (3, 2), 2, 1),
    ]


def left_over(rng):
    return [case(rng, (1, 1, 3, 4), (2, 2), 2), case(rng, (1, 1, 3, 3), (1, 1), 2), case(rng, (2, 2, 6, 4), (3, 3), 2)]


def dot_cases(rng):
    return [
        dot_case(rng, (1, 1, 3, 3), (2, 2)),
        dot_case(rng, (1, 2, 3, 3), (3, 3), 2, 1),
        dot_case(rng, (2, 3, 5, 4), (3, 2), 2, 1),
    ]


STAGES = [
    Stage("the shape", returned(), lambda rng: [SMALL, *overlapping(rng), *with_padding(rng)], shapes_only=True,
          hint="(N, C, H, W): (H, W) is size, and C is the columns' rows divided by KH*KW"),
    Stage("patches that lie apart", returned(), apart),
    Stage("the worked example", returned(), [SMALL, ONES]),
    Stage("patches that overlap", returned(), overlapping, points=2),
    Stage("with padding", returned(), with_padding, hint="Add to a padded image, and cut the frame off at the end."),
    Stage("pixels that no window saw", returned(), left_over, hint="What came from nowhere is 0."),
    Stage("the dot products", dot_products, dot_cases),
]  # fmt: skip


def install(answer):
    """In the library: in F.col2im and in the backward of F.im2col and of every convolution larger than 1x1."""
    from minicnn import backend
    from minicnn.functional.im2col import add_patches as library
    from minicnn.functional.im2col import as_columns

    def add_patches(p, size, stride, padding):
        """As the library's: p (N, OH, OW, KH, KW, C) -> (N, H, W, C)."""
        if backend.module_of(p) is not np or len({*stride}) > 1 or len({*padding}) > 1:
            return library(p, size, stride, padding)
        x = answer(as_columns(p), tuple(size), p.shape[3:5], stride[0], padding[0])
        return np.ascontiguousarray(np.asarray(x, p.dtype).transpose(0, 2, 3, 1))

    return {
        "minicnn.functional.im2col:add_patches": add_patches,
        "minicnn.functional.convolution:add_patches": add_patches,
    }
