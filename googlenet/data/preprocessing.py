"""What is done to every image before the network: cut, resized, normalized. It travels inside the weights' file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from googlenet.data.transforms import IMAGENET_MEAN, IMAGENET_STD, center_crop, normalize, normalize_rgb, whole
from minicnn.arguments import number, whole_number

if TYPE_CHECKING:
    from PIL.Image import Image as Photo

ORDERS = {"L": 1, "RGB": 3, "BGR": 3}  # how many channels each has
CROPS = ("center", "whole")


@dataclass(frozen=True)
class Preprocessing:
    """The way from an image file to the network's input, without chance: for evaluation and prediction.

    Raises ValueError or TypeError, naming the field, for what no network could be fed with.
    """

    image_size: int  # width and height of what the network gets, in pixels
    channels: int = 3  # 1: gray, 3: color
    mean: tuple[float, ...] = IMAGENET_MEAN  # of each channel, in the order of `order`, as fractions of 255
    std: tuple[float, ...] = IMAGENET_STD  # likewise
    order: str = "RGB"  # L (gray), RGB, or BGR as in Caffe
    crop: str = "center"  # center: the middle, 7/8 of the shorter side; whole: everything, squeezed to a square

    def __post_init__(self) -> None:
        whole_number("Preprocessing", "image_size", self.image_size, minimum=1)
        if self.order not in ORDERS:
            raise ValueError(f"Preprocessing: order is {self.order!r}, expected one of {', '.join(ORDERS)}")
        if self.crop not in CROPS:
            raise ValueError(f"Preprocessing: crop is {self.crop!r}, expected one of {', '.join(CROPS)}")
        if self.channels != ORDERS[self.order]:
            raise ValueError(f"Preprocessing: channels is {self.channels!r}, but {self.order} has {ORDERS[self.order]}")
        for name, values, minimum in (("mean", self.mean, 0.0), ("std", self.std, 1e-6)):
            if not isinstance(values, tuple) or len(values) != self.channels:
                raise ValueError(f"Preprocessing: {name} is {values!r}, expected {self.channels} numbers")
            for value in values:
                number("Preprocessing", name, value, minimum)

    def __call__(self, image: Photo) -> NDArray[np.float32]:
        """A Pillow image, best one not decoded yet -> float32 (channels, image_size, image_size)."""
        return self.normalize(self.cut(image))

    def cut(self, image: Photo) -> NDArray[np.uint8]:
        """The part of the image that the network sees: uint8 (image_size, image_size), or (.., .., 3) in RGB."""
        part = (center_crop if self.crop == "center" else whole)(image, self.image_size)
        return np.asarray(part.convert("L") if self.channels == 1 else part)

    def normalize(self, pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
        """(pixels / 255 - mean) / std: uint8 (H, W), or (H, W, 3) in RGB -> float32 (channels, H, W)."""
        if self.channels == 1:
            return normalize(pixels, self.mean[0], self.std[0])[np.newaxis]
        return normalize_rgb(pixels if self.order == "RGB" else pixels[:, :, ::-1], self.mean, self.std)

    def to_pixels(self, x: NDArray[np.float32]) -> NDArray[np.uint8]:
        """The way back, for pictures: float32 (channels, H, W) -> uint8 (H, W, 3), RGB; what is outside is cut off."""
        mean, std = (np.array(values, np.float32).reshape(-1, 1, 1) for values in (self.mean, self.std))
        pixels = np.clip(np.rint((x * std + mean) * 255), 0, 255).astype(np.uint8).transpose(1, 2, 0)
        if self.channels == 1:
            return np.repeat(pixels, 3, axis=2)
        return pixels if self.order == "RGB" else pixels[:, :, ::-1]

    def to_record(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)

    @classmethod
    def from_record(cls, record: Any) -> Preprocessing:
        """What `to_record` made. ValueError where it is something else."""
        names = {field.name for field in fields(cls)}
        if not isinstance(record, Mapping) or set(record) != names:
            raise ValueError(f"the preprocessing is {record!r:.80}, expected a record of {', '.join(sorted(names))}")
        values: dict[str, Any] = {n: tuple(value) if isinstance(value, list) else value for n, value in record.items()}
        try:
            return cls(**values)
        except TypeError as error:
            raise ValueError(str(error)) from error
