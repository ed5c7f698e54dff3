"""Typical wrong answers to initialization."""

import numpy as np

from exercises.stages import Mistakes

mistake = Mistakes()


def fan_in(w):
    return np.prod(w.shape[1:])


def fan_out(w):
    return w.shape[0] * np.prod(w.shape[2:])


@mistake("You scaled by 2 / fan-in; that is the variance. The numbers are scaled by its root.")
def without_root(normal):
    return normal * (2 / fan_in(normal))


@mistake("You left out the 2; ReLU drops half of the signal, and the 2 makes up for it.")
def without_two(normal):
    return normal * np.sqrt(1 / fan_in(normal))


@mistake("You counted the outputs (fan-out); an output sums over the inputs: fan-in.")
def by_fan_out(normal):
    return normal * np.sqrt(2 / fan_out(normal))


@mistake("You took 2 / (fan-in + fan-out); that is Xavier's, for tanh. For ReLU it is 2 / fan-in.")
def xavier(normal):
    return normal * np.sqrt(2 / (fan_in(normal) + fan_out(normal)))


@mistake("You forgot the kernel's size; an output of a convolution sums over in * KH * KW products.")
def without_kernel(normal):
    return normal * np.sqrt(2 / normal.shape[1])


@mistake("You divided by the number of all weights; fan-in is what one output sums over.")
def by_all_weights(normal):
    return normal * np.sqrt(2 / normal.size)


@mistake("You counted a weight's first axis as its inputs; weights are (out, in, ...): shape[1:] are the inputs.")
def first_axis(normal):
    return normal * np.sqrt(2 / np.prod(normal.shape[:-1]))


@mistake(
    "You took the last axis for fan-in; of a convolution that is the kernel's width: all but the first, in * KH * KW."
)
def last_axis(normal):
    return normal * np.sqrt(2 / normal.shape[-1])


@mistake("You multiplied by the root of fan-in; more inputs need smaller weights: divide.")
def larger(normal):
    return normal * np.sqrt(2 * fan_in(normal))


@mistake("You took the root of 2 and divided by fan-in; the root is of the whole: sqrt(2 / fan-in).")
def root_of_two_alone(normal):
    return normal * np.sqrt(2) / fan_in(normal)


@mistake("You took PyTorch's default, variance 1 / (3 fan-in); of the signal a sixth is left in each layer.")
def pytorch_default(normal):
    return normal * np.sqrt(1 / (3 * fan_in(normal)))


@mistake("You scaled by 0.01, whatever the layer; with 22 layers nothing is left of the signal.")
def small(normal):
    return normal * 0.01


@mistake("You returned the numbers as they are; the signal grows in each layer until it overflows.")
def unscaled(normal):
    return normal * 1.0


@mistake("You returned zeros; then all units of a layer get the same gradient and stay alike for ever.")
def zeros(normal):
    return np.zeros_like(normal)


@mistake("You normalized these numbers themselves; it is the distribution that has the variance, not each draw.")
def normalized(normal):
    spread = normal.std() or 1.0
    return (normal - normal.mean()) / spread * np.sqrt(2 / fan_in(normal))
