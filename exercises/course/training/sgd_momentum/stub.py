"""sgd_momentum: python -m exercises show sgd_momentum"""


def sgd_step(x, grad, velocity, lr, momentum):
    """One step of gradient descent with momentum, for one parameter.

    x: the parameter, grad: its gradient, velocity: what the last step returned (zeros before the first), all of one
    shape. -> (new x, new velocity); what was given stays as it is.
    """
    raise NotImplementedError("return the new x and the new velocity")
