"""The chain rule at work: a line is fitted by the gradients of additions and products alone."""

from collections.abc import Callable

import numpy as np

import minicnn as mc


def run(say: Callable[[str], None]) -> bool:
    """Fit y = 3 x1 - 2 x2 + 1 to 40 points; whether the line is found."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((40, 2))
    y = mc.Tensor(x @ [3.0, -2.0] + 1)
    x1, x2 = mc.Tensor(x[:, 0]), mc.Tensor(x[:, 1])
    w1, w2, bias = (mc.Tensor(np.zeros(1), requires_grad=True) for _ in range(3))
    say("fitting y = w1 x1 + w2 x2 + b by the gradients of + and *, and broadcasting:")
    for step in range(61):
        error = w1 * x1 + w2 * x2 + bias + y * mc.Tensor(np.full(40, -1.0))
        loss = (error * error).mean()
        if step % 20 == 0:
            numbers = "   ".join(f"{name} {p.data[0]:6.3f}" for name, p in (("w1", w1), ("w2", w2), ("b", bias)))
            say(f"  step {step:2}   loss {loss.item():9.5f}   {numbers}")
        for parameter in (w1, w2, bias):
            parameter.grad = None
        loss.backward()
        for parameter in (w1, w2, bias):
            parameter.data -= 0.1 * parameter.grad
    found = np.concatenate([w1.data, w2.data, bias.data])
    reached = bool(np.allclose(found, [3, -2, 1], atol=0.01))
    say("That is the line the points were made of: 3, -2, 1." if reached else "It should have found 3, -2 and 1.")
    return reached
