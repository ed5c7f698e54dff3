"""How sgd_momentum is checked."""

import numpy as np

from exercises.stages import NotAsAsked, Stage, numbers

ANSWER = "sgd_step"
FORBIDDEN = ("minicnn.optim:SGD", "minicnn.optim.sgd:SGD")
LIBRARY = "minicnn.optim.sgd:SGD.update"


def run(answer, **case):
    """One step."""
    x, velocity = two(answer(**case))
    return {"x": x, "velocity": velocity}


def run_steps(answer, x, grads, rates, momentum):
    """A step for each row of grads, with its rate; x after each."""
    velocity, places = np.zeros_like(x), []
    for grad, lr in zip(grads, rates, strict=True):
        x, velocity = two(answer(x.copy(), grad.copy(), np.copy(velocity), float(lr), momentum))
        places.append(np.copy(x))
    return {"x after each step": np.array(places)}


def two(result):
    """What the answer has to return, as a pair."""
    if not isinstance(result, tuple | list) or len(result) != 2:
        raise NotAsAsked("sgd_step has to return two arrays: the new x, and the new velocity")
    return result


WORKED = {
    "x": np.array([3.92, 0.5]), "grad": np.array([3.92, 12.5]), "velocity": np.array([4.0, 25.0]),
    "lr": 0.02, "momentum": 0.9,
}  # fmt: skip


def first_steps(rng):
    return [
        {"x": numbers(rng, *shape), "grad": numbers(rng, *shape), "velocity": np.zeros(shape), "lr": 0.1, "momentum": m}
        for shape, m in (((2,), 0.9), ((2, 3), 0.5))
    ]


def random_cases(rng):
    return [
        {"x": numbers(rng, *shape), "grad": numbers(rng, *shape), "velocity": numbers(rng, *shape), "lr": lr,
         "momentum": momentum}
        for shape, lr, momentum in (((2,), 0.1, 0.9), ((3,), 0.5, 0.5), ((2, 3), 0.01, 0.99), ((2, 1, 2, 2), 0.2, 0.0))
    ]  # fmt: skip


def many_steps(rng):
    constant = {"x": np.array([0.0]), "grads": np.ones((5, 1)), "rates": np.full(5, 0.1), "momentum": 0.9}
    return [constant, {"x": numbers(rng, 3), "grads": numbers(rng, 6, 3), "rates": np.full(6, 0.1), "momentum": 0.8}]


def changing_rates(rng):
    rates = np.array([0.1, 0.1, 0.01, 0.01, 0.2])
    return [{"x": numbers(rng, 2), "grads": numbers(rng, 5, 2), "rates": rates, "momentum": 0.9}]


STAGES = [
    Stage("the first step", run, first_steps, hint="With velocity 0 the step is x - lr grad."),
    Stage("the worked example", run, [WORKED]),
    Stage("random values", run, random_cases, points=2),
    Stage("several steps", run_steps, many_steps),
    Stage("a rate that changes", run_steps, changing_rates, hint="A new learning rate acts on the whole step at once."),
]


def install(answer):
    """In the library: SGD with plain momentum; weight decay, which is an exercise of its own, comes into the gradient
    before. Nesterov's form, dampening, and arrays on a GPU are left to the library."""
    from minicnn import optim

    class SGD(optim.SGD):
        def update(self, x, grad, state, group):
            other = group["nesterov"] or group["dampening"] or not group["momentum"]
            if other or not isinstance(x, np.ndarray):
                return super().update(x, grad, state, group)
            if group["weight_decay"]:
                grad = grad + group["weight_decay"] * x
            velocity = state.get("momentum_buffer")
            velocity = np.zeros_like(x) if velocity is None else velocity
            x[...], velocity = answer(x.copy(), grad, velocity, group["lr"], group["momentum"])
            state["momentum_buffer"] = np.asarray(velocity, x.dtype)

    return {"minicnn.optim:SGD": SGD}
