"""Every fused kernel beside the plain version that its docstring names, on CuPy arrays of several layouts."""

import inspect
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

import minicnn as mc
from minicnn import backend, optim
from minicnn.backend import kernels
from minicnn.functional.im2col import Col2Im, add_patches
from minicnn.functional.normalization import BatchNorm, LocalResponseNorm
from minicnn.functional.pooling import AdaptiveAvgPool2d, AvgPool2d, MaxPool2d

CUDA = next(device for device in mc.devices() if device.name.startswith("cuda"))

needs_cuda = pytest.mark.skipif(not CUDA.usable, reason=f"no GPU: {CUDA.description}")
examples = settings(max_examples=40, deadline=None, derandomize=True)
dtypes = st.sampled_from([np.float32, np.float64])
layouts = st.sampled_from(["contiguous", "strided", "transposed", "backwards", "stretched"])
small = st.integers(1, 3)


def on_gpu(array, layout="contiguous"):
    """The array on the GPU, with its elements in memory as `layout` says."""
    import cupy

    if layout == "strided":
        view = cupy.zeros([2 * n for n in array.shape], array.dtype)[tuple(slice(None, None, 2) for _ in array.shape)]
        view[...] = cupy.asarray(array)
        return view
    if layout == "transposed":
        return cupy.asarray(np.ascontiguousarray(array.T)).T
    if layout == "backwards":
        return cupy.asarray(np.flip(array).copy())[tuple(slice(None, None, -1) for _ in array.shape)]
    if layout == "stretched":  # one image for all, as from broadcast_to
        return cupy.broadcast_to(cupy.asarray(array[:1]), array.shape)
    return cupy.asarray(array)


def on_host(array):
    return backend.to_device(array, "cpu")


def draw(seed, shape, dtype, ties=True):
    """Small integers, so that there are many ties and every sum is exact; or normal numbers."""
    rng = np.random.default_rng(seed)
    return np.asarray(rng.integers(-3, 4, shape) if ties else rng.standard_normal(shape), dtype)


def both(make, x, cotangent, layout="contiguous", layout_of_cotangent="contiguous"):
    """(y, grad_x) with the kernels and, of the very same numbers, with the plain version on NumPy."""
    x_gpu, cotangent_gpu = on_gpu(x, layout), on_gpu(cotangent, layout_of_cotangent)
    found = []
    for a, b in ((x_gpu, cotangent_gpu), (on_host(x_gpu), on_host(cotangent_gpu))):
        function = make()
        function.needs_input_grad = (True,)
        y = function.forward(a)
        found.append((on_host(y), on_host(function.backward(b))))
    return found


def assert_close(found, expected, what):
    assert found.dtype == expected.dtype, what
    tolerance = 1e-12 if expected.dtype == np.float64 else 1e-5
    np.testing.assert_allclose(
        found, expected, rtol=tolerance, atol=tolerance * max(1, np.abs(expected).max(initial=0)), err_msg=what
    )


def test_numpy_arrays_never_go_to_the_kernels():
    assert not kernels.usable(np)
    assert not kernels.usable(object())  # nor those of a module that has no ElementwiseKernel


def test_importing_the_kernels_compiles_nothing():
    assert kernels.Kernel.every
    assert "compiled" not in vars(kernels.Kernel("never called", "T x", "T y", "no code at all"))
    del kernels.Kernel.every["never called"]


class HandedOver(list):
    """The calls of kernels as (name, *arguments), and what each kernel returns in this test: its name unless given."""

    results: dict[str, Any]


@pytest.fixture
def handed_over(monkeypatch):
    """What the operations hand to the kernels, which are not run; NumPy's arrays serve here."""
    calls = HandedOver()
    calls.results = {}

    def stand_in(name):
        signature = inspect.signature(getattr(kernels, name))

        def kernel(*arguments):
            signature.bind(*arguments)
            calls.append((name, *arguments))
            return calls.results.get(name, name)

        return kernel

    monkeypatch.setattr(kernels, "usable", lambda xp: xp is np)
    for name in "add_patches batch_statistics inverse_std normalize normalize_backward".split():
        monkeypatch.setattr(kernels, name, stand_in(name))
    for name in "max_pool avg_pool adaptive_avg_pool local_response_norm".split():
        monkeypatch.setattr(kernels, name, stand_in(name))
        monkeypatch.setattr(kernels, f"{name}_backward", stand_in(f"{name}_backward"))
    return calls


