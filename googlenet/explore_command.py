"""python -m googlenet explore WEIGHTS IMAGE: a look inside a trained network, forward and backward, as a page."""

from __future__ import annotations

import argparse
import difflib
import json
import os
import shlex
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from googlenet.commandline import at_least, check_packages, not_empty
from googlenet.data.photo import UnreadableImage, open_photo
from googlenet.data.preprocessing import Preprocessing
from googlenet.explorer.data import Options, explorer_data, facts
from googlenet.explorer.page import page
from googlenet.explorer.run import Run, run_network
from googlenet.report.text import printable, shortened
from googlenet.weights import load_model
from minicnn.checkpoint import write_atomically

LARGEST_IMAGE = 512  # pixels along a side of what the network sees: of more, nobody's memory holds all gradients
NAMED = 12  # classes that a message lists


def add_command(commands: argparse._SubParsersAction) -> None:
    """The command `explore`, with its options."""
    c = commands.add_parser(
        "explore",
        help="a look inside, forward and backward: a page",
        description="Run a trained network on one picture, forward and backward from every loss, and write all that "
        "was computed as one page for a browser: feature maps, gradients, the sum behind a pixel. Nothing is fetched, "
        "and no server is needed. docs/explorer.md says how to read it.",
        epilog="examples:\n"
        "  python -m googlenet explore runs/pets/best.safetensors cat.jpg -o cat.html\n"
        "  python -m googlenet explore best.safetensors cat.jpg --label dogs -o why.html\n"
        "  python -m googlenet explore best.safetensors cat.jpg --layers 3a,3b -o a.html\n"
        "  python -m googlenet explore best.safetensors cat.jpg --json",
    )
    c.add_argument("file", type=not_empty, metavar="WEIGHTS", help="weights that train.py or import has written")
    c.add_argument("image", type=not_empty, metavar="IMAGE", help="a picture, of any size")
    c.add_argument("-o", "--output", type=not_empty, metavar="OUT", help="the page, OUT.html; only with --json none is "
                   "needed")  # fmt: skip
    c.add_argument("--label", type=not_empty, metavar="CLASS", help="losses and scores are of this class, a name or a "
                   "number from 0 (the most probable one)")  # fmt: skip
    c.add_argument("--channels", type=at_least(1), metavar="N", help="exact numbers of the N strongest channels of "
                   "each operation (8, or fewer where they are too many)")  # fmt: skip
    c.add_argument("--layers", type=not_empty, metavar="BLOCKS", help="exact numbers of these alone, and of what is "
                   "next to them: conv1,3a,aux1 (all)")  # fmt: skip
    c.add_argument("--full", action="store_true", help="exact numbers of all channels: a page of any size")
    c.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Check what can be checked before the work; run the network, write the page, tell."""
    check_packages("PIL", "tqdm")
    weights, image = Path(args.file), Path(args.image)
    out = None if args.output is None else Path(args.output)
    check(weights, image, out, args)
    model, info = load_model(weights)
    classes = info["classes"]
    picture, x = prepared(image, info["preprocessing"], weights)
    label = None if args.label is None else class_number(args.label, classes)
    found = run_network(model, x, label)
    layers = None if args.layers is None else numbers_of(args.layers, found)
    record: dict[str, Any] = {"weights": str(weights), "picture": str(image), "preset": info["preset"]}
    if out is not None:
        about = {
            "weights": weights.name, "picture": image.name, "preset": info["preset"],
            "picture's size": f"{x.shape[2]} x {x.shape[3]} pixels, as the network gets it", "command": command(args),
        }  # fmt: skip
        options = Options(about, args.label is not None, args.channels, layers, args.full)
        data, numbers = explorer_data(found, model, info, picture, options, watched)
        # A file name may hold bytes that are no text.
        write_atomically(out, [page(data, numbers).encode("utf-8", "backslashreplace")])
        record |= {"page": str(out), "bytes": out.stat().st_size, "left_out": data["left_out"]}
    if args.json:
        print(json.dumps(record | facts(found, classes)))
        return
    print("\n".join(lines(found, classes)))
    assert out is not None  # `check`
    print(f"\nthe page is {printable(str(out))} ({out.stat().st_size / 1e6:.1f} MB)")


# ---- what the user gave -------------------------------------------------------------------------------------------


def check(weights: Path, image: Path, out: Path | None, args: argparse.Namespace) -> None:
    """ValueError for what would come to nothing, or write over what nobody wants to lose."""
    if out is None:
        if not args.json:
            raise ValueError("-o: where is the page to go? Expected a name that ends in .html (none with --json)")
        for option, given in (("--channels", args.channels), ("--layers", args.layers), ("--full", args.full)):
            if given:
                raise ValueError(f"{option}: is about the page, and without -o there is none")
        return
    if args.full and args.channels:
        raise ValueError("--channels: --full takes all of them; leave one of the two out")
    if out.is_dir():
        raise ValueError(f"-o: {out} is a folder, expected a name that ends in .html, such as {out / 'explorer.html'}")
    if out.suffix.lower() not in (".html", ".htm"):
        raise ValueError(f"-o: got {out}, expected a name that ends in .html")
    if not out.parent.is_dir():
        raise ValueError(f"-o: the folder {out.parent} is not there; make it first")
    for other, what in ((weights, "the weights"), (image, "the picture")):
        if os.path.exists(out) and os.path.exists(other) and os.path.samefile(out, other):
            raise ValueError(f"-o: {out} is the file with {what}; choose another name")


def prepared(
    image: Path, preprocessing: Preprocessing | None, weights: Path
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """The picture as the weights want it: its pixels, (H, W) or (H, W, 3), and x (1, channels, H, W).

    Raises UnreadableImage for what is none, ValueError where the weights are for images that a picture cannot be.
    """
    if preprocessing is None:
        raise ValueError(f"{weights}: for other than 1 (gray) or 3 (color) channels, which no picture has")
    if preprocessing.image_size > LARGEST_IMAGE:
        size = preprocessing.image_size
        raise ValueError(f"{weights}: for images of {size}x{size}; a page is made for at most {LARGEST_IMAGE} pixels")
    try:
        with open_photo(image) as photo:
            picture = preprocessing.cut(photo)
    except Exception as error:  # of a broken file, Pillow raises OSError, SyntaxError, struct.error and many more
        raise UnreadableImage(image, error) from error
    return picture, preprocessing.normalize(picture)[np.newaxis]


def class_number(given: str, classes: Sequence[str]) -> int:
    """Which class is meant, by its name, whatever the case, or by its number. ValueError where it is not one."""
    for same in (lambda name: name == given, lambda name: name.casefold() == given.casefold()):
        numbers = [number for number, name in enumerate(classes) if same(name)]
        if len(numbers) > 1:
            raise ValueError(f"--label: {len(numbers)} classes are called {given}, expected one of their numbers: "
                             f"{listed(map(str, numbers))}")  # fmt: skip
        if numbers:
            return numbers[0]
    if given.isdecimal() and int(given) < len(classes):
        return int(given)
    what = f"a class or a number up to {len(classes) - 1}"
    raise ValueError(f"--label: got {given!r}, expected {what}: {near(given, classes)}")


def numbers_of(given: str, run: Run) -> frozenset[int]:
    """The numbers of the places in the blocks that are named, separated by commas: 3a is inception3a.

    And of those beside them, whose results they take or which take theirs: of these their sums are made.
    """
    blocks: dict[str, set[int]] = {}
    for place in run.places:
        if place.block:
            blocks.setdefault(place.block.removeprefix("inception"), set()).add(place.number)
    chosen: set[int] = set()
    for name in filter(None, (part.strip() for part in given.split(","))):
        block = name.lower().removeprefix("inception")
        if block not in blocks:
            raise ValueError(
                f"--layers: got {name!r}, expected blocks of this network: {near(block, list(blocks), len(blocks))}"
            )
        chosen |= blocks[block]
    if not chosen:
        raise ValueError(f"--layers: got {given!r}, expected blocks of this network: {listed(blocks, len(blocks))}")
    edges = [(number, place.number) for place in run.places for number in place.node.inputs]
    taken, taking = {a for a, b in edges if b in chosen}, {b for a, b in edges if a in chosen}
    return frozenset(chosen | taken | taking)


def near(given: str, names: Sequence[str], most: int = NAMED) -> str:
    """The names that may be meant, or where none is similar the first."""
    folded = {name.casefold(): name for name in names}
    similar = [folded[name] for name in difflib.get_close_matches(given.casefold(), folded)]
    return f"perhaps {' or '.join(similar)}" if similar else listed(names, most)


def listed(names: Iterable[str], most: int = NAMED) -> str:
    """The names, the first of them where there are many."""
    every = list(names)
    return ", ".join(every[:most]) + (f" and {len(every) - most:,} more" if len(every) > most else "")


def command(args: argparse.Namespace) -> str:
    """The command line that makes the page again."""
    words = ["python", "-m", "googlenet", "explore", args.file, args.image]
    for name in ("label", "channels", "layers"):
        if (value := getattr(args, name)) is not None:
            words += [f"--{name}", str(value)]
    return shlex.join([*words, *(["--full"] if args.full else []), "-o", args.output])


# ---- what is said -------------------------------------------------------------------------------------------------


def watched(batches: Iterable[int]) -> Iterable[int]:
    """With a bar, where it takes long in a terminal."""
    from tqdm import tqdm

    bar: Iterable[int] = tqdm(batches, desc="occlusion", unit=" batches", leave=False, dynamic_ncols=True, disable=None,
                              delay=1, file=sys.stderr)  # fmt: skip
    return bar


def lines(run: Run, classes: Sequence[str]) -> list[str]:
    """The best classes and the losses, 80 columns wide."""
    best = facts(run, classes)["scores"]["main"]
    said = [f"{probability:>9.2%}  {shortened(classes[number], 69)}" for number, probability, _ in best]
    losses = ", ".join(f"{name} {value:.4f}" for name, value in run.losses.items())
    return [*said, "", f"losses of {shortened(classes[run.label], 40)}:", f"  {losses}"]
