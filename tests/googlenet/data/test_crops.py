"""The crops of the papers, one by one, beside a plain reading of them."""

import io

import numpy as np
import pytest
from PIL import Image

from googlenet.data.crops import ImageCrops, crops, prepared_crops
from googlenet.data.images import ArrayImages, FileImages
from googlenet.data.preprocessing import Preprocessing
from googlenet.data.transforms.photos import center_crop
from minicnn.data import DataLoader

ORIENTATION = 0x0112


def photo_of_places(width, height):
    """Every pixel says where it is: red grows to the right, green downwards, over the whole photo."""
    x, y = np.meshgrid(np.linspace(0, 255, width), np.linspace(0, 255, height))
    return Image.fromarray(np.stack([x, y, np.full_like(x, 40)], axis=2).round().astype(np.uint8))


def noise(width, height):
    """No two pixels are alike."""
    return Image.fromarray(np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8))


def pixels(image):
    return np.asarray(image).astype(int)


def sentence_by_sentence(image, size):
    """Section 7 of "Going Deeper with Convolutions", as it reads, for crops of size x size in place of 224x224."""
    found = []
    # "we resize the image to 4 scales where the shorter dimension (height or width) is 256, 288, 320 and 352"
    for shorter in (256, 288, 320, 352):
        s = round(shorter * size / 224)
        w, h = image.size
        resized = image.resize((s * w // min(w, h), s * h // min(w, h)), Image.Resampling.BILINEAR)
        w, h = resized.size
        # "take the left, center and right square of these resized images (in the case of portrait images, we take the
        # top, center and bottom squares)"
        if w >= h:
            lefts_and_tops = [(0, 0), (round((w - s) / 2), 0), (w - s, 0)]
        else:
            lefts_and_tops = [(0, 0), (0, round((h - s) / 2)), (0, h - s)]
        for left, top in lefts_and_tops:
            square = resized.crop((left, top, left + s, top + s))
            # "For each square, we then take the 4 corners and the center 224x224 crop as well as the square resized to
            # 224x224, and their mirrored versions."
            m = round((s - size) / 2)
            six = [
                square.crop((0, 0, size, size)),
                square.crop((s - size, 0, s, size)),
                square.crop((0, s - size, size, s)),
                square.crop((s - size, s - size, s, s)),
                square.crop((m, m, m + size, m + size)),
                square.resize((size, size), Image.Resampling.BILINEAR),
            ]
            for crop in six:
                found += [crop, crop.transpose(Image.Transpose.FLIP_LEFT_RIGHT)]
    return found


SHAPES = [(90, 60), (60, 90), (64, 64), (91, 61), (61, 91), (130, 32), (32, 33), (31, 17), (7, 300)]


@pytest.mark.parametrize("size", [28, 33])
@pytest.mark.parametrize("shape", SHAPES)
def test_144_crops_are_those_of_the_paper(shape, size):
    photo = noise(*shape)  # one pixel beside the right place is something else
    expected, found = sentence_by_sentence(photo, size), crops(photo, size, 144)
    assert len(found) == len(expected) == 144
    for number, (one, other) in enumerate(zip(found, expected, strict=True)):
        assert one.size == (size, size) and one.mode == "RGB"
        assert abs(pixels(one) - pixels(other)).max() <= 2, number  # coefficients are rounded


@pytest.mark.parametrize("shape", [(640, 480), (500, 901)])
def test_144_crops_of_a_photo_that_is_shrunk_are_those_of_the_paper(shape):
    """Where pixels are first averaged in blocks."""
    photo = photo_of_places(*shape)
    for number, (one, other) in enumerate(zip(crops(photo, 28, 144), sentence_by_sentence(photo, 28), strict=True)):
        assert abs(pixels(one) - pixels(other)).max() <= 2, number


def test_at_224_pixels_and_the_first_scale_nothing_is_resampled():
    """A photo of 300x256, with pixels that differ: the crops have its very pixels, at the places that one can count."""
    photo = noise(300, 256)
    source, found = pixels(photo), crops(photo, 224, 144)
    for square, left in enumerate((0, 22, 44)):
        for crop, (x, y) in enumerate([(0, 0), (32, 0), (0, 32), (32, 32), (16, 16)]):
            number = square * 12 + crop * 2
            expected = source[y : y + 224, left + x : left + x + 224]
            np.testing.assert_array_equal(pixels(found[number]), expected, err_msg=str(number))
            np.testing.assert_array_equal(pixels(found[number + 1]), expected[:, ::-1], err_msg=str(number + 1))


@pytest.mark.parametrize("shape", [(300, 256), (256, 300), (256, 256)])
def test_10_crops_are_those_of_the_middle_square_at_the_first_scale(shape):
    photo = noise(*shape)
    found = crops(photo, 224, 10)
    source = pixels(photo)
    left, top = (shape[0] - 256) // 2, (shape[1] - 256) // 2
    places = [(0, 0), (32, 0), (0, 32), (32, 32), (16, 16)]
    assert len(found) == 10
    for number, (x, y) in enumerate(places):
        expected = source[top + y : top + y + 224, left + x : left + x + 224]
        np.testing.assert_array_equal(pixels(found[2 * number]), expected)
        np.testing.assert_array_equal(pixels(found[2 * number + 1]), expected[:, ::-1])


@pytest.mark.parametrize("shape", SHAPES)
def test_the_middle_of_10_crops_is_the_single_one(shape):
    photo = noise(*shape)
    (single,) = crops(photo, 28, 1)
    np.testing.assert_array_equal(pixels(single), pixels(center_crop(photo, 28)))
    assert abs(pixels(crops(photo, 28, 10)[8]) - pixels(single)).max() <= 2


@pytest.mark.parametrize("count", [10, 144])
@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 1), (2, 1)])
def test_the_smallest_and_the_narrowest_photos(shape, count):
    found = crops(Image.new("RGB", shape, (9, 8, 7)), 28, count)
    assert {crop.size for crop in found} == {(28, 28)}
    assert all((np.asarray(crop) == (9, 8, 7)).all() for crop in found)


