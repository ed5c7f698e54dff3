import tracemalloc

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings
from support import Case, OperationTest, as_pair, everything_elsewhere, leaf, raises, tensor, threads, torch

import minicnn as mc
import minicnn.functional as F
from minicnn import backend
from minicnn.functional import convolution
from minicnn.functional.convolution import Conv2d, images_per_block
from minicnn.functional.im2col import patches as plain_patches
from minicnn.functional.layout import channels_second


def naive_conv2d(x, weight, bias=None, stride=1, padding=0, relu=False):
    """y[n, k, i, j] = bias[k] + sum over c, u, v of weight[k, c, u, v] * x[n, c, i*SH + u - PH, j*SW + v - PW]."""
    (sh, sw), (ph, pw) = as_pair(stride), as_pair(padding)
    n, _, h, w = x.shape
    k, _, kh, kw = weight.shape
    y = np.zeros((n, k, (h + 2 * ph - kh) // sh + 1, (w + 2 * pw - kw) // sw + 1))
    for image, kernel, i, j in np.ndindex(y.shape):
        total = 0.0 if bias is None else bias[kernel]
        for c, u, v in np.ndindex(weight.shape[1:]):
            row, column = i * sh + u - ph, j * sw + v - pw
            if 0 <= row < h and 0 <= column < w:
                total += weight[kernel, c, u, v] * x[image, c, row, column]
        y[image, kernel, i, j] = max(total, 0) if relu else total
    return y


class TestConv2d(OperationTest):
    name, arguments, optional = "conv2d", ("x", "weight", "bias"), ("bias",)
    cases = [
        Case("3x3", (2, 2, 5, 5), (3, 2, 3, 3), (3,)),
        Case("3x3 with padding", (2, 2, 4, 5), (3, 2, 3, 3), (3,), padding=1),
        Case("3x3 in steps of two with padding", (2, 2, 5, 6), (3, 2, 3, 3), (3,), stride=2, padding=1),
        Case("without bias", (2, 2, 4, 4), (3, 2, 3, 3)),
        Case("1x1", (2, 3, 3, 4), (2, 3, 1, 1), (2,)),
        Case("1x1, one image, without bias", (1, 3, 3, 3), (2, 3, 1, 1)),
        Case("1x1 in steps of two", (2, 3, 5, 4), (2, 3, 1, 1), (2,), stride=2),
        Case("1x1 with padding", (1, 2, 2, 2), (2, 2, 1, 1), (2,), padding=1),
        Case("rectangular in every way", (1, 2, 5, 7), (2, 2, 2, 3), (2,), stride=(1, 2), padding=(0, 1)),
        Case("rectangular the other way", (2, 1, 6, 4), (2, 1, 3, 1), (2,), stride=(3, 1), padding=(2, 0)),
        Case("5x5 with padding 2", (1, 2, 5, 5), (2, 2, 5, 5), (2,), padding=2),
        Case("7x7 in steps of two, GoogLeNet's first", (1, 3, 8, 8), (1, 3, 7, 7), (1,), stride=2, padding=3),
        Case("a kernel as large as the image", (3, 2, 3, 4), (2, 2, 3, 4), (2,)),
        Case("kernels apart", (1, 1, 7, 8), (2, 1, 2, 2), (2,), stride=3),
        Case("one of everything", (1, 1, 1, 1), (1, 1, 1, 1), (1,)),
        Case("five images for three threads", (5, 2, 3, 3), (2, 2, 2, 2), (2,)),
        Case("five images, one block each", (5, 1, 32, 33), (1, 1, 2, 2), (1,)),
        Case("with ReLU", (3, 2, 5, 5), (3, 2, 3, 3), (3,), padding=1, relu=True),
        Case("1x1 with ReLU, without bias", (2, 3, 3, 4), (2, 3, 1, 1), relu=True),
    ]

    def operation(self, case, *tensors):
        return F.conv2d(*tensors, **case.arguments)

    def naive(self, case, *arrays):
        return naive_conv2d(*arrays, **case.arguments)

    def torch_operation(self, case, *tensors):
        arguments = dict(case.arguments)
        relu = arguments.pop("relu", False)
        y = torch.nn.functional.conv2d(*tensors, **arguments)
        return torch.nn.functional.relu(y) if relu else y


def test_a_relu_inside_is_a_relu_behind():
    inputs = [(5, 3, 9, 8), (4, 3, 3, 3), (4,)]
    inside, behind = ([tensor(*shape, requires_grad=True) for shape in inputs] for _ in range(2))
    y = F.conv2d(*inside, stride=2, padding=1, relu=True)
    expected = F.relu(F.conv2d(*behind, stride=2, padding=1))
    assert 0.3 < (y.data > 0).mean() < 0.7
    np.testing.assert_array_equal(y.data, expected.data)
    cotangent = np.random.default_rng(1).standard_normal(y.shape)
    y.backward(cotangent)
    expected.backward(cotangent)
    for a, b in zip(inside, behind, strict=True):
        np.testing.assert_allclose(a.grad, b.grad, rtol=1e-13, atol=1e-13)


# ---- known values -------------------------------------------------------------------------------------------------


def test_forward_by_hand():
    x = mc.Tensor(np.array([[[[1.0, 2, 3], [4, 5, 6], [7, 8, 9]]]]))
    weight = mc.Tensor(np.array([[[[1.0, 10], [100, 1000]]]]))  # the kernel is not turned around
    y = F.conv2d(x, weight, mc.Tensor(np.array([0.5])))
    np.testing.assert_array_equal(y.data, [[[[5421.5, 6532.5], [8754.5, 9865.5]]]])


def test_gradients_by_hand():
    x, weight, bias = leaf([[[[1.0, 2, 3], [4, 5, 6], [7, 8, 9]]]]), leaf([[[[1.0, 10], [100, 1000]]]]), leaf([0.0])
    F.conv2d(x, weight, bias).backward(np.array([[[[1.0, 0], [0, 2]]]]))
    np.testing.assert_array_equal(x.grad, [[[[1, 10, 0], [100, 1000 + 2, 20], [0, 200, 2000]]]])
    np.testing.assert_array_equal(weight.grad, [[[[1 + 2 * 5, 2 + 2 * 6], [4 + 2 * 8, 5 + 2 * 9]]]])
    np.testing.assert_array_equal(bias.grad, [3])


def test_padding_is_zero():
    ones = mc.Tensor(np.ones((1, 1, 3, 3)))
    np.testing.assert_array_equal(F.conv2d(ones, ones, padding=1).data, [[[[4, 6, 4], [6, 9, 6], [4, 6, 4]]]])
    assert F.conv2d(ones, ones, padding=4).data[0, 0, 0, 0] == 0


@pytest.mark.parametrize("padding", [(0, 2), (2, 0)])
def test_a_1x1_kernel_sees_the_padding_of_either_axis(padding):
    x, weight, bias = leaf(np.ones((1, 1, 2, 3))), leaf(np.full((1, 1, 1, 1), 3.0)), leaf(np.full(1, 0.5))
    y = F.conv2d(x, weight, bias, padding=padding)
    rows, columns = padding
    np.testing.assert_array_equal(y.data[0, 0], np.pad(np.full((2, 3), 3.0), ((rows, rows), (columns, columns))) + 0.5)
    y.sum().backward()
    assert (x.grad.tolist(), weight.grad.item(), bias.grad.item()) == (np.full(x.shape, 3.0).tolist(), 6, y.data.size)


def test_the_relu_inside_lets_the_smallest_numbers_through():
    x = leaf(np.array([1e-30, 1e-300, -1e-300, 0.0]).reshape(1, 1, 2, 2))
    y = F.conv2d(x, tensor(1, 1, 1, 1) * 0 + 1, relu=True)
    y.backward(np.full((1, 1, 2, 2), 5.0))
    np.testing.assert_array_equal(y.data.ravel(), [1e-30, 1e-300, 0, 0])
    np.testing.assert_array_equal(x.grad.ravel(), [5, 5, 0, 0])


def test_pixels_that_no_kernel_sees_get_no_gradient():
    x, weight = leaf(np.ones((1, 1, 6, 6))), leaf(np.ones((1, 1, 2, 2)))
    F.conv2d(x, weight, stride=3).backward(np.ones((1, 1, 2, 2)))
    seen = np.array([1, 1, 0, 1, 1, 0])
    np.testing.assert_array_equal(x.grad[0, 0], np.outer(seen, seen))


def test_the_bias_gets_the_sum_over_images_and_pixels():
    x, weight, bias = tensor(3, 2, 5, 4), tensor(2, 2, 2, 2), leaf([1.0, 2.0])
    cotangent = np.random.default_rng(0).standard_normal((3, 2, 4, 3))
    F.conv2d(x, weight, bias).backward(cotangent)
    np.testing.assert_allclose(bias.grad, [cotangent[:, 0].sum(), cotangent[:, 1].sum()], rtol=1e-13)


@pytest.mark.parametrize(("stride", "padding"), [(1, 0), (2, 1), ((1, 3), (2, 0))])
def test_without_bias_the_output_is_linear_in_both_inputs(stride, padding):
    """<y, g> = <x, grad_x> = <weight, grad_weight>."""
    x, weight = tensor(2, 3, 6, 7, requires_grad=True), tensor(4, 3, 3, 2, requires_grad=True)
    y = F.conv2d(x, weight, stride=stride, padding=padding)
    g = tensor(*y.shape).data
    y.backward(g)
    assert (x.data * x.grad).sum() == pytest.approx((y.data * g).sum(), rel=1e-12)
    assert (weight.data * weight.grad).sum() == pytest.approx((y.data * g).sum(), rel=1e-12)


def test_stride_and_padding_may_be_lists_and_numpy_integers():
    x, weight = tensor(1, 2, 6, 5), tensor(3, 2, 3, 3)
    expected = F.conv2d(x, weight, None, (2, 2), (1, 1)).data
    np.testing.assert_array_equal(F.conv2d(x, weight, stride=[2, 2], padding=np.int64(1)).data, expected)


def test_an_odd_number_of_images_in_every_number_of_threads():
    x, weight, bias = tensor(7, 2, 20, 20), tensor(3, 2, 3, 3), tensor(3)
    expected = np.concatenate([F.conv2d(mc.Tensor(x.data[n : n + 1]), weight, bias).data for n in range(7)])
    for number in (1, 2, 3, 4, 9):
        with threads(number):
            np.testing.assert_allclose(F.conv2d(x, weight, bias).data, expected, rtol=1e-12, atol=1e-12)


def test_no_images():
    x, weight, bias = (tensor(*shape, requires_grad=True) for shape in [(0, 2, 4, 4), (3, 2, 3, 3), (3,)])
    y = F.conv2d(x, weight, bias)
    assert y.shape == (0, 3, 2, 2)
    y.backward(np.ones(y.shape))
    assert x.grad.shape == x.shape
    assert not weight.grad.any()
    assert not bias.grad.any()


def test_a_1x1_convolution_copies_no_columns():
    x = mc.Tensor(channels_second(np.ones((2, 64, 64, 64), np.float32)))
    weight, bias = (tensor(*shape, dtype=np.float32) for shape in [(2, 64, 1, 1), (2,)])
    with threads(1):
        F.conv2d(x, weight, bias)  # what is made once, threads and buffers, is made
        tracemalloc.start()
        try:
            y = F.conv2d(x, weight, bias)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 4 * y.data.nbytes < x.data.nbytes / 4


def test_an_input_that_needs_no_gradient_costs_nothing(monkeypatch):
    def fail(*_):
        raise AssertionError("computed for nobody")

    x, weight, g = tensor(2, 2, 5, 5), tensor(3, 2, 3, 3), np.ones((2, 3, 3, 3))
    frozen_weight = F.conv2d(mc.Tensor(x.data, requires_grad=True), weight)
    frozen_x = F.conv2d(x, mc.Tensor(weight.data, requires_grad=True))
    with monkeypatch.context() as patch:
        patch.setattr(Conv2d, "_patches", fail)
        assert frozen_weight.creator.gradients(g)[1] is None
    monkeypatch.setattr(convolution, "add_patches", fail)
    assert frozen_x.creator.gradients(g)[0] is None


def test_forward_and_backward_take_the_same_blocks(monkeypatch):
    sizes = []

    def walk(run, length, xp, size):
        sizes.append(size)
        return [run([slice(0, length)])]

    monkeypatch.setattr(backend.blocks, "_walk", walk)
    x = tensor(9, 1, 7, 9, requires_grad=True)
    F.conv2d(x, tensor(2, 1, 2, 2)).backward(np.ones((9, 2, 6, 8)))
    assert sizes == [images_per_block(6 * 8)] * 2
    assert images_per_block(6 * 8) > 1


# ---- what is refused ------------------------------------------------------------------------------------------------

X, WEIGHT, BIAS = (2, 3, 5, 5), (4, 3, 3, 3), (4,)


@pytest.mark.parametrize(
    ("shapes", "message"),
    [
        (((3, 5, 5), WEIGHT, BIAS), "x has shape (3, 5, 5), expected 4 axes (N, C, H, W)"),
        (((), WEIGHT, BIAS), "x has shape (), expected 4 axes (N, C, H, W)"),
        (((1, *X), WEIGHT, BIAS), "x has shape (1, 2, 3, 5, 5), expected 4 axes (N, C, H, W)"),
        ((X, (4, 27), BIAS), "weight has shape (4, 27), expected 4 axes (K, C, KH, KW)"),
        ((X, (4, 3, 3), BIAS), "weight has shape (4, 3, 3), expected 4 axes (K, C, KH, KW)"),
        ((X, (4, 2, 3, 3), BIAS), "x has 3 channels (2, 3, 5, 5), weight expects 2 (4, 2, 3, 3)"),
        ((X, (4, 1, 3, 3), BIAS), "x has 3 channels (2, 3, 5, 5), weight expects 1 (4, 1, 3, 3)"),
        ((X, WEIGHT, (3,)), "bias has shape (3,), expected (4,)"),
        ((X, WEIGHT, (1,)), "bias has shape (1,), expected (4,)"),
        ((X, WEIGHT, (4, 1, 1)), "bias has shape (4, 1, 1), expected (4,)"),
        ((X, WEIGHT, ()), "bias has shape (), expected (4,)"),
        ((X, (4, 3, 6, 3), BIAS), "kernel_size (6, 3) is larger than the image (5, 5) with padding (0, 0)"),
        (((2, 3, 5, 2), WEIGHT, BIAS), "kernel_size (3, 3) is larger than the image (5, 2) with padding (0, 0)"),
        (((2, 3, 0, 5), WEIGHT, BIAS), "kernel_size (3, 3) is larger than the image (0, 5) with padding (0, 0)"),
    ],
)
def test_wrong_shapes_are_refused(shapes, message):
    with raises(ValueError, f"conv2d: {message}"):
        F.conv2d(*(tensor(*shape) for shape in shapes))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"stride": 0}, ValueError, "stride is 0, expected at least 1"),
        ({"stride": (1, -1)}, ValueError, "stride is (1, -1), expected at least 1"),
        ({"stride": 1.0}, TypeError, "stride is 1.0, expected an int or a pair of ints"),
        ({"stride": (1, 1, 1)}, TypeError, "stride is (1, 1, 1), expected an int or a pair of ints"),
        ({"stride": None}, TypeError, "stride is None, expected an int or a pair of ints"),
        ({"padding": -1}, ValueError, "padding is -1, expected at least 0"),
        ({"padding": (1,)}, TypeError, "padding is (1,), expected an int or a pair of ints"),
        ({"padding": "same"}, TypeError, "padding is 'same', expected an int or a pair of ints"),
        ({"padding": True}, TypeError, "padding is True, expected an int or a pair of ints"),
    ],
    ids=str,
)
def test_wrong_arguments_are_refused(arguments, error, message):
    with raises(error, f"conv2d: {message}"):
        F.conv2d(tensor(*X), tensor(*WEIGHT), tensor(*BIAS), **arguments)


