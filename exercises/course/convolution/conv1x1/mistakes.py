"""Typical wrong answers to conv1x1."""

import numpy as np

from exercises.course.convolution.conv1x1.solution import Conv1x1
from exercises.course.convolution.shared_mistakes import add_to
from exercises.stages import Mistakes

mistake = Mistakes()
add_to(mistake, Conv1x1, larger_kernels=False)  # what goes wrong in every convolution


class InSteps(Conv1x1):
    """The solution once more, in steps that a mistake can change one of. (N, C, P): an image as a list of pixels."""

    def forward(self, x, weight, bias=None):
        self.x, self.weight, self.bias = x, weight, bias
        y = self.matrix() @ self.pixels_of(x)
        return self.with_bias(self.as_image(y), bias)

    def backward(self, grad_y):
        grad = self.grad_pixels(grad_y)
        grad_bias = None if self.bias is None else self.grad_bias(grad_y)
        return self.grad_x(grad), self.grad_weight(grad), grad_bias

    def matrix(self):
        return self.weight[:, :, 0, 0]

    def transposed(self):
        return self.weight[:, :, 0, 0].T

    def pixels_of(self, x):
        return x.reshape(*x.shape[:2], -1)

    def as_image(self, y):
        return y.reshape(len(y), -1, *self.x.shape[2:])

    def with_bias(self, y, bias):
        return y if bias is None else y + bias[:, None, None]

    def grad_pixels(self, grad_y):
        return grad_y.reshape(*grad_y.shape[:2], -1)

    def grad_x(self, grad):
        return self.as_image(self.transposed() @ grad)

    def grad_weight(self, grad):
        pixels = self.x.reshape(*self.x.shape[:2], -1)
        return self.over_images(grad @ pixels.swapaxes(1, 2)).reshape(self.weight.shape)

    def over_images(self, grads):
        return grads.sum(axis=0)

    def grad_bias(self, grad_y):
        return grad_y.sum(axis=(0, 2, 3))


# ---- forward -------------------------------------------------------------------------------------------------------


@mistake("You reshaped x to (N*H*W, C) at once; the channels have to be moved behind the pixels first, by a transpose.")
class ReshapedPixels(InSteps):
    def forward(self, x, weight, bias=None):
        self.x, self.weight, self.bias = x, weight, bias
        n, c, h, w = x.shape
        y = (x.reshape(-1, c) @ self.matrix().T).reshape(n, h, w, -1).transpose(0, 3, 1, 2)
        return self.with_bias(y, bias)


@mistake("You reshaped y from (N*H*W, K) to (N, K, H, W) at once; the channels have to be moved back by a transpose.")
class ReshapedBack(InSteps):
    def forward(self, x, weight, bias=None):
        y = super().forward(x, weight, bias)
        n, k, h, w = y.shape
        return np.ascontiguousarray(y.transpose(0, 2, 3, 1)).reshape(n, k, h, w)


@mistake("You reshaped to pixels and back without moving the channels in either; both need a transpose.")
class ReshapedBoth(InSteps):
    def forward(self, x, weight, bias=None):
        self.x, self.weight, self.bias = x, weight, bias
        n, c, h, w = x.shape
        y = x.reshape(-1, c) @ self.matrix().T + (0 if bias is None else bias)
        return y.reshape(n, -1, h, w)


@mistake(
    "You reshaped x to (C, N*H*W) at once; its first axis is the images, so transpose it first, or keep them apart."
)
class ChannelsBeforeImages(InSteps):
    def pixels_of(self, x):
        n, c = x.shape[:2]
        return x.reshape(c, n, -1).swapaxes(0, 1)


@mistake("You reshaped y from (K, N*H*W) to (N, K, H, W) at once; the kernels have to be moved by a transpose first.")
class KernelsBeforeImages(InSteps):
    def as_image(self, y):
        return super().as_image(np.ascontiguousarray(y.swapaxes(0, 1)).reshape(y.shape))


@mistake("You reshaped x to (C, N*H*W), and y back from (K, N*H*W), without a transpose; both mix up the images.")
class BothWithoutTranspose(InSteps):
    def forward(self, x, weight, bias=None):
        self.x, self.weight, self.bias = x, weight, bias
        n, c, h, w = x.shape
        y = (self.matrix() @ x.reshape(c, -1)).reshape(n, -1, h, w)
        return self.with_bias(y, bias)


@mistake("You left the pixels a list, (N, K, H*W); y is an image, (N, K, H, W).")
class NoImage(InSteps):
    def forward(self, x, weight, bias=None):
        y = super().forward(x, weight, bias)
        return y.reshape(*y.shape[:2], -1)


@mistake("You used the weight transposed; y[k] is the sum over c of weight[k, c] x[c].")
class Transposed(InSteps):
    def matrix(self):
        return super().matrix().T


@mistake("You cut the weight up anew, reshape(C, K).T; it is (K, C, 1, 1), so reshape(K, C).")
class CutUp(InSteps):
    def matrix(self):
        k, c = self.weight.shape[:2]
        return self.weight.reshape(c, k).T


@mistake("You multiplied each channel by its own weight; every y is a sum over all channels.")
class ChannelByChannel(InSteps):
    def matrix(self):
        matrix = super().matrix()
        return matrix * np.eye(*matrix.shape)


@mistake("You multiplied the rows of x as matrices (@ on the last axes); the sum is over the channels.")
class OverColumns(InSteps):
    def forward(self, x, weight, bias=None):
        self.x, self.weight, self.bias = x, weight, bias
        if x.shape[3] != weight.shape[1]:  # it would not even fit
            return super().forward(x, weight, bias)
        return self.with_bias((x @ self.matrix().T), None)


