"""Typical wrong answers to conv2d."""

import numpy as np

from exercises.course.convolution.conv2d.solution import Conv2d, col2im, im2col
from exercises.course.convolution.shared_mistakes import add_to
from exercises.stages import Mistakes

mistake = Mistakes()
add_to(mistake, Conv2d)  # what goes wrong in every convolution


class InSteps(Conv2d):
    """The solution once more, in steps that a mistake can change one of."""

    def forward(self, x, weight, bias=None):
        self.x, self.weight, self.bias = x, weight, bias
        y = self.with_bias(self.matrix() @ self.columns_of(x), bias)
        return self.as_image(y)

    def backward(self, grad_y):
        grad = self.as_matrices(grad_y)
        grad_bias = None if self.bias is None else self.grad_bias(grad_y)
        return self.grad_x(grad), self.grad_weight(grad), grad_bias

    def places(self):
        sizes = zip(self.x.shape[2:], self.weight.shape[2:], strict=True)
        return tuple((size + 2 * self.padding - kernel) // self.stride + 1 for size, kernel in sizes)

    def matrix(self):
        """The kernels as rows, (K, C*KH*KW)."""
        return self.weight.reshape(len(self.weight), -1)

    def columns_of(self, x):
        return im2col(x, self.weight.shape[2:], self.stride, self.padding)

    def with_bias(self, y, bias):
        return y if bias is None else y + bias[:, None]

    def as_image(self, y):
        """(N, K, OH*OW) -> (N, K, OH, OW)"""
        return y.reshape(len(self.x), len(self.weight), *self.places())

    def as_matrices(self, grad_y):
        """(N, K, OH, OW) -> (N, K, OH*OW)"""
        return grad_y.reshape(*grad_y.shape[:2], -1)

    def grad_x(self, grad):
        return self.image_of(self.matrix().T @ grad)

    def image_of(self, grad_columns):
        return col2im(grad_columns, self.x.shape[2:], self.weight.shape[2:], self.stride, self.padding)

    def grad_weight(self, grad):
        return self.over_images(grad @ self.columns_of(self.x).swapaxes(1, 2)).reshape(self.weight.shape)

    def over_images(self, grads):
        """(N, K, C*KH*KW) -> (K, C*KH*KW)"""
        return grads.sum(axis=0)

    def grad_bias(self, grad_y):
        return grad_y.sum(axis=(0, 2, 3))


# ---- forward -------------------------------------------------------------------------------------------------------


@mistake("You turned the kernel around; that is a convolution in mathematics. A network's does not turn it.")
class Turned(InSteps):
    def matrix(self):
        return self.weight[:, :, ::-1, ::-1].reshape(len(self.weight), -1)


@mistake("You reshaped weight to (-1, K) to transpose it; that only cuts it up anew: weight.reshape(K, -1), then .T.")
class CutUp(InSteps):
    def matrix(self):
        return self.weight.reshape(-1, len(self.weight)).T


@mistake("You put the channels last in the kernels; the columns have them first: weight.reshape(K, -1) fits as it is.")
class ChannelsLast(InSteps):
    def matrix(self):
        return self.weight.transpose(0, 2, 3, 1).reshape(len(self.weight), -1)


@mistake("You read the kernels column by column; the columns have their patches row by row: weight.reshape(K, -1).")
class KernelByColumns(InSteps):
    def matrix(self):
        return self.weight.swapaxes(2, 3).reshape(len(self.weight), -1)


@mistake("You added the bias also where it is None; look first: if bias is not None.")
class BiasNeverNone(InSteps):
    def with_bias(self, y, bias):
        return y + bias[:, None]


@mistake("You wrote weight.T, which turns all four axes around; make it a matrix first: weight.reshape(K, -1).")
class FourAxesTurned(InSteps):
    def matrix(self):
        return self.weight.T.reshape(-1, len(self.weight)).T


@mistake("You reshaped the columns to (C*KH*KW, N*OH*OW) at once; the images are in front, and have to be moved first.")
class ColumnsReshaped(InSteps):
    def columns_of(self, x):
        columns = super().columns_of(x)
        n, m, places = columns.shape
        return columns.reshape(m, n, places).swapaxes(0, 1)


@mistake(
    "You reshaped columns and y, to (C*KH*KW, N*OH*OW) and back to (N, K, OH, OW), not moving the images; transpose."
)
class BothReshaped(ColumnsReshaped):
    def as_image(self, y):
        return super().as_image(np.ascontiguousarray(y.swapaxes(0, 1)))


@mistake("You took y apart as (K, OH, OW, N); the columns have the images in front: (K, N, OH, OW), then transpose.")
class ImagesLast(InSteps):
    def as_image(self, y):
        n, k, oh_ow = y.shape
        flat = np.ascontiguousarray(y.swapaxes(0, 1)).reshape(k, oh_ow, n)
        return super().as_image(np.ascontiguousarray(flat.transpose(2, 0, 1)))


@mistake("You added the bias to (N, K, OH*OW) as it is; that takes its last axis, the places: bias[:, None].")
class BiasAlongPlaces(InSteps):
    def with_bias(self, y, bias):
        return y if bias is None else y + bias


@mistake("You used the stride in one of OH and im2col, and not in the other; both need it.")
class StrideInOneOfTwo(InSteps):
    def columns_of(self, x):
        return im2col(x, self.weight.shape[2:], 1, self.padding)


@mistake("You used the padding in one of OH and im2col, and not in the other, or once in place of twice; both need it.")
class PaddingInOneOfTwo(InSteps):
    def columns_of(self, x):
        x = np.pad(x, ((0, 0), (0, 0), (0, self.padding), (0, self.padding)))
        return im2col(x, self.weight.shape[2:], self.stride, 0)


@mistake("You forgot the stride; im2col needs it.")
class WithoutStride(InSteps):
    def __init__(self, stride, padding):
        super().__init__(1, padding)


@mistake("You forgot the padding; im2col needs it.")
class WithoutPadding(InSteps):
    def __init__(self, stride, padding):
        super().__init__(stride, 0)


@mistake("You padded so that the size stays, KH // 2; the padding is given: self.padding.")
class SamePadding(InSteps):
    def forward(self, x, weight, bias=None):
        self.padding = weight.shape[2] // 2
        return super().forward(x, weight, bias)


@mistake("You mixed up stride and padding; im2col takes the stride first.")
class MixedUp(InSteps):
    def __init__(self, stride, padding):
        super().__init__(max(1, padding), stride)


@mistake(
    "You left out the + 1 in the output's size, and the last places with it; OH = (H + 2 padding - KH) // stride + 1."
)
class OnePlaceLess(InSteps):
    def as_image(self, y):
        return super().as_image(y)[:, :, :-1, :-1]


@mistake("You mixed up OH and OW; the places are counted row by row: (N, K, OH, OW).")
class WidthFirst(InSteps):
    def as_image(self, y):
        return y.reshape(len(self.x), len(self.weight), *self.places()[::-1])


@mistake("You reshaped (N, OH*OW, K) to (N, K, OH, OW); the axis of the kernels has to be moved first, by a transpose.")
class PlacesBeforeKernels(InSteps):
    def as_image(self, y):
        return super().as_image(np.ascontiguousarray(y.swapaxes(1, 2)))


@mistake("You reshaped (K, N*OH*OW) to (N, K, OH, OW); the axis of the images has to be moved first, by a transpose.")
class KernelsBeforeImages(InSteps):
    def as_image(self, y):
        return super().as_image(np.ascontiguousarray(y.swapaxes(0, 1)))


@mistake("You left y as (N, K, OH*OW); it is an image: reshape it to (N, K, OH, OW).")
class NoImage(InSteps):
    def as_image(self, y):
        return y


# ---- backward ------------------------------------------------------------------------------------------------------


class OnlyBackward(InSteps):
    """For mistakes in the kernels' matrix that forward does not share."""

    def forward(self, x, weight, bias=None):
        y = Conv2d(self.stride, self.padding).forward(x, weight, bias)
        self.x, self.weight, self.bias = x, weight, bias
        return y


@mistake("You did not add up grad_weight over the images; it has the shape of weight, (K, C, KH, KW).")
class ForEachImage(InSteps):
    def grad_weight(self, grad):
        grads = grad @ self.columns_of(self.x).swapaxes(1, 2)
        return grads.reshape(-1, *self.weight.shape)


@mistake("You multiplied columns and grad_y the other way round; that is grad_weight transposed, and reshape hides it.")
class WeightTransposed(InSteps):
    def grad_weight(self, grad):
        found = super().grad_weight(grad).reshape(len(self.weight), -1)
        return np.ascontiguousarray(found.T).reshape(self.weight.shape)


@mistake("You reshaped grad_weight before the images were added up; there is one for each: .sum(axis=0) comes first.")
class ReshapedTooEarly(InSteps):
    def over_images(self, grads):
        return grads


@mistake("You turned grad_weight around; weight[u, v] was multiplied by x at (u, v) of the patch, not turned.")
class WeightTurned(InSteps):
    def grad_weight(self, grad):
        return super().grad_weight(grad)[:, :, ::-1, ::-1]


@mistake(
    "You turned the kernel for grad_x; that is so where grad_y is convolved with it. W^T grad and col2im need none."
)
class TurnedForX(OnlyBackward):
    def matrix(self):
        return self.weight[:, :, ::-1, ::-1].reshape(len(self.weight), -1)


@mistake(
    "You wrote weight.T for grad_x, which turns all four axes around; make it a matrix first: weight.reshape(K, -1).T."
)
class FourAxesTurnedForX(OnlyBackward):
    def matrix(self):
        return self.weight.T.reshape(-1, len(self.weight)).T


class BiasFromMatrices(InSteps):
    """For mistakes in the matrices of grad_y: grad_bias is made of these as well."""

    def backward(self, grad_y):
        grad_x, grad_weight, grad_bias = super().backward(grad_y)
        return grad_x, grad_weight, None if grad_bias is None else self.as_matrices(grad_y).sum(axis=(0, 2))


@mistake("You mixed up rows and columns of grad_y; its places are counted row by row, as those of the columns.")
class PlacesByColumns(InSteps):
    def as_matrices(self, grad_y):
        return super().as_matrices(np.ascontiguousarray(grad_y.swapaxes(2, 3)))


@mistake(
    "You put the kernels of grad_y in front, and then reshaped as if the images were; (N, K, OH*OW) needs no transpose."
)
class KernelsInFront(BiasFromMatrices):
    def as_matrices(self, grad_y):
        return np.ascontiguousarray(grad_y.swapaxes(0, 1)).reshape(*grad_y.shape[:2], -1)


@mistake("You put the images last in grad_y, transpose(1, 2, 3, 0); the columns have them in front.")
class GradImagesLast(InSteps):
    def as_matrices(self, grad_y):
        n, k = grad_y.shape[:2]
        return np.ascontiguousarray(grad_y.transpose(1, 2, 3, 0)).reshape(k, n, -1).swapaxes(0, 1)


@mistake("You multiplied by weight where its transpose belongs; grad_columns = W^T grad, (C*KH*KW, K) @ (K, OH*OW).")
class NotTransposed(InSteps):
    def grad_x(self, grad):
        return self.image_of(self.matrix() @ grad)


@mistake("You reshaped weight to (-1, K) for its transpose; that only cuts it up anew: weight.reshape(K, -1).T.")
class CutUpForX(OnlyBackward):
    def matrix(self):
        return self.weight.reshape(-1, len(self.weight)).T


@mistake("You reshaped grad_y to (K, N*OH*OW); its first axis is the images: transpose it, or keep the images apart.")
class KernelsFirst(InSteps):
    def as_matrices(self, grad_y):
        n, k = grad_y.shape[:2]
        return np.ascontiguousarray(grad_y.reshape(k, n, -1).swapaxes(0, 1))


@mistake("You reshaped grad_y to (K, N*OH*OW), for grad_bias as well; its first axis is the images: transpose it.")
class KernelsFirstForAll(BiasFromMatrices, KernelsFirst):
    pass


@mistake("You reshaped grad_y to (N, OH*OW, K); its second axis is the kernels: reshape to (N, K, OH*OW).")
class PlacesFirst(InSteps):
    def as_matrices(self, grad_y):
        n, k = grad_y.shape[:2]
        return np.ascontiguousarray(grad_y.reshape(n, -1, k).swapaxes(1, 2))


@mistake("You reshaped grad_y to (N, OH*OW, K), for grad_bias as well; its second axis is the kernels: (N, K, OH*OW).")
class PlacesFirstForAll(BiasFromMatrices, PlacesFirst):
    pass


@mistake("You wrote the patches of grad_x over each other; they overlap and add up, as col2im does it.")
class Overwritten(InSteps):
    def image_of(self, grad_columns):
        (n, c, h, w), (kh, kw), p = self.x.shape, self.weight.shape[2:], self.padding
        padded = np.zeros((n, c, h + 2 * p, w + 2 * p))
        for place, (i, j) in enumerate(np.ndindex(self.places())):
            rows, columns = (slice(a * self.stride, a * self.stride + b) for a, b in ((i, kh), (j, kw)))
            padded[:, :, rows, columns] = grad_columns[:, :, place].reshape(n, c, kh, kw)
        return padded[:, :, p : p + h, p : p + w]


@mistake("You forgot the stride where grad_x is put together; the patch of place (i, j) begins at row i * stride.")
class StrideForgottenX(InSteps):
    def image_of(self, grad_columns):
        (n, c, h, w), (kh, kw), p = self.x.shape, self.weight.shape[2:], self.padding
        padded = np.zeros((n, c, h + 2 * p, w + 2 * p))
        for place, (i, j) in enumerate(np.ndindex(self.places())):
            padded[:, :, i : i + kh, j : j + kw] += grad_columns[:, :, place].reshape(n, c, kh, kw)
        return padded[:, :, p : p + h, p : p + w]


@mistake("You forgot the stride in backward; im2col and col2im need there what im2col had in forward.")
class StrideForgottenBackward(InSteps):
    def image_of(self, grad_columns):
        return col2im(grad_columns, self.x.shape[2:], self.weight.shape[2:], 1, self.padding)


@mistake("You forgot the padding in backward; im2col and col2im need there what im2col had in forward.")
class PaddingForgottenBackward(InSteps):
    def image_of(self, grad_columns):
        return col2im(grad_columns, self.x.shape[2:], self.weight.shape[2:], self.stride, 0)


@mistake("You forgot stride and padding in backward; im2col and col2im need there what im2col had in forward.")
class BothForgottenBackward(InSteps):
    def image_of(self, grad_columns):
        return col2im(grad_columns, self.x.shape[2:], self.weight.shape[2:], 1, 0)


@mistake("You left out col2im; grad_columns has to be added back to the image, and grad_x has the shape of x.")
class WithoutCol2im(InSteps):
    def image_of(self, grad_columns):
        return grad_columns


@mistake("You left the padding on grad_x; it has the size of x: col2im cuts it off if it knows the padding.")
class PaddedX(InSteps):
    def image_of(self, grad_columns):
        size = [n + 2 * self.padding for n in self.x.shape[2:]]
        return col2im(grad_columns, size, self.weight.shape[2:], self.stride, 0)


@mistake(
    "You cut the padding off grad_x at the end alone; the image is in the middle: col2im knows, give it the padding."
)
class CutAtTheEnd(PaddedX):
    def image_of(self, grad_columns):
        h, w = self.x.shape[2:]
        return super().image_of(grad_columns)[:, :, :h, :w]


@mistake("You cut with [padding : -padding]; for padding 0 that is [0 : 0], nothing. Write [padding : padding + H].")
class CutWithMinus(PaddedX):
    def image_of(self, grad_columns):
        p = self.padding
        return super().image_of(grad_columns)[:, :, p:-p, p:-p]


@mistake("You divided grad_x by how many patches a pixel lies in; what they give adds up.")
class XAveraged(InSteps):
    def image_of(self, grad_columns):
        count = super().image_of(np.ones_like(grad_columns))
        return super().image_of(grad_columns) / np.maximum(count, 1)