def test_pooling_hands_its_arguments_to_the_kernels(handed_over):
    x, g = np.ones((2, 3, 7, 6)), np.ones((2, 3, 4, 7))
    pool = MaxPool2d((3, 2), (2, 1), 1, True)
    assert (pool.forward(x), pool.backward(g)) == ("max_pool", "max_pool_backward")
    assert handed_over == [("max_pool", x, pool.windows), ("max_pool_backward", g, x, "max_pool", pool.windows)]
    assert pool.windows.places == (4, 7)


@pytest.mark.parametrize("count_include_pad", [False, True])
def test_average_pooling_hands_its_arguments_to_the_kernels(count_include_pad, handed_over):
    x, g = np.ones((2, 3, 7, 6)), np.ones((2, 3, 4, 7))
    pool = AvgPool2d((3, 2), (2, 1), 1, True, count_include_pad)
    assert (pool.forward(x), pool.backward(g)) == ("avg_pool", "avg_pool_backward")
    backward = ("avg_pool_backward", g, x.shape, pool.windows, count_include_pad)
    assert handed_over == [("avg_pool", x, pool.windows, count_include_pad), backward]


def test_adaptive_pooling_hands_its_arguments_to_the_kernels(handed_over):
    x, g = np.ones((2, 3, 7, 6)), np.ones((2, 3, 2, 6))
    pool = AdaptiveAvgPool2d((2, None))
    assert (pool.forward(x), pool.backward(g)) == ("adaptive_avg_pool", "adaptive_avg_pool_backward")
    assert handed_over == [("adaptive_avg_pool", x, (2, 6)), ("adaptive_avg_pool_backward", g, x.shape)]


def test_local_response_norm_hands_its_arguments_to_the_kernels(handed_over):
    x, flat, s = np.ones((2, 3, 4)), np.zeros((8, 3)), np.ones((8, 3))
    handed_over.results |= {"local_response_norm": (flat, s), "local_response_norm_backward": flat}
    norm = LocalResponseNorm(5, 0.1, 0.75, 2.0)
    assert norm.forward(x).shape == norm.backward(x).shape == x.shape
    forward, backward = handed_over
    assert (forward[0], forward[1].shape, *forward[2:]) == ("local_response_norm", (8, 3), 5, 0.1, 0.75, 2.0)
    assert (backward[0], *backward[5:]) == ("local_response_norm_backward", 5, 0.1, 0.75)
    assert [each.shape for each in backward[1:3]] == [(8, 3)] * 2
    assert backward[3] is flat
    assert backward[4] is s


def test_batch_norm_in_training_hands_its_arguments_to_the_kernels(handed_over):
    x, weight, bias, mean, variance = np.ones((2, 3, 4, 5)), *np.ones((4, 3))
    flat, g = np.zeros((40, 3)), np.ones((2, 3, 4, 5))
    handed_over.results |= {
        "batch_statistics": ("m", "v"),
        "inverse_std": "i",
        "normalize": flat,
        "normalize_backward": (flat, "grad_weight", "grad_bias"),
    }
    norm = BatchNorm(mean, variance, True, 0.25, 1e-3)
    assert norm.forward(x, weight, bias).shape == x.shape
    grad_x, *others = norm.backward(g)
    assert grad_x.shape == x.shape
    assert others == ["grad_weight", "grad_bias"]
    statistics, inverse_std, normalize, backward = handed_over
    assert [each.shape for each in (statistics[1], normalize[1], backward[1], backward[2])] == [(40, 3)] * 4
    assert statistics[0] == "batch_statistics"
    assert statistics[2] is mean
    assert statistics[3] is variance
    assert statistics[4] == 0.25
    assert inverse_std == ("inverse_std", "v", 1e-3)
    assert (normalize[0], *normalize[2:4]) == ("normalize", "m", "i")
    assert normalize[4] is weight
    assert normalize[5] is bias
    assert (backward[0], *backward[3:5], backward[6]) == ("normalize_backward", "m", "i", True)
    assert backward[5] is weight


