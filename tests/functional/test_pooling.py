import itertools

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import assume, given, settings
from support import (
    Case,
    OperationTest,
    as_pair,
    channels_last,
    contiguous,
    leaf,
    negative,
    put,
    raises,
    tensor,
    threads,
    ties,
    torch,
)

import minicnn as mc
import minicnn.functional as F
from minicnn import backend
from minicnn.functional.pooling import for_each_part


def naive_places(size, kernel, stride, padding, ceil_mode):
    """How many windows stand along one axis.

    All that fit into the padded image; in ceil mode one more, where the one before leaves a part out, but none that
    would start in the padding on the right.
    """
    places, start = 0, -padding
    while start + kernel <= size + padding or (ceil_mode and start - stride + kernel < size + padding and start < size):
        places, start = places + 1, start + stride
    return places


def naive_windows(x, kernel_size, stride=None, padding=0, ceil_mode=False):
    """For every place (i, j) the rows and the columns of the padded image that the window covers, from -P to H + P."""
    kernel, padding = as_pair(kernel_size), as_pair(padding)
    stride = kernel if stride is None else as_pair(stride)
    rows, columns = (
        [range(i * s - p, min(i * s - p + k, size + p)) for i in range(naive_places(size, k, s, p, ceil_mode))]
        for size, k, s, p in zip(x.shape[2:], kernel, stride, padding, strict=True)
    )
    return rows, columns


def naive_max_pool2d(x, *arguments, **keywords):
    """The largest pixel in every window; there are none in the padding."""
    n, c, h, w = x.shape
    rows, columns = naive_windows(x, *arguments, **keywords)
    y = np.empty((n, c, len(rows), len(columns)))
    for image, channel, i, j in np.ndindex(y.shape):
        inside = [(r, s) for r in rows[i] for s in columns[j] if 0 <= r < h and 0 <= s < w]
        y[image, channel, i, j] = max(x[image, channel, r, s] for r, s in inside)
    return y


def naive_avg_pool2d(x, *arguments, count_include_pad=True, **keywords):
    """The sum of every window's pixels divided by their number; with count_include_pad the padding counts too."""
    n, c, h, w = x.shape
    rows, columns = naive_windows(x, *arguments, **keywords)
    y = np.empty((n, c, len(rows), len(columns)))
    for image, channel, i, j in np.ndindex(y.shape):
        inside = [(r, s) for r in rows[i] for s in columns[j] if 0 <= r < h and 0 <= s < w]
        count = len(rows[i]) * len(columns[j]) if count_include_pad else len(inside)
        y[image, channel, i, j] = sum(x[image, channel, r, s] for r, s in inside) / count
    return y


POOLS = [
    Case("2x2", (2, 2, 4, 6), kernel_size=2),
    Case("2x2 leaves a row out", (2, 2, 5, 4), kernel_size=2),
    Case("2x2, ceil", (2, 2, 5, 4), kernel_size=2, ceil_mode=True),
    Case("3x3 in steps of two, overlapping", (2, 2, 5, 7), kernel_size=3, stride=2),
    Case("3x3 in steps of two, ceil, GoogLeNet's", (2, 2, 6, 8), kernel_size=3, stride=2, ceil_mode=True),
    Case("3x3 in steps of one with padding, the branch's", (2, 2, 4, 5), kernel_size=3, stride=1, padding=1),
    Case("padding and ceil", (2, 1, 5, 6), kernel_size=3, stride=2, padding=1, ceil_mode=True),
    Case("ceil drops a window in the padding", (1, 2, 3, 5), kernel_size=2, stride=2, padding=1, ceil_mode=True),
    Case("rectangular in every way", (1, 2, 5, 8), kernel_size=(2, 4), stride=(1, 3), padding=(1, 2)),
    Case("rectangular, ceil", (1, 2, 6, 7), kernel_size=(3, 2), stride=(2, 4), padding=(0, 1), ceil_mode=True),
    Case("four wide in steps of two, ceil", (1, 2, 5, 5), kernel_size=4, stride=2, padding=1, ceil_mode=True),
    Case("windows apart", (1, 1, 7, 8), kernel_size=2, stride=3),
    Case("windows apart, ceil", (1, 1, 6, 7), kernel_size=1, stride=4, ceil_mode=True),
    Case("1x1", (2, 1, 2, 3), kernel_size=1),
    Case("the whole image", (2, 3, 3, 4), kernel_size=(3, 4)),
    Case("larger than the image, ceil", (1, 2, 2, 3), kernel_size=4, stride=4, padding=0, ceil_mode=True),
    Case("one pixel", (1, 1, 1, 1), kernel_size=2, stride=1, padding=1),
    Case("five images of one channel", (5, 1, 4, 4), kernel_size=3, stride=2, padding=1),
    Case("one image of seven channels", (1, 7, 3, 3), kernel_size=2, stride=1),
]


