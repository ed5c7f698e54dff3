"""The learning rate when a run goes on; what the Trainer passes on, averages and keeps, and goes on from."""

import itertools
import math
import types

import numpy as np
import pytest
from rates import rates
from rows import row

import minicnn as mc
import minicnn.functional as F
from googlenet import GoogLeNetOutput
from googlenet.data import DigitsDataset, digits_dataset
from googlenet.data.digits import Digits, load_digits
from googlenet.evaluation import Evaluation, Predictions
from googlenet.training import trainer as trainer_module
from googlenet.training.interrupt import Interrupt, Interrupted
from googlenet.training.optimization import make_schedule
from googlenet.training.options import Options, with_recipe
from googlenet.training.probe import Probe
from googlenet.training.progress import Progress
from googlenet.training.recipes import recipes
from googlenet.training.state import CHECKPOINT, read_state
from googlenet.training.trainer import Trainer, TrainingStopped
from minicnn import Tensor, nn, optim
from minicnn.data import SampleError

# ---- another number of epochs at resume ---------------------------------------------------------------------------


class Resumed:
    """What of a Trainer has to do with the learning rate, with ten steps an epoch."""

    next_lr, what_becomes_of_the_lr = Trainer.next_lr, Trainer.what_becomes_of_the_lr

    def __init__(self, progress, **options):
        self.options, self.progress = Options(**{"lr": 0.1, "warmup": 0.0, **options}), progress
        self.steps = 10
        self.schedule = make_schedule(self.options, optim.SGD([Tensor(np.zeros(1), requires_grad=True)], 0.1), 10)


@pytest.mark.parametrize(
    ("options", "progress", "way"),
    [
        ({"epochs": 8}, {"epoch": 4}, "up"),
        ({"epochs": 5}, {"epoch": 4}, "up"),
        ({"epochs": 8, "schedule": "poly"}, {"epoch": 3, "step": 7}, "up"),
        ({"epochs": 3}, {"epoch": 2, "step": 5}, "down"),
    ],
)
def test_what_becomes_of_the_learning_rate_is_told(options, progress, way):
    epoch, step = progress["epoch"], progress.get("step", 0)
    before = rates(schedule=options.get("schedule", "cosine"))[10 * epoch + step - 1]  # four epochs were planned
    rows = [row(number, lr=before if step == 0 else 0.5) for number in range(1, epoch + 1)]
    trainer = Resumed(Progress(**progress, rows=rows, sums={"lr": before} if step else {}), **options)
    after = rates(**options)[10 * epoch + step]
    assert (after > before) == (way == "up")
    name = options.get("schedule", "cosine")
    assert trainer.what_becomes_of_the_lr() == (
        f"the learning rate goes {way} from {before:.2g} to {after:.2g}: {name} over {options['epochs']} epochs"
    )


@pytest.mark.parametrize("options", [{"schedule": "constant"}, {"schedule": "step"}, {}])
def test_nothing_is_told_where_it_does_not_jump(options):
    progress = Progress(epoch=2, rows=[row(1), row(2)]) if options else Progress()
    assert Resumed(progress, epochs=9, **options).what_becomes_of_the_lr() == ""


# ---- the Trainer, with a network that takes no time -----------------------------------------------------------------


class Network(nn.Module):
    """In place of GoogLeNet: each of its three outputs is a linear layer on 4x4 means. It notes what it gets to see."""

    def __init__(self, num_classes=1000, preset="paper", in_channels=3, aux_heads=True):
        self.made_with = (num_classes, preset, in_channels, aux_heads)
        self.seen = []  # (in training?, images)
        self.fc, self.aux1, self.aux2 = (nn.Linear(16 * in_channels, num_classes) for _ in range(3))

    def forward(self, x):
        self.seen.append((self.training, x.data.copy()))
        means = F.flatten(F.adaptive_avg_pool2d(x, 4))
        heads = [head(means) if self.made_with[3] else None for head in (self.aux1, self.aux2)]
        return GoogLeNetOutput(self.fc(means), *heads) if self.training else self.fc(means)

    def images(self, training):
        return np.concatenate([x for mode, x in self.seen if mode == training])


