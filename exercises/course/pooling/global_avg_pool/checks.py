"""How global_avg_pool is checked."""

import numpy as np

from exercises.stages import Stage, forward_of, gradients_of, numbers

ANSWER = "GlobalAvgPool"
FORBIDDEN = (
    "minicnn.functional:adaptive_avg_pool2d", "minicnn.functional.pooling:AdaptiveAvgPool2d",
    "minicnn.functional:avg_pool2d", "minicnn.functional.pooling:AvgPool2d",
)  # fmt: skip
LIBRARY = "minicnn.functional.pooling:AdaptiveAvgPool2d"

WORKED = {"x": np.array([[[[1.0, 3], [5, 7]], [[0.0, 0], [0, -2]]]])}


def random_cases(rng):
    return [{"x": numbers(rng, *shape)} for shape in ((1, 1, 2, 3), (1, 3, 2, 2), (2, 2, 3, 4), (3, 2, 1, 1))]


STAGES = [
    Stage("the shape", forward_of("x"), random_cases, shapes_only=True),
    Stage("the worked example", forward_of("x"), [WORKED]),
    Stage("random values", forward_of("x"), random_cases),
    Stage("its gradient", gradients_of("x"), [{**WORKED, "grad_y": np.array([[[[8.0]], [[-4.0]]]])}]),
    Stage("the gradient", gradients_of("x"), random_cases, points=2),
]


def install(answer):
    """In the library: where an adaptive pool goes to 1x1, as at the end of GoogLeNet."""
    import minicnn.functional as F

    library = F.adaptive_avg_pool2d

    def adaptive_avg_pool2d(x, output_size):
        return answer()(x) if output_size in (1, (1, 1)) else library(x, output_size)

    return {"minicnn.functional:adaptive_avg_pool2d": adaptive_avg_pool2d}
