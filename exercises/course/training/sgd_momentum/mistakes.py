"""Typical wrong answers to sgd_momentum."""

import numpy as np

from exercises.stages import Mistakes

mistake = Mistakes()


@mistake("You went up: x + lr v. The gradient points to where the loss grows, so the step is subtracted.")
def uphill(x, grad, velocity, lr, momentum):
    velocity = momentum * velocity + grad
    return x + lr * velocity, velocity


@mistake("You subtracted the gradient in the velocity and the velocity in x; the two minuses go uphill. Take one.")
def two_minuses(x, grad, velocity, lr, momentum):
    velocity = momentum * velocity - grad
    return x - lr * velocity, velocity


@mistake("You put the minus into the velocity; here v = momentum v + grad, and the minus stands in x - lr v.")
def minus_in_velocity(x, grad, velocity, lr, momentum):
    velocity = momentum * velocity - grad
    return x + lr * velocity, velocity


@mistake("You multiplied only the gradient by lr in the step; x moves by lr times the whole velocity.")
def rate_for_gradient_alone(x, grad, velocity, lr, momentum):
    return x - lr * grad - momentum * velocity, momentum * velocity + grad


@mistake("You put lr into the velocity, as Caffe does; here it multiplies the whole velocity: x - lr v.")
def rate_inside(x, grad, velocity, lr, momentum):
    velocity = momentum * velocity + lr * grad
    return x - velocity, velocity


@mistake("You have CS231n's form, v = momentum v - lr grad, x + v; here v = momentum v + grad and x - lr v.")
def rate_and_minus_inside(x, grad, velocity, lr, momentum):
    velocity = momentum * velocity - lr * grad
    return x + velocity, velocity


@mistake("You multiplied by the learning rate twice; it stands in x - lr v, and not in the velocity.")
def rate_twice(x, grad, velocity, lr, momentum):
    velocity = momentum * velocity + lr * grad
    return x - lr * velocity, velocity


@mistake("You left the learning rate out; x moves by lr v.")
def without_rate(x, grad, velocity, lr, momentum):
    velocity = momentum * velocity + grad
    return x - velocity, velocity


@mistake("You took the mean, with 1 - momentum before the gradient; here v gets the whole gradient.")
def mean(x, grad, velocity, lr, momentum):
    velocity = momentum * velocity + (1 - momentum) * grad
    return x - lr * velocity, velocity


@mistake("You swapped the factors: momentum multiplies the old velocity, the gradient comes in whole.")
def swapped(x, grad, velocity, lr, momentum):
    velocity = velocity + momentum * grad
    return x - lr * velocity, velocity


@mistake("You multiplied the sum by momentum; it multiplies the old velocity alone.")
def times_both(x, grad, velocity, lr, momentum):
    velocity = momentum * (velocity + grad)
    return x - lr * velocity, velocity


@mistake("You moved x by the old velocity; first the velocity takes the gradient in, then x moves by the new one.")
def old_velocity(x, grad, velocity, lr, momentum):
    return x - lr * velocity, momentum * velocity + grad


@mistake("You moved x by the gradient alone; the velocity is computed, but x has to go by it.")
def velocity_not_used(x, grad, velocity, lr, momentum):
    return x - lr * grad, momentum * velocity + grad


@mistake("You returned the old velocity; the next step needs the new one.")
def velocity_not_kept(x, grad, velocity, lr, momentum):
    return x - lr * (momentum * velocity + grad), velocity


@mistake("You forgot the old velocity; without it this is plain gradient descent: v = momentum v + grad.")
def without_momentum(x, grad, velocity, lr, momentum):
    return x - lr * grad, grad


@mistake("You never slowed the velocity down; each step keeps only the share momentum of it.")
def without_friction(x, grad, velocity, lr, momentum):
    velocity = velocity + grad
    return x - lr * velocity, velocity


@mistake("You looked ahead, grad + momentum v; that is Nesterov's form. Here x moves by lr v.")
def nesterov(x, grad, velocity, lr, momentum):
    velocity = momentum * velocity + grad
    return x - lr * (grad + momentum * velocity), velocity


@mistake("You returned the step; what is asked for is the new x, x minus the step.")
def step_alone(x, grad, velocity, lr, momentum):
    velocity = momentum * velocity + grad
    return lr * velocity, velocity


@mistake("You returned the velocity first; the order is the new x, then the new velocity.")
def order(x, grad, velocity, lr, momentum):
    velocity = momentum * velocity + grad
    return velocity, x - lr * velocity


@mistake("You changed in place what you were given; return new arrays, as others may still need the old ones.")
def in_place(x, grad, velocity, lr, momentum):
    velocity = momentum * velocity + grad
    x -= lr * velocity
    return x, velocity


@mistake("You went by the gradient's sign; its size counts too.")
def sign(x, grad, velocity, lr, momentum):
    velocity = momentum * velocity + np.sign(grad)
    return x - lr * velocity, velocity