@mistake("You added the bias also where it is None; look first: if bias is not None.")
class BiasNeverNone(InSteps):
    def with_bias(self, y, bias):
        return y + bias[:, None, None]


# ---- backward ------------------------------------------------------------------------------------------------------


@mistake("You multiplied grad_y by the weight as it is; for grad_x it has to be transposed: W^T grad_y.")
class NotTransposed(InSteps):
    def transposed(self):
        return super().transposed().T


@mistake("You cut the weight up anew for its transpose, reshape(C, K); write weight.reshape(K, C).T.")
class CutUpBackward(InSteps):
    def transposed(self):
        k, c = self.weight.shape[:2]
        return self.weight.reshape(c, k)


class BiasFromPixels(InSteps):
    """For mistakes in the pixels of grad_y: grad_bias is made of these as well."""

    def backward(self, grad_y):
        grad_x, grad_weight, grad_bias = super().backward(grad_y)
        return grad_x, grad_weight, None if grad_bias is None else self.grad_pixels(grad_y).sum(axis=(0, 2))


@mistake("You reshaped grad_y to (K, N*H*W) at once; its first axis is the images, so transpose it first.")
class KernelsFirst(InSteps):
    def grad_pixels(self, grad_y):
        n, k = grad_y.shape[:2]
        return grad_y.reshape(k, n, -1).swapaxes(0, 1)


@mistake("You reshaped grad_y to (K, N*H*W) and x to (C, N*H*W), without a transpose; both mix up the images.")
class BothKernelsFirst(InSteps):
    def grad_pixels(self, grad_y):
        n, k = grad_y.shape[:2]
        return grad_y.reshape(k, n, -1).swapaxes(0, 1)

    def grad_x(self, grad):
        flat = np.ascontiguousarray((self.transposed() @ grad).swapaxes(0, 1))
        return flat.reshape(self.x.shape)

    def grad_weight(self, grad):
        n, c = self.x.shape[:2]
        pixels = self.x.reshape(c, n, -1).swapaxes(0, 1)
        return (grad @ pixels.swapaxes(1, 2)).sum(axis=0).reshape(self.weight.shape)


@mistake("You reshaped grad_y to (N*H*W, K) at once; its channels have to be moved behind the pixels by a transpose.")
class ReshapedGradient(InSteps):
    def grad_pixels(self, grad_y):
        n, k = grad_y.shape[:2]
        return grad_y.reshape(n, -1, k).swapaxes(1, 2)


@mistake("You reshaped x to (N*H*W, C) at once for grad_weight; its channels have to be moved by a transpose first.")
class ReshapedPixelsBackward(InSteps):
    def grad_weight(self, grad):
        n, c = self.x.shape[:2]
        return self.over_images(grad @ self.x.reshape(n, -1, c)).reshape(self.weight.shape)


@mistake("You reshaped grad_x from (N*H*W, C) to (N, C, H, W) at once; the channels have to be moved by a transpose.")
class ReshapedGradX(InSteps):
    def grad_x(self, grad):
        return np.ascontiguousarray(super().grad_x(grad).transpose(0, 2, 3, 1)).reshape(self.x.shape)


@mistake("You transposed grad_weight, X G^T in place of G X^T; it is (K, C, 1, 1), and reshape hides that.")
class WeightTransposed(InSteps):
    def over_images(self, grads):
        return np.ascontiguousarray(grads.sum(axis=0).T)


@mistake("You did not add up grad_weight over the images; all of them use the one weight.")
class WeightForEachImage(InSteps):
    def grad_weight(self, grad):
        return (grad @ self.pixels_of(self.x).swapaxes(1, 2))[..., None, None]


# ---- the same, where grad_bias is made of the pixels of grad_y as well ---------------------------------------------


@mistake(
    "You reshaped grad_y to (N*H*W, K) at once, for grad_bias as well; its channels have to be moved by a transpose."
)
class ReshapedGradientForAll(BiasFromPixels, ReshapedGradient):
    pass


@mistake(
    "You reshaped grad_y to (K, N*H*W) at once, for grad_bias as well; its first axis is the images: transpose it."
)
class KernelsFirstForAll(BiasFromPixels, KernelsFirst):
    pass


@mistake("You reshaped grad_y to (K, N*H*W), x to (C, N*H*W), without a transpose; grad_bias is mixed up as well.")
class BothKernelsFirstForAll(BiasFromPixels, BothKernelsFirst):
    pass


@mistake(
    "You reshaped grad_y to (N*H*W, K) and x to (N*H*W, C), without a transpose; pixels and channels are mixed up."
)
class BothReshapedBackward(BiasFromPixels, ReshapedGradient, ReshapedPixelsBackward):
    pass


@mistake("You reshaped grad_y to (N*H*W, K) and grad_x back, without a transpose; pixels and channels are mixed up.")
class ThereAndBack(BiasFromPixels, ReshapedGradient):
    def grad_x(self, grad):
        return np.ascontiguousarray((self.transposed() @ grad).swapaxes(1, 2)).reshape(self.x.shape)


@mistake("You reshaped grad_y, x and grad_x without a transpose; in all of them pixels and channels are mixed up.")
class AllReshaped(BothReshapedBackward):
    def grad_x(self, grad):
        return np.ascontiguousarray((self.transposed() @ grad).swapaxes(1, 2)).reshape(self.x.shape)
