"""Crops against the textbook's filter and their distribution; and photos in all the ways in which files hold them."""

import io
import math
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from pixels import bilinear_weights, random_images
from support import REPOSITORY

from googlenet.data.transforms import (
    INTERPOLATIONS,
    center_crop,
    center_crop_box,
    random_crop_box,
    random_flip,
    random_resized_crop,
    whole,
)

# --- random_crop_box


def distance_from_uniform(values, low, high):
    """The Kolmogorov-Smirnov statistic, times the root of their number: above 1.63 in one of a hundred fair samples."""
    values = (np.sort(values) - low) / (high - low)
    ranks = np.arange(len(values) + 1) / len(values)
    return max(np.abs(values - ranks[1:]).max(), np.abs(values - ranks[:-1]).max()) * math.sqrt(len(values))


@pytest.fixture(scope="module")
def many_boxes():
    """20,000 boxes in a photo of 4000x3000: left, top, width, height."""
    rng = np.random.default_rng(0)
    left, top, right, bottom = np.array([random_crop_box(4000, 3000, rng) for _ in range(20000)]).T
    return left, top, right - left, bottom - top


def test_random_crops_are_spread_evenly_over_area_ratio_and_place(many_boxes):
    left, top, width, height = many_boxes
    area, ratio = width * height / (4000 * 3000), width / height
    always_fits = area < 9 / 16  # then even the tallest, of ratio 3/4, is less than 3000 pixels high
    assert always_fits.sum() > 8000
    assert distance_from_uniform(area[always_fits], 0.08, 9 / 16) < 1.63
    assert distance_from_uniform(np.log(ratio[always_fits]), math.log(3 / 4), math.log(4 / 3)) < 1.63
    assert area.max() > 0.97
    rng = np.random.default_rng(1)  # a whole pixel stands for all that would be rounded down to it
    x, y = (left + rng.random(20000)) / (4001 - width), (top + rng.random(20000)) / (3001 - height)
    assert distance_from_uniform(x, 0, 1) < 1.63
    assert distance_from_uniform(y, 0, 1) < 1.63
    assert abs(np.corrcoef(x, y)[0, 1]) < 0.03


def test_random_crops_that_do_not_fit_are_drawn_again(many_boxes):
    left, top, width, height = many_boxes
    assert ((left >= 0) & (top >= 0) & (left + width <= 4000) & (top + height <= 3000)).all()
    areas, log_ratios = np.meshgrid(np.linspace(0.08, 1, 1001), np.linspace(math.log(3 / 4), math.log(4 / 3), 1001))
    fits = areas * np.exp(-log_ratios) * 4 / 3 <= 1  # height ** 2 = area / ratio; the width fits whatever the ratio
    area, log_ratio = width * height / (4000 * 3000), np.log(width / height)
    assert area.mean() == pytest.approx(areas[fits].mean(), abs=4 * area.std() / math.sqrt(20000))
    assert log_ratio.mean() == pytest.approx(log_ratios[fits].mean(), abs=4 * log_ratio.std() / math.sqrt(20000))


def test_random_crops_of_a_small_photo_reach_every_border():
    rng = np.random.default_rng(0)
    boxes = {random_crop_box(6, 6, rng) for _ in range(5000)}
    for size in (3, 4, 5, 6):
        found = {(left, top) for left, top, right, bottom in boxes if (right - left, bottom - top) == (size, size)}
        assert found == {(left, top) for left in range(7 - size) for top in range(7 - size)}


@pytest.mark.parametrize(
    ("width", "height", "box"),
    [
        (1000, 10, (493, 0, 506, 10)),  # 13 wide: at most 4/3 of the height
        (10, 1001, (0, 494, 10, 507)),
        (1, 1, (0, 0, 1, 1)),
        (2, 1, (0, 0, 1, 1)),
    ],
)
def test_random_crop_falls_back_to_the_middle(width, height, box):
    assert random_crop_box(width, height, np.random.default_rng(0)) == box


