"""Typical wrong answers to conv1x1."""

import numpy as np

from exercises.course.convolution.conv1x1.solution import Conv1x1
from exercises.stages import Mistakes

mistake = Mistakes()


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


@mistake("You left y with its channels last, (N, H, W, K); it is (N, K, H, W).")
class ChannelsLast(InSteps):
    def forward(self, x, weight, bias=None):
        return super().forward(x, weight, bias).transpose(0, 2, 3, 1)


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


@mistake("You took the mean over the channels; y is the sum of the products.")
class Mean(InSteps):
    def matrix(self):
        return super().matrix() / self.weight.shape[1]


@mistake("You multiplied the rows of x as matrices (@ on the last axes); the sum is over the channels.")
class OverColumns(InSteps):
    def forward(self, x, weight, bias=None):
        self.x, self.weight, self.bias = x, weight, bias
        if x.shape[3] != weight.shape[1]:  # it would not even fit
            return super().forward(x, weight, bias)
        return self.with_bias((x @ self.matrix().T), None)


@mistake("You forgot the bias; bias[k] is added to every pixel of channel k.")
class WithoutBias(InSteps):
    def with_bias(self, y, bias):
        return y


@mistake("You added the bias along the last axis, as y + bias does; it belongs to the channels of y.")
class BiasAlongRows(InSteps):
    def with_bias(self, y, bias):
        return y if bias is None else y + bias


@mistake("You added the bias once for each channel of x; it is added once, behind the sum.")
class BiasForEachChannel(InSteps):
    def with_bias(self, y, bias):
        return y if bias is None else y + self.weight.shape[1] * bias[:, None, None]


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


@mistake("You left grad_weight a matrix, (K, C); it has the shape of weight, (K, C, 1, 1).")
class WeightAsMatrix(InSteps):
    def grad_weight(self, grad):
        return super().grad_weight(grad)[:, :, 0, 0]


@mistake("You did not add up grad_weight over the images; all of them use the one weight.")
class WeightForEachImage(InSteps):
    def grad_weight(self, grad):
        return (grad @ self.pixels_of(self.x).swapaxes(1, 2))[..., None, None]


@mistake("You took the weight's gradient of the last image alone; all images use the weight: add them up.")
class LastImage(InSteps):
    def over_images(self, grads):
        return grads[-1]


@mistake("You took the mean over the images for grad_weight; what they give adds up. The loss has its own mean.")
class MeanOverImages(InSteps):
    def over_images(self, grads):
        return grads.mean(axis=0)


@mistake("You took the mean over the pixels for grad_weight; what they give adds up.")
class MeanOverPixels(InSteps):
    def over_images(self, grads):
        return grads.sum(axis=0) / (self.x.shape[2] * self.x.shape[3])


@mistake("You forgot grad_y in grad_weight; the pixels are multiplied by it.")
class WeightWithoutGradY(InSteps):
    def grad_weight(self, grad):
        return super().grad_weight(np.ones_like(grad))


@mistake("You forgot grad_y in grad_x; the weights are multiplied by it.")
class XWithoutGradY(InSteps):
    def grad_x(self, grad):
        return super().grad_x(np.ones_like(grad))


@mistake("You took the mean of grad_y for grad_bias; the bias acts at all pixels, and they add up.")
class BiasMean(InSteps):
    def grad_bias(self, grad_y):
        return grad_y.mean(axis=(0, 2, 3))


@mistake("You summed all of grad_y for grad_bias; each channel of y has its own bias.")
class OneBias(InSteps):
    def grad_bias(self, grad_y):
        return np.full(len(self.bias), grad_y.sum())


@mistake("You summed grad_y over the images alone for grad_bias; the bias acts at all pixels as well.")
class BiasOverImages(InSteps):
    def grad_bias(self, grad_y):
        return grad_y.sum(axis=0)


@mistake("You did not sum grad_y over the images for grad_bias; it has the shape of bias, (K,).")
class BiasOverPixels(InSteps):
    def grad_bias(self, grad_y):
        return grad_y.sum(axis=(2, 3))


@mistake(
    "You summed over the channels for grad_bias, along a wrong axis; sum over images, rows and columns: (0, 2, 3)."
)
class BiasWrongAxis(InSteps):
    def grad_bias(self, grad_y):
        return grad_y.sum(axis=(0, 1, 2))


@mistake("You gave the bias no gradient; every y of its channel grows by 1 with it.")
class NothingForBias(InSteps):
    def grad_bias(self, grad_y):
        return np.zeros(len(self.bias))
