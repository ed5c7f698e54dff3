"""Where an output is wrong, where all the wrong places have something in common and the others are right."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from exercises.generic import View, arrays

FEWEST = 0.8  # of the places of a kind have to be wrong, before the kind is told
ZERO = "where 0 is right"
MOST = 0.85  # of all places may be of that kind: else it says nothing


def where_it_is_wrong(views: list[View], masks: list[np.ndarray]) -> str:
    """A sentence; "" where nothing is common to all wrong places. masks: where each output is wrong."""
    if not views:
        return ""
    for text in [text for text, _ in kinds(views[0])]:
        wrong = inside = 0
        for view, mask in zip(views, masks, strict=True):
            region = dict(kinds(view)).get(text)
            if region is None or (mask & ~region).any():
                break
            wrong, inside = wrong + int(mask.sum()), inside + int(region.sum())
        else:
            everywhere = sum(mask.size for mask in masks)
            if wrong and inside <= MOST * everywhere and wrong >= FEWEST * inside:
                return f"{views[0].name} is wrong only {text}{what_stands_there(text, views, masks)}."
    return ""


def what_stands_there(text: str, views: list[View], masks: list[np.ndarray]) -> str:
    """Where all wrong numbers are of one kind."""
    came = np.concatenate([view.came[mask] for view, mask in zip(views, masks, strict=True)])
    right = np.concatenate([view.expected[mask] for view, mask in zip(views, masks, strict=True)])
    if not came.any():
        return ": there it is 0"
    if not right.any() and text != ZERO:
        return ", where it has to be 0"
    if np.isnan(came).all():
        return ": there it is nan"
    with np.errstate(all="ignore"):
        ratio = came / right
    if np.isfinite(ratio).all() and np.allclose(ratio, ratio[0], rtol=1e-6) and len(ratio) > 2:
        return f": there it is the right one times {ratio[0]:.6g}"
    return ""


def kinds(v: View) -> Iterator[tuple[str, np.ndarray]]:
    """(what the places have in common, where they are)."""
    e = v.expected
    if e.ndim > 1 and e.shape[-1] > 2 and e.shape[-2] > 2:
        border = np.ones(e.shape, bool)
        border[..., 1:-1, 1:-1] = False
        yield "at the border", border
        yield "inside, not at the border", ~border
    for axis, size in enumerate(e.shape):
        for word, index in (("first", 0), ("last", size - 1)):
            region = np.zeros(e.shape, bool)
            if size > 1:
                np.moveaxis(region, axis, 0)[index] = True
            yield f"at the {word} index of axis {axis}", region
            yield (
                f"behind the {word} index of axis {axis}" if index == 0 else f"before the last index of axis {axis}",
                (~region if size > 1 else region),
            )
    for name, array in arrays(v):
        if array.shape == e.shape:
            for text, region in ((f"where {name} is negative", array < 0), (f"where {name} is positive", array > 0),
                                 (f"where {name} is 0", array == 0), (f"where {name} is not positive", array <= 0),
                                 (f"where {name} is not negative", array >= 0),
                                 (f"where {name} is large (above 100)", abs(array) > 100)):  # fmt: skip
                yield text, region
    for name, array in v.case.items():
        if isinstance(array, np.ndarray) and array.dtype.kind == "i" and array.ndim == 1 and e.ndim == 2:
            if len(array) == len(e) and len(array) and array.min() >= 0 and array.max() < e.shape[1]:
                region = np.arange(e.shape[1]) == array[:, None]
                yield f"at the places that {name} name", region
                yield f"at the places that {name} do not name", ~region
    yield "where the right one is negative", e < 0
    yield "where the right one is positive", e > 0
    yield ZERO, e == 0
