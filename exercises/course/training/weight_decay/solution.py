"""A solution of weight_decay."""


def decayed(name, x, grad, lr, weight_decay, decoupled):
    if name.split(".")[-1] == "bias":
        return x, grad
    if decoupled:
        return x * (1 - lr * weight_decay), grad
    return x, grad + weight_decay * x
