"""Stochastic gradient descent, with momentum."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from minicnn import arguments, backend
from minicnn.backend import Array, kernels
from minicnn.optim.optimizer import Group, Optimizer
from minicnn.tensor import Tensor


class SGD(Optimizer):
    """Walk downhill, with a velocity v that remembers the way so far.

        g = grad + weight_decay x                      L2 regularization
        v = momentum v + (1 - dampening) g             in the first step v = g
        x = x - lr v                                   plain and heavy-ball momentum (g itself where momentum is 0)
        x = x - lr (g + momentum v)                    Nesterov: look ahead along v

    With momentum 0.9 and a constant gradient, v grows to 10 g: a step is then ten times as long as without.
    lr, momentum and weight_decay are at least 0. Raises ValueError for Nesterov without momentum or with dampening.
    Source: Sutskever et al., "On the importance of initialization and momentum in deep learning", 2013, in the form
    PyTorch uses, where lr is outside v, so that a change of lr acts at once.
    """

    state_names = ("momentum_buffer",)

    def __init__(
        self,
        params: Iterable[Tensor] | Iterable[Group],
        lr: float = 1e-3,
        momentum: float = 0,
        dampening: float = 0,
        weight_decay: float = 0,
        nesterov: bool = False,
    ) -> None:
        options = {"lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay}
        super().__init__(params, {**options, "nesterov": nesterov})

    def update(self, x: Array, grad: Array, state: dict[str, Any], group: Group) -> None:
        lr, momentum, weight_decay, nesterov = (group[k] for k in ("lr", "momentum", "weight_decay", "nesterov"))
        dampening = group["dampening"]
        if momentum and "momentum_buffer" not in state:
            state["momentum_buffer"] = backend.module_of(x).zeros_like(x)
            dampening = 0  # there is nothing to dampen yet: v = g
        if momentum and kernels.usable(backend.module_of(x)):
            v = state["momentum_buffer"]
            return kernels.momentum_step(x, v, grad, lr, momentum, dampening, weight_decay, nesterov)

        def descend(rows: Any) -> None:
            g = grad[rows]
            if weight_decay:
                g = g + weight_decay * x[rows]
            if momentum:
                v = state["momentum_buffer"][rows]
                v *= momentum
                v += (1 - dampening) * g if dampening else g
                g = g + momentum * v if nesterov else v
            x[rows] -= lr * g

        backend.for_each_row_block(descend, x)

    def checked(self, group: Group) -> Group:
        limits = {"lr": 0, "momentum": 0, "dampening": -math.inf, "weight_decay": 0}
        group = {
            **group,
            **{name: arguments.number("SGD", name, group[name], minimum) for name, minimum in limits.items()},
        }
        if group["nesterov"] and (group["momentum"] == 0 or group["dampening"] != 0):
            raise ValueError(
                f"SGD: nesterov needs a momentum above 0 and a dampening of 0, "
                f"got momentum {group['momentum']} and dampening {group['dampening']}"
            )
        return group
