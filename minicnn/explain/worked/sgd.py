"""sgd: a few steps down a bowl, with momentum and weight decay."""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn.explain.document import (
    Agreement,
    Beside,
    Explanation,
    Formula,
    Index,
    Item,
    Numbers,
    Prose,
    Section,
    Trace,
)
from minicnn.explain.worked import ways
from minicnn.explain.worked.window import named
from minicnn.functional import checks
from minicnn.optim import SGD
from minicnn.tensor import Tensor

EXAMPLE: dict[str, Any] = {
    "x": np.array([4, -2]),
    "curvature": np.array([1, 3]),
    "lr": 0.1,
    "momentum": 0.9,
    "weight_decay": 0.5,
}
CURVATURE = 1.0  # of the bowl if none is given


def loops(x, curvature, steps, lr, momentum, dampening, decay, nesterov):
    """(x, g, v) after each step; x is one number here."""
    history, v = [], 0.0
    for step in range(steps):
        grad = curvature * x
        g = grad + decay * x
        first = step == 0 or momentum == 0
        v = g if first else momentum * v + (1 - dampening) * g
        x = x - lr * (g + momentum * v if nesterov else v)
        history.append((x, g, v))
    return np.array(history)


def fitting(given: dict[str, Any]) -> dict[str, Any]:
    """A curvature for each x of a learner's."""
    return {"curvature": np.resize(EXAMPLE["curvature"], np.shape(given["x"]))} if "x" in given else {}


def explanation(
    x, lr=1e-3, momentum=0.0, dampening=0.0, weight_decay=0.0, nesterov=False, *, curvature=CURVATURE, steps=3, at=None
) -> Explanation:
    """Arguments as optim.SGD takes them. The loss is a bowl, the sum of curvature/2 * x^2, with the gradient
    curvature * x.

    x of any shape, the curvature one number or one for each x; at: the element of x that is traced.
    """
    x = ways.as_array("sgd", "x", x)
    curvature = ways.as_array("sgd", "curvature", curvature)
    if not checks.is_integer(steps) or not 1 <= steps <= 100:
        raise ValueError(f"sgd: steps is {steps!r}, expected 1 to 100")
    if curvature.shape not in ((), x.shape):
        raise ValueError(f"sgd: curvature has shape {curvature.shape}, expected one number or that of x, {x.shape}")
    curvature = np.broadcast_to(curvature, x.shape)
    at = ways.element("sgd", at, x.shape)
    options = {
        "lr": lr,
        "momentum": momentum,
        "dampening": dampening,
        "weight_decay": weight_decay,
        "nesterov": nesterov,
    }
    found = library(x, curvature, steps, options)

    places = ways.sample(x.shape, ways.MOST_MOVED, at)
    by_loops = np.array([loops(x[place], curvature[place], steps, *options.values()) for place in places])
    sections = [
        Section("The formula", [
            Formula((
                "g = grad + weight_decay * x",
                f"v = momentum * v + {'g' if dampening == 0 else '(1 - dampening) * g'}     (v = g in the first step)",
                "x = x - lr * (g + momentum * v)" if nesterov else "x = x - lr * v", "",
                ", ".join(f"{name} {value:g}" for name, value in options.items() if name != "nesterov"),
            )),
            Prose("As PyTorch has it: lr stands outside of v, so that a change of lr acts at once, and weight decay is "
                  "a part of the gradient, so that v remembers it, too. The loss is a bowl, whose gradient is known:"),
            Formula(("loss = sum of curvature/2 * x^2,   grad = curvature * x",)),
            Beside((Numbers("x", x, (at,)), Numbers("curvature", curvature, (at,)))),
            *ways.gradient_agreements(
                "grad", {"curvature * x": curvature * x, "backward": found[0]["grad"]},
                lambda: curvature / 2 * x * x, x, np.ones_like(x)),
        ]),
        Section("The plain loop", [ways.code(loops)]),
        *(Section(f"Step {step + 1}", one_step(step, found, at, options)) for step in range(min(steps, 3))),
        Section("All steps", [
            Prose(f"A row for each step, for {named('x', *at)}:"),
            Beside(tuple(Numbers(name, np.array([[now[name][at]] for now in found]))
                         for name in ("x", "grad", "g", "v", "new x"))),
            *(Agreement(f"{what} after each step" + ways.some(places, x), {
                "loop": by_loops[:, :, column],
                "optim.SGD": np.array([[now[name][place] for now in found] for place in places])})
              for what, name, column in (("x", "new x", 0), ("v", "v", 2))),
        ]),
    ]  # fmt: skip
    if momentum:
        sections.append(why_a_velocity(x, curvature, found, options, steps))
    return Explanation(f"sgd: {steps} steps down a bowl", sections)