@pytest.mark.parametrize(("width", "height"), [(400, 300), (300, 400), (1000, 10), (1, 1)])
def test_random_crop_always_draws_22_numbers(width, height):
    rng, others = np.random.default_rng(1), np.random.default_rng(1)
    random_crop_box(width, height, rng)
    others.random(22)
    assert rng.bit_generator.state == others.bit_generator.state


# --- center_crop_box


@pytest.mark.parametrize(
    ("width", "height", "size", "box"),
    [
        (256, 256, 224, (16, 16, 240, 240)),
        (512, 256, 224, (144, 16, 368, 240)),
        (1024, 2048, 224, (64, 576, 960, 1472)),  # four pixels become one
        (500, 375, 224, (58 * 500 / 341, 16 * 375 / 256, 282 * 500 / 341, 240 * 375 / 256)),
        (64, 32, 28, (18, 2, 46, 30)),
        (1, 1, 1, (0, 0, 1, 1)),
    ],
)
def test_center_crop_box(width, height, size, box):
    assert center_crop_box(width, height, size) == pytest.approx(box, abs=1e-9)


def test_center_crops_never_leave_the_photo():
    for width in (1, 2, 3, 7, 100, 333, 5000):
        for height in (1, 2, 5, 99, 400):
            for size in (1, 2, 3, 31, 224):
                left, top, right, bottom = center_crop_box(width, height, size)
                assert 0 <= left < right <= width
                assert 0 <= top < bottom <= height


# --- center_crop and random_resized_crop


def through_file(image, format, **options):
    """The image as it comes from a file of this format, not read yet; a JPEG file as exact as can be."""
    file = io.BytesIO()
    image.save(file, format, **({"quality": 100, "subsampling": 0} if format == "JPEG" else {}), **options)
    return Image.open(file)


def ramps(width, height):
    """A photo that tells where it is: red grows from left to right, green downwards, from 20 to 220; blue is 100."""
    x, y = (np.arange(width) + 0.5) / width, (np.arange(height) + 0.5) / height
    red, green = np.broadcast_arrays(20 + 200 * x, (20 + 200 * y)[:, None])
    return Image.fromarray(np.stack([red, green, np.full_like(red, 100)], axis=-1).round().astype(np.uint8))


def test_center_crop_is_the_middle_of_the_photo_resized():
    pixels = random_images(37, 50, 3)
    cut = center_crop(Image.fromarray(pixels), 28)
    rows, columns = bilinear_weights(32, 37), bilinear_weights(43, 50)  # the shorter side has 32: 28 * 256 / 224
    resized = np.einsum("hy,yxc,wx->hwc", rows, pixels.astype(float), columns)
    assert cut.mode == "RGB"
    assert cut.size == (28, 28)
    assert (
        np.abs(np.asarray(cut) - resized[2:30, 8:36]).max() <= 1.01
    )  # (43 - 28) / 2 is rounded to 8, as in torchvision


@pytest.mark.parametrize(("width", "height"), [(50, 37), (37, 50), (400, 11)])
def test_random_resized_crop_is_its_box_resized(width, height):
    pixels = random_images(height, width, 3)
    for seed in range(5):
        left, top, right, bottom = random_crop_box(width, height, np.random.default_rng(seed))
        rows, columns = bilinear_weights(28, height, top, bottom), bilinear_weights(28, width, left, right)
        expected = np.einsum("hy,yxc,wx->hwc", rows, pixels.astype(float), columns)
        cut = random_resized_crop(Image.fromarray(pixels), 28, np.random.default_rng(seed))
        assert cut.size == (28, 28)
        assert np.abs(np.asarray(cut) - expected).max() <= 1.01


# How much a pixel counts that is d pixels away, pixels of the smaller of both images. Bicubic: Keys 1981, a = -1/2.
FILTERS = {
    "bilinear": lambda d: np.maximum(0, 1 - d),
    "area": lambda d: (d <= 0.5).astype(float),
    "bicubic": lambda d: np.where(d < 1, 1.5 * d**3 - 2.5 * d**2 + 1, np.maximum(0, 2 - d) ** 2 * (1 - d) / 2),
}


