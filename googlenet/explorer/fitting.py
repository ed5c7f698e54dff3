"""What a page has no room for is left out in this order, and the page says what."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from googlenet.explorer import maps
from googlenet.explorer.exact import exact_numbers
from googlenet.explorer.run import Place, Run

LARGEST_PAGE = 14_500_000  # characters of its data: with what is around them a page stays below 15 MB
LARGEST_NUMBERS = 6_000_000  # of these, for exact numbers


class Exact(NamedTuple):
    """How many channels of a place have exact numbers, where its maps have at most `side` pixels along a side."""

    channels: int
    side: int | None = None


class Pictures(NamedTuple):
    """How the maps are shown: in how many colors, gradients and results; whether there are pictures of the total's
    gradients too; halved, where they have more than so many pixels along a side; and how many channels of a place."""

    gradients: int = maps.LEVELS
    results: int = maps.LEVELS
    total: bool = True
    half: int | None = None
    channels: int | None = None

    def left_out(self) -> list[str]:
        """What is missing, in sentences."""
        said = []
        if self.gradients < maps.LEVELS:
            what = "The pictures of gradients" if self.results == maps.LEVELS else "All pictures of maps"
            said.append(f"{what} have {self.gradients} colors, so that the page stays small.")
        if not self.total:
            said.append("There are no pictures of the gradients of the total, only of the losses that add up to it.")
        if self.half:
            said.append(f"Maps larger than {self.half} pixels are shown at half of their size.")
        if self.channels:
            said.append(f"Of each operation only the {self.channels} strongest channels are shown as pictures.")
        return said


# From the best to the least. The first that fits is taken, and the last where none does.
EXACT = (Exact(8), Exact(4), Exact(2), Exact(2, 64), Exact(2, 32), Exact(2, 8), Exact(2, 0))
FEW = maps.FEW_LEVELS
PICTURES = (
    Pictures(), Pictures(FEW), Pictures(FEW, FEW), Pictures(FEW, FEW, False), Pictures(FEW, FEW, False, 64),
    Pictures(FEW, FEW, False, 28), *(Pictures(FEW, FEW, False, 28, channels) for channels in (64, 16, 4)),
)  # fmt: skip


def add_numbers(
    places: list[dict[str, Any]], run: Run, channels: int | None, layers: frozenset[int] | None, full: bool
) -> tuple[str, dict[str, Any], list[str]]:
    """Put "open" and "exact" into each of the page's places; returns the numbers as text, their index, what is left
    out.

    channels, layers, full: see `Options`. Who asks for so many channels gets them, however long the text is.
    """
    attempts = EXACT if channels is None and not full else (Exact(channels or EXACT[0].channels),)
    wanted = frozenset(range(len(places))) if layers is None else layers
    for attempt in attempts:
        chosen = {n for n in wanted if attempt.side is None or side(run.places[n]) <= attempt.side}
        found, numbers = exact_numbers(run, chosen, attempt.channels, full)
        text, index = numbers.text(), numbers.index
        if len(text) + len(json.dumps([found, index])) <= LARGEST_NUMBERS:
            break
    for place in places:
        place.update({"open": [], "exact": {}, **found.get(place["number"], {})})
    every = sum(place["shape"][0] if place["shape"] else 1 for place in places)
    count = sum(len(place["open"]) for place in places)
    if count == every:
        return text, index, []
    said = [
        f"Exact numbers are there of {count:,} of {every:,} channels, those with the largest results and gradients: "
        "--channels N takes more of each operation, --layers BLOCK,BLOCK only those of some blocks, --full all. Where "
        "the others are needed in a sum, they stand in it together, as one number."
    ]
    if attempt.side is not None:
        said.append(f"Operations with maps larger than {attempt.side} pixels have no exact numbers at all.")
    return text, index, said


def add_pictures(places: list[dict[str, Any]], run: Run, room: int | None) -> list[str]:
    """Put "order" and "maps" into each of the page's places, in `room` characters; returns what is left out.

    room: None where there is no limit.
    """
    for place, found in zip(places, run.places, strict=True):
        place["order"] = maps.strongest_first(found.y) if found.y.ndim else [0]
    for attempt in PICTURES:
        if drawn(places, run, attempt, None if attempt == PICTURES[-1] else room):
            break
    return attempt.left_out()


def drawn(places: list[dict[str, Any]], run: Run, how: Pictures, room: int | None) -> bool:
    """Put the pictures into the places; False, early, where they take more than `room` characters."""
    size = 0
    for place, found in zip(places, run.places, strict=True):
        place["maps"] = atlases(found, place["order"], how, how.total or run.sum_of_logits)
        size += len(json.dumps(place["maps"]))
        if room is not None and size > room:
            return False
    return True


def atlases(place: Place, order: list[int], how: Pictures, total: bool) -> dict[str, Any]:
    """The pictures of a place, of its result ("y") and of the gradient of each loss; none of a single number."""
    if not place.y.ndim:
        return {}
    half, chosen = how.half is not None and side(place) > how.half, order[: how.channels]
    found = {"y": maps.atlas(place.y, chosen, maps.is_signed(place.y), how.results, half)}
    for name, gradient in place.gradients.items():
        if name != "total" or total:
            found[name] = maps.atlas(gradient, chosen, True, how.gradients, half)
    return found


def side(place: Place) -> int:
    """The longer side of its maps, in pixels; 1 where it has none."""
    return max(place.y.shape[1:], default=1)
