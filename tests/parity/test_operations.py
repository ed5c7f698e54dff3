"""Every operation beside PyTorch's: forward and all gradients, on shapes and arguments that Hypothesis draws."""

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as array_strategies
from support import (
    LAYOUTS,
    as_pair,
    assert_close,
    both_dtypes,
    contiguous,
    needs_torch,
    negative,
    normal,
    positive,
    threads,
    ties,
    torch,
)  # fmt: skip

import minicnn as mc
import minicnn.functional as F
from minicnn import backend
from minicnn.function import Function

pytestmark = [pytest.mark.parity, needs_torch]


class Comparison(NamedTuple):
    """Two ways to compute the same from the same inputs: `ours` takes minicnn's Tensors, `theirs` PyTorch's.

    `also` are arrays of ours and tensors of theirs that change on the way: running statistics.
    """

    ours: Callable[..., mc.Tensor]
    theirs: Callable[..., Any]
    inputs: list[np.ndarray]
    also: tuple[tuple[np.ndarray, Any], ...] = ()


COMPARED: dict[str, Callable[..., Comparison]] = {}  # by the name of the Function
NOT_COMPARED = {"ToDevice": "does nothing on the CPU; tests/functional/test_shape.py"}


def compares(function: str, *arguments: Any):
    """Registers a function of (draw, dtype, *arguments), which draws a Comparison for the Function of that name."""

    def register(compose):
        COMPARED[function] = lambda draw, dtype: compose(draw, dtype, *arguments)
        return compose

    return register


# ---- what Hypothesis draws ----------------------------------------------------------------------------------------

any_shape = st.lists(st.integers(1, 4), max_size=4).map(tuple)
one_or_two = st.integers(1, 2)
random_seeds = st.integers(0, 2**32 - 1)


def numbers(draw, size, kinds=(normal, ties)):
    """An array of this shape: of random numbers, or of small integers, of which many are equal or 0."""
    return draw(st.sampled_from(kinds))(np.random.default_rng(draw(random_seeds)), size)


def int_or_pair(draw, strategy):
    return draw(st.one_of(strategy, st.tuples(strategy, strategy)))


# ---- arithmetic ---------------------------------------------------------------------------------------------------


@compares("Add", "add", (normal, ties))
@compares("Sub", "sub", (normal, ties))
@compares("Mul", "mul", (normal, ties))
@compares("Div", "div", (positive, negative))
def of_two_inputs(draw, dtype, name, kinds):
    """Two arrays that broadcast, an array and a number, or a number and an array."""
    a, b = draw(array_strategies.mutually_broadcastable_shapes(num_shapes=2, min_side=0, max_dims=4)).input_shapes
    ours, theirs = getattr(F, name), getattr(torch, name)
    if draw(st.booleans()):
        return Comparison(ours, theirs, [numbers(draw, a, kinds), numbers(draw, b, kinds)])
    number = draw(st.sampled_from([2, -0.5, 3.25]))
    if draw(st.booleans()):
        return Comparison(lambda x: ours(x, number), lambda x: theirs(x, number), [numbers(draw, a, kinds)])
    return Comparison(
        lambda x: ours(number, x), lambda x: theirs(torch.full_like(x, number), x), [numbers(draw, a, kinds)]
    )


@compares("Pow")
def power(draw, dtype):
    """Any base to a whole power; otherwise a base that is not negative, 0 among them."""
    a, b = draw(array_strategies.mutually_broadcastable_shapes(num_shapes=2, max_dims=3)).input_shapes
    zeros_too = lambda rng, size: np.abs(ties(rng, size))  # noqa: E731
    what = draw(st.sampled_from(["whole", "number", "base", "arrays", "zeros"]))
    if what == "whole":
        exponent = draw(st.sampled_from([0, 1, 2, 3]))
        return Comparison(lambda x: F.pow(x, exponent), lambda x: x**exponent, [numbers(draw, a)])
    if what == "number":
        exponent = draw(st.sampled_from([0.5, -1, -1.5, 2.25]))
        return Comparison(lambda x: F.pow(x, exponent), lambda x: x**exponent, [numbers(draw, a, [positive])])
    if what == "base":
        number = draw(st.sampled_from([0.5, 2, 0]))
        inputs = [numbers(draw, b, [positive, zeros_too])]
        return Comparison(lambda x: F.pow(number, x), lambda x: torch.full_like(x, number) ** x, inputs)
    kinds = ([positive], [normal]) if what == "arrays" else ([zeros_too], [zeros_too])
    return Comparison(F.pow, torch.pow, [numbers(draw, s, kind) for s, kind in zip((a, b), kinds, strict=True)])


