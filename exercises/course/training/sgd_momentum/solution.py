"""A solution of sgd_momentum."""


def sgd_step(x, grad, velocity, lr, momentum):
    velocity = momentum * velocity + grad
    return x - lr * velocity, velocity
