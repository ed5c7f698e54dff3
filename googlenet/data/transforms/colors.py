"""The light in which a photo was taken, changed at random: what it shows stays the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from googlenet.data.transforms import checks
from minicnn.arguments import number

if TYPE_CHECKING:
    from PIL.Image import Image as Photo

# The principal components of the colors in ImageNet's training images, as fractions of 255: in the rows red, green and
# blue, a component in each column, the longest first. From facebook/fb.resnet.torch, datasets/imagenet.lua.
EIGENVALUES = np.array([0.2175, 0.0188, 0.0045])
EIGENVECTORS = np.array([[-0.5675, 0.7192, 0.4009], [-0.5808, -0.0045, -0.8140], [-0.5836, -0.6948, 0.4203]])

GRAY = np.array([0.299, 0.587, 0.114])  # what red, green and blue count in gray: ITU-R BT.601, and Pillow's "L"


def color_jitter(
    image: Photo,
    rng: np.random.Generator,
    brightness: float = 0.4,
    contrast: float = 0.4,
    saturation: float = 0.4,
    hue: float = 0.0,
) -> Photo:
    """Another brightness, contrast, saturation and hue, in random order (Howard, arXiv 1312.5402, section 2.2).

        brightness: v -> f v
        contrast:   v -> m + f (v - m)      m: the mean of the photo in gray, a whole number
        saturation: v -> g + f (v - g)      g: the gray of the pixel itself
        hue:        turned by h of the whole circle of colors

    rounded and kept in 0 to 255. Each has a factor f of its own, drawn evenly from [1 - strength, 1 + strength]; h is
    drawn from [-hue, hue]. Always draws eight numbers. As torchvision's ColorJitter, which has the same names.

    image: a Pillow image, RGB or L (gray, which has no saturation and no hue to change) -> one of the same kind.
    Raises TypeError where image is no Pillow image, rng no numpy Generator or a strength no number, ValueError for
    another mode, a strength outside of [0, 1], or a hue outside of [0, 0.5].
    """
    checks.photo("color_jitter", image)
    checks.generator("color_jitter", rng)
    if image.mode not in ("RGB", "L"):
        raise ValueError(f"color_jitter: image has mode {image.mode}, expected RGB or L: write image.convert('RGB')")
    strengths = [
        checks.strength("color_jitter", name, strength, most)
        for name, strength, most in (
            ("brightness", brightness, 1), ("contrast", contrast, 1), ("saturation", saturation, 1), ("hue", hue, 0.5)
        )
    ]  # fmt: skip
    from PIL import ImageEnhance

    order, changes = np.argsort(rng.random(4)), np.array(strengths) * rng.uniform(-1, 1, size=4)
    steps = (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color)
    for step in order:
        if strengths[step] == 0:
            continue
        image = _turn_hue(image, changes[3]) if step == 3 else steps[step](image).enhance(1 + changes[step])
    return image


def _turn_hue(image: Photo, share: float) -> Photo:
    """All hues moved along the circle of colors, which Pillow divides into 256."""
    if image.mode == "L":
        return image
    from PIL import Image

    hue, saturation, value = image.convert("HSV").split()
    turned = np.asarray(hue) + np.uint8(round(share * 256) % 256)  # uint8: behind 255 comes 0
    return Image.merge("HSV", (Image.fromarray(turned), saturation, value)).convert("RGB")


def lighting(image: NDArray[np.uint8], rng: np.random.Generator, std: float = 0.1) -> NDArray[np.uint8]:
    """The whole image a little lighter or darker, warmer or colder, as daylight varies (Krizhevsky et al., NIPS 2012).

        (red, green, blue) -> (red, green, blue) + 255 (p_1, p_2, p_3) (a_1 l_1, a_2 l_2, a_3 l_3)^T

    with ImageNet's principal components p_i and their eigenvalues l_i, and a_i from a normal distribution of mean 0 and
    this standard deviation, drawn once for all pixels; rounded and kept in 0 to 255. Always draws three numbers.

    image (H, W, 3) or (H, W) uint8 -> the same shape, uint8, a new array. Gray changes by what the three give in gray.
    Raises TypeError where image is no uint8 array, rng no numpy Generator or std no number, ValueError for another
    shape or a std below 0.
    """
    checks.pixels("lighting", image)
    checks.generator("lighting", rng)
    std = number("lighting", "std", std)
    change = 255 * EIGENVECTORS @ (EIGENVALUES * rng.normal(0, std, size=3))
    if image.ndim == 2:
        change = GRAY @ change
    return np.clip(image + np.rint(change).astype(np.int16), 0, 255).astype(np.uint8)
