"""The command line of train.py: its flags, and which of them act beside which."""

from __future__ import annotations

import argparse
import os
from dataclasses import fields
from pathlib import PurePath
from typing import Any

from googlenet.commandline import Parser, add_version, not_empty
from googlenet.data.source import NAMED
from googlenet.presets import presets
from googlenet.training.options import (
    AVERAGES,
    MEAN_STD,
    OPTIMIZERS,
    SCHEDULES,
    SGD_LR,
    Options,
    flag,
    with_recipe,
)
from googlenet.training.recipes import recipes

FIND = "find"  # in place of a learning rate

# Whether an option acts: in a new run, with --resume, with --evaluate. Where it cannot, it is refused and not ignored.
# SAME: a run that goes on keeps what it began with, so that nothing else may be said.
YES, NO, SAME = "yes", "no", "same"
ACTS = {
    #              new  resume evaluate
    "epochs":       (YES, YES,  NO),
    "batch_size":   (YES, SAME, YES),
    "lr":           (YES, SAME, NO),
    "schedule":     (YES, SAME, NO),
    "warmup":       (YES, SAME, NO),
    "optimizer":    (YES, SAME, NO),
    "momentum":     (YES, SAME, NO),
    "weight_decay": (YES, SAME, NO),
    "recipe":       (YES, SAME, NO),
    "bias_rules":   (YES, SAME, NO),
    "label_smoothing": (YES, SAME, NO),
    "average":      (YES, SAME, NO),
    "clip_norm":    (YES, SAME, NO),
    "accumulate":   (YES, SAME, NO),
    "early_stop":   (YES, YES,  NO),
    "seed":         (YES, SAME, NO),
    "data":         (YES, SAME, NO),
    "data_root":    (YES, SAME, NO),
    "val_share":    (YES, SAME, NO),
    "channels":     (YES, SAME, NO),
    "mean_std":     (YES, SAME, NO),
    "strict":       (YES, SAME, NO),
    "init":         (YES, SAME, NO),
    "freeze":       (YES, SAME, NO),
    "jitter":       (YES, SAME, NO),
    "lighting":     (YES, SAME, NO),
    "cutout":       (YES, SAME, NO),
    "mixup":        (YES, SAME, NO),
    "show_batch":   (YES, NO,   NO),
    "preset":       (YES, SAME, NO),
    "aux_heads":    (YES, SAME, NO),
    "image_size":   (YES, SAME, YES),
    "augment":      (YES, SAME, NO),
    "limit_train":  (YES, SAME, NO),
    "limit_test":   (YES, SAME, YES),
    "threads":      (YES, YES,  YES),
    "device":       (YES, YES,  YES),
    "tensorboard":  (YES, YES,  NO),
    "output":       (YES, NO,   NO),
    "name":         (YES, NO,   NO),
    "with":         (YES, YES,  YES),
    "resume":       (NO,  YES,  NO),
    "evaluate":     (NO,  NO,   YES),
}  # fmt: skip


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """What the command line says, once it is known that each option is one that a run could use, and can act here."""
    p = parser()
    args = p.parse_args(arguments)
    try:
        check_that_all_act(args)
        if args.resume is None:  # else they belong to the options that the run has
            Options(**with_recipe(chosen(args)))
    except ValueError as error:
        p.error(str(error))
    return args


def check_that_all_act(args: argparse.Namespace) -> None:
    """ValueError for the first option that can do nothing beside the others."""
    mode = "evaluate" if args.evaluate is not None else "resume" if args.resume is not None else "new"
    why = {"resume": "the run stays in its folder", "evaluate": "nothing is trained"}
    for name in given(args):
        if ACTS[name][("new", "resume", "evaluate").index(mode)] == NO:
            raise ValueError(f"{flag(name)}: does nothing beside --{mode}: {why[mode]}")
    if mode == "new":
        check_momentum(args.momentum, with_recipe(chosen(args))["optimizer"])
        if args.freeze is not None and args.init is None:
            raise ValueError("--freeze: only beside --init: random weights would stay random")
    if args.lr == FIND:
        for name in ("resume", "name", "show_batch"):
            if getattr(args, name) is not None:
                raise ValueError(f"{flag(name)}: does nothing beside --lr find: that makes no run")
    if args.name is not None and (PurePath(args.name).name != args.name or args.name == ".."):
        raise ValueError(f"--name: got {args.name!r}, expected the name of a folder (--output says where it lies)")
    if args.name is not None and not args.name.isprintable():
        raise ValueError(f"--name: got {args.name!r}, expected characters that can be printed")