@compares("Neg", "neg", (normal, ties))
@compares("Exp", "exp", (normal, ties))
@compares("Log", "log", (positive,))
@compares("Sqrt", "sqrt", (positive,))
@compares("ReLU", "relu", (normal, ties))
@compares("Sigmoid", "sigmoid", (normal, ties))
@compares("Tanh", "tanh", (normal, ties))
def of_one_input(draw, dtype, name, kinds):
    return Comparison(getattr(F, name), getattr(torch, name), [numbers(draw, draw(any_shape), kinds)])


@compares("Softmax", "softmax")
@compares("LogSoftmax", "log_softmax")
def along_one_axis(draw, dtype, name):
    size = draw(any_shape.filter(len))
    axis = draw(st.integers(-len(size), len(size) - 1))
    ours, theirs = getattr(F, name), getattr(torch, name)
    return Comparison(lambda x: ours(x, axis), lambda x: theirs(x, axis), [numbers(draw, size)])


@compares("Sum", "sum", "sum")
@compares("Mean", "mean", "mean")
@compares("Max", "max", "amax")  # torch.amax, too, shares the gradient among equals
def over_axes(draw, dtype, name, their_name):
    size = draw(any_shape)
    axes = draw(st.permutations(range(-len(size), 0)))[: draw(st.integers(1, 4))]
    axis = draw(st.sampled_from([None, tuple(axes), axes[0]])) if axes else None
    keepdims = draw(st.booleans())
    dim = tuple(range(len(size))) if axis is None else axis
    return Comparison(
        lambda x: getattr(F, name)(x, axis, keepdims),
        lambda x: getattr(torch, their_name)(x, dim=dim, keepdim=keepdims),
        [numbers(draw, size)],
    )


# ---- matrix products ----------------------------------------------------------------------------------------------


@compares("MatMul")
def matrix_product(draw, dtype):
    """Vectors, matrices, and stacks of them that broadcast."""
    signature = np.matmul.signature
    a, b = draw(array_strategies.mutually_broadcastable_shapes(signature=signature, max_dims=2)).input_shapes
    return Comparison(F.matmul, torch.matmul, [numbers(draw, a), numbers(draw, b)])


@compares("Linear")
def weighted_sums(draw, dtype):
    rows, inputs, outputs = draw(any_shape)[:3], draw(st.integers(1, 6)), draw(st.integers(1, 6))
    sizes = [(*rows, inputs), (outputs, inputs), (outputs,)][: draw(st.integers(2, 3))]
    return Comparison(F.linear, torch.nn.functional.linear, [numbers(draw, size) for size in sizes])


# ---- images -------------------------------------------------------------------------------------------------------


def sliding_windows(draw, max_stride=3):
    """The size of an image, and a kernel, stride and padding for which the window has at least one place in it."""
    kernel, padding = int_or_pair(draw, st.integers(1, 4)), int_or_pair(draw, st.integers(0, 2))
    smallest = [max(1, k - 2 * p) for k, p in zip(as_pair(kernel), as_pair(padding), strict=True)]
    size = tuple(draw(st.integers(n, n + 5)) for n in smallest)
    return size, {"stride": int_or_pair(draw, st.integers(1, max_stride)), "padding": padding}, kernel


