"""The solutions of chapter 3 agree with the library, with PyTorch, and with the gradient check."""

import numpy as np
import pytest

import minicnn as mc
import minicnn.functional as F
from exercises.catalog import find_exercise
from minicnn.functional.im2col import output_size


def tensors(*shapes):
    rng = np.random.default_rng(0)
    return [mc.Tensor(rng.standard_normal(shape), requires_grad=True) for shape in shapes]


def agree_with_library(answer, x, weight, bias, stride=1, padding=0):
    """y and all gradients."""
    inputs = [t for t in (x, weight, bias) if t is not None]
    expected, found = F.conv2d(x, weight, bias, stride, padding), answer(x, weight, bias)
    np.testing.assert_allclose(found.data, expected.data, atol=1e-12)
    gradients = []
    for y in (expected, found):
        for t in inputs:
            t.grad = None
        y.backward(np.cos(np.arange(y.data.size)).reshape(y.shape))
        gradients.append([t.grad for t in inputs])
    for ours, theirs in zip(*gradients, strict=True):
        np.testing.assert_allclose(theirs, ours, atol=1e-12)


@pytest.mark.parametrize(("x", "weight"), [((2, 3, 4, 5), (2, 3, 2, 3)), ((1, 1, 2, 2), (1, 1, 2, 2))])
def test_loops(x, weight):
    x, weight, bias = tensors(x, weight, weight[:1])
    loops = find_exercise("conv2d_loops").solution
    agree_with_library(lambda *inputs: loops()(*inputs), x, weight, bias)
    assert mc.gradcheck(lambda *inputs: loops()(*inputs), [x, weight, bias])


def test_output_size_is_the_library_s():
    answer, rng = find_exercise("output_size").solution, np.random.default_rng(0)
    for size, kernel, stride, padding in rng.integers((1, 1, 1, 0), (9, 6, 4, 3), (100, 4)):
        case = {"size": size, "kernel": kernel, "stride": stride, "padding": padding}
        axes = [(int(value),) * 2 for value in case.values()]
        try:
            expected = output_size("test", *axes)[0]
        except ValueError:
            with pytest.raises(ValueError, match="does not fit"):
                answer(**case)
        else:
            assert answer(**case) == expected


@pytest.mark.parametrize(("stride", "padding"), [(1, 0), (2, 1), (3, 2), (1, 2)])
def test_columns_and_back(stride, padding):
    im2col, col2im = (find_exercise(name).solution for name in ("im2col", "col2im"))
    (x,) = tensors((2, 3, 5, 4))
    columns = F.im2col(x, (3, 2), stride, padding)
    np.testing.assert_array_equal(im2col(x.data, (3, 2), stride, padding), columns.data)
    expected = F.col2im(columns, (5, 4), (3, 2), stride, padding).data
    np.testing.assert_allclose(col2im(columns.data, (5, 4), (3, 2), stride, padding), expected, atol=1e-12)


@pytest.mark.parametrize("with_bias", [True, False])
@pytest.mark.parametrize(("stride", "padding"), [(1, 0), (2, 1), (3, 2)])
def test_matrix_product(stride, padding, with_bias):
    x, weight, bias = tensors((2, 3, 5, 4), (2, 3, 3, 2), (2,))
    answer, bias = find_exercise("conv2d").solution, bias if with_bias else None
    agree_with_library(lambda *inputs: answer(stride, padding)(*inputs), x, weight, bias, stride, padding)
    inputs = [x, weight, bias] if with_bias else [x, weight]
    assert mc.gradcheck(lambda x, w, b=None: answer(stride, padding)(x, w, b), inputs)


@pytest.mark.parametrize("with_bias", [True, False])
def test_a_matrix_for_every_pixel(with_bias):
    x, weight, bias = tensors((2, 3, 4, 5), (4, 3, 1, 1), (4,))
    answer, bias = find_exercise("conv1x1").solution, bias if with_bias else None
    agree_with_library(lambda *inputs: answer()(*inputs), x, weight, bias)
    inputs = [x, weight, bias] if with_bias else [x, weight]
    assert mc.gradcheck(lambda x, w, b=None: answer()(x, w, b), inputs)


@pytest.mark.parametrize(("stride", "padding"), [(1, 0), (2, 1)])
def test_shifted_kernel_is_mended(stride, padding):
    x, weight = tensors((2, 3, 5, 4), (2, 3, 3, 2))
    answer = find_exercise("shifted_kernel").solution
    agree_with_library(lambda x, w, bias: answer(stride, padding)(x, w), x, weight, None, stride, padding)