def library(x: np.ndarray, curvature: np.ndarray, steps: int, options: dict) -> list[dict[str, np.ndarray]]:
    """What optim.SGD does: x, grad, g, v, the new x of each step."""
    parameter = Tensor(x.copy(), requires_grad=True)
    optimizer = SGD([parameter], **options)
    found: list[dict[str, np.ndarray]] = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss = (Tensor(curvature / 2) * parameter * parameter).sum()
        loss.backward()
        before, grad = parameter.data.copy(), np.array(parameter.grad)
        g = grad + options["weight_decay"] * before
        optimizer.step()
        v = optimizer.state[0]["momentum_buffer"].copy() if options["momentum"] else g
        found.append({"x": before, "grad": grad, "g": g, "v": v, "new x": parameter.data.copy(), "loss": loss.data})
    return found


def one_step(step: int, found: list[dict[str, np.ndarray]], at: Index, options: dict) -> list[Item]:
    """Gradient, velocity, and the step itself, for all x and traced for one."""
    now, here = found[step], named("", *at)
    lr, momentum, decay, keep = options["lr"], options["momentum"], options["weight_decay"], 1 - options["dampening"]
    x, grad, g, v = (now[name][at] for name in ("x", "grad", "g", "v"))
    items: list[Item] = [
        Beside(tuple(Numbers(name, now[name], (at,)) for name in ("x", "grad", "g", "v", "new x"))),
        Trace(f"g{here}", g, ((f"grad{here}", (), grad), (f"weight_decay * x{here}", (decay, x), decay * x))),
    ]
    if momentum and step:
        before = found[step - 1]["v"][at]
        weighed = f"(1 - dampening) * g{here}" if keep != 1 else f"g{here}"
        items.append(Trace(f"v{here}", v, (
            (f"momentum * v{here} of before", (momentum, before), momentum * before),
            (weighed, (keep, g) if keep != 1 else (), keep * g))))  # fmt: skip
    else:
        items.append(Trace(f"v{here}", v, ((f"g{here}", (), g),)))
    moves = [ways.product(f"-lr * v{here}", -lr, v)]
    if options["nesterov"]:
        moves = [ways.product(f"-lr * g{here}", -lr, g), ways.product(f"-lr * momentum * v{here}", -lr, momentum, v)]
    items.append(Trace(f"new x{here}", now["new x"][at], ((f"x{here}", (), x), *moves)))
    return items


def why_a_velocity(x, curvature, found: list[dict[str, np.ndarray]], options: dict, steps: int) -> Section:
    """How the velocity grows, and what the same steps are without."""
    momentum, keep = options["momentum"], 1 - options["dampening"]
    without = library(x, curvature, steps, options | {"momentum": 0.0, "dampening": 0.0, "nesterov": False})
    v = [1.0]
    for _ in range(4):
        v.append(momentum * v[-1] + keep)
    items: list[Item] = [
        Prose("Where the gradient stays the same, the velocity grows. Of a gradient of 1, step by step:"),
        Numbers("v", np.array(v)),
    ]
    if momentum < 1:
        items += [
            Prose(f"It comes up to {keep / (1 - momentum):.4g} times the gradient: a step is so many times as long "
                  "along a valley. Where the gradient changes its sign from step to step, the two cancel instead."),
            Agreement("the velocity in the end", {
                "(1 - dampening) / (1 - momentum)": np.array(keep / (1 - momentum)),
                "a step later": np.array(momentum * (keep / (1 - momentum)) + keep)}),
        ]  # fmt: skip
    items += [
        Prose("The loss before each step, with this momentum and without any:"),
        Beside((Numbers("with", np.array([[float(now["loss"])] for now in found])),
                Numbers("without", np.array([[float(now["loss"])] for now in without])))),
    ]  # fmt: skip
    return Section("Why a velocity?", items)
