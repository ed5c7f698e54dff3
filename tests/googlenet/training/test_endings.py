"""How train.py ends, whatever happened: the exit status, the line that says so. With a pretended run, in no time."""

import argparse
import signal
import sys

import pytest

from googlenet.training import command
from googlenet.training.command import main
from googlenet.training.interrupt import Interrupt, Interrupted
from googlenet.training.options import Options
from googlenet.training.progress import Progress
from googlenet.training.trainer import TrainingStopped

pytestmark = pytest.mark.usefixtures("signals_as_in_a_terminal")
KEPT = "The last good checkpoint is there"


class Pretended:
    """A trainer whose run does only what the test wants."""

    def __init__(self, folder, run):
        self.folder, self.action, self.owner, self.options = folder, run, None, Options(epochs=3, early_stop=2)
        self.progress = Progress(epoch=3, best=0.5)

    def run(self, interrupt):
        assert isinstance(interrupt, Interrupt)
        self.action(interrupt)

    def what_is_kept(self):
        return KEPT


@pytest.fixture
def ending(tmp_path, monkeypatch, capsys):
    """ending(action, folder): main with a run of `action(interrupt)`; status, standard output, standard error."""

    def run(action, folder=tmp_path / "run"):
        folder.mkdir(exist_ok=True)
        monkeypatch.setattr(command, "start", lambda args: Pretended(folder, action))
        return status_of([]), *capsys.readouterr()

    return run


def status_of(arguments):
    """The exit status of main; a KeyboardInterrupt that it lets through fails the test, and not all of them."""
    try:
        return main(arguments)
    except KeyboardInterrupt:
        pytest.fail("KeyboardInterrupt")


def raising(error):
    def action(interrupt):
        raise error

    return action


FILES = [
    "config.json",
    "data.json",
    "metrics.csv",
    "curves.png",
    "report.html",
    "best.safetensors",
    "checkpoint.safetensors",
]


def test_a_run_that_is_done(ending, tmp_path):
    folder = tmp_path / "run"
    writing = ending(lambda _: [(folder / name).touch() for name in FILES])
    assert writing == (0, f"best test accuracy 50.00%; everything is in {folder}/\n", "")


@pytest.mark.parametrize("name", FILES)
def test_a_run_whose_files_are_not_all_there_says_which(ending, tmp_path, name):
    folder = tmp_path / "run"
    status, out, _ = ending(lambda _: [(folder / other).touch() for other in FILES if other != name])
    assert (status, out) == (0, f"best test accuracy 50.00%; the run is in {folder}/, without {name}\n")


def test_stopped_and_saved(ending, tmp_path):
    folder = tmp_path / "my run"
    status, out, error = ending(raising(Interrupted("stopped after step 2 of epoch 1")), folder)
    assert (status, out) == (130, "")
    how = f"python train.py --resume '{folder}'"  # as a shell reads it
    assert error == f"stopped after step 2 of epoch 1; saved. Go on with: {how}\n"


def test_stopped_at_once(ending):
    assert ending(raising(KeyboardInterrupt())) == (130, "", f"stopped at once. {KEPT}\n")


def test_numbers_that_blew_up(ending):
    assert ending(raising(TrainingStopped("the loss is nan"))) == (1, "", "train.py: the loss is nan\n")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError("save: cannot write x: No space left on device"), "save: cannot write x: No space left on device. "),
        (MemoryError("Unable to allocate 74 GiB"), "--batch-size"),
        (RuntimeError("can't start new thread"), "--threads"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_the_machine_refuses(ending, tmp_path, error, said):
    status, out, line = ending(raising(error))
    assert (status, out) == (1, "")
    assert line.startswith("train.py: error: ") and said in line
    assert line.endswith(f"{KEPT}\n") and line.count("\n") == 1
    assert not (tmp_path / "run" / "error.txt").exists()


@pytest.mark.parametrize("error", [ValueError("conv2d: x has shape"), KeyError("momentum"), RuntimeError("graph")])
def test_our_own_mistakes(ending, tmp_path, error):
    status, out, line = ending(raising(error))
    assert (status, out) == (1, "")
    assert "mistake in the program" in line and line.endswith(f"error.txt. {KEPT}\n") and line.count("\n") == 1
    assert "in action" in (tmp_path / "run" / "error.txt").read_text()


def test_signals_are_noted_while_it_runs_and_not_any_more_while_it_says_how_it_ended(ending):
    def action(interrupt):
        signal.raise_signal(signal.SIGTERM)
        assert interrupt.asked

    assert ending(action)[0] == 0
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
    assert signal.getsignal(signal.SIGINT) == signal.default_int_handler


# ---- before the first step ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (ValueError("--lr: got -1"), 2, "train.py: error: --lr: got -1\n"),
        (OSError("cannot make the folder"), 2, "train.py: error: cannot make the folder\n"),
        (ImportError("cannot draw"), 2, "train.py: error: cannot draw. Install what is needed: pip install -e .\n"),
        (KeyError("epoch"), 1, "mistake in the program"),
        (RuntimeError("graph"), 1, "mistake in the program"),
        (KeyboardInterrupt(), 130, ""),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_what_goes_wrong_at_the_start(monkeypatch, capsys, tmp_path, error, status, said):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(command, "start", raising(error))
    assert status_of([]) == status
    out, line = capsys.readouterr()
    assert out == "" and said in line and line.count("\n") == bool(said)


@pytest.mark.parametrize("name", ["threadpoolctl", "safetensors", "PIL", "tqdm"])
@pytest.mark.parametrize("arguments", [[], ["--evaluate", "nowhere"]], ids=["train", "evaluate"])
def test_a_package_that_is_missing_is_told_before_anything_is_done(monkeypatch, capsys, name, arguments):
    monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setattr(command, "start", raising(AssertionError("it began")))
    assert main(arguments) == 2
    out, line = capsys.readouterr()
    assert out == "" and line.count("\n") == 1
    assert f"{name} cannot be imported" in line and "pip install -e ." in line


def test_an_old_numpy_is_told_before_anything_is_done(monkeypatch, capsys):
    monkeypatch.setattr("numpy.__version__", "1.26.4")
    monkeypatch.setattr(command, "start", lambda args: pytest.fail("it goes on"))
    assert main([]) == 2
    assert "NumPy 1.26.4 is too old" in capsys.readouterr().err


def test_help_is_there_without_what_training_needs(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    with pytest.raises(SystemExit) as stop:
        main(["--help"])
    assert stop.value.code == 0
    assert "--resume" in capsys.readouterr().out


def test_the_arguments_reach_the_start(monkeypatch):
    seen = []
    monkeypatch.setattr(command, "start", lambda args: seen.append(args) or raising(OSError())(None))
    main(["--seed", "3"])
    assert isinstance(seen[0], argparse.Namespace) and seen[0].seed == 3


def test_matplotlib_is_tried_before_anything_is_trained_or_written(monkeypatch, capsys, tmp_path):
    monkeypatch.setitem(sys.modules, "matplotlib.backends.backend_agg", None)
    arguments = ["--image-size", "32", "--limit-train", "2", "--limit-test", "2", "--output", str(tmp_path / "runs")]
    assert main(arguments) == 2
    out, line = capsys.readouterr()
    assert out == "" and line.count("\n") == 1
    assert "cannot draw curves.png with matplotlib" in line
    assert not (tmp_path / "runs").exists()
