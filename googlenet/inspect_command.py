"""python -m googlenet data WHAT: a look at a data set before anything is trained on it."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from googlenet.commandline import at_least, check_packages, not_empty
from googlenet.data.inspection import VERY_SMALL, Inspection, Pair, Place, Spread, inspect
from googlenet.data.source import ImageData, open_data
from googlenet.report.columns import fit, shorten, wrap
from googlenet.training.options import Options, flag
from googlenet.training.sizes import sizes_for

WIDTH = 80  # columns
FEW = 20  # classes that are all listed; of more the largest and the smallest
NAMED = 5  # images that are named in each list: with --json all are
SHEET = "contact_sheet.png"


def add_command(commands: argparse._SubParsersAction) -> None:
    """The command `data`, with its options."""
    c = commands.add_parser(
        "data",
        help="inspect a data set: classes, sizes, duplicates, leaks",
        description="What train.py --data WHAT would see: classes, counts, sizes, channels, images "
        "that come twice, and what cannot be read. Every image is decoded once. The "
        "exit status is 0 whatever is found.",
        epilog="examples:\n"
        "  python -m googlenet data digits\n"
        "  python -m googlenet data photos/ --save look\n"
        "  python -m googlenet data flowers.zip --val-share 0.1 --seed 3 --json",
    )
    c.add_argument("what", type=not_empty, metavar="WHAT", help="digits, a folder, whatever train.py --data takes")
    c.add_argument("--data-root", type=not_empty, default="data", metavar="DIR", help="where data sets are kept (data)")
    c.add_argument("--val-share", type=share, default=0.2, metavar="S", help="held out where WHAT is not split (0.2)")
    c.add_argument("--seed", type=at_least(0), default=0, metavar="N", help="of that split (0)")
    c.add_argument("--save", type=not_empty, metavar="FOLDER", help=f"write {SHEET} there: images of every class")
    c.set_defaults(run=run)


def share(text: str) -> float:
    """For a part of the whole, as argparse's `type`."""
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"got {text!r}, expected a number") from None
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"got {text}, expected more than 0 and less than 1")
    return value


def run(args: argparse.Namespace) -> None:
    """Inspect, print, and draw the contact sheet where one is wanted."""
    check_packages("PIL", "tqdm", *(["matplotlib"] if args.save else []))  # matplotlib has the sheet's font
    from tqdm import tqdm

    data = open_data(args.what, Path(args.data_root), val_share=args.val_share, seed=args.seed)
    total = len(data.train) + len(data.val)
    bar = {
        "total": total,
        "desc": "looking",
        "leave": False,
        "disable": None,
        "file": sys.stderr,
        "dynamic_ncols": True,
    }
    found = inspect(data, watch=lambda looks: tqdm(looks, **bar))
    sheet = None
    if args.save:
        from googlenet.report.contact_sheet import draw_contact_sheet

        sheet = Path(args.save) / SHEET
        sheet.parent.mkdir(parents=True, exist_ok=True)
        draw_contact_sheet(sheet, data)
    chosen = suggestion(data, found)
    if args.json:
        print(json.dumps({**as_json(found), "suggestion": chosen, "contact_sheet": sheet and str(sheet)}))
        return
    print("\n".join(lines(found)))
    if chosen:
        words = " ".join(f"{flag(name)} {value}" for name, value in chosen.items())
        print("\n" + "\n".join(wrap(f"train.py would choose {words}")))
    if sheet:
        print(f"\nimages of every class are in {sheet}")


def suggestion(data: ImageData, found: Inspection) -> dict[str, int | str]:
    """What train.py chooses for the readable images, if there are any."""
    unreadable = {place.name for place, _ in found.unreadable if place.part == "train"}
    good = [i for i in range(len(data.train)) if data.train.name(i) not in unreadable]
    if not good:
        return {}
    usual = Options()
    chosen = sizes_for(replace(data, train=data.train.subset(good)), {})
    names = ("image_size", "batch_size", "epochs", "channels", "preset")
    return {name: chosen.get(name, getattr(usual, name)) for name in names}


def as_json(found: Inspection) -> dict[str, object]:
    """The findings as JSON has them, without infinity."""
    balance = found.balance if math.isfinite(found.balance) else None
    pairs = [{**asdict(pair), "leaks": pair.leaks, "contradicts": pair.contradicts} for pair in found.pairs]
    return {**asdict(found), "balance": balance, "pairs": pairs}


def lines(found: Inspection) -> list[str]:
    """The findings, in at most WIDTH columns: what the data are, then what is wrong with them, the worst first."""
    where = f" ({found.where})" if found.where and found.where != found.name else ""
    said = [shorten(f"{found.name}: {_count(len(found.classes), 'class')}{where}", WIDTH), ""]
    said += class_table(found) + [""] + _properties(found)
    said += [line for note in found.notes for line in ("", *wrap(f"note: {note}"))]
    problems = _problems(found)
    return said + (problems or ["", "no image comes twice, and all can be read"])


