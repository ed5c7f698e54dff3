"""Where did the numbers blow up?"""

from __future__ import annotations

from typing import Any

import minicnn as mc
from minicnn import backend
from minicnn.nn import Module


def first_non_finite_layer(model: Module, x: mc.Tensor) -> str | None:
    """The name of the first layer that has, in its output for this x or in a parameter, a value infinite or no number.

    A parameter too, because the ReLU of a convolution makes 0 of an output of minus infinity.
    """
    found: list[str] = []

    def record(name: str) -> Any:
        def hook(layer: Module, inputs: tuple, output: Any) -> None:
            tensors = [t for t in (output, *layer.parameters()) if isinstance(t, mc.Tensor)]
            if not found and not all(bool(backend.module_of(t.data).isfinite(t.data).all()) for t in tensors):
                found.append(name)

        return hook

    remove = [module.register_forward_hook(record(name)) for name, module in model.named_modules() if name]
    try:
        with mc.no_grad():
            model(x)
    finally:
        for take_away in remove:
            take_away()
    return found[0] if found else None
