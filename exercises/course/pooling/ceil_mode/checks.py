"""How ceil_mode is checked."""

from exercises.stages import Stage, returned

ANSWER = "windows"
FORBIDDEN = ("minicnn.functional.pooling:Windows", "minicnn.functional.im2col:overlaps")
LIBRARY = "minicnn.functional.pooling:Windows"


def axis(size, kernel, stride, padding=0, ceil_mode=False):
    return {"size": size, "kernel": kernel, "stride": stride, "padding": padding, "ceil_mode": ceil_mode}


def random_cases(rng):
    found = []
    for ceil_mode in (False, True):
        for _ in range(12):
            kernel = int(rng.integers(1, 5))
            size, stride = int(rng.integers(kernel, 13)), int(rng.integers(1, 5))
            found.append(axis(size, kernel, stride, int(rng.integers(0, kernel // 2 + 1)), ceil_mode))
    return sorted(found, key=lambda case: case["size"])


STAGES = [
    Stage("floor mode", returned(), [axis(6, 2, 2), axis(6, 3, 2), axis(7, 3, 2), axis(5, 3, 1)]),
    Stage("padding", returned(), [axis(5, 3, 1, 1), axis(6, 3, 2, 1)],
          hint="What hangs over into the padding is cut off: start is at least 0, stop at most size."),
    Stage("the worked example", returned(), [axis(6, 3, 2, ceil_mode=True)],
          hint="One window more where pixels would be left out; what hangs over the end is cut off."),
    Stage("GoogLeNet's sizes", returned(), [axis(n, 3, 2, ceil_mode=True) for n in (14, 28, 56, 112)]),
    Stage("the edge cases", returned(),
          [axis(5, 2, 2, ceil_mode=True), axis(4, 2, 4, 1, ceil_mode=True), axis(3, 2, 3, 1, ceil_mode=True),
           axis(4, 3, 3, 1, True), axis(1, 1, 2, 0, True)],
          hint="A window that would start behind the last pixel, in the padding on the right, is left out."),
    Stage("random values", returned(), random_cases, points=2),
]  # fmt: skip