class TestMaxPool2d(OperationTest):
    name, arguments = "max_pool2d", ("x",)
    cases = [
        *POOLS,
        Case("negative numbers with padding", (2, 2, 4, 5), draw=negative, kernel_size=3, stride=2, padding=1),
        Case("ties", (2, 3, 6, 7), draw=ties, kernel_size=3, stride=1, padding=1),
        Case("ties, ceil", (2, 3, 6, 8), draw=ties, kernel_size=3, stride=2, ceil_mode=True),
        Case("ties, rectangular", (1, 2, 7, 8), draw=ties, kernel_size=(2, 3), stride=(1, 2), padding=(1, 0)),
    ]

    def operation(self, case, x):
        return F.max_pool2d(x, **case.arguments)

    def naive(self, case, x):
        return naive_max_pool2d(x, **case.arguments)

    def torch_operation(self, case, x):
        return torch.nn.functional.max_pool2d(x, **case.arguments)


class TestAvgPool2d(OperationTest):
    name, arguments = "avg_pool2d", ("x",)
    cases = [
        *POOLS,
        *(
            Case(f"{case.name}, pixels counted", *case.shapes, **case.arguments, count_include_pad=False)
            for case in POOLS
            if case.arguments.get("padding") or case.arguments.get("ceil_mode")
        ),
        Case("5x5 in steps of three, the head's", (2, 1, 14, 14), kernel_size=5, stride=3),
    ]

    def operation(self, case, x):
        return F.avg_pool2d(x, **case.arguments)

    def naive(self, case, x):
        return naive_avg_pool2d(x, **case.arguments)

    def torch_operation(self, case, x):
        return torch.nn.functional.avg_pool2d(x, **case.arguments)


def naive_adaptive_avg_pool2d(x, output_size):
    """The mean over the rows from floor(i H / OH) to ceil((i + 1) H / OH) - 1, and so for the columns."""
    n, c, h, w = x.shape
    oh, ow = (o or size for o, size in zip(as_pair(output_size), (h, w), strict=True))
    y = np.empty((n, c, oh, ow))
    for image, channel, i, j in np.ndindex(y.shape):
        rows = [r for r in range(h) if (r + 1) * oh > i * h and r * oh < (i + 1) * h]
        columns = [s for s in range(w) if (s + 1) * ow > j * w and s * ow < (j + 1) * w]
        y[image, channel, i, j] = sum(x[image, channel, r, s] for r in rows for s in columns) / len(rows) / len(columns)
    return y


class TestAdaptiveAvgPool2d(OperationTest):
    name, arguments = "adaptive_avg_pool2d", ("x",)
    cases = [
        Case("to one, GoogLeNet's last", (2, 3, 4, 3), output_size=1),
        Case("that divides", (2, 2, 4, 6), output_size=2),
        Case("that does not divide", (2, 2, 5, 7), output_size=3),
        Case("to a rectangle", (1, 2, 5, 6), output_size=(2, 4)),
        Case("to 4x4, the head's", (1, 2, 5, 5), output_size=4),
        Case("to more than there is", (1, 2, 2, 3), output_size=(5, 4)),
        Case("rows kept", (1, 2, 3, 5), output_size=(None, 2)),
        Case("columns kept", (1, 2, 3, 5), output_size=(1, None)),
        Case("one pixel", (1, 1, 1, 1), output_size=1),
        Case("five images for three threads", (5, 1, 3, 3), output_size=2),
    ]

    def operation(self, case, x):
        return F.adaptive_avg_pool2d(x, **case.arguments)

    def naive(self, case, x):
        return naive_adaptive_avg_pool2d(x, **case.arguments)

    def torch_operation(self, case, x):
        return torch.nn.functional.adaptive_avg_pool2d(x, **case.arguments)