@compares("Conv2d")
def convolved(draw, dtype):
    size, arguments, kernel = sliding_windows(draw)
    images, channels, kernels = (draw(st.integers(1, 4)) for _ in range(3))
    sizes = [(images, channels, *size), (kernels, channels, *as_pair(kernel)), (kernels,)]
    return Comparison(
        lambda *tensors: F.conv2d(*tensors, **arguments),
        lambda *tensors: torch.nn.functional.conv2d(*tensors, **arguments),
        [numbers(draw, s) for s in sizes[: draw(st.integers(2, 3))]],
    )


@compares("Im2Col")
def unfolded(draw, dtype):
    size, arguments, kernel = sliding_windows(draw, max_stride=5)
    return Comparison(
        lambda x: F.im2col(x, kernel, **arguments),
        lambda x: torch.nn.functional.unfold(x, kernel, **arguments),
        [numbers(draw, (draw(one_or_two), draw(one_or_two), *size))],
    )


@compares("Col2Im")
def folded(draw, dtype):
    size, arguments, kernel = sliding_windows(draw, max_stride=5)
    image = torch.zeros(draw(one_or_two), draw(one_or_two), *size)
    columns = tuple(torch.nn.functional.unfold(image, kernel, **arguments).shape)
    return Comparison(
        lambda c: F.col2im(c, size, kernel, **arguments),
        lambda c: torch.nn.functional.fold(c, size, kernel, **arguments),
        [numbers(draw, columns)],
    )


