"""Typical wrong answers to global_avg_pool."""

import numpy as np

from exercises.course.pooling.global_avg_pool.solution import GlobalAvgPool
from exercises.stages import Mistakes

mistake = Mistakes()


@mistake("You gave each pixel the whole gradient; the mean moves by 1/(H*W) of what a pixel moves: divide by H*W.")
class NotDivided(GlobalAvgPool):
    def backward(self, grad_y):
        return np.broadcast_to(grad_y, self.shape).copy()


@mistake("You divided by one side; there are H * W pixels.")
class DividedBySide(GlobalAvgPool):
    def backward(self, grad_y):
        return np.broadcast_to(grad_y / self.shape[2], self.shape).copy()


@mistake("You divided by the number of channels too; each channel has its own mean, of H * W pixels.")
class DividedByChannelsToo(GlobalAvgPool):
    def backward(self, grad_y):
        return np.broadcast_to(grad_y / np.prod(self.shape[1:]), self.shape).copy()


@mistake("You divided by the size of x, images and channels included; each mean is of H * W pixels.")
class DividedByAll(GlobalAvgPool):
    def backward(self, grad_y):
        return np.broadcast_to(grad_y / np.prod(self.shape), self.shape).copy()


@mistake("You returned grad_y divided, but in the shape of y; grad_x has the shape of x: every pixel gets its share.")
class NotSpread(GlobalAvgPool):
    def backward(self, grad_y):
        return grad_y / (self.shape[2] * self.shape[3])


@mistake("You forgot grad_y; a pixel's share, 1/(H*W), is multiplied by what comes from above.")
class WithoutGradY(GlobalAvgPool):
    def backward(self, grad_y):
        return np.full(self.shape, 1 / (self.shape[2] * self.shape[3]))


@mistake("You multiplied by x; the derivative of a mean by each pixel is 1/(H*W), whatever the pixel is.")
class TimesX(GlobalAvgPool):
    def forward(self, x):
        self.x = x
        return super().forward(x)

    def backward(self, grad_y):
        return super().backward(grad_y) * self.x


@mistake("You gave the gradient to one pixel; all of them act on the mean.")
class OnePixel(GlobalAvgPool):
    def backward(self, grad_y):
        grad_x = np.zeros(self.shape, grad_y.dtype)
        grad_x[:, :, 0, 0] = grad_y[:, :, 0, 0]
        return grad_x


@mistake("You dropped the last two axes; they stay with size 1 here, (N, C, 1, 1): keepdims=True.")
class WithoutKeepdims(GlobalAvgPool):
    def forward(self, x):
        return super().forward(x)[:, :, 0, 0]


@mistake("You took the mean over the channels too; each channel has a mean of its own.")
class OverChannels(GlobalAvgPool):
    def forward(self, x):
        self.shape = x.shape
        return x.mean(axis=(1, 2, 3), keepdims=True)


@mistake("You took the mean over the channels in place of the pixels: axes 2 and 3 are the image's rows and columns.")
class OverWrongAxes(GlobalAvgPool):
    def forward(self, x):
        self.shape = x.shape
        return x.mean(axis=1, keepdims=True)


@mistake("You took the mean over the batch as well; every image has its own.")
class OverImages(GlobalAvgPool):
    def forward(self, x):
        self.shape = x.shape
        y = x.mean(axis=(0, 2, 3), keepdims=True)
        return np.repeat(y, len(x), axis=0)


@mistake("You summed and did not divide; a mean divides by the H * W pixels.")
class Sum(GlobalAvgPool):
    def forward(self, x):
        self.shape = x.shape
        return x.sum(axis=(2, 3), keepdims=True)


@mistake("You took the largest pixel; this pool takes the mean.")
class Largest(GlobalAvgPool):
    def forward(self, x):
        self.shape = x.shape
        return x.max(axis=(2, 3), keepdims=True)