# ---- where the windows stand ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "padding", "floor", "ceil"),
    [
        (112, 3, 2, 0, 55, 56),  # the paper's pools: 112, 56, 28, 14, 7
        (56, 3, 2, 0, 27, 28),
        (28, 3, 2, 0, 13, 14),
        (14, 3, 2, 0, 6, 7),
        (112, 3, 2, 1, 56, 57),
        (224, 3, 2, 0, 111, 112),
        (5, 2, 2, 0, 2, 3),  # pool4 of a network for 81 pixels: 5 -> 3
        (4, 2, 2, 0, 2, 2),  # nothing is left out
        (3, 2, 2, 1, 2, 2),  # a third would start at 4 - 1 = 3, in the padding on the right
        (4, 2, 2, 1, 3, 3),
        (5, 3, 3, 1, 2, 2),  # a third would start at 5
        (6, 3, 3, 1, 2, 3),  # a third starts at 5, the last pixel
        (2, 1, 4, 0, 1, 1),
        (5, 1, 3, 0, 2, 2),
        (1, 1, 1, 0, 1, 1),
        (2, 3, 2, 0, None, 1),  # larger than the image: only in ceil mode
    ],
)
@pytest.mark.parametrize("pool", [F.max_pool2d, F.avg_pool2d])
def test_number_of_places(pool, size, kernel, stride, padding, floor, ceil):
    x = mc.Tensor(np.zeros((1, 1, size, size)))
    assert pool(x, kernel, stride, padding, ceil_mode=True).shape == (1, 1, ceil, ceil)
    if floor is None:
        with raises(ValueError, f"{pool.__name__}: kernel_size {(kernel, kernel)} is larger than the image"):
            pool(x, kernel, stride, padding)
    else:
        assert pool(x, kernel, stride, padding).shape == (1, 1, floor, floor)


# ---- maximum --------------------------------------------------------------------------------------------------------


def test_padding_never_wins_the_maximum():
    x = leaf(np.array([[[[-5.0, -3.0], [-4.0, -7.0]]]]))
    y = F.max_pool2d(x, 2, 2, padding=1)
    np.testing.assert_array_equal(y.data, [[[[-5, -3], [-4, -7]]]])
    y.backward(np.array([[[[1.0, 2], [3, 4]]]]))
    np.testing.assert_array_equal(x.grad, [[[[1, 2], [3, 4]]]])


@pytest.mark.parametrize(
    ("window", "first"),
    [
        ([[7, 7, 7], [7, 7, 7], [7, 7, 7]], (0, 0)),
        ([[0, 0, 7], [7, 0, 0], [0, 7, 0]], (0, 2)),  # first in its column is another: (1, 0)
        ([[0, 0, 0], [0, 0, 7], [7, 0, 0]], (1, 2)),
        ([[0, 0, 0], [0, 0, 0], [0, 7, 7]], (2, 1)),
        ([[-1, -2, -1], [-2, -1, -2], [-1, -2, -1]], (0, 0)),
    ],
)
def test_the_first_of_equals_in_row_order_gets_the_gradient(window, first):
    x = leaf([[window]])
    F.max_pool2d(x, 3).backward(np.array([[[[5.0]]]]))
    expected = np.zeros((3, 3))
    expected[first] = 5
    np.testing.assert_array_equal(x.grad[0, 0], expected)


def test_a_maximum_of_several_windows_gets_all_their_gradients():
    x = leaf([[[[0.0, 0, 0], [0, 9, 0], [0, 0, 0]]]])
    F.max_pool2d(x, 2, 1).backward(np.array([[[[1.0, 10], [100, 1000]]]]))
    np.testing.assert_array_equal(x.grad, [[[[0, 0, 0], [0, 1111, 0], [0, 0, 0]]]])


def test_windows_do_not_reach_into_the_next_row_channel_or_image():
    """The largest pixels stand where a window that ran over an edge would find them."""
    x = np.zeros((2, 2, 3, 3))
    x[:, :, :, 0] = 100
    x[1:] += 1000
    y = F.max_pool2d(mc.Tensor(x), (2, 2), 1)
    np.testing.assert_array_equal(y.data[:, :, :, 1], [[[0, 0], [0, 0]], [[1000, 1000], [1000, 1000]]])


