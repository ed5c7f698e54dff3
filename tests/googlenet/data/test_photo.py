"""Photos as they come: every kind of color is read rightly, and what cannot be read has a reason.

Right is what was known before the file was written: each file here is made of colors of which the RGB is known.
"""

import io
import os
import struct
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image, features

from googlenet.data.photo import UnreadableImage, averageable, open_photo, orientation
from googlenet.data.transforms import center_crop, random_resized_crop

RGB = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]], [[200, 100, 50], [10, 20, 30], [255, 255, 255]]], np.uint8)
LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601, of JPEG and of gray


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(pixels, color, extra=b""):
    """A PNG file (RFC 2083) of 16 bits: color 0 gray, 2 RGB, 4 gray with alpha, 6 RGB with alpha."""
    height, width = pixels.shape[:2]
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, color, 0, 0, 0))
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    return b"\x89PNG\r\n\x1a\n" + header + extra + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def saved(image, format, **options):
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def read(tmp_path, content):
    """The colors of a file with this content, (H, W, 3), or (H, W) for gray."""
    path = tmp_path / "image"
    path.write_bytes(content)
    with open_photo(path) as photo:
        return np.asarray(averageable(photo)).astype(int)


def large(rgb):
    """Each pixel as a square of 16 pixels, so that a JPEG file keeps the colors in the middle of each."""
    return rgb.repeat(16, axis=0).repeat(16, axis=1)


def middles(pixels):
    return pixels[8::16, 8::16]


# ---- colors -------------------------------------------------------------------------------------------------------


def test_opened_and_not_yet_decoded(tmp_path):
    (tmp_path / "a.jpg").write_bytes(saved(Image.new("RGB", (640, 480)), "JPEG"))
    with open_photo(str(tmp_path / "a.jpg")) as photo:
        assert photo.size == (640, 480)
        assert photo.draft(None, (100, 80)) is not None
        assert photo.size == (160, 120)


@pytest.mark.parametrize("format", ["PNG", "BMP", "TIFF", "PPM", "TGA", "GIF", "WEBP"])
def test_files_without_loss(tmp_path, format):
    """By their contents, whatever their name."""
    pixels = read(tmp_path, saved(Image.fromarray(RGB), format, **({"lossless": True} if format == "WEBP" else {})))
    np.testing.assert_array_equal(pixels, RGB)


@pytest.mark.parametrize("format", ["JPEG", "AVIF", "JPEG2000"])
def test_files_with_loss(tmp_path, format):
    if format == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow has no AVIF")
    options = {"subsampling": 0} if format == "JPEG" else {}
    pixels = read(tmp_path, saved(Image.fromarray(large(RGB)), format, **options))
    np.testing.assert_allclose(middles(pixels), RGB, atol=6)


def test_cmyk(tmp_path):
    """Ink takes light away: red is what cyan leaves, black takes of all."""
    cyan_magenta_yellow_black = np.array([[[0, 255, 255, 0], [255, 0, 0, 0], [0, 0, 0, 128]]], np.uint8)
    expected = [[[255, 0, 0], [0, 255, 255], [127, 127, 127]]]
    image = Image.fromarray(cyan_magenta_yellow_black, "CMYK")
    np.testing.assert_allclose(read(tmp_path, saved(image, "TIFF")), expected, atol=1)
    stored = saved(Image.fromarray(large(cyan_magenta_yellow_black), "CMYK"), "JPEG", quality=95)
    assert b"Adobe" in stored
    np.testing.assert_allclose(middles(read(tmp_path, stored)), expected, atol=3)


def test_ycck(tmp_path):
    """What Photoshop writes, as the last byte of the Adobe mark says (2): inverted ink, 1 - ink of it as Y, Cb, Cr."""
    ink = 255 - RGB.astype(float)  # Adobe's technical note 5116, section 18
    y = ink @ LUMA
    blue, red = (ink[..., 2] - y) / 1.772 + 128, (ink[..., 0] - y) / 1.402 + 128  # JFIF 1.02
    stored = np.rint(np.stack([y, blue, red, np.full(y.shape, 255)], axis=-1).clip(0, 255)).astype(np.uint8)
    image = Image.fromarray(255 - large(stored), "CMYK")  # Pillow inverts what it writes
    stored = bytearray(saved(image, "JPEG", quality=98))
    transform = stored.index(b"Adobe") + 11
    assert stored[transform] == 0
    stored[transform] = 2
    np.testing.assert_allclose(middles(read(tmp_path, bytes(stored))), RGB, atol=6)


