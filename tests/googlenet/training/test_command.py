"""train.py: the files of a run, going on after any stop bit for bit, one clear line for everything that goes wrong."""

import contextlib
import csv
import errno
import itertools
import json
import math
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

import minicnn as mc
from googlenet import GoogLeNet, evaluation
from googlenet.data.imagenet import IMAGENET_CLASSES
from googlenet.data.preprocessing import Preprocessing
from googlenet.evaluation import Evaluation, Predictions
from googlenet.report import metrics as report_metrics
from googlenet.report.lines import HEADING
from googlenet.report.metrics import COLUMNS
from googlenet.training import command as training_command
from googlenet.training import folder as run_folder
from googlenet.training import lr_find, trainer
from googlenet.training.arguments import parse
from googlenet.training.command import main, resumed_options
from googlenet.training.options import Options
from googlenet.training.recipes import recipes
from googlenet.training.state import CHECKPOINT, PREVIOUS, read_state
from googlenet.weights import load_model
from googlenet.weights.file import save_network
from minicnn import checkpoint, optim

pytestmark = pytest.mark.usefixtures("signals_as_in_a_terminal")
REPOSITORY = Path(__file__).resolve().parents[3]
BEST = "best.safetensors"
FILES = sorted([CHECKPOINT, PREVIOUS, BEST, "config.json", "curves.png", "data.json", "metrics.csv", "report.html"])
TINY = ["--limit-train", "64", "--limit-test", "32", "--image-size", "32", "--batch-size", "16", "--threads", "1"]
STEPS = 4  # in an epoch of these


@pytest.fixture
def command(capsys):
    """command(*arguments): run train.py's main; returns (exit status, standard output, standard error)."""

    def run(*arguments):
        capsys.readouterr()
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as stop:
            status = stop.code
        return status, *capsys.readouterr()

    return run


@pytest.fixture
def tmp_path(tmp_path):
    """A run writes 150 MB: away with them at once."""
    yield tmp_path
    shutil.rmtree(tmp_path, ignore_errors=True)


@pytest.fixture(scope="module")
def two_epochs(tmp_path_factory):
    """The folder of a run that nobody disturbed. Tests only read it; `copy_of` gives one to spoil."""
    output = tmp_path_factory.mktemp("runs")
    threads = mc.get_num_threads()
    assert main([*TINY, "--epochs", "2", "--output", str(output), "--name", "two"]) == 0
    mc.set_num_threads(threads)
    yield output / "two"
    shutil.rmtree(output, ignore_errors=True)


@pytest.fixture
def no_curves(monkeypatch):
    """matplotlib takes longer than the rest of these small runs."""
    monkeypatch.setattr(run_folder, "draw_curves", lambda path, *_: path.write_bytes(b"curves"))
    monkeypatch.setattr(training_command, "try_to_draw", lambda: None)


@pytest.fixture
def copy_of(tmp_path):
    """copy_of(folder): a copy that may be changed, named "copy"."""

    def copy(folder):
        shutil.copytree(folder, tmp_path / "copy")
        return tmp_path / "copy"

    return copy


def metrics(folder):
    with open(folder / "metrics.csv", newline="") as file:
        return list(csv.DictReader(file))


def without_times(row):
    return {name: value for name, value in row.items() if name not in ("seconds", "images_per_second")}


def assert_same_run(found, expected):
    """Bit for bit the same weights, optimizer, random state and results; only the time that was needed may differ."""
    arrays, training_state = read_state(found / CHECKPOINT)
    expected_arrays, expected_training = read_state(expected / CHECKPOINT)
    assert list(arrays) == list(expected_arrays)
    assert [name for name in arrays if arrays[name].data.tobytes() != expected_arrays[name].data.tobytes()] == []
    for state in (training_state, expected_training):
        state["rows"] = [without_times(row) for row in state["rows"]]
        state["sums"].pop("seconds", None)
        for record in state["inside"]:
            record.pop("times")
    assert training_state == expected_training
    best, expected_best = mc.load(found / BEST), mc.load(expected / BEST)
    assert list(best) == list(expected_best)
    assert [name for name in best if best[name].data.tobytes() != expected_best[name].data.tobytes()] == []
    assert [without_times(row) for row in metrics(found)] == [without_times(row) for row in metrics(expected)]


def at_step(number, action):
    """A `loss` for googlenet.training.trainer that does `action` in the middle of step `number`, counted from 1."""
    whole, calls = trainer.loss, itertools.count(1)

    def loss(output, targets):
        if next(calls) == number:
            action()
        return whole(output, targets)

    return loss


def interrupted(number):
    return at_step(number, lambda: os.kill(os.getpid(), signal.SIGINT))


def assert_one_clear_line(error):
    lines = [line for line in error.splitlines() if line]
    assert len(lines) == 1, error
    assert "Traceback" not in error
    assert len(lines[0]) < 600


# ---- what a run leaves --------------------------------------------------------------------------------------------


def test_the_files_of_a_run(two_epochs):
    assert sorted(path.name for path in two_epochs.iterdir()) == FILES


def test_metrics(two_epochs):
    rows = metrics(two_epochs)
    assert tuple(rows[0]) == COLUMNS
    assert [row["epoch"] for row in rows] == ["1", "2"]
    for row in rows:
        assert row.pop("average_accuracy") == ""
        values = {name: float(value) for name, value in row.items()}
        parts = values["loss_main"] + 0.3 * (values["loss_aux1"] + values["loss_aux2"])
        assert values["train_loss"] == pytest.approx(parts, rel=1e-4)
        assert values["train_accuracy"] * 64 == pytest.approx(round(values["train_accuracy"] * 64), abs=1e-3)
        assert values["test_accuracy"] * 32 == pytest.approx(round(values["test_accuracy"] * 32), abs=1e-3)
        assert 0 <= values["train_accuracy"] <= 1
        assert 0 <= values["test_accuracy"] <= 1
        assert values["images_per_second"] == pytest.approx(64 / values["seconds"], rel=1e-3)
        assert values["lr"] > 0


def test_config(two_epochs):
    config = json.loads((two_epochs / "config.json").read_text())
    options = Options(**config["options"])
    assert (options.epochs, options.batch_size, options.limit_train, options.threads) == (2, 16, 64, 1)
    assert config["versions"]["numpy"] == np.__version__
    assert config["versions"]["minicnn"] == mc.__version__


