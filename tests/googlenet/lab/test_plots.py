"""The pictures' lines and dots."""

import math

import numpy as np
import pytest
from lab_runs import runs

from googlenet.lab import plots
from googlenet.report.figure import new_figure


@pytest.fixture
def axes():
    return new_figure(5, 4).subplots()


def test_a_line_is_the_mean_of_the_seeds_and_the_band_reaches_from_lowest_to_highest(axes):
    plots.curves(axes, ["a", "b"], {"one": [[1.0, 2.0], [3.0, 6.0]], "other": [[0.0, 0.0]]})
    assert list(axes.lines[0].get_ydata()) == [2.0, 4.0] and axes.lines[0].get_label() == "one"
    band = axes.collections[0].get_paths()[0].vertices[:, 1]
    assert (band.min(), band.max()) == (1.0, 6.0)
    assert axes.get_yscale() == "linear" and axes.get_legend() is not None
    assert axes.lines[0].get_color() != axes.lines[1].get_color()
    assert axes.lines[0].get_marker() != axes.lines[1].get_marker()


def test_on_a_log_axis_the_mean_is_geometric_and_0_is_left_out(axes):
    plots.curves(axes, [1, 2, 3], {"one": [[1.0, 5.0, 0.0], [100.0, 5.0, 0.0]]}, log=True)
    np.testing.assert_allclose(axes.lines[0].get_xydata(), [[1, 10], [2, 5]])
    assert axes.get_yscale() == "log"


def test_a_training_that_has_ended_early_is_drawn_as_far_as_it_came(axes):
    plots.curves(axes, [1, 2, 3], {"one": [[4.0, None], [2.0, 8.0, 9.0]]})
    np.testing.assert_allclose(axes.lines[0].get_xydata(), [[1, 3], [2, 8], [3, 9]])


def test_losses_stand_beside_that_of_guessing(axes):
    plots.losses(axes, {"a": runs((0.5,), (2.0, 1.0)), "b": runs((0.5, 0.6), (3.0,))})
    assert [list(line.get_xdata()) for line in axes.lines[:2]] == [[1, 2], [1]]
    assert list(axes.lines[2].get_ydata()) == pytest.approx(2 * [math.log(10)])
    assert axes.get_xlabel() == "epoch" and axes.get_ylabel().startswith("training loss")
    assert all(tick == round(tick) for tick in axes.get_xticks())


def test_dots_are_seeds_in_percent_with_their_mean(axes):
    plots.dots(axes, {"a": [0.5, 0.7], "b": [0.9]})
    assert list(axes.lines[0].get_ydata()) == pytest.approx([50, 70]) and list(axes.lines[0].get_xdata()) == [0, 0]
    assert axes.collections[0].get_segments()[0][:, 1] == pytest.approx([60, 60])
    assert [label.get_text() for label in axes.get_xticklabels()] == ["a", "b"]
    assert axes.get_ylabel() == "test accuracy, %"


def test_colors_differ_for_the_color_blind():
    """In lightness or in what every eye sees of color: no two are near each other when red and green are one."""
    seen = [np.array([int(c[i : i + 2], 16) / 255 for i in (1, 3, 5)]) for c in plots.COLORS]
    both = [np.array([0.4 * r + 0.6 * g, b]) for r, g, b in seen]
    assert all(np.abs(a - b).max() > 0.1 for i, a in enumerate(both) for b in both[:i])
    assert len(set(plots.MARKERS)) == len(plots.COLORS)
