"""Forty wrong answers, written before anything was seen of what the checks say to them, without the course's own lists.

tests/exercises/score.py prints what is said of each. `what`: what is wrong, for who reads that.
"""

import numpy as np

from exercises.catalog import find_exercise
from minicnn.function import Function

UNKNOWN = []  # (exercise, what, answer)


def wrong(exercise, what):
    def collect(answer):
        UNKNOWN.append((exercise, what, answer))
        return answer

    return collect


def right(exercise):
    return find_exercise(exercise).solution


# ---- the chain rule ------------------------------------------------------------------------------------------------


@wrong("add", "each input gets half of the gradient")
class AddHalves(Function):
    def forward(self, a, b):
        return a + b

    def backward(self, grad_y):
        return grad_y / 2, grad_y / 2


@wrong("add", "the gradient is summed over axis 0, kept as a row")
class AddSummed(Function):
    def forward(self, a, b):
        return a + b

    def backward(self, grad_y):
        return grad_y.sum(axis=0, keepdims=True), grad_y.sum(axis=0, keepdims=True)


@wrong("multiply", "the output in place of b: y grad_y")
class MulByOutput(Function):
    def forward(self, a, b):
        self.a, self.b, self.y = a, b, a * b
        return self.y

    def backward(self, grad_y):
        return self.y * grad_y, self.a * grad_y


@wrong("multiply", "grad_b is missing its grad_y")
class MulOneForgotten(Function):
    def forward(self, a, b):
        self.a, self.b = a, b
        return a * b

    def backward(self, grad_y):
        return self.b * grad_y, self.a


@wrong("multiply", "the square of grad_y")
class MulTwice(Function):
    def forward(self, a, b):
        self.a, self.b = a, b
        return a * b

    def backward(self, grad_y):
        return self.b * grad_y**2, self.a * grad_y**2


@wrong("broadcasting", "takes the largest over the copies")
def unbroadcast_max(gradient, shape):
    while gradient.ndim > len(shape):
        gradient = gradient.max(axis=0)
    for axis, size in enumerate(shape):
        if size == 1:
            gradient = gradient.max(axis=axis, keepdims=True)
    return gradient


@wrong("broadcasting", "sums over the last axes where axes were added in front")
def unbroadcast_back(gradient, shape):
    while gradient.ndim > len(shape):
        gradient = gradient.sum(axis=-1)
    for axis, size in enumerate(shape):
        if size == 1:
            gradient = gradient.sum(axis=axis, keepdims=True)
    return gradient


@wrong("fan_out", "averages what arrives")
def collect_mean(arrived):
    names = {name for name, _ in arrived}
    return {name: np.mean([g for n, g in arrived if n == name], axis=0) for name in names}


@wrong("topological_walk", "starts with 0 in place of 1")
def walk_from_zero(graph, start):
    gradients = right("topological_walk")(graph, start)
    return {name: 0 * value for name, value in gradients.items()}


@wrong("no_grad", "leaves the switch off for good")
class NeverAgain:
    def __init__(self, switch):
        self.switch = switch

    def __enter__(self):
        self.switch.enabled = False
        return self

    def __exit__(self, *error):
        pass


# ---- dense layers --------------------------------------------------------------------------------------------------


@wrong("linear", "grad_bias is the mean over the batch")
class LinearMeanBias(right("linear")):
    def backward(self, grad_y):
        return grad_y @ self.weight, grad_y.T @ self.x, grad_y.mean(axis=0)


@wrong("linear", "grad_weight divided by the batch")
class LinearMeanWeight(right("linear")):
    def backward(self, grad_y):
        return grad_y @ self.weight, grad_y.T @ self.x / len(self.x), grad_y.sum(axis=0)


@wrong("linear", "the bias is subtracted")
class LinearMinus(right("linear")):
    def forward(self, x, weight, bias):
        self.x, self.weight = x, weight
        return x @ weight.T - bias


@wrong("linear", "grad_weight is that of |x|")
class LinearAbs(right("linear")):
    def backward(self, grad_y):
        return grad_y @ self.weight, grad_y.T @ np.abs(self.x), grad_y.sum(axis=0)


@wrong("relu", "a leaky ReLU with slope 0.01")
class Leaky(Function):
    def forward(self, x):
        self.x = x
        return np.where(x > 0, x, 0.01 * x)

    def backward(self, grad_y):
        return np.where(self.x > 0, grad_y, 0.01 * grad_y)


@wrong("relu", "ReLU6: cut at 6 (backward lets only x below 1 through)")
class ReLU6(Function):
    def forward(self, x):
        self.x = x
        return np.clip(x, 0, None)

    def backward(self, grad_y):
        return grad_y * ((self.x > 0) & (self.x < 1))


@wrong("softmax", "temperature 2: x / 2")
class Tempered(right("softmax")):
    def forward(self, x):
        return super().forward(x / 2)


@wrong("softmax", "powers of 2 in place of e")
class PowersOfTwo(right("softmax")):
    def forward(self, x):
        e = 2.0 ** (x - x.max(axis=1, keepdims=True))
        self.y = e / e.sum(axis=1, keepdims=True)
        return self.y


@wrong("softmax", "the sum in backward is over the batch (axis 0)")
class SumOverBatch(right("softmax")):
    def backward(self, grad_y):
        return self.y * (grad_y - (grad_y * self.y).sum(axis=0, keepdims=True))


@wrong("cross_entropy", "log to base 2")
class Bits(right("cross_entropy")):
    def forward(self, logits):
        return super().forward(logits) / np.log(2)