# ---- memory on a GPU ------------------------------------------------------------------------------------------------


def test_on_a_gpu_the_columns_of_a_large_batch_are_built_in_slices(monkeypatch):
    rng = np.random.default_rng(0)
    x, weight = rng.standard_normal((5, 3, 8, 8)), rng.standard_normal((4, 3, 3, 3))
    grad_y, built = rng.standard_normal((5, 4, 8, 8)), []

    def patches(x, *arguments):
        built.append(len(x))
        return plain_patches(x, *arguments)

    def run():
        built.clear()
        leaves = mc.Tensor(x, requires_grad=True), mc.Tensor(weight, requires_grad=True)
        with everything_elsewhere():
            y = F.conv2d(*leaves, padding=1)
            y.backward(grad_y)
        return [y.data, *(leaf.grad for leaf in leaves)], list(built)

    monkeypatch.setattr(convolution, "patches", patches)
    whole, blocks = run()
    assert blocks == [5, 5]  # forward and backward
    bytes_per_image = 3 * 3 * 3 * 8 * 8 * 8  # C*KH*KW * OH*OW numbers of 8 bytes
    monkeypatch.setattr(backend.blocks, "GPU_BYTES", 2 * bytes_per_image)
    sliced, blocks = run()
    assert blocks == [2, 2, 1] * 2
    for one, other in zip(whole, sliced, strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-12, atol=1e-12)


# ---- properties -----------------------------------------------------------------------------------------------------


@st.composite
def convolutions(draw):
    small = st.integers(1, 3)
    images, channels, kernels = draw(small), draw(small), draw(small)
    kernel = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    stride, padding = draw(st.tuples(small, small)), draw(st.tuples(st.integers(0, 2), st.integers(0, 2)))
    size = tuple(draw(st.integers(max(1, k - 2 * p), 7)) for k, p in zip(kernel, padding, strict=True))
    shapes = [(images, channels, *size), (kernels, channels, *kernel), *[(kernels,)] * draw(st.integers(0, 1))]
    return Case("random", *shapes, stride=stride, padding=padding)


@given(convolutions(), st.integers(1, 3))
@settings(max_examples=50, deadline=None, derandomize=True)
def test_random_convolutions(case, number_of_threads):
    with threads(number_of_threads):
        TestConv2d().agrees(case)
