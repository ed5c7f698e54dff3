"""What is done to images at random in training, so that the network never sees the same one twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from googlenet.data.preprocessing import Preprocessing
from googlenet.data.transforms import (
    INTERPOLATIONS,
    checks,
    color_jitter,
    cutout,
    lighting,
    random_affine,
    random_flip,
    random_resized_crop,
)
from minicnn.arguments import number, true_or_false

if TYPE_CHECKING:
    from PIL.Image import Image as Photo


@dataclass(frozen=True)
class Augmentation:
    """Which transforms, and how much of each; what is 0 or False is left out. They come in this order.

    Raises TypeError or ValueError, naming the field, for a value that its transform would not take.
    """

    crop: bool = False  # a random part of the photo (`random_resized_crop`) in place of the preprocessing's own crop
    interpolation: str = "bilinear"  # of that crop; "random": the paper's four, each equally likely
    flip: bool = False  # mirror every second image
    jitter: float = 0.0  # strength of brightness, contrast and saturation, in random order (`color_jitter`)
    hue: float = 0.0  # share of the circle of colors, among them
    degrees: float = 0.0  # turn, to either side (`random_affine`)
    shift: float = 0.0  # share of the side, in x and in y
    zoom: float = 0.0  # larger or smaller, by this share
    lighting: float = 0.0  # standard deviation, 0.1 in the paper, along ImageNet's principal colors (`lighting`)
    cutout: float = 0.0  # side of the hidden square, as a share of the image's (`cutout`)
    mixup: float = 0.0  # alpha: two images in one, by the data set, behind all others (`mixup`)

    def __post_init__(self) -> None:
        true_or_false("Augmentation", "crop", self.crop)
        true_or_false("Augmentation", "flip", self.flip)
        if self.interpolation not in (*INTERPOLATIONS, "random"):
            names = ", ".join(INTERPOLATIONS)
            raise ValueError(f"Augmentation: interpolation is {self.interpolation!r}, expected {names} or random")
        checks.strength("Augmentation", "jitter", self.jitter)
        checks.strength("Augmentation", "hue", self.hue, 0.5)
        number("Augmentation", "degrees", self.degrees, below=360)
        number("Augmentation", "shift", self.shift, below=1)
        number("Augmentation", "zoom", self.zoom, below=1)
        number("Augmentation", "lighting", self.lighting)
        checks.strength("Augmentation", "cutout", self.cutout)
        number("Augmentation", "mixup", self.mixup, minimum=1e-6 if self.mixup else 0)

    @classmethod
    def of(cls, kind: str) -> Augmentation:
        """What suits a kind of data (`ImageData.kind`): "digits", where nothing is mirrored, or "photos"."""
        if kind not in ("digits", "photos"):
            raise ValueError(f"Augmentation: kind is {kind!r}, expected digits or photos")
        if kind == "digits":
            return cls(degrees=10, shift=0.1, zoom=0.1)
        return cls(crop=True, interpolation="random", flip=True, jitter=0.2)

    def apply(self, image: Photo, preprocessing: Preprocessing, rng: np.random.Generator) -> NDArray[np.uint8]:
        """The image as the network will see it this time, but for normalizing: (size, size) or (size, size, 3) uint8.

        image: as `Images.open` gives it, best not decoded yet. All that is random comes from `rng`.
        Raises OSError and others of Pillow's for a broken file.
        """
        from PIL import Image

        if self.crop:
            photo = random_resized_crop(image, preprocessing.image_size, rng, self.interpolation)
            photo = photo.convert("L") if preprocessing.channels == 1 else photo
        else:
            photo = Image.fromarray(preprocessing.cut(image))
        if self.flip:
            photo = random_flip(photo, rng)
        if self.jitter or self.hue:
            photo = color_jitter(photo, rng, self.jitter, self.jitter, self.jitter, self.hue)
        pixels: NDArray[np.uint8] = np.asarray(photo)
        if self.degrees or self.shift or self.zoom:
            pixels = random_affine(pixels, rng, self.degrees, self.shift, self.zoom)
        if self.lighting:
            pixels = lighting(pixels, rng, self.lighting)
        if self.cutout:
            pixels = cutout(pixels, rng, self.cutout, _mean_color(preprocessing))
        return pixels


def _mean_color(preprocessing: Preprocessing) -> list[int]:
    """The pixel that becomes 0 in every channel: red, green and blue, or gray alone."""
    mean = preprocessing.mean[::-1] if preprocessing.order == "BGR" else preprocessing.mean
    return [min(round(255 * value), 255) for value in mean]
