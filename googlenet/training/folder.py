"""The folder of a run: its name, its one owner, and what is written there beside the checkpoint and the weights."""

from __future__ import annotations

import json
import os
import platform
from contextlib import suppress
from dataclasses import asdict, fields
from pathlib import Path, PurePath
from types import TracebackType

import numpy as np

import minicnn as mc
from googlenet.data.record import DATA
from googlenet.report.curves import draw_curves
from googlenet.report.metrics import Row, write_metrics
from googlenet.training.arguments import what_differs
from googlenet.training.options import Options, known_options, usual_lr
from googlenet.training.state import BEST, CHECKPOINT, PREVIOUS, SECOND_NAME, UNFINISHED
from minicnn.checkpoint import remove_left_overs, write_atomically
from minicnn.lock import try_lock

CONFIG, METRICS, CURVES, REPORT = "config.json", "metrics.csv", "curves.png", "report.html"
UNNAMED = (
    "data",
    "data_root",
    "preset",
    "image_size",
    "seed",
    "threads",
    "device",
    "tensorboard",
)  # not in a run's name, or at its beginning


def usual_name(options: Options, usual: Options | None = None) -> str:
    """Data, preset, size and seed, then what is not usual: paper-64-seed0-lr0.1, photos-plain-96-seed3-sgd.

    The digits are not named, and neither are threads and device: they do not change what is trained.
    usual: what the options would be without any on the command line; the defaults, where not given.
    """
    usual = usual or Options(lr=usual_lr(options.optimizer))
    words = [options.preset, str(options.image_size), f"seed{options.seed}"]
    if options.data != Options.data:
        words.insert(0, PurePath(options.data).name.partition(".")[0])
    for field in fields(Options):
        name, value = field.name.replace("_", "-"), getattr(options, field.name)
        if value == getattr(usual, field.name) or field.name in UNNAMED:
            continue
        elif field.name == "init":
            words.append(f"{name}-{PurePath(value).stem}")
        elif isinstance(value, bool):
            words.append(name if value else f"no-{name}")
        elif isinstance(value, str):  # "poly" and "sgd" speak for themselves
            words.append(value if field.name in ("schedule", "optimizer") else f"{name}-{value}")
        else:
            words.append(f"{name}{value}")
    return "-".join(words)


def make_folder(output: Path, name: str | None, options: Options, usual: Options | None = None) -> Path:
    """Make the folder of a new run. A name that is taken is an error where the user chose it, else gets a number.

    Making it is the test: where two runs want one name at the same moment, one of them finds it taken. Raises OSError
    with one clear line.
    """
    usual_folder = usual_name(options, usual)
    folder, number = output / (name or usual_folder), 1
    while True:
        try:
            output.mkdir(parents=True, exist_ok=True)
            folder.mkdir()
            return folder
        except OSError as error:
            if not isinstance(error, FileExistsError) or not folder.exists():
                raise OSError(f"--output: cannot make the folder {folder}: {error.strerror}") from error
        if name:
            go_on = f", or go on with it: --resume {folder}" if (folder / CONFIG).exists() else ""
            if was_never_begun(folder):
                go_on = ", or remove it: it is empty, as of a run that was killed before it began"
            raise ValueError(f"--name: {folder} exists. Choose another{go_on}")
        number += 1
        folder = output / f"{usual_folder}-{number}"


def was_never_begun(folder: Path) -> bool:
    """Whether nothing is there but, perhaps, the lock of a run that ended before it wrote anything."""
    return folder.is_dir() and not {path.name for path in folder.iterdir()} - {"lock"}


def remove_if_empty(folder: Path) -> None:
    """A folder in which nothing could be written need not stay."""
    with suppress(OSError):
        folder.rmdir()


def refuse_what_is_no_run(run: Path) -> None:
    """ValueError where `--resume RUN` names nothing, no checkpoint, or a folder in which no run was begun."""
    if not run.exists():
        raise ValueError(f"--resume: {run} is not there")
    if not run.is_dir() and run.name not in (CHECKPOINT, PREVIOUS):
        raise ValueError(
            f"--resume: {run} cannot be resumed: a run's checkpoint is named {CHECKPOINT} or {PREVIOUS}. "
            f"If it is one, copy it into a folder of its own as {CHECKPOINT}"
        )
    if run.is_dir() and not any((run / name).exists() for name in (CHECKPOINT, PREVIOUS, CONFIG)):
        raise ValueError(f"--resume: {run} holds no run: neither {CHECKPOINT} nor {CONFIG} is there. Start a new run")


