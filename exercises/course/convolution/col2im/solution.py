"""A solution of col2im."""

import numpy as np


def col2im(columns, size, kernel, stride, padding):
    (h, w), (kh, kw), n = size, kernel, len(columns)
    oh, ow = (h + 2 * padding - kh) // stride + 1, (w + 2 * padding - kw) // stride + 1
    padded = np.zeros((n, columns.shape[1] // (kh * kw), h + 2 * padding, w + 2 * padding), columns.dtype)
    for i in range(oh):
        for j in range(ow):
            window = padded[:, :, i * stride : i * stride + kh, j * stride : j * stride + kw]
            window += columns[:, :, i * ow + j].reshape(n, -1, kh, kw)
    return padded[:, :, padding : padding + h, padding : padding + w]
