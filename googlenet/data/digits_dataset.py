"""The digits that come with this package, as a data set."""

import numpy as np
from numpy.typing import NDArray

from googlenet.data.digits import load_digits
from googlenet.data.transforms import normalize, random_affine, resize
from minicnn.arguments import true_or_false, whole_number
from minicnn.data import Dataset


class DigitsDataset(Dataset):
    """The 5,000 training or 1,000 test digits of MNIST that come with this package (see digits/README.md).

    dataset[i] -> (image, label): image (1, size, size) float32, normalized with MNIST's mean and standard deviation;
    label an int, 0 to 9, so that classes[label] is its name. With augment=True, sample(i, rng) turns, scales and shifts
    the digit a little, as `rng` decides; dataset[i] never does. limit: only the first so many, for a quick try; 0: all.

    The digits are resized once, here, and kept as uint8: 20 MB for 5,000 digits of 64x64, 251 MB for 224x224.
    Raises TypeError where train or augment is no bool or limit no int, ValueError for a limit below 0, and what
    `resize` raises for a wrong size.
    """

    classes = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")

    def __init__(self, train: bool, size: int = 64, augment: bool = False, limit: int = 0) -> None:
        true_or_false("DigitsDataset", "train", train)
        first = slice(whole_number("DigitsDataset", "limit", limit, minimum=0) or None)
        digits = load_digits()
        images, labels = (
            (digits.train_images, digits.train_labels) if train else (digits.test_images, digits.test_labels)
        )
        self.images: NDArray[np.uint8] = resize(images[first], size)
        self.labels: NDArray[np.int64] = labels[first]
        self.augment = true_or_false("DigitsDataset", "augment", augment)

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], int]:
        return self._network_input(self.images[index]), int(self.labels[index])

    def sample(self, index: int, rng: np.random.Generator) -> tuple[NDArray[np.float32], int]:
        """dataset[index], augmented with numbers from `rng` where this data set was made with augment=True."""
        if not self.augment:
            return self[index]
        return self._network_input(random_affine(self.images[index], rng)), int(self.labels[index])

    @staticmethod
    def _network_input(image: NDArray[np.uint8]) -> NDArray[np.float32]:
        return normalize(image)[np.newaxis]  # (1, size, size): the network expects a channel axis
