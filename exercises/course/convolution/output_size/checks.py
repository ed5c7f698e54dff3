"""How output_size is checked."""

from exercises.stages import Stage

ANSWER = "output_size"
FORBIDDEN = (
    "minicnn.functional.im2col:output_size",
    "minicnn.functional.convolution:output_size",
    "minicnn.functional.pooling:output_size",
)
LIBRARY = "minicnn.functional.im2col:output_size"


def run(answer, **case):
    """The number of places, or the ValueError; another error is a failure of the answer."""
    try:
        return {"places": answer(**case)}
    except ValueError:
        return {"places": "ValueError"}


def case(size, kernel, stride=1, padding=0):
    return {"size": size, "kernel": kernel, "stride": stride, "padding": padding}


def random_cases(rng):
    draw = lambda: case(*(int(rng.integers(*ends)) for ends in ((12, 40), (1, 8), (1, 5), (0, 4))))  # noqa: E731
    return [draw() for _ in range(8)]


STAGES = [
    Stage("the worked example", run, [case(4, 2), case(4, 3)], hint="At which numbers can the window begin?"),
    Stage("with a stride", run, [case(4, 2, 2), case(7, 3, 2), case(5, 2, 3), case(9, 3, 3)]),
    Stage("where it leaves something over", run, [case(5, 2, 2), case(6, 3, 2), case(8, 3, 4)],
          hint="The last window has to fit in whole: what is left over is not looked at."),
    Stage("with padding", run, [case(4, 3, 1, 1), case(5, 5, 1, 2), case(3, 4, 1, 1), case(4, 3, 2, 1)]),
    Stage("GoogLeNet's", run, [case(224, 7, 2, 3), case(56, 1), case(28, 5, 1, 2), case(32, 7, 2, 3)]),
    Stage("random values", run, random_cases),
    Stage("a window that fits just once", run, [case(3, 3), case(3, 3, 2), case(1, 3, 1, 1)]),
    Stage("errors", run, [case(2, 5), case(2, 3), case(3, 4, 2), case(1, 4, 3, 1), case(4, 2, 0), case(4, 2, -1)],
          hint="raise ValueError(...) where the kernel is larger than size + 2 padding, or the stride is below 1."),
]  # fmt: skip


def install(answer):
    """In the library: for all of its windows. Errors are the library's, which names the operation."""
    from minicnn.functional.im2col import output_size as library

    def output_size(operation, size, kernel, stride, padding):
        try:
            height, width = (int(answer(*axis)) for axis in zip(size, kernel, stride, padding, strict=True))
        except ValueError:
            return library(operation, size, kernel, stride, padding)
        return height, width

    return dict.fromkeys(FORBIDDEN, output_size)
