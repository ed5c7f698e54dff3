"""What is done to training images at random, anew in each epoch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from googlenet.data.preprocessing import Preprocessing
from googlenet.data.transforms import random_affine, random_resized_crop

if TYPE_CHECKING:
    from PIL.Image import Image as Photo


@dataclass(frozen=True)
class Augmentation:
    """Which random changes there are."""

    crop: bool = False  # a random part of the photo, as in the paper
    flip: bool = False  # every second one mirrored
    affine: bool = False  # turned, scaled and shifted a little: digits

    @classmethod
    def of(cls, kind: str) -> Augmentation:
        """What suits digits, or photos."""
        return cls(affine=True) if kind == "digits" else cls(crop=True, flip=True)

    def apply(self, image: Photo, preprocessing: Preprocessing, rng: np.random.Generator) -> NDArray[np.uint8]:
        """uint8 (image_size, image_size), or (.., .., 3) in RGB, with random numbers from `rng` alone."""
        if self.crop:
            part = random_resized_crop(image, preprocessing.image_size, rng)
            pixels = np.asarray(part.convert("L") if preprocessing.channels == 1 else part)
        else:
            pixels = preprocessing.cut(image)
        if self.flip and rng.random() < 0.5:
            pixels = pixels[:, ::-1]
        if self.affine:
            pixels = random_affine(pixels, rng)
        return pixels