def test_the_curves_are_a_png(two_epochs):
    assert (two_epochs / "curves.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_checkpoints(two_epochs):
    arrays, state = read_state(two_epochs / CHECKPOINT)
    assert (state["epoch"], state["step"], len(state["rows"])) == (2, 0, 2)
    assert read_state(two_epochs / PREVIOUS)[1]["epoch"] == 1
    assert "model.conv1.conv.weight" in arrays
    assert any(name.startswith("optimizer.0.") for name in arrays)
    info = json.loads(mc.load(two_epochs / BEST).metadata["googlenet"])
    assert info["test_accuracy"] == max(row["test_accuracy"] for row in state["rows"]) == state["best"]


def test_what_is_printed(command, tmp_path):
    status, out, error = command(*TINY, "--epochs", 1, "--no-aux-heads", "--output", tmp_path, "--name", "run")
    assert status == 0
    lines = out.splitlines()
    assert all(len(line) <= 80 for line in lines if str(tmp_path) not in line)
    assert "no auxiliary heads" in lines[0]
    assert "parameters" in lines[0]
    assert any("64 to train on, 32 to test" in line for line in lines)
    assert HEADING in lines
    assert lines[lines.index(HEADING) + 1].lstrip().startswith("1/1")
    assert lines[-1].startswith("best test accuracy")
    assert str(tmp_path / "run") in lines[-1]
    assert all(line.startswith("warning: ") for line in error.splitlines())  # no progress bar where it is no terminal
    (row,) = metrics(tmp_path / "run")
    assert row["loss_aux1"] == row["loss_aux2"] == ""
    assert row["loss_main"] == row["train_loss"]
    assert not any("aux" in name for name in mc.load(tmp_path / "run" / BEST))


def test_evaluate(command, two_epochs):
    status, out, error = command("--evaluate", two_epochs / BEST, "--limit-test", 32, "--threads", 1)
    assert (status, error) == (0, "")
    info = json.loads(mc.load(two_epochs / BEST).metadata["googlenet"])
    assert str(two_epochs / BEST) in out
    assert f"{info['test_accuracy']:.2%}" in out
    assert len(out.splitlines()) == 1


@pytest.mark.everything("long runs")
def test_it_learns(command, tmp_path):
    """A small run gets far beyond a guess (10 %); the whole one, to 98 %, takes five minutes."""
    arguments = ["--limit-train", 1000, "--limit-test", 500, "--image-size", 32, "--epochs", 5, "--seed", 1]
    status, _, _ = command(*arguments, "--output", tmp_path, "--name", "run")
    rows = metrics(tmp_path / "run")
    assert status == 0
    assert float(rows[-1]["test_accuracy"]) > 0.5
    assert float(rows[-1]["train_loss"]) < 0.8 * float(rows[0]["train_loss"])


# ---- going on, bit for bit ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", [STEPS + 2, 2 * STEPS], ids=["in the middle of an epoch", "in the last step"])
@pytest.mark.usefixtures("no_curves")
def test_after_ctrl_c_a_run_goes_on_bit_for_bit(command, tmp_path, two_epochs, monkeypatch, step):
    folder = tmp_path / "two"
    monkeypatch.setattr(trainer, "loss", interrupted(step))
    status, _, error = command(*TINY, "--epochs", 2, "--output", tmp_path, "--name", "two")
    assert status == 130
    assert_one_clear_line(error.replace("warning: ", "").splitlines()[-1])
    assert f"--resume {folder}" in error
    assert f"step {step - STEPS} of epoch 2" in error
    state = read_state(folder / CHECKPOINT)[1]
    assert (state["epoch"], state["step"]) == (1, step - STEPS)
    assert read_state(folder / PREVIOUS)[1]["epoch"] == 1

    monkeypatch.undo()
    mc.manual_seed(12345)  # whatever happened in between
    status, out, _ = command("--resume", folder)
    assert status == 0
    assert f"going on after step {step - STEPS} of epoch 2" in out
    assert_same_run(folder, two_epochs)
    assert sorted(path.name for path in folder.iterdir()) == FILES


@pytest.mark.everything("kills")
@pytest.mark.usefixtures("no_curves")
def test_a_run_can_be_stopped_again_and_again(command, tmp_path, two_epochs, monkeypatch):
    folder = tmp_path / "two"
    arguments = [*TINY, "--epochs", 2, "--output", tmp_path, "--name", "two"]
    for step in (1, 2):
        monkeypatch.setattr(trainer, "loss", interrupted(step))
        assert command(*arguments)[0] == 130
        monkeypatch.undo()
        arguments = ["--resume", folder / CHECKPOINT]
    assert command(*arguments)[0] == 0
    assert_same_run(folder, two_epochs)


@pytest.mark.usefixtures("no_curves")
def test_going_on_from_the_checkpoint_before(command, copy_of, two_epochs):
    folder = copy_of(two_epochs)
    (folder / CHECKPOINT).write_bytes((folder / CHECKPOINT).read_bytes()[:1000])
    status, _, error = command("--resume", folder)
    assert status == 2
    assert_one_clear_line(error)
    assert f"--resume {folder / PREVIOUS}" in error  # and this is what one does then:
    status, out, _ = command("--resume", folder / PREVIOUS)
    assert status == 0
    assert_same_run(folder, two_epochs)


@pytest.mark.usefixtures("no_curves")
def test_a_link_to_a_checkpoint_means_the_run_where_the_file_lies(command, copy_of, tmp_path, two_epochs):
    folder, elsewhere = copy_of(two_epochs), tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / CHECKPOINT).symlink_to(folder / PREVIOUS)
    assert command("--resume", elsewhere / CHECKPOINT)[0] == 0
    assert_same_run(folder, two_epochs)
    assert [path.name for path in elsewhere.iterdir()] == [CHECKPOINT]


def test_a_checkpoint_in_another_run_s_folder_is_not_mixed_with_it(command, copy_of, two_epochs):
    folder = copy_of(two_epochs)
    config = (folder / "config.json").read_text().replace('"seed": 0', '"seed": 1')
    (folder / "config.json").write_text(config)
    status, _, error = command("--resume", folder, "--epochs", 3)
    assert status == 2
    assert_one_clear_line(error)
    assert "of another run: not the same --seed" in error
    assert (folder / "config.json").read_text() == config


