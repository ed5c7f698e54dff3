"""weight_decay: python -m exercises show weight_decay"""


def decayed(name, x, grad, lr, weight_decay, decoupled):
    """What an optimizer goes on with in place of x and grad, so that its step makes the weights smaller, too.

    name: the parameter's, such as "conv1.weight" or "conv1.bias": what is named bias is left alone (Caffe's rule).
    x: the parameter, grad: its gradient, of one shape. -> (x, grad), of which one is changed:
    grad where decoupled is False (L2: the gradient of weight_decay / 2 |x|^2 is added), x where it is True (AdamW: x
    loses the share lr * weight_decay). What was given stays as it is.
    """
    raise NotImplementedError("return x and grad, one of them with the decay in it; those of a bias as they are")