@pytest.fixture
def make(tmp_path, monkeypatch):
    """make(**options): a Trainer of ten digits in batches of four, whose network takes no time.

    `saved` gets the number of each epoch whose weights are kept as the best.
    """
    saved = []
    few_digits = Digits(*(array[:250] for array in load_digits()))  # resizing all takes longer than the rest
    monkeypatch.setattr(digits_dataset, "load_digits", lambda: few_digits)
    monkeypatch.setattr(trainer_module, "GoogLeNet", Network)
    monkeypatch.setattr(trainer_module, "save_model", lambda path, model, options, row, *_: saved.append(row["epoch"]))
    monkeypatch.setattr(trainer_module, "write_report", lambda *_: None)
    monkeypatch.setattr(trainer_module, "write_run_page", lambda *_: None)
    monkeypatch.setattr(Probe, "before_batch", lambda *_: None)

    def trainer(**options):
        few = {"limit_train": 10, "limit_test": 5, "batch_size": 4, "image_size": 32, "epochs": 1}
        return Trainer(Options(**{**few, "augment": False, "schedule": "constant", "warmup": 0.0, **options}), tmp_path)

    trainer.saved = saved
    return trainer


def run(trainer):
    with Interrupt() as interrupt:
        trainer.run(interrupt)
    return trainer.progress.rows


def stop_in(trainer, step, interrupt, action=lambda: None):
    """Ctrl-C in step number `step`, counted from 1, behind the optimizer's part of it; then `action`."""
    whole, calls = trainer.optimizer.step, itertools.count(1)

    def optimizer_step():
        whole()
        if next(calls) == step:
            interrupt.asked = True
            action()

    trainer.optimizer.step = optimizer_step


def digits(train, count, size=32):
    """The first so many digits, as the network is fed with them, and their labels."""
    dataset = DigitsDataset(train, size)
    samples = [dataset[i] for i in range(count)]
    return np.stack([image for image, _ in samples]), np.array([label for _, label in samples])


def in_some_order(images):
    return sorted(image.tobytes() for image in images)


def test_the_network_is_the_one_that_was_asked_for(make):
    assert make(preset="plain").model.made_with == (10, "plain", 1, True)
    assert make(preset="batchnorm", limit_train=8, aux_heads=False).model.made_with == (10, "batchnorm", 1, False)


@pytest.mark.parametrize("options", [{"batch_size": 1}, {"batch_size": 3}, {"batch_size": 9}])
def test_batch_norm_cannot_do_with_one_image(make, options):
    with pytest.raises(ValueError, match="--batch-size: a batch of one image"):
        make(preset="batchnorm", **options)
    make(preset="plain", **options)


def test_a_limit_takes_the_first_digits(make):
    trainer, every = make(limit_train=12, limit_test=7), load_digits()
    np.testing.assert_array_equal(trainer.train_loader.dataset.images.labels, every.train_labels[:12])
    np.testing.assert_array_equal(trainer.test_loader.dataset.images.labels, every.test_labels[:7])
    run(trainer)
    assert in_some_order(trainer.model.images(training=True)) == in_some_order(digits(True, 12)[0])


@pytest.mark.parametrize("augment", [False, True])
def test_the_training_digits_are_augmented_where_asked_for_and_the_test_digits_never(make, augment):
    trainer = make(augment=augment)
    run(trainer)
    trained, plain = in_some_order(trainer.model.images(training=True)), in_some_order(digits(True, 10)[0])
    assert (trained == plain) is not augment
    assert len(trained) == 10
    np.testing.assert_array_equal(trainer.model.images(training=False), digits(False, 5)[0])


def test_the_seed_decides_the_first_weights_and_the_order_of_the_images(make):
    runs = [make(seed=seed) for seed in (1, 1, 2)]
    weights = [trainer.model.fc.weight.data.copy() for trainer in runs]
    for trainer in runs:
        run(trainer)
    images = [trainer.model.images(training=True) for trainer in runs]
    for first, same, other in (weights, images):
        np.testing.assert_array_equal(first, same)
        assert not np.array_equal(first, other)