@pytest.mark.parametrize("interpolation", ["bilinear", "area", "nearest", "bicubic"])
def test_interpolations_are_what_they_are_called(interpolation):
    pixels = random_images(37, 50, 3)
    for seed in range(3):
        box = left, top, right, bottom = random_crop_box(50, 37, np.random.default_rng(seed))
        matrices = []
        for start, stop, length in ((top, bottom, 37), (left, right, 50)):
            step = (stop - start) / 13
            places = start + (np.arange(13) + 0.5) * step
            if interpolation == "nearest":
                weights = (np.arange(length) == np.floor(places)[:, None]).astype(float)
            else:
                distance = np.abs(np.arange(length) + 0.5 - places[:, None]) / max(step, 1)
                weights = FILTERS[interpolation](distance)
            matrices.append(weights / weights.sum(axis=1, keepdims=True))
        expected = np.einsum("hy,yxc,wx->hwc", matrices[0], pixels.astype(float), matrices[1])
        cut = random_resized_crop(Image.fromarray(pixels), 13, np.random.default_rng(seed), interpolation)
        difference = np.abs(np.asarray(cut) - np.clip(expected, 0, 255))
        assert np.mean(difference > 2) < 0.1, box  # a place on the border of two pixels is rounded to either


def test_random_interpolation_is_one_of_four_equally_often():
    image = Image.fromarray(random_images(20, 20, 3))
    counts = dict.fromkeys(INTERPOLATIONS, 0)
    for seed in range(200):
        found = random_resized_crop(image, 7, np.random.default_rng(seed), "random").tobytes()
        for name in INTERPOLATIONS:
            counts[name] += found == random_resized_crop(image, 7, np.random.default_rng(seed), name).tobytes()
    assert list(counts) == ["bilinear", "area", "nearest", "bicubic"]
    assert min(counts.values()) > 30  # 50 +- 6 of 200; a few crops, of 7 or 14 pixels, are the same in several ways


@pytest.mark.parametrize(("interpolation", "numbers"), [("bilinear", 22), ("nearest", 22), ("random", 23)])
def test_only_a_random_interpolation_is_drawn(interpolation, numbers):
    rng, others = np.random.default_rng(1), np.random.default_rng(1)
    random_resized_crop(Image.new("RGB", (9, 9)), 4, rng, interpolation)
    others.random(22)
    assert (rng.bit_generator.state == others.bit_generator.state) == (numbers == 22)
    if numbers == 23:
        others.integers(4)
        assert rng.bit_generator.state == others.bit_generator.state


def test_whole_is_all_of_the_photo_squeezed_to_a_square():
    pixels = random_images(37, 50, 3)
    expected = np.einsum(
        "hy,yxc,wx->hwc", bilinear_weights(28, 37), pixels.astype(float), bilinear_weights(28, 50)
    )  # fmt: skip
    found = whole(Image.fromarray(pixels), 28)
    assert (found.mode, found.size) == ("RGB", (28, 28))
    assert np.abs(np.asarray(found) - expected).max() <= 1.01


@pytest.mark.parametrize("format", ["JPEG", "PNG"])
@pytest.mark.parametrize(("width", "height"), [(1203, 901), (901, 1203), (900, 64)])
def test_crops_of_large_photos_are_where_they_should_be(format, width, height):
    def crops():
        yield center_crop_box(width, height, 28), lambda photo: center_crop(photo, 28)
        for seed in range(4):
            box = random_crop_box(width, height, np.random.default_rng(seed))
            yield box, lambda photo, seed=seed: random_resized_crop(photo, 28, np.random.default_rng(seed))

    for (left, top, right, bottom), crop in crops():
        cut = np.asarray(crop(through_file(ramps(width, height), format))).astype(float)
        for channel, axis, start, stop, length in ((0, 0, left, right, width), (1, 1, top, bottom, height)):
            places = start + (np.arange(28) + 0.5) * (stop - start) / 28
            expected = 20 + 200 * places / length
            assert np.abs(cut[..., channel].mean(axis)[1:-1] - expected[1:-1]).max() < 1
        assert np.abs(cut[..., 2] - 100).max() <= 2


