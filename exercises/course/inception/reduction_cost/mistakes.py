"""Typical wrong answers to reduction_cost."""

from exercises.stages import Mistakes

mistake = Mistakes()


def convolution(in_channels, out_channels, kernel_size):
    return in_channels * out_channels * kernel_size**2


@mistake("You counted kernel_size once; a kernel is kernel_size high and kernel_size wide.")
def kernel_once(in_channels, out_channels, kernel_size, height, width, reduced=None):
    weights = 0
    if reduced is not None:
        weights, in_channels = in_channels * reduced, reduced
    weights += in_channels * out_channels * kernel_size
    return weights, weights * height * width


@mistake("You counted the biases; here only weights are counted, as the docstring says.")
def with_biases(in_channels, out_channels, kernel_size, height, width, reduced=None):
    weights = 0
    if reduced is not None:
        weights, in_channels = in_channels * reduced + reduced, reduced
    weights += convolution(in_channels, out_channels, kernel_size) + out_channels
    return weights, weights * height * width


@mistake("You counted the biases among the weights; only weights are counted. (Your multiply-adds are right.)")
def with_biases_as_weights(in_channels, out_channels, kernel_size, height, width, reduced=None):
    weights = biases = 0
    if reduced is not None:
        weights, biases, in_channels = in_channels * reduced, reduced, reduced
    weights += convolution(in_channels, out_channels, kernel_size)
    return weights + biases + out_channels, weights * height * width


@mistake("You left in_channels out; every kernel looks at all channels that come in.")
def one_channel(in_channels, out_channels, kernel_size, height, width, reduced=None):
    weights = 0 if reduced is None else reduced
    weights += out_channels * kernel_size**2
    return weights, weights * height * width


@mistake("You left out_channels out; there is a kernel for every output channel.")
def one_kernel(in_channels, out_channels, kernel_size, height, width, reduced=None):
    weights = 0
    if reduced is not None:
        weights, in_channels = in_channels * reduced, reduced
    weights += in_channels * kernel_size**2
    return weights, weights * height * width


@mistake("You left the reduction's own weights out; it is a convolution too, with in_channels * reduced of them.")
def reduction_for_nothing(in_channels, out_channels, kernel_size, height, width, reduced=None):
    weights = convolution(in_channels if reduced is None else reduced, out_channels, kernel_size)
    return weights, weights * height * width


@mistake("You counted no multiply-adds for the reduction; it is computed at every pixel as well.")
def reduction_in_no_time(in_channels, out_channels, kernel_size, height, width, reduced=None):
    weights = 0
    if reduced is not None:
        weights, in_channels = in_channels * reduced, reduced
    main = convolution(in_channels, out_channels, kernel_size)
    return weights + main, main * height * width


@mistake("You gave the reduction a kernel of kernel_size; it is 1x1.")
def large_reduction(in_channels, out_channels, kernel_size, height, width, reduced=None):
    weights = 0
    if reduced is not None:
        weights, in_channels = convolution(in_channels, reduced, kernel_size), reduced
    weights += convolution(in_channels, out_channels, kernel_size)
    return weights, weights * height * width


@mistake("You put the reduction behind the large kernels; it stands in front, so that they see fewer channels.")
def reduction_behind(in_channels, out_channels, kernel_size, height, width, reduced=None):
    if reduced is None:
        weights = convolution(in_channels, out_channels, kernel_size)
    else:
        weights = convolution(in_channels, reduced, kernel_size) + reduced * out_channels
    return weights, weights * height * width


@mistake("You let the large kernels see all in_channels still; behind the reduction there are only `reduced`.")
def reduction_beside(in_channels, out_channels, kernel_size, height, width, reduced=None):
    weights = convolution(in_channels, out_channels, kernel_size) + in_channels * (reduced or 0)
    return weights, weights * height * width


@mistake("You left `reduced` out of account; with it there are two convolutions, 1x1 and then kernel_size.")
def never_reduced(in_channels, out_channels, kernel_size, height, width, reduced=None):
    weights = convolution(in_channels, out_channels, kernel_size)
    return weights, weights * height * width


@mistake("You multiplied the two convolutions' weights; they are two sets of numbers: add them.")
def multiplied(in_channels, out_channels, kernel_size, height, width, reduced=None):
    weights = 1
    if reduced is not None:
        weights, in_channels = in_channels * reduced, reduced
    weights *= convolution(in_channels, out_channels, kernel_size)
    return weights, weights * height * width


@mistake("You counted the multiply-adds of one pixel; they come at each of the height * width pixels.")
def one_pixel(in_channels, out_channels, kernel_size, height, width, reduced=None):
    weights, _ = branch(in_channels, out_channels, kernel_size, reduced)
    return weights, weights


@mistake("You took height twice; there are height * width pixels, and images need not be square.")
def square(in_channels, out_channels, kernel_size, height, width, reduced=None):
    weights, _ = branch(in_channels, out_channels, kernel_size, reduced)
    return weights, weights * height * height


@mistake("You took width twice; there are height * width pixels, and images need not be square.")
def square_of_width(in_channels, out_channels, kernel_size, height, width, reduced=None):
    weights, _ = branch(in_channels, out_channels, kernel_size, reduced)
    return weights, weights * width * width


@mistake("You counted a multiplication and an addition as two; a multiply-add is one.")
def twice(in_channels, out_channels, kernel_size, height, width, reduced=None):
    weights, _ = branch(in_channels, out_channels, kernel_size, reduced)
    return weights, 2 * weights * height * width


@mistake("You left the padding out: the image would shrink by kernel_size - 1; here the padding keeps its size.")
def without_padding(in_channels, out_channels, kernel_size, height, width, reduced=None):
    first, main = branch(in_channels, out_channels, kernel_size, reduced)[1]
    smaller = (height - kernel_size + 1) * (width - kernel_size + 1)
    return first + main, first * height * width + main * smaller


@mistake("You counted what goes in, height * width * in_channels numbers, a weight; each weight is used once a pixel.")
def every_input(in_channels, out_channels, kernel_size, height, width, reduced=None):
    weights, _ = branch(in_channels, out_channels, kernel_size, reduced)
    return weights, weights * height * width * in_channels


@mistake("You returned the multiply-adds first; the weights come first.")
def swapped(in_channels, out_channels, kernel_size, height, width, reduced=None):
    weights, _ = branch(in_channels, out_channels, kernel_size, reduced)
    return weights * height * width, weights


@mistake("You returned what is saved; asked for is what the branch costs.")
def saved(in_channels, out_channels, kernel_size, height, width, reduced=None):
    weights = convolution(in_channels, out_channels, kernel_size)
    if reduced is not None:
        weights -= branch(in_channels, out_channels, kernel_size, reduced)[0]
    return weights, weights * height * width


@mistake("You returned what is left as a share of the cost without a reduction; asked for is the number itself.")
def share(in_channels, out_channels, kernel_size, height, width, reduced=None):
    weights, _ = branch(in_channels, out_channels, kernel_size, reduced)
    weights /= 1 if reduced is None else convolution(in_channels, out_channels, kernel_size)
    return weights, weights * (height * width if reduced is None else 1)


def branch(in_channels, out_channels, kernel_size, reduced):
    """The weights, and those of the reduction and of the large kernels by themselves."""
    first = 0 if reduced is None else in_channels * reduced
    main = convolution(in_channels if reduced is None else reduced, out_channels, kernel_size)
    return first + main, (first, main)
