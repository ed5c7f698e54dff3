"""Random numbers that a seed makes repeatable, on either device.

The whole state is two integers: the seed, and how many generators have been drawn from it so far. The n-th draw
makes a fresh generator from (seed, n), so the state fits in a checkpoint's header and is the same on CPU and GPU.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minicnn.arguments import whole_number

_seed = 0
_draws = 0


def manual_seed(seed: int) -> None:
    """Begin again from `seed`: initial weights and dropout masks are the same after the same calls."""
    global _seed, _draws
    _seed, _draws = whole_number("manual_seed", "seed", seed, minimum=0), 0


def next_generator(xp: Any = np) -> Any:
    """The next generator of the sequence, `numpy.random.Generator` or CuPy's, by the module given."""
    global _draws
    _draws += 1
    return xp.random.default_rng(int(np.random.SeedSequence([_seed, _draws]).generate_state(1, np.uint64)[0]))


def get_state() -> dict[str, int]:
    """The state, to be kept in a checkpoint."""
    return {"seed": _seed, "draws": _draws}


def set_state(state: dict[str, int]) -> None:
    """Continue from a state that `get_state` returned."""
    global _seed, _draws
    _seed, _draws = int(state["seed"]), int(state["draws"])