@pytest.mark.parametrize(
    ("size", "decoded"), [(48, (150, 113)), (96, (300, 225)), (150, (600, 450)), (224, (1200, 900))]
)
def test_of_a_large_jpeg_file_only_what_is_needed_is_decoded(size, decoded):
    photo = through_file(ramps(1200, 900), "JPEG")
    cut = center_crop(photo, size)
    assert photo.size == decoded
    whole = through_file(ramps(1200, 900), "JPEG")
    whole.load()
    expected = np.asarray(center_crop(whole, size)).astype(int)
    assert whole.size == (1200, 900)
    assert np.abs(np.asarray(cut) - expected).max() <= 2


COLORS = {
    "RGB": ((200, 30, 40), (20, 60, 220)),
    "CMYK": ((200, 30, 40), (20, 60, 220)),
    "P": ((200, 30, 40), (20, 60, 220)),
    "L": (50, 200),
    "1": (0, 255),
}


def halves(mode):
    """An image of 64x64 whose left half has the one color, its right half the other; and both colors as RGB."""
    kind = "RGB" if mode in ("CMYK", "P") else mode
    image = Image.new(kind, (64, 64), COLORS[mode][0])
    image.paste(COLORS[mode][1], (32, 0, 64, 64))
    colors = [color if isinstance(color, tuple) else (color,) * 3 for color in COLORS[mode]]
    return {"CMYK": lambda: image.convert("CMYK"), "P": lambda: image.quantize(2)}.get(mode, lambda: image)(), colors


@pytest.mark.parametrize(
    ("mode", "format"), [(mode, "PNG") for mode in ("RGB", "P", "L", "1")] + [(m, "JPEG") for m in ("RGB", "CMYK", "L")]
)
def test_every_kind_of_color_becomes_rgb(mode, format):
    image, (left, right) = halves(mode)
    cut = np.asarray(center_crop(through_file(image, format), 28)).astype(int)
    assert np.abs(cut[:, :13] - left).max() <= 4
    assert np.abs(cut[:, 15:] - right).max() <= 4


