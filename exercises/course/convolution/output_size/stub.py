"""output_size: python -m exercises show output_size"""


def output_size(size, kernel, stride, padding):
    """How many places a window has along one axis, as a whole number.

    size: of the image along that axis; kernel: of the window; stride: how far it moves (1 or more); padding: zeros at
    each of the two ends (0 or more). ValueError where the window does not fit in once, or the stride is below 1.
    """
    raise NotImplementedError("return the number of places, and raise ValueError where there is none")
