"""From a stored image to what the network is fed: resize or crop, augment, normalize.

Images stay uint8 (0 to 255) until the last step, because that takes a quarter of the memory of float32. Pillow does the
resampling; it is imported when first needed.

Digits are NumPy arrays here, `resize`d once and for all. Photos are Pillow images that were opened and not read yet:
how many of their pixels must be decoded depends on the crop.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from minicnn.arguments import number, whole_number

if TYPE_CHECKING:
    from PIL.Image import Image as Photo

Box = tuple[float, float, float, float]  # left, top, right, bottom, in pixels

# Mean and standard deviation of all pixels of MNIST's 60,000 training images, as fractions of 255: 0.13066 and 0.30811
# when computed from the official file; rounded as in PyTorch's MNIST example (pytorch/examples, mnist/main.py).
MNIST_MEAN = 0.1307
MNIST_STD = 0.3081

# Of the red, green and blue pixels of ImageNet's training images: the numbers that everybody uses, for any photos.
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

# A large photo is decoded, or averaged in blocks, to not less than so many times the size that is wanted, and resampled
# from there: in 0.6 to 0.7 of the time at 12 megapixels, and 0.2 (of 255) away from resampling all pixels, on average.
REDUCING_GAP = 2.0

# Which turn makes an image upright whose EXIF data gives it this orientation; 1 is upright. (EXIF 2.32, tag 0x0112.)
ORIENTATION_TAG = 0x0112
UPRIGHT = {
    2: "FLIP_LEFT_RIGHT", 3: "ROTATE_180", 4: "FLIP_TOP_BOTTOM", 5: "TRANSPOSE", 6: "ROTATE_270", 7: "TRANSVERSE",
    8: "ROTATE_90",
}  # fmt: skip


# ---- digits --------------------------------------------------------------------------------------------------------


def resize(images: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Resize square or other grayscale images to size x size pixels, bilinearly.

    images (N, H, W) uint8 -> (N, size, size) uint8, a new array. Shrinking averages over all pixels that fall into one
    (Pillow widens the filter), so that thin strokes do not get lost.
    Raises TypeError where images is no uint8 array or size no integer, ValueError where a shape or size is wrong.
    """
    _check_uint8("resize", "images", images)
    if images.ndim != 3 or 0 in images.shape[1:]:
        raise ValueError(f"resize: images has shape {images.shape}, expected (N, H, W)")
    size = whole_number("resize", "size", size, minimum=1)
    from PIL import Image

    resized = np.empty((len(images), size, size), np.uint8)
    for i, image in enumerate(images):
        resized[i] = np.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.BILINEAR))
    return resized


def random_affine(
    image: NDArray[np.uint8], rng: np.random.Generator, degrees: float = 10.0, shift: float = 0.1, zoom: float = 0.1
) -> NDArray[np.uint8]:
    """Turn, scale and shift one image at random, a little: the same digit, as another hand might have placed it.

        p -> center + shift + scale * rotation(angle) (p - center)          (clockwise, since y points down)

    with angle in [-degrees, degrees], scale in [1 - zoom, 1 + zoom] and a shift in x and y of [-shift, shift] times the
    width and the height, each drawn uniformly from `rng`: always four numbers, so that the same generator state gives
    the same image. Resampling is bilinear; what comes in from outside is 0 (black).

    image (H, W) uint8 -> (H, W) uint8, a new array.
    Raises TypeError where image is no uint8 array or rng no numpy Generator, ValueError where a shape is wrong, or a
    range: degrees in [0, 360), shift in [0, 1), zoom in [0, 1).
    """
    _check_uint8("random_affine", "image", image)
    if image.ndim != 2 or 0 in image.shape:
        raise ValueError(f"random_affine: image has shape {image.shape}, expected (H, W)")
    _check_generator("random_affine", rng)
    degrees = number("random_affine", "degrees", degrees, below=360)
    shift = number("random_affine", "shift", shift, below=1)
    zoom = number("random_affine", "zoom", zoom, below=1)
    from PIL import Image

    angle = math.radians(rng.uniform(-degrees, degrees))
    scale = rng.uniform(1 - zoom, 1 + zoom)
    height, width = image.shape
    shift_x, shift_y = width * rng.uniform(-shift, shift), height * rng.uniform(-shift, shift)

    # Pillow wants the way back, from output to input: p -> center + rotation(-angle) / scale (p - center - shift)
    cos, sin = math.cos(angle) / scale, math.sin(angle) / scale
    center_x, center_y = width / 2, height / 2
    moved_x, moved_y = center_x + shift_x, center_y + shift_y
    back = (
        cos, sin, center_x - cos * moved_x - sin * moved_y,
        -sin, cos, center_y + sin * moved_x - cos * moved_y,
    )  # fmt: skip
    moved = Image.fromarray(image).transform((width, height), Image.Transform.AFFINE, back, Image.Resampling.BILINEAR)
    return np.array(moved)


def normalize(images: NDArray[np.uint8], mean: float = MNIST_MEAN, std: float = MNIST_STD) -> NDArray[np.float32]:
    """(images / 255 - mean) / std: about mean 0 and variance 1, where mean and std are those of the data set.

    images of any shape, uint8 -> float32 of the same shape; mean and std are fractions of 255.
    Raises TypeError where images is no uint8 array, ValueError for a mean below 0, a std below 1e-6, or one not finite.
    """
    _check_uint8("normalize", "images", images)
    mean = number("normalize", "mean", mean)
    std = number("normalize", "std", std, minimum=1e-6)
    normalized: NDArray[np.float32] = np.divide(images, 255, dtype=np.float32)
    normalized -= mean
    normalized /= std
    return normalized


