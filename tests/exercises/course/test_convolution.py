"""The solutions of chapter 3 agree with the library, with PyTorch, and with the gradient check."""

import importlib
import shutil

import numpy as np
import pytest

import minicnn as mc
import minicnn.functional as F
from exercises.catalog import exercises_of, find_exercise
from exercises.override import Answer, put_in
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


# ---- inside of the library -----------------------------------------------------------------------------------------


def inside(*names):
    """These solutions, put into the library."""
    chosen = [e for e in exercises_of("convolution") if e.name in names]
    return put_in([Answer(e, e.folder / "solution.py", passed=True) for e in chosen])


ALL = tuple(e.name for e in exercises_of("convolution"))


@pytest.mark.parametrize("names", [*((name,) for name in ALL), ALL], ids=[*ALL, "all"])
def test_the_library_computes_the_same_with_answers_inside(names):
    rng = np.random.default_rng(0)
    library = F.conv2d
    for kernel, options in [
        ((3, 3), {}), ((1, 1), {"relu": True}), ((3, 3), {"stride": 2, "padding": 1, "relu": True}),
        ((2, 3), {"stride": (1, 2)}), ((2, 3), {"padding": (0, 1)}), ((1, 1), {"stride": 2}), ((3, 2), {"padding": 2}),
    ]:  # fmt: skip
        for with_bias in (True, False):
            shapes = [(2, 3, 5, 4), (2, 3, *kernel), *([(2,)] if with_bias else [])]
            inputs = [mc.Tensor(rng.standard_normal(s).astype(np.float32), requires_grad=True) for s in shapes]
            expected = library(*inputs, **options)
            expected.sum().backward()
            gradients = [t.grad for t in inputs]
            with inside(*names):
                found = F.conv2d(*inputs, **options)
                for t in inputs:
                    t.grad = None
                found.sum().backward()
            assert found.dtype == np.float32
            np.testing.assert_allclose(found.data, expected.data, atol=1e-5)
            for ours, theirs in zip(gradients, inputs, strict=True):
                np.testing.assert_allclose(theirs.grad, ours, atol=1e-4)


@pytest.mark.parametrize(
    ("names", "kernel", "options", "maker"),
    [
        (ALL, 1, {}, "conv1x1"),
        (ALL, 3, {"padding": 1}, "conv2d"),
        (("conv2d", "conv2d_loops"), 1, {"stride": 2}, "conv2d"),
        (("conv2d_loops",), 3, {}, "conv2d_loops"),
        (("conv2d_loops",), 3, {"padding": 1}, None),
        (("conv1x1",), 1, {"padding": 1}, None),
        (("conv1x1",), 3, {}, None),
    ],
)
def test_who_computes_what(names, kernel, options, maker, tmp_path):
    x, weight, bias = tensors((1, 2, 4, 4), (2, 2, kernel, kernel), (2,))
    chosen = [find_exercise(name) for name in names]
    for exercise in chosen:
        shutil.copy(exercise.folder / "solution.py", tmp_path / f"{exercise.name}.py")
    with put_in([Answer(e, tmp_path / f"{e.name}.py", passed=True) for e in chosen]):
        made_in = type(F.conv2d(x, weight, bias, **options).creator).__module__
    assert made_in == (f"answer_{maker}" if maker else "minicnn.functional.convolution")


def test_im2col_and_col2im_are_in_the_library_s_convolution(monkeypatch):
    used = []
    im2col, col2im = (find_exercise(name) for name in ("im2col", "col2im"))
    for exercise in (im2col, col2im):

        def answer(*arguments, name=exercise.name, solution=exercise.solution):
            used.append(name)
            return solution(*arguments)

        for place, replacement in exercise.module("checks").install(answer).items():
            monkeypatch.setattr(importlib.import_module(place.partition(":")[0]), place.partition(":")[2], replacement)
    x, weight = tensors((1, 2, 4, 4), (2, 2, 3, 3))
    F.conv2d(x, weight).sum().backward()
    assert used == ["im2col", "col2im", "im2col"] or used == ["im2col", "im2col", "col2im"]


def test_errors_stay_the_library_s():
    x, weight = tensors((1, 2, 2, 2), (2, 2, 3, 3))
    with inside(*ALL):
        with pytest.raises(ValueError, match=r"conv2d: kernel_size \(3, 3\) is larger than the image"):
            F.conv2d(x, weight)
        with pytest.raises(ValueError, match="conv2d: x has 2 channels"):
            F.conv2d(x, tensors((2, 3, 1, 1))[0])


def test_dtypes_and_gradients_are_put_right():
    """As of an answer that begins with np.zeros, and returns two gradients where there is no bias."""

    class Careless(find_exercise("conv2d").solution):
        def forward(self, x, weight, bias=None):
            return super().forward(x, weight, bias).astype(np.float64)

        def backward(self, grad_y):
            return [g.astype(np.float64) for g in super().backward(grad_y)[:2]]

    conv2d = find_exercise("conv2d").module("checks").install(Careless)["minicnn.functional:conv2d"]
    inputs = [mc.Tensor(t.data.astype(np.float32), requires_grad=True) for t in tensors((1, 2, 4, 4), (2, 2, 3, 3))]
    y = conv2d(*inputs, padding=1)
    y.sum().backward()
    assert {t.dtype for t in (y, *inputs)} == {t.grad.dtype for t in inputs} == {np.dtype(np.float32)}


def test_pytorch_agrees():
    torch = pytest.importorskip("torch", reason="needs PyTorch")
    x, weight, bias = (t.data for t in tensors((2, 3, 5, 4), (2, 3, 3, 2), (2,)))
    inputs = [torch.tensor(a, requires_grad=True) for a in (x, weight, bias)]
    expected = torch.nn.functional.conv2d(*inputs, stride=2, padding=1)
    expected.sum().backward()
    operation = find_exercise("conv2d").solution(2, 1)
    np.testing.assert_allclose(operation.forward(x, weight, bias), expected.detach().numpy(), atol=1e-12)
    for ours, theirs in zip(operation.backward(np.ones(expected.shape)), inputs, strict=True):
        np.testing.assert_allclose(ours, theirs.grad.numpy(), atol=1e-12)
    unfold = torch.nn.functional.unfold(inputs[0], (3, 2), stride=2, padding=1)
    columns = find_exercise("im2col").solution(x, (3, 2), 2, 1)
    np.testing.assert_array_equal(columns, unfold.detach().numpy())
    fold = torch.nn.functional.fold(unfold, (5, 4), (3, 2), stride=2, padding=1)
    image = find_exercise("col2im").solution(columns, (5, 4), (3, 2), 2, 1)
    np.testing.assert_allclose(image, fold.detach().numpy(), atol=1e-12)
