"""What a page has of the numbers of a run."""

from __future__ import annotations

import json

from googlenet.explorer.exact import exact_numbers
from googlenet.explorer.run import Run


def sums_data(run: Run, chosen: set[int] | None = None, channels: int = 4, full: bool = False) -> tuple[dict, str]:
    """Of a page's data what its sums need, and its numbers; chosen: all places where it is None."""
    everything = {place.number for place in run.places}
    found, numbers = exact_numbers(run, everything if chosen is None else chosen, channels, full)
    places = []
    for place in run.places:
        node = place.node
        described = {
            "number": place.number, "operation": node.operation, "inputs": node.inputs, "shape": place.y.shape,
            "kernel": node.kernel, "stride": node.stride, "padding": node.padding, "options": dict(node.options or {}),
        }  # fmt: skip
        places.append(described | {"open": [], "exact": {}} | found.get(place.number, {}))
    adds_up = not run.sum_of_logits or len(run.logits) == 1
    weights = {n: 1 if n == "main" else 0.3 for n in run.logits} if adds_up else None
    data = {"places": places, "arrays": numbers.index, "weights": weights}
    return json.loads(json.dumps(data)), numbers.text()