def test_every_window_gives_its_whole_gradient_away():
    """Also where all pixels are -inf, and where some are inf."""
    x = np.random.default_rng(0).choice([-np.inf, 1.0, np.inf], (2, 2, 6, 6), p=[0.8, 0.1, 0.1])
    x[0, 0] = -np.inf
    x = leaf(x)
    y = F.max_pool2d(x, 3, 2)
    cotangent = np.random.default_rng(1).integers(1, 9, y.shape).astype(float)
    y.backward(cotangent)
    np.testing.assert_array_equal(x.grad.sum(axis=(2, 3)), cotangent.sum(axis=(2, 3)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_largest_of_nothing_but_minus_infinity_is_minus_infinity(dtype):
    x = np.full((1, 2, 4, 4), -np.inf, dtype)
    assert (F.max_pool2d(mc.Tensor(x), 3, stride=2, padding=1).data == -np.inf).all()


def test_max_pooling_shows_nan():
    x = np.ones((1, 1, 4, 4))
    x[0, 0, 1, 2] = np.nan
    np.testing.assert_array_equal(F.max_pool2d(mc.Tensor(x), 2).data, [[[[1, np.nan], [1, 1]]]])


# ---- mean -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("count_include_pad", "corner", "edge", "middle"), [(True, 4 / 9, 6 / 9, 1), (False, 1, 1, 1)])
def test_what_counts_at_the_border(count_include_pad, corner, edge, middle):
    ones = leaf(np.ones((1, 1, 3, 3)))
    y = F.avg_pool2d(ones, 3, 1, 1, count_include_pad=count_include_pad)
    np.testing.assert_allclose(y.data, [[[[corner, edge, corner], [edge, middle, edge], [corner, edge, corner]]]])
    y.backward(np.array([[[[36.0, 0, 0], [0, 0, 0], [0, 0, 0]]]]))
    each = 4 if count_include_pad else 9
    np.testing.assert_allclose(ones.grad, [[[[each, each, 0], [each, each, 0], [0, 0, 0]]]])


def test_what_the_last_window_reaches_beyond_the_padding_never_counts():
    x = mc.Tensor(np.arange(1.0, 6).reshape(1, 1, 1, 5))
    y = F.avg_pool2d(x, (1, 2), ceil_mode=True)
    np.testing.assert_array_equal(y.data, [[[[1.5, 3.5, 5]]]])
    y = F.avg_pool2d(x, (1, 4), (1, 3), (0, 1), ceil_mode=True)  # 0 1 2 3, then 3 4 5 0; nothing is left out
    np.testing.assert_array_equal(y.data, [[[[6 / 4, 12 / 4]]]])
    y = F.avg_pool2d(x, (1, 4), (1, 4), (0, 1), ceil_mode=True)  # 0 1 2 3, then 4 5 0, and no more
    np.testing.assert_array_equal(y.data, [[[[6 / 4, 9 / 3]]]])


def test_adaptive_windows_by_hand():
    x = mc.Tensor(np.array([1.0, 10, 100, 1000, 10000]).reshape(1, 1, 1, 5))
    y = F.adaptive_avg_pool2d(x, (1, 3))
    np.testing.assert_allclose(y.data, [[[[11 / 2, 1110 / 3, 11000 / 2]]]])


def test_adaptive_to_one_is_the_mean():
    x = tensor(2, 3, 7, 5)
    np.testing.assert_allclose(F.adaptive_avg_pool2d(x, 1).data[:, :, 0, 0], x.data.mean(axis=(2, 3)), rtol=1e-13)


# ---- memory ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pool", [lambda x: F.max_pool2d(x, 2), lambda x: F.avg_pool2d(x, 2), lambda x: F.adaptive_avg_pool2d(x, 2)]
)
@pytest.mark.parametrize("layout", [contiguous, channels_last])
def test_results_and_gradients_have_the_channels_last_in_memory(pool, layout, device):
    x = mc.Tensor(layout(put(tensor(2, 3, 4, 5).data, device)), requires_grad=True)
    y = pool(x)
    y.backward(layout(put(tensor(*y.shape).data, device)))
    for array in (y.data, x.grad):
        assert array.transpose(0, 2, 3, 1).flags.c_contiguous, f"strides {array.strides}"


@pytest.mark.parametrize(("shape", "count"), [((1, 40, 41, 91), 3), ((4, 40, 41, 91), 4), ((1, 4, 4, 9), 1)])
def test_parts_cover_everything_once_and_all_threads_have_a_share_of_a_large_image(shape, count):
    x, parts = np.zeros(shape), []
    with threads(3):
        for_each_part(parts.append, x)
    for part in parts:
        x[part] += 1
    np.testing.assert_array_equal(x, np.ones(shape))
    assert len(parts) == count


@pytest.mark.parametrize("pool", [F.max_pool2d, F.avg_pool2d])
@pytest.mark.parametrize("images", [1, 3])
def test_pooling_more_than_the_cache_holds(pool, images):
    """Walked in blocks on threads, a single image by its channels; must give what a few channels alone give."""
    x = tensor(images, 91, 40, 41, dtype=np.float32, requires_grad=True)
    assert x.data.nbytes > backend.blocks.CACHE_BYTES
    with threads(3):
        y = pool(x, 3, 2, 1, ceil_mode=True)
        cotangent = tensor(*y.shape, dtype=np.float32).data
        y.backward(cotangent)
    for n in range(images):
        one = mc.Tensor(x.data[n : n + 1, :5], requires_grad=True)
        y_one = pool(one, 3, 2, 1, ceil_mode=True)
        y_one.backward(cotangent[n : n + 1, :5])
        np.testing.assert_array_equal(y_one.data, y.data[n : n + 1, :5])
        np.testing.assert_array_equal(one.grad, x.grad[n : n + 1, :5])


@pytest.mark.parametrize(
    "pool", [lambda x: F.max_pool2d(x, 2), lambda x: F.avg_pool2d(x, 2), lambda x: F.adaptive_avg_pool2d(x, 2)]
)
@pytest.mark.parametrize("shape", [(0, 3, 4, 4), (2, 0, 4, 4)], ids=str)
def test_no_images_and_no_channels(pool, shape):
    x = tensor(*shape, requires_grad=True)
    y = pool(x)
    assert y.shape == (*shape[:2], 2, 2)
    y.backward(np.ones(y.shape))
    assert x.grad.shape == shape


# ---- what is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("pool", [F.max_pool2d, F.avg_pool2d])
@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"kernel_size": 0}, ValueError, "kernel_size is 0, expected at least 1"),
        ({"kernel_size": (2, 0)}, ValueError, "kernel_size is (2, 0), expected at least 1"),
        ({"kernel_size": 2.0}, TypeError, "kernel_size is 2.0, expected an int or a pair of ints"),
        ({"kernel_size": None}, TypeError, "kernel_size is None, expected an int or a pair of ints"),
        ({"kernel_size": 2, "stride": 0}, ValueError, "stride is 0, expected at least 1"),
        ({"kernel_size": 2, "stride": "2"}, TypeError, "stride is '2', expected an int or a pair of ints"),
        ({"kernel_size": 2, "padding": -1}, ValueError, "padding is -1, expected at least 0"),
        ({"kernel_size": 2, "padding": None}, TypeError, "padding is None, expected an int or a pair of ints"),
        ({"kernel_size": 3, "padding": 2}, ValueError, "padding is ...2..., expected at most half of kernel_size ...3"),
        (
            {"kernel_size": (4, 2), "padding": (2, 2)},
            ValueError,
            "padding is (2, 2), expected at most half of kernel_size (4, 2)",
        ),
        ({"kernel_size": (6, 2)}, ValueError, "kernel_size (6, 2) is larger than the image (4, 5) with padding (0, 0)"),
        (
            {"kernel_size": 6, "stride": 1, "ceil_mode": True},
            ValueError,
            "kernel_size (6, 6) has no place in the image (4, 5)",
        ),
    ],
    ids=str,
)
def test_wrong_arguments_are_refused(pool, arguments, error, message):
    with raises(error, f"{pool.__name__}: {message}"):
        pool(tensor(2, 3, 4, 5), **arguments)


