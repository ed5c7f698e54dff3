"""conv2d, im2col, the pools and concat: their numbers are the library's, and a library that is wrong is caught."""

import re

import numpy as np
import pytest

import minicnn as mc
import minicnn.functional as F
from minicnn import nn
from minicnn.explain.worked.window import Window
from minicnn.functional.concat import Concat
from minicnn.functional.convolution import Conv2d
from minicnn.functional.im2col import Im2Col
from minicnn.functional.pooling import AvgPool2d, MaxPool2d

FUNCTIONS = {"conv2d": Conv2d, "im2col": Im2Col, "max_pool2d": MaxPool2d, "avg_pool2d": AvgPool2d, "concat": Concat}
MORE = pytest.mark.everything("more cases of operations")
RANDOM = np.random.default_rng(0)


def drawn(*shape):
    return RANDOM.standard_normal(shape)


@pytest.mark.parametrize("method", ["forward", "backward"])
@pytest.mark.parametrize(
    "name", ["conv2d", *(pytest.param(name, marks=MORE) for name in FUNCTIONS if name != "conv2d")]
)
def test_a_library_that_is_wrong_is_caught(name, method, monkeypatch):
    right = getattr(FUNCTIONS[name], method)

    def wrong(self, *inputs):
        found = right(self, *inputs)
        if isinstance(found, tuple):
            return tuple(one if one is None else one * 1.001 for one in found)
        return found * 1.001

    monkeypatch.setattr(FUNCTIONS[name], method, wrong)
    with pytest.raises(AssertionError, match="differ by|its terms add up|its factors give"):
        mc.explain(name)


@MORE
@pytest.mark.parametrize(("function", "inputs", "options"), [
    (F.conv2d, (drawn(1, 3, 5, 6), drawn(2, 3, 3, 2), drawn(2)), {"stride": (2, 1), "padding": (1, 0)}),
    (F.conv2d, (drawn(2, 1, 3, 3), drawn(1, 1, 1, 1)), {"stride": 2, "at": (1, 0, 1, 0)}),
    (F.conv2d, (drawn(1, 1, 1, 1), drawn(1, 1, 3, 3)), {"padding": 1}),
    (F.conv2d, (drawn(1, 1, 4, 4) * 1e-7, drawn(1, 1, 2, 2) * 1e9), {}),
    (F.im2col, (drawn(2, 2, 4, 5), (2, 3)), {"stride": (1, 2), "padding": 1, "at": (1, 0, 0)}),
    (F.max_pool2d, (drawn(2, 3, 6, 5), 3), {"stride": 2, "padding": 1, "ceil_mode": True, "at": (1, 2, 2, 2)}),
    (F.max_pool2d, (np.zeros((1, 1, 3, 3)), 2), {"stride": 1}),
    (F.avg_pool2d, (drawn(1, 2, 5, 5), 3), {"stride": 2, "padding": 1, "ceil_mode": True}),
    (F.avg_pool2d, (drawn(1, 2, 5, 5), 3), {"stride": 2, "padding": 1, "count_include_pad": False}),
    (F.avg_pool2d, (drawn(1, 1, 6, 6), 3), {"stride": 2, "ceil_mode": True, "padding": 1, "at": (0, 0, 3, 3)}),
    (F.concat, ([drawn(2, 3), drawn(2, 1)],), {"axis": -1}),
    (F.concat, ([drawn(3)],), {"axis": 0}),
])  # fmt: skip
def test_other_inputs(function, inputs, options):
    example = mc.explain(function, *inputs, **options)
    shown = str(example)
    assert max(map(len, shown.splitlines())) <= 80
    options.pop("at", None)
    tensors = [mc.Tensor(one) if isinstance(one, np.ndarray) else one for one in inputs]
    y = (
        function([mc.Tensor(x) for x in inputs[0]], **options)
        if function is F.concat
        else function(*tensors, **options)
    )
    ((name, index, value),) = re.findall(r"^  (y|columns)\[([0-9,]+)\] = ([-+0-9.e]+)", shown, re.MULTILINE)
    assert float(value) == pytest.approx(y.data[tuple(map(int, index.split(",")))], rel=1e-3)
    example.html()


def test_a_tie_is_told():
    shown = str(mc.explain("max_pool2d"))
    assert "y[0,0,0,1] has two winners or more, x[0,0,0,3] and x[0,0,1,4]" in " ".join(shown.split())
    assert "grad_x (23 of 25 elements)" in shown
    assert "winners or more" not in str(mc.explain(F.max_pool2d, np.arange(9.0).reshape(1, 1, 3, 3), 2))


@MORE
def test_of_large_inputs_what_is_around_the_chosen_element():
    layer = nn.Conv2d(3, 16, 3, padding=1)
    shown = str(mc.explain(layer, mc.Tensor(drawn(1, 3, 24, 24).astype(np.float32)), at=(0, 5, 10, 11)))
    assert "y[0,5,9:12,10:13]" in shown and "padded x[0,0,9:14,10:15]" in shown
    assert "elements): loops = F.conv2d" in shown
    assert len(shown.splitlines()) < 350


@pytest.mark.parametrize(("function", "arguments", "message"), [
    (F.max_pool2d, (2, 1), "max_pool2d: there are 999,999 places for the window, at most 131,072"),
    (F.avg_pool2d, (2, 1), "avg_pool2d: there are 999,999 places"),
    (F.conv2d, (np.ones((1, 1, 2, 2)),), "conv2d: there are 999,999 places"),
    (F.im2col, ((2, 500),), "im2col: the patches of x .1, 1, 2, 1000000. would be more than 33,554,432 numbers"),
])  # fmt: skip
def test_an_image_of_which_nobody_sees_an_end_is_refused(function, arguments, message):
    with pytest.raises(ValueError, match=message):
        mc.explain(function, np.zeros((1, 1, 2, 1_000_000)), *arguments)


def test_where_a_window_was_over_a_pixel():
    window = Window((4, 5), (3, 2), (2, 1), (1, 0), (2, 4))
    for i, j in np.ndindex(window.places):
        marked = [(row - 1, column) for _, row, column in window.elements(range(1), i, j)]  # padding is 1, 0
        assert [pixel for pixel in marked if window.inside(pixel)] == window.under(i, j)
        for pixel in window.under(i, j):
            assert [(i, j)] == [(a, b) for a, b, u, v in window.over(pixel) if (a, b) == (i, j)]
            assert all(window.pixel(a, b, u, v) == pixel for a, b, u, v in window.over(pixel))
