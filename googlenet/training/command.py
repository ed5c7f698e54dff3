"""train.py: a new run, the rest of an old one, or the accuracy of saved weights."""

from __future__ import annotations

import argparse
import os
import shlex
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import minicnn as mc
from googlenet.commandline import FAILED, INTERRUPTED, check_packages, failed, prepare_streams, say
from googlenet.data.source import NAMED, ImageData
from googlenet.evaluation import evaluate_file
from googlenet.report.batch import show_batch
from googlenet.report.columns import wrap
from googlenet.report.curves import try_to_draw
from googlenet.report.lines import HEADING, HEADING_WITH_AVERAGE
from googlenet.report.tensorboard import try_tensorboard
from googlenet.training.arguments import ACTS, FIND, SAME, YES, check_momentum, chosen, given, parse
from googlenet.training.best import mend_best
from googlenet.training.folder import (
    Owner,
    make_folder,
    read_config,
    refuse_another_run_s_config,
    refuse_directories,
    refuse_lost_checkpoint,
    refuse_what_is_no_run,
    remove_if_empty,
    what_there_is,
    write_config,
)
from googlenet.training.interrupt import Interrupt, Interrupted
from googlenet.training.lr_find import draw_sweep, sweep
from googlenet.training.options import Options, flag, known_options, with_recipe
from googlenet.training.run_data import data_of, data_of_run, prepare, readable, write_data
from googlenet.training.sizes import sizes_for, sizes_for_loops
from googlenet.training.state import find_checkpoint, make_newest, read_state
from googlenet.training.trainer import Trainer, TrainingStopped
from googlenet.training.warm_start import begin_with, preset_of
from minicnn.checkpoint import CheckpointError

Answers = Callable[[Path], AbstractContextManager[list[str]]]


def main(arguments: list[str] | None = None, answers: Answers | None = None) -> int:
    """train.py: returns the exit status.

    answers: what puts the operations of `--with FOLDER` into the library while its context lasts, and tells which.
    """
    prepare_streams()
    args = parse(arguments)
    folder = getattr(args, "with")
    if folder is None or answers is None:
        return work(args)
    try:
        with answers(Path(folder)) as lines:
            say("\n".join(wrap("; ".join(lines), indent=2)))
            return work(args)
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        return failed("train.py", error)


def work(args: argparse.Namespace) -> int:
    """What the command line asks for; returns the exit status."""
    # Where numbers overflow the run stops and says in which layer: NumPy need not warn as well.
    warnings.filterwarnings("ignore", "(overflow|invalid value|divide by zero) encountered", RuntimeWarning)
    try:
        check_packages("numpy", "threadpoolctl", "safetensors", "PIL", "tqdm")
        if args.evaluate:
            mc.set_num_threads(args.threads or mc.get_num_threads())
            sizes = args.image_size or 0, args.batch_size or 32, args.limit_test or 0
            print(f"{args.evaluate}: {evaluate_file(Path(args.evaluate), args.device or 'cpu', *sizes)}", flush=True)
            return 0
        if args.lr == FIND or args.show_batch:
            (find_lr if args.lr == FIND else draw_batch)(args)
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
        with trainer.owner or nullcontext(), Interrupt() as interrupt:
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
    if (epoch := trainer.progress.epoch) < trainer.options.epochs:
        say(f"stopped after epoch {epoch}: {trainer.options.early_stop} without a better test accuracy (--early-stop)")
    say(f"best test accuracy {trainer.progress.best:.2%}; {what_there_is(trainer.folder)}")
    return 0


def find_lr(args: argparse.Namespace) -> None:
    """Sweep the learning rate over a new network, draw lr.png, and say which rate to use. No run is made."""
    trainer, notes, _ = new_trainer(args, chosen(args))
    try_to_draw()
    introduce(trainer, notes)
    found = sweep(trainer.model, trainer.train_loader, trainer.options)
    path = trainer.folder / "lr.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    draw_sweep(path, found)
    words = [flag(n) if v is True else f"--no-{flag(n)[2:]}" if v is False else f"{flag(n)} {shlex.quote(str(v))}"
             for n, v in given(args).items() if n != "lr"]  # fmt: skip
    say(f"{found}\ndrawn in {path}. Train with:\npython train.py {' '.join([f'--lr {found.proposed:g}', *words])}")