@pytest.mark.usefixtures("no_curves")
def test_a_run_can_be_made_longer(command, copy_of, two_epochs):
    folder = copy_of(two_epochs)
    status, out, _ = command("--resume", folder, "--epochs", 3)
    assert status == 0
    assert [row["epoch"] for row in metrics(folder)] == ["1", "2", "3"]
    assert "3/3" in out
    before, after = map(float, re.search(r"goes up from (\S+) to (\S+): cosine over 3 epochs", out).groups())
    rows = metrics(folder)
    assert before == pytest.approx(float(rows[1]["lr"]), rel=0.05)
    assert after == pytest.approx(Options.lr * (1 + math.cos(math.pi * (8 - 2) / (12 - 2))) / 2, rel=0.05)
    assert json.loads((folder / "config.json").read_text())["options"]["epochs"] == 3


@pytest.mark.everything("long runs")
def test_from_weights_made_elsewhere(command, tmp_path, no_curves):
    """As Caffe's: a thousand classes, BGR. The run keeps to their order, mean and std, and so does all that follows."""
    for label, name in enumerate(("cats", "dogs")):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(10):
            pixels = np.full((70, 70, 3), (100 * label, 20 * number, 200), np.uint8)
            Image.fromarray(pixels).save(tmp_path / "photos" / name / f"{number}.png")
    weights, preprocessing = tmp_path / "caffe.safetensors", Preprocessing(224, 3, std=(1 / 255,) * 3, order="BGR")
    save_network(weights, GoogLeNet(1000, "plain", aux_heads=False), image_size=224, classes=IMAGENET_CLASSES,
                 preprocessing=preprocessing)  # fmt: skip
    wanted = ["--image-size", 32, "--batch-size", 4, "--epochs", 1, "--threads", 1, "--output", tmp_path]
    status, out, error = command("--data", tmp_path / "photos", "--init", weights, *wanted, "--name", "run")
    assert (status, error) == (0, "")
    assert "preset plain" in out and "images as these weights expect them: BGR" in out
    assert "new: aux1.conv.conv, aux1.fc1, aux1.fc2, aux2.conv.conv, aux2.fc1," in " ".join(out.split())
    expected = replace(preprocessing, image_size=32)
    record = json.loads((tmp_path / "run/data.json").read_text())["preprocessing"]
    assert Preprocessing.from_record(record) == expected
    weights.unlink()  # a run that goes on has all that it needs
    assert command("--resume", tmp_path / "run", "--epochs", 2, "--threads", 1)[0] == 0
    assert load_model(tmp_path / "run/best.safetensors")[1]["preprocessing"] == expected
    status, out, error = command("--evaluate", tmp_path / "run/best.safetensors", "--threads", 1)
    assert (status, error) == (0, "") and "4 test images" in out


def test_a_run_that_is_complete_says_so(command, two_epochs):
    status, out, error = command("--resume", two_epochs)
    assert (status, out) == (2, "")
    assert_one_clear_line(error)
    assert "all 2 epochs are done" in error


def test_early_stopping_says_so_and_the_run_is_complete(command, tmp_path, no_curves):
    """With a learning rate of 0 the second epoch is not better than the first."""
    tiny = ["--limit-train", 8, "--limit-test", 4, "--batch-size", 8, "--image-size", 32, "--no-aux-heads"]
    status, out, _ = command(*tiny, "--lr", 0, "--early-stop", 1, "--epochs", 9, "--output", tmp_path, "--name", "run")
    assert status == 0
    assert "stopped after epoch 2: 1 without a better test accuracy (--early-stop)" in out
    assert len(metrics(tmp_path / "run")) == 2
    status, out, error = command("--resume", tmp_path / "run")
    assert (status, out) == (2, "")
    assert_one_clear_line(error)
    assert "is complete: it stopped after epoch 2 (--early-stop 1; 0 lets it go on)" in error
    assert command("--resume", tmp_path / "run", "--early-stop", 0, "--epochs", 3)[0] == 0
    assert len(metrics(tmp_path / "run")) == 3