@pytest.mark.parametrize("pool", [F.max_pool2d, F.avg_pool2d, F.adaptive_avg_pool2d])
@pytest.mark.parametrize("shape", [(3, 4, 4), (4, 4), (1, 2, 3, 4, 4), ()], ids=str)
def test_images_without_four_axes_are_refused(pool, shape):
    with raises(ValueError, f"{pool.__name__}: x has shape {shape}, expected 4 axes (N, C, H, W)"):
        pool(tensor(*shape), 1)


@pytest.mark.parametrize(
    ("output_size", "error", "message"),
    [
        (0, ValueError, "output_size is 0, expected at least 1"),
        ((2, -1), ValueError, "output_size is -1, expected at least 1"),
        (2.0, TypeError, "output_size is 2.0, expected an int"),
        ((2, "3"), TypeError, "output_size is '3', expected an int"),
        ((1, 2, 3), TypeError, "output_size is (1, 2, 3), expected an int, None or a pair of them"),
        (((1, 2), (3, 4)), TypeError, "output_size is"),
        (True, TypeError, "output_size is True, expected an int"),
    ],
    ids=str,
)
def test_wrong_output_sizes_are_refused(output_size, error, message):
    with raises(error, f"adaptive_avg_pool2d: {message}"):
        F.adaptive_avg_pool2d(tensor(2, 3, 4, 4), output_size)


