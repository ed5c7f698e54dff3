"""adam: python -m exercises show adam"""


def adam_step(x, grad, m, v, t, lr, beta1, beta2, eps):
    """One step of Adam, for one parameter.

    x: the parameter, grad: its gradient, m and v: the running means of the gradient and of its square, as the last
    step returned them (zeros before the first), all of one shape. t: which step this is, 1, 2, 3, ...
    -> (new x, new m, new v); what was given stays as it is.
    """
    raise NotImplementedError("return the new x, the new m and the new v, the means without bias correction")
