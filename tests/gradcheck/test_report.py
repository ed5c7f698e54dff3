"""The report of a gradient check: its figures, its words at 80 columns, the V of step sizes."""

import matplotlib.image
import numpy as np
import pytest

import minicnn.functional as F
from minicnn import GradCheckError, Tensor, gradcheck
from minicnn.functional.activation import Tanh
from minicnn.functional.linear import Linear


class WrongTanh(Tanh):
    def backward(self, grad_y):
        return 1.01 * super().backward(grad_y)


def leaf(*shape, seed=0):
    return Tensor(np.random.default_rng(seed).standard_normal(shape), requires_grad=True)


def test_a_right_gradient_gives_a_report_that_is_true():
    x, w = leaf(4, 3), leaf(2, 3, seed=1)
    report = gradcheck(F.linear, [x, w], report=True)
    assert report
    assert report.message == ""
    assert [(i.number, i.shape, i.checked, i.wrong) for i in report.inputs] == [(0, (4, 3), 12, 0), (1, (2, 3), 6, 0)]
    for i in report.inputs:
        assert 0 < i.max_absolute_error < 1e-8
        assert 0 < i.max_relative_error < 1e-8


def test_a_wrong_gradient_gives_a_report_that_is_false_and_says_why_for_every_input():
    class Wrong(Linear):
        def backward(self, grad_y):
            grad_x, grad_weight, grad_bias = super().backward(grad_y)
            return grad_x, -grad_weight, grad_bias

    report = gradcheck(lambda x, w, b: Wrong()(x, w, b), [leaf(4, 3), leaf(2, 3, seed=1), leaf(2)], report=True)
    assert not report
    assert [i.wrong for i in report.inputs] == [0, 6, 0]
    assert "inputs[1]" in report.message
    assert "the wrong sign" in report.message
    assert report.inputs[1].max_relative_error == pytest.approx(2, rel=1e-6)


def test_what_is_wrong_behind_ones_back_is_in_the_report_too():
    class Greedy(Tanh):
        def backward(self, grad_y):
            grad_x = super().backward(grad_y)
            grad_y *= 2
            return grad_x

    report = gradcheck(lambda x: Greedy()(x).exp(), leaf(3), report=True)
    assert not report
    assert "backward of greedy changed the gradient it was given" in str(report)


def test_evaluations_are_those_of_the_function():
    calls = []

    def fn(x):
        calls.append(1)
        return x.exp()

    report = gradcheck(fn, leaf(3), report=True)
    assert report.evaluations == len(calls) > 6  # two for each element at least
    calls.clear()
    cheap = gradcheck(fn, leaf(50), directions=2, report=True)
    assert cheap.evaluations == len(calls)
    assert cheap.evaluations < 100  # fewer than two for each element
    calls.clear()
    with pytest.raises(GradCheckError) as error:
        gradcheck(lambda x: WrongTanh()(fn(x)), leaf(3))
    assert f"({len(calls)} evaluations)" in str(error.value)


def test_the_sweep_is_a_v():
    """From the right: truncation, 100 times smaller for a tenth of the step; from the left: rounding."""
    sweep = dict(gradcheck(lambda x: F.tanh(x), leaf(5, 4), report=True).inputs[0].sweep)
    assert sweep[1e-2] / sweep[1e-3] == pytest.approx(100, rel=0.05)
    bottom = min(sweep, key=sweep.get)
    assert 1e-7 < bottom < 1e-3
    assert sweep[1e-11] > 100 * sweep[bottom]


def test_the_sweep_of_a_wrong_gradient_has_a_floor():
    report = gradcheck(lambda x: WrongTanh()(x), leaf(5, 4), report=True)
    errors = np.array([error for step, error in report.inputs[0].sweep if step <= 1e-4])
    assert errors.min() > 1e-4
    np.testing.assert_allclose(errors, errors[0], rtol=0.1)


@pytest.mark.parametrize(
    ("fn", "scale"),
    [
        (lambda x: x.log(), 1e-5),  # differences of 1e-6 are far too coarse for a logarithm at 1e-5
        (lambda x: (1e5 * x).exp(), 1e-6),
        (lambda x: 1.0 / x, 3e-5),
    ],
)
def test_a_step_is_found_where_a_fixed_one_does_not_do(fn, scale):
    x = Tensor(scale * np.random.default_rng(0).uniform(1, 2, 6), requires_grad=True)
    report = gradcheck(fn, x, report=True)
    assert report
    assert report.inputs[0].step < 1e-9
    assert report.inputs[0].allowed < 1e-6
    fixed = gradcheck(fn, x, eps=1e-6, report=True)
    assert fixed.inputs[0].step == pytest.approx(1e-6)
    assert fixed.inputs[0].unclear or fixed.inputs[0].allowed > 1e-3


def test_a_right_gradient_may_be_off_by_little():
    report = gradcheck(lambda x, y: F.relu(x) * y, [leaf(4, 3), leaf(4, 3, seed=1)], report=True)
    assert max(i.allowed for i in report.inputs) < 1e-8
    assert [(i.unclear, i.moved) for i in report.inputs] == [(0, 0), (0, 0)]


def test_the_table_fits_80_columns():
    report = gradcheck(F.conv2d, [leaf(2, 2, 5, 5), leaf(3, 2, 3, 3)], report=True)
    lines = str(report).splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].split()[:2] == ["input", "shape"]
    assert lines[1].startswith("[0]     (2, 2, 5, 5)")
    assert lines[-2] == f"{report.evaluations:,} evaluations of the function"
    assert lines[-1].startswith("not looked at: ")


def test_plot_draws_a_line_for_each_input_and_saves_it(tmp_path):
    report = gradcheck(F.linear, [leaf(4, 3), leaf(2, 3, seed=1)], report=True)
    figure = report.plot(tmp_path / "v.png")
    (axes,) = figure.axes
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["inputs[0] (4, 3)", "inputs[1] (2, 3)"]
    assert axes.get_title() == "right"
    picture = matplotlib.image.imread(tmp_path / "v.png")
    assert picture.std() > 0.05


def test_directions_are_reported_too():
    report = gradcheck(lambda x: WrongTanh()(x), leaf(5, 4), directions=3, report=True)
    assert not report
    assert report.inputs[0].checked == 3
    assert "It is the right one times 1.01" in report.message
