"""Typical wrong answers to fan_out."""

import numpy as np

from exercises.stages import Mistakes

mistake = Mistakes()


@mistake("You kept what arrived last; a tensor that is used several times gets a gradient from each use: add them.")
def last(arrived):
    return dict(arrived)


@mistake("You kept what arrived first; a tensor that is used several times gets a gradient from each use: add them.")
def first(arrived):
    return dict(reversed(arrived))


@mistake("You took the mean of what arrived; each use acts on the loss by itself, so the gradients add up.")
def mean(arrived):
    return {name: np.mean([g for n, g in arrived if n == name], axis=0) for name, _ in arrived}


@mistake("You added in place to the array that arrived (+=); it belongs to others as well: total = total + gradient.")
def in_place(arrived):
    totals = {}
    for name, gradient in arrived:
        if name in totals:
            totals[name] += gradient
        else:
            totals[name] = gradient
    return totals


@mistake("You multiplied what arrived; along one path the chain rule multiplies, but different paths are added.")
def product(arrived):
    totals = {}
    for name, gradient in arrived:
        totals[name] = totals[name] * gradient if name in totals else gradient
    return totals


@mistake("You took the largest of what arrived; the gradients of all uses add up.")
def largest(arrived):
    return {name: np.max([g for n, g in arrived if n == name], axis=0) for name, _ in arrived}


@mistake("You counted the first that arrived twice: start with it and add only those that follow, or start with 0.")
def twice(arrived):
    totals = {}
    for name, gradient in arrived:
        totals[name] = totals.get(name, gradient) + gradient
    return totals


@mistake("You summed each array to one number; a gradient has the shape of its tensor. Sum over what arrived.")
def one_number(arrived):
    totals = {}
    for name, gradient in arrived:
        totals[name] = totals.get(name, 0) + np.sum(gradient)
    return totals


@mistake("You put the arrays side by side; they have to be added, element by element.")
def side_by_side(arrived):
    return {name: np.concatenate([g for n, g in arrived if n == name]) for name, _ in arrived}


@mistake("You added up everything into one sum; each name has its own.")
def all_together(arrived):
    total = sum(float(np.sum(gradient)) for _, gradient in arrived)
    return {name: np.full(gradient.shape, total) for name, gradient in arrived}


@mistake("You subtracted what arrived later; gradients of several uses are added.")
def subtracted(arrived):
    totals = {}
    for name, gradient in arrived:
        totals[name] = totals[name] - gradient if name in totals else gradient
    return totals
