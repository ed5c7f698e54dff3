"""A solution of gradient_checker."""

import numpy as np

EPS = 1e-5  # how far a number is moved
TOLERANCE = 1e-6  # of the largest difference


def gradients_agree(make, inputs, rng):
    inputs = [np.array(x, np.float64) for x in inputs]
    operation = make()
    cotangent = rng.standard_normal(operation.forward(*inputs).shape)
    gradients = operation.backward(cotangent)

    def f(number, place, step):
        """The number <cotangent, y>, with one number of one input moved."""
        moved = [x.copy() for x in inputs]
        moved[number][place] += step
        return (cotangent * make().forward(*moved)).sum()

    for number, (x, gradient) in enumerate(zip(inputs, gradients, strict=True)):
        difference = np.empty_like(x)
        for place in np.ndindex(x.shape):
            difference[place] = (f(number, place, EPS) - f(number, place, -EPS)) / (2 * EPS)
        if gradient.shape != x.shape:
            return False
        if not abs(gradient - difference).max() <= TOLERANCE * abs(difference).max():  # NaN is not <= anything
            return False
    return True
