"""Averages of the weights over the training, which are often better than the last weights."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from minicnn import arguments, backend
from minicnn.backend import Array
from minicnn.optim.optimizer import array_like, listed_params
from minicnn.tensor import Tensor


class WeightAverage:
    """The mean of each parameter over all calls of `update`, or, with a `decay`, a mean that forgets.

        average = average + (x - average) / n                       Polyak: the plain mean of n updates
        average = decay average + (1 - decay) x                     exponential; the first update copies x

        average = WeightAverage(model.parameters())
        for ...:  optimizer.step();  average.update()
        with average.applied():  evaluate(model)                    inside, the model has the averages

    decay is in [0, 1). `n_averaged` counts the updates. Running statistics (BatchNorm) are not parameters: list them
    in `params` too, or estimate them again under `applied`.
    Source: Polyak and Juditsky, "Acceleration of Stochastic Approximation by Averaging", 1992.
    """

    def __init__(self, params: Iterable[Tensor], decay: float | None = None) -> None:
        if isinstance(params, Tensor | Mapping):
            raise TypeError(f"WeightAverage: params is one {type(params).__name__}, expected a list of Tensors")
        self.params: list[Tensor] = listed_params("WeightAverage", params)
        if not self.params:
            raise ValueError("WeightAverage: params is empty, expected at least one Tensor")
        for p in self.params:
            if not isinstance(p, Tensor):
                raise TypeError(f"WeightAverage: params contains a {type(p).__name__}, expected Tensors only")
            if p.dtype.kind != "f":
                raise TypeError(f"WeightAverage: params contains a Tensor of {p.dtype}, expected a floating dtype")
        self.decay = None if decay is None else arguments.number("WeightAverage", "decay", decay, below=1)
        self.n_averaged = 0
        self.averages: list[Array] = []  # one for each parameter, from the first update on
        self._is_applied = False

    def update(self) -> None:
        """Take the parameters as they are now into the averages. Raises ValueError inside `applied`."""
        self._refuse_inside_applied("update")
        self.n_averaged += 1
        if self.n_averaged == 1:
            self.averages = [p.data.copy() for p in self.params]
            return
        share = 1 / self.n_averaged if self.decay is None else 1 - self.decay
        for p, average in zip(self.params, self.averages, strict=True):
            _approach(average, p.data, share)

    @contextlib.contextmanager
    def applied(self) -> Iterator[None]:
        """Inside `with average.applied():` the parameters are the averages; afterwards they are as before, bit for bit.

        Nothing is copied: the arrays change places. Raises ValueError before the first `update`, and inside itself.
        """
        self._refuse_inside_applied("applied")
        if self.n_averaged == 0:
            raise ValueError("WeightAverage.applied: there is no average yet, call update() first")
        own = [p.data for p in self.params]
        self._is_applied = True
        try:
            for p, average in zip(self.params, self.averages, strict=True):
                p.data = average
            yield
        finally:
            for p, data in zip(self.params, own, strict=True):
                p.data = data
            self._is_applied = False

    def state_dict(self) -> dict[str, Any]:
        """All that is needed to go on bit for bit: {"decay": ..., "n_averaged": 3, "averages": {0: copy, ...}}."""
        averages = {number: average.copy() for number, average in enumerate(self.averages)}
        return {"decay": self.decay, "n_averaged": self.n_averaged, "averages": averages}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from a `state_dict`. Raises ValueError where it does not fit the parameters."""
        where = "WeightAverage.load_state_dict"
        self._refuse_inside_applied("load_state_dict")
        if not isinstance(state_dict, Mapping) or not {"decay", "n_averaged", "averages"} <= set(state_dict):
            raise ValueError(f"{where}: expected decay, n_averaged and averages, got {state_dict!r:.80}")
        n_averaged = arguments.whole_number(where, "n_averaged", state_dict["n_averaged"], minimum=0)
        decay, saved = state_dict["decay"], state_dict["averages"]
        expected = len(self.params) if n_averaged else 0
        if set(saved) != set(range(expected)):
            raise ValueError(
                f"{where}: there are {len(saved)} averages after {n_averaged} updates, expected {expected}"
            )
        decay = None if decay is None else arguments.number(where, "decay", decay, below=1)
        averages = [array_like(f"{where}: average {n}", saved[n], self.params[n]) for n in range(expected)]
        self.decay, self.n_averaged, self.averages = decay, n_averaged, averages

    def _refuse_inside_applied(self, method: str) -> None:
        if self._is_applied:
            raise ValueError(
                f"WeightAverage.{method}: not inside `with applied()`, where the parameters are the averages"
            )


def _approach(mean: Array, x: Array, share: float) -> None:
    """mean = mean + share (x - mean), in place."""
    backend.module_of(mean, x)  # TypeError where the model has moved to another device since the last update

    def approach(rows: Any) -> None:
        mean[rows] += share * (x[rows] - mean[rows])

    backend.for_each_row_block(approach, mean)
