"""The whole network on a GPU, or on what stands in for one, beside the same network on NumPy; what a step may cost."""

import contextlib
import csv
import json
import signal
import sys

import numpy as np
import pytest
import strict
from support import put, quiet

import minicnn as mc
import minicnn.functional as F
from googlenet import GoogLeNet, loss
from googlenet.data import DigitsDataset
from googlenet.evaluation import evaluate
from googlenet.training import main
from googlenet.training.interrupt import Interrupt
from googlenet.training.options import Options
from googlenet.training.trainer import Trainer
from minicnn import backend, optim, rng
from minicnn.data import DataLoader

pytestmark = [pytest.mark.devices("strict", "cuda"), pytest.mark.usefixtures("device")]  # "cuda" is either of them


def without_dropout(model):
    """Dropout draws other numbers on another device."""
    for module in model.modules():
        if hasattr(module, "p"):
            module.p = 0.0
    return model.train()


@pytest.mark.parametrize("preset", ["paper", "batchnorm"])
def test_loss_gradients_and_a_step_agree_with_numpy(preset):
    cpu = without_dropout(GoogLeNet(10, preset, in_channels=1).double())  # float64: no excuses for rounding
    gpu = without_dropout(GoogLeNet(10, preset, in_channels=1).double())
    gpu.load_state_dict(cpu.state_dict())
    gpu.to("cuda")
    x = np.random.default_rng(0).standard_normal((2, 1, 32, 32))

    found = []
    for model, device in ((cpu, "cpu"), (gpu, "cuda")):
        optimizer = mc.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
        parts = loss(model(mc.tensor(x, device=device)), [1, 2])
        parts.total.backward()
        optimizer.step()
        gradients = {name: mc.Tensor(p.grad).numpy() for name, p in model.named_parameters()}
        found.append((float(parts.total), gradients, {name: t.numpy() for name, t in model.state_dict().items()}))

    (loss_cpu, gradients_cpu, state_cpu), (loss_gpu, gradients_gpu, state_gpu) = found
    assert loss_gpu == pytest.approx(loss_cpu, rel=1e-8)
    largest = max(np.abs(gradient).max() for gradient in gradients_cpu.values())
    for name, gradient in gradients_cpu.items():
        np.testing.assert_allclose(gradients_gpu[name], gradient, rtol=1e-6, atol=1e-8 * largest, err_msg=name)
    for name, array in state_cpu.items():
        np.testing.assert_allclose(state_gpu[name], array, rtol=1e-6, atol=1e-8, err_msg=name)


def test_a_network_on_another_device_than_its_input_says_so():
    model = GoogLeNet(10, in_channels=1).to("cuda").eval()
    with pytest.raises(TypeError, match="conv2d: weight is on cuda:0, x on cpu"):
        model(mc.Tensor(np.zeros((1, 1, 32, 32), np.float32)))


# ---- what a step may cost -------------------------------------------------------------------------------------------

# Kernels that a step may start: starting one takes a GPU longer than a small layer's arithmetic.
LAUNCHES = {"paper": 1100, "batchnorm": 1900}  # 2,560 with SGD and 3,712 with Adam before there were fused kernels
OPTIMIZERS = {
    "sgd": lambda model: optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4),
    "adam": lambda model: optim.Adam(model.parameters(), lr=1e-3),
}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("preset", LAUNCHES)
def test_a_training_step_copies_nothing_never_waits_and_takes_few_launches(preset, optimizer):
    """Images and labels are there when it begins, as `backend.uploaded` gives them."""
    model = GoogLeNet(10, preset, in_channels=1).to("cuda")
    stepper, average = OPTIMIZERS[optimizer](model), optim.WeightAverage(model.parameters(), decay=0.9)
    x = put(np.random.default_rng(0).standard_normal((2, 1, 32, 32)).astype(np.float32), "cuda")
    labels = put(np.array([1, 2]), "cuda")
    counters = sys.modules["cpucupy"].counters if "cpucupy" in sys.modules else strict.counters
    for _ in range(2):  # the first makes the optimizer's state
        before = counters()["launches"]
        with quiet():
            loss(model(mc.Tensor(x)), labels).total.backward()
            stepper.step()
            stepper.zero_grad()
            launches = counters()["launches"] - before
            average.update()
    if "cpucupy" in sys.modules and not isinstance(x, strict.ndarray):  # the strict device has no fused kernels
        print(f"{preset}, {optimizer}: {launches} launches")
        assert 0 < launches <= LAUNCHES[preset]


@pytest.mark.everything("presets")
@pytest.mark.parametrize(("preset", "channels", "size"), [("torchvision", 3, 32), ("mnist", 1, 125)])
def test_nor_does_one_of_another_preset(preset, channels, size):
    """What they have of their own: images brought to [-1, 1], one loss of summed logits."""
    model = GoogLeNet(10, preset, channels).to("cuda")
    x = put(np.random.default_rng(0).standard_normal((2, channels, size, size)).astype(np.float32), "cuda")
    labels = put(np.array([1, 2]), "cuda")
    with quiet():
        loss(model(mc.Tensor(x)), labels).total.backward()