@compares("MaxPool2d", "max_pool2d", ())
@compares("AvgPool2d", "avg_pool2d", ("count_include_pad",))
def pooled(draw, dtype, name, flags):
    kernel = int_or_pair(draw, st.integers(1, 4))
    largest_padding = [k // 2 for k in as_pair(kernel)]
    padding = draw(
        st.one_of(st.integers(0, min(largest_padding)), st.tuples(*(st.integers(0, p) for p in largest_padding)))
    )
    stride = draw(st.one_of(st.none(), st.integers(1, 4), st.tuples(st.integers(1, 4), st.integers(1, 4))))
    arguments = {flag: draw(st.booleans()) for flag in ("ceil_mode", *flags)}
    size = draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    fits = [n + 2 * p >= k for n, k, p in zip(size, as_pair(kernel), as_pair(padding), strict=True)]
    assume(all(fits))
    x = numbers(draw, (draw(st.integers(1, 3)), draw(one_or_two), *size), [ties, normal, negative])
    return Comparison(
        lambda x: getattr(F, name)(x, kernel, stride, padding, **arguments),
        lambda x: getattr(torch.nn.functional, name)(x, kernel, stride, padding, **arguments),
        [x],
    )


@compares("AdaptiveAvgPool2d")
def pooled_to_a_size(draw, dtype):
    size = draw(st.tuples(st.integers(1, 3), one_or_two, st.integers(1, 8), st.integers(1, 8)))
    length = st.integers(1, 9)
    output_size = draw(st.one_of(length, st.tuples(st.none() | length, st.none() | length)))
    return Comparison(
        lambda x: F.adaptive_avg_pool2d(x, output_size),
        lambda x: torch.nn.functional.adaptive_avg_pool2d(x, output_size),
        [numbers(draw, size)],
    )


# ---- normalization, dropout, loss ---------------------------------------------------------------------------------


@compares("BatchNorm")
def normalized_over_the_batch(draw, dtype):
    training = draw(st.booleans())
    images, channels = draw(st.integers(2, 5)), draw(st.integers(1, 3))
    x = numbers(draw, (images, channels, *draw(any_shape)[:2]), [normal])
    statistics: list[Any] = [numbers(draw, (channels,), [kind]).astype(dtype) for kind in (normal, positive)]
    if training and draw(st.booleans()):
        statistics = [None, None]
    their_statistics = [None if s is None else torch.tensor(s) for s in statistics]
    present = [draw(st.booleans()) for _ in ("weight", "bias")]
    # Where two values are all that a channel has, a smaller eps divides one rounding error by another.
    options = {"momentum": draw(st.sampled_from([0.0, 0.1, 0.3, 1.0])), "eps": draw(st.sampled_from([1e-3, 0.1, 1.0]))}

    def call(batch_norm, statistics):
        def normalize(x, *some):
            given = iter(some)
            weight, bias = (next(given) if there else None for there in present)
            return batch_norm(x, *statistics, weight, bias, training, **options)

        return normalize

    return Comparison(
        call(F.batch_norm, statistics),
        call(torch.nn.functional.batch_norm, their_statistics),
        [x, *(numbers(draw, (channels,), [normal]) for there in present if there)],
        tuple((s, t) for s, t in zip(statistics, their_statistics, strict=True) if s is not None),
    )


@compares("LocalResponseNorm")
def normalized_across_channels(draw, dtype):
    size = (draw(st.integers(1, 3)), draw(st.integers(1, 7)), *draw(any_shape.filter(len))[:2])
    arguments = {
        "size": draw(st.integers(1, 8)),
        "alpha": draw(st.sampled_from([1e-4, 0.1, 2.0])),
        "beta": draw(st.sampled_from([0.75, 0.5, 1.0, 2.0])),
        "k": draw(st.sampled_from([1.0, 0.5, 2.0])),
    }
    return Comparison(
        lambda x: F.local_response_norm(x, **arguments),
        lambda x: torch.nn.functional.local_response_norm(x, **arguments),
        [numbers(draw, size)],
    )


@compares("Dropout")
def dropped(draw, dtype):
    """Through our own mask: the random numbers of the two libraries differ."""
    size, p, seed = draw(any_shape), draw(st.sampled_from([0.1, 0.4, 0.7])), draw(random_seeds)

    def ours(x):
        mc.manual_seed(seed)
        return F.dropout(x, p)

    kept = torch.tensor(ours(mc.Tensor(np.ones(size, dtype))).data > 0)
    return Comparison(ours, lambda x: x * kept / (1 - p), [numbers(draw, size)])


@compares("CrossEntropy")
def surprised(draw, dtype):
    """Of classes, or of probabilities, which need not add up to 1."""
    rows, classes = draw(st.integers(1, 5)), draw(st.integers(1, 6))
    rng = np.random.default_rng(draw(random_seeds))
    probabilities = draw(st.booleans())
    targets = rng.random((rows, classes)).astype(dtype) if probabilities else rng.integers(0, classes, rows)
    weight = rng.uniform(0.5, 2, classes).astype(dtype) if draw(st.booleans()) else None
    arguments = {
        "reduction": draw(st.sampled_from(["mean", "sum", "none"])),
        "label_smoothing": draw(st.sampled_from([0.0, 0.1, 0.5, 1.0])),
    }
    theirs = None if weight is None else torch.tensor(weight)
    return Comparison(
        lambda logits: F.cross_entropy(logits, targets, weight, **arguments),
        lambda logits: torch.nn.functional.cross_entropy(logits, torch.tensor(targets), theirs, **arguments),
        [5 * numbers(draw, (rows, classes))],
    )


# ---- elements that only move --------------------------------------------------------------------------------------


@compares("Concat")
def side_by_side(draw, dtype):
    size = list(draw(any_shape.filter(len)))
    axis = draw(st.integers(-len(size), len(size) - 1))
    inputs = []
    for length in draw(st.lists(st.integers(0, 3), min_size=1, max_size=4)):
        size[axis] = length
        inputs.append(numbers(draw, tuple(size)))
    return Comparison(lambda *tensors: F.concat(tensors, axis), lambda *tensors: torch.cat(tensors, axis), inputs)


@compares("Reshape")
def reshaped(draw, dtype):
    size = draw(any_shape)
    x = numbers(draw, size)
    if size and draw(st.booleans()):
        start = draw(st.integers(-len(size), len(size) - 1))
        return Comparison(lambda x: F.flatten(x, start), lambda x: torch.flatten(x, start), [x])
    other = draw(st.permutations([*size, 1]))
    if draw(st.booleans()):
        other[draw(st.integers(0, len(other) - 1))] = -1
    return Comparison(lambda x: F.reshape(x, *other), lambda x: torch.reshape(x, other), [x])


@compares("Transpose")
def transposed(draw, dtype):
    size = draw(any_shape)
    x, axes = numbers(draw, size), range(-len(size), 0)
    what = draw(st.sampled_from(["reversed", "order", "two"] if size else ["reversed"]))
    if what == "reversed":
        return Comparison(lambda x: F.transpose(x), lambda x: torch.permute(x, tuple(axes[::-1])), [x])
    if what == "two":
        a, b = draw(st.sampled_from(axes)), draw(st.sampled_from(axes))
        return Comparison(lambda x: F.transpose(x, a, b), lambda x: torch.transpose(x, a, b), [x])
    order = draw(st.permutations(axes))
    return Comparison(lambda x: F.transpose(x, tuple(order)), lambda x: torch.permute(x, order), [x])


@compares("GetItem")
def indexed(draw, dtype):
    """Integers, slices, None, ..., masks, and arrays of integers in which an element may come twice.

    PyTorch knows no negative steps, so it takes the same elements by their numbers.
    """
    size = draw(any_shape.filter(len))
    index = draw(
        st.one_of(
            array_strategies.basic_indices(size, allow_newaxis=True),
            array_strategies.integer_array_indices(size),
            array_strategies.arrays(bool, size),
        )
    )
    places = torch.tensor(np.array(np.arange(np.prod(size)).reshape(size)[index]))
    return Comparison(lambda x: F.getitem(x, index), lambda x: x.reshape(-1)[places], [numbers(draw, size)])


# ---- the tests ----------------------------------------------------------------------------------------------------


@both_dtypes
@pytest.mark.parametrize("function", COMPARED)
@given(data=st.data())
# What fails is small already, and shrinking it would take minutes.
@settings(max_examples=40, deadline=None, derandomize=True, phases=[Phase.generate])
def test_forward_and_all_gradients(function, dtype, data):
    comparison = COMPARED[function](data.draw, dtype)
    layouts = st.sampled_from([contiguous, *LAYOUTS])
    arrays = [data.draw(layouts)(np.asarray(array, dtype)) for array in comparison.inputs]
    tensors = [mc.Tensor(array, requires_grad=True) for array in arrays]
    their_tensors = [torch.tensor(contiguous(array), requires_grad=True) for array in arrays]

    with threads(data.draw(st.integers(1, 3), "threads")), pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            backend.blocks,
            "CACHE_BYTES",
            data.draw(st.sampled_from([backend.blocks.CACHE_BYTES, 1, 200]), "cache bytes"),
        )
        y, their_y = comparison.ours(*tensors), comparison.theirs(*their_tensors)
        assert type(y.creator).__name__ == function, "another operation was compared"
        assert_close(y.data, their_y.detach().numpy(), dtype, "forward")
        for array, tensor in comparison.also:
            assert_close(array, tensor.numpy(), dtype, "running statistics")

        cotangent = data.draw(layouts)(np.asarray(numbers(data.draw, y.shape, [normal]), dtype))
        y.backward(cotangent)
    their_y.backward(torch.tensor(contiguous(cotangent)))
    for i, (tensor, their_tensor) in enumerate(zip(tensors, their_tensors, strict=True)):
        assert_close(tensor.grad, their_tensor.grad.numpy(), dtype, f"gradient of input {i}")


def test_no_operation_was_left_out():
    modules = [importlib.import_module(f"{F.__name__}.{module.name}") for module in pkgutil.iter_modules(F.__path__)]
    operations = {
        name
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, Function) and value is not Function
    }
    assert len(operations) > 30
    assert operations == COMPARED.keys() | NOT_COMPARED.keys()
