"""reduction_cost: python -m exercises show reduction_cost"""


def branch_cost(in_channels, out_channels, kernel_size, height, width, reduced=None):
    """What a branch of an Inception block costs: a convolution with stride 1 whose padding keeps height and width.

    reduced: the channels that a 1x1 convolution in front of it leaves; None where there is no such convolution.
    -> (weights, multiply_adds) of one image, whole numbers. Biases are not counted.
    """
    raise NotImplementedError("return the number of weights, and of multiply-adds: one for each weight at each pixel")
