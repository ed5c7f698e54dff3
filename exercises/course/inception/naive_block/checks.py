"""How naive_block is checked."""

import numpy as np

import minicnn as mc
from exercises.course.inception.weights import filled
from exercises.stages import Stage, cotangent, numbers

ANSWER = "NaiveInception"
FORBIDDEN = ("googlenet.inception:NaiveInception", "googlenet.model:NaiveInception", "googlenet:NaiveInception")
LIBRARY = "googlenet.inception:NaiveInception"


def parameters(answer, **channels):
    """The parameters by their shapes: names are free."""
    block = answer(**channels)
    found = {}
    for parameter in block.parameters():
        key = f"parameters of shape {parameter.shape}"
        found[key] = found.get(key, 0) + 1
    return {"numbers in all parameters": sum(p.data.size for p in block.parameters()), **found}


def forward(answer, x, weights, **channels):
    return {"y": filled(answer(**channels), weights)(mc.Tensor(x))}


def gradients(answer, x, weights, **channels):
    """What arrives at x, and at every parameter."""
    block, x = filled(answer(**channels), weights), mc.Tensor(x, requires_grad=True)
    y = block(x)
    y.backward(cotangent(y.shape))
    of_parameters = {f"gradient of the parameter of shape {p.shape}": p.grad for p in block.parameters()}
    return {"grad_x": x.grad, **of_parameters}


def block(in_channels, ch1x1, ch3x3, ch5x5, **case):
    return {**case, "in_channels": in_channels, "ch1x1": ch1x1, "ch3x3": ch3x3, "ch5x5": ch5x5}


X = np.array([[[[1.0, 0, 0, 2], [0, 3, 0, 0], [0, 0, 0, 0], [4, 0, 0, 1]]]])
WORKED = block(1, 1, 1, 1, x=X, weights=1)


def random_cases(rng):
    rule = {"weights": "by a rule"}
    return [
        block(1, 1, 1, 1, x=-abs(numbers(rng, 1, 1, 4, 4)), weights=1),
        block(1, 1, 2, 3, x=numbers(rng, 1, 1, 4, 4), **rule),
        block(2, 3, 2, 4, x=numbers(rng, 2, 2, 4, 6), **rule),
    ]


def other_cases(rng):
    rule = {"weights": "by a rule"}
    return [
        block(2, 3, 4, 1, x=numbers(rng, 1, 2, 1, 1), **rule),
        block(3, 1, 2, 4, x=numbers(rng, 2, 3, 7, 2), **rule),
    ]


STAGES = [
    Stage("the parameters", parameters, [block(1, 2, 3, 4), block(3, 2, 5, 4)],
          hint="Weights are (out, in, kernel, kernel), and every convolution has a bias."),
    Stage("the shape", forward, random_cases, shapes_only=True,
          hint="All four keep the height and width: padding 1 for a 3x3, 2 for a 5x5, and a pool with stride 1."),
    Stage("the worked example", forward, [WORKED]),
    Stage("random values", forward, random_cases, points=2),
    Stage("the gradients", gradients, random_cases, hint="A gradient has to reach x through all four branches."),
    Stage("other images", forward, other_cases),
]  # fmt: skip
