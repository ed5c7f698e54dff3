from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from support import Case, OperationTest, as_pair, leaf, raises, tensor, torch

import minicnn as mc
import minicnn.functional as F
from minicnn.functional.im2col import output_size, overlaps, patches
from minicnn.functional.layout import channels_second


def naive_im2col(x, kernel_size, stride=1, padding=0):
    """columns[n, (c, u, v), (i, j)] = x[n, c, i*SH + u - PH, j*SW + v - PW], 0 outside the image."""
    (kh, kw), (sh, sw), (ph, pw) = as_pair(kernel_size), as_pair(stride), as_pair(padding)
    n, c, h, w = x.shape
    oh, ow = (h + 2 * ph - kh) // sh + 1, (w + 2 * pw - kw) // sw + 1
    columns = np.zeros((n, c, kh, kw, oh, ow))
    for image, channel, u, v, i, j in np.ndindex(columns.shape):
        row, column = i * sh + u - ph, j * sw + v - pw
        if 0 <= row < h and 0 <= column < w:
            columns[image, channel, u, v, i, j] = x[image, channel, row, column]
    return columns.reshape(n, c * kh * kw, oh * ow)


def naive_col2im(columns, output_size, kernel_size, stride=1, padding=0):
    """x[n, c, i*SH + u - PH, j*SW + v - PW] is the sum of all columns[n, (c, u, v), (i, j)] that name this pixel."""
    (h, w), (kh, kw), (sh, sw), (ph, pw) = (as_pair(pair) for pair in (output_size, kernel_size, stride, padding))
    n, c = len(columns), columns.shape[1] // (kh * kw)
    oh, ow = (h + 2 * ph - kh) // sh + 1, (w + 2 * pw - kw) // sw + 1
    x = np.zeros((n, c, h, w))
    columns = columns.reshape(n, c, kh, kw, oh, ow)
    for image, channel, u, v, i, j in np.ndindex(columns.shape):
        row, column = i * sh + u - ph, j * sw + v - pw
        if 0 <= row < h and 0 <= column < w:
            x[image, channel, row, column] += columns[image, channel, u, v, i, j]
    return x


GEOMETRIES: dict[str, Any] = {
    "3x3": ((2, 2, 5, 5), {"kernel_size": 3}),
    "3x3 with padding": ((2, 2, 4, 5), {"kernel_size": 3, "padding": 1}),
    "steps of two leave a column out": ((1, 2, 5, 6), {"kernel_size": 3, "stride": 2}),
    "rectangular in every way": ((1, 2, 5, 7), {"kernel_size": (2, 3), "stride": (1, 2), "padding": (0, 1)}),
    "1x1": ((2, 3, 3, 2), {"kernel_size": 1}),
    "1x1 in steps of three": ((1, 2, 5, 4), {"kernel_size": 1, "stride": 3}),
    "1x1 with padding above and below": ((2, 1, 2, 3), {"kernel_size": 1, "padding": (1, 0)}),
    "1x1 with padding left and right": ((2, 1, 2, 3), {"kernel_size": 1, "padding": (0, 1)}),
    "windows of two rows, side by side": ((2, 1, 4, 3), {"kernel_size": (2, 1), "stride": (2, 1)}),
    "windows of two columns, side by side": ((2, 1, 3, 4), {"kernel_size": (1, 2), "stride": (1, 2)}),
    "windows apart": ((1, 1, 7, 7), {"kernel_size": 2, "stride": 3}),
    "a window as large as the image": ((2, 2, 3, 4), {"kernel_size": (3, 4)}),
    "more padding than image": ((1, 1, 1, 2), {"kernel_size": 3, "padding": (3, 2), "stride": 2}),
    "one pixel": ((1, 1, 1, 1), {"kernel_size": 1}),
    "five images": ((5, 1, 3, 3), {"kernel_size": 2}),
}


class TestIm2Col(OperationTest):
    name, arguments = "im2col", ("x",)
    is_view = True  # for a 1x1 kernel of stride 1
    cases = [Case(name, shape, **arguments) for name, (shape, arguments) in GEOMETRIES.items()]

    def operation(self, case, x):
        return F.im2col(x, **case.arguments)

    def naive(self, case, x):
        return naive_im2col(x, **case.arguments)

    def torch_operation(self, case, x):
        return torch.nn.functional.unfold(x, **case.arguments)