def test_the_learning_rate_is_looked_for_and_no_run_is_made(command, tmp_path, monkeypatch):
    monkeypatch.setattr(lr_find, "STEPS", 3)
    tiny = ["--limit-train", 8, "--limit-test", 4, "--batch-size", 4, "--image-size", 32, "--no-aux-heads"]
    status, out, error = command(*tiny, "--recipe", "caffe", "--lr", "find", "--output", tmp_path / "my runs")
    assert (status, error) == (0, "")
    assert [path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.*")] == ["my runs/lr.png"]
    *_, last = out.splitlines()
    words = shlex.split(last)
    assert words[:3] == ["python", "train.py", "--lr"] and float(words[3]) > 0
    assert "--no-aux-heads" in words and words[words.index("--output") + 1] == str(tmp_path / "my runs")
    assert vars(parse(words[2:]))["recipe"] == "caffe"


@pytest.mark.everything("long runs")
@pytest.mark.parametrize("name", recipes)
def test_every_recipe_trains_the_real_network(command, tmp_path, name):
    few = ["--limit-train", 40, "--limit-test", 10, "--batch-size", 20, "--image-size", 32, "--epochs", 1]
    status, _, error = command(*few, "--recipe", name, "--output", tmp_path)
    assert status == 0, error
    (folder,) = tmp_path.iterdir()
    assert folder.name.startswith("paper-32-seed0-") and (name == "default" or f"recipe-{name}" in folder.name)
    (row,) = metrics(folder)
    assert (row["average_accuracy"] != "") == (name in ("paper", "modern"))


def test_a_complete_run_whose_best_weights_are_gone_gets_them_back(command, copy_of, two_epochs):
    folder = copy_of(two_epochs)
    (folder / BEST).unlink()
    status, _, error = command("--resume", folder)
    assert status == 2
    assert_one_clear_line(error)
    assert f"all 2 epochs are done; {BEST} is gone: written again" in error
    assert (folder / BEST).read_bytes() == (two_epochs / BEST).read_bytes()


def test_fewer_epochs_than_are_done(command, two_epochs):
    status, _, error = command("--resume", two_epochs, "--epochs", 1)
    assert status == 2
    assert_one_clear_line(error)
    assert "--epochs: got 1, but 2 epochs are done" in error


@pytest.mark.everything("long runs")
def test_an_equal_accuracy_does_not_replace_the_best(command, tmp_path, monkeypatch):
    monkeypatch.setattr(Predictions, "evaluation", lambda _: Evaluation(0.5, 1.0, 32))
    assert command(*TINY, "--epochs", 2, "--output", tmp_path, "--name", "run")[0] == 0
    assert json.loads(mc.load(tmp_path / "run" / BEST).metadata["googlenet"])["epoch"] == 1


# ---- before the first checkpoint ----------------------------------------------------------------------------------


@pytest.fixture
def begun(tmp_path, two_epochs):
    """The folder of a run that was killed as soon as it had written its options, with what such runs leave."""
    folder = tmp_path / "begun"
    folder.mkdir()
    shutil.copy(two_epochs / "config.json", folder)
    for name in (f"{CHECKPOINT}.new", f".{CHECKPOINT}.new.0123abcd.tmp", "checkpoint.link", "lock"):
        (folder / name).write_bytes(b"left")
    return folder


@pytest.mark.everything("long runs")
@pytest.mark.usefixtures("no_curves")
def test_a_run_without_a_checkpoint_starts_anew(command, begun, two_epochs):
    mc.manual_seed(12345)
    status, out, error = command("--resume", begun)
    assert status == 0, error
    assert "no checkpoint was written: starting anew" in out
    assert_same_run(begun, two_epochs)
    assert sorted(path.name for path in begun.iterdir()) == FILES


def test_a_run_without_a_checkpoint_keeps_its_options(command, begun):
    status, _, error = command("--resume", begun, "--lr", 0.5)
    assert status == 2
    assert_one_clear_line(error)
    assert "--lr would make it another run" in error


def test_the_name_of_a_run_without_a_checkpoint(command, begun):
    status, _, error = command(*TINY, "--output", begun.parent, "--name", begun.name)
    assert status == 2
    assert_one_clear_line(error)
    assert f"go on with it: --resume {begun}" in error


@pytest.mark.parametrize("text", ["", None])
def test_a_folder_without_options_and_checkpoint(command, begun, text):
    (begun / "config.json").unlink()
    if text is not None:
        (begun / "config.json").write_text(text)
    status, _, error = command("--resume", begun)
    assert status == 2
    assert_one_clear_line(error)
    assert "tart a new run" in error
    assert str(begun) in error


def test_a_checkpoint_that_is_gone_beside_the_one_before(command, copy_of, two_epochs):
    folder = copy_of(two_epochs)
    (folder / CHECKPOINT).unlink()
    status, _, error = command("--resume", folder)
    assert status == 2
    assert_one_clear_line(error)
    assert f"--resume {folder / PREVIOUS}" in error


@pytest.mark.parametrize("left", ["metrics.csv", BEST])
def test_checkpoints_that_are_gone_beside_what_was_trained(command, begun, left):
    (begun / left).write_text("mine")
    status, _, error = command("--resume", begun)
    assert status == 2
    assert_one_clear_line(error)
    assert f"{begun / CHECKPOINT} is gone, but {left}" in error
    assert (begun / left).read_text() == "mine"


@pytest.mark.parametrize(
    "name", [CHECKPOINT, PREVIOUS, BEST, "metrics.csv", "curves.png", "report.html", "checkpoint.link"]
)
def test_a_directory_in_place_of_a_file(command, begun, name):
    (begun / name).unlink(missing_ok=True)
    (begun / name).mkdir()
    status, out, error = command("--resume", begun)
    assert (status, out) == (2, "")
    assert_one_clear_line(error)
    assert f"{begun / name} is a directory" in error


# ---- two at once --------------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no flock")
def test_a_run_that_is_going_on_is_left_alone(command, tmp_path, monkeypatch):
    """In its first step: a checkpoint is there, and nobody else may go on from it, or take the folder."""
    folder, answers = tmp_path / "run", []

    def meanwhile():
        files = {path.name: path.read_bytes() for path in folder.iterdir()}
        assert sorted(files) == [CHECKPOINT, "config.json", "data.json", "lock"]
        assert read_state(folder / CHECKPOINT)[1]["step"] == 0
        for other in (
            ["--resume", folder],
            ["--resume", folder / CHECKPOINT],
            [*TINY, "--output", tmp_path, "--name", "run"],
        ):
            answers.append((main([str(argument) for argument in other]), other))
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == files

    monkeypatch.setattr(trainer, "loss", at_step(1, meanwhile))
    status, _, error = command(*TINY, "--epochs", 1, "--output", tmp_path, "--name", "run")
    assert status == 0
    assert [answer for answer, _ in answers] == [2, 2, 2]
    lines = [line for line in error.splitlines() if not line.startswith("warning: ")]
    assert len(lines) == 3
    for line in lines[:2]:
        assert f"{folder} belongs to a run that is going on (process {os.getpid()})" in line
    assert f"--name: {folder} exists" in lines[2]
    assert not (folder / "lock").exists()


@pytest.mark.everything("long runs")
def test_three_runs_side_by_side(tmp_path, two_epochs):
    """Of two with the same options, too, each writes into a folder of its own what it would have written alone."""
    rates = [0.1, 0.2, Options.lr, Options.lr]
    arguments = [sys.executable, "train.py", *TINY, "--epochs", "2", "--output", tmp_path]
    runs = [
        subprocess.Popen([*arguments, "--lr", str(lr)], cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for lr in rates
    ]
    outputs = [run.communicate(timeout=600)[0].decode() for run in runs]
    names = [Path(re.search(r"writing to (\S+)/", output).group(1)).name for output in outputs]
    usual = "paper-32-seed0-epochs2-batch-size16"
    limits = "-limit-train64-limit-test32"
    expected = [f"{usual}-lr0.1{limits}", f"{usual}-lr0.2{limits}", f"{usual}{limits}", f"{usual}{limits}-2"]
    assert sorted(names) == sorted(expected) == sorted(path.name for path in tmp_path.iterdir())
    for name, lr in zip(names, rates, strict=True):
        assert json.loads((tmp_path / name / "config.json").read_text())["options"]["lr"] == lr
    for name in expected[2:]:
        assert_same_run(tmp_path / name, two_epochs)
        assert sorted(path.name for path in (tmp_path / name).iterdir()) == FILES


KILLED = """
import itertools, os, signal, sys
from googlenet.training import command, state, trainer
whole, calls, number = {target}, itertools.count(1), {number}
def killing(*arguments):
    if next(calls) == number:
        os.kill(os.getpid(), signal.{signal})
    return whole(*arguments)
{target} = killing
sys.exit(command.main(sys.argv[1:]))
"""


def run_and_kill(arguments, number, signal_name="SIGKILL", target="trainer.loss"):
    code = KILLED.format(target=target, number=number, signal=signal_name)
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)], cwd=REPOSITORY, capture_output=True, text=True, timeout=600,
        check=False,
    )  # fmt: skip


