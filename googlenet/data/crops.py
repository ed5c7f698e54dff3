"""Several crops of one photo, over which predictions are averaged: slower, and a little more accurate than one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from googlenet.data.images import Images
from googlenet.data.photo import UnreadableImage, averageable, orientation
from googlenet.data.preprocessing import Preprocessing
from googlenet.data.transforms.photos import REDUCING_GAP, UPRIGHT, center_crop
from minicnn.arguments import whole_number
from minicnn.data import Dataset

if TYPE_CHECKING:
    from PIL.Image import Image as Photo

COUNTS = (1, 10, 144)
SHORTER_SIDES = (256, 288, 320, 352)  # of the resized photo, in pixels, where a crop has 224
START, CENTER, END = 0.0, 0.5, 1.0  # where a square lies along the longer side: left (or top), center, right (bottom)


def crops(image: Photo, size: int, count: int) -> list[Photo]:
    """1, 10 or 144 crops of a photo, each size x size pixels, in RGB, of the photo turned upright.

    1: the middle, as `center_crop`.
    10: the photo is resized until its shorter side has 256 pixels, and the square in its middle taken; of that the four
    corners and the middle, 224x224; each also mirrored. Source: Krizhevsky et al., "ImageNet Classification with Deep
    Convolutional Neural Networks", 2012, sections 2 and 4.1.
    144: the shorter side is resized to 256, 288, 320 and 352; of each the left, center and right square (of a photo
    that is higher than wide the top, center and bottom one); of each square the four corners and the middle, 224x224,
    and the square itself resized to 224x224; each also mirrored: 4 x 3 x 6 x 2. Source: Szegedy et al., "Going Deeper
    with Convolutions", arXiv 1409.4842, section 7.

    For another size than 224 all these are in proportion. They come in the order of the words above, each crop before
    its mirror image. Best is an image whose pixels have not been read yet, see `upright`.
    Raises ValueError for another count or a size below 1, TypeError where size or count is no integer.
    """
    from PIL import Image

    size = whole_number("crops", "size", size, minimum=1)
    if whole_number("crops", "count", count, minimum=1) not in COUNTS:
        raise ValueError(f"crops: count is {count}, expected one of {', '.join(map(str, COUNTS))}")
    if count == 1:
        return [center_crop(image, size)]
    sides = [round(size * side / 224) for side in (SHORTER_SIDES if count == 144 else SHORTER_SIDES[:1])]
    photo = upright(image, sides[-1])
    found = []
    for side in sides:
        for place in (START, CENTER, END) if count == 144 else (CENTER,):
            square = cut_square(photo, side, place)
            found += corners_and_middle(square, size)
            if count == 144:
                found.append(square.resize((size, size), Image.Resampling.BILINEAR))
    return [each for crop in found for each in (crop, crop.transpose(Image.Transpose.FLIP_LEFT_RIGHT))]


def upright(image: Photo, side: int) -> Photo:
    """The photo in RGB, turned as its EXIF data says. A new image.

    Of a JPEG file that has not been read yet only so many pixels are decoded as resizing its shorter side to `side`
    needs.
    """
    from PIL import Image

    turn = UPRIGHT.get(orientation(image))
    enough = math.ceil(side * REDUCING_GAP)
    image.draft(None, (enough, enough))  # asks for at least that, along both sides
    photo = averageable(image).convert("RGB")
    return photo.transpose(Image.Transpose[turn]) if turn else photo


def cut_square(photo: Photo, side: int, place: float) -> Photo:
    """A square of a photo whose shorter side has been resized to `side` pixels; place: START, CENTER or END.

    Only the square is resized, so that of a photo of 1 x 10,000 pixels no more is made than that.
    """
    from PIL import Image

    width, height = photo.size
    shorter, longer = min(width, height), max(width, height)
    resized = side * longer // shorter  # what the longer side would have
    start = round((resized - side) * place)
    first, last = start * longer / resized, (start + side) * longer / resized  # in pixels of the photo
    box = (first, 0, last, height) if width >= height else (0, first, width, last)
    return photo.resize((side, side), Image.Resampling.BILINEAR, box, REDUCING_GAP)


def corners_and_middle(square: Photo, size: int) -> list[Photo]:
    """Of a square photo the four corners (as one reads: from the left, from above) and the middle, uncut pixels."""
    end = square.width - size
    middle = round(end / 2)
    return [
        square.crop((left, top, left + size, top + size))
        for left, top in ((0, 0), (end, 0), (0, end), (end, end), (middle, middle))
    ]


class ImageCrops(Dataset):
    """dataset[i] -> (x, label): the crops of image i, float32 (count, channels, image_size, image_size), and its label.

    An image that cannot be read does not stop the others: its x is zeros, and the reason stands in unreadable[i].
    limit: so many of the images (`Images.limited`); 0: all. Raises ValueError for another count than 1, 10 and 144.
    """

    def __init__(self, images: Images, preprocessing: Preprocessing, count: int = 1, limit: int = 0) -> None:
        if count not in COUNTS:
            raise ValueError(f"ImageCrops: count is {count!r}, expected one of {', '.join(map(str, COUNTS))}")
        self.images, self.preprocessing, self.count = images.limited(limit), preprocessing, count
        self.unreadable: dict[int, str] = {}

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], int]:
        label = int(self.images.labels[index])
        try:
            with self.images.open(index) as image:
                return prepared_crops(image, self.preprocessing, self.count), label
        except Exception as error:  # of a broken file, Pillow raises OSError, SyntaxError, struct.error and many more
            self.unreadable[index] = UnreadableImage(self.images.name(index), error).reason
        size = self.preprocessing.image_size
        return np.zeros((self.count, self.preprocessing.channels, size, size), np.float32), label


def prepared_crops(image: Photo, preprocessing: Preprocessing, count: int) -> NDArray[np.float32]:
    """The crops of an image, as a network gets them: float32 (count, channels, image_size, image_size).

    A single one is what the preprocessing itself cuts: the middle of a photo, the whole of a digit.
    """
    if count == 1:
        return preprocessing(image)[np.newaxis]
    mode = "L" if preprocessing.channels == 1 else "RGB"
    return np.stack(
        [preprocessing.normalize(np.asarray(c.convert(mode))) for c in crops(image, preprocessing.image_size, count)]
    )
