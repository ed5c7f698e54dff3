"""Where did the numbers blow up?"""

from __future__ import annotations

from typing import Any

import minicnn as mc
from minicnn import backend
from minicnn.nn import Module


def first_non_finite_layer(model: Module, x: mc.Tensor) -> str | None:
    """The name of the first layer whose output, for this x, has a value that is infinite or not a number."""
    found: list[str] = []

    def record(name: str) -> Any:
        def hook(layer: Module, inputs: tuple, output: Any) -> None:
            if not found and isinstance(output, mc.Tensor):
                if not bool(backend.module_of(output.data).isfinite(output.data).all()):
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
