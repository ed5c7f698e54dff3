"""ceil_mode: python -m exercises show ceil_mode"""


def windows(size, kernel, stride, padding, ceil_mode):
    """The pixels that each window of a pool sees, along one axis.

    size: how many pixels there are; kernel, stride, padding: of the window -> a list of (start, stop), one for each
    window: it sees the pixels start, ..., stop - 1, which lie in 0 ... size - 1.
    """
    raise NotImplementedError("return a list with (start, stop) for each window")
