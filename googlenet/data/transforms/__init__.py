"""From a stored image to what the network is fed: resize or crop, augment, normalize.

Images stay uint8 (0 to 255) until the last step, because that takes a quarter of the memory of float32. Pillow does the
resampling; it is imported when first needed.
"""

from googlenet.data.transforms.colors import color_jitter, lighting
from googlenet.data.transforms.digits import random_affine, resize
from googlenet.data.transforms.mixing import cutout, mixup, one_hot
from googlenet.data.transforms.normalization import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    MNIST_MEAN,
    MNIST_STD,
    normalize,
    normalize_rgb,
)
from googlenet.data.transforms.photos import (
    INTERPOLATIONS,
    center_crop,
    center_crop_box,
    random_crop_box,
    random_flip,
    random_resized_crop,
    whole,
)

__all__ = [
    "IMAGENET_MEAN", "IMAGENET_STD", "INTERPOLATIONS", "MNIST_MEAN", "MNIST_STD",
    "center_crop", "center_crop_box", "color_jitter", "cutout", "lighting", "mixup", "normalize", "normalize_rgb",
    "one_hot", "random_affine", "random_crop_box", "random_flip", "random_resized_crop", "resize", "whole",
]  # fmt: skip
