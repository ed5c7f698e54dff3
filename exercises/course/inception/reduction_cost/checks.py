"""How reduction_cost is checked."""

from exercises.stages import Stage

ANSWER = "branch_cost"


def run(answer, **case):
    weights, multiply_adds = answer(**case)
    return {"weights": weights, "multiply_adds": multiply_adds}


def branch(in_channels, out_channels, kernel_size, height, width, **reduced):
    sizes = {"kernel_size": kernel_size, "height": height, "width": width}
    return {"in_channels": in_channels, "out_channels": out_channels, **sizes, **reduced}


def some(rng):
    """Channels, a kernel, and an image that is not square."""
    in_channels, out_channels = (int(n) for n in rng.integers(4, 200, 2))
    height, width = (int(n) for n in rng.choice([7, 9, 14, 28], 2, replace=False))
    return in_channels, out_channels, int(rng.choice([3, 5])), height, width


def without(rng):
    return [branch(2, 1, 3, 2, 5), branch(*some(rng)), branch(*some(rng), reduced=None)]


def reduced(rng):
    return [branch(*some(rng), reduced=int(rng.integers(2, 30))) for _ in range(3)]


def odd_ones(rng):
    return [
        branch(8, 5, 1, 3, 4),  # the 1x1 branch
        branch(8, 5, 3, 1, 1, reduced=8),  # as many channels as before: nothing is saved
        branch(1, 1, 5, 6, 2, reduced=1),
    ]


STAGES = [
    Stage("one convolution", run, [branch(3, 2, 3, 4, 4), branch(512, 64, 5, 14, 14)],
          hint="A kernel has in_channels * kernel_size**2 weights, and there are out_channels kernels."),
    Stage("images that are not square", run, without),
    Stage("the worked example", run, [branch(3, 2, 3, 4, 4, reduced=1), branch(512, 64, 5, 14, 14, reduced=24)],
          hint="Two convolutions: 1x1 from in_channels to reduced, then kernel_size from reduced to out_channels."),
    Stage("with reductions", run, reduced, points=2),
    Stage("1x1 kernels, and reductions that save nothing", run, odd_ones),
]  # fmt: skip
