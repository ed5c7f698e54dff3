"""Every sum of a page, added up elsewhere from the page's own numbers (sums.py), against the library."""

import itertools

import numpy as np
import pytest
from explored import sums_data
from explorer_networks import narrow_googlenet, small_run
from sums import Sums

import minicnn as mc
from googlenet import presets
from googlenet.explorer.exact import parameters, patch
from googlenet.explorer.opening import as_map
from googlenet.explorer.run import Run, run_network


def page_of(run: Run, **options) -> Sums:
    return Sums(*sums_data(run, **options))


def compare(run: Run, page: Sums, pixels: int, only: set[int] | None = None) -> list[str]:
    """What does not add up, at so many pixels of every open channel, the corners and the starred ones among them.

    Rounding errors are measured by the terms, and by the largest number of the place: the rest is a long sum itself.
    """
    rng, wrong = np.random.default_rng(1), []
    for place in [p for p in run.places if only is None or p.number in only]:
        data, y = page.places[place.number], as_map(place.y)
        for c in data["open"]:
            everywhere = list(np.ndindex(*y.shape[1:]))
            star = [(i, j) for d, i, j in (data["exact"]["star"], data["exact"]["gradient_star"]) if d == c]
            drawn = (everywhere[k] for k in rng.integers(len(everywhere), size=pixels))
            for i, j in sorted({everywhere[0], everywhere[-1], *star, *drawn}):
                sums = {"y": page.forward(place.number, c, i, j)} if has_sum(page, place) else {}
                sums |= {loss: page.backward(place.number, loss, c, i, j) for loss in page.losses(place.number)}
                for what, (value, terms) in sums.items():
                    library = y if what == "y" else as_map(place.gradients[what])
                    size = max(abs(library[data["open"]]).max(), sum(map(abs, terms)))
                    where = f"{what} of {place.node.operation} {place.number} at {c, i, j}"
                    if not abs(value - library[c, i, j]) <= 1e-5 * size:
                        wrong.append(f"{where} is {library[c, i, j]}, the sum {value}")
                    kept = page.map(place.number, c, what)[i, j]
                    if not abs(kept - library[c, i, j]) <= (1e-5 * size if what == "total" else 0):
                        wrong.append(f"{where} is {library[c, i, j]}, in the page {kept}")
    return wrong


def has_sum(page, place):
    """Whether the page has what the place's result is made of."""
    here = all(page.places[n]["open"] for n in place.node.inputs)
    return place.function is not None and (here or place.node.operation in ("Conv2d", "Linear"))


@pytest.mark.parametrize(
    ("preset", "heads", "full"),
    [
        ("paper", True, False),
        ("mnist", False, True),
        pytest.param("mnist", True, False, marks=pytest.mark.everything("more cases of operations")),
    ],
)
def test_all_sums_of_a_small_network(preset, heads, full):
    run = small_run(preset, heads)
    page = page_of(run, full=full)
    assert compare(run, page, 1) == []
    assert all(set(page.losses(p.number)) == set(p.gradients) for p in run.places)


def test_neighbors_that_are_not_open_come_back_too():
    run = small_run()
    assert compare(run, page_of(run), 60, set(numbers_of(run, "conv1", "Conv2d"))) == []


@pytest.mark.everything("presets")
@pytest.mark.parametrize(("preset", "heads"), [*((name, True) for name in presets), ("paper", False)])
def test_all_sums_of_every_preset(preset, heads):
    choice = presets[preset]
    mc.manual_seed(1)
    model = narrow_googlenet(3, choice, choice.in_channels, heads)
    rng = np.random.default_rng(2)
    size = max(40, choice.smallest_image)
    run = run_network(model, rng.standard_normal((1, choice.in_channels, size, size)).astype(np.float32), 1)
    assert compare(run, page_of(run, channels=3), 1) == []


def numbers_of(run: Run, name: str, operation: str) -> list[int]:
    """The places of this module and of those in it."""
    return [p.number for p in run.places if p.node.name.startswith(name) and p.node.operation.startswith(operation)]


@pytest.mark.parametrize("name", ["maxpool1", "inception5b", "inception5b.branch2", "norm1", "inception3a.branch4"])
def test_of_some_places_alone(name):
    """What comes from elsewhere, and goes elsewhere, is in the rests as a whole."""
    run = small_run()
    chosen = set(numbers_of(run, name, ""))
    page = page_of(run, chosen=chosen)
    assert {p["number"] for p in page.places if p["open"]} == chosen
    assert compare(run, page, 2) == []