@pytest.mark.skipif(not features.check("littlecms2"), reason="this Pillow has no LittleCMS")
def test_lab_is_no_image_with_alpha(tmp_path):
    """CIE 15: L 54.3, a 80.8, b 69.9 (of D50) is the red of sRGB, L 100 is white."""
    lab = np.array([[[138, 81, 70], [255, 0, 0]]], np.uint8)
    pixels = read(tmp_path, saved(Image.frombytes("LAB", (2, 1), lab.tobytes()), "TIFF"))
    np.testing.assert_allclose(pixels, [[[255, 0, 0], [255, 255, 255]]], atol=6)


@pytest.mark.parametrize("color", [0, 2, 4, 6])
def test_png_of_16_bits(tmp_path, color):
    gray = np.array([[0x1234, 0xFFFF]])
    opaque = np.full(gray.shape, 0xFFFF)
    pixels = {
        0: gray,
        2: np.stack([gray, gray // 2, gray // 4], axis=-1),
        4: np.stack([gray, opaque], axis=-1),
        6: np.stack([gray, gray // 2, gray // 4, opaque], axis=-1),
    }[color]
    expected = pixels[..., :3] if color in (2, 6) else gray if color == 0 else gray[..., None].repeat(3, axis=-1)
    np.testing.assert_array_equal(read(tmp_path, png(pixels, color)), expected // 256)


def test_a_transparent_value_of_16_bits_is_white(tmp_path):
    content = png(np.array([[0x1234, 0x1235]]), 0, extra=chunk(b"tRNS", b"\x12\x34"))
    np.testing.assert_array_equal(read(tmp_path, content), [[255, 0x12]])


@pytest.mark.parametrize("order", ["<u2", ">u2"])
def test_tiff_of_16_bits(tmp_path, order):
    gray = np.array([[0x1234, 0xFF00, 7]], order)
    mode = "I;16" if order == "<u2" else "I;16B"
    image = Image.frombytes(mode, (3, 1), gray.tobytes())
    np.testing.assert_array_equal(read(tmp_path, saved(image, "TIFF")), [[0x12, 0xFF, 0]])


@pytest.mark.parametrize(
    ("values", "expected"),
    [([0, 0.5, 1], [0, 128, 255]), ([0, 100.4, 254.6], [0, 100, 255]), ([0, 0, 0], [0, 0, 0])],
)
def test_gray_as_floating_point_numbers(tmp_path, values, expected):
    image = Image.fromarray(np.array([values], np.float32))
    assert image.mode == "F"
    np.testing.assert_array_equal(read(tmp_path, saved(image, "TIFF")), [expected])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.array([[0, 1000]], np.float32), "its gray goes from 0 to 1000, expected 0 to 1 or 0 to 255: save it with"),
        (np.array([[-2, 1]], np.float32), "goes from -2 to 1,"),
        (np.array([[np.nan, 1]], np.float32), "goes from nan to nan,"),
        (np.array([[0, 70000]], np.int32), "goes from 0 to 70000, expected 0 to 65535"),
        (np.array([[-1, 1]], np.int32), "goes from -1 to 1,"),
    ],
)
def test_gray_whose_range_nobody_knows_is_refused(tmp_path, values, message):
    with pytest.raises(ValueError, match=message):
        read(tmp_path, saved(Image.fromarray(values), "TIFF"))


def test_gray_of_32_bits_holds_16(tmp_path):
    np.testing.assert_array_equal(
        read(tmp_path, saved(Image.fromarray(np.array([[0, 0xFFFF, 0x1200]], np.int32)), "TIFF")), [[0, 255, 0x12]]
    )


def test_black_and_white(tmp_path):
    image = Image.fromarray(np.array([[True, False]]))
    np.testing.assert_array_equal(read(tmp_path, saved(image, "PNG")), [[[255] * 3, [0] * 3]])


@pytest.mark.parametrize("mode", ["LA", "La", "PA", "RGBA", "RGBa"])
def test_white_shines_through(mode):
    """Half of black on white is gray; in the modes with a small a, colors are multiplied with it already."""
    image = Image.new(mode, (2, 1), (0, 128) if mode in ("LA", "La", "PA") else (0, 0, 0, 128))
    if mode == "PA":
        image.putpalette([0, 0, 0, 255, 255, 255])
    np.testing.assert_allclose(np.asarray(averageable(image)).astype(int), 127, atol=1)


def test_transparency_in_a_palette(tmp_path):
    image = Image.new("P", (2, 1))
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putdata([0, 1])
    for format, transparency in (("PNG", b"\0\xff"), ("PNG", 0), ("GIF", 0)):
        pixels = read(tmp_path, saved(image, format, transparency=transparency))
        np.testing.assert_array_equal(pixels, [[[255, 255, 255], [0, 0, 255]]])


@pytest.mark.parametrize("mode", ["HSV", "YCbCr", "RGBX", "P", "CMYK"])
def test_what_cannot_be_averaged_becomes_rgb_first(mode):
    assert averageable(Image.fromarray(RGB).convert(mode)).mode == "RGB"


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG", "TIFF", "MPO"])
def test_the_first_picture_of_several(tmp_path, format):
    red, blue = (Image.new("RGB", (16, 16), color) for color in ("red", "blue"))
    options = {"lossless": True} if format == "WEBP" else {}
    content = saved(red, format, save_all=True, append_images=[blue], **options)
    with Image.open(io.BytesIO(content)) as image:
        assert image.n_frames == 2
    np.testing.assert_allclose(read(tmp_path, content), np.full((16, 16, 3), (255, 0, 0)), atol=2)


# ---- which side is up ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("value", "expected"), [(1, 1), (6, 6), (8, 8), (0, 1), (9, 1), ("6", 1), ((6, 1), 1)])
def test_orientation(value, expected):
    image = Image.new("RGB", (2, 2))
    image.getexif()[0x0112] = value
    assert orientation(image) == expected


@pytest.mark.parametrize("exif", [b"Exif\0\0garbage", b"Exif\0\0II*\0\x08\0\0\0\xff\xff", b"Exif\0\0", b"Exif\0\0MM"])
def test_damaged_exif_data_is_no_reason_to_refuse_a_photo(tmp_path, exif):
    path = tmp_path / "a.jpg"
    path.write_bytes(saved(Image.fromarray(large(RGB)), "JPEG", exif=exif, subsampling=0))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with open_photo(path) as photo:
            assert orientation(photo) == 1
            np.testing.assert_allclose(middles(np.asarray(averageable(photo)).astype(int)), RGB, atol=6)


def test_exif_data_that_cannot_be_read_at_all():
    class Damaged:
        def getexif(self):
            raise SyntaxError("not a TIFF file")

    assert orientation(Damaged()) == 1


@pytest.mark.parametrize("value", [3, 6, 8])
def test_a_tiff_file_is_turned_once(tmp_path, value):
    """Pillow turns these itself when they are read."""
    upright = Image.fromarray(large(RGB))
    turned = upright.rotate({3: 180, 6: 90, 8: 270}[value], expand=True)  # counterclockwise, as it was stored
    exif = Image.Exif()
    exif[0x0112] = value
    (tmp_path / "a.tif").write_bytes(saved(turned, "TIFF", exif=exif))
    with open_photo(tmp_path / "a.tif") as photo:
        cut = center_crop(photo, 16)
    np.testing.assert_array_equal(np.asarray(cut), np.asarray(center_crop(upright, 16)))


# ---- small and large ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (50, 1), (2, 3)])
@pytest.mark.parametrize("format", ["PNG", "JPEG", "GIF"])
def test_one_pixel_is_enough(tmp_path, size, format):
    (tmp_path / "a").write_bytes(saved(Image.new("RGB", size, (250, 250, 250)), format))
    for cut in (center_crop, lambda image, size: random_resized_crop(image, size, np.random.default_rng(0))):
        with open_photo(tmp_path / "a") as photo:
            np.testing.assert_allclose(np.asarray(cut(photo, 8)).astype(int), 250, atol=1)


def bomb(width, height):
    """A PNG file that claims to have so many pixels, and has none."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


def test_too_many_pixels_are_refused_by_the_header(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    path.write_bytes(bomb(65535, 65535))
    with pytest.raises(UnreadableImage, match=r"a\.png cannot be read: it has more than 178,956,970 pixels\. Replace"):
        open_photo(path)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)  # somebody else's program, which trusts its images
    with pytest.raises(UnreadableImage, match="it has 65535 x 65535 pixels, expected 1 to 178,956,970"):
        open_photo(path)


def test_pillow_warns_of_nothing(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(bomb(13000, 13000))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with open_photo(path) as photo:
            assert photo.size == (13000, 13000)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("default")
        for _ in range(3):
            open_photo(path).close()
            warnings.warn("said once, since no photo changes how others warn", stacklevel=1)
    assert len(seen) == 1


# ---- no images ----------------------------------------------------------------------------------------------------

HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is empty"),
        (bytes(4096), "it begins with zeros alone"),
        (HEIC, "it is a HEIC photo, which Pillow does not read: convert it to JPEG"),
        (b"\n <!DOCTYPE HTML><html>404", "it is a web page in place of an image"),
        (b"<?xml version='1.0'?><svg xmlns=''/>", r"it is a drawing \(SVG\): save it as PNG"),
        (b"version https://git-lfs.github.com/spec/v1\n", "it is a pointer of Git LFS"),
        (b"\xff\xd8\xff\xe0\0\x10JFIF", "Truncated File Read"),
        (b"\x89PNG\r\n\x1a\n\0\0", "its header is damaged or cut off"),
        (
            b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n",
            r"it is no image, or of a kind that is not",
        ),
        (b"hello", r"it is no image, or of a kind that is not read here \(JPEG, PNG,"),
    ],
)
def test_what_is_no_image_has_a_reason(tmp_path, content, reason):
    path = tmp_path / "a.jpg"
    path.write_bytes(content)
    with pytest.raises(UnreadableImage, match=f"a.jpg cannot be read: {reason}.*. Replace the file, or remove it$"):
        open_photo(path)


def test_what_is_no_file_has_a_reason(tmp_path):
    with pytest.raises(UnreadableImage, match="nowhere.jpg cannot be read: No such file or directory. Replace"):
        open_photo(tmp_path / "nowhere.jpg")
    with pytest.raises(UnreadableImage, match="it is no regular file"):
        open_photo(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_nobody_waits_for_a_named_pipe(tmp_path):
    os.mkfifo(tmp_path / "a.jpg")
    with pytest.raises(UnreadableImage, match="it is no regular file"):
        open_photo(tmp_path / "a.jpg")


@pytest.mark.skipif(os.name == "nt", reason="names are text there")
def test_names_that_are_no_text(tmp_path):
    path = os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe\n.png")
    try:
        Image.new("L", (2, 2), 7).save(path, "PNG")
    except OSError:
        pytest.skip("this file system takes no such names")
    with open_photo(path) as photo:
        assert averageable(photo).getpixel((0, 0)) == 7


@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "PPM"])
def test_a_file_cut_off_is_never_taken_for_a_whole_one(tmp_path, format):
    content = saved(Image.fromarray(large(RGB)), format)
    for length in range(1, len(content) // 2, max(1, len(content) // 20)):
        with pytest.raises(Exception) as caught:  # noqa: PT011, B017 (Pillow raises errors of many kinds)
            read(tmp_path, content[:length])
        assert UnreadableImage("a", caught.value).reason


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError("image file is truncated\n(3 bytes)"), "image file is truncated (3 bytes)"),
        (PermissionError(13, "Permission denied"), "Permission denied"),
        (SyntaxError("broken PNG"), "it is damaged (SyntaxError: broken PNG)"),
        (struct.error("unpack"), "it is damaged (error: unpack)"),
        (MemoryError(), "there is not enough memory for its pixels"),
        (UnreadableImage("b", "it is empty"), "it is empty"),
    ],
)
def test_the_reason_is_one_line(error, reason):
    unreadable = UnreadableImage("a.jpg", error)
    assert unreadable.reason == reason
    assert str(unreadable) == f"a.jpg cannot be read: {reason}. Replace the file, or remove it"
    assert isinstance(unreadable, OSError)