def test_images_come_in_another_order_in_every_epoch(make):
    trainer = make(epochs=2)
    run(trainer)
    first, second = trainer.model.images(training=True).reshape(2, 10, -1)
    in_the_files = digits(True, 10)[0].reshape(10, -1)
    assert in_some_order(first) == in_some_order(second) == in_some_order(in_the_files)
    assert not np.array_equal(first, second)
    assert not np.array_equal(first, in_the_files)
    assert not np.array_equal(second, in_the_files)


def test_every_epoch_trains_and_then_evaluates(make):
    trainer = make(epochs=2)
    run(trainer)
    assert [(mode, len(x)) for mode, x in trainer.model.seen] == 2 * [
        (True, 4), (True, 4), (True, 2), (False, 4), (False, 1),
    ]  # fmt: skip
    p = trainer.progress
    assert (p.epoch, p.step, p.sums, len(p.rows)) == (2, 0, {}, 2)


@pytest.mark.parametrize("read_every", [1, 2, 10])
@pytest.mark.parametrize("heads", [True, False])
def test_losses_and_accuracy_are_means_over_the_images(make, monkeypatch, heads, read_every):
    """Also where the last batch is not full. With a learning rate of 0 the network is the same in every step."""
    monkeypatch.setattr(Trainer, "read_every", read_every)
    trainer = make(lr=0.0, aux_heads=heads, epochs=2)
    x, labels = digits(True, 10)
    output = trainer.model.train()(Tensor(x))
    main, aux1, aux2 = (float(F.cross_entropy(y, labels)) if y is not None else None for y in output)
    for means in run(trainer):
        assert means["loss_main"] == pytest.approx(main, rel=1e-5)
        assert means["loss_aux1"] == (pytest.approx(aux1, rel=1e-5) if heads else None)
        assert means["loss_aux2"] == (pytest.approx(aux2, rel=1e-5) if heads else None)
        assert means["train_loss"] == pytest.approx(main + 0.3 * (aux1 + aux2) if heads else main, rel=1e-5)
        assert means["train_accuracy"] == (output.logits.data.argmax(axis=1) == labels).mean()
        assert means["images_per_second"] * means["seconds"] == pytest.approx(10)


def test_the_test_accuracy_is_that_of_the_evaluation(make):
    trainer = make(lr=0.0, limit_test=200)
    x, labels = digits(False, 200)
    right = trainer.model.eval()(Tensor(x)).data.argmax(axis=1) == labels
    (found,) = run(trainer)
    assert found["test_accuracy"] == trainer.progress.best == right.mean()
    assert found["test_accuracy"] != found["train_accuracy"]


def test_the_steps_are_those_of_the_optimizer_on_the_whole_loss(make):
    """Two epochs of SGD, once more by hand."""
    trainer = make(optimizer="sgd", momentum=0.5, weight_decay=0.01, lr=0.1, epochs=2)
    parameters = [parameter.data.astype(np.float64) for parameter in trainer.model.parameters()]
    velocities = [0.0] * len(parameters)
    labels = dict(zip(map(np.ndarray.tobytes, digits(True, 10)[0]), digits(True, 10)[1], strict=True))
    run(trainer)
    by_hand = Network(10, "paper", 1)
    for x in [x for training, x in trainer.model.seen if training]:
        for parameter, value in zip(by_hand.parameters(), parameters, strict=True):
            parameter.data, parameter.grad = value.astype(np.float32), None
        y, aux1, aux2 = (F.cross_entropy(y, [labels[image.tobytes()] for image in x]) for y in by_hand(Tensor(x)))
        (y + 0.3 * aux1 + 0.3 * aux2).backward()
        for i, parameter in enumerate(by_hand.parameters()):
            velocities[i] = 0.5 * velocities[i] + parameter.grad + 0.01 * parameters[i]
            parameters[i] = parameters[i] - 0.1 * velocities[i]
    for found, expected in zip(trainer.model.parameters(), parameters, strict=True):
        np.testing.assert_allclose(found.data, expected, rtol=1e-3, atol=1e-5)