def test_batch_norm_in_evaluation_hands_its_running_statistics_to_the_kernels(handed_over):
    mean, variance = np.zeros(3), np.ones(3)
    handed_over.results |= {"inverse_std": "i", "normalize": np.zeros((2, 3))}
    BatchNorm(mean, variance, False, 0.1, 1e-5).forward(np.ones((2, 3)))
    inverse_std, normalize = handed_over
    assert inverse_std[1] is variance
    np.testing.assert_array_equal(normalize[2], mean)
    assert normalize[3:] == ("i", None, None)


def test_col2im_hands_its_arguments_to_the_kernel(handed_over):
    p = np.ones((2, 3, 3, 2, 4, 5))
    assert add_patches(p, (9, 6), (2, 1), (0, 0)) == "add_patches"
    assert handed_over == [("add_patches", p, (9, 6), (2, 1), (0, 0))]


# ---- col2im -------------------------------------------------------------------------------------------------------


@st.composite
def patch_geometries(draw_):
    kernel, stride = (draw_(st.tuples(st.integers(1, 4), st.integers(1, 4))) for _ in range(2))
    padding, size = draw_(st.tuples(st.integers(0, 3), st.integers(0, 3))), draw_(st.tuples(st.integers(1, 9), small))
    places = [(n + 2 * p - k) // s + 1 for n, p, k, s in zip(size, padding, kernel, stride, strict=True)]
    assume(min(places) > 0)
    return (draw_(small), *places, *kernel, draw_(small)), size, stride, padding


@needs_cuda
@examples
@given(geometry=patch_geometries(), dtype=dtypes, layout=layouts, seed=st.integers(0, 99))
def test_add_patches(geometry, dtype, layout, seed):
    shape, *arguments = geometry
    p = on_gpu(draw(seed, shape, dtype, ties=False), layout)
    expected = add_patches(on_host(p), *arguments)
    found = on_host(add_patches(p, *arguments))
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, expected)  # the same sums in the same order


# ---- pooling ------------------------------------------------------------------------------------------------------