def train_py(*arguments):
    return subprocess.run(
        [sys.executable, "train.py", *map(str, arguments)], cwd=REPOSITORY, capture_output=True, text=True, timeout=600,
        check=False,
    )  # fmt: skip


VARIANTS = {
    "paper": [],
    "batchnorm, adam": ["--preset", "batchnorm", "--optimizer", "adam", "--lr", "0.001", "--no-augment"],
}


@pytest.mark.everything("kills")
@pytest.mark.parametrize("variant", VARIANTS)
def test_killed_in_the_third_epoch_a_run_goes_on_bit_for_bit(tmp_path, variant):
    arguments = [*TINY, *VARIANTS[variant], "--epochs", 4, "--output", tmp_path]
    straight = train_py(*arguments, "--name", "straight")
    assert straight.returncode == 0, straight.stderr
    killed = run_and_kill([*arguments, "--name", "killed"], 2 * STEPS + 3)
    assert killed.returncode == -signal.SIGKILL
    assert read_state(tmp_path / "killed" / CHECKPOINT)[1]["epoch"] == 2
    resumed = train_py("--resume", tmp_path / "killed")
    assert resumed.returncode == 0, resumed.stderr
    assert_same_run(tmp_path / "killed", tmp_path / "straight")
    assert (tmp_path / "killed" / BEST).read_bytes() == (tmp_path / "straight" / BEST).read_bytes()


@pytest.mark.parametrize(
    ("target", "number"),
    [
        ("os.replace", 12),
        *(pytest.param("os.fsync", n, marks=pytest.mark.everything("kills")) for n in (3, 13, 15, 17)),
        *(pytest.param("os.replace", n, marks=pytest.mark.everything("kills")) for n in (2, 3, 10, 11, 13, 14)),
    ],
)
def test_killed_while_it_writes_a_run_goes_on(tmp_path, two_epochs, target, number):
    """At an fsync or a rename of the first checkpoint, or of the second epoch: --resume works and ends the same."""
    killed = run_and_kill([*TINY, "--epochs", 2, "--output", tmp_path, "--name", "killed"], number, target=target)
    assert killed.returncode == -signal.SIGKILL
    resumed = train_py("--resume", tmp_path / "killed")
    if "epochs are done" not in resumed.stderr:
        assert resumed.returncode == 0, resumed.stderr
    assert_same_run(tmp_path / "killed", two_epochs)  # best.safetensors and metrics.csv included
    assert sorted(path.name for path in (tmp_path / "killed").iterdir()) == FILES


@pytest.mark.parametrize(
    "signal_name", ["SIGTERM", *(pytest.param(n, marks=pytest.mark.everything("kills")) for n in ("SIGINT", "SIGHUP"))]
)
def test_a_real_signal_to_a_real_process(tmp_path, two_epochs, signal_name):
    arguments = [*TINY, "--epochs", 2, "--output", tmp_path, "--name", "two"]
    stopped = run_and_kill(arguments, STEPS + 2, signal_name)
    assert stopped.returncode == 130
    assert "Traceback" not in stopped.stderr
    last = stopped.stderr.splitlines()[-1]
    assert f"python train.py --resume {tmp_path / 'two'}" in last
    resumed = train_py("--resume", tmp_path / "two")
    assert resumed.returncode == 0, resumed.stderr
    assert_same_run(tmp_path / "two", two_epochs)


def test_the_front_door():
    result = train_py("--epochs", "0")
    assert result.returncode == 2
    assert result.stdout == ""
    assert_one_clear_line(result.stderr)


# ---- Ctrl-C at other moments --------------------------------------------------------------------------------------


