"""The page's data."""

import base64
import gzip
import io
import json

import numpy as np
import pytest
from PIL import Image

from googlenet.explorer import data as room
from googlenet.explorer.cam import grad_cam
from googlenet.explorer.data import Options, explorer_data, facts, overlays, rounded, scores
from googlenet.explorer.occlusion import occlusion
from googlenet.explorer.run import rms
from googlenet.explorer.texts import PASSAGES

CLASSES = ("</script>", "daisy", "tulips")
PICTURE = np.arange(192, dtype=np.uint8).reshape(8, 8, 3)


def made(seen, *arguments, **options):
    model, run = seen(*arguments)
    return run, *explorer_data(run, model, {"classes": CLASSES}, PICTURE, Options({"picture": "a.jpg"}, **options))


@pytest.fixture(scope="module")
def whole(seen):
    return made(seen)


def opened(address):
    return Image.open(io.BytesIO(base64.b64decode(address.partition(",")[2])))


def test_it_is_json_that_a_browser_reads(whole):
    _, data, numbers = whole
    again = json.loads(json.dumps(data, allow_nan=False))
    assert again["classes"] == list(CLASSES) and again["title"] == f"a.jpg: {CLASSES[again['label']]}"
    floats = np.frombuffer(gzip.decompress(base64.b64decode(numbers)), "<f4")
    ends = [entry["at"] + int(np.prod(entry["shape"])) for entry in again["arrays"].values()]
    assert max(ends) == len(floats)


def test_what_the_network_says(whole):
    run, data, _ = whole
    assert data["losses"] == run.losses and data["label"] == run.label and data["label_given"] is False
    assert data["weights"] == {"main": 1, "aux1": 0.3, "aux2": 0.3}
    for name, logits in run.logits.items():
        numbers, probabilities, found = zip(*data["scores"][name], strict=True)
        assert list(numbers) == list(np.argsort(-logits)) and list(found) == [float(logits[k]) for k in numbers]
        assert sum(probabilities) == pytest.approx(1) and probabilities[0] == max(probabilities)
        assert data["losses"][name] == pytest.approx(-np.log(probabilities[numbers.index(run.label)]))


def test_the_picture_is_what_the_network_sees(whole):
    _, data, _ = whole
    assert data["picture"]["size"] == [8, 8]
    assert np.array_equal(np.asarray(opened(data["picture"]["src"])), PICTURE)


def test_places(whole):
    run, data, _ = whole
    for place, found in zip(data["places"], run.places, strict=True):
        assert (place["number"], place["operation"], place["name"]) == (
            found.number, found.node.operation, found.node.name,
        )  # fmt: skip
        assert place["shape"] == list(found.y.shape) and place["inputs"] == list(found.node.inputs)
        assert place["norms"]["y"] == pytest.approx(rms(found.y), rel=1e-5)
        assert set(place["norms"]) == {"y", *found.gradients}
        assert place["norms"]["total"] == pytest.approx(rms(found.gradients["total"]), rel=1e-5)
        assert set(place["maps"]) <= set(place["norms"]) and place["open"]
    conv = data["places"][1]
    assert (conv["block"], conv["kernel"], conv["stride"], conv["padding"]) == ("conv1", (5, 5), (2, 2), (2, 2))
    assert conv["options"] == {"relu": True} and conv["parameters"] == 7 * 3 * 25 + 7
    assert [who for who, _ in conv["arrived"]["main"]] == [who for who, _ in run.places[1].arrived["main"]]


def test_the_total_is_no_sum_of_losses_where_logits_are_added(seen):
    assert made(seen, "mnist")[1]["weights"] is None
    assert made(seen, "mnist", False)[1]["weights"] == {"main": 1}


def test_overlays(seen):
    model, run = seen("paper")
    found = overlays(run, model, "daisy", iter)
    assert [(o["kind"], o["at"]) for o in found] == [
        ("gradient", ""), ("cam", "conv1"), ("cam", "inception3a"), ("cam", "inception5b"), ("occlusion", ""),
    ]  # fmt: skip
    assert found[1]["name"] == "Grad-CAM at conv1" and found[1]["size"] == [4, 4]
    place = max((p for p in run.places if p.block == "inception5b"), key=lambda place: place.number)
    assert found[3]["highest"] == pytest.approx(grad_cam(place.y, place.score).max())
    assert found[0]["highest"] == pytest.approx(np.abs(run.places[0].score).max())
    last = found[-1]
    assert np.shape(last["values"]) == (8, 8) == tuple(last["size"]) and last["patch"] == [2, 2]
    p = np.exp(run.logits["main"] - run.logits["main"].max())
    assert last["probability"] == pytest.approx(p[run.label] / p.sum(), rel=1e-5)
    covered = occlusion(model, run.places[0].y[np.newaxis], run.label)
    np.testing.assert_allclose(last["values"], covered.without - covered.probabilities, rtol=1e-4, atol=1e-7)
    assert np.abs(last["values"]).max() == pytest.approx(last["highest"], rel=1e-5) and last["lowest"] < 0


def test_why(whole):
    assert list(whole[1]["texts"]) == list(PASSAGES)


def test_without_the_course_the_page_says_so(seen, monkeypatch):
    monkeypatch.setattr(room, "texts", dict)
    said = made(seen)[1]["left_out"]
    assert any(f"{len(PASSAGES)} of {len(PASSAGES)} texts" in text and "exercises/course" in text for text in said)


def test_a_page_has_a_size(seen, monkeypatch, whole):
    monkeypatch.setattr(room, "LARGEST_PAGE", 10)
    _, data, _ = made(seen)
    assert any("strongest channels are shown as pictures" in text for text in data["left_out"])
    assert len(json.dumps(data)) < len(json.dumps(whole[1]))
    assert made(seen, full=True)[1]["left_out"] == []


def test_of_some_channels_and_places(seen):
    _, data, _ = made(seen, layers=frozenset({1}), channels=2, label_given=True)
    assert [place["number"] for place in data["places"] if place["open"]] == [1] and data["label_given"] is True
    assert len(data["places"][1]["open"]) == 2


def test_scores_of_many_classes_and_of_one():
    logits = np.array([1.0, 7, 3, 7, 5, 1000, 2], np.float32)
    assert [k for k, _, _ in scores(logits)] == [5, 1, 3, 4, 2] and scores(logits)[0][1:] == [1, 1000]
    assert scores(np.array([-3.0])) == [[0, 1.0, -3.0]]


def test_facts(seen):
    _, run = seen("paper")
    found = facts(run, CLASSES)
    assert found["label"] == {"number": run.label, "name": CLASSES[run.label]}
    assert found["losses"] == run.losses and set(found["scores"]) == {"main", "aux1", "aux2"}
    assert len(found["places"]) == len(run.places) and "maps" not in found["places"][0]
    json.dumps(found, allow_nan=False)


def test_rounded():
    assert rounded(1 / 3) == 0.333333 and rounded(123456789) == 123457000 and rounded(0) == 0
