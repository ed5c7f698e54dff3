"""Every operation as a function of Tensors; the Function class beside each holds its forward and its backward."""

from minicnn.functional import comparison, inplace, numpy_protocol  # noqa: F401 - they give Tensor its operators
from minicnn.functional.activation import log_softmax, relu, sigmoid, softmax, tanh
from minicnn.functional.basic import add, div, exp, log, max, mean, mul, neg, pow, sqrt, sub, sum
from minicnn.functional.concat import concat
from minicnn.functional.convolution import conv2d
from minicnn.functional.dropout import dropout
from minicnn.functional.im2col import col2im, im2col
from minicnn.functional.linear import linear, matmul
from minicnn.functional.loss import cross_entropy
from minicnn.functional.normalization import batch_norm, local_response_norm
from minicnn.functional.pooling import adaptive_avg_pool2d, avg_pool2d, max_pool2d
from minicnn.functional.shape import flatten, getitem, reshape, to, transpose

__all__ = [
    "adaptive_avg_pool2d", "add", "avg_pool2d", "batch_norm", "col2im", "concat", "conv2d", "cross_entropy", "div",
    "dropout", "exp", "flatten", "getitem", "im2col", "linear", "local_response_norm", "log", "log_softmax", "matmul",
    "max", "max_pool2d", "mean", "mul", "neg", "pow", "relu", "reshape", "sigmoid", "softmax", "sqrt", "sub", "sum",
    "tanh", "to", "transpose",
]  # fmt: skip
