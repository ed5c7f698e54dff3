"""Images as the network gets them: prepared and, in training, augmented."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from googlenet.data.augmentation import Augmentation
from googlenet.data.images import Images
from googlenet.data.photo import UnreadableImage
from googlenet.data.preprocessing import Preprocessing
from googlenet.data.transforms import mixup, one_hot
from minicnn.data import Dataset


class ImageDataset(Dataset):
    """dataset[i] -> (x, label): x float32 (channels, image_size, image_size), label an int.

    sample(i, rng) augments the image with numbers from `rng`, where there is an augmentation; dataset[i] never does.
    With mixup, `rng` also draws the image to mix with, and the label is the probability of each class, (classes,)
    float32. So a sample is a function of its own generator alone, and the same whatever the number of workers.
    limit: so many of the images, for a quick try (`Images.limited`); 0: all.
    Samples raise OSError, with the file's name, for an image that cannot be read.
    """

    def __init__(
        self, images: Images, preprocessing: Preprocessing, augmentation: Augmentation | None = None, limit: int = 0
    ) -> None:
        self.images, self.preprocessing, self.augmentation = images.limited(limit), preprocessing, augmentation
        self.classes = images.classes

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], int]:
        return self._network_input(index, None), int(self.images.labels[index])

    def sample(self, index: int, rng: np.random.Generator) -> tuple[NDArray[np.float32], int | NDArray[np.float32]]:
        """dataset[index], augmented with numbers from `rng`."""
        x, label = self._network_input(index, rng), int(self.images.labels[index])
        if self.augmentation is None or not self.augmentation.mixup:
            return x, label
        other = int(rng.integers(len(self)))
        row, other_row = (one_hot(self.images.labels[i], len(self.classes)) for i in (index, other))
        return mixup((x, row), (self._network_input(other, rng), other_row), rng, self.augmentation.mixup)

    def _network_input(self, index: int, rng: np.random.Generator | None) -> NDArray[np.float32]:
        try:
            with self.images.open(index) as image:
                if self.augmentation and rng is not None:
                    pixels = self.augmentation.apply(image, self.preprocessing, rng)
                else:
                    pixels = self.preprocessing.cut(image)
        except Exception as error:  # of a broken file, Pillow raises OSError, SyntaxError, struct.error and many more
            raise UnreadableImage(self.images.name(index), error) from error
        return self.preprocessing.normalize(pixels)
