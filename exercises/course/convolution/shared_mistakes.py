"""What goes wrong in every convolution, however it is computed: wrong sums, wrong axes, wrong order.

A convolution is linear in x and in weight, and its backward in grad_y. So the solution itself, given something else or
with something else done to its result, gives what most of these mistakes give.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from typing import Any

import numpy as np

from exercises.stages import Mistakes


def only(array: np.ndarray, *index: Any) -> np.ndarray:
    """The array with zeros everywhere but at `index`."""
    kept = np.zeros_like(array)
    kept[index] = array[index]
    return kept


def places(grad_y: np.ndarray) -> int:
    return grad_y.shape[2] * grad_y.shape[3]


ALL = slice(None)

# (sentence, y of forward, x, weight, bias; forward(x, weight, bias) is right)
FORWARD: list[tuple[str, Callable[..., np.ndarray]]] = [
    ("You forgot the bias; bias[k] is added to every y of kernel k.",
     lambda forward, x, w, b: forward(x, w, 0 * b)),
    ("You subtracted the bias; it is added.",
     lambda forward, x, w, b: forward(x, w, -b)),
    ("You multiplied by the bias; it is added.",
     lambda forward, x, w, b: forward(x, w, 0 * b) * b[:, None, None]),
    ("You added the bias once for each channel; it is added once for each y, behind the sum over the channels.",
     lambda forward, x, w, b: forward(x, w, w.shape[1] * b)),
    ("You added the bias along the last axis, as y + bias does; it belongs to the axis of the kernels.",
     lambda forward, x, w, b: forward(x, w, 0 * b) + b),
    ("You added the bias along the rows, bias[:, None]; y is (N, K, OH, OW), so that takes bias[:, None, None].",
     lambda forward, x, w, b: forward(x, w, 0 * b) + b[:, None]),
    ("You added the first bias to all; each kernel has its own.",
     lambda forward, x, w, b: forward(x, w, np.full_like(b, b[0]))),
    ("You added all biases to each y; each kernel has its own.",
     lambda forward, x, w, b: forward(x, w, np.full_like(b, b.sum()))),
    ("You kept the last channel alone, as = in place of += does; y is the sum over all channels.",
     lambda forward, x, w, b: forward(x, only(w, ALL, -1), b)),
    ("You took the first channel alone; y is the sum over all channels.",
     lambda forward, x, w, b: forward(x, only(w, ALL, 0), b)),
    ("You divided by the number of weights of a kernel; y is the sum of the products, not their mean.",
     lambda forward, x, w, b: forward(x, w / w[0].size, b)),
    ("You used the first image for all; each has its own y.",
     lambda forward, x, w, b: forward(np.broadcast_to(x[:1], x.shape), w, b)),
    ("You used the last image for all; each has its own y.",
     lambda forward, x, w, b: forward(np.broadcast_to(x[-1:], x.shape), w, b)),
    ("You used the first kernel for all; y[n, k] is made with weight[k].",
     lambda forward, x, w, b: forward(x, np.broadcast_to(w[:1], w.shape), b)),
    ("You used the last kernel for all; y[n, k] is made with weight[k].",
     lambda forward, x, w, b: forward(x, np.broadcast_to(w[-1:], w.shape), b)),
    ("You cut off what is below 0; that is a ReLU, and not part of the convolution.",
     lambda forward, x, w, b: np.maximum(forward(x, w, b), 0)),
    ("You cut y down to whole numbers, as an array of integers does; it has the dtype of x.",
     lambda forward, x, w, b: np.trunc(forward(x, w, b))),
    ("You returned zeros; nothing was written into y.",
     lambda forward, x, w, b: 0 * forward(x, w, b)),
    ("You put the kernels before the images; y is (N, K, OH, OW).",
     lambda forward, x, w, b: forward(x, w, b).swapaxes(0, 1)),
    ("You mixed up the rows and the columns of y; it is (N, K, OH, OW).",
     lambda forward, x, w, b: forward(x, w, b).swapaxes(2, 3)),
    ("You returned y with the kernels last, (N, OH, OW, K); it is (N, K, OH, OW).",
     lambda forward, x, w, b: forward(x, w, b).transpose(0, 2, 3, 1)),
    ("You returned the first image alone; y is (N, K, OH, OW), all of them.",
     lambda forward, x, w, b: forward(x, w, b)[0]),
    ("You added up the images; each has its own y.",
     lambda forward, x, w, b: forward(x, w, b).sum(axis=0)),
    ("You added up the kernels; each makes a channel of y of its own.",
     lambda forward, x, w, b: forward(x, w, b).sum(axis=1, keepdims=True)),
]  # fmt: skip

FORWARD_OF_LARGER_KERNELS: list[tuple[str, Callable[..., np.ndarray]]] = [
    ("You kept the last term of the sum alone, as = in place of += does; y is the sum over channels, rows and columns.",
     lambda forward, x, w, b: forward(x, only(w, ALL, -1, -1, -1), b)),
    ("You kept the kernel's last pixel alone, as = in place of += does; y is the sum over rows and columns, too.",
     lambda forward, x, w, b: forward(x, only(w, ALL, ALL, -1, -1), b)),
    ("You took the kernel's first pixel alone; y is the sum over its rows and columns.",
     lambda forward, x, w, b: forward(x, only(w, ALL, ALL, 0, 0), b)),
    ("You turned the rows of the kernel around; it is used as it is.",
     lambda forward, x, w, b: forward(x, w[:, :, ::-1], b)),
    ("You turned the columns of the kernel around; it is used as it is.",
     lambda forward, x, w, b: forward(x, w[:, :, :, ::-1], b)),
    ("You added up patch and kernel each by itself, and multiplied the sums; multiply first, then add up.",
     lambda forward, x, w, b: forward(x, np.ones_like(w) * w.sum(axis=(1, 2, 3), keepdims=True), b)),
]  # fmt: skip

WRONG_AXES = [(1,), (2,), (3,), (0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (0, 1, 2), (0, 1, 3), (1, 2, 3)]  # of grad_bias

# (sentence, gradient of backward, grad_y; backward(grad_y) is right)
GRAD_X: list[tuple[str, Callable[..., np.ndarray]]] = [
    ("You divided grad_x by the number of images; the loss has its own mean, and it is in grad_y already.",
     lambda backward, g: backward(g) / len(g)),
    ("You divided grad_x by the number of kernels; what they send adds up.",
     lambda backward, g: backward(g) / g.shape[1]),
    ("You took grad_x from the first kernel alone; every kernel has used x, and what they send adds up.",
     lambda backward, g: backward(only(g, ALL, 0))),
    ("You took grad_x from the last kernel alone, as = in place of += does; what all kernels send adds up.",
     lambda backward, g: backward(only(g, ALL, -1))),
    ("You gave the first image alone a gradient; each has its own.",
     lambda backward, g: backward(only(g, 0))),
    ("You gave all images the gradient of the last one; each has its own.",
     lambda backward, g: np.broadcast_to(backward(g)[-1:], backward(g).shape)),
    ("You added up grad_x over the images; each image has its own gradient.",
     lambda backward, g: backward(g).sum(axis=0)),
    ("You gave x no gradient, zeros; every y depends on it.",
     lambda backward, g: 0 * backward(g)),
    ("You forgot grad_y in grad_x; the weights are multiplied by it.",
     lambda backward, g: backward(np.ones_like(g))),
    ("You put a minus before grad_x; there is none.",
     lambda backward, g: -backward(g)),
    ("You multiplied by grad_y twice in grad_x; once is right.",
     lambda backward, g: backward(g * g)),
    ("You doubled grad_x; something is added up twice there.",
     lambda backward, g: 2 * backward(g)),
    ("You put the channels before the images in grad_x; it has the shape of x, (N, C, H, W).",
     lambda backward, g: backward(g).swapaxes(0, 1)),
    ("You mixed up the rows and the columns of grad_x; it has the shape of x, (N, C, H, W).",
     lambda backward, g: backward(g).swapaxes(2, 3)),
    ("You returned grad_x with the channels last; it has the shape of x, (N, C, H, W).",
     lambda backward, g: backward(g).transpose(0, 2, 3, 1)),
    ("You summed grad_x over the channels; each has its own.",
     lambda backward, g: np.broadcast_to(backward(g).sum(axis=1, keepdims=True), backward(g).shape)),
    ("You cut grad_x down to whole numbers, as an array of integers does; it has the dtype of x.",
     lambda backward, g: np.trunc(backward(g))),
]  # fmt: skip

GRAD_WEIGHT: list[tuple[str, Callable[..., np.ndarray]]] = [
    ("You took the mean over the images for grad_weight; what they give adds up. The loss has its own mean.",
     lambda backward, g: backward(g) / len(g)),
    ("You divided grad_weight by the number of places; what they give adds up.",
     lambda backward, g: backward(g) / places(g)),
    ("You took the mean over images and places for grad_weight; what all of them give adds up.",
     lambda backward, g: backward(g) / (len(g) * places(g))),
    ("You took the weight's gradient of the first image alone; all images use the weight: add them up.",
     lambda backward, g: backward(only(g, 0))),
    ("You took the weight's gradient of the last image alone; all images use the weight: add them up.",
     lambda backward, g: backward(only(g, -1))),
    ("You took the weight's gradient of the first place alone; it is used at all places: add them up.",
     lambda backward, g: backward(only(g, ALL, ALL, 0, 0))),
    ("You took the weight's gradient of the last place of each image; it is used at all places: += in place of =.",
     lambda backward, g: backward(only(g, ALL, ALL, -1, -1))),
    ("You kept the last image's last place as grad_weight; all images and places add up: += in place of =.",
     lambda backward, g: backward(only(g, -1, ALL, -1, -1))),
    ("You gave the weight no gradient, zeros; every y depends on it.",
     lambda backward, g: 0 * backward(g)),
    ("You forgot grad_y in grad_weight; the x are multiplied by it.",
     lambda backward, g: backward(np.ones_like(g))),
    ("You put a minus before grad_weight; there is none.",
     lambda backward, g: -backward(g)),
    ("You multiplied by grad_y twice in grad_weight; once is right.",
     lambda backward, g: backward(g * g)),
    ("You doubled grad_weight; something is added up twice there.",
     lambda backward, g: 2 * backward(g)),
    ("You summed grad_weight over the kernels; each has its own.",
     lambda backward, g: np.broadcast_to(backward(g).sum(axis=0), backward(g).shape)),
    ("You put the channels before the kernels in grad_weight; it has the shape of weight, (K, C, KH, KW).",
     lambda backward, g: backward(g).swapaxes(0, 1)),
    ("You left grad_weight a matrix; it has the shape of weight: reshape it to (K, C, KH, KW).",
     lambda backward, g: backward(g).reshape(g.shape[1], -1)),
]  # fmt: skip

GRAD_BIAS: list[tuple[str, Callable[..., np.ndarray]]] = [
    ("You took the mean of grad_y for grad_bias; the bias acts in all images at all places, and they add up.",
     lambda backward, g: backward(g) / (len(g) * places(g))),
    ("You divided grad_bias by the number of images; what they give adds up. The loss has its own mean.",
     lambda backward, g: backward(g) / len(g)),
    ("You divided grad_bias by the number of places; what they give adds up.",
     lambda backward, g: backward(g) / places(g)),
    ("You took the bias's gradient of the first image alone; it is added in all of them: sum over them, too.",
     lambda backward, g: backward(only(g, 0))),
    ("You took the bias's gradient of the last image alone; it is added in all of them: sum over them, too.",
     lambda backward, g: backward(only(g, -1))),
    ("You took the bias's gradient of the last place of each image; the bias is added at all places.",
     lambda backward, g: backward(only(g, ALL, ALL, -1, -1))),
    ("You kept the last grad_y as the bias's gradient; all images and places add up: += in place of =.",
     lambda backward, g: g[-1, :, -1, -1]),
    ("You summed all of grad_y for each bias; each kernel has its own: no sum over the axis of the kernels.",
     lambda backward, g: np.full(g.shape[1], g.sum())),
    ("You summed grad_y to one number for grad_bias; it has the shape of bias, (K,): no sum over the kernels.",
     lambda backward, g: g.sum()),
    ("You summed grad_y over the images alone for grad_bias; the bias acts at all places as well.",
     lambda backward, g: g.sum(axis=0)),
    ("You did not sum grad_y over the images for grad_bias; it has the shape of bias, (K,).",
     lambda backward, g: g.sum(axis=(2, 3))),
    ("You kept the axes in grad_bias, (1, K, 1, 1); it has the shape of bias, (K,): no keepdims.",
     lambda backward, g: g.sum(axis=(0, 2, 3), keepdims=True)),
    ("You left grad_bias a column, (K, 1); it has the shape of bias, (K,).",
     lambda backward, g: backward(g)[:, None]),
    ("You counted the y for grad_bias; what is added up for each is its grad_y.",
     lambda backward, g: backward(np.ones_like(g))),
    ("You gave the bias no gradient, zeros; every y grows by 1 with it.",
     lambda backward, g: 0 * backward(g)),
    ("You gave the bias a gradient of 1; every y grows by 1 with it, so it is the sum of their grad_y.",
     lambda backward, g: np.ones(g.shape[1])),
    ("You returned grad_y as it is for grad_bias; it is added up over images and places.",
     lambda backward, g: g),
    ("You summed the pixels of grad_y over the kernels for grad_bias; sum them over images and places: (K,).",
     lambda backward, g: g.sum(axis=1).reshape(-1)),
    ("You summed grad_y over images and kernels for grad_bias, place by place; it has the shape of bias, (K,).",
     lambda backward, g: g.sum(axis=(0, 1)).reshape(-1)),
    ("You left the pixels of grad_y as they are for grad_bias; they are added up, over images and places: (K,).",
     lambda backward, g: g.transpose(0, 2, 3, 1).reshape(-1, g.shape[1])),
    ("You put a minus before grad_bias; there is none.",
     lambda backward, g: -backward(g)),
]  # fmt: skip


def add_to(mistake: Mistakes, right: Any, larger_kernels: bool = True) -> None:
    """All of these, as wrong answers made of the solution `right`, whose kernels may be larger than 1x1."""
    for sentence, wrong_y in FORWARD + (FORWARD_OF_LARGER_KERNELS if larger_kernels else []):
        mistake(sentence)(with_forward(right, wrong_y))
    for place, gradients in enumerate((GRAD_X, GRAD_WEIGHT, GRAD_BIAS)):
        for sentence, wrong in gradients:
            mistake(sentence)(with_gradient(right, place, wrong))
    for axes in WRONG_AXES:
        mistake(
            f"You summed grad_y over the axes {axes} for grad_bias; it is all but the axis of the kernels: (0, 2, 3)."
        )(with_gradient(right, 2, lambda backward, g, axes=axes: g.sum(axis=axes)))
    names = ("grad_x", "grad_weight", "grad_bias")
    for order in permutations(range(3)):
        if order != (0, 1, 2):
            returned = ", ".join(names[i] for i in order)
            mistake(f"You returned {returned}; the order is that of forward's inputs: {', '.join(names)}.")(
                with_order(right, order)
            )
    mistake("You returned zeros; all three gradients are still empty.")(with_zeros(right))
    mistake("You returned too few gradients; each input has one: return grad_x, grad_weight, grad_bias.")(
        with_order(right, (0,))
    )


def with_forward(right: Any, wrong_y: Callable[..., np.ndarray]) -> Any:
    class WrongForward(right):
        def forward(self, x, weight, bias=None):
            forward = super().forward
            if bias is not None:
                return wrong_y(forward, x, weight, bias)
            none = np.zeros(len(weight))
            return wrong_y(lambda x, weight, bias: forward(x, weight, None), x, weight, none)

    return WrongForward


def with_gradient(right: Any, place: int, wrong: Callable[..., np.ndarray]) -> Any:
    class WrongGradient(right):
        def backward(self, grad_y):
            gradients = list(super().backward(grad_y))
            if gradients[place] is not None:
                backward = super().backward
                gradients[place] = wrong(lambda grad: backward(grad)[place], grad_y)
            return tuple(gradients)

    return WrongGradient


def with_zeros(right: Any) -> Any:
    class Zeros(right):
        def backward(self, grad_y):
            return tuple(None if gradient is None else 0 * gradient for gradient in super().backward(grad_y))

    return Zeros


def with_order(right: Any, order: tuple[int, ...]) -> Any:
    class WrongOrder(right):
        def backward(self, grad_y):
            gradients = super().backward(grad_y)
            return tuple(gradients[i] for i in order)

    return WrongOrder