def test_the_schedule_ends_with_the_last_step_of_the_last_epoch(make):
    rows = run(make(schedule="cosine", warmup=0.5, epochs=4, lr=0.1))  # 3 steps an epoch, 2 of warm-up
    expected = [0.05 * (1 + math.cos(math.pi * (last - 2) / 10)) for last in (2, 5, 8, 11)]
    assert [found["lr"] for found in rows] == pytest.approx(expected)


def test_the_weights_of_the_first_of_equally_good_epochs_are_kept(make, monkeypatch):
    accuracies = [0.0, 0.0, 0.25, 0.125, 0.25, 0.5, 0.5]
    results = iter(accuracies)
    monkeypatch.setattr(Predictions, "evaluation", lambda _: Evaluation(next(results), 1.0, 5))
    trainer = make(lr=0.0, epochs=len(accuracies))
    assert [found["test_accuracy"] for found in run(trainer)] == accuracies
    assert make.saved == [1, 3, 6]
    assert trainer.progress.best == 0.5


@pytest.mark.parametrize("step", [1, 2, 3])
def test_after_ctrl_c_a_run_goes_on_with_the_images_that_are_left(make, tmp_path, step):
    undisturbed = make(epochs=2)
    run(undisturbed)
    (tmp_path / CHECKPOINT).unlink()
    stopped = make(epochs=2)
    with Interrupt() as interrupt, pytest.raises(Interrupted, match=f"stopped after step {step} of epoch 1"):
        stop_in(stopped, step, interrupt)
        stopped.run(interrupt)
    resumed = make(epochs=2)
    resumed.resume(*read_state(tmp_path / CHECKPOINT))
    rows = run(resumed)
    images = [trainer.model.images(training=True) for trainer in (stopped, resumed)]
    np.testing.assert_array_equal(np.concatenate(images), undisturbed.model.images(training=True))
    any_time = {"seconds": 0, "images_per_second": 0}
    assert [found | any_time for found in rows] == [expected | any_time for expected in undisturbed.progress.rows]
    for found, expected in zip(resumed.model.parameters(), undisturbed.model.parameters(), strict=True):
        np.testing.assert_array_equal(found.data, expected.data)


@pytest.mark.parametrize(("part", "readable", "step"), [("train", 5, 1), ("train", 9, 2), ("test", 3, 3)])
def test_where_an_image_vanishes_the_steps_before_are_kept(make, tmp_path, part, readable, step):
    trainer = make()
    images, calls = getattr(trainer, f"{part}_loader").dataset.images, itertools.count()
    whole = images.open

    def vanishing(index):
        if next(calls) >= readable:
            raise FileNotFoundError(2, "No such file or directory")
        return whole(index)

    images.open = vanishing
    with pytest.raises(SampleError, match="No such file"):
        run(trainer)
    assert read_state(tmp_path / CHECKPOINT)[1]["step"] == step


def test_accumulated_batches_before_an_image_that_vanishes_are_done_again(make, tmp_path):
    trainer = make(batch_size=2, accumulate=3)
    images, calls = trainer.train_loader.dataset.images, itertools.count()
    whole = images.open
    images.open = lambda index: whole(index if next(calls) < 9 else "gone")
    with pytest.raises(SampleError):
        run(trainer)
    assert trainer.saved_at == (0, 0)  # after step 1 and a batch of step 2, whose dropout has been drawn


def finite(path):
    return all(np.isfinite(tensor.data).all() for tensor in mc.load(path).values())


@pytest.mark.parametrize("name", ["fc.weight", "aux2.bias"])
def test_weights_that_are_not_finite_are_not_saved_at_ctrl_c(make, tmp_path, name):
    trainer = make(epochs=3)

    def blow_up():
        dict(trainer.model.named_parameters())[name].data.flat[0] = np.inf

    with (
        Interrupt() as interrupt,
        pytest.raises(TrainingStopped, match=rf"{name} is not finite after step 1 of epoch 2"),
    ):
        stop_in(trainer, 4, interrupt, blow_up)
        trainer.run(interrupt)
    assert finite(tmp_path / CHECKPOINT)


