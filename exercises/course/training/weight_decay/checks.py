"""How weight_decay is checked."""

import numpy as np

from exercises.stages import NotAsAsked, Stage, numbers

ANSWER = "decayed"
FORBIDDEN = (
    "minicnn.optim:SGD", "minicnn.optim.sgd:SGD", "minicnn.optim:Adam", "minicnn.optim.adam:Adam",
    "minicnn.optim:AdamW", "minicnn.optim.adam:AdamW",
)  # fmt: skip
LIBRARY = "minicnn.optim.adam:Adam.update"


def run(answer, **case):
    """What the optimizer goes on with."""
    x, grad = two(answer(**case))
    return {"x": x, "grad": grad}


def run_sgd(answer, name, x, grads, lr, weight_decay):
    """x after each step of plain SGD, in both ways."""
    outputs = {}
    for decoupled in (False, True):
        w, places = x, []
        for grad in grads:
            w, grad = two(answer(name, w.copy(), grad.copy(), lr, weight_decay, decoupled))
            w = w - lr * grad
            places.append(w)
        outputs["decoupled" if decoupled else "in the gradient"] = np.array(places)
    return outputs


def run_adam(answer, name, x, grads, lr, weight_decay):
    """x after each step of Adam, in both ways."""
    outputs = {}
    for decoupled in (False, True):
        w, m, v, places = x, np.zeros_like(x), np.zeros_like(x), []
        for t, grad in enumerate(grads, 1):
            w, grad = two(answer(name, w.copy(), grad.copy(), lr, weight_decay, decoupled))
            m, v = 0.9 * m + 0.1 * grad, 0.99 * v + 0.01 * grad**2
            w = w - lr * (m / (1 - 0.9**t)) / (np.sqrt(v / (1 - 0.99**t)) + 1e-8)
            places.append(w)
        outputs["decoupled" if decoupled else "in the gradient"] = np.array(places)
    return outputs


def two(result):
    """What the answer has to return."""
    if not isinstance(result, tuple | list) or len(result) != 2:
        raise NotAsAsked("decayed has to return two arrays: x and grad")
    return result


def case(x, grad, lr, weight_decay, decoupled, name="conv1.weight"):
    return {"name": name, "x": x, "grad": grad, "lr": lr, "weight_decay": weight_decay, "decoupled": decoupled}


X, GRAD = np.array([2.0, -4, 10]), np.array([1.0, 1, 0])
L2, DECOUPLED = case(X, GRAD, 0.1, 0.5, False), case(X, GRAD, 0.1, 0.5, True)


def random_cases(rng):
    return [
        case(numbers(rng, *shape), numbers(rng, *shape), lr, weight_decay, decoupled)
        for shape, lr, weight_decay in (((3,), 0.1, 0.2), ((2, 2), 0.5, 0.05), ((2, 3, 1, 2), 0.2, 0.0))
        for decoupled in (False, True)
    ]


def several_steps(rng):
    def case_of(name, x, grads, lr, weight_decay):
        return {"name": name, "x": x, "grads": grads, "lr": lr, "weight_decay": weight_decay}

    return [
        case_of("conv1.weight", X, np.zeros((2, 3)), 0.1, 0.5),
        case_of("fc.weight", numbers(rng, 3), numbers(rng, 4, 3), 0.2, 0.3),
        case_of("fc.bias", numbers(rng, 3), numbers(rng, 2, 3), 0.2, 0.3),
    ]


def named(*names):
    """Cases with these names, in both ways."""

    def cases(rng):
        return [
            case(numbers(rng, 2), numbers(rng, 2), 0.1, 0.5, decoupled, name)
            for name in names
            for decoupled in (False, True)
        ]

    return cases


STAGES = [
    Stage("in the gradient: the worked example", run, [L2]),
    Stage("decoupled: the worked example", run, [DECOUPLED]),
    Stage("random values", run, random_cases, points=2),
    Stage("biases", run, named("conv1.bias", "inception3a.branch1.bn.bias", "bias")),
    Stage("other names", run, named("bn1.weight", "debias.fc.weight", "bias.weight", "debias", "weight")),
    Stage("several steps of SGD", run_sgd, several_steps),
    Stage("several steps of Adam", run_adam, several_steps),
]


def install(answer):
    """In the library: before each step of SGD, Adam and AdamW where they have a weight decay. Biases come with none,
    in a parameter group of their own (--bias-rules), so here all names are those of weights."""
    from minicnn import optim

    def with_answer(library):
        class Put(library):
            def update(self, x, grad, state, group):
                if group["weight_decay"] and isinstance(x, np.ndarray):
                    decoupled = getattr(self, "decoupled_weight_decay", False)
                    given = x.copy(), grad, group["lr"], group["weight_decay"], decoupled
                    x[...], grad = answer("weight", *given)
                    group = {**group, "weight_decay": 0.0}
                return super().update(x, grad, state, group)

        Put.__name__ = library.__name__  # which its messages begin with
        return Put

    return {f"minicnn.optim:{name}": with_answer(getattr(optim, name)) for name in ("SGD", "Adam", "AdamW")}