@st.composite
def windows(draw_):
    """Arguments of a pool, and the shape of an x that it has a place in."""
    kernel = draw_(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    padding = tuple(draw_(st.integers(0, k // 2)) for k in kernel)
    size = tuple(draw_(st.integers(max(1, k - 2 * p), 8)) for k, p in zip(kernel, padding, strict=True))
    stride = draw_(st.one_of(st.none(), st.tuples(small, small)))
    return (kernel, stride, padding, draw_(st.booleans())), (draw_(small), draw_(small), *size)


@needs_cuda
@examples
@given(pool=windows(), dtype=dtypes, layout=layouts, other=layouts, seed=st.integers(0, 99))
def test_max_pool_among_ties(pool, dtype, layout, other, seed):
    arguments, shape = pool
    x = draw(seed, shape, dtype)
    cotangent = draw(seed + 1, MaxPool2d(*arguments).forward(x).shape, dtype)
    (y, grad), (plain_y, plain_grad) = both(lambda: MaxPool2d(*arguments), x, cotangent, layout, other)
    assert y.dtype == grad.dtype == dtype
    np.testing.assert_array_equal(y, plain_y)
    np.testing.assert_array_equal(grad, plain_grad)  # sums of small integers are exact


@needs_cuda
@pytest.mark.parametrize("special", [np.nan, -np.inf, np.inf])
@examples
@given(pool=windows(), share=st.sampled_from([0.1, 0.7, 1.0]), seed=st.integers(0, 99))
def test_max_pool_of_what_is_not_finite(special, pool, share, seed):
    arguments, shape = pool
    x = draw(seed, shape, np.float64)
    x[np.random.default_rng(seed).random(shape) < share] = special
    cotangent = draw(seed + 1, MaxPool2d(*arguments).forward(x).shape, np.float64)
    (y, grad), (plain_y, plain_grad) = both(lambda: MaxPool2d(*arguments), x, cotangent)
    np.testing.assert_array_equal(y, plain_y)
    if not np.isnan(special):  # the gradient of a maximum that is nan goes to no place in particular
        np.testing.assert_array_equal(grad, plain_grad)


@needs_cuda
@examples
@given(pool=windows(), count=st.booleans(), dtype=dtypes, layout=layouts, other=layouts, seed=st.integers(0, 99))
@example((((3, 3), (2, 2), (1, 1), True), (1, 1, 6, 6)), True, np.float64, "contiguous", "contiguous", 0)  # hangs over
def test_avg_pool(pool, count, dtype, layout, other, seed):
    arguments, shape = pool
    x = draw(seed, shape, dtype, ties=False)
    cotangent = draw(seed + 1, AvgPool2d(*arguments, count).forward(x).shape, dtype, ties=False)
    (y, grad), (plain_y, plain_grad) = both(lambda: AvgPool2d(*arguments, count), x, cotangent, layout, other)
    assert_close(y, plain_y, "forward")
    assert_close(grad, plain_grad, "backward")


@needs_cuda
@examples
@given(
    shape=st.tuples(small, small, st.integers(1, 9), st.integers(1, 9)),
    places=st.tuples(st.one_of(st.none(), st.integers(1, 10)), st.integers(1, 5)),
    dtype=dtypes,
    layout=layouts,
    seed=st.integers(0, 99),
)
def test_adaptive_avg_pool(shape, places, dtype, layout, seed):
    x = draw(seed, shape, dtype, ties=False)
    cotangent = draw(seed + 1, AdaptiveAvgPool2d(places).forward(x).shape, dtype, ties=False)
    (y, grad), (plain_y, plain_grad) = both(lambda: AdaptiveAvgPool2d(places), x, cotangent, layout, layout)
    assert_close(y, plain_y, "forward")
    assert_close(grad, plain_grad, "backward")


# ---- local response normalization -----------------------------------------------------------------------------------


@needs_cuda
@examples
@given(
    shape=st.one_of(st.tuples(small, st.integers(1, 8), small), st.tuples(small, st.integers(1, 8), small, small)),
    size=st.integers(1, 7),
    options=st.sampled_from([(1e-4, 0.75, 1.0), (0.7, 0.5, 2.0), (0.3, -1.0, 0.5), (0.0, 0.75, 1.0)]),
    dtype=dtypes,
    layout=layouts,
    seed=st.integers(0, 99),
)
def test_local_response_norm(shape, size, options, dtype, layout, seed):
    x, cotangent = (draw(seed + i, shape, dtype, ties=False) for i in range(2))
    (y, grad), (plain_y, plain_grad) = both(lambda: LocalResponseNorm(size, *options), x, cotangent, layout, layout)
    assert_close(y, plain_y, "forward")
    assert_close(grad, plain_grad, "backward")


# ---- batch normalization --------------------------------------------------------------------------------------------


@needs_cuda
@examples
@given(
    shape=st.one_of(st.tuples(st.integers(2, 5), small), st.tuples(st.integers(2, 5), small, small, small)),
    given=st.tuples(st.booleans(), st.booleans(), st.booleans()),
    training=st.booleans(),
    strips=st.sampled_from([1, 3, 512]),
    dtype=dtypes,
    layout=layouts,
    seed=st.integers(0, 99),
)
def test_batch_norm(shape, given, training, strips, dtype, layout, seed):
    assume(layout != "stretched" or not training)  # all images alike: the variance may be 0, and rounding is everything
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernels, "STRIPS", strips)
        check_batch_norm(shape, given, training, dtype, layout, seed)


def check_batch_norm(shape, given, training, dtype, layout, seed):
    channels = shape[1]
    x, cotangent, weight, bias, mean = (
        draw(seed + i, s, dtype, ties=False) for i, s in enumerate([shape, shape, channels, channels, channels])
    )
    x, variance = on_gpu(x, layout), np.asarray(np.random.default_rng(seed).uniform(0.5, 2, channels), dtype)
    keeps = given[2] or not training
    results = []
    for put in (on_gpu, on_host):
        running = [put(mean.copy()), put(variance.copy())] if keeps else [None, None]
        function = BatchNorm(*running, training, momentum=0.3, eps=1e-3)
        function.needs_input_grad = (True, True, True)
        arrays = [put(a) if needed else None for a, needed in zip((weight, bias), given[:2], strict=True)]
        y = function.forward(x if put is on_gpu else on_host(x), *arrays)
        results.append([y, *function.backward(put(cotangent)), *(running if keeps else [])])
    names = ["y", "grad_x", "grad_weight", "grad_bias", "running_mean", "running_var"]
    for name, found, expected in zip(names, *results, strict=False):
        assert on_host(found).dtype == dtype
        tolerance = {np.float64: 1e-10, np.float32: 1e-3}[dtype]  # two pixels a channel: the differences are small
        largest = max(1, np.abs(expected).max())
        np.testing.assert_allclose(on_host(found), expected, rtol=tolerance, atol=tolerance * largest, err_msg=name)


# ---- optimizers ---------------------------------------------------------------------------------------------------

OPTIMIZERS = [
    (optim.SGD, {"lr": 0.1, "momentum": 0.9}),
    (optim.SGD, {"lr": 0.1, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.2}),
    (optim.SGD, {"lr": 0.1, "momentum": 0.5, "nesterov": True, "weight_decay": 0.2}),
    (optim.SGD, {"lr": 0.1, "weight_decay": 0.2}),
    (optim.Adam, {"lr": 0.1}),
    (optim.Adam, {"lr": 0.1, "betas": (0.5, 0.7), "eps": 1e-3, "weight_decay": 0.2}),
    (optim.AdamW, {"lr": 0.1, "weight_decay": 0.2}),
]


@needs_cuda
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("kind", "options"), OPTIMIZERS)
def test_optimizer_steps(kind, options, dtype):
    shapes = [(3, 4), (5,), (), (2, 3, 2, 2)]
    rng = np.random.default_rng(0)
    start = [np.asarray(rng.standard_normal(shape), dtype) for shape in shapes]
    steps = [[np.asarray(rng.standard_normal(shape), dtype) for shape in shapes] for _ in range(5)]
    results = []
    for device in ("cuda", "cpu"):
        params = [mc.tensor(array, requires_grad=True, device=device) for array in start]
        optimizer = kind(params, **options)
        for grads in steps:
            for p, grad in zip(params, grads, strict=True):
                p.grad = backend.to_device(grad.copy(), device)
            optimizer.step()
        kept = [value for state in optimizer.state.values() for value in state.values() if backend.is_array(value)]
        results.append([p.numpy() for p in params] + [on_host(value) for value in kept])
    for found, expected in zip(*results, strict=True):
        assert_close(found, expected, f"{kind.__name__} {options}")


# ---- what they are for, and what they replace -----------------------------------------------------------------------


def launches():
    cpucupy = pytest.importorskip("cpucupy", reason="launches are counted by the real CuPy on a CPU alone")
    return cpucupy.counters()["launches"]


OPERATIONS = {
    "max_pool2d": (lambda: MaxPool2d(3, 2, 1, True), (2, 3, 8, 8)),
    "avg_pool2d": (lambda: AvgPool2d(3, 2, 1, True, False), (2, 3, 8, 8)),
    "adaptive_avg_pool2d": (lambda: AdaptiveAvgPool2d(4), (2, 3, 9, 9)),
    "local_response_norm": (lambda: LocalResponseNorm(5, 1e-4, 0.75, 1.0), (2, 8, 4, 4)),
    "col2im": (lambda: Col2Im((8, 8), (3, 3), (1, 1), (1, 1)), (2, 27, 64)),
}


@needs_cuda
@pytest.mark.parametrize("name", OPERATIONS)
def test_the_plain_version_too_runs_on_cupy_arrays_and_takes_at_least_four_times_the_launches(name, monkeypatch):
    make, shape = OPERATIONS[name]
    x = draw(0, shape, np.float64, ties=False)
    cotangent = draw(1, make().forward(x).shape, np.float64, ties=False)
    found, counts = [], []
    for usable in (True, False):
        monkeypatch.setattr(kernels, "usable", lambda xp, usable=usable: usable and xp is not np)
        function = make()
        function.needs_input_grad = (True,)
        before = launches()
        y = function.forward(on_gpu(x))
        between = launches()
        grad = function.backward(on_gpu(cotangent))
        after = launches()
        found.append((on_host(y), on_host(grad)))
        counts.append((between - before, after - between))
    for fused, plain in zip(*found, strict=True):
        assert_close(fused, plain, name)
    fused, plain = counts
    assert plain[0] >= 4 * fused[0], counts
    if name != "col2im":  # its gradient is im2col, which has no kernel
        assert plain[1] >= 4 * fused[1], counts