def check_momentum(momentum: float | None, optimizer: str) -> None:
    """ValueError for a momentum, if one is asked for, that would do nothing."""
    if momentum is not None and optimizer != "sgd":
        raise ValueError(f"--momentum: only --optimizer sgd has it, not {optimizer}")


def rate_or_find(text: str) -> float | str:
    """For --lr, as argparse's `type`."""
    try:
        return text if text == FIND else float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"got {text!r}, expected a number, or {FIND}") from None


def parser() -> argparse.ArgumentParser:
    """The command line of train.py."""
    p = Parser(
        prog="train.py",
        description="Train GoogLeNet. Without arguments: the paper's network, with both auxiliary heads, on the digits "
        "that come with it, at 64x64: about five minutes on two cores. With --data: on your own images. Everything is "
        "written to a folder of its own under runs/.",
        epilog="examples:\n"
        "  python train.py                                the main job\n"
        "  python train.py --limit-train 500 --epochs 1   a quick try\n"
        "  python train.py --data photos/                 photos, a folder for each class\n"
        "  python train.py --preset batchnorm --name bn   another GoogLeNet, into runs/bn\n"
        "  python train.py --recipe modern --lr 0.001     a recipe, but for its rate\n"
        "  python train.py --optimizer sgd --lr find      try many rates, and propose one\n"
        "  python train.py --data photos/ --init imported.safetensors --lr 1e-4\n"
        "  python train.py --resume runs/bn               go on after Ctrl-C or a crash\n"
        "  python train.py --evaluate runs/bn/best.safetensors",
    )
    default = Options()
    run = p.add_argument_group("the training")
    # Defaults are None here, so that --resume can tell what was really asked for.
    run.add_argument("--epochs", type=int, help=f"times through the training images ({default.epochs})")
    run.add_argument("--batch-size", type=int, help=f"images for each step ({default.batch_size})")
    run.add_argument("--recipe", choices=tuple(recipes), help="whose figures to use where nothing else is said: see "
                     f"python -m googlenet recipes ({default.recipe})")  # fmt: skip
    run.add_argument("--lr", type=rate_or_find, help=f"learning rate after the warm-up ({default.lr}), sgd: {SGD_LR}; "
                     "find: try many, draw lr.png, propose one, and stop")  # fmt: skip
    run.add_argument("--schedule", choices=SCHEDULES, help=f"how the learning rate falls ({default.schedule})")
    run.add_argument("--warmup", type=float, help=f"epochs in which it climbs to --lr ({default.warmup})")
    run.add_argument("--optimizer", choices=OPTIMIZERS, help=f"what makes steps of gradients ({default.optimizer})")
    run.add_argument("--momentum", type=float, help=f"of sgd ({default.momentum})")
    run.add_argument("--weight-decay", type=float, help=f"pulls weights towards 0 ({default.weight_decay})")
    run.add_argument("--bias-rules", action=argparse.BooleanOptionalAction, help="biases: twice the learning rate, no "
                     "weight decay (no)")  # fmt: skip
    run.add_argument("--label-smoothing", type=float, metavar="SHARE", help="of the right answer, given to all "
                     f"classes; the losses that are shown are without ({default.label_smoothing:g})")  # fmt: skip
    run.add_argument("--average", choices=AVERAGES, help="evaluate averaged weights too, and keep the better: polyak: "
                     f"of the run's second half; ema: the last count most ({default.average})")  # fmt: skip
    run.add_argument("--clip-norm", type=float, metavar="NORM", help="shorten longer gradients to it (0: never)")
    run.add_argument("--accumulate", type=int, metavar="K", help="K batches for each step: one large batch without "
                     f"its memory; batch norm and dropout see the small ones ({default.accumulate})")  # fmt: skip
    run.add_argument("--early-stop", type=int, metavar="N", help="stop when N epochs have not raised the test accuracy "
                     "(0: never)")  # fmt: skip
    run.add_argument("--seed", type=int, help=f"weights, order, dropout ({default.seed})")
    data = p.add_argument_group("the images")
    data.add_argument("--data", type=not_empty, metavar="WHAT", help="digits (those that come with it), mnist, "
                      "fashion-mnist, a folder, or an archive of one (digits)")  # fmt: skip
    data.add_argument("--data-root", type=not_empty, metavar="FOLDER", help="where mnist and fashion-mnist lie (data)")
    data.add_argument("--val-share", type=float, metavar="SHARE", help="so much is kept from images that are not "
                      f"split into train and val ({default.val_share})")  # fmt: skip
    data.add_argument("--channels", type=int, choices=(1, 3), help="gray or color (what the images are)")
    data.add_argument("--mean-std", choices=MEAN_STD, help="what to normalize with (usual: what the weights of "
                      "--init expect; MNIST's for digits, ImageNet's for photos, measured for all else)")  # fmt: skip
    data.add_argument("--image-size", type=int, help=f"width and height, from 32 ({default.image_size} for the digits; "
                      "else what suits the images)")  # fmt: skip
    data.add_argument("--augment", action=argparse.BooleanOptionalAction, help="change training images a little at "
                      "random (yes)")  # fmt: skip
    data.add_argument("--jitter", type=float, metavar="SHARE", help="of that: brightness, contrast, saturation (0; "
                      "photos 0.2)")  # fmt: skip
    data.add_argument("--lighting", type=float, metavar="STD", help="of that: ImageNet's color noise (0; its authors "
                      "0.1)")  # fmt: skip
    data.add_argument("--cutout", type=float, metavar="SHARE", help="of that: hide a square, so much of the side (0)")
    data.add_argument("--mixup", type=float, metavar="ALPHA", help="of that: mix every image with another (0; its "
                      "authors 0.2)")  # fmt: skip
    data.add_argument("--strict", action="store_true", default=None, help="stop where an image cannot be read (train "
                      "without it)")  # fmt: skip
    data.add_argument("--limit-train", type=int, metavar="N", help="only N training images, for a quick try (all)")
    data.add_argument("--limit-test", type=int, metavar="N", help="only N test images (all)")
    data.add_argument(
        "--show-batch", action="store_true", default=None, help="draw what the network will see, and stop"
    )
    net = p.add_argument_group("the network")
    which = f"which GoogLeNet: {', '.join(presets)} ({default.preset})"
    net.add_argument("--preset", choices=tuple(presets), metavar="NAME", help=which)
    net.add_argument("--aux-heads", action=argparse.BooleanOptionalAction, help="train with the auxiliary heads (yes)")
    net.add_argument("--init", type=not_empty, metavar="FILE", help="begin with these weights, a best.safetensors "
                     "or what python -m googlenet import has made; classifiers for other classes are new")  # fmt: skip
    net.add_argument("--freeze", type=not_empty, metavar="BLOCK", help="with --init: leave everything up to this block "
                     "as it is (conv1, conv2, conv3, 3a, 3b, 4a ... 5b)")  # fmt: skip
    net.add_argument("--with", type=not_empty, metavar="FOLDER", help="compute with your own operations: what passes "
                     "of the exercises there (where nothing is said, on few and small images)")  # fmt: skip
    where = p.add_argument_group("the machine and the files")
    where.add_argument("--threads", type=int, help="CPU threads (one for each core)")
    where.add_argument("--device", type=not_empty, help=f"cpu, cuda, cuda:1 ({default.device})")
    where.add_argument("--output", type=not_empty, metavar="FOLDER", help="where runs are kept (runs)")
    where.add_argument("--name", type=not_empty, help="the run's folder under --output (says preset, size, seed, and "
                       "what else is not the default)")  # fmt: skip
    where.add_argument("--tensorboard", action=argparse.BooleanOptionalAction, help="write events for TensorBoard too, "
                       "into the run's folder (no)")  # fmt: skip
    where.add_argument("--resume", type=not_empty, metavar="RUN", help="go on with a run: its folder, or a checkpoint")
    where.add_argument("--evaluate", type=not_empty, metavar="FILE", help="do not train: test-set accuracy of weights, "
                       "a best.safetensors")  # fmt: skip
    add_version(p)
    return p


def what_differs(one: Options, other: Options) -> list[str]:
    """The flags of all in which two records differ that no run changes on its way: where there are any, it is two."""
    return [flag(n) for n, acts in ACTS.items() if acts[1] == SAME and getattr(one, n) != getattr(other, n)]


def given(args: argparse.Namespace) -> dict[str, Any]:
    """What stands on the command line, by name."""
    return {name: value for name, value in vars(args).items() if value is not None}


def chosen(args: argparse.Namespace) -> dict[str, Any]:
    """The Options that the command line sets. Paths are absolute: a run goes on from wherever it is resumed."""
    names = {field.name for field in fields(Options)}
    found = {name: value for name, value in given(args).items() if name in names and value != FIND}
    for name in ("data", "data_root", "init"):
        if name in found and (name != "data" or found[name] not in NAMED):
            found[name] = os.path.abspath(os.path.expanduser(found[name]))
    return found
