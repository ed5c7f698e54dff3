"""How initialization is checked."""

import numpy as np

from exercises.stages import Stage, numbers, returned

ANSWER = "kaiming_normal"
FORBIDDEN = ("minicnn.nn.init:kaiming_normal_", "minicnn.nn.init:fans", "minicnn.nn.init:xavier_normal_")
LIBRARY = "minicnn.nn.init:kaiming_normal_"


def case(rng, *shape):
    return {"normal": numbers(rng, *shape)}


def linear_cases(rng):
    return [case(rng, 2, 3), case(rng, 3, 8), case(rng, 5, 1)]


def convolution_cases(rng):
    return [case(rng, 2, 1, 2, 2), case(rng, 1, 3, 3, 3), case(rng, 4, 2, 1, 1), case(rng, 2, 3, 1, 3)]


def through_layers(answer, layers):
    """The mean square of a signal behind so many layers of 64 units with ReLU, relative to that at the beginning."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((64, 64))
    start = (x**2).mean()
    for _ in range(layers):
        x = np.maximum(x @ answer(rng.standard_normal((64, 64))).T, 0)
    return {"log10 of the signal": np.log10((x**2).mean() / start)}


WORKED = np.array([[1.0, -1, 2, 0, 0, 0, 1, 1], [2, 2, 0, 0, -1, 1, 0, 0]])
STAGES = [
    Stage(
        "the worked example",
        returned(),
        [{"normal": WORKED}],
    ),
    Stage("linear layers", returned(), linear_cases),
    Stage(
        "convolutions",
        returned(),
        convolution_cases,
        hint="A convolution sums over in * KH * KW products.",
    ),
    Stage("22 layers", through_layers, [{"layers": 22}]),
]


def install(answer):
    """In the library: what GoogLeNet starts from."""
    from minicnn.nn import init

    def kaiming_normal_(tensor):
        init.normal_(tensor)
        tensor.data[...] = answer(tensor.data)
        return tensor

    return {"minicnn.nn.init:kaiming_normal_": kaiming_normal_}
