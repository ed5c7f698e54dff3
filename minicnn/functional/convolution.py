"""Convolution: im2col and a matrix product."""

from __future__ import annotations

from minicnn import backend
from minicnn.backend import Array
from minicnn.function import Function
from minicnn.functional import checks
from minicnn.functional.checks import IntPair
from minicnn.functional.im2col import add_patches, output_size, patches
from minicnn.tensor import Tensor


class Conv2d(Function):
    """Slide K kernels over N images; each output pixel is one dot product of a kernel and the patch under it.

        y[n, k, i, j] = bias[k] + sum over c, u, v of  weight[k, c, u, v] * x[n, c, i*SH + u - PH, j*SW + v - PW]

    With the patches of a few images written side by side as columns (im2col) this is one matrix product:

        y = kernels @ columns + bias              (K, OH*OW*B) = (K, C*KH*KW) @ (C*KH*KW, OH*OW*B)

    and so its gradients are two more:

        grad_kernels = grad_y @ columns.T         added up over all images
        grad_columns = kernels.T @ grad_y         added back to the pixels they came from (the adjoint of im2col)
        grad_bias    = grad_y summed over images and pixels

    x (N, C, H, W), weight (K, C, KH, KW), bias (K,) or None -> y (N, K, OH, OW),  OH = (H + 2 PH - KH) // SH + 1.
    Raises ValueError where the channels of x and weight differ, or the kernel is larger than the padded image.
    Source: Chellapilla, Puri, Simard, "High Performance Convolutional Neural Networks for Document Processing", 2006.
    """

    def __init__(self, stride: IntPair, padding: IntPair):
        self.stride = checks.pair("conv2d", "stride", stride, minimum=1)
        self.padding = checks.pair("conv2d", "padding", padding)

    def forward(self, x, weight, bias=None):
        self._check(x, weight, bias)
        xp = backend.module_of(x)
        kernels = weight.reshape(len(weight), -1)
        oh, ow = output_size("conv2d", x.shape[2:], weight.shape[2:], self.stride, self.padding)
        y = xp.empty((len(x), len(weight), oh, ow), x.dtype)
        shift = xp.zeros(len(weight), x.dtype) if bias is None else bias

        def convolve(images):
            product = kernels @ self._columns(x[images], weight)
            xp.add(_images_first(product, y[images].shape), shift[:, None, None], out=y[images])

        backend.for_each_block(convolve, len(x), xp, images_per_block(oh * ow), columns_bytes(x, weight, oh * ow))
        self.x, self.weight = x, weight
        return y

    def backward(self, grad_y):
        x, weight = self.x, self.weight
        xp = backend.module_of(x)
        kernels = weight.reshape(len(weight), -1)
        oh, ow = grad_y.shape[2:]
        need_x, need_weight, need_bias = self.needs_input_grad
        grad_x = xp.empty(x.shape, x.dtype) if need_x else None
        grad_bias = xp.empty((len(x), len(weight)), x.dtype) if need_bias else None  # a row for each image

        def gradients(images):
            if need_bias:
                grad_bias[images] = grad_y[images].sum(axis=(2, 3))
            grad = _channels_first(grad_y[images])  # (K, OH*OW*B)
            if need_x:
                p = (kernels.T @ grad).reshape(*weight.shape[1:], oh, ow, -1)
                grad_x[images] = add_patches(p.transpose(5, 0, 1, 2, 3, 4), x.shape[2:], self.stride, self.padding)
            # The columns are made again: keeping them from forward would cost KH*KW times the memory of x.
            # This is grad_kernels transposed: OpenBLAS takes up to half as long for it as for grad @ columns.T.
            return self._columns(x[images], weight) @ grad.T if need_weight else xp.zeros(1, x.dtype)

        bytes_per_image = columns_bytes(x, weight, oh * ow)
        grad_kernels = backend.sum_over_blocks(gradients, len(x), xp, images_per_block(oh * ow), bytes_per_image)
        grad_weight = grad_kernels.T.reshape(weight.shape) if need_weight else None
        return grad_x, grad_weight, grad_bias.sum(axis=0) if need_bias else None

    def _columns(self, x, weight):
        """x (B, C, H, W) -> (C*KH*KW, OH*OW*B). One image, 1x1, stride 1: a view, nothing is copied."""
        p = patches(x, weight.shape[2:], self.stride, self.padding)
        return p.transpose(1, 2, 3, 4, 5, 0).reshape(weight[0].size, -1)

    def _check(self, x, weight, bias):
        checks.ndim("conv2d", "x", x, 4, "(N, C, H, W)")
        checks.ndim("conv2d", "weight", weight, 4, "(K, C, KH, KW)")
        checks.shape("conv2d", "bias", bias, (len(weight),))
        if x.shape[1] != weight.shape[1]:
            raise ValueError(
                f"conv2d: x has {x.shape[1]} channels {x.shape}, weight expects {weight.shape[1]} {weight.shape}"
            )


def images_per_block(pixels: int) -> int:
    """Small images are taken several at a time: a matrix product is slow below about 200 columns."""
    return max(1, 256 // pixels)


def columns_bytes(x: Array, weight: Array, pixels: int) -> int:
    """The memory that the columns of one image take: KH * KW times that of the image where the stride is 1."""
    return weight[0].size * pixels * x.itemsize


def _channels_first(x: Array) -> Array:
    """(B, K, OH, OW) -> (K, OH*OW*B); a view for one image."""
    return x.transpose(1, 2, 3, 0).reshape(x.shape[1], -1)


def _images_first(x: Array, shape: tuple[int, ...]) -> Array:
    """(K, OH*OW*B) -> (B, K, OH, OW), a view."""
    b, k, oh, ow = shape
    return x.reshape(k, oh, ow, b).transpose(3, 0, 1, 2)


def conv2d(x: Tensor, weight: Tensor, bias: Tensor | None = None, stride: IntPair = 1, padding: IntPair = 0) -> Tensor:
    """Convolve x (N, C, H, W) with weight (K, C, KH, KW), add bias (K,) -> (N, K, OH, OW). See Conv2d."""
    return Conv2d(stride, padding)(x, weight, bias)