@pytest.mark.parametrize(("value", "loss"), [(np.nan, "nan"), (-np.inf, "inf")])
@pytest.mark.parametrize("read_every", [1, 10])
def test_a_loss_that_is_not_finite_stops_the_run(make, monkeypatch, value, loss, read_every):
    monkeypatch.setattr(Trainer, "read_every", read_every)
    trainer = make()
    trainer.model.fc.bias.data[1:] = value
    layer = "the first layer whose output is not finite: fc" if read_every == 1 else "losses are read every 10 steps"
    with pytest.raises(TrainingStopped, match=f"the loss is {loss} in step 1 of epoch 1; {layer}"):
        run(trainer)


# ---- what recipes ask for -----------------------------------------------------------------------------------------


def weights_of(model):
    return {name: tensor.data.copy() for name, tensor in model.state_dict().items()}


def assert_same_weights(found, expected, **tolerance):
    for name, array in weights_of(found).items():
        np.testing.assert_allclose(array, weights_of(expected)[name], err_msg=name, **tolerance)


@pytest.mark.parametrize(
    ("small", "accumulate", "large", "optimizer"),
    [(2, 2, 4, "sgd"), (2, 2, 4, "adam"), (3, 3, 9, "sgd"), (2, 9, 18, "sgd")],
)
def test_accumulated_batches_are_the_large_batch(make, small, accumulate, large, optimizer):
    """Ten images: the last step of an epoch has fewer batches, and the last batch fewer images. Without dropout."""
    same = {"epochs": 3, "lr": 0.01, "optimizer": optimizer, "label_smoothing": 0.1, "clip_norm": 0.5, "warmup": 0.5}
    accumulated = make(batch_size=small, accumulate=accumulate, **same)
    at_once = make(batch_size=large, **same)
    rows, expected = run(accumulated), run(at_once)
    assert [len(x) for training, x in accumulated.model.seen if training][0] == small
    assert_same_weights(accumulated.model, at_once.model, rtol=2e-4, atol=2e-6)
    for found, other in zip(rows, expected, strict=True):
        assert found["lr"] == other["lr"]
        for name in ("train_loss", "loss_main", "loss_aux1", "loss_aux2", "train_accuracy"):
            assert found[name] == pytest.approx(other[name], rel=1e-4), name


def test_the_labels_are_smoothed_for_the_gradient_and_not_in_the_losses(make):
    x, labels = digits(True, 10)
    plain, smooth = (make(batch_size=10, optimizer="sgd", lr=1.0, momentum=0.0, label_smoothing=s) for s in (0.0, 0.4))
    output = smooth.model.train()(Tensor(x))
    main, aux1, aux2 = (F.cross_entropy(y, labels, label_smoothing=0.4) for y in output)
    (main + 0.3 * aux1 + 0.3 * aux2).backward()
    expected = {name: p.data - p.grad for name, p in smooth.model.named_parameters()}
    smooth.model.zero_grad()
    (found,), (other,) = run(smooth), run(plain)
    for name, p in smooth.model.named_parameters():
        np.testing.assert_allclose(p.data, expected[name], rtol=1e-4, atol=1e-6)
    assert found["train_loss"] == pytest.approx(other["train_loss"], rel=1e-6)
    assert not np.allclose(smooth.model.fc.weight.data, plain.model.fc.weight.data)


def test_a_gradient_is_clipped(make):
    clipped = make(batch_size=10, optimizer="sgd", lr=1.0, momentum=0.0, clip_norm=0.01)
    before = weights_of(clipped.model)
    run(clipped)
    way = [array - before[name] for name, array in weights_of(clipped.model).items()]
    assert np.sqrt(sum((part.astype(float) ** 2).sum() for part in way)) == pytest.approx(0.01, rel=1e-3)


def test_biases_go_twice_as_far_with_bias_rules(make):
    options = {"batch_size": 10, "optimizer": "sgd", "lr": 0.5, "momentum": 0.0}
    plain, rules = make(**options), make(**options, bias_rules=True)
    before = weights_of(plain.model)
    run(plain)
    (found,) = run(rules)
    for name, array in weights_of(rules.model).items():
        times = 2 if name.endswith("bias") else 1
        np.testing.assert_allclose(
            array - before[name], times * (weights_of(plain.model)[name] - before[name]), atol=1e-6
        )
    assert found["lr"] == 0.5