def test_a_seam_whose_branches_are_not_there_has_its_own_numbers():
    run = small_run()
    assert compare(run, page_of(run, chosen=set(numbers_of(run, "inception5b", "Concat"))), 2) == []


def test_parts_at_the_star_add_up_to_the_rest():
    run = small_run()
    page = page_of(run)
    checked = 0
    for place in page.places:
        exact, opened = place["exact"], place["open"]
        if "parts" in exact["forward"]:
            c, i, j = exact["star"]
            closed = set(range(len(as_map(run.places[place["inputs"][0]].y)))) - set(
                page.places[place["inputs"][0]]["open"]
            )
            parts = page.array(exact["forward"]["parts"])[sorted(closed)]
            assert len(closed) == exact["forward"]["others"]
            assert page.array(exact["forward"]["rest"])[opened.index(c), i, j] == pytest.approx(parts.sum(), rel=1e-5)
            assert (
                abs(page.map(place["number"], c, "y")[i, j]) == abs(as_map(run.places[place["number"]].y)[opened]).max()
            )
            checked += 1
        for consumer in exact["backward"]:
            c, i, j = exact["gradient_star"]
            for loss, name in consumer.get("parts", {}).items():
                closed = set(range(len(as_map(run.places[consumer["to"]].y)))) - set(
                    page.places[consumer["to"]]["open"]
                )
                rest = page.array(consumer["rest"][loss])[opened.index(c), i, j]
                parts = page.array(name)
                assert rest == pytest.approx(parts[sorted(closed)].sum(), rel=1e-5, abs=1e-9)
                checked += 1
    assert checked > 30


def test_the_gradient_star_is_where_relu_lets_something_through():
    run = small_run()
    for place in page_of(run).places:
        if place["options"].get("relu"):
            y, gradient = (
                as_map(array)
                for array in (run.places[place["number"]].y, run.places[place["number"]].gradients["total"])
            )
            through = abs(gradient * (y > 0))
            assert through[tuple(place["exact"]["gradient_star"])] == through[place["open"]].max()


@pytest.mark.parametrize(
    ("kind", "what"), [("Conv2d", "weight"), ("Conv2d", "rest"), ("BatchNorm", "variance"), ("LocalResponseNorm", "x")]
)
def test_a_wrong_number_is_seen(kind, what):
    run = small_run()
    data, text = sums_data(run)
    page = Sums(data, text)
    place = next(p for p in page.places if p["operation"] == kind and p["exact"]["forward"].get(what))
    page.floats = page.floats.copy()
    array = page.array(place["exact"]["forward"][what])
    array += 0.01 * abs(array).max()
    assert any(f"y of {kind} {place['number']} at" in line for line in compare(run, page, 4, {place["number"]}))


def test_large_maps_have_the_gradient_of_the_total_alone(monkeypatch):
    monkeypatch.setattr("googlenet.explorer.exact.LARGE", 200)
    run = small_run()
    page = page_of(run)
    losses = {p["number"]: list(p["exact"].get("gradients", [])) for p in page.places}
    assert losses[0] == ["total"] and losses[numbers_of(run, "conv1", "Conv2d")[0]] == ["main", "aux1", "aux2"]
    assert compare(run, page, 0) == []
    assert list(page_of(run, full=True).places[0]["exact"]["gradients"]) == ["main", "aux1", "aux2"]


def test_the_seam_has_no_numbers_of_its_own():
    run = small_run()
    page = page_of(run)
    [concat] = numbers_of(run, "inception3a", "Concat")
    exact = page.places[concat]["exact"]
    assert "y" not in exact
    assert [number for number, _ in exact["as"]] == page.places[concat][
        "inputs"
    ]  # one channel of each of four branches


def test_a_patch_is_what_lies_under_the_kernel():
    """At the corners too, where there is padding: its products add up to the pixel."""
    run = small_run()
    kernels_seen = set()
    for place in run.places:
        if place.node.operation == "Conv2d":
            x, weight, *bias = run.places[place.node.inputs[0]].y, *parameters(place)
            _, height, width = place.y.shape
            for i, j in itertools.product((0, height // 2, height - 1), (0, width // 2, width - 1)):
                y = (patch(place, x, i, j) * weight).sum(axis=(1, 2, 3)) + (bias[0] if bias else 0)
                np.testing.assert_allclose(np.maximum(y, 0), np.maximum(place.y[:, i, j], 0), rtol=1e-4, atol=1e-5)
            kernels_seen.add((place.node.kernel, place.node.stride))
    assert {((3, 3), (1, 1)), ((1, 1), (1, 1))} < kernels_seen and any(stride == (2, 2) for _, stride in kernels_seen)
