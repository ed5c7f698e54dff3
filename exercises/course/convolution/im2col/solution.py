"""A solution of im2col."""

import numpy as np


def im2col(x, kernel, stride, padding):
    (n, c, h, w), (kh, kw) = x.shape, kernel
    oh, ow = (h + 2 * padding - kh) // stride + 1, (w + 2 * padding - kw) // stride + 1
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    columns = np.empty((n, c * kh * kw, oh * ow), x.dtype)
    for i in range(oh):
        for j in range(ow):
            patch = padded[:, :, i * stride : i * stride + kh, j * stride : j * stride + kw]
            columns[:, :, i * ow + j] = patch.reshape(n, -1)
    return columns