def test_inference_copies_nothing_and_never_waits():
    model = GoogLeNet(10, in_channels=1).to("cuda").eval()
    x = put(np.zeros((2, 1, 32, 32), np.float32), "cuda")
    with mc.no_grad(), quiet():
        model(mc.Tensor(x))


RECIPE = {"label_smoothing": 0.1, "clip_norm": 1.0, "bias_rules": True, "accumulate": 2, "average": "ema"}


@pytest.mark.devices("strict")
@pytest.mark.parametrize(
    ("options", "reads"),  # after 2, 4 and 5 steps; after 2 and 3
    [({}, 3), pytest.param(RECIPE, 2, marks=pytest.mark.everything("long runs"))],
    ids=["default", "with all that recipes have"],
)
def test_an_epoch_uploads_each_batch_once_and_waits_only_to_read_the_losses(tmp_path, monkeypatch, options, reads):
    trainer = Trainer(Options(device="cuda", limit_train=10, batch_size=2, image_size=32, **options), tmp_path)
    monkeypatch.setattr("googlenet.training.trainer.STEPS_UNREAD_ON_GPU", 2)
    monkeypatch.setattr(Trainer, "check_weights", lambda self: None)
    trainer.probe.sampled = []  # what is sampled reads its times from the device: a few batches of an epoch
    plain, read = Trainer._read, []

    def counted(self):
        before = strict.counters()
        loss = plain(self)
        read.append({name: count - before[name] for name, count in strict.counters().items()})
        return loss

    monkeypatch.setattr(Trainer, "_read", counted)
    before = strict.counters()
    with Interrupt() as interrupt:
        trainer._train(interrupt)
    counts = {name: count - before[name] for name, count in strict.counters().items()}
    assert len(read) == reads
    assert counts["h2d"] == 2 * 5
    assert counts["d2h"] == sum(counts["d2h"] for counts in read)
    assert counts["synchronizations"] == counts["d2h"] + 1  # the last waits for the copies, see backend.uploaded


# ---- training -------------------------------------------------------------------------------------------------------

TINY = ["--limit-train", "12", "--limit-test", "6", "--batch-size", "4", "--image-size", "32", "--no-aux-heads"]


def run(*arguments):
    with np.errstate(all="ignore"):
        return main([*TINY, *map(str, arguments)])


def metrics(folder):
    """Every number of metrics.csv but the times."""
    rows = list(csv.DictReader((folder / "metrics.csv").open()))
    return [[float(v) for name, v in row.items() if v and "second" not in name] for row in rows]


@pytest.fixture
def no_dropout(monkeypatch):
    """Dropout draws other numbers on another device: without it, both must come to the same."""
    monkeypatch.setattr(mc.nn.Dropout, "forward", lambda self, x: x)


@pytest.fixture
def interrupted(monkeypatch):
    """with interrupted(): a run gets a Ctrl-C in its second step."""
    plain = Trainer._step

    def step(self, x, targets):
        plain(self, x, targets)
        if self.progress.step == 2:
            signal.raise_signal(signal.SIGINT)

    @contextlib.contextmanager
    def in_the_second_step():
        with monkeypatch.context() as patch:
            patch.setattr(Trainer, "_step", step)
            yield

    return in_the_second_step


@pytest.mark.usefixtures("signals_as_in_a_terminal")
@pytest.mark.parametrize(
    ("first", "second"), [("cpu", "cuda"), pytest.param("cuda", "cpu", marks=pytest.mark.everything("long runs"))]
)
def test_a_run_goes_on_on_another_device(first, second, tmp_path, no_dropout, interrupted):
    """Begun on one device, stopped in the middle of an epoch, resumed on the other: as if it had never moved."""
    with interrupted():
        assert run("--output", tmp_path, "--name", "moved", "--device", first, "--epochs", 2) == 130
    assert main(["--resume", str(tmp_path / "moved"), "--device", second]) == 0
    assert json.loads((tmp_path / "moved" / "config.json").read_text())["options"]["device"] == second
    assert run("--output", tmp_path, "--name", "straight", "--device", "cpu", "--epochs", 2) == 0
    np.testing.assert_allclose(metrics(tmp_path / "moved"), metrics(tmp_path / "straight"), rtol=1e-3)


def test_losses_are_read_every_ten_steps_and_a_loss_that_is_not_finite_is_found_then(tmp_path, capsys, monkeypatch):
    read, plain = [], Trainer._read

    def counted(self):
        read.append(len(self.unread))
        return plain(self)

    monkeypatch.setattr(Trainer, "_read", counted)
    monkeypatch.setattr("googlenet.training.trainer.STEPS_UNREAD_ON_GPU", 2)
    assert run("--output", tmp_path, "--name", "a", "--device", "cuda", "--epochs", 1) == 0
    assert read == [2, 1]  # three steps in an epoch
    assert run("--output", tmp_path, "--name", "b", "--device", "cuda", "--epochs", 1, "--lr", "1e30") == 1
    error = capsys.readouterr().err
    assert "the loss is nan in step 2 of epoch 1" in error or "the loss is inf in step 2 of epoch 1" in error
    assert "is from before the first step" in error