@pytest.mark.parametrize("mode", ["P", "1"])
def test_colors_of_a_palette_are_mixed_when_shrinking(mode):
    dots = Image.fromarray(random_images(64, 64) // 128 * 255).convert(mode, dither=Image.Dither.NONE)
    cut = np.asarray(center_crop(through_file(dots, "PNG"), 28))
    assert len(np.unique(cut)) > 20
    np.testing.assert_array_equal(cut, np.asarray(center_crop(dots.convert("RGB"), 28)))


def test_16_bits_of_gray_become_8():
    values = np.tile(np.linspace(0, 65535, 64).astype(np.uint16), (64, 1))
    cut = np.asarray(center_crop(through_file(Image.fromarray(values), "PNG"), 56)).astype(int)
    np.testing.assert_allclose(cut, np.broadcast_to(values[4:60, 4:60, None] // 256, (56, 56, 3)), atol=1)


def see_through(kind):
    """An image of 64x64: the left half transparent, with a red that nobody shall see; the right half a plain blue."""
    image = Image.new("RGBA", (64, 64), (255, 0, 0, 0))
    image.paste((0, 0, 255, 255), (32, 0, 64, 64))
    if kind == "palette":
        return through_file(image.quantize(4), "PNG")
    if kind == "one color":
        return through_file(image.convert("RGB"), "PNG", transparency=(255, 0, 0))
    return through_file(image, "PNG")


@pytest.mark.parametrize(("kind", "mode"), [("alpha channel", "RGBA"), ("palette", "P"), ("one color", "RGB")])
@pytest.mark.parametrize("size", [28, 56, 100])
def test_white_shines_through_what_is_transparent(kind, mode, size):
    image = see_through(kind)
    assert image.mode == mode
    cut = np.asarray(center_crop(image, size)).astype(int)
    assert (cut[:, : size // 2 - 2] == 255).all()
    assert (cut[:, size // 2 + 2 :] == (0, 0, 255)).all()
    np.testing.assert_array_equal(cut[..., 0], cut[..., 1])  # on the border, white and blue are mixed, and no red


def test_white_shines_through_gray_with_transparency():
    image = Image.new("LA", (64, 64), (0, 0))
    image.paste((100, 255), (32, 0, 64, 64))
    cut = np.asarray(center_crop(through_file(image, "PNG"), 28)).astype(int)
    assert (cut[:, :12] == 255).all()
    assert (cut[:, 16:] == 100).all()


# EXIF 2.32, orientation: on which side of the scene the first row and the first column of the file are.
SIDES = {
    1: "top left", 2: "top right", 3: "bottom right", 4: "bottom left",
    5: "left top", 6: "right top", 7: "right bottom", 8: "left bottom",
}  # fmt: skip


@pytest.mark.parametrize("format", ["JPEG", "PNG"])
@pytest.mark.parametrize("orientation", SIDES)
def test_photos_are_turned_upright(orientation, format):
    upright = ramps(640, 480)  # large enough to be decoded at half its size
    stored = np.asarray(upright)
    row, column = SIDES[orientation].split()
    if row in ("left", "right"):
        stored = stored.transpose(1, 0, 2)
    if row in ("bottom", "right"):
        stored = stored[::-1]
    if column in ("right", "bottom"):
        stored = stored[:, ::-1]
    exif = Image.Exif()
    exif[0x0112] = orientation
    photo = through_file(Image.fromarray(np.ascontiguousarray(stored)), format, exif=exif)
    cut, expected = (np.asarray(center_crop(image, 84)).astype(int) for image in (photo, upright))
    assert np.abs(cut - expected).max() <= 3


# --- random_flip


def test_flip_mirrors_every_second_photo():
    image = Image.fromarray(random_images(5, 8, 3))
    rng = np.random.default_rng(0)
    mirrored = 0
    for _ in range(1000):
        flipped = np.asarray(random_flip(image, rng))
        mirrored += (same := (flipped == np.asarray(image)[:, ::-1]).all())
        assert same or (flipped == np.asarray(image)).all()
    assert abs(mirrored - 500) < 50  # three standard deviations
    other = np.random.default_rng(0)
    other.random(1000)
    assert rng.bit_generator.state == other.bit_generator.state


# --- what photos are refused


@pytest.mark.parametrize("function", [random_resized_crop, center_crop, random_flip, whole])
def test_photos_must_be_pillow_images(function):
    rng = np.random.default_rng(0)
    arguments = {random_resized_crop: (28, rng), center_crop: (28,), whole: (28,), random_flip: (rng,)}[function]
    with pytest.raises(TypeError, match=rf"{function.__name__}: image is a ndarray, expected a PIL.Image.Image"):
        function(np.zeros((40, 40, 3), np.uint8), *arguments)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda image: center_crop(image, 0), ValueError, "center_crop: size is 0, expected at least 1"),
        (lambda image: center_crop(image, 2.5), TypeError, r"center_crop: size is 2\.5, expected an int"),
        (lambda image: random_resized_crop(image, -1, None), ValueError, "random_resized_crop: size is -1"),
        (lambda image: random_resized_crop(image, 28, 0), TypeError, "random_crop_box: rng is a int, expected a numpy"),
        (lambda image: whole(image, 0), ValueError, "whole: size is 0, expected at least 1"),
        (lambda image: random_resized_crop(image, 28, None, "cubic"), ValueError, "interpolation is 'cubic', expected"),
        (lambda image: random_flip(image, np.random), TypeError, "random_flip: rng is a module, expected a numpy"),
        (lambda image: random_crop_box(0, 5, None), ValueError, "random_crop_box: width is 0"),
        (lambda image: random_crop_box(5, "5", None), TypeError, "random_crop_box: height is '5', expected an int"),
        (lambda image: center_crop_box(0, 5, 5), ValueError, "center_crop_box: width is 0"),
        (lambda image: center_crop_box(5, 0, 5), ValueError, "center_crop_box: height is 0"),
        (lambda image: center_crop_box(5, 5, 0), ValueError, "center_crop_box: size is 0"),
    ],
)
def test_crops_refuse(call, error, message):
    with pytest.raises(error, match=message):
        call(Image.new("RGB", (40, 40)))


# --- imports


def test_pillow_is_imported_only_when_needed():
    code = "import sys, googlenet.data.transforms, googlenet.data; print('PIL' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"
