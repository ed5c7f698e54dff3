"""How gradient_checker is checked: on right backwards and on wrong ones, which it has to tell apart."""

import numpy as np

from exercises.stages import NotAsAsked, Stage, numbers

ANSWER = "gradients_agree"
FORBIDDEN = (
    "minicnn:gradcheck", "minicnn:gradcheck_pair", "minicnn.gradcheck:gradcheck", "minicnn.gradcheck:gradcheck_pair",
)  # fmt: skip
LIBRARY = "minicnn.gradcheck.check:gradcheck"


class Operation:
    """forward by f(*inputs), backward by b(grad_y, y, *inputs); it keeps what its last forward had."""

    def __init__(self, f, b):
        self.f, self.b = f, b

    def forward(self, *inputs):
        self.inputs, self.y = inputs, self.f(*inputs)
        return self.y

    def backward(self, grad_y):
        return self.b(grad_y, self.y, *self.inputs)


def softmax(x):
    exponentials = np.exp(x - x.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def grad_softmax(g, y):
    return y * (g - (g * y).sum(axis=1, keepdims=True))


FORWARD = {
    "x * x": lambda x: x * x,
    "1e-9 x * x": lambda x: 1e-9 * x * x,
    "1e6 x * x": lambda x: 1e6 * x * x,
    "exp(x)": np.exp,
    "exp(20 x)": lambda x: np.exp(20 * x),
    "exp(x), backwards": lambda x: np.exp(x)[::-1],
    "max(x, 0)": lambda x: np.maximum(x, 0),
    "mean(x)": np.mean,
    "x.sum(axis=0)": lambda x: x.sum(axis=0),
    "softmax of rows": softmax,
    "a * b": lambda a, b: a * b,
    "a + b, b in each row": lambda a, b: a + b,
    "1e8 a + b": lambda a, b: 1e8 * a + b,
    "a @ b": lambda a, b: a @ b,
}
RIGHT = {
    "x * x": lambda g, y, x: (2 * x * g,),
    "1e6 x * x": lambda g, y, x: (2e6 * x * g,),
    "exp(x)": lambda g, y, x: (g * y,),
    "exp(20 x)": lambda g, y, x: (20 * g * y,),
    "max(x, 0)": lambda g, y, x: (g * (x > 0),),
    "mean(x)": lambda g, y, x: (np.full(x.shape, g / x.size),),
    "softmax of rows": lambda g, y, x: (grad_softmax(g, y),),
    "a * b": lambda g, y, a, b: (g * b, g * a),
    "a + b, b in each row": lambda g, y, a, b: (g, g.sum(axis=0)),
    "a @ b": lambda g, y, a, b: (g @ b.T, a.T @ g),
}
WRONG = {
    ("x * x", "grad_y * x"): lambda g, y, x: (g * x,),
    ("x * x", "4 * grad_y * x"): lambda g, y, x: (4 * g * x,),
    ("x * x", "2 * x"): lambda g, y, x: (2 * x,),
    ("x * x", "-2 * grad_y * x"): lambda g, y, x: (-2 * g * x,),
    ("x * x", "2 * grad_y * x - 1"): lambda g, y, x: (2 * g * x - 1,),
    ("x * x", "2 * grad_y * x + 1"): lambda g, y, x: (2 * g * x + 1,),
    ("x * x", "2 * grad_y * x**2 / x"): lambda g, y, x: (2 * g * x**2 / x,),
    ("x * x", "right, in the wrong order"): lambda g, y, x: ((2 * x * g)[::-1],),
    ("1e-9 x * x", "1.1e-9 * grad_y * x"): lambda g, y, x: (1.1e-9 * g * x,),
    ("exp(x)", "the first is right, the others 0"): lambda g, y, x: (g * y * (np.arange(x.size) == 0),),
    ("exp(x)", "the last is 0"): lambda g, y, x: (g * y * (np.arange(x.size) < x.size - 1),),
    ("exp(x)", "1.00005 * grad_y * y"): lambda g, y, x: (1.00005 * g * y,),
    ("exp(x), backwards", "grad_y * exp(x)"): lambda g, y, x: (g * np.exp(x),),
    ("x.sum(axis=0)", "grad_y, shape (1, 3)"): lambda g, y, x: (g[None],),
    ("softmax of rows", "7 times as much"): lambda g, y, x: (7 * grad_softmax(g, y),),
    ("softmax of rows", "0"): lambda g, y, x: (np.zeros_like(x),),
    ("softmax of rows", "grad_y * y * (1 - y)"): lambda g, y, x: (g * y * (1 - y),),
    ("a * b", "grad_b = grad_y * b"): lambda g, y, a, b: (g * b, g * b),
    ("a * b", "grad_a = grad_y * a"): lambda g, y, a, b: (g * a, g * a),
    ("a + b, b in each row", "grad_b = grad_y"): lambda g, y, a, b: (g, g),
    ("1e8 a + b", "grad_b = 2 * grad_y"): lambda g, y, a, b: (1e8 * g, 2 * g),
    ("a @ b", "grad_a = grad_y @ b"): lambda g, y, a, b: (g @ b, a.T @ g),
}


def run(answer, operation, backward, **inputs):
    """What the checker says of it."""
    b = RIGHT[operation] if backward == "right" else WRONG[operation, backward]
    result = answer(lambda: Operation(FORWARD[operation], b), list(inputs.values()), np.random.default_rng(7))
    if not isinstance(result, bool | np.bool_):
        raise NotAsAsked(f"gradients_agree returned {result!r:.40}, expected True or False")
    return {"verdict": "accepted" if result else "refused"}


def case(operation, backward="right", **inputs):
    return {"operation": operation, "backward": backward, **inputs}


X = np.array([1.1, -2.7, 0.5])


def right(rng):
    return [
        case("x * x", x=X),
        case("exp(x)", x=numbers(rng, 4)),
        case("a * b", a=numbers(rng, 2, 2), b=numbers(rng, 2, 2)),
        case("a @ b", a=numbers(rng, 2, 3), b=numbers(rng, 3, 2)),
        case("a + b, b in each row", a=numbers(rng, 2, 3), b=numbers(rng, 3)),
        case("softmax of rows", x=numbers(rng, 2, 3)),
    ]


def wrong(rng):
    backwards = ("grad_y * x", "4 * grad_y * x", "-2 * grad_y * x", "2 * grad_y * x - 1", "2 * grad_y * x + 1")
    return [case("x * x", backward, x=X) for backward in backwards]


def hidden(rng):
    return [
        case("x * x", "2 * x", x=X),
        case("exp(x), backwards", "grad_y * exp(x)", x=numbers(rng, 3)),
        *(case("softmax of rows", b, x=numbers(rng, 2, 3)) for b in ("7 times as much", "0", "grad_y * y * (1 - y)")),
    ]


def several(rng):
    a, b = np.array([[1.0, 2], [0.5, -1]]), np.array([[3.0, -1], [2, 0.7]])
    return [
        case("a * b", "grad_a = grad_y * a", a=a, b=b),
        case("a * b", "grad_b = grad_y * b", a=a, b=b),
        case("a @ b", "grad_a = grad_y @ b", a=a, b=b),
        case("a + b, b in each row", "grad_b = grad_y", a=a, b=b[0]),
    ]


def of_many(rng):
    x = np.array([0.3, 1.5, -0.7, 2.1])
    of_exp = ("the last is 0", "the first is right, the others 0", "1.00005 * grad_y * y")
    return [*(case("exp(x)", b, x=x) for b in of_exp), case("x * x", "right, in the wrong order", x=x)]


def sizes(rng):
    return [
        case("1e6 x * x", x=np.array([1.3, -2.7, 0.9])),
        case("1e-9 x * x", "1.1e-9 * grad_y * x", x=X),
        case("exp(x)", x=np.array([-12.0, 10.3])),
        case("1e8 a + b", "grad_b = 2 * grad_y", a=np.array([1.0, 2]), b=np.array([3.0, 4])),
        case("exp(20 x)", x=np.array([0.3, -0.2])),
    ]


def edges(rng):
    return [
        case("max(x, 0)", x=-abs(numbers(rng, 3))),
        case("mean(x)", x=numbers(rng, 2, 2)),
        case("a + b, b in each row", a=np.zeros((2, 2)), b=np.zeros(2)),
        case("x.sum(axis=0)", "grad_y, shape (1, 3)", x=numbers(rng, 2, 3)),
        case("x * x", "2 * grad_y * x**2 / x", x=np.array([1.0, 0, 2])),
        case("x * x", x=np.array([1.1, 0.3], np.float32)),
    ]


STAGES = [
    Stage("right gradients are accepted", run, right),
    Stage("wrong ones are refused", run, wrong),
    Stage("what a sum would hide", run, hidden, hint="The cotangent has to be random, and the same on both sides."),
    Stage("several inputs", run, several),
    Stage("one wrong number of many", run, of_many),
    Stage("large and small ones", run, sizes, points=2, hint="Measure the error by the input's largest difference."),
    Stage("edges", run, edges, hint="A gradient of 0, a y without axes, another shape, NaN, float32."),
]
