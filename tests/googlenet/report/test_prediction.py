"""A photo with its label and a bar chart of the probabilities."""

import io

import numpy as np
import pytest
from PIL import Image

from googlenet.report import prediction as report
from googlenet.report.prediction import prediction_png

BEST = [("tulips", 0.75), ("roses", 0.2), ("daisy", 0.05)]


@pytest.fixture
def drawn(monkeypatch):
    """drawn(photo, name, best): the figure."""
    kept = []
    monkeypatch.setattr(report, "png", lambda figure: kept.append(figure) or b"")

    def draw(photo, name="a.jpg", best=BEST):
        prediction_png(photo, name, best)
        return kept[-1]

    return draw


def test_the_photo_with_its_label_and_its_name(drawn):
    photo = Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8))
    figure = drawn(photo)
    np.testing.assert_array_equal(figure.axes[0].images[0].get_array(), np.asarray(photo))
    assert figure.get_suptitle() == "tulips  75.0%"
    assert figure.axes[0].get_xlabel() == "a.jpg"


def test_a_bar_for_each_class_the_most_probable_above(drawn):
    bars = drawn(Image.new("RGB", (60, 40))).axes[1]
    assert [bar.get_width() for bar in bars.patches] == [0.75, 0.2, 0.05]
    assert [label.get_text() for label in bars.get_yticklabels()] == ["tulips", "roses", "daisy"]
    assert [text.get_text() for text in bars.texts] == ["75.0%", "20.0%", "5.0%"]
    lowest, highest = bars.get_ylim()
    assert lowest > 2 and highest < 0  # y grows downwards
    assert bars.get_xlim()[0] == 0
    assert bars.patches[0].get_facecolor() != bars.patches[1].get_facecolor() == bars.patches[2].get_facecolor()


def test_the_bars_of_certain_predictions_can_be_compared_with_others(drawn):
    """The axis is the same, whatever the probabilities."""
    limits = {drawn(Image.new("RGB", (9, 9)), best=[("a", p), ("b", 1 - p)]).axes[1].get_xlim() for p in (0.51, 1)}
    assert len(limits) == 1


@pytest.mark.parametrize(("size", "width"), [((600, 400), 11.75), ((400, 800), 7.5), ((1, 3000), 7.5), ((3000, 1), 12)])
def test_the_picture_is_as_wide_as_the_photo_needs(drawn, size, width):
    assert drawn(Image.new("RGB", size)).get_size_inches()[0] == pytest.approx(width)


def test_long_names_and_formulas(drawn):
    name = "tench, Tinca tinca, and whatever else belongs to it, in Latin, Greek and all the rest of the languages"
    figure = drawn(Image.new("RGB", (40, 80)), name, [(name, 0.5), ("$x$\n", 0.5)])
    assert len(figure.get_suptitle()) < 60 and figure.get_suptitle().endswith("…  50.0%")
    assert len(figure.axes[0].get_xlabel()) < 30
    assert [label.get_text() for label in figure.axes[1].get_yticklabels()] == [name[:27] + "…", r"\$x\$�"]


def test_it_is_a_png():
    picture = Image.open(io.BytesIO(prediction_png(Image.new("RGB", (60, 40)), "a.jpg", BEST)))
    assert picture.format == "PNG" and picture.size == (1175, 500)
