"""What the sides do when they are asked, on tiny images, in this process."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import needs_torch, threads, torch

from benchmarks import gauges, jpeg, layers, limits, measure, networks, shapes

TINY = {"batch_size": 2, "size": 32, "threads": 1, "preset": "plain", "device": "cpu", "classes": 10, "channels": 1}


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Sides set the number of threads, which here is that of the tests too."""
    before = torch.get_num_threads() if torch else 1
    with threads(1):
        yield
    if torch:
        torch.set_num_threads(before)


def test_seconds_of_every_call_and_the_work_of_one() -> None:
    calls: list[int] = []
    answer = gauges.timed(lambda: calls.append(1), work=16, gflop_per_image=2)(3)
    assert len(calls) == len(answer.pop("seconds")) == 3
    assert answer == {"work": 16, "gflop_per_image": 2}


def test_a_loss_that_is_no_number_ends_the_side() -> None:
    with pytest.raises(FloatingPointError, match="the training loss became nan"):
        gauges.timed(lambda: float("nan"), work=1)(1)


def test_memory_of_a_process() -> None:
    ours = {"minicnn": measure.Contestant("minicnn", measure.Settings(1, 32, threads=1))}
    (answer,) = measure.in_fresh_processes(ours, 1, lambda line: None).answers["minicnn"]
    weights = 13_378_280 * 4
    assert answer["peak"] > answer["after_imports"] + 3 * weights  # with gradients and momentum


@needs_torch
def test_every_side_has_every_layer() -> None:
    expected = [layer.name for layer in shapes.layers(32)]
    for build in (layers.minicnn_side, layers.torch_nchw_side, layers.torch_channels_last_side):
        answer = build(TINY).commands["layers"](1)
        for direction in ("forward", "backward"):
            assert [name for name in answer[direction] if "." not in name] == expected
            assert len(answer[direction]) == len(expected) + 4 * 9  # branches of nine blocks
            assert all(seconds > 0 for seconds in answer[direction].values())


@needs_torch
@pytest.mark.parametrize("build", [networks.minicnn_side, networks.torch_channels_last_side])
def test_a_network_for_digits(build: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a batch of gray images and ten classes, all of which are drawn here."""
    images, targets = networks.random_batch(TINY | {"batch_size": 100})
    assert images.shape == (100, 1, 32, 32)
    assert set(targets) == set(range(10))
    steps: list[Any] = []
    monkeypatch.setattr(networks, "timed", lambda step, **facts: steps.append(step) or facts)
    commands = build(TINY).commands
    training, inference = steps
    assert commands["training"]["work"] == commands["inference"]["work"] == 2
    logits = inference()
    logits = logits[0] if isinstance(logits, tuple) else logits  # PyTorch's side returns those of the heads too
    assert tuple(logits.shape) == (2, 10)
    losses = [training() for _ in range(3)]
    assert losses[0] == pytest.approx(1.6 * np.log(10), rel=0.6)  # of three classifiers
    assert len(set(losses)) == 3  # it learns


def test_limits_count_their_work() -> None:
    side = limits.numpy_side({"size": 50, "threads": 2})
    assert side.commands["product"](1)["work"] == pytest.approx(2 * 50**3 / 1e9)
    assert side.commands["copy"](1)["work"] == pytest.approx(2 * 4 * 4 * 50**2 / 1e9)


def test_photographs_have_the_size_of_usual_files() -> None:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(jpeg.photograph(np.random.default_rng(0))).save(file, "JPEG", quality=jpeg.QUALITY)
    assert 60_000 < len(file.getvalue()) < 120_000


def test_reading_goes_through_all_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jpeg.tempfile, "mkdtemp", lambda: tmp_path)
    answer = jpeg.side(TINY | {"threads": 2}).commands["reading"](1)
    assert len(list(tmp_path.rglob("*.jpg"))) == answer["work"] == 2 * 2 * 2