def test_accuracy_and_loss_of_saved_weights_are_the_same_on_both_devices():
    model = GoogLeNet(10, in_channels=1)
    loader = DataLoader(DigitsDataset(train=False, size=32, limit=7), 3)
    on_cpu = evaluate(model, loader)
    on_gpu = evaluate(model.to("cuda"), loader, "cuda")
    assert (on_gpu.top1, on_gpu.images) == (on_cpu.top1, on_cpu.images)
    assert on_gpu.loss == pytest.approx(on_cpu.loss, rel=1e-5)


# ---- mixing devices -------------------------------------------------------------------------------------------------


def on(device, *shape):
    return mc.tensor(np.ones(shape, np.float32), device=device, requires_grad=True)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: on("cuda", 2) + on("cpu", 2), "add: b is on cpu, a on cuda:0"),
        (lambda: F.conv2d(on("cpu", 1, 1, 3, 3), on("cuda", 1, 1, 2, 2)), "conv2d: weight is on cuda:0, x on cpu"),
        (lambda: F.linear(on("cuda", 1, 2), on("cuda", 2, 2), on("cpu", 2)), "linear: bias is on cpu, x on cuda:0"),
        (
            lambda: F.concat([on("cuda", 1, 1), on("cpu", 1, 1)]),
            r"concat: tensors\[1\] is on cpu, tensors\[0\] on cuda:0",
        ),
        (
            lambda: F.cross_entropy(on("cpu", 1, 2), backend.to_device(np.array([1]), "cuda")),
            "cross_entropy: targets is on cuda:0, logits on cpu",
        ),
        (
            lambda: F.batch_norm(on("cuda", 2, 1), np.zeros(1, np.float32), None, None, None, True),
            "batch_norm: running_mean is float32 on cpu, x is float32 on cuda:0",
        ),
        (lambda: on("cuda", 2).backward(np.ones(2, np.float32)), "arrays on different devices: cuda:0, cpu"),
        (lambda: backend.module_of(on("cuda", 1).data, np.ones(1)), "arrays on different devices: cuda:0, cpu"),
    ],
)
def test_arrays_on_different_devices_are_refused_by_name(call, message):
    with pytest.raises(TypeError, match=message):
        call()


def test_what_may_come_from_another_device_is_copied_to_the_model_s():
    gpu, cpu = mc.nn.Linear(2, 3).to("cuda"), mc.nn.Linear(2, 3)
    for target, source, device in ((gpu, cpu, "cuda:0"), (cpu, gpu, "cpu")):
        target.load_state_dict(source.state_dict())
        assert target.weight.device == device
        np.testing.assert_array_equal(target.weight.numpy(), source.weight.numpy())
    logits = on("cuda", 2, 3)
    assert (
        F.cross_entropy(logits, np.array([0, 2])).device == "cuda:0"
    )  # labels come from the CPU, and are checked there


def test_a_label_on_the_gpu_that_is_no_class_makes_the_loss_and_its_gradient_nan():
    for wrong in (-1, 3):
        logits = on("cuda", 2, 3)
        losses = F.cross_entropy(logits, backend.to_device(np.array([1, wrong]), "cuda"), reduction="none")
        np.testing.assert_array_equal(np.isnan(losses.numpy()), [False, True])
        losses.sum().backward()
        np.testing.assert_array_equal(np.isnan(mc.Tensor(logits.grad).numpy()).any(axis=1), [False, True])


# ---- random numbers -------------------------------------------------------------------------------------------------


def test_weights_shuffles_and_dropout_can_be_repeated_on_either_device():
    """Weights and shuffles are drawn on the CPU: the same numbers on both. Dropout draws where it computes."""
    weights, masks = {}, {}
    for device in ("cpu", "cuda"):
        for trial in range(2):
            mc.manual_seed(5)
            layer = mc.nn.Linear(3, 4).to(device)
            mask = F.dropout(on(device, 50), 0.5).numpy()
            state = rng.get_state()
            weights[device, trial], masks[device, trial] = layer.weight.numpy(), mask
            rng.set_state({**state, "draws": state["draws"] - 1})  # as a checkpoint would
            np.testing.assert_array_equal(F.dropout(on(device, 50), 0.5).numpy(), mask)
        np.testing.assert_array_equal(masks[device, 0], masks[device, 1])
        assert 10 < (masks[device, 0] == 0).sum() < 40
    for one in weights.values():
        np.testing.assert_array_equal(one, weights["cpu", 0])
    assert state == {"seed": 5, "draws": 3}  # two for the layer, one for the mask, on both
