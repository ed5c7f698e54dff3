"""initialization: python -m exercises show initialization"""


def kaiming_normal(normal):
    """Initial weights of which a deep network with ReLUs can start.

    normal: random numbers with mean 0 and variance 1, in the shape of the weight: (out, in) of a linear layer,
    (out, in, KH, KW) of a convolution -> the weights, normal with variance 2 / fan-in.
    """
    raise NotImplementedError("return the numbers, scaled so that their variance is 2 / fan-in")
