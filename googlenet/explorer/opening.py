"""Which channels of each place are open: their numbers are in the page, and so they can be followed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from googlenet.explorer.run import Place, Run

MIXING = ("Conv2d", "Linear")  # every output channel is made of all input channels
ROOM = 2300 * 224**2  # floats of a place times pixels of the picture: at 224x224 2 channels of 28x28, 8 of 14x14


def open_channels(run: Run, chosen: set[int], channels: int, full: bool) -> dict[int, list[int]]:
    """The open channels of every place, in ascending order; none where it is not among the chosen ones.

    They are chosen where channels are mixed, at most `channels` and fewer of large maps, but 2 at least. From there
    they are the same as far as each output channel is made of one input channel: through batch norm, ReLU, pools, the
    concat. So a learner can follow one. The branches that a concat joins share its number.
    The picture has all channels, and so have the logits: a softmax needs them. With `full` all have.
    """
    after = consumers(run)
    found: dict[int, list[int]] = {}
    for place in run.places:
        everything = list(range(len(as_map(place.y))))
        if full or place.function is None:
            found[place.number] = everything
        elif place.node.operation in MIXING:
            reached = list(followed(place, after))
            branches = next((len(p.node.inputs) for p in reached if p.node.operation == "Concat"), 1)
            many = max(1, channels_of(place, run, channels) // branches)
            is_logits = any(p.node.operation == "CrossEntropy" for p in reached)
            found[place.number] = everything if is_logits else strongest(judged(place, after), many)
        else:
            found[place.number] = sorted(
                c for c in everything if any(d in found[p] for p, d in sources(run, place, c))
            )  # fmt: skip
    return {number: some if number in chosen else [] for number, some in found.items()}


def channels_of(place: Place, run: Run, channels: int) -> int:
    """How many channels are open where maps are as large as this one's."""
    _, height, width = as_map(place.y).shape
    pixels = run.places[0].y[0].size
    return max(2, min(channels, ROOM // (height * width * pixels)))


def strongest(place: Place, count: int) -> list[int]:
    """In turn the channel with the largest result, and that with the largest gradient of the total."""
    by_size = [
        np.argsort(-abs(as_map(array)).max(axis=(1, 2)), kind="stable") for array in (place.y, place.gradients["total"])
    ]
    in_turn = dict.fromkeys(int(c) for pair in zip(*by_size, strict=True) for c in pair)
    return sorted(list(in_turn)[:count])


def judged(place: Place, after: dict[int, list[Place]]) -> Place:
    """Where the strength of a convolution's channels shows: behind its batch norm and its ReLU."""
    while len(after[place.number]) == 1 and after[place.number][0].node.operation in ("BatchNorm", "ReLU"):
        place = after[place.number][0]
    return place


def followed(place: Place, after: dict[int, list[Place]]) -> Iterator[Place]:
    """The places that are made of this one's channels, up to where channels are mixed; nearest first."""
    waiting = list(after[place.number])
    while waiting:
        at = waiting.pop(0)
        if at.node.operation not in MIXING:
            yield at
            waiting.extend(after[at.number])


def consumers(run: Run) -> dict[int, list[Place]]:
    """For each place those that take its result."""
    after: dict[int, list[Place]] = {place.number: [] for place in run.places}
    for place in run.places:
        for number in place.node.inputs:
            after[number].append(place)
    return after


def sources(run: Run, place: Place, channel: int) -> list[tuple[int, int]]:
    """(place, channel) that this channel is made of, where channels are not mixed."""
    inputs = place.node.inputs
    if place.node.operation == "Concat":
        for number in inputs:
            size = len(run.places[number].y)
            if channel < size:
                return [(number, channel)]
            channel -= size
    if place.node.operation == "GetItem":
        return [(inputs[0], channel + first_channel(place))]
    if place.node.operation == "Reshape":
        return [(inputs[0], channel // max(1, run.places[inputs[0]].y[0].size))]
    if place.node.operation == "CrossEntropy":
        return [(inputs[0], 0)]
    return [(number, channel) for number in inputs]


def first_channel(place: Place) -> int:
    """Where the channels begin that an indexing takes: x[:, 1:2]."""
    assert place.function is not None
    return place.function.index[1].start  # type: ignore[attr-defined]


def as_map(y: np.ndarray) -> np.ndarray:
    """(C, H, W); a vector of features has maps of one pixel, and a loss is one of them."""
    return y if y.ndim == 3 else y.reshape(-1, 1, 1)
