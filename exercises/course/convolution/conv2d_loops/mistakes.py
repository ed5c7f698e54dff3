"""Typical wrong answers to conv2d_loops."""

import numpy as np

from exercises.course.convolution.conv2d_loops.solution import Conv2d
from exercises.course.convolution.shared_mistakes import add_to
from exercises.stages import Mistakes

mistake = Mistakes()
add_to(mistake, Conv2d)  # what goes wrong in every convolution


class PerPlace(Conv2d):
    """The solution once more, in steps that a mistake can change one of."""

    def forward(self, x, weight, bias):
        self.x, self.weight = x, weight
        y = np.zeros((len(x), len(weight), *self.places()), x.dtype)
        for image, kernel, i, j in np.ndindex(y.shape):
            patch = x[self.window(image, i, j)]
            y[image, kernel, i, j] = self.value(patch, weight[kernel]) + bias[kernel]
        return y

    def backward(self, grad_y):
        grad_x, grad_weight = np.zeros_like(self.x), np.zeros_like(self.weight)
        grad_bias = np.zeros(len(self.weight), self.x.dtype)
        for image, kernel, i, j in np.ndindex(grad_y.shape):
            g, window = grad_y[image, kernel, i, j], self.window(image, i, j)
            self.give_x(grad_x[window], g, self.weight[kernel])
            self.give_weight(grad_weight[kernel], g, self.x[window])
            self.give_bias(grad_bias[kernel : kernel + 1], g)
        return grad_x, grad_weight, grad_bias

    def places(self):
        (h, w), (kh, kw) = self.x.shape[2:], self.weight.shape[2:]
        return h - kh + 1, w - kw + 1

    def window(self, image, i, j):
        """The place of a patch in x."""
        kh, kw = self.weight.shape[2:]
        return image, slice(None), slice(i, i + kh), slice(j, j + kw)

    def value(self, patch, kernel):
        return (patch * kernel).sum()

    def give_x(self, grad_patch, g, kernel):
        grad_patch += g * kernel

    def give_weight(self, grad_kernel, g, patch):
        grad_kernel += g * patch

    def give_bias(self, grad_bias, g):
        grad_bias += g


# ---- forward -------------------------------------------------------------------------------------------------------


@mistake("You turned the kernel around; that is a convolution in mathematics. A network's does not turn it.")
class Turned(PerPlace):
    def value(self, patch, kernel):
        return (patch * kernel[:, ::-1, ::-1]).sum()


@mistake("You added the bias once for each product of the sum; it is added once for each y, behind the sum.")
class BiasForEachProduct(PerPlace):
    def forward(self, x, weight, bias):
        return super().forward(x, weight, bias * weight[0].size)


@mistake("You took the mean over the channels; y is the sum over them.")
class MeanOverChannels(PerPlace):
    def value(self, patch, kernel):
        return (patch * kernel).sum() / len(patch)


@mistake("You multiplied the patch and the kernel as matrices (@); the products are element by element.")
class AsMatrices(PerPlace):
    def value(self, patch, kernel):
        return (patch @ kernel).sum()


@mistake("You left out the + 1 in the output's size; the place 0 counts as well: OH = H - KH + 1.")
class OnePlaceLess(PerPlace):
    def places(self):
        return tuple(size - 1 for size in super().places())


@mistake("You padded x so that y has its size; here is no padding: OH = H - KH + 1.")
class Padded(PerPlace):
    def forward(self, x, weight, bias):
        kh, kw = weight.shape[2:]
        before = [(0, 0), (0, 0), (kh // 2, kh - 1 - kh // 2), (kw // 2, kw - 1 - kw // 2)]
        return super().forward(np.pad(x, before), weight, bias)


@mistake("You moved the kernel by its own size; it moves by 1, and the patches overlap.")
class MovedByItsSize(PerPlace):
    def places(self):
        return tuple(size // kernel for size, kernel in zip(self.x.shape[2:], self.weight.shape[2:], strict=True))

    def window(self, image, i, j):
        kh, kw = self.weight.shape[2:]
        return super().window(image, i * kh, j * kw)


@mistake("You mixed up i and j; the patch of y[n, k, i, j] begins at row i and column j.")
class RowsAndColumns(PerPlace):
    def window(self, image, i, j):
        return super().window(image, j, i)


@mistake("You mixed up the rows and the columns of the kernel; kernel[u, v] belongs to x[i + u, j + v].")
class TransposedKernel(PerPlace):
    def value(self, patch, kernel):
        return (patch * kernel.swapaxes(1, 2)).sum()


# ---- backward ------------------------------------------------------------------------------------------------------


@mistake("You wrote one patch's part of grad_x over another's; patches overlap and their parts add up: += not =.")
class OverwrittenX(PerPlace):
    def give_x(self, grad_patch, g, kernel):
        grad_patch[...] = g * kernel


@mistake("You turned the kernel in grad_x; what x[i + u, j + v] was multiplied by is weight[u, v], not turned.")
class TurnedX(PerPlace):
    def give_x(self, grad_patch, g, kernel):
        grad_patch += g * kernel[:, ::-1, ::-1]


@mistake("You turned the patch in grad_weight; what weight[u, v] was multiplied by is x[i + u, j + v], not turned.")
class TurnedWeight(PerPlace):
    def give_weight(self, grad_kernel, g, patch):
        grad_kernel += g * patch[:, ::-1, ::-1]


@mistake("You gave grad_x the patch, and grad_weight the kernel; each input gets what it was multiplied by: the other.")
class Itself(PerPlace):
    def backward(self, grad_y):
        kernels, patches = np.zeros_like(self.weight), np.zeros_like(self.x)
        for image, kernel, i, j in np.ndindex(grad_y.shape):
            g, window = grad_y[image, kernel, i, j], self.window(image, i, j)
            patches[window] += g * self.x[window]
            kernels[kernel] += g * self.weight[kernel]
        return patches, kernels, grad_y.sum(axis=(0, 2, 3))
