"""train.py: a new run, the rest of an old one, or the accuracy of saved weights."""

from __future__ import annotations

import argparse
import shlex
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import minicnn as mc
from googlenet.commandline import FAILED, INTERRUPTED, check_packages, failed, prepare_streams, say
from googlenet.evaluation import evaluate_file
from googlenet.report.curves import try_to_draw
from googlenet.report.lines import HEADING
from googlenet.training.folder import free_folder, make_folder, write_config, write_report
from googlenet.training.interrupt import Interrupt, Interrupted
from googlenet.training.options import SGD_LR, Options, chosen, parser
from googlenet.training.state import CHECKPOINT, read_state
from googlenet.training.trainer import Trainer, TrainingStopped


def main(arguments: list[str] | None = None) -> int:
    """train.py: returns the exit status."""
    prepare_streams()
    args = parser().parse_args(arguments)
    # Where numbers overflow the run stops and says in which layer: NumPy need not warn as well.
    warnings.filterwarnings("ignore", "(overflow|invalid value|divide by zero) encountered", RuntimeWarning)
    try:
        check_packages("numpy", "threadpoolctl", "safetensors", "PIL", "tqdm")
        if args.evaluate:
            mc.set_num_threads(args.threads or mc.get_num_threads())
            sizes = args.image_size or 0, args.batch_size or 32, args.limit_test or 0
            print(f"{args.evaluate}: {evaluate_file(Path(args.evaluate), args.device or 'cpu', *sizes)}", flush=True)
            return 0
        trainer = start(args)
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        return failed("train.py", error)
    return train(trainer)


def train(trainer: Trainer) -> int:
    """Train to the end, or until something stops it: says which, and what is saved; returns the exit status."""
    try:
        with Interrupt() as interrupt:
            trainer.run(interrupt)
    except Interrupted as stop:
        folder = shlex.quote(str(trainer.folder))
        say(f"{stop}; saved. Go on with: python train.py --resume {folder}", error=True)
        return INTERRUPTED
    except KeyboardInterrupt:
        say(f"stopped at once. {trainer.what_is_kept()}", error=True)
        return INTERRUPTED
    except TrainingStopped as stop:
        say(f"train.py: {stop}", error=True)
        return FAILED
    except Exception as error:
        return failed("train.py", error, trainer.folder, trainer.what_is_kept())
    say(f"best test accuracy {trainer.progress.best:.2%}; everything is in {trainer.folder}/")
    return 0


def start(args: argparse.Namespace) -> Trainer:
    """A trainer for a new run, or for the rest of an old one, in its folder; prints what it is about to do."""
    wanted = chosen(args)
    checkpoint = None
    if args.resume:
        path = Path(args.resume)
        path = path / CHECKPOINT if path.is_dir() else path
        arrays, training = checkpoint = read_state(path)
        options, folder = resumed_options(Options(**training["options"]), wanted), path.parent
        if training["epoch"] >= options.epochs:
            write_report(folder, training["rows"])  # it may have been killed between its last checkpoint and these
            raise ValueError(f"--resume: {path} is complete: all {options.epochs} epochs are done")
    else:
        options = Options(**{"lr": SGD_LR, **wanted} if wanted.get("optimizer") == "sgd" else wanted)
        folder = free_folder(Path(args.output), args.name, options)
    options = replace(options, threads=options.threads or mc.get_num_threads())
    mc.set_num_threads(options.threads)
    trainer = Trainer(options, folder)
    if checkpoint is not None:
        trainer.resume(arrays, training)
    try_to_draw()
    make_folder(folder)  # not before all else is known to be right: a mistake leaves nothing behind
    write_config(folder, options)
    introduce(trainer, resumed=checkpoint is not None)
    return trainer


def resumed_options(options: Options, wanted: dict[str, Any]) -> Options:
    """A run's own options; only what does not change its course so far may be given anew."""
    free = {"epochs", "threads", "device"}
    other = {name: value for name, value in wanted.items() if name not in free and value != getattr(options, name)}
    if other:
        names = ", ".join(f"--{name.replace('_', '-')}" for name in other)
        raise ValueError(f"--resume: {names} would make it another run; only --epochs, --threads, --device may change")
    return replace(options, **wanted)


def introduce(trainer: Trainer, resumed: bool) -> None:
    """What runs, on what."""
    o, p = trainer.options, trainer.progress
    count = sum(parameter.data.size for parameter in trainer.model.parameters())
    heads = "both auxiliary heads" if o.aux_heads else "no auxiliary heads"
    say(f"GoogLeNet, preset {o.preset}, {heads}: {count:,} parameters")
    say(f"digits at {o.image_size}x{o.image_size}: {len(trainer.train_loader.dataset):,} to train on, "
        f"{len(trainer.test_loader.dataset):,} to test")  # fmt: skip
    say(f"device {o.device}, {o.threads} threads; writing to {trainer.folder}/")
    if resumed:
        say(f"going on after step {p.step} of epoch {p.epoch + 1}")
    say(f"\n{HEADING}")
