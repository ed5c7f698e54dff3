"""How inception_block is checked."""

import numpy as np

import minicnn as mc
from exercises.course.inception.weights import conv_names, filled, parameters_of
from exercises.stages import Stage, cotangent, numbers

ANSWER = "Inception"
LIBRARY = "googlenet.inception:Inception"
FORBIDDEN = ("googlenet.inception:Inception", "googlenet.model:Inception", "googlenet:Inception")
CONVOLUTIONS = ("branch1", "branch2.0", "branch2.1", "branch3.0", "branch3.1", "branch4.1")


def parameters(answer, channels, batch_norm=False):
    options = {"batch_norm": True} if batch_norm else {}
    return parameters_of(answer(*channels, **options), conv_names(*CONVOLUTIONS, batch_norm=batch_norm))


def forward(answer, x, channels, weights, **options):
    return {"y": filled(answer(*channels, **options), weights, named=True)(mc.Tensor(x))}


def gradients(answer, x, channels, weights, **options):
    """What arrives at x, and at every weight."""
    block, x = filled(answer(*channels, **options), weights, named=True), mc.Tensor(x, requires_grad=True)
    y = block(x)
    y.backward(cotangent(y.shape))
    return {"grad_x": x.grad, **{f"gradient of {name}": p.grad for name, p in block.named_parameters()}}


ROW_3A = (192, 64, 96, 128, 16, 32, 32)
X = np.zeros((1, 2, 3, 3))
X[0, 0, 0, 0], X[0, 1, 1, 1] = 1, 2
WORKED = {"x": X, "channels": (2, 1, 1, 1, 1, 1, 1), "weights": 1}


def random_cases(rng):
    rule = {"weights": "by a rule"}
    return [
        {"x": -abs(numbers(rng, 1, 1, 4, 4)), "channels": (1, 1, 1, 1, 1, 1, 1), "weights": 1},
        {"x": numbers(rng, 1, 2, 4, 4), "channels": (2, 1, 3, 2, 2, 3, 4), **rule},
        {"x": numbers(rng, 2, 3, 5, 6), "channels": (3, 3, 2, 2, 1, 1, 2), **rule},
        {"x": numbers(rng, 1, 2, 1, 1), "channels": (2, 1, 3, 2, 2, 3, 4), **rule},
    ]


def normalized_cases(rng):
    return [{"x": numbers(rng, 2, 2, 3, 3), "channels": (2, 1, 3, 2, 2, 3, 4), "weights": "by a rule",
             "batch_norm": True}]  # fmt: skip


STAGES = [
    Stage("the parameters", parameters, [{"channels": (2, 3, 4, 5, 6, 7, 8)}, {"channels": ROW_3A}],
          hint="channels: in_channels, ch1x1, ch3x3red, ch3x3, ch5x5red, ch5x5, pool_proj."),
    Stage("the shape", forward, random_cases, shapes_only=True),
    Stage("the worked example", forward, [WORKED]),
    Stage("random values", forward, random_cases, points=2),
    Stage("the gradients", gradients, random_cases, hint="A gradient has to reach x through all four branches."),
    Stage("with batch norm", parameters, [{"channels": (2, 3, 4, 5, 6, 7, 8), "batch_norm": True}],
          hint="Every BasicConv2d needs batch_norm=batch_norm."),
    Stage("values with batch norm", forward, normalized_cases),
]  # fmt: skip


def install(answer):
    """In the library: for all blocks of GoogLeNet, but those of torchvision's and the tutorials' variants."""
    import googlenet.inception

    library = googlenet.inception.Inception

    def inception(*channels, batch_norm=False, kernel_5x5=5, pool_relu=False):
        if kernel_5x5 != 5 or pool_relu:
            return library(*channels, batch_norm=batch_norm, kernel_5x5=kernel_5x5, pool_relu=pool_relu)
        block = answer(*channels, batch_norm=batch_norm)
        block.out_channels = channels[1] + channels[3] + channels[5] + channels[6]
        return block

    return dict.fromkeys(FORBIDDEN, inception)
