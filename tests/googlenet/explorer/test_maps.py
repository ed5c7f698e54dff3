"""Maps as pictures: the numbers can be read back from the colors."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from googlenet.explorer import maps


def opened(address):
    """A picture as a browser finds it."""
    start, _, content = address.partition(",")
    assert start == "data:image/png;base64"
    return Image.open(io.BytesIO(base64.b64decode(content)))


def tiles(found):
    """The numbers of an atlas, read from its pixels as docs/explorer.md says: (count, h, w)."""
    numbers = np.asarray(opened(found["src"])).astype(float)
    height, width = found["tile"]
    middle = (found["levels"] - 1) / 2
    t = (numbers - middle) / middle if found["signed"] else numbers / (2 * middle)
    values = np.sign(t) * t**2 * found["highest"]
    places = [divmod(number, found["columns"]) for number in range(found["count"])]
    return np.stack([values[i * height : (i + 1) * height, j * width : (j + 1) * width] for i, j in places])


def numbers(*shape):
    return np.random.default_rng(0).standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize("levels", [255, 15])
@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("shape", [(7, 5, 5), (3, 2, 9), (1, 4, 4), (6,)], ids=str)
def test_the_numbers_can_be_read_back(shape, signed, levels):
    y = numbers(*shape) if signed else np.abs(numbers(*shape))
    order = maps.strongest_first(y)
    found = maps.atlas(y, order, signed, levels)
    expected = y.reshape(shape[0], *(shape[1:] or (1, 1)))[order]
    assert found["tile"] == list(expected.shape[1:]) and found["count"] == shape[0]
    assert (found["lowest"], found["highest"]) == (-np.abs(y).max() if signed else 0, np.abs(y).max())
    of_root = lambda values: np.sign(values) * np.sqrt(np.abs(values) / np.abs(y).max())  # noqa: E731
    half_a_color = 0.5 / ((levels - 1) / 2 if signed else levels - 1)
    assert np.abs(of_root(tiles(found)) - of_root(expected)).max() <= half_a_color * 1.0001


def test_only_those_of_the_order():
    y = np.arange(4.0).reshape(4, 1, 1)
    np.testing.assert_allclose(tiles(maps.atlas(y, [3, 0], False)).ravel(), [3, 0])


def test_zero_is_told_apart():
    found = maps.atlas(np.array([0.0, 1e-9, -1, 0.5]), range(4), True)
    assert tiles(found).ravel().tolist()[:3] == [0, 0, -1]
    assert opened(found["src"]).convert("RGB").getpixel((0, 0)) == (0xF7, 0xF7, 0xF7)
    nothing = maps.atlas(np.zeros((2, 3, 3)), [0, 1], True)
    assert (tiles(nothing) == 0).all() and (np.asarray(opened(nothing["src"])) == 127).all()
    assert (tiles(maps.atlas(np.zeros((2, 3, 3)), [0, 1], False)) == 0).all()


def test_signs_have_colors():
    red, green, blue = opened(maps.atlas(np.array([2.0]), [0], True)["src"]).convert("RGB").getpixel((0, 0))
    assert red > blue
    red, green, blue = opened(maps.atlas(np.array([-2.0]), [0], True)["src"]).convert("RGB").getpixel((0, 0))
    assert blue > red
    assert opened(maps.atlas(np.array([2.0]), [0], False)["src"]).convert("RGB").getpixel((0, 0)) == (255, 255, 255)


def test_about_as_wide_as_high():
    for shape in [(100, 3, 3), (64, 2, 8), (64, 8, 2), (17,)]:
        width, height = opened(maps.atlas(numbers(*shape), range(shape[0]), True)["src"]).size
        assert 0.5 <= width / height <= 2, shape


def test_fewer_colors_take_less():
    y = numbers(16, 20, 20)
    few, many = (maps.atlas(y, range(16), True, levels)["src"] for levels in (15, 255))
    assert len(few) < 0.6 * len(many)
    assert [base64.b64decode(src.partition(",")[2])[24] for src in (few, many)] == [4, 8]  # PNG's bits a pixel


def test_half():
    y = np.arange(15.0).reshape(1, 3, 5)
    assert maps.halved(y).tolist() == [[[3, 5, 6.5], [10.5, 12.5, 14]]]
    found = maps.atlas(y, [0], False, half=True)
    assert found["tile"] == [2, 3] and found["highest"] == 14
    np.testing.assert_allclose(tiles(found)[0], maps.halved(y)[0], atol=0.06)


def test_strongest_first():
    assert maps.strongest_first(np.array([1.0, -3, 2, 3])) == [1, 3, 2, 0]
    assert maps.strongest_first(np.array([[[0, -1.0]], [[0.5, 0.5]], [[-2, 0]]])) == [2, 0, 1]


def test_is_signed():
    assert maps.is_signed(np.array([1.0, -0.5])) and not maps.is_signed(np.array([0.0, 2]))


@pytest.mark.parametrize("signed", [True, False])
def test_an_overlay_is_the_more_transparent_the_nearer_to_0(signed):
    values = np.array([[0, 1.0], [4, -4 if signed else 4]])
    found = maps.overlay(values, signed)
    alpha = np.asarray(opened(found["src"]).convert("RGBA"))[:, :, 3]
    assert alpha.tolist() == [[0, 64], [255, 255]]
    assert found["size"] == [2, 2] and (found["lowest"], found["highest"]) == (-4 if signed else 0, 4)


def test_a_palette_goes_evenly_through_its_stops():
    found = maps.palette(("#000000", "#ff0040", "#ffffff"), 5)
    assert found.tolist() == [[0, 0, 0], [128, 0, 32], [255, 0, 64], [255, 128, 160], [255, 255, 255]]
