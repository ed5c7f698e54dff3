"""A solution of reduction_cost."""


def branch_cost(in_channels, out_channels, kernel_size, height, width, reduced=None):
    weights = 0
    if reduced is not None:
        weights = in_channels * reduced  # 1x1
        in_channels = reduced
    weights += in_channels * out_channels * kernel_size**2
    return weights, weights * height * width
