"""Adam, and Adam with decoupled weight decay."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from minicnn import arguments, backend
from minicnn.backend import Array, kernels
from minicnn.optim.optimizer import Group, Optimizer
from minicnn.tensor import Tensor


class Adam(Optimizer):
    """Steps of about lr in every coordinate, whatever the size of its gradients.

        g = grad + weight_decay x                      L2 regularization
        m = beta1 m + (1 - beta1) g                    running mean of the gradient
        v = beta2 v + (1 - beta2) g g                  running mean of its square
        x = x - lr m_hat / (sqrt(v_hat) + eps)         m_hat = m / (1 - beta1^t),  v_hat = v / (1 - beta2^t)

    m and v start at 0, which pulls them towards 0 in the first steps t = 1, 2, ...; the hats undo just that.
    lr, eps and weight_decay are at least 0, both betas in [0, 1). Raises ValueError otherwise.
    Source: Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015.
    """

    state_names = ("step", "exp_avg", "exp_avg_sq")
    decoupled_weight_decay = False

    def __init__(
        self,
        params: Iterable[Tensor] | Iterable[Group],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0,
    ) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay})

    def update(self, x: Array, grad: Array, state: dict[str, Any], group: Group) -> None:
        xp = backend.module_of(x)
        lr, (beta1, beta2), eps, weight_decay = (group[k] for k in ("lr", "betas", "eps", "weight_decay"))
        if not state:
            state.update(step=0, exp_avg=xp.zeros_like(x), exp_avg_sq=xp.zeros_like(x))
        state["step"] += 1
        unbias1, unbias2 = (1 / (1 - beta ** state["step"]) for beta in (beta1, beta2))
        if kernels.usable(xp):
            m, v, decoupled = state["exp_avg"], state["exp_avg_sq"], self.decoupled_weight_decay
            return kernels.adam_step(
                x, m, v, grad, lr, (beta1, beta2), eps, weight_decay, decoupled, unbias1, unbias2
            )  # fmt: skip

        def descend(rows: Any) -> None:
            g, m, v = grad[rows], state["exp_avg"][rows], state["exp_avg_sq"][rows]
            if weight_decay and self.decoupled_weight_decay:
                x[rows] *= 1 - lr * weight_decay
            elif weight_decay:
                g = g + weight_decay * x[rows]
            m *= beta1
            m += (1 - beta1) * g
            v *= beta2
            v += (1 - beta2) * g * g
            x[rows] -= (lr * unbias1) * m / (xp.sqrt(unbias2 * v) + eps)

        backend.for_each_row_block(descend, x)

    def checked(self, group: Group) -> Group:
        group = {
            **group,
            **{name: arguments.number(self.name, name, group[name]) for name in ("lr", "eps", "weight_decay")},
        }
        betas = group["betas"]
        if not isinstance(betas, tuple | list) or len(betas) != 2:
            raise TypeError(f"{self.name}: betas is {betas!r}, expected two numbers")
        return {**group, "betas": tuple(arguments.number(self.name, f"betas[{i}]", betas[i], below=1) for i in (0, 1))}


class AdamW(Adam):
    """Adam whose weight decay does not pass through m and v: every step first shrinks x by the same share.

        x = x - lr weight_decay x                      then Adam's formulas with g = grad

    In Adam, a weight with large gradients is hardly decayed, because its decay too is divided by sqrt(v).
    Source: Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019.
    """

    decoupled_weight_decay = True

    def __init__(
        self,
        params: Iterable[Tensor] | Iterable[Group],
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
    ) -> None:
        super().__init__(params, lr, betas, eps, weight_decay)