@pytest.mark.parametrize("kind", ["polyak", "ema"])
def test_averaged_weights_are_evaluated_beside_the_network_s_own(make, monkeypatch, kind):
    trainer, seen = make(average=kind, epochs=4), []

    def predictions(model, *_):
        seen.append(weights_of(model))
        found = Evaluation(len(seen) / 100, 1.0, 5)
        return types.SimpleNamespace(evaluation=lambda: found)

    monkeypatch.setattr(trainer_module, "predictions", predictions)
    rows = run(trainer)
    found = [(row["test_accuracy"], row["average_accuracy"]) for row in rows]
    if kind == "ema":
        assert found == [(0.01, 0.02), (0.03, 0.04), (0.05, 0.06), (0.07, 0.08)]
    else:  # the second half
        assert found == [(0.01, None), (0.02, None), (0.03, 0.04), (0.05, 0.06)]
    own, average = seen[-2:]
    for (name, p), mean in zip(trainer.model.named_parameters(), trainer.average.averages, strict=True):
        np.testing.assert_array_equal(p.data, own[name])
        np.testing.assert_array_equal(mean, average[name])
        assert not np.array_equal(p.data, mean)


@pytest.mark.parametrize(
    ("results", "saved", "kept"),
    [
        ([0.1, 0.2, 0.3, 0.25], [1, 2], "own"),
        ([0.1, 0.2, 0.25, 0.3], [1, 2], "average"),
        ([0.1, 0.3, 0.25, 0.3], [1], "average"),  # of the first epoch: the second is not better
        ([0.3, 0.3, 0.1, 0.2], [1], "own"),  # the network's own where both are as good
    ],
)
def test_the_better_weights_are_kept(make, monkeypatch, results, saved, kept):
    left, files = iter(results), []
    monkeypatch.setattr(Predictions, "evaluation", lambda _: Evaluation(next(left), 1.0, 5))
    trainer = make(average="ema", epochs=2)
    ends = []  # the network's own weights and their average, after each epoch
    monkeypatch.setattr(
        trainer_module,
        "save_model",
        lambda path, model, options, row, *_: files.append((row["epoch"], weights_of(model))),
    )
    monkeypatch.setattr(
        trainer_module, "write_report",
        lambda *_: ends.append((weights_of(trainer.model), [mean.copy() for mean in trainer.average.averages])),
    )  # fmt: skip
    run(trainer)
    assert [epoch for epoch, _ in files] == saved
    epoch, weights = files[-1]
    own, average = ends[epoch - 1]
    expected = list(own.values()) if kept == "own" else average
    for array, other in zip(weights.values(), expected, strict=True):
        np.testing.assert_array_equal(array, other)
    assert trainer.progress.best == max(results)


def test_early_stopping_ends_a_run(make, monkeypatch):
    results = iter([0.1, 0.3, 0.2, 0.3, 0.9])
    monkeypatch.setattr(Predictions, "evaluation", lambda _: Evaluation(next(results), 1.0, 5))
    trainer = make(early_stop=2, epochs=9)
    assert [row["test_accuracy"] for row in run(trainer)] == [0.1, 0.3, 0.2, 0.3]
    assert trainer.is_complete()
    resumed = make(early_stop=2, epochs=9)
    resumed.resume(*read_state(trainer.folder / CHECKPOINT))
    assert resumed.is_complete()
    longer = make(early_stop=0, epochs=9)
    longer.resume(*read_state(trainer.folder / CHECKPOINT))
    assert not longer.is_complete()


def state_without_times(path):
    arrays, training = read_state(path)
    training["rows"] = [row | {"seconds": 0, "images_per_second": 0} for row in training["rows"]]
    return {name: tensor.data.tobytes() for name, tensor in arrays.items()}, training