def draw_batch(args: argparse.Namespace) -> None:
    """Draw the first batch as the network would see it. No run is made."""
    trainer, notes, _ = new_trainer(args, chosen(args))
    introduce(trainer, notes)
    path = trainer.folder / "batch.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    show_batch(trainer.train_loader, path, trainer.classes, trainer.data.preprocessing)
    say(f"drawn in {path}")


def start(args: argparse.Namespace) -> Trainer:
    """A trainer for a new run, or for the rest of an old one, that owns its folder; prints what it is about to do."""
    wanted = chosen(args)
    return new_run(args, wanted) if args.resume is None else old_run(Path(args.resume), wanted)


def new_run(args: argparse.Namespace, wanted: dict[str, Any]) -> Trainer:
    """Make the network and, when all is known to be right, the folder: a mistake leaves nothing."""
    trainer, notes, usual = new_trainer(args, wanted)
    options = trainer.options
    try_to_draw()
    if options.tensorboard:
        try_tensorboard()
    trainer.folder = make_folder(trainer.folder, args.name, options, usual)
    with ExitStack() as undo:
        undo.callback(remove_if_empty, trainer.folder)
        trainer.owner = undo.enter_context(Owner(trainer.folder))
        write_config(trainer.folder, options)
        write_data(trainer.folder, trainer.data, options)
        introduce(trainer, notes)
        undo.pop_all()
    return trainer


def new_trainer(args: argparse.Namespace, wanted: dict[str, Any]) -> tuple[Trainer, list[str], Options]:
    """Find the images, and make the network; what is to be told; and the options as they would be by themselves."""
    named = with_recipe(wanted)
    if named.get("data") in NAMED[1:]:
        named.setdefault("data_root", os.path.abspath(Options.data_root))  # wherever it is resumed
    if "init" in named:
        named.setdefault("preset", preset_of(Path(named["init"])))
    options = Options(**named)
    found = data_of(options)
    refuse_what_does_nothing(wanted, found)
    images, unreadable, known = readable(options, found)
    loops = getattr(args, "with") is not None
    suggested = sizes_for_loops(images, wanted) if loops else sizes_for(images, named)
    options = with_threads(Options(**({**named, **suggested} if loops else {**suggested, **named})))
    trainer = Trainer(options, Path(args.output or "runs"), prepare(options, images, unreadable, known))
    for name, loader in (("limit_train", trainer.train_loader), ("limit_test", trainer.test_loader)):
        if (limit := getattr(options, name)) > (count := len(loader.dataset)):
            raise ValueError(f"{flag(name)}: got {limit}, the data set has {count:,}")
    notes = list(trainer.data.notes)
    if suggested:
        what = "operations that may be loops" if loops else "these images"
        notes.append(f"chosen for {what}: {' '.join(f'{flag(n)} {v}' for n, v in suggested.items())}")
    if options.init:
        notes.append(begin_with(trainer.model, Path(options.init), trainer.classes))
    usual = with_recipe({"recipe": options.recipe, "optimizer": options.optimizer, "data": options.data})
    return trainer, notes, Options(**{**suggested, **usual, "recipe": Options.recipe})


def refuse_what_does_nothing(wanted: Mapping[str, Any], images: ImageData) -> None:
    """ValueError for a split that was asked for, of images that are split already."""
    if "val_share" in wanted and not images.drawn:
        raise ValueError(f"--val-share: does nothing here: {images.name} has images to validate with of its own")


def old_run(run: Path, wanted: dict[str, Any]) -> Trainer:
    """The rest of a run: from its checkpoint or, where it was killed before it wrote one, from the start."""
    run = run.resolve() if run.is_symlink() else run  # the run is where the file lies, not where a link to it does
    refuse_what_is_no_run(run)
    try_to_draw()
    folder = run if run.is_dir() else run.parent
    refuse_directories(folder)
    with ExitStack() as undo:
        owner = undo.enter_context(Owner(folder))
        owner.clear()
        path = find_checkpoint(run)
        trainer, notes = anew(folder, wanted) if path is None else from_checkpoint(path, wanted)
        if trainer.options.tensorboard:
            try_tensorboard()
        trainer.owner = owner
        write_config(folder, trainer.options)
        introduce(trainer, notes)
        undo.pop_all()
    return trainer