def test_ctrl_c_before_the_first_step(command, tmp_path, monkeypatch):
    def impatient(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(training_command, "start", impatient)
    status, _, error = command(*TINY, "--output", tmp_path)
    assert status == 130
    assert "Traceback" not in error


@pytest.mark.usefixtures("no_curves")
def test_ctrl_c_twice_stops_at_once(command, tmp_path, monkeypatch):
    def twice():
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(trainer, "loss", at_step(STEPS + 1, twice))
    status, _, error = command(*TINY, "--epochs", 2, "--output", tmp_path, "--name", "run")
    assert status == 130
    assert "Traceback" not in error
    assert str(tmp_path / "run" / CHECKPOINT) in error.splitlines()[-1]
    assert read_state(tmp_path / "run" / CHECKPOINT)[1]["epoch"] == 1


def calling(whole, number, action):
    """The function `whole`, which does `action` first when it is called for that time, counted from 1."""
    calls = itertools.count(1)

    def function(*arguments, **named):
        if next(calls) == number:
            action()
        return whole(*arguments, **named)

    return function


def ctrl_c(times=1):
    return lambda: [os.kill(os.getpid(), signal.SIGINT) for _ in range(times)]


@pytest.fixture
def stopped(tmp_path, capfd):
    """stopped(): two epochs into tmp_path/two, but something stops them; standard error, with what handlers write."""

    def run():
        capfd.readouterr()
        assert main([*TINY, "--epochs", "2", "--output", str(tmp_path), "--name", "two"]) == 130
        return [line for line in capfd.readouterr().err.splitlines() if not line.startswith("warning: ")]

    return run


@pytest.mark.everything("signals")
@pytest.mark.usefixtures("no_curves")
def test_ctrl_c_in_an_evaluation_cuts_it_off_and_it_is_done_again(stopped, tmp_path, two_epochs, monkeypatch):
    """It has two batches. Ctrl-C comes in the first one of the second epoch, and the second is not computed."""
    results = []
    counted = calling(evaluation.log_probabilities, 3, ctrl_c())
    monkeypatch.setattr(evaluation, "log_probabilities", lambda *batch: results.append(counted(*batch)) or results[-1])
    folder = tmp_path / "two"
    answer, last = stopped()
    assert len(results) == 3
    assert answer == "leaving the evaluation, saving; once more to stop without"
    assert last == f"stopped after step {STEPS} of epoch 2; saved. Go on with: python train.py --resume {folder}"
    state = read_state(folder / CHECKPOINT)[1]
    assert (state["epoch"], state["step"]) == (1, STEPS)
    monkeypatch.undo()
    assert main(["--resume", str(folder)]) == 0
    assert_same_run(folder, two_epochs)


@pytest.mark.everything("signals")
@pytest.mark.parametrize("file", [2, 3, 4], ids=["best", "checkpoint", "metrics"])  # 1: before the first step
@pytest.mark.usefixtures("no_curves")
def test_ctrl_c_while_an_epoch_is_saved(stopped, tmp_path, two_epochs, monkeypatch, file):
    """However often it is pressed: everything is written, and the run stops between the epochs."""
    writing = calling(checkpoint.write_atomically, file, ctrl_c(3))
    monkeypatch.setattr(checkpoint, "write_atomically", writing)
    monkeypatch.setattr(report_metrics, "write_atomically", writing)
    folder = tmp_path / "two"
    *answers, last = stopped()
    assert answers == 3 * ["saving, then stopping"]
    assert last.startswith("stopped after epoch 1; saved. Go on with: ")
    assert [row["epoch"] for row in metrics(folder)] == ["1"]
    assert (folder / BEST).exists()
    monkeypatch.undo()
    assert main(["--resume", str(folder)]) == 0
    assert_same_run(folder, two_epochs)


@pytest.mark.usefixtures("no_curves")
def test_ctrl_c_while_the_first_checkpoint_is_written(stopped, tmp_path, monkeypatch):
    monkeypatch.setattr(trainer, "save_state", calling(trainer.save_state, 1, ctrl_c()))
    *answers, last = stopped()
    assert answers == ["saving, then stopping"]
    assert last.startswith("stopped before the first step; saved. Go on with: ")
    assert read_state(tmp_path / "two" / CHECKPOINT)[1]["step"] == 0


@pytest.mark.usefixtures("no_curves")
def test_a_second_ctrl_c_while_the_first_is_saving_does_not_cut_that_off(stopped, tmp_path, monkeypatch):
    monkeypatch.setattr(trainer, "loss", interrupted(2))
    monkeypatch.setattr(trainer, "save_state", calling(trainer.save_state, 2, ctrl_c(2)))  # 1: before the first step
    answers = stopped()
    saving = "saving, then stopping"
    assert answers[:-1] == ["finishing step 2, saving; once more to stop without", saving, saving]
    assert answers[-1].startswith("stopped after step 2 of epoch 1; saved")
    assert read_state(tmp_path / "two" / CHECKPOINT)[1]["step"] == 2


@pytest.mark.usefixtures("no_curves")
def test_ctrl_c_while_the_last_epoch_is_saved_stops_nothing_that_was_left(command, tmp_path, monkeypatch):
    monkeypatch.setattr(report_metrics, "write_atomically", calling(report_metrics.write_atomically, 1, ctrl_c()))
    status, out, _ = command(*TINY, "--epochs", 1, "--output", tmp_path, "--name", "run")
    assert status == 0
    assert "everything is in" in out


# ---- nobody listens, memory is full, our own mistakes ---------------------------------------------------------------


@pytest.mark.usefixtures("no_curves")
def test_what_is_to_be_told_fits_80_columns(capsys):
    data = SimpleNamespace(images=SimpleNamespace(name="photos"))
    loader, model = SimpleNamespace(dataset=[1]), SimpleNamespace(parameters=list)
    trainer = SimpleNamespace(options=Options(), model=model, owner=None, data=data)
    trainer.train_loader = trainer.test_loader = loader
    unreadable = f"  cats/{'long' * 8}.jpg: {'broken ' * 9}"
    training_command.introduce(trainer, ["short", "a note of many words " * 8, unreadable])
    lines = capsys.readouterr().out.splitlines()[3:]
    assert max(map(len, lines)) <= 80
    assert [len(line) - len(line.lstrip()) for line in lines] == [0, 0, 2, 2, 2, 4]
    assert " ".join(" ".join(lines).split()).count("a note of many words") == 8


def test_a_run_goes_on_when_nobody_reads_what_it_says(tmp_path, monkeypatch, capsys):
    """As in `python train.py | head -1`."""
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        assert main([*TINY, "--epochs", "1", "--output", str(tmp_path), "--name", "run"]) == 0
    said = [line for line in capsys.readouterr().err.splitlines() if "guessing" not in line]
    assert said == ["warning: standard output: Broken pipe. The work goes on without."]
    assert len(metrics(tmp_path / "run")) == 1


@pytest.mark.parametrize(
    ("error", "said", "kept"),
    [
        (MemoryError("Unable to allocate 74 GiB"), "out of memory (Unable to allocate 74 GiB)", False),
        (KeyError("momentum"), "KeyError: 'momentum'. This is a mistake in the program", True),
    ],
    ids=["memory", "our own"],
)
def test_errors_in_a_step(command, tmp_path, monkeypatch, error, said, kept):
    def fail():
        raise error

    monkeypatch.setattr(trainer, "loss", at_step(2, fail))
    status, _, line = command(*TINY, "--epochs", 1, "--output", tmp_path, "--name", "run")
    assert status == 1
    assert_one_clear_line(line)
    assert said in line
    assert (tmp_path / "run" / "error.txt").exists() == kept


def test_a_split_of_images_that_are_split_already(command, tmp_path):
    why = "--val-share: does nothing here: digits has images to validate with of its own"
    status, out, error = command(*TINY, "--val-share", 0.3, "--output", tmp_path)
    assert (status, out, error, list(tmp_path.iterdir())) == (2, "", f"train.py: error: {why}\n", [])


# ---- numbers that blow up -----------------------------------------------------------------------------------------


def test_a_learning_rate_that_is_far_too_large(command, tmp_path):
    arguments = [*TINY, "--lr", 1e30, "--warmup", 0, "--epochs", 2, "--output", tmp_path, "--name", "run"]
    status, _, error = command(*arguments)
    assert status == 1
    assert_one_clear_line(error)
    assert "step 2 of epoch 1" in error
    assert re.search(r"not finite: (conv|inception)\S+\.", error)
    assert "--lr" in error
    assert f"The only checkpoint, {tmp_path / 'run' / CHECKPOINT}, is from before the first step" in error


def poisoning(layer, after):
    """Adam.step that makes one weight of a layer no number after so many steps."""
    names = [name for name, _ in GoogLeNet(10, in_channels=1).named_parameters()]
    whole, calls = optim.Adam.step, itertools.count(1)

    def step(self):
        whole(self)
        if next(calls) == after:
            self.param_groups[0]["params"][names.index(f"{layer}.weight")].data.flat[0] = np.nan

    return step


@pytest.mark.everything("long runs")
@pytest.mark.usefixtures("no_curves")
def test_the_step_and_the_layer_are_named_and_the_last_checkpoint_is_kept(command, tmp_path, monkeypatch, two_epochs):
    monkeypatch.setattr(optim.Adam, "step", poisoning("inception4b.branch3.1.conv", after=STEPS + 1))
    status, _, error = command(*TINY, "--epochs", 2, "--output", tmp_path, "--name", "run")
    assert status == 1
    last = error.splitlines()[-1]
    assert "the loss is nan in step 2 of epoch 2" in last
    assert "inception4b.branch3.1.conv" in last
    assert str(tmp_path / "run" / CHECKPOINT) in last
    assert read_state(tmp_path / "run" / CHECKPOINT)[1]["epoch"] == 1
    monkeypatch.undo()
    assert command("--resume", tmp_path / "run")[0] == 0  # the fault does not come again: the run ends well
    assert_same_run(tmp_path / "run", two_epochs)


@pytest.mark.usefixtures("no_curves")
def test_weights_that_blow_up_in_the_last_step_of_an_epoch_are_not_called_a_good_checkpoint(
    command, tmp_path, monkeypatch
):
    monkeypatch.setattr(optim.Adam, "step", poisoning("inception4b.branch3.1.conv", after=2 * STEPS))
    status, _, error = command(*TINY, "--epochs", 3, "--output", tmp_path, "--name", "run")
    assert status == 1
    assert "inception4b.branch3.1.conv" in error
    named = [name for name in (PREVIOUS, CHECKPOINT) if str(tmp_path / "run" / name) in error]
    assert named
    arrays, _ = read_state(tmp_path / "run" / named[0])
    assert all(np.isfinite(tensor.data).all() for tensor in arrays.values())


def test_numpy_s_warnings_do_not_fill_the_screen(tmp_path):
    result = train_py(*TINY, "--lr", 1e30, "--warmup", 0, "--epochs", 1, "--output", tmp_path)
    assert result.returncode == 1
    assert_one_clear_line(result.stderr)


# ---- a full disk, a folder that cannot be written to --------------------------------------------------------------


FULL = OSError(errno.ENOSPC, "No space left on device")


def fill_the_disk(monkeypatch):
    def fsync(descriptor):
        raise FULL

    monkeypatch.setattr("minicnn.checkpoint.os.fsync", fsync)


def test_a_full_disk_stops_the_run_and_leaves_the_checkpoint_before(command, copy_of, two_epochs, monkeypatch):
    folder = copy_of(two_epochs)
    before = {name: (folder / name).read_bytes() for name in (CHECKPOINT, PREVIOUS, BEST)}
    monkeypatch.setattr(trainer, "loss", at_step(1, lambda: fill_the_disk(monkeypatch)))
    status, _, error = command("--resume", folder, "--epochs", 3)
    assert status == 1
    assert_one_clear_line("\n".join(line for line in error.splitlines() if not line.startswith("warning: ")))
    assert "No space left on device" in error
    assert str(folder / CHECKPOINT) in error
    monkeypatch.undo()
    assert {name: (folder / name).read_bytes() for name in (CHECKPOINT, PREVIOUS, BEST)} == before
    assert sorted(path.name for path in folder.iterdir()) == FILES  # nothing half-written is left


def test_a_full_disk_when_ctrl_c_is_pressed(command, tmp_path, monkeypatch):
    def full_and_interrupted():
        fill_the_disk(monkeypatch)
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(trainer, "loss", at_step(2, full_and_interrupted))
    status, _, error = command(*TINY, "--epochs", 1, "--output", tmp_path, "--name", "run")
    assert status == 1
    assert_one_clear_line(error)
    assert "No space left on device" in error
    assert "is from before the first step" in error
    assert read_state(tmp_path / "run" / CHECKPOINT)[1]["step"] == 0


def test_a_folder_that_may_not_be_made(command, tmp_path, monkeypatch):
    def refused(self, *_, **__):
        raise PermissionError(errno.EACCES, "Permission denied", str(self))

    monkeypatch.setattr(Path, "mkdir", refused)
    status, out, error = command(*TINY, "--output", tmp_path / "locked")
    assert (status, out) == (2, "")
    assert_one_clear_line(error)
    assert "--output" in error
    assert str(tmp_path / "locked") in error
    assert "Permission denied" in error


@pytest.mark.parametrize("resume", [False, True])
def test_a_config_that_may_not_be_written(command, tmp_path, copy_of, two_epochs, monkeypatch, resume):
    folder = copy_of(two_epochs) if resume else tmp_path / "runs"

    def refused(source, target):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "replace", refused)
    arguments = ["--resume", folder, "--epochs", 3] if resume else [*TINY, "--output", folder]
    status, _, error = command(*arguments)
    assert status == 2
    assert_one_clear_line(error)
    assert "config.json: Permission denied" in error
    assert str(folder) in error  # which file it is about
    assert sorted(path.name for path in folder.iterdir()) == (FILES if resume else [])  # nothing begun, no lock