def class_table(found: Inspection) -> list[str]:
    """The counts of each class with a bar; where there are many classes of the largest and the smallest alone."""
    order: Sequence[int] = range(len(found.classes))
    by_size = sorted(order, key=lambda label: (-found.train[label], label))
    shown = list(order) if len(order) <= FEW else by_size[: FEW // 2] + by_size[-FEW // 2 :]
    largest = max(found.train)
    said = [f"{'class':<34}{'train':>9}{'val':>9}"]
    for number, label in enumerate(shown):
        if len(order) > FEW and number == FEW // 2:
            said.append(f"  ... {len(order) - len(shown):,} classes between them ...")
        bar = "#" * round(26 * found.train[label] / max(1, largest))
        said.append(f"{fit(found.classes[label], 34)}{found.train[label]:>9,}{found.val[label]:>9,}  {bar}".rstrip())
    said.append(f"{'all':<34}{sum(found.train):>9,}{sum(found.val):>9,}")
    if len(order) > 1:
        said.append("")
        if not min(found.train):
            said.append("the smallest class has no training image")
        elif found.balance == 1:
            said.append("all classes have the same number of training images")
        else:
            said.append(f"the largest class has {found.balance:.3g} times the training images of the smallest")
    return said


def _properties(found: Inspection) -> list[str]:
    if found.widths is None or found.heights is None or found.aspects is None:
        return ["no image can be read"]
    said = [
        f"width      {_spread(found.widths)} pixels",
        f"height     {_spread(found.heights)} pixels",
        f"shape      {_spread(found.aspects, '.2f')} (width / height)",
    ]
    stored = ", ".join(f"{count:,} {how}" for how, count in found.stored.items())
    said += wrap(stored, indent=11, start="channels   ")
    if found.turned:
        said.append(f"EXIF       {found.turned:,} are stored lying or mirrored, and are turned upright")
    if found.animated:
        said.append(f"animated   {found.animated:,}, of which the first picture is used")
    return said


def _spread(spread: Spread, style: str = ",.0f") -> str:
    if spread.smallest == spread.largest:
        return f"{spread.median:{style}}"
    return f"{spread.smallest:{style}} to {spread.largest:{style}}, median {spread.median:{style}}"


def _problems(found: Inspection) -> list[str]:
    """What is wrong, each kind with its first images, the worst first."""
    said = []
    for equal in (True, False):  # the very same, then similar ones
        pairs = [pair for pair in found.pairs if (pair.how != "similar") == equal]
        leaks = [pair for pair in pairs if pair.leaks]
        many = _count(len({pair.other for pair in leaks}), "validation image")
        said += _pairs(
            f"LEAK: {many} also used for training: the accuracy will be too good"
            if equal
            else f"PERHAPS A LEAK: {many} similar to training images: look at them",
            leaks,
            found,
        )
        contradictions = [pair for pair in pairs if pair.contradicts]
        many = _count(len(contradictions), "pair")
        said += _pairs(
            f"TWO LABELS: {many} of one picture in two classes: one label is wrong"
            if equal
            else f"PERHAPS TWO LABELS: {many} of similar pictures in two classes: look at them",
            contradictions,
            found,
        )
        rest = [pair for pair in pairs if not pair.leaks and not pair.contradicts]
        said += _pairs(f"{'TWICE' if equal else 'SIMILAR'}: {_count(len(rest), 'pair')} in one class", rest, found)
    if found.unreadable:
        said += ["", f"UNREADABLE: {_count(len(found.unreadable), 'image')} left out of the training"]
        for place, reason in found.unreadable[:NAMED]:
            said += [_named(place, found), *wrap(reason, indent=4, start="    ")]
        said += _more(len(found.unreadable))
    for label, name in enumerate(found.classes):
        if not found.train[label]:
            said += ["", shorten(f"EMPTY: no training image of {name}", WIDTH)]
    total = sum(found.train) + sum(found.val) - len(found.unreadable)
    if found.very_small and found.kind != "digits":
        many = "all" if len(found.very_small) == total else _count(len(found.very_small), "image")
        said += ["", f"VERY SMALL: {many} below {VERY_SMALL} pixels in width or height"]
        said += [_named(place, found) for place in found.very_small[:NAMED]] + _more(len(found.very_small))
    if found.not_compared:
        said += ["", *wrap(f"note: {found.not_compared}")]
    return said


def _pairs(heading: str, pairs: list[Pair], found: Inspection) -> list[str]:
    if not pairs:
        return []
    said = ["", *wrap(heading)]
    for pair in pairs[:NAMED]:
        how = pair.how if pair.how != "similar" else f"{pair.bits} of 64 bits differ"
        said += [_named(pair.one, found), _named(pair.other, found, f"  ({how})")]
    return said + _more(len(pairs))


def _named(place: Place, found: Inspection, text: str = "") -> str:
    """An image on one line: its part, and its name below the folder of the data."""
    start, name = f"  {place.part:<6}", place.name
    if found.where and Path(name).is_relative_to(found.where):
        name = str(Path(name).relative_to(found.where))
    return f"{start}{shorten(name, WIDTH - len(start) - len(text))}{text}"


def _more(count: int) -> list[str]:
    return [f"  ... and {count - NAMED:,} more (--json has all)"] if count > NAMED else []


def _count(count: int, what: str) -> str:
    plural = f"{what}es" if what.endswith("s") else f"{what}s"
    return f"1 {what}" if count == 1 else f"{count:,} {plural}"
