"""Pictures that a page carries in itself."""

import base64
import io

import numpy as np
import pytest

from googlenet.report.pictures import data_uri, filter_sheet, thumbnail


def opened(address):
    from PIL import Image

    kind, _, content = address.partition(";base64,")
    image = Image.open(io.BytesIO(base64.b64decode(content)))
    assert kind == f"data:image/{image.format.lower()}"
    return image


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 3)])
def test_small_pictures_come_back_as_they_are(shape):
    pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    np.testing.assert_array_equal(np.asarray(opened(data_uri(pixels))), pixels)


def test_a_view_of_an_array_will_do():
    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    np.testing.assert_array_equal(np.asarray(opened(data_uri(pixels[:, :, ::-1]))), pixels[:, :, ::-1])


@pytest.mark.parametrize(("shape", "kind"), [((300, 200, 3), "JPEG"), ((28, 28), "PNG"), ((32, 32, 3), "PNG")])
def test_thumbnails_are_small_and_photos_are_photos(shape, kind):
    address = thumbnail(lambda index: np.full(shape, index, np.uint8), 200)
    image = opened(address)
    assert image.format == kind
    assert max(image.size) == min(128, max(shape))
    assert np.abs(np.asarray(image).astype(int) - 200).max() <= 2
    assert len(address) < 5000


@pytest.mark.parametrize("error", [OSError("gone"), SyntaxError("broken PNG file")])
def test_a_picture_that_cannot_be_read_is_none(error):
    def picture(index):
        raise error

    assert thumbnail(picture, 0) is None


def filters(*colors):
    """Filters of 2x2, each of one color, with one weight of 0."""
    weight = np.array(colors, np.float32)[:, :, np.newaxis, np.newaxis] * np.ones((1, 1, 2, 2), np.float32)
    weight[:, :, 0, 0] = 0
    return weight


@pytest.mark.parametrize(("order", "color"), [("RGB", (255, 128, 0)), ("BGR", (0, 128, 255))])
def test_filters_have_their_colors_in_the_order_of_the_channels(order, color):
    sheet = filter_sheet(filters([2.0, 0.0, -2.0], [0.01, 0.0, -0.01]), order)
    assert sheet.shape == (2, 5, 3)
    for left in (0, 3):  # each is scaled by its own largest weight
        assert tuple(sheet[1, left]) == color
        assert tuple(sheet[0, left]) == (128, 128, 128)
    assert (sheet[:, 2] == 255).all()


def test_gray_filters_eight_in_a_row():
    weight = np.zeros((19, 1, 7, 7), np.float32)
    weight[9] = 1.0
    weight[9, 0, 6, 6] = -1.0
    sheet = filter_sheet(weight, "L")
    assert sheet.shape == (23, 63)
    assert (sheet[8, 8], sheet[14, 14], sheet[0, 0], sheet[8, 7], sheet[22, 60]) == (255, 0, 128, 255, 255)


def test_a_filter_of_zeros_is_gray():
    assert (filter_sheet(np.zeros((1, 3, 2, 2)), "RGB") == 128).all()
