"""Images to transform, and the textbook's filter to compare with."""

import numpy as np


def random_images(*shape, seed=0):
    """Noise of this shape, uint8."""
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def bilinear_weights(size, length, start=0, stop=None):
    """(size, length): what each input pixel counts in each output pixel: a triangle, widened when shrinking.

    With start and stop, a part of the input becomes the output; pixels around it count at its border.
    """
    weights = np.zeros((size, length))
    step = ((length if stop is None else stop) - start) / size
    for out in range(size):
        center = start + (out + 0.5) * step
        for pixel in range(length):
            weights[out, pixel] = max(0.0, 1 - abs(pixel + 0.5 - center) / max(step, 1))
        weights[out] /= weights[out].sum()
    return weights