# ---- wrong flags --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--epochs", "0"], "--epochs: got 0, expected at least 1"),
        (["--epochs", "three"], "--epochs"),
        (["--batch-size", "0"], "--batch-size"),
        (["--lr", "nan"], "--lr"),
        (["--lr", "inf"], "lr"),
        (["--lr", "-1"], "--lr"),
        (["--lr", "fast"], "--lr"),
        (["--warmup", "inf"], "warmup"),
        (["--momentum", "nan"], "--momentum"),
        (["--weight-decay", "-1"], "--weight-decay"),
        (["--image-size", "31"], "--image-size: got 31, expected at least 32"),
        (["--limit-train", "-1"], "--limit-train"),
        (["--seed", "-3"], "--seed"),
        (["--seed", "0.5"], "--seed"),
        (["--threads", "-1"], "--threads"),
        (["--preset", "papper"], "papper"),
        (["--schedule", "linear"], "linear"),
        (["--optimizer", "sgdd"], "sgdd"),
        (["--device", "gpu"], "device"),
        (["--device", "cuda"], "pip install"),
        (["--nonsense"], "--nonsense"),
        (["--epochs"], "--epochs"),
        (["--name", "a\nb"], "--name: got 'a\\nb', expected characters that can be printed"),
        (["--limit-train", "999999"], "--limit-train: got 999999, the data set has 5,000"),
        (["--limit-test", "999999"], "--limit-test: got 999999, the data set has "),
        (["--preset", "batchnorm", "--batch-size", "1", "--limit-train", "1"], "batch"),
        (["--preset", "batchnorm", "--batch-size", "2", "--limit-train", "3"], "batch"),  # a last batch of one
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_wrong_flags_are_one_clear_line_and_leave_nothing(command, tmp_path, monkeypatch, arguments, said):
    monkeypatch.setitem(sys.modules, "cupy", None)
    status, _, error = command("--image-size", 32, "--limit-test", 2, *arguments, "--output", tmp_path / "runs")
    assert status == 2
    assert_one_clear_line(error)
    assert said in error
    assert "train.py: error: " in error
    assert not (tmp_path / "runs").exists() or not list((tmp_path / "runs").iterdir())