EVERYTHING = {
    "epochs": 3, "label_smoothing": 0.1, "bias_rules": True, "clip_norm": 0.5, "accumulate": 2, "early_stop": 9,
    "batch_size": 2, "weight_decay": 0.01, "schedule": "cosine", "warmup": 0.5, "augment": True,
}  # fmt: skip


@pytest.mark.parametrize(
    ("step", "options"),
    [(1, {"average": "ema"}), (3, {"average": "ema"}), (8, {"average": "ema"}),
     (5, {"average": "polyak", "optimizer": "sgd"})],
)  # fmt: skip
def test_with_everything_on_a_run_goes_on_bit_for_bit(make, tmp_path, options, step):
    """Five batches of two images, two for each step: three steps an epoch, the last of one batch."""
    undisturbed = make(**EVERYTHING, **options)
    run(undisturbed)
    expected = state_without_times(tmp_path / CHECKPOINT)
    (tmp_path / CHECKPOINT).unlink()
    stopped = make(**EVERYTHING, **options)
    with Interrupt() as interrupt, pytest.raises(Interrupted):
        stop_in(stopped, step, interrupt)
        stopped.run(interrupt)
    resumed = make(**EVERYTHING, **options)
    resumed.resume(*read_state(tmp_path / CHECKPOINT))
    run(resumed)
    assert state_without_times(tmp_path / CHECKPOINT) == expected
    assert any(name.startswith("average.") for name in expected[0])
    assert make.saved[: len(make.saved) // 2] == make.saved[len(make.saved) // 2 :]


def test_ctrl_c_amid_accumulated_batches_waits_for_the_step(make, tmp_path):
    trainer = make(batch_size=2, accumulate=3)
    with Interrupt() as interrupt, pytest.raises(Interrupted, match="stopped after step 1 of epoch 1"):
        interrupt.asked = False
        whole = trainer._step

        def step(x, targets):
            whole(x, targets)
            interrupt.asked = True  # from the first batch on

        trainer._step = step
        trainer.run(interrupt)
    assert len(trainer.model.seen) == 3
    assert read_state(tmp_path / CHECKPOINT)[1]["step"] == 1


def test_ctrl_c_while_averaged_weights_are_evaluated_saves_the_network_s_own(make, tmp_path, monkeypatch):
    trainer, calls = make(average="ema"), itertools.count(1)
    whole = trainer_module.predictions

    with Interrupt() as interrupt, pytest.raises(Interrupted, match="stopped after step 3 of epoch 1"):

        def predictions(*arguments):
            interrupt.asked = next(calls) == 2  # of the averaged weights
            return whole(*arguments)

        monkeypatch.setattr(trainer_module, "predictions", predictions)
        trainer.run(interrupt)
    arrays, _ = read_state(tmp_path / CHECKPOINT)
    for (name, p), mean in zip(trainer.model.named_parameters(), trainer.average.averages, strict=True):
        np.testing.assert_array_equal(arrays[f"model.{name}"].data, p.data)
        assert not np.array_equal(p.data, mean)


@pytest.mark.parametrize("name", recipes)
def test_every_recipe_trains(make, name):
    before = weights_of(make().model)
    trainer = make(**{**with_recipe({"recipe": name}), "epochs": 1, "batch_size": 4})
    (found,) = run(trainer)
    assert all(math.isfinite(value) for value in found.values() if value is not None)
    assert (found["average_accuracy"] is not None) == (name in ("paper", "modern"))
    assert not np.array_equal(trainer.model.fc.weight.data, before["fc.weight"])


# ---- what a run tells: the look inside, the page, TensorBoard ------------------------------------------------------


@pytest.mark.parametrize("accumulate", [1, 2])
def test_the_probe_sees_every_batch_before_it_is_trained_on(make, monkeypatch, accumulate):
    seen = []

    def before_batch(probe, epoch, batch, x, targets, records):
        seen.append((epoch, batch, len(x), len(probe.model.seen)))
        records.append({"epoch": epoch + 1, "batch": batch})

    monkeypatch.setattr(Probe, "before_batch", before_batch)
    trainer = make(epochs=2, accumulate=accumulate)
    run(trainer)
    assert seen == [(0, 0, 4, 0), (0, 1, 4, 1), (0, 2, 2, 2), (1, 0, 4, 5), (1, 1, 4, 6), (1, 2, 2, 7)]
    assert len(trainer.progress.inside) == 6


def test_what_the_probe_has_found_goes_on_with_the_run(make, monkeypatch, tmp_path):
    monkeypatch.setattr(Probe, "before_batch", lambda _, epoch, batch, x, t, records: records.append({"batch": batch}))
    stopped = make()
    with Interrupt() as interrupt, pytest.raises(Interrupted):
        stop_in(stopped, 2, interrupt)
        stopped.run(interrupt)
    resumed = make()
    resumed.resume(*read_state(tmp_path / CHECKPOINT))
    run(resumed)
    assert resumed.progress.inside == [{"batch": 0}, {"batch": 1}, {"batch": 2}]


def test_the_probe_looks_at_the_loss_that_is_learned_from(make):
    trainer = make(label_smoothing=0.1)
    assert trainer.probe.label_smoothing == 0.1
    assert trainer.probe.sampled == Probe(trainer.model, 3, 4).sampled


def test_the_page_shows_the_evaluation_that_there_is_anyway(make, monkeypatch):
    pages = []
    monkeypatch.setattr(trainer_module, "write_run_page", lambda trainer, found: pages.append((trainer, found)))
    trainer = make(epochs=2)
    rows = run(trainer)
    assert len([x for training, x in trainer.model.seen if not training]) == 2 * 2  # batches, once in each epoch
    assert [found.evaluation().top1 for _, found in pages] == [row["test_accuracy"] for row in rows]
    assert pages[0][0] is trainer


def test_a_run_that_was_killed_before_its_last_page_gets_it(make, monkeypatch):
    """Where it has ended: nothing has been evaluated by this process."""
    pages = []
    monkeypatch.setattr(trainer_module, "write_run_page", lambda trainer, found: pages.append(found))
    trainer = make()
    trainer.report()
    assert len(pages[0].labels) == 5


class KeptEvents:
    """In place of Events: notes what it is told, and at flush the checkpoint that is there then."""

    def __init__(self, folder, done):
        self.folder, self.told = folder, [done]

    def batch(self, losses):
        self.told.append(set(losses))

    def epoch(self, row):
        self.told.append(row["epoch"])

    def flush(self):
        checkpoint = self.folder / CHECKPOINT
        self.told.append(("flush", read_state(checkpoint)[1]["step"] if checkpoint.exists() else None))


def test_events_are_written_before_the_checkpoint_that_goes_on_behind_them(make, monkeypatch, tmp_path):
    monkeypatch.setattr(trainer_module, "Events", KeptEvents)
    losses, batches = {"total", "main", "aux1", "aux2"}, 3
    stopped = make(tensorboard=True)
    with Interrupt() as interrupt, pytest.raises(Interrupted):
        stop_in(stopped, 2, interrupt)
        stopped.run(interrupt)
    assert stopped.events.told == [0, ("flush", None), losses, losses, ("flush", 0)]
    resumed = make(tensorboard=True, epochs=2)
    resumed.resume(*read_state(tmp_path / CHECKPOINT))
    run(resumed)
    assert resumed.events.told == [2, losses, 1, ("flush", 2), *[losses] * batches, 2, ("flush", 0)]
    assert make().events is None


# ---- outputs that only guess ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("enough", "epochs"), [(3, 4), (6, 3), (100, 0)])
def test_nobody_is_warned_before_the_network_could_learn_anything(make, monkeypatch, capsys, enough, epochs):
    monkeypatch.setattr(trainer_module, "STEPS_TO_BEGIN", enough)
    monkeypatch.setattr(trainer_module, "stuck", lambda row, *_: [f"guessing in epoch {row['epoch']}"])
    run(make(epochs=4))  # of three steps each
    warned = [line for line in capsys.readouterr().err.splitlines() if line.startswith("guessing")]
    assert warned == [f"guessing in epoch {epoch}" for epoch in range(5 - epochs, 5)]
