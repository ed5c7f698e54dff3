"""python -m googlenet predict: what is on these photos?"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from googlenet.commandline import FAILED, USAGE_ERROR, at_least, not_empty, say
from googlenet.data.crops import COUNTS, ImageCrops, upright
from googlenet.data.images import FileImages
from googlenet.data.preprocessing import Preprocessing
from googlenet.data.tree import IMAGE_SUFFIXES, is_image, read_tree
from googlenet.evaluation import predictions_with_bar
from googlenet.report.figure import new_figure
from googlenet.report.prediction import prediction_png
from googlenet.report.text import printable, shortened
from googlenet.weights import load_model
from minicnn.checkpoint import write_atomically

EXAMPLES = (
    "examples:\n"
    "  python -m googlenet predict runs/flowers/best.safetensors photo.jpg\n"
    "  python -m googlenet predict best.safetensors photos/ --save labeled/\n"
    "  cat photo.jpg | python -m googlenet predict best.safetensors - --json"
)
STDIN = "-"
LARGEST_INPUT = 2**28  # bytes of an image on standard input
BATCH_SIZE = 32
SIDE = 900  # pixels of a photo in a saved picture, at most


def add_options(p: argparse.ArgumentParser) -> None:
    """The command line."""
    p.epilog = EXAMPLES
    p.add_argument("file", type=not_empty, metavar="WEIGHTS", help="weights that train.py has written")
    p.add_argument("images", type=not_empty, nargs="+", metavar="IMAGE", help="files, folders of them, or - for "
                   "standard input")  # fmt: skip
    p.add_argument("--top", type=at_least(1), default=5, metavar="N", help="the N most probable classes (5)")
    p.add_argument("--crops", type=int, choices=COUNTS, default=1, help="of each image, 144 as in the paper (1)")
    p.add_argument("--device", type=not_empty, default="cpu", help="cpu, cuda, cuda:1 (cpu)")
    p.add_argument("--save", type=not_empty, metavar="OUT", help="draw each image with its probabilities: into "
                   "OUT.png or, of several images, into the folder OUT")  # fmt: skip
    p.set_defaults(run=run)


class File(NamedTuple):
    """An image to predict: what the user calls it, and where it lies."""

    name: str
    path: Path


class Guess(NamedTuple):
    """A class by its name, its number among the outputs of the network, and its probability, 0 to 1."""

    name: str
    number: int
    probability: float


class Prediction(NamedTuple):
    """What an image is taken for, the best guess first; or why it cannot be read."""

    file: File
    guesses: list[Guess]
    error: str | None

    def lines(self) -> list[str]:
        """For the screen, 80 columns wide but for the name of the file."""
        return [printable(self.file.name), *(f"{g.probability:>9.2%}  {shortened(g.name, 69)}" for g in self.guesses)]

    def record(self) -> dict[str, Any]:
        """For a program."""
        guesses = [{"class": g.name, "index": g.number, "probability": g.probability} for g in self.guesses]
        return {"path": self.file.name, "predictions": guesses, **({"error": self.error} if self.error else {})}


def run(args: argparse.Namespace) -> int:
    """Predict, print, save; returns the exit status: 1 where some images cannot be read, 2 where none can."""
    if args.save:
        new_figure(1, 1)  # so that a missing matplotlib is found out before all is computed
    with files_of(args.images) as files:
        pictures = picture_paths(args.save, files, args.images) if args.save else {}
        found = predict(Path(args.file), files, args.top, args.crops, args.device)
        if args.json:
            print(json.dumps([prediction.record() for prediction in found]))
        for prediction in found:
            if prediction.error:
                say(f"{printable(prediction.file.name)} cannot be read: {prediction.error}", error=True)
                continue
            if not args.json:
                print("\n".join(prediction.lines()))
            if args.save:
                save_picture(pictures[prediction.file], prediction)
    failures = sum(prediction.error is not None for prediction in found)
    if args.save and not args.json and failures < len(found):
        print(f"saved: {args.save}")
    return 0 if not failures else FAILED if failures < len(found) else USAGE_ERROR


def predict(
    weights: Path, files: Sequence[File], top: int = 5, crops: int = 1, device: str = "cpu"
) -> list[Prediction]:
    """What each image is taken for by the network in `weights`, prepared as that file says.

    Raises ValueError, naming the file, for weights that are no good. Warns on the screen of dark on light, see
    `dark_on_light`.
    """
    model, info = load_model(weights)
    preprocessing: Preprocessing | None = info["preprocessing"]
    if preprocessing is None:
        raise ValueError(f"{weights}: for {info['in_channels']} channels, expected 1 (gray) or 3 (color)")
    dataset = ImageCrops(FileImages([file.path for file in files], [0] * len(files), ()), preprocessing, crops)
    found = predictions_with_bar(model.to(device), dataset, device, BATCH_SIZE)
    results = []
    for index, (file, best, p) in enumerate(zip(files, found.most_probable(top), found.probabilities, strict=True)):
        guesses = [Guess(info["classes"][number], int(number), float(p[number])) for number in best]
        error = dataset.unreadable.get(index)
        results.append(Prediction(file, [] if error else guesses, error))
    light = [result.file for result in results if not result.error and dark_on_light(result.file, preprocessing)]
    if light:
        say(f"note: {len(light):,} of {len(files):,} images are dark on light, such as {printable(light[0].name)}. "
            "These weights know light on dark: invert the images", error=True)  # fmt: skip
    return results


def dark_on_light(file: File, preprocessing: Preprocessing) -> bool:
    """Whether an image is mostly light, where the network was trained on gray images that are mostly dark.

    That is a digit on paper, for a network that knows MNIST's, which are white on black: to it, it is anything.
    """
    if preprocessing.channels != 1 or preprocessing.mean[0] > 0.35:
        return False
    with FileImages([file.path], [0], ()).open(0) as image:
        return bool(preprocessing.cut(image).mean() > 0.65 * 255)


# ---- files in ------------------------------------------------------------------------------------------------------


@contextmanager
def files_of(arguments: Sequence[str]) -> Iterator[list[File]]:
    """The images that the arguments name, those of a folder in the order of their names, of its own folders too.

    What comes on standard input is a file for as long as the context lasts. Raises ValueError for a folder without
    images, and for no image, or more than LARGEST_INPUT bytes, on standard input.
    """
    files: list[File] = []
    with ExitStack() as cleaning:
        for argument in dict.fromkeys(arguments):  # each once
            if argument == STDIN:
                folder = cleaning.enter_context(tempfile.TemporaryDirectory(prefix="googlenet-"))
                files.append(File("standard input", from_standard_input(Path(folder, "image"))))
            elif os.path.isdir(argument):
                inside = read_tree(Path(argument)).all_images()
                if not inside:
                    raise ValueError(
                        f"{argument} has no images in it, expected files that end in {', '.join(IMAGE_SUFFIXES)}"
                    )
                files += [File(str(path), path) for path in inside]
            else:
                files.append(File(argument, Path(argument)))
        yield list(dict.fromkeys(files))


def from_standard_input(path: Path) -> Path:
    """Write what comes on standard input to `path`, which is returned."""
    content = sys.stdin.buffer.read(LARGEST_INPUT + 1)
    if not content:
        raise ValueError("nothing came on standard input, expected an image")
    if len(content) > LARGEST_INPUT:
        raise ValueError(f"more than {LARGEST_INPUT:,} bytes came on standard input, expected an image")
    path.write_bytes(content)
    return path


# ---- pictures out --------------------------------------------------------------------------------------------------


def picture_paths(out: str, files: Sequence[File], arguments: Sequence[str]) -> dict[File, Path]:
    """Where the picture of each image goes: one image into the file OUT, if that ends in .png, else into the folder.

    In a folder they have the names of the images; those that several share get numbers. No image is overwritten.
    Raises ValueError where OUT cannot be meant.
    """
    folder = Path(out)
    taken = {os.path.realpath(file.path).casefold() for file in files}
    if is_image(out) and not folder.is_dir():
        if len(files) > 1 or any(os.path.isdir(argument) for argument in arguments):
            raise ValueError(f"--save: got {out} for several images, expected a folder")
        if folder.suffix.lower() != ".png":
            raise ValueError(f"--save: got {out}, but it will be a PNG file: call it {folder.with_suffix('.png')}")
        if os.path.realpath(folder).casefold() in taken:
            raise ValueError(f"--save: {out} is the image itself, expected another name")
        return {files[0]: folder}
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"--save: {out} is there and no folder, expected a folder, or a name that ends in .png")
    paths = {}
    for file in files:
        stem, number = Path(file.name).stem[:60], 1
        path = folder / f"{stem}.png"
        while os.path.realpath(path).casefold() in taken:
            number += 1
            path = folder / f"{stem}-{number}.png"
        taken.add(os.path.realpath(path).casefold())
        paths[file] = path
    return paths


def save_picture(path: Path, prediction: Prediction) -> None:
    """Draw an image with its probabilities."""
    with FileImages([prediction.file.path], [0], ()).open(0) as image:
        photo = upright(image, SIDE // 2)
    photo.thumbnail((SIDE, SIDE))
    path.parent.mkdir(parents=True, exist_ok=True)
    best = [(guess.name, guess.probability) for guess in prediction.guesses]
    write_atomically(path, [prediction_png(photo, Path(prediction.file.name).name, best)])
