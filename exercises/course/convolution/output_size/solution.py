"""A solution of output_size."""


def output_size(size, kernel, stride, padding):
    if stride < 1:
        raise ValueError(f"the stride is {stride}, expected at least 1")
    room = size + 2 * padding - kernel
    if room < 0:
        raise ValueError(f"a kernel of {kernel} does not fit in {size} pixels with a padding of {padding}")
    return room // stride + 1
