"""Everything that the page shows, as JSON has it, and no more than fits into a page."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from googlenet.explorer import maps
from googlenet.explorer.cam import grad_cam, last_of_each_block, saliency
from googlenet.explorer.fitting import LARGEST_PAGE, add_numbers, add_pictures
from googlenet.explorer.occlusion import occlusion
from googlenet.explorer.run import LOSSES, Place, Run, rms
from googlenet.explorer.texts import PASSAGES, texts
from googlenet.model import GoogLeNet
from googlenet.training.probe import AUX_WEIGHT

TOP = 5  # classes that are listed


@dataclass(frozen=True)
class Options:
    """What the page is to have.

    channels: how many of each place have exact numbers; None: 8, or fewer where they are too many for a page. layers:
    the numbers of the places that have some; None: all. full: all channels of all of these, however large it gets.
    about: what the page says of its origin, by name.
    """

    about: Mapping[str, Any]
    label_given: bool = False
    channels: int | None = None
    layers: frozenset[int] | None = None
    full: bool = False


def explorer_data(
    run: Run,
    model: GoogLeNet,
    info: Mapping[str, Any],
    picture: NDArray[np.uint8],
    options: Options,
    watch: Callable[[Iterable[int]], Iterable[int]] = iter,
) -> tuple[dict[str, Any], str]:
    """The page's data, and its exact numbers as text (docs/explorer.md describes both).

    info: what `load_model` returns. picture: what the network sees, uint8 (H, W) or (H, W, 3). watch: for a progress
    bar over the batches of the occlusion.
    """
    from PIL import Image

    classes = list(info["classes"])
    parts = LOSSES[:-1]
    adds_up = not run.sum_of_logits or len(run.logits) == 1
    found: dict[str, Any] = {
        "title": f"{options.about.get('picture', 'picture')}: {classes[run.label]}",
        "about": dict(options.about),
        "classes": classes,
        "label": run.label,
        "label_given": options.label_given,
        "losses": run.losses,
        "weights": {n: 1 if n == "main" else AUX_WEIGHT for n in parts if n in run.losses} if adds_up else None,
        "scores": {name: scores(logits) for name, logits in run.logits.items()},
        "picture": {"size": list(picture.shape[:2]), "src": maps.address(Image.fromarray(picture), optimize=True)},
        "overlays": overlays(run, model, classes[run.label], watch),
        "places": [described(place) for place in run.places],
        "colors": {"signed": maps.SIGNED, "unsigned": maps.UNSIGNED, "heat": maps.HEAT},
        "texts": texts(),
    }
    numbers, found["arrays"], found["left_out"] = add_numbers(
        found["places"], run, options.channels, options.layers, options.full
    )
    if missing := len(PASSAGES) - len(found["texts"]):
        found["left_out"].append(
            f"{missing} of {len(PASSAGES)} texts that answer why are not here: they are the course's, and it does not "
            "lie whole beside the package, in exercises/course."
        )
    room = None if options.full else LARGEST_PAGE - len(numbers) - len(json.dumps(found))
    found["left_out"] += add_pictures(found["places"], run, room)
    return found, numbers


def facts(run: Run, classes: Sequence[str]) -> dict[str, Any]:
    """What a program wants to know of a run: the page's data without pictures, exact numbers and texts."""
    return {
        "label": {"number": run.label, "name": classes[run.label]},
        "losses": run.losses,
        "scores": {name: scores(logits) for name, logits in run.logits.items()},
        "places": [described(place) for place in run.places],
    }


def scores(logits: NDArray[np.floating]) -> list[list[float]]:
    """The most probable classes, as [number, probability, logit], the best first."""
    e = np.exp(logits.astype(np.float64) - logits.max())
    best = np.argsort(-logits, kind="stable")[:TOP]
    return [[int(k), float(e[k] / e.sum()), float(logits[k])] for k in best]


def overlays(
    run: Run, model: GoogLeNet, name: str, watch: Callable[[Iterable[int]], Iterable[int]]
) -> list[dict[str, Any]]:
    """What is laid over the picture: where in it the class is, found in three ways. name: the class's."""
    start = run.places[0]
    assert start.score is not None  # the score depends on the picture
    found = [{"kind": "gradient", "name": f"Gradient of the score of {name}", "at": "",
              **maps.overlay(saliency(start.score), signed=False)}]  # fmt: skip
    for block, place in last_of_each_block(run).items():
        assert place.score is not None
        cam = grad_cam(place.y, place.score)
        found.append({"kind": "cam", "name": f"Grad-CAM at {block}", "at": block, **maps.overlay(cam, signed=False)})
    seen = occlusion(model, start.y[np.newaxis], run.label, watch)
    fall = seen.without - seen.probabilities
    found.append({"kind": "occlusion", "name": f"Occlusion: how much less probable {name} is without this part",
                  "at": "", **maps.overlay(fall, signed=True), "probability": rounded(seen.without),
                  "patch": list(seen.patch), "values": [[rounded(v) for v in row] for row in fall]})  # fmt: skip
    return found


def described(place: Place) -> dict[str, Any]:
    """A place without its maps and numbers."""
    node = place.node
    return {
        "number": place.number,
        "operation": node.operation,
        "name": node.name,
        "block": place.block,
        "inputs": list(node.inputs),
        "shape": list(place.y.shape),
        "kernel": node.kernel,
        "stride": node.stride,
        "padding": node.padding,
        "parameters": node.parameters,
        "options": dict(node.options or {}),
        "norms": {name: rounded(rms(array)) for name, array in {"y": place.y, **place.gradients}.items()},
        "arrived": {name: [[who, rounded(norm)] for who, norm in came] for name, came in place.arrived.items()},
    }


def rounded(value: float) -> float:
    """To six digits, which is more than anybody reads: the JSON gets shorter."""
    return float(f"{value:.6g}")
