"""Typical wrong answers to broadcasting."""

import numpy as np

from exercises.course.chain_rule.broadcasting.solution import unbroadcast
from exercises.stages import Mistakes

mistake = Mistakes()


def copied_axes(gradient, shape):
    """The axes of the gradient along which the input was copied."""
    added = gradient.ndim - len(shape)
    return tuple(range(added)) + tuple(added + i for i, size in enumerate(shape) if size == 1)


@mistake("You returned the gradient as it came; where the input was copied, its copies' gradients have to be added up.")
def unchanged(gradient, shape):
    return gradient


@mistake("You took the mean over the copies; each copy acts on the loss by itself, so their gradients add up: sum.")
def mean(gradient, shape):
    return gradient.mean(axis=copied_axes(gradient, shape), keepdims=True).reshape(shape)


@mistake("You took the first copy's gradient; the others act on the loss as well: sum over them.")
def first(gradient, shape):
    index = tuple(0 if i in copied_axes(gradient, shape) else slice(None) for i in range(gradient.ndim))
    return gradient[index].reshape(shape)


@mistake("You took the last copy's gradient; the others act on the loss as well: sum over them.")
def last(gradient, shape):
    index = tuple(-1 if i in copied_axes(gradient, shape) else slice(None) for i in range(gradient.ndim))
    return gradient[index].reshape(shape)


@mistake("You took the largest of the copies' gradients; they add up.")
def largest(gradient, shape):
    return gradient.max(axis=copied_axes(gradient, shape), keepdims=True).reshape(shape)


@mistake("You summed over axes of size 1 and left those that were added in front; NumPy copies along these too.")
def only_stretched(gradient, shape):
    added = gradient.ndim - len(shape)
    stretched = tuple(added + i for i, size in enumerate(shape) if size == 1)
    return gradient.sum(axis=stretched, keepdims=True)


@mistake("You summed over the axes added in front and left those of size 1; NumPy copies along these too.")
def only_added(gradient, shape):
    return gradient.sum(axis=tuple(range(gradient.ndim - len(shape))))


@mistake("You summed over axes of size 1 without keepdims=True; the axis has to stay, with size 1.")
def without_keepdims(gradient, shape):
    return gradient.sum(axis=copied_axes(gradient, shape))


@mistake("You kept the axes that were added in front; the input did not have them: sum over them without keepdims.")
def with_keepdims(gradient, shape):
    return gradient.sum(axis=copied_axes(gradient, shape), keepdims=True)


@mistake("You summed over axes at the end; NumPy lines shapes up at their ends, so the added ones are in front.")
def added_at_the_end(gradient, shape):
    while gradient.ndim > len(shape):
        gradient = gradient.sum(axis=-1)
    return unbroadcast(gradient, shape) if gradient.shape == tuple(shape) or 1 in shape else gradient


@mistake("You reshaped; that needs as many numbers as before, and here several become one: they have to be summed.")
def reshaped(gradient, shape):
    return gradient.reshape(shape)


@mistake("You resized: that keeps the first numbers and drops the rest. Copies have to be summed.")
def resized(gradient, shape):
    return np.resize(gradient, shape)


@mistake("You summed everything to one number; sum over the copied axes alone.")
def everything(gradient, shape):
    return np.broadcast_to(gradient.sum(), shape).copy()


@mistake("You summed over the other axes: those along which the input was not copied.")
def other_axes(gradient, shape):
    added = gradient.ndim - len(shape)
    return gradient.sum(axis=tuple(added + i for i, size in enumerate(shape) if size != 1))