class Owner:
    """`with Owner(folder):` the folder belongs to this process alone: two runs in one folder would mix their files.

    A file in it, `lock`, holds the number of the process, and is locked for as long as that lives. Making an Owner
    raises ValueError where another process has the folder, OSError where nothing can be written there.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "lock"
        while True:
            try:
                self.file = open(self.path, "a+b", buffering=0)  # noqa: SIM115 (not "w": another's number may be in it)
            except OSError as error:
                raise OSError(f"cannot write {self.path}: {error.strerror}") from error
            owned = try_lock(self.file)
            if owned is False:
                self.file.seek(0)
                process = self.file.read().decode(errors="replace").strip()
                self.file.close()
                who = f" (process {process})" if process else ""
                raise ValueError(f"{folder} belongs to a run that is going on{who}. Stop that first")
            if self.path.exists() and os.path.samestat(os.fstat(self.file.fileno()), self.path.stat()):
                break
            self.file.close()  # the one before has gone, and its file with it, between our opening and locking it
        self.alone = owned is True
        with suppress(OSError):  # a full disk: the number is only for people to read
            self.file.truncate(0)
            self.file.write(f"{os.getpid()}\n".encode())

    def __enter__(self) -> Owner:
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if os.name == "nt":
            self.file.close()  # Windows removes no open file
        with suppress(OSError):
            self.path.unlink()
        self.file.close()

    def clear(self) -> None:
        """Remove what a killed run has left half-written: its process is gone, since the folder is ours.

        Not where there are no locks: then nobody can tell.
        """
        if self.alone:
            folder = self.path.parent
            for name in (CONFIG, DATA, METRICS, CURVES, REPORT, BEST, UNFINISHED):
                remove_left_overs(folder / name)
            for name in (UNFINISHED, SECOND_NAME):
                (folder / name).unlink(missing_ok=True)


def write_config(folder: Path, options: Options) -> None:
    """config.json: the options, and the versions that they ran with."""
    versions = {"python": platform.python_version(), "numpy": np.__version__, "minicnn": mc.__version__}
    text = json.dumps({"options": asdict(options), "versions": versions, "machine": platform.machine()}, indent=2)
    write_atomically(folder / CONFIG, [f"{text}\n".encode()])


def read_config(folder: Path) -> Options:
    """The options of a run. ValueError, with what to do, where config.json does not say them."""
    path = folder / CONFIG
    try:
        return known_options(json.loads(path.read_text(encoding="utf-8"))["options"])
    except OSError as error:
        raise OSError(f"cannot read {path}: {error.strerror}") from error
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is empty or damaged, and there is no {CHECKPOINT}: start a new run") from error
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def refuse_lost_checkpoint(folder: Path) -> None:
    """ValueError where a run without a checkpoint has more than a start: starting anew would write over that."""
    if there := [name for name in (METRICS, BEST) if (folder / name).exists()]:
        raise ValueError(
            f"--resume: {folder / CHECKPOINT} is gone, but {' and '.join(there)} of that run still there. "
            "Start a new run, or move them away: then --resume starts this one anew"
        )


def refuse_directories(folder: Path) -> None:
    """ValueError where there is a directory in place of a file of the run: found before the first epoch, not after."""
    for name in (CONFIG, DATA, CHECKPOINT, PREVIOUS, UNFINISHED, SECOND_NAME, BEST, METRICS, CURVES, REPORT):
        if (folder / name).is_dir():
            raise ValueError(f"--resume: {folder / name} is a directory, expected a file: move it away")


def refuse_another_run_s_config(path: Path, options: Options) -> None:
    """ValueError where the config.json beside a checkpoint is not that of its run: going on would mix two runs."""
    config = path.with_name(CONFIG)
    if not config.exists():
        return
    try:
        other = what_differs(options, read_config(path.parent))
        problem = f"of another run: not the same {', '.join(other)}" if other else ""
    except ValueError:
        problem = "not the config.json of a run"
    if problem:
        raise ValueError(
            f"--resume: {config} is {problem}. Copy {path.name} into a folder of its own as {CHECKPOINT} and resume it"
        )


def write_report(folder: Path, rows: list[Row], classes: int) -> None:
    """metrics.csv and curves.png."""
    write_metrics(folder / METRICS, rows)
    draw_curves(folder / CURVES, rows, classes)


def what_there_is(folder: Path) -> str:
    """Where everything is, or what of it is not."""
    names = CONFIG, DATA, METRICS, CURVES, REPORT, BEST, CHECKPOINT
    missing = [name for name in names if not (folder / name).is_file()]
    return f"the run is in {folder}/, without {', '.join(missing)}" if missing else f"everything is in {folder}/"