def test_a_name_that_is_taken(command, two_epochs):
    before = sorted(path.name for path in two_epochs.iterdir())
    status, out, error = command(*TINY, "--output", two_epochs.parent, "--name", two_epochs.name)
    assert (status, out) == (2, "")
    assert_one_clear_line(error)
    assert "--name" in error
    assert f"--resume {two_epochs}" in error
    assert sorted(path.name for path in two_epochs.iterdir()) == before


@pytest.mark.parametrize("inside", ["", "deeper"])
def test_output_is_a_file(command, tmp_path, inside):
    (tmp_path / "file").write_text("mine")
    status, _, error = command(*TINY, "--output", tmp_path / "file" / inside)
    assert status == 2
    assert_one_clear_line(error)
    assert "--output" in error
    assert str(tmp_path / "file") in error
    assert (tmp_path / "file").read_text() == "mine"


def test_resume_what_is_not_there(command, tmp_path):
    for path in (tmp_path / "nowhere", tmp_path, tmp_path / "x.safetensors"):
        status, out, error = command("--resume", path)
        assert (status, out) == (2, "")
        assert_one_clear_line(error)
        assert str(path) in error


def test_resume_weights_alone(command, two_epochs):
    status, out, error = command("--resume", two_epochs / BEST)
    assert (status, out) == (2, "")
    assert_one_clear_line(error)
    assert BEST in error
    assert "cannot be resumed" in error


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 a zip", b"\x00" * 100])
def test_resume_a_foreign_file(command, tmp_path, content):
    path = tmp_path / CHECKPOINT
    path.write_bytes(content)
    status, _, error = command("--resume", path)
    assert status == 2
    assert_one_clear_line(error)
    assert str(path) in error


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"options": None}, "the options are None"),
        ({"options": {"lr": 1}}, "another version of train.py"),
        ({"rows": ...}, "no state to go on from (KeyError: 'rows')"),
        ({"epoch": "2"}, "no state to go on from (ValueError: epoch is '2')"),
        ({"rng": {}}, "no state to go on from (KeyError: 'seed')"),
        ({"param_groups": [{}]}, "no state to go on from (KeyError: 'params')"),
        ({"param_groups": 3}, "no state to go on from"),
        ({"optimizer_numbers": {"x": {}}}, "no state to go on from"),
        ({"optimizer_numbers": {}}, "no state to go on from"),
    ],
    ids=str,
)
def test_resume_what_another_version_has_written(command, two_epochs, monkeypatch, change, said):
    arrays, training = read_state(two_epochs / CHECKPOINT)
    training = {name: value for name, value in {**training, **change}.items() if value is not ...}
    monkeypatch.setattr(training_command, "read_state", lambda path: (arrays, training))
    status, _, error = command("--resume", two_epochs, "--epochs", 3)
    assert status == 2
    assert_one_clear_line(error)
    assert f"{two_epochs / CHECKPOINT}: " in error
    assert said in error


def test_resume_as_another_run(command, two_epochs):
    status, _, error = command("--resume", two_epochs, "--epochs", 3, "--lr", 0.5, "--seed", 7)
    assert status == 2
    assert_one_clear_line(error)
    assert "--lr" in error
    assert "--seed" in error


@pytest.mark.parametrize("path", ["nowhere.safetensors", ".", CHECKPOINT, "text"])
def test_evaluate_what_is_no_network(command, two_epochs, tmp_path, path):
    (tmp_path / "text").write_text("hello")
    file = tmp_path / path if path in ("text", ".") else two_epochs / path
    status, out, error = command("--evaluate", file)
    assert (status, out) == (2, "")
    assert_one_clear_line(error)
    assert path in error


def test_what_may_change_in_a_resumed_run():
    options = Options(epochs=3, threads=2, lr=0.1)
    assert resumed_options(options, {}) == options
    assert resumed_options(options, {"epochs": 5, "threads": 1, "device": "cpu"}) == Options(
        epochs=5, threads=1, lr=0.1
    )
    assert resumed_options(options, {"lr": 0.1}) == options  # the same again is no change
    with pytest.raises(ValueError, match="--momentum: only --optimizer sgd has it, not adam"):
        resumed_options(options, {"momentum": options.momentum})
    with pytest.raises(ValueError, match="--resume: --lr, --batch-size would make it another run"):
        resumed_options(options, {"lr": 0.2, "batch_size": 8})
    with pytest.raises(ValueError, match="--epochs: got 0"):
        resumed_options(options, {"epochs": 0})


@pytest.mark.everything("long runs")
def test_with_a_folder_of_answers_they_stand_in_while_the_run_lasts(capsys, tmp_path):
    """The real answers: tests/exercises/test_override.py. `with` chooses small sizes; the command line wins."""
    events = []

    @contextlib.contextmanager
    def answers(folder):
        events.append(folder)
        yield ["from my work: relu", "not passed yet, so the library's own is there: linear"]
        events.append("out again")

    arguments = ["--with", "my work", "--epochs", "1", "--limit-train", "32", "--limit-test", "16"]
    assert main([*arguments, "--output", str(tmp_path), "--name", "run"], answers) == 0
    assert events == [Path("my work"), "out again"]
    out = capsys.readouterr().out
    assert out.startswith("from my work: relu; not passed yet, so the library's own is there: linear\n")
    assert "chosen for operations that may be loops: --preset batchnorm --image-size 32" in out
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    options = config.get("options", config)
    assert (options["preset"], options["lr"], options["limit_train"], options["epochs"]) == ("batchnorm", 0.002, 32, 1)


def test_a_folder_of_answers_that_is_none(capsys):
    @contextlib.contextmanager
    def answers(folder):
        raise ValueError(f"{folder}: there is no such folder")
        yield []

    assert main(["--with", "nowhere"], answers) == 2
    assert capsys.readouterr().err == "train.py: error: nowhere: there is no such folder\n"
