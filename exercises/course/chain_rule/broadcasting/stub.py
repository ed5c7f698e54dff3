"""broadcasting: python -m exercises show broadcasting"""


def unbroadcast(gradient, shape):
    """The gradient of an input that was broadcast: what belongs to copies of one number is added up.

    gradient: an array of the shape of the result; shape: that of the input -> an array of `shape`.
    """
    raise NotImplementedError("return the gradient, added up over the axes along which the input was copied")