@pytest.mark.parametrize("count", [10, 144])
@pytest.mark.parametrize(("orientation", "turn"), [(3, Image.Transpose.ROTATE_180), (6, Image.Transpose.ROTATE_90)])
def test_left_is_left_of_the_photo_as_it_is_looked_at(orientation, turn, count):
    """The camera was turned: what it has stored is turned back before anything is cut."""
    photo = photo_of_places(120, 80)
    stored, file, exif = photo.transpose(turn), io.BytesIO(), Image.Exif()
    exif[ORIENTATION] = orientation
    stored.save(file, "PNG", exif=exif)
    for one, other in zip(crops(Image.open(file), 28, count), crops(photo, 28, count), strict=True):
        np.testing.assert_array_equal(pixels(one), pixels(other))


@pytest.mark.parametrize("mode", ["L", "P", "1", "RGBA", "LA", "CMYK", "I;16", "YCbCr"])
def test_every_kind_of_image_becomes_color(mode):
    image = Image.new(mode, (40, 30))
    assert {crop.mode for crop in crops(image, 28, 144)} == {"RGB"}


def test_what_is_transparent_is_white_and_turned_all_the_same():
    image, file, exif = Image.new("RGBA", (40, 30), (255, 0, 0, 255)), io.BytesIO(), Image.Exif()
    image.paste((0, 0, 0, 0), (0, 0, 20, 30))  # the left half; turned, it is the upper one
    exif[ORIENTATION] = 6
    image.save(file, "PNG", exif=exif)
    upper_left, lower_left = crops(Image.open(file), 28, 10)[0], crops(Image.open(file), 28, 10)[4]
    assert upper_left.getpixel((0, 0)) == (255, 255, 255)
    assert lower_left.getpixel((0, 27)) == (255, 0, 0)