# ---- photos --------------------------------------------------------------------------------------------------------


def random_resized_crop(image: Photo, size: int, rng: np.random.Generator) -> Photo:
    """A random part of a photo, resized to size x size pixels, in color: see `random_crop_box`.

    image: a Pillow image, best one whose pixels have not been read yet: of a large JPEG file not all are decoded then.
    Raises TypeError where image is no Pillow image, size no integer or rng no numpy Generator, ValueError for a size
    below 1, and what Pillow raises for a broken file.
    """
    _check_photo("random_resized_crop", image)
    size = whole_number("random_resized_crop", "size", size, minimum=1)
    return _cut(image, random_crop_box(*image.size, rng), size)


def center_crop(image: Photo, size: int) -> Photo:
    """The middle of a photo, size x size pixels, in color: see `center_crop_box`.

    image: a Pillow image, best one whose pixels have not been read yet. Raises as `random_resized_crop`.
    """
    _check_photo("center_crop", image)
    size = whole_number("center_crop", "size", size, minimum=1)
    return _cut(image, center_crop_box(*image.size, size), size)


def whole(image: Photo, size: int) -> Photo:
    """All of a photo, squeezed to size x size pixels, in color. Raises as `random_resized_crop`."""
    _check_photo("whole", image)
    size = whole_number("whole", "size", size, minimum=1)
    return _cut(image, (0, 0, *image.size), size)


def random_flip(image: Photo, rng: np.random.Generator) -> Photo:
    """The mirror image, left and right exchanged, with probability 1/2; else the image itself. Draws one number.

    Raises TypeError where image is no Pillow image or rng no numpy Generator.
    """
    _check_photo("random_flip", image)
    _check_generator("random_flip", rng)
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
    _check_generator("random_crop_box", rng)
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


def normalize_rgb(
    image: NDArray[np.uint8], mean: Sequence[float] = IMAGENET_MEAN, std: Sequence[float] = IMAGENET_STD
) -> NDArray[np.float32]:
    """(image / 255 - mean) / std, each color with its own mean and std, as fractions of 255.

    image (H, W, 3) uint8 -> (3, H, W) float32, a view of memory in the order (H, W, 3), the channels last.
    Raises TypeError where image is no uint8 array, ValueError where its shape is wrong, where mean or std are not
    three, and for a mean below 0, a std below 1e-6, or one that is not finite.
    """
    _check_uint8("normalize_rgb", "image", image)
    if image.ndim != 3 or image.shape[2] != 3 or 0 in image.shape:
        raise ValueError(f"normalize_rgb: image has shape {image.shape}, expected (H, W, 3)")
    means = _of_three_colors("mean", mean, minimum=0)
    stds = _of_three_colors("std", std, minimum=1e-6)
    height, width, _ = image.shape
    # As image * scale + shift, on rows of numbers (r, g, b, r, g, b, ...): NumPy's inner loop runs along the last axis,
    # and is slow if that has length 3.
    scale, shift = np.tile(1 / (255 * stds), width), np.tile(-means / stds, width)
    normalized: NDArray[np.float32] = image.reshape(height, width * 3).astype(np.float32)
    normalized *= scale.astype(np.float32)
    normalized += shift.astype(np.float32)
    return normalized.reshape(height, width, 3).transpose(2, 0, 1)


def _of_three_colors(name: str, values: Sequence[float], minimum: float) -> NDArray[np.float64]:
    if not isinstance(values, Sequence | np.ndarray) or len(values) != 3:
        raise ValueError(f"normalize_rgb: {name} is {values!r}, expected three numbers: for red, green and blue")
    return np.array([number("normalize_rgb", f"{name}[{i}]", value, minimum) for i, value in enumerate(values)])


def _cut(image: Photo, box: Box, size: int) -> Photo:
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

    cut = averageable(image).resize(
        (size, size), Image.Resampling.BILINEAR, (left * x, top * y, right * x, bottom * y), REDUCING_GAP
    )
    if cut.mode != "RGB":
        cut = cut.convert("RGB")
    # A crop is as likely here as in the photo turned upright, so that it is enough to turn what was cut out.
    turn = UPRIGHT.get(image.getexif().get(ORIENTATION_TAG, 1))
    return cut.transpose(Image.Transpose[turn]) if turn else cut


def averageable(image: Photo) -> Photo:
    """The image in a mode whose pixels may be averaged: no palette, no transparency (white shines through), 8 bits."""
    from PIL import Image

    if image.mode.startswith("I"):  # 16 bits of gray, which Pillow would cut off at 255
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if "A" in image.getbands() or "transparency" in image.info:
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image.convert("RGBA")).convert("RGB")
    return image.convert("RGB") if image.mode in ("P", "1") else image


# ---- arguments -----------------------------------------------------------------------------------------------------


def _check_photo(function: str, image: Any) -> None:
    from PIL import Image

    if not isinstance(image, Image.Image):
        raise TypeError(f"{function}: image is a {type(image).__name__}, expected a PIL.Image.Image")


def _check_generator(function: str, rng: Any) -> None:
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"{function}: rng is a {type(rng).__name__}, expected a numpy.random.Generator")


def _check_uint8(function: str, argument: str, images: Any) -> None:
    if not isinstance(images, np.ndarray) or images.dtype != np.uint8:
        kind = f"{images.dtype} array" if isinstance(images, np.ndarray) else type(images).__name__
        raise TypeError(f"{function}: {argument} is a {kind}, expected a numpy array of uint8 (0 to 255)")