class TestCol2Im(OperationTest):
    name, arguments = "col2im", ("columns",)
    is_view = True  # for a 1x1 kernel of stride 1
    cases = [
        Case(name, naive_im2col(np.zeros(shape), **arguments).shape, output_size=shape[2:], **arguments)
        for name, (shape, arguments) in GEOMETRIES.items()
    ]

    def operation(self, case, columns):
        return F.col2im(columns, **case.arguments)

    def naive(self, case, columns):
        return naive_col2im(columns, **case.arguments)

    def torch_operation(self, case, columns):
        return torch.nn.functional.fold(columns, **case.arguments)


# ---- known values -------------------------------------------------------------------------------------------------


def test_im2col_by_hand():
    x = mc.Tensor(np.array([[[[1.0, 2, 3], [4, 5, 6], [7, 8, 9]]]]))
    np.testing.assert_array_equal(F.im2col(x, 2).data, [[[1, 2, 4, 5], [2, 3, 5, 6], [4, 5, 7, 8], [5, 6, 8, 9]]])
    np.testing.assert_array_equal(
        F.im2col(x, (1, 2), stride=2, padding=(0, 1)).data, [[[0, 2, 0, 8], [1, 3, 7, 9]]]
    )  # the pairs (0 1) (2 3) in the rows 0 and 2; the last 0 has no partner


def test_col2im_counts_how_often_each_pixel_is_seen():
    ones = F.im2col(mc.Tensor(np.ones((1, 1, 3, 3))), 2)
    np.testing.assert_array_equal(F.col2im(ones, 3, 2).data, [[[[1, 2, 1], [2, 4, 2], [1, 2, 1]]]])


def test_what_came_from_padding_is_dropped():
    columns = mc.Tensor(np.ones((1, 9, 4)))
    np.testing.assert_array_equal(F.col2im(columns, 2, 3, padding=1).data, np.full((1, 1, 2, 2), 4))


def test_the_columns_of_a_1x1_kernel_are_a_view():
    x = channels_second(np.ones((2, 4, 4, 3)))
    assert np.shares_memory(F.im2col(mc.Tensor(x), 1).data, x)


def test_patches_are_a_view_where_there_is_no_padding():
    x = np.ones((2, 5, 5, 3))
    assert np.shares_memory(patches(x, (3, 3), (2, 2), (0, 0)), x)


def test_no_images():
    x = tensor(0, 2, 4, 4, requires_grad=True)
    columns = F.im2col(x, 3)
    assert columns.shape == (0, 18, 4)
    columns.backward(np.ones((0, 18, 4)))
    assert x.grad.shape == x.shape
    assert F.col2im(columns, 4, 3).shape == (0, 2, 4, 4)


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "padding", "places"),
    [  # GoogLeNet's, then the odd ones
        (224, 7, 2, 3, 112),
        (112, 3, 1, 1, 112),
        (14, 5, 3, 0, 4),
        (7, 7, 1, 0, 1),
        (5, 2, 2, 0, 2),
        (1, 3, 1, 1, 1),
    ],
)
def test_output_size(size, kernel, stride, padding, places):
    assert output_size("conv2d", (size, size), *((n, n) for n in (kernel, stride, padding))) == (places, places)


@pytest.mark.parametrize(("size", "kernel"), [(3, 4), (1, 2), (5, 7)])
def test_a_kernel_larger_than_the_image_has_no_place(size, kernel):
    with raises(ValueError, f"conv2d: kernel_size {(1, kernel)} is larger than the image {(9, size)}"):
        output_size("conv2d", (9, size), (1, kernel), (1, 1), (0, 0))


# ---- what is refused ------------------------------------------------------------------------------------------------

WRONG = [
    ({"kernel_size": 0}, ValueError, "kernel_size is 0, expected at least 1"),
    ({"kernel_size": (3, -1)}, ValueError, "kernel_size is (3, -1), expected at least 1"),
    ({"kernel_size": 2.0}, TypeError, "kernel_size is 2.0, expected an int or a pair of ints"),
    ({"kernel_size": (3, 3, 3)}, TypeError, "kernel_size is (3, 3, 3), expected an int or a pair of ints"),
    ({"kernel_size": None}, TypeError, "kernel_size is None, expected an int or a pair of ints"),
    ({"kernel_size": True}, TypeError, "kernel_size is True, expected an int or a pair of ints"),
    ({"kernel_size": 3, "stride": 0}, ValueError, "stride is 0, expected at least 1"),
    ({"kernel_size": 3, "stride": (1, 2.5)}, TypeError, "stride is (1, 2.5), expected an int or a pair of ints"),
    ({"kernel_size": 3, "padding": -1}, ValueError, "padding is -1, expected at least 0"),
    ({"kernel_size": 3, "padding": "same"}, TypeError, "padding is 'same', expected an int or a pair of ints"),
    ({"kernel_size": (5, 3)}, ValueError, "kernel_size (5, 3) is larger than the image (4, 4) with padding (0, 0)"),
]