def test_of_a_large_jpeg_file_not_all_pixels_are_decoded():
    file = io.BytesIO()
    photo = photo_of_places(1000, 800)
    photo.save(file, "JPEG", quality=95)
    image = Image.open(file)
    found = crops(image, 28, 144)
    assert image.size == (125, 100)  # an eighth
    for one, other in zip(found, crops(photo, 28, 144), strict=True):
        assert abs(pixels(one) - pixels(other)).max() <= 6


def test_what_is_cut_has_pixels_enough_for_the_largest_scale():
    file = io.BytesIO()
    Image.new("L", (140, 130)).save(file, "JPEG")
    image = Image.open(file)
    crops(image, 28, 144)
    assert image.size == (140, 130)  # half of it, 65, is twice the smallest scale (32), not twice the largest (44)


@pytest.mark.parametrize(
    ("size", "count", "error", "message"),
    [
        (28, 9, ValueError, "crops: count is 9, expected one of 1, 10, 144"),
        (28, 10.0, TypeError, r"crops: count is 10\.0"),
        (0, 10, ValueError, "crops: size is 0, expected at least 1"),
    ],
)
def test_wrong_arguments_are_refused(size, count, error, message):
    with pytest.raises(error, match=message):
        crops(Image.new("RGB", (9, 9)), size, count)


# ---- for a network --------------------------------------------------------------------------------------------------

GRAY = Preprocessing(28, 1, (0.1307,), (0.3081,), "L", "whole")


@pytest.mark.parametrize("preprocessing", [Preprocessing(28), Preprocessing(28, order="BGR"), GRAY])
def test_each_crop_is_normalized(preprocessing):
    photo = photo_of_places(60, 40)
    x = prepared_crops(photo, preprocessing, 10)
    assert x.shape == (10, preprocessing.channels, 28, 28) and x.dtype == np.float32
    for one, crop in zip(x, crops(photo, 28, 10), strict=True):
        channels = {"RGB": [0, 1, 2], "BGR": [2, 1, 0]}.get(preprocessing.order)
        values = pixels(crop)[:, :, channels] if channels else pixels(crop.convert("L"))[:, :, np.newaxis]
        expected = (values / 255 - preprocessing.mean) / preprocessing.std
        np.testing.assert_allclose(one, expected.transpose(2, 0, 1), atol=1e-5)


def test_a_single_crop_is_what_the_preprocessing_cuts():
    photo = photo_of_places(60, 40)
    np.testing.assert_array_equal(prepared_crops(photo, GRAY, 1), GRAY(photo)[np.newaxis])


def test_a_data_set_of_crops():
    images = ArrayImages(np.random.default_rng(0).integers(0, 256, (5, 30, 30), np.uint8), [0, 1, 1, 0, 1], "ab", "x")
    dataset = ImageCrops(images, GRAY, 10, limit=3)
    x, labels = next(iter(DataLoader(dataset, 2)))
    assert x.shape == (2, 10, 1, 28, 28) and labels.tolist() == [0, 1]
    np.testing.assert_array_equal(x[1], prepared_crops(images.open(1), GRAY, 10))
    assert len(dataset) == 3 and len(ImageCrops(images, GRAY, 10)) == 5
    with pytest.raises(ValueError, match="ImageCrops: count is 12, expected one of 1, 10, 144"):
        ImageCrops(images, GRAY, 12)


def test_what_cannot_be_read_does_not_stop_the_others(tmp_path):
    photo_of_places(40, 30).save(tmp_path / "b.png")
    (tmp_path / "a.jpg").write_bytes(b"<html>")
    paths = [tmp_path / name for name in ("a.jpg", "b.png", "gone.png")]
    dataset = ImageCrops(FileImages(paths, [1, 2, 3], "abcd"), GRAY, 10)
    x, labels = next(iter(DataLoader(dataset, 3, num_workers=1)))
    np.testing.assert_array_equal(x[1], prepared_crops(Image.open(paths[1]), GRAY, 10))
    assert not x[0].any() and not x[2].any() and labels.tolist() == [1, 2, 3]
    assert sorted(dataset.unreadable) == [0, 2]
    assert dataset.unreadable[0] == "it is a web page in place of an image"
    assert dataset.unreadable[2] == "No such file or directory"
