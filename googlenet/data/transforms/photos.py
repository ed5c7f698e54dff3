"""Photos: which part of them, upright, in color, and which way around.

They are Pillow images that were opened and not read yet: how many of their pixels must be decoded depends on the crop.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from googlenet.data.photo import averageable, orientation
from googlenet.data.transforms import checks
from minicnn.arguments import whole_number

if TYPE_CHECKING:
    from PIL.Image import Image as Photo

Box = tuple[float, float, float, float]  # left, top, right, bottom, in pixels

# What Pillow calls the ways of section 6 of the paper to compute a pixel from others.
INTERPOLATIONS = {"bilinear": "BILINEAR", "area": "BOX", "nearest": "NEAREST", "bicubic": "BICUBIC"}

# A large photo is decoded, or averaged in blocks, to not less than so many times the size that is wanted, and resampled
# from there: in 0.6 to 0.7 of the time at 12 megapixels, and 0.2 (of 255) away from resampling all pixels, on average.
REDUCING_GAP = 2.0

# Which turn makes an image upright whose EXIF data gives it this orientation; 1 is upright.
UPRIGHT = {
    2: "FLIP_LEFT_RIGHT", 3: "ROTATE_180", 4: "FLIP_TOP_BOTTOM", 5: "TRANSPOSE", 6: "ROTATE_270", 7: "TRANSVERSE",
    8: "ROTATE_90",
}  # fmt: skip


def random_resized_crop(image: Photo, size: int, rng: np.random.Generator, interpolation: str = "bilinear") -> Photo:
    """A random part of a photo, resized to size x size pixels, in color: see `random_crop_box`.

    interpolation: "bilinear", "area" (the mean of the pixels that become one), "nearest" or "bicubic"; "random" draws
    one of the four, each equally likely, behind the box ("Going deeper with convolutions", section 6).
    image: a Pillow image, best one whose pixels have not been read yet: of a large JPEG file not all are decoded then.
    Raises TypeError where image is no Pillow image, size no integer or rng no numpy Generator, ValueError for a size
    below 1 or an unknown interpolation, and what Pillow raises for a broken file.
    """
    checks.photo("random_resized_crop", image)
    size = whole_number("random_resized_crop", "size", size, minimum=1)
    if interpolation not in (*INTERPOLATIONS, "random"):
        raise ValueError(
            f"random_resized_crop: interpolation is {interpolation!r}, expected one of "
            f"{', '.join(INTERPOLATIONS)} or random"
        )
    box = random_crop_box(*image.size, rng)
    if interpolation == "random":
        interpolation = tuple(INTERPOLATIONS)[rng.integers(len(INTERPOLATIONS))]
    return _cut(image, box, size, interpolation)


def center_crop(image: Photo, size: int) -> Photo:
    """The middle of a photo, size x size pixels, in color: see `center_crop_box`.

    image: a Pillow image, best one whose pixels have not been read yet. Raises as `random_resized_crop`.
    """
    checks.photo("center_crop", image)
    size = whole_number("center_crop", "size", size, minimum=1)
    return _cut(image, center_crop_box(*image.size, size), size, "bilinear")


def whole(image: Photo, size: int) -> Photo:
    """All of a photo, squeezed to size x size pixels, in color. Raises as `random_resized_crop`."""
    checks.photo("whole", image)
    size = whole_number("whole", "size", size, minimum=1)
    return _cut(image, (0, 0, *image.size), size, "bilinear")


def random_flip(image: Photo, rng: np.random.Generator) -> Photo:
    """The mirror image, left and right exchanged, with probability 1/2; else the image itself. Draws one number.

    Raises TypeError where image is no Pillow image or rng no numpy Generator.
    """
    checks.photo("random_flip", image)
    checks.generator("random_flip", rng)
    from PIL import Image

    return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if rng.random() < 0.5 else image


def random_crop_box(width: int, height: int, rng: np.random.Generator) -> Box:
    """Which part of a photo of width x height pixels to train with, in whole pixels.

    Its area is drawn evenly from 8 % to 100 % of the photo's, its aspect ratio (width / height) from 3/4 to 4/3, so
    that r and 1/r are equally likely, and then its place ("Going deeper with convolutions", section 6; torchvision's
    RandomResizedCrop). Of ten such shapes the first that fits is taken; where none does, the largest part in the middle
    whose ratio is from 3/4 to 4/3. Always draws 22 numbers, so that the same generator state gives the same box.

    Raises TypeError where width or height is no integer or rng no numpy Generator, ValueError where one is below 1.
    """
    width = whole_number("random_crop_box", "width", width, minimum=1)
    height = whole_number("random_crop_box", "height", height, minimum=1)
    checks.generator("random_crop_box", rng)
    areas = width * height * rng.uniform(0.08, 1, size=10)
    ratios = np.exp(rng.uniform(math.log(3 / 4), math.log(4 / 3), size=10))
    x, y = rng.random(2)  # the place: 0 is leftmost, 1 would be one pixel too far to the right
    for area, ratio in zip(areas, ratios, strict=True):
        w, h = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if 1 <= w <= width and 1 <= h <= height:
            left, top = int(x * (width - w + 1)), int(y * (height - h + 1))
            return left, top, left + w, top + h
    w, h = min(width, round(height * 4 / 3)), min(height, round(width * 4 / 3))
    left, top = (width - w) // 2, (height - h) // 2
    return left, top, left + w, top + h


def center_crop_box(width: int, height: int, size: int) -> Box:
    """Which part of a photo of width x height pixels to evaluate with, in pixels and fractions of them.

    As if the photo was resized until its shorter side had 256 pixels, and the 224 x 224 in the middle were cut out; for
    another size, as many in proportion (8/7 of it). Rounded as torchvision's Resize and CenterCrop do.

    Raises TypeError where an argument is no integer, ValueError where one is below 1.
    """
    width = whole_number("center_crop_box", "width", width, minimum=1)
    height = whole_number("center_crop_box", "height", height, minimum=1)
    size = whole_number("center_crop_box", "size", size, minimum=1)
    shorter = round(size * 256 / 224)
    resized_width = shorter * width // min(width, height)
    resized_height = shorter * height // min(width, height)
    left, top = round((resized_width - size) / 2), round((resized_height - size) / 2)
    return (
        left * width / resized_width, top * height / resized_height,
        (left + size) * width / resized_width, (top + size) * height / resized_height,
    )  # fmt: skip


def _cut(image: Photo, box: Box, size: int, interpolation: str) -> Photo:
    """The part of a photo that the box surrounds, size x size pixels, RGB and upright."""
    from PIL import Image

    width, height = image.size
    left, top, right, bottom = box
    # A JPEG decoder can leave out what is needed for all pixels but every second, fourth or eighth: Pillow chooses, so
    # that the whole photo has not less than these. Other formats, or an image read before, it leaves as they are.
    enough = width * size * REDUCING_GAP / (right - left), height * size * REDUCING_GAP / (bottom - top)
    drafted = image.draft(None, (math.ceil(enough[0]), math.ceil(enough[1])))
    _, _, drafted_width, drafted_height = drafted[1] if drafted else (0, 0, width, height)
    x, y = drafted_width / width, drafted_height / height

    resampling = Image.Resampling[INTERPOLATIONS[interpolation]]
    cut = averageable(image).resize((size, size), resampling, (left * x, top * y, right * x, bottom * y), REDUCING_GAP)
    if cut.mode != "RGB":
        cut = cut.convert("RGB")
    # A crop is as likely here as in the photo turned upright, so that it is enough to turn what was cut out.
    turn = UPRIGHT.get(orientation(image))
    return cut.transpose(Image.Transpose[turn]) if turn else cut
