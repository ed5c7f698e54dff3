"""shifted_kernel: python -m exercises show shifted_kernel

There is one mistake in this file. Find it, and mend it.
"""

import numpy as np

from minicnn.function import Function


class Conv2d(Function):
    """A convolution that walks over the pixels of the kernel: each meets all places at once.

    x (N, C, H, W), weight (K, C, KH, KW) -> y (N, K, OH, OW).
    """

    def __init__(self, stride, padding):
        self.stride, self.padding = stride, padding

    def forward(self, x, weight):
        self.x, self.weight = x, weight
        padded = self.padded(x)
        self.places = [(padded.shape[a] - weight.shape[a]) // self.stride + 1 for a in (2, 3)]
        y = np.zeros((len(x), len(weight), *self.places), x.dtype)
        for u, v in np.ndindex(weight.shape[2:]):
            y += np.einsum("kc,ncij->nkij", weight[:, :, u, v], padded[self.seen_by(u, v)])
        return y

    def backward(self, grad_y):
        padded, weight = self.padded(self.x), self.weight
        grad_padded, grad_weight = np.zeros_like(padded), np.zeros_like(weight)
        turned = weight[:, :, ::-1, ::-1]  # on the way back the kernel is turned by 180 degrees
        for u, v in np.ndindex(weight.shape[2:]):
            seen = self.seen_by(u, v)
            grad_weight[:, :, u, v] = np.einsum("nkij,ncij->kc", grad_y, padded[seen])
            grad_padded[seen] += np.einsum("nkij,kc->ncij", grad_y, turned[:, :, u, v])
        (h, w), p = self.x.shape[2:], self.padding
        return grad_padded[:, :, p : p + h, p : p + w], grad_weight

    def padded(self, x):
        p = self.padding
        return np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))

    def seen_by(self, u, v):
        """The pixels of the padded image that pixel (u, v) of the kernel lies on, at all places."""
        (oh, ow), s = self.places, self.stride
        return ..., slice(u, u + s * oh, s), slice(v, v + s * ow, s)