@pytest.mark.parametrize(("arguments", "error", "message"), WRONG, ids=str)
def test_wrong_arguments_are_refused(arguments, error, message):
    with raises(error, f"im2col: {message}"):
        F.im2col(tensor(2, 3, 4, 4), **arguments)
    with raises(error, f"col2im: {message}"):
        F.col2im(tensor(2, 27, 4), 4, **arguments)


@pytest.mark.parametrize("shape", [(3, 4, 4), (4, 4), (1, 2, 3, 4, 4), ()], ids=str)
def test_images_without_four_axes_are_refused(shape):
    with raises(ValueError, f"im2col: x has shape {shape}, expected 4 axes (N, C, H, W)"):
        F.im2col(tensor(*shape), 1)


@pytest.mark.parametrize(
    ("shape", "output_size", "error", "message"),
    [
        ((27, 4), 4, ValueError, "columns has shape (27, 4), expected 3 axes (N, C*KH*KW, OH*OW)"),
        ((2, 27, 3), 4, ValueError, "columns has shape (2, 27, 3), expected (N, a multiple of 9, ...4)"),
        ((2, 28, 4), 4, ValueError, "columns has shape (2, 28, 4), expected (N, a multiple of 9, ...4)"),
        ((2, 30, 4), 4, ValueError, "columns has shape (2, 30, 4), expected (N, a multiple of 9, ...4)"),
        ((2, 28, 9), 5, ValueError, "columns has shape (2, 28, 9), expected (N, a multiple of 9, ...9)"),
        ((2, 27, 4), 0, ValueError, "output_size is 0, expected at least 1"),
        ((2, 27, 4), 4.0, TypeError, "output_size is 4.0, expected an int or a pair of ints"),
    ],
)
def test_wrong_columns_are_refused(shape, output_size, error, message):
    with raises(error, f"col2im: {message}"):
        F.col2im(tensor(*shape), output_size, 3)


# ---- properties -----------------------------------------------------------------------------------------------------


@st.composite
def geometries(draw):
    """The shape of some images, and a kernel, stride and padding for which there is at least one place."""
    kernel, stride = (draw(st.tuples(st.integers(1, 4), st.integers(1, 4))) for _ in range(2))
    padding = draw(st.tuples(st.integers(0, 2), st.integers(0, 2)))
    size = tuple(draw(st.integers(max(1, k - 2 * p), 8)) for k, p in zip(kernel, padding, strict=True))
    images, channels = draw(st.integers(1, 2)), draw(st.integers(1, 2))
    return (images, channels, *size), {"kernel_size": kernel, "stride": stride, "padding": padding}


@given(geometries())
@settings(max_examples=40, deadline=None, derandomize=True)
def test_im2col_and_col2im_of_random_geometry(geometry):
    shape, arguments = geometry
    TestIm2Col().agrees(Case("random", shape, **arguments))
    columns = naive_im2col(np.zeros(shape), **arguments).shape
    TestCol2Im().agrees(Case("random", columns, output_size=shape[2:], **arguments))


@given(geometries())
@settings(max_examples=40, deadline=None, derandomize=True)
def test_im2col_and_col2im_are_adjoint(geometry):
    """<im2col(x), c> = <x, col2im(c)> for all x and c."""
    shape, arguments = geometry
    x = tensor(*shape)
    columns = F.im2col(x, **arguments)
    c = tensor(*columns.shape)
    image = F.col2im(c, shape[2:], **arguments)
    assert (columns.data * c.data).sum() == pytest.approx((x.data * image.data).sum(), rel=1e-12, abs=1e-12)


@given(*[st.integers(1, 7)] * 4, st.integers(0, 4))
@settings(max_examples=50, deadline=None, derandomize=True)
def test_overlaps_are_the_pairs_of_outputs_and_inputs(size, kernel, stride, places, padding):
    pairs = {(u, i, i * stride + u - padding) for u in range(kernel) for i in range(places)}
    inside = {(u, i, position) for u, i, position in pairs if 0 <= position < size}
    found = set()
    for u, outputs, inputs in overlaps(size, kernel, stride, padding, places):
        positions = range(size)[inputs]
        found |= {(u, i, position) for i, position in zip(range(places)[outputs], positions, strict=True)}
    assert found == inside


def test_gradients_of_columns_used_twice_add_up():
    x = leaf(np.ones((1, 1, 2, 2)))
    columns = F.im2col(x, 1)
    (columns + columns).backward(np.arange(4.0).reshape(1, 1, 4))
    np.testing.assert_array_equal(x.grad, [[[[0, 2], [4, 6]]]])