@pytest.mark.parametrize("pool", [F.max_pool2d, F.avg_pool2d, F.adaptive_avg_pool2d])
def test_images_without_pixels_are_refused(pool):
    with raises(ValueError, pool.__name__, "0, 4)"):
        pool(tensor(2, 3, 0, 4), 1)


# ---- properties -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 5])
@pytest.mark.parametrize(("pool", "naive"), [(F.max_pool2d, naive_max_pool2d), (F.avg_pool2d, naive_avg_pool2d)])
def test_every_small_geometry(pool, naive, kernel):
    """All sizes up to 7, strides up to 4, paddings, both modes. For both pools <y, g> = <x, grad_x>."""
    rng = np.random.default_rng(0)
    for size, stride, padding, ceil_mode in itertools.product(
        range(1, 8), range(1, 5), range(kernel // 2 + 1), [False, True]
    ):
        if not naive_places(size, kernel, stride, padding, ceil_mode):
            continue
        arguments = {"kernel_size": kernel, "stride": stride, "padding": padding, "ceil_mode": ceil_mode}
        x = leaf(rng.standard_normal((1, 2, size, size)))
        y = pool(x, **arguments)
        g = rng.standard_normal(y.shape)
        y.backward(g)
        what = f"size {size}, {arguments}"
        np.testing.assert_allclose(y.data, naive(x.data, **arguments), rtol=1e-12, atol=1e-12, err_msg=what)
        np.testing.assert_allclose((x.data * x.grad).sum(), (y.data * g).sum(), rtol=1e-10, atol=1e-10, err_msg=what)


@st.composite
def pools(draw):
    kernel, stride = (draw(st.tuples(st.integers(1, 4), st.integers(1, 4))) for _ in range(2))
    padding = tuple(draw(st.integers(0, k // 2)) for k in kernel)
    arguments = {"kernel_size": kernel, "stride": stride, "padding": padding, "ceil_mode": draw(st.booleans())}
    size = draw(st.tuples(st.integers(1, 9), st.integers(1, 9)))
    axes = zip(size, kernel, stride, padding, strict=True)
    assume(all(naive_places(*axis, arguments["ceil_mode"]) for axis in axes))
    shape = (draw(st.integers(1, 3)), draw(st.integers(1, 2)), *size)
    return Case("random", shape, draw=draw(st.sampled_from([ties, negative])), **arguments)


@given(pools())
@settings(max_examples=50, deadline=None, derandomize=True)
def test_max_pooling_of_random_geometry(case):
    TestMaxPool2d().agrees(case)


@given(pools(), st.booleans())
@settings(max_examples=50, deadline=None, derandomize=True)
def test_mean_pooling_of_random_geometry(case, count_include_pad):
    case.arguments["count_include_pad"] = count_include_pad
    TestAvgPool2d().agrees(case)


@given(st.tuples(*[st.integers(1, 3)] * 2, *[st.integers(1, 8)] * 2), st.tuples(*[st.integers(1, 9)] * 2))
@settings(max_examples=40, deadline=None, derandomize=True)
def test_adaptive_pooling_of_random_sizes(shape, output_size):
    TestAdaptiveAvgPool2d().agrees(Case("random", shape, output_size=output_size))