def anew(folder: Path, wanted: dict[str, Any]) -> tuple[Trainer, list[str]]:
    """A run that has its options and nothing else; and a line that says so."""
    options = with_threads(resumed_options(read_config(folder), wanted))
    refuse_lost_checkpoint(folder)
    trainer = Trainer(options, folder, data_of_run(folder, options))
    if options.init:
        begin_with(trainer.model, Path(options.init), trainer.classes)
    return trainer, ["no checkpoint was written: starting anew"]


def from_checkpoint(path: Path, wanted: dict[str, Any]) -> tuple[Trainer, list[str]]:
    """A run as it was when its checkpoint was written; and what is to be told."""
    folder = path.parent
    arrays, training = read_state(path)
    try:
        own = known_options(training.get("options"))
    except ValueError as error:
        raise CheckpointError(f"{path}: {error}") from error
    refuse_another_run_s_config(path, own)
    options = with_threads(resumed_options(own, wanted))
    trainer = Trainer(options, folder, data_of_run(folder, options, training.get("data")))
    try:
        trainer.resume(arrays, training)
    except (KeyError, IndexError, AttributeError, TypeError, ValueError) as error:
        raise CheckpointError(f"{path}: no state to go on from ({type(error).__name__}: {error})") from error
    p, epochs = trainer.progress, trainer.options.epochs
    if p.epoch > epochs:
        raise ValueError(f"--epochs: got {epochs}, but {p.epoch} epochs are done")
    notes = [*trainer.data.notes, mend_best(trainer)]
    if trainer.is_complete():
        # It may have been killed between its last checkpoint and these.
        trainer.report()
        more = "".join(f"; {note}" for note in notes if note)
        why = f"all {epochs} epochs are done"
        if p.epoch < epochs:
            why = f"it stopped after epoch {p.epoch} (--early-stop {options.early_stop}; 0 lets it go on)"
        raise ValueError(f"--resume: {path} is complete: {why}{more}")
    make_newest(path)
    if epochs != own.epochs:
        notes.append(trainer.what_becomes_of_the_lr())
    return trainer, [f"going on after step {p.step} of epoch {p.epoch + 1}", *filter(None, notes)]


def with_threads(options: Options) -> Options:
    """The options with the real number of threads, which are set to it."""
    options = replace(options, threads=options.threads or mc.get_num_threads())
    mc.set_num_threads(options.threads)
    return options


def resumed_options(options: Options, wanted: dict[str, Any]) -> Options:
    """A run's own options; only what does not change its course so far may be given anew."""
    other = [n for n, value in wanted.items() if ACTS[n][1] == SAME and value != getattr(options, n)]
    if other:
        free = ", ".join(flag(n) for n, acts in ACTS.items() if acts[1] == YES and n != "resume")
        raise ValueError(f"--resume: {', '.join(map(flag, other))} would make it another run; only {free} may change")
    check_momentum(wanted.get("momentum"), options.optimizer)
    return replace(options, **wanted)


def introduce(trainer: Trainer, notes: Sequence[str] = ()) -> None:
    """What runs, on what."""
    o = trainer.options
    count = sum(parameter.data.size for parameter in trainer.model.parameters())
    heads = "both auxiliary heads" if o.aux_heads else "no auxiliary heads"
    say(f"GoogLeNet, preset {o.preset}, {heads}: {count:,} parameters")
    train, test = (len(loader.dataset) for loader in (trainer.train_loader, trainer.test_loader))
    say(f"{trainer.data.images.name} at {o.image_size}x{o.image_size}: {train:,} to train on, {test:,} to test")
    where = f"writing to {trainer.folder}/" if trainer.owner is not None else "keeping nothing"
    recipe = "" if o.recipe == Options.recipe else f"recipe {o.recipe}, "
    say(f"{recipe}device {o.device}, {o.threads} threads; {where}")
    for note in notes:
        indent = len(note) - len(note.lstrip())
        say("\n".join(wrap(note, indent=indent + 2, start=" " * indent)))
    if trainer.owner is None:
        return
    if not trainer.owner.alone:
        say("this file system has no locks: do not start another run in that folder")
    say(f"\n{HEADING if trainer.average is None else HEADING_WITH_AVERAGE}")
