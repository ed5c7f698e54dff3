"""What the transforms refuse: each sentence names the function, the argument, and what came in its place."""

import numpy as np
import pytest
from PIL import Image
from support import raises

from googlenet.data.transforms import checks


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_images_of_pillow_are_photos(mode):
    checks.photo("blur", Image.new(mode, (2, 2)))


def test_files_that_were_opened_and_not_read_are_photos(tmp_path):
    Image.new("RGB", (2, 2)).save(tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as photo:
        checks.photo("blur", photo)


@pytest.mark.parametrize(("image", "kind"), [(np.zeros((2, 2, 3), np.uint8), "ndarray"), ("a.jpg", "str")])
def test_anything_else_is_no_photo(image, kind):
    with raises(TypeError, f"blur: image is a {kind}, expected a PIL.Image.Image"):
        checks.photo("blur", image)


def test_generators():
    checks.generator("blur", np.random.default_rng(0))
    for rng, kind in ((None, "NoneType"), (3, "int"), (np.random.RandomState(0), "RandomState")):
        with raises(TypeError, f"blur: rng is a {kind}, expected a numpy.random.Generator"):
            checks.generator("blur", rng)


@pytest.mark.parametrize("shape", [(), (3,), (2, 0), (2, 2, 3)])
def test_uint8_arrays_of_any_shape(shape):
    checks.uint8("blur", "image", np.zeros(shape, np.uint8))


@pytest.mark.parametrize(
    ("images", "kind"),
    [
        (np.zeros(2, np.float32), "float32 array"),
        (np.zeros(2, np.int8), "int8 array"),
        (np.zeros(2, np.uint16), "uint16 array"),
        ([0, 255], "list"),
        (np.uint8(3), "uint8"),
    ],
)
def test_other_arrays_are_refused(images, kind):
    with raises(TypeError, f"blur: pixels is a {kind}, expected a numpy array of uint8 (0 to 255)"):
        checks.uint8("blur", "pixels", images)


@pytest.mark.parametrize("shape", [(1, 1), (3, 5), (2, 4, 3)])
def test_one_image_gray_or_in_color(shape):
    checks.pixels("blur", np.zeros(shape, np.uint8))


@pytest.mark.parametrize("shape", [(), (3,), (0, 3), (2, 2, 1), (2, 2, 4), (2, 2, 3, 3), (0, 2, 3)])
def test_arrays_that_are_no_image(shape):
    with raises(ValueError, f"blur: image has shape {shape}, expected (H, W) or (H, W, 3)"):
        checks.pixels("blur", np.zeros(shape, np.uint8))
    with raises(TypeError, "blur: image is a float64 array"):
        checks.pixels("blur", np.zeros(shape))


@pytest.mark.parametrize("value", [0, 0.25, np.float32(0.5), 1])
def test_strengths(value):
    assert checks.strength("blur", "radius", value) == value
    assert type(checks.strength("blur", "radius", value)) is float


@pytest.mark.parametrize(("value", "most"), [(-0.1, 1), (1.01, 1), (0.6, 0.5), (float("nan"), 1), (float("inf"), 1)])
def test_strengths_out_of_range(value, most):
    with raises(ValueError, f"blur: radius is {value}, expected"):
        checks.strength("blur", "radius", value, most)
    with raises(TypeError, "blur: radius is None"):
        checks.strength("blur", "radius", None)
