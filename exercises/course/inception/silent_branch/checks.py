"""How silent_branch is checked."""

import numpy as np

import minicnn as mc
from exercises.course.inception.weights import filled
from exercises.stages import Stage, cotangent, numbers

ANSWER = "Inception"
FIND_THE_BUG = True
CHANNELS = (2, 2, 3, 2, 3, 2, 2)


def made(answer, channels):
    """A block whose ReLUs are not shut everywhere: its biases are larger than 1."""
    block = filled(answer(*channels), named=True)
    for parameter in block.parameters():
        if parameter.ndim == 1:
            parameter.data[...] = abs(parameter.data) + 1
    return block


def forward(answer, x, channels=CHANNELS):
    return {"y": made(answer, channels)(mc.Tensor(x))}


def gradients(answer, x, branch, channels=CHANNELS):
    """What arrives at x and at the weights when the loss is of one branch (1 to 4), or of all of them (0)."""
    block, x = made(answer, channels), mc.Tensor(x, requires_grad=True)
    y = block(x)
    grad_y = cotangent(y.shape)
    if branch:
        ends = np.cumsum([0, channels[1], channels[3], channels[5], channels[6]])
        grad_y[:, : ends[branch - 1]] = grad_y[:, ends[branch] :] = 0
    y.backward(grad_y)
    return {"grad_x": x.grad, **{f"gradient of {name}": p.grad for name, p in block.named_parameters()}}


def step(answer, below, x, channels=CHANNELS):
    """The gradient of a layer in front of the block."""
    block, layer = made(answer, channels), mc.Tensor(below, requires_grad=True)
    y = block(layer * mc.Tensor(x))
    y.backward(cotangent(y.shape))
    return {"gradient of the layer below": layer.grad}


def one_branch(rng):
    return [{"x": numbers(rng, 1, 2, 4, 4), "branch": branch} for branch in (1, 2, 3, 4)]


def all_branches(rng):
    return [
        {"x": numbers(rng, 1, 2, 4, 4), "branch": 0},
        {"x": numbers(rng, 2, 3, 5, 3), "branch": 0, "channels": (3, 1, 2, 4, 2, 2, 3)},
    ]


def outputs(rng):
    return [{"x": case["x"], "channels": case.get("channels", CHANNELS)} for case in all_branches(rng)]


def layers_below(rng):
    return [{"below": numbers(rng, 1, 2, 1, 1), "x": numbers(rng, 1, 2, 4, 4)}]


STAGES = [
    Stage("the outputs", forward, outputs),
    Stage("the clue: each branch by itself", gradients, one_branch),
    Stage("all branches", gradients, all_branches, points=2),
    Stage("a layer below the block", step, layers_below),
]
