"""Photos in one folder for each class."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from googlenet.data.photo import UnreadableImage, open_photo
from googlenet.data.transforms import center_crop, normalize_rgb, random_flip, random_resized_crop
from minicnn.arguments import true_or_false, whole_number
from minicnn.data import Dataset


class ImageFolder(Dataset):
    """Photos in one folder for each class: root/tulips/1.jpg, root/roses/a.png.

    dataset[i] -> (image, label): image (3, size, size) float32, the center crop of the photo in paths[i], normalized
    with ImageNet's means and standard deviations; label an int, so that classes[label] is the name of its folder. With
    augment=True, sample(i, rng) takes a random crop instead, and mirrors every second one; dataset[i] never does.

    Classes are in the order of their names, and so are the photos of each: whatever ends in .jpg, .jpeg or .png (or
    .JPG) and is not hidden. Only names are read here; a file is opened when its sample is asked for.

    Raises TypeError where augment is no bool or size no integer, NotADirectoryError where root is no folder, ValueError
    for a size below 1, a root without classes and a class without photos. Samples raise OSError for a broken file.
    """

    suffixes = (".jpg", ".jpeg", ".png")

    def __init__(self, root: str | Path, size: int = 224, augment: bool = False) -> None:
        self.size = whole_number("ImageFolder", "size", size, minimum=1)
        self.augment = true_or_false("ImageFolder", "augment", augment)
        root = Path(root)
        if not root.is_dir():
            raise NotADirectoryError(f"ImageFolder: {root} is no folder, expected one that has a folder for each class")
        self.classes = tuple(path.name for path in _visible(root) if path.is_dir())
        if not self.classes:
            raise ValueError(f"ImageFolder: {root} has no folders in it, expected one for each class, with its images")
        self.paths: list[Path] = []
        labels: list[int] = []
        for label, name in enumerate(self.classes):
            photos = [path for path in _visible(root / name) if path.suffix.lower() in self.suffixes]
            if not photos:
                raise ValueError(
                    f"ImageFolder: {root / name} has no {', '.join(self.suffixes)} file in it, expected the images of "
                    f"class {name!r}: put them there, or remove the folder"
                )
            self.paths += photos
            labels += [label] * len(photos)
        self.labels: NDArray[np.int64] = np.array(labels, np.int64)

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], int]:
        return self._network_input(index, None), int(self.labels[index])

    def sample(self, index: int, rng: np.random.Generator) -> tuple[NDArray[np.float32], int]:
        """dataset[index], augmented with numbers from `rng` where this data set was made with augment=True."""
        return self._network_input(index, rng if self.augment else None), int(self.labels[index])

    def _network_input(self, index: int, rng: np.random.Generator | None) -> NDArray[np.float32]:
        path = self.paths[index]
        try:
            with open_photo(path) as photo:
                if rng is None:
                    cut = center_crop(photo, self.size)
                else:
                    cut = random_flip(random_resized_crop(photo, self.size, rng), rng)
        except Exception as error:  # of a broken file, Pillow raises OSError, SyntaxError, struct.error and many more
            raise UnreadableImage(path, error) from error
        return normalize_rgb(np.asarray(cut))


def _visible(folder: Path) -> list[Path]:
    """What a folder holds, in the order of the names; nothing hidden, such as the ._1.jpg in archives made on a Mac."""
    return sorted((path for path in folder.iterdir() if not path.name.startswith(".")), key=lambda path: path.name)
