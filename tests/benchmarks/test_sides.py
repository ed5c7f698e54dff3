"""What the sides do when they are asked, on tiny images, in this process."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support import needs_torch, threads, torch

from benchmarks import gauges, jpeg, layers, limits, measure, networks, products, shapes

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


@pytest.mark.parametrize("preset", ["plain", "batchnorm"])
def test_all_arithmetic_of_a_training_step_is_in_its_products(preset: str) -> None:
    for size, channels, classes in [(32, 1, 10), (224, 3, 1000)]:
        settings = TINY | {"size": size, "channels": channels, "classes": classes, "preset": preset}
        flop = sum(2 * p.rows * p.inner * p.outputs * (2 if p.first else 3) for p in products.products(settings))
        assert 1e-9 * flop == pytest.approx(shapes.training_gflop(size, channels, classes, preset))


def test_the_products_are_multiplied_for_every_image(monkeypatch: pytest.MonkeyPatch) -> None:
    listed = products.products(TINY)
    done: list[int] = []

    class Counted(np.ndarray):
        """Counts its multiply-adds."""

        def __matmul__(self, other: Any) -> Any:
            done.append(self.shape[0] * self.shape[1] * other.shape[1])
            return super().__matmul__(other)

    class Zeros:
        def standard_normal(self, shape: tuple[int, ...], dtype: Any) -> Any:
            return np.zeros(shape, dtype).view(Counted)

    monkeypatch.setattr(products, "products", lambda settings: listed)
    monkeypatch.setattr(np.random, "default_rng", lambda seed: Zeros())
    answer = products.side(TINY | {"batch_size": 3, "threads": 2}).commands["training"](1)
    assert answer["work"] == 3
    assert 2e-9 * sum(done) / 3 == pytest.approx(shapes.training_gflop(32, 1, 10))
