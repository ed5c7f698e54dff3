"""How adam is checked."""

import numpy as np

from exercises.stages import NotAsAsked, Stage, numbers

ANSWER = "adam_step"
FORBIDDEN = ("minicnn.optim:Adam", "minicnn.optim.adam:Adam", "minicnn.optim:AdamW", "minicnn.optim.adam:AdamW")
LIBRARY = "minicnn.optim.adam:Adam.update"
USUAL = {"lr": 0.1, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8}


def run(answer, **case):
    """One step."""
    x, m, v = three(answer(**case))
    return {"x": x, "m": m, "v": v}


def run_steps(answer, x, grads, **options):
    """A step for each row of grads; x after each."""
    m, v, places = np.zeros_like(x), np.zeros_like(x), []
    for t, grad in enumerate(grads, 1):
        x, m, v = three(answer(x.copy(), grad.copy(), np.copy(m), np.copy(v), t, **options))
        places.append(np.copy(x))
    return {"x after each step": np.array(places)}


def three(result):
    """What the answer has to return."""
    if not isinstance(result, tuple | list) or len(result) != 3:
        raise NotAsAsked("adam_step has to return three arrays: the new x, the new m, the new v")
    return result


FIRST = {
    "x": np.array([1.0, 1, 1]), "grad": np.array([2.0, -0.004, 0.0]), "m": np.zeros(3), "v": np.zeros(3), "t": 1,
    **USUAL,
}  # fmt: skip
SECOND = {
    "x": np.array([0.9, 1.1, 1]), "grad": np.array([-2.0, -0.004, 0.0]), "m": 0.1 * FIRST["grad"],
    "v": 0.001 * FIRST["grad"] ** 2, "t": 2, **USUAL,
}  # fmt: skip


def random_cases(rng):
    return [
        {"x": numbers(rng, *shape), "grad": numbers(rng, *shape), "m": numbers(rng, *shape),
         "v": abs(numbers(rng, *shape)), "t": t, "lr": lr, "beta1": beta1, "beta2": beta2, "eps": 1e-8}
        for shape, t, lr, beta1, beta2 in (
            ((2,), 2, 0.1, 0.9, 0.999), ((3,), 5, 0.5, 0.5, 0.8), ((2, 3), 1, 0.2, 0.8, 0.9),
            ((1, 2, 2, 2), 10, 0.1, 0.0, 0.5),
        )
    ]  # fmt: skip


def many_steps(rng):
    return [
        {"x": np.zeros(1), "grads": np.ones((4, 1)), **USUAL},
        {"x": numbers(rng, 3), "grads": numbers(rng, 6, 3), **USUAL, "beta2": 0.9},
    ]


def small_gradients(rng):
    zero = {"x": np.array([1.0, -2]), "grads": np.zeros((3, 2)), **USUAL}
    tiny = {"x": np.zeros(2), "grads": 1e-8 * numbers(rng, 3, 2), **USUAL}
    return [zero, tiny, {**tiny, "eps": 0.25, "grads": numbers(rng, 3, 2)}]


STAGES = [
    Stage("the worked example, first step", run, [FIRST]),
    Stage("the worked example, second step", run, [SECOND]),
    Stage("random values", run, random_cases, points=2),
    Stage("several steps", run_steps, many_steps),
    Stage("gradients near 0", run_steps, small_gradients, hint="eps is added to the root, not inside of it."),
]


def install(answer):
    """In the library: Adam and AdamW, with their weight decay put in before; arrays on a GPU are left to it."""
    from minicnn import optim

    def with_answer(library):
        class Put(library):
            def update(self, x, grad, state, group):
                if not isinstance(x, np.ndarray):
                    return super().update(x, grad, state, group)
                decay = group["weight_decay"]
                if decay and self.decoupled_weight_decay:
                    x *= 1 - group["lr"] * decay
                elif decay:
                    grad = grad + decay * x
                if not state:
                    state.update(step=0, exp_avg=np.zeros_like(x), exp_avg_sq=np.zeros_like(x))
                state["step"] += 1
                m, v, options = state["exp_avg"], state["exp_avg_sq"], (group["lr"], *group["betas"], group["eps"])
                x[...], m, v = answer(x.copy(), grad, m, v, state["step"], *options)
                state["exp_avg"], state["exp_avg_sq"] = np.asarray(m, x.dtype), np.asarray(v, x.dtype)

        Put.__name__ = library.__name__  # which its messages begin with
        return Put

    return {"minicnn.optim:Adam": with_answer(optim.Adam), "minicnn.optim:AdamW": with_answer(optim.AdamW)}