@wrong("cross_entropy", "the gradient has + 1 in place of - 1 at the target")
class PlusOne(right("cross_entropy")):
    def backward(self, grad_y):
        grad = np.exp(self.log_p)
        grad[np.arange(len(grad)), self.targets] += 1
        return grad * (grad_y / len(grad))


@wrong("cross_entropy", "label smoothing of 0.1")
class Smoothed(right("cross_entropy")):
    def forward(self, logits):
        nll = super().forward(logits)
        return 0.9 * nll - 0.1 * self.log_p.mean()


@wrong("dropout", "scaled by 1 - p in place of 1 / (1 - p)")
class ScaledDown(right("dropout")):
    def forward(self, x):
        self.factor = (self.uniform >= self.p) * (1 - self.p) if self.training else np.ones_like(x)
        return x * self.factor


@wrong("dropout", "one row's mask for all rows")
class OneMask(right("dropout")):
    def forward(self, x):
        y = super().forward(x)
        self.factor = np.broadcast_to(self.factor[:1], x.shape)
        return x * self.factor if self.training else y


@wrong("initialization", "uniform bound formula: sqrt(6 / fan_in)")
def kaiming_bound(normal):
    return normal * np.sqrt(6 / (normal.size / len(normal)))


@wrong("initialization", "fan-in is only the kernel's area")
def kernel_area(normal):
    return normal * np.sqrt(2 / np.prod(normal.shape[2:]))


# ---- convolution ---------------------------------------------------------------------------------------------------


@wrong("conv2d_loops", "grad_weight is only that of the last image")
class LastImage(right("conv2d_loops")):
    def backward(self, grad_y):
        grad_x, _, grad_bias = super().backward(grad_y)
        whole, self.x = self.x, self.x[-1:]
        grad_weight = super().backward(grad_y[-1:])[1]
        self.x = whole
        return grad_x, grad_weight, grad_bias


@wrong("conv2d_loops", "the bias is added once for each channel")
class BiasPerChannel(right("conv2d_loops")):
    def forward(self, x, weight, bias):
        return super().forward(x, weight, bias * x.shape[1])


@wrong("im2col", "pads with ones")
def pad_ones(x, kernel, stride, padding):
    p = padding
    x = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)), constant_values=1)
    return right("im2col")(x, kernel, stride, 0)


@wrong("im2col", "walks the places by columns")
def by_columns(x, kernel, stride, padding):
    columns = right("im2col")(x, kernel, stride, padding)
    oh = (x.shape[2] + 2 * padding - kernel[0]) // stride + 1
    n, rows, places = columns.shape
    return columns.reshape(n, rows, oh, places // oh).swapaxes(2, 3).reshape(n, rows, places)


@wrong("col2im", "divides each pixel by how often it was seen")
def averaged(columns, size, kernel, stride, padding):
    total = right("col2im")(columns, size, kernel, stride, padding)
    count = right("col2im")(np.ones_like(columns), size, kernel, stride, padding)
    return total / np.maximum(count, 1)


@wrong("output_size", "padding counted once")
def padding_once(size, kernel, stride, padding):
    if size + 2 * padding < kernel or stride < 1:
        raise ValueError("too small")
    return (size + padding - kernel) // stride + 1


@wrong("conv2d", "grad_weight is the mean over the batch")
class MeanWeight(right("conv2d")):
    def backward(self, grad_y):
        grad_x, grad_weight, grad_bias = super().backward(grad_y)
        return grad_x, grad_weight / len(grad_y), grad_bias


@wrong("conv2d", "grad_bias is not summed over the images")
class BiasPerImage(right("conv2d")):
    def backward(self, grad_y):
        grad_x, grad_weight, _ = super().backward(grad_y)
        return grad_x, grad_weight, grad_y.sum(axis=(2, 3))


@wrong("conv1x1", "forgot the sum over the channels: takes the first one")
class FirstChannel(right("conv1x1")):
    def forward(self, x, weight, bias=None):
        y = super().forward(x, weight, bias)
        y[...] = x[:, :1] * weight[:, 0, 0, 0][None, :, None, None]
        if bias is not None:
            y += bias[None, :, None, None]
        return y


# ---- pooling -------------------------------------------------------------------------------------------------------


@wrong("max_pool2d", "the gradient divided by the window's size, but at the maximum")
class MaxOverSize(right("max_pool2d")):
    def backward(self, grad_y):
        return super().backward(grad_y) / self.kernel_size**2


@wrong("avg_pool2d", "divides by stride^2 in backward")
class ByStride(right("avg_pool2d")):
    def backward(self, grad_y):
        return super().backward(grad_y) * self.kernel_size**2 / self.stride**2


@wrong("global_avg_pool", "the mean over the channels too")
class OverChannelsToo(right("global_avg_pool")):
    def forward(self, x):
        y = super().forward(x)
        return np.broadcast_to(y.mean(axis=1, keepdims=True), y.shape).copy()


@wrong("concat", "the gradients are returned in the reverse order")
class Reversed(right("concat")):
    def backward(self, grad_y):
        return tuple(super().backward(grad_y))[::-1]


@wrong("split", "the gradient goes to the first channels, whatever start is")
class ToTheFirst(right("split")):
    def backward(self, grad_y):
        grad_x = super().backward(grad_y)
        grad_x[:] = 0
        grad_x[:, : grad_y.shape[1]] = grad_y
        return grad_x
