"""How auxiliary_head is checked."""

import numpy as np

import minicnn as mc
from exercises.course.inception.weights import conv_names, filled, parameters_of, uninitialized
from exercises.stages import Stage, numbers

ANSWER = "AuxiliaryHead"
LIBRARY = "googlenet.auxiliary:AuxiliaryHead"
FORBIDDEN = ("googlenet.auxiliary:AuxiliaryHead", "googlenet.model:AuxiliaryHead", "googlenet:AuxiliaryHead")


def parameters(answer, in_channels, num_classes, **options):
    with uninitialized():
        head = answer(in_channels, num_classes, **options)
    names = conv_names("conv", batch_norm=options.get("batch_norm", False))
    return parameters_of(head, [*names, "fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"])


def made(answer, x, num_classes, weights, training, options):
    with uninitialized():
        head = answer(x.shape[1], num_classes, **options)
    mc.manual_seed(1)  # dropout draws from here
    return filled(head, weights, named=True).train(training)


def forward(answer, x, num_classes, weights, training=False, **options):
    return {"logits": made(answer, x, num_classes, weights, training, options)(mc.Tensor(x))}


def gradients(answer, x, num_classes, weights, training=False, **options):
    """What arrives at x and at the smaller parameters."""
    head, x = made(answer, x, num_classes, weights, training, options), mc.Tensor(x, requires_grad=True)
    logits = head(x)
    logits.backward(np.arange(logits.data.size).reshape(logits.shape) - 1.0)
    small = {name: p.grad for name, p in head.named_parameters() if p.data.size <= 4096}
    return {"grad_x": x.grad, **{f"gradient of {name}": grad for name, grad in small.items()}}


def pixel(row, column):
    x = np.zeros((1, 1, 14, 14))
    x[0, 0, row, column] = 400
    return x


WORKED = [{"x": np.arange(16.0).reshape(1, 1, 4, 4), "num_classes": 2, "weights": "means"}]
RULE = {"num_classes": 3, "weights": "by a rule"}


def small_cases(rng):
    return [{"x": numbers(rng, 1, 2, 4, 4), **RULE}, {"x": numbers(rng, 2, 3, 4, 4), **RULE}]


def pooled_cases(rng):
    return [
        {"x": pixel(0, 0), "num_classes": 2, "weights": "means"},
        {"x": pixel(3, 3), "num_classes": 2, "weights": "means"},
        {"x": numbers(rng, 1, 2, 14, 14), **RULE},
    ]


def other_sizes(rng):
    return [
        {"x": numbers(rng, 1, 2, 2, 2), **RULE},
        {"x": numbers(rng, 1, 2, 14, 16), **RULE},
        {"x": numbers(rng, 1, 2, 14, 18), **RULE},
        {"x": numbers(rng, 1, 2, 7, 9), **RULE},
    ]


def training_cases(rng):
    return [
        {"x": numbers(rng, 1, 2, 4, 4), "training": True, **RULE},
        {"x": numbers(rng, 1, 2, 4, 4), "training": True, "dropout": 0.4, **RULE},
    ]


def normalized_cases(rng):
    return [{"x": numbers(rng, 3, 2, 4, 4), "training": True, "dropout": 0.0, "batch_norm": True, **RULE}]


STAGES = [
    Stage("the parameters", parameters, [{"in_channels": 2, "num_classes": 3}, {"in_channels": 512, "num_classes": 9}],
          hint="fc1 gets 128 channels of 4x4 pixels as one row."),
    Stage("the shape", forward, small_cases, shapes_only=True),
    Stage("the worked example", forward, WORKED),
    Stage("features of 4x4", forward, small_cases),
    Stage("features of 14x14", forward, pooled_cases, hint="F.avg_pool2d with a window of 5 and stride 3, no padding."),
    Stage("in training", forward, training_cases,
          hint="Dropout comes behind fc1 and its ReLU, with the share that is given, and in training alone."),
    Stage("the gradient", gradients, small_cases),
    Stage("features of other sizes", forward, other_sizes, hint="Outside of 14 to 16: F.adaptive_avg_pool2d(x, 4)."),
    Stage("batch norm", parameters, [{"in_channels": 2, "num_classes": 3, "batch_norm": True}]),
    Stage("values with batch norm", forward, normalized_cases),
]  # fmt: skip


def install(answer):
    """In the library: for all GoogLeNets but those of torchvision and the tutorials."""
    import googlenet.auxiliary

    library = googlenet.auxiliary.AuxiliaryHead

    def head(in_channels, num_classes, dropout=0.7, batch_norm=False, *, pool="5x5/3", size=4, first_dropout=0.0):
        if (pool, size, first_dropout) != ("5x5/3", 4, 0.0):
            options = {"pool": pool, "size": size, "first_dropout": first_dropout}
            return library(in_channels, num_classes, dropout, batch_norm, **options)
        return answer(in_channels, num_classes, dropout=dropout, batch_norm=batch_norm)

    return dict.fromkeys(FORBIDDEN, head)
