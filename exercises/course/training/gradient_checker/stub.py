"""gradient_checker: python -m exercises show gradient_checker"""


def gradients_agree(make, inputs, rng):
    """Whether an operation's backward agrees with central differences of its forward.

    make(): a new operation, with forward(*inputs) -> y and backward(grad_y) -> a tuple, a gradient for each input.
    inputs: a list of arrays, which stay as they are. rng: a generator, for the cotangent. -> True or False.

    It computes in float64. Each gradient has to have its input's shape, and no number of it may be further from the
    difference than 1e-6 times the largest difference (of that input).
    """
    raise NotImplementedError("return True where every number of every gradient agrees with its difference, else False")
