"""Convolution: im2col and a matrix product."""

from __future__ import annotations

from minicnn import backend
from minicnn.function import Function
from minicnn.functional import checks
from minicnn.functional.checks import IntPair
from minicnn.functional.im2col import add_patches, output_size, patches
from minicnn.functional.layout import channels_last, channels_second
from minicnn.tensor import Tensor


class Conv2d(Function):
    """Slide K kernels over N images; each output pixel is one dot product of a kernel and the patch under it.

        y[n, k, i, j] = bias[k] + sum over c, u, v of  weight[k, c, u, v] * x[n, c, i*SH + u - PH, j*SW + v - PW]

    With the patches as the rows of one matrix (im2col) and the kernels as the rows of another, this is a linear layer
    that is applied to every patch, one matrix product for a block of B images:

        y = patches @ kernels.T + bias            (B*OH*OW, K) = (B*OH*OW, KH*KW*C) @ (KH*KW*C, K)

    and so its gradients are two more:

        grad_kernels = grad_y.T @ patches         added up over all images
        grad_patches = grad_y @ kernels           added back to the pixels they came from (the adjoint of im2col)
        grad_bias    = grad_y summed over images and pixels

    With `relu`, y = max(0, that), as a ReLU behind the convolution would give, but done while a block is in the cache:
    a ReLU by itself has to bring all of y from memory and back, in backward too. grad_y counts where y > 0 then.

    x (N, C, H, W), weight (K, C, KH, KW), bias (K,) or None -> y (N, K, OH, OW),  OH = (H + 2 PH - KH) // SH + 1.
    In memory the channels are last, of images and kernels (see layout.py): then the product is y as it lies there.
    Raises ValueError where the channels of x and weight differ, or the kernel is larger than the padded image.
    Source: Chellapilla, Puri, Simard, "High Performance Convolutional Neural Networks for Document Processing", 2006.
    """

    def __init__(self, stride: IntPair, padding: IntPair, relu: bool = False):
        self.stride = checks.pair("conv2d", "stride", stride, minimum=1)
        self.padding = checks.pair("conv2d", "padding", padding)
        self.relu = relu

    def forward(self, x, weight, bias=None):
        self._check(x, weight, bias)
        xp, k = backend.module_of(x), len(weight)
        oh, ow = output_size("conv2d", x.shape[2:], weight.shape[2:], self.stride, self.padding)
        self.x, self.weight = x, channels_last(weight)
        kernels = self.weight.reshape(k, -1)
        y = xp.empty((len(x), oh, ow, k), x.dtype)

        def convolve(images):
            rows = y[images].reshape(-1, k)
            xp.matmul(self._patches(images), kernels.T, out=rows)
            if bias is not None:
                rows += bias
            if self.relu:
                xp.clip(rows, 0, xp.inf, out=rows)

        backend.for_each_block(convolve, len(x), xp, images_per_block(oh * ow), kernels[0].nbytes * oh * ow)
        y = channels_second(y)
        self.y = y if self.relu else None
        return y

    def backward(self, grad_y):
        x, weight = self.x, self.weight
        (n, c, *size), (k, oh, ow) = x.shape, grad_y.shape[1:]
        xp, kernels = backend.module_of(x), weight.reshape(k, -1)
        need_x, need_weight, need_bias = self.needs_input_grad
        grad_x = xp.empty((n, *size, c), x.dtype) if need_x else None
        grad_bias = xp.empty((n, k), x.dtype) if need_bias else None  # a row for each image

        def gradients(images):
            grad = grad_y[images] * (self.y[images] > 0) if self.relu else grad_y[images]
            grad = channels_last(grad)
            if need_bias:
                grad_bias[images] = grad.sum(axis=1).sum(axis=1)
            grad = grad.reshape(-1, k)
            if need_x and self._is_1x1():
                xp.matmul(grad, kernels, out=grad_x[images].reshape(-1, c))
            elif need_x:
                p = (grad @ kernels).reshape(-1, oh, ow, *weight.shape[1:])
                grad_x[images] = add_patches(p, size, self.stride, self.padding)
            # The patches are made again: keeping them from forward would cost KH*KW times the memory of x.
            return grad.T @ self._patches(images) if need_weight else xp.zeros(1, x.dtype)

        bytes_per_image = kernels[0].nbytes * oh * ow
        grad_kernels = backend.sum_over_blocks(gradients, n, xp, images_per_block(oh * ow), bytes_per_image)
        return (
            channels_second(grad_x) if need_x else None,
            channels_second(grad_kernels.reshape(weight.shape)) if need_weight else None,
            grad_bias.sum(axis=0) if need_bias else None,
        )

    def _patches(self, images):
        """The patches of some images as rows, (B*OH*OW, KH*KW*C); those of a 1x1 convolution are the pixels of x."""
        x, weight = channels_last(self.x[images]), self.weight
        p = x if self._is_1x1() else patches(x, weight.shape[1:3], self.stride, self.padding)
        return p.reshape(-1, weight[0].size)

    def _is_1x1(self):
        return self.weight.shape[1:3] == self.stride == (1, 1) and self.padding == (0, 0)

    def _check(self, x, weight, bias):
        checks.ndim("conv2d", "x", x, 4, "(N, C, H, W)")
        checks.ndim("conv2d", "weight", weight, 4, "(K, C, KH, KW)")
        checks.shape("conv2d", "bias", bias, (len(weight),))
        if x.shape[1] != weight.shape[1]:
            hint = ": write x.transpose(0, 3, 1, 2), for (N, C, H, W)" if x.shape[3] == weight.shape[1] else ""
            raise ValueError(
                f"conv2d: x has {x.shape[1]} channels {x.shape}, weight expects {weight.shape[1]} {weight.shape}{hint}"
            )


def images_per_block(pixels: int) -> int:
    """Small images are taken several at a time: a matrix product is slow where its matrices have few rows."""
    return max(1, 1024 // pixels)


def conv2d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: IntPair = 1,
    padding: IntPair = 0,
    *,
    relu: bool = False,
) -> Tensor:
    """Convolve x (N, C, H, W) with weight (K, C, KH, KW), add bias (K,) -> (N, K, OH, OW). See Conv2d.

    `relu`: max(0, that), the same as F.relu(F.conv2d(...)) but quicker.
    """
    return Conv2d(stride, padding, relu)(x, weight, bias)
