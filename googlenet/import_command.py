"""python -m googlenet import FILE -o OUT: weights of other programs, for predict, evaluate and train.py --init."""

from __future__ import annotations

import argparse
import json
import os
import shlex
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import minicnn as mc
from googlenet.commandline import at_least, not_empty, one_line
from googlenet.data.imagenet import IMAGENET_CLASSES
from googlenet.data.preprocessing import CROPS, Preprocessing
from googlenet.model import GoogLeNet
from googlenet.presets import Preset, presets
from googlenet.report.columns import fit, wrap
from googlenet.report.text import printable
from googlenet.weights.conversion import adapted, convert
from googlenet.weights.copying import Copied, copy_into, left_over
from googlenet.weights.file import save_network
from googlenet.weights.foreign import Foreign
from googlenet.weights.reading import read_foreign

KINDS = {
    "torchvision": "torchvision's GoogLeNet",
    "tutorial": "a GoogLeNet of a PyTorch program",
    "caffe": "Caffe's GoogLeNet",
    "onnx": "a GoogLeNet in ONNX",
    "ours": "weights that this program has written",
}
MOST_CLASSES = 100_000
LARGEST_LIST = 2**22  # bytes of a file with the names of classes


def add_command(commands: argparse._SubParsersAction) -> None:
    """The command `import`, with its options."""
    c = commands.add_parser(
        "import",
        help="weights of torchvision, Caffe, ONNX, tutorials",
        description="Make weights of other programs ours: .pth of PyTorch, .safetensors, .caffemodel of "
        "Caffe, .onnx. What the file is, its content tells. Nothing in it is executed.",
        epilog="examples:\n"
        "  python -m googlenet import googlenet-1378be20.pth -o googlenet.safetensors\n"
        "  python -m googlenet import googlenet-1378be20.pth -o warm.safetensors \\\n"
        "      --preset plain --classes daisy,dandelion,roses,sunflowers,tulips\n"
        "  python -m googlenet import bvlc_googlenet.caffemodel -o caffe.safetensors\n"
        "  python -m googlenet import tutorial.pth -o flowers.safetensors \\\n"
        "      --classes flowers.txt --mean 0.485 0.456 0.406 --std 0.229 0.224 0.225",
    )
    c.add_argument("file", type=not_empty, metavar="FILE", help="weights of another program")
    c.add_argument("-o", "--out", type=not_empty, required=True, metavar="OUT", help="our file (.safetensors)")
    c.add_argument("--preset", choices=tuple(presets), metavar="NAME",
                   help=f"which GoogLeNet to make of it: {', '.join(presets)} (that which fits)")  # fmt: skip
    c.add_argument("--mode", choices=("exact", "copy"), default="exact", help="exact: the same logits, or an error; "
                   "copy: the convolutions whose shapes agree, the rest is new (exact)")  # fmt: skip
    c.add_argument("--classes", type=not_empty, metavar="C", help="their number, their names with commas between them, "
                   "or a file with a name a line (what the file has)")  # fmt: skip
    c.add_argument("--transform-input", action=argparse.BooleanOptionalAction, help="whether the file's network brings "
                   "normalized images to [-1, 1] (torchvision's pretrained ones do)")  # fmt: skip
    c.add_argument("--mean", type=float, nargs="+", metavar="M", help="of each channel, 0 to 1, for normalizing "
                   "(as usual for such a file)")  # fmt: skip
    c.add_argument("--std", type=float, nargs="+", metavar="S", help="likewise")
    c.add_argument("--crop", choices=CROPS, help="of a photo: the middle, or everything squeezed (likewise)")
    c.add_argument("--image-size", type=at_least(32), metavar="N", help="width and height in pixels (likewise)")
    c.set_defaults(run=run)


class Made(NamedTuple):
    """The network, what feeds it, and how it came about."""

    model: GoogLeNet
    preprocessing: Preprocessing
    steps: tuple[str, ...]
    new: tuple[str, ...]  # layers whose weights are new
    layers: tuple[Copied, ...] = ()  # of --mode copy


@dataclass(frozen=True)
class Imported:
    """What became of the file."""

    file: str
    out: str
    kind: str  # torchvision, tutorial, caffe, onnx, ours
    file_preset: str  # the preset that computes what the file's network computed
    preset: str
    mode: str
    aux_heads: bool
    classes: tuple[str, ...]
    new: tuple[str, ...]  # layers with new weights
    preprocessing: dict[str, Any]
    steps: tuple[str, ...]  # what was done to get into the preset
    notes: tuple[str, ...]  # what was assumed
    layers: tuple[dict[str, Any], ...]  # of --mode copy: what was taken, what was not, and why


def run(args: argparse.Namespace) -> None:
    """Read, convert, write, tell."""
    check_out(Path(args.file), Path(args.out))
    try:
        foreign = read_foreign(Path(args.file))
    except ValueError as error:  # with names out of the file
        raise ValueError(printable(one_line(error))) from error
    source, target = presets_of(foreign, args.preset, args.transform_input)
    if foreign.kind == "tutorial" and args.image_size is None:
        args.image_size = target.image_size
    foreign = replace(foreign, preprocessing=asked_preprocessing(foreign.preprocessing, args))
    names = class_names(args.classes, foreign)
    mc.manual_seed(0)  # for what is new: the same file gives the same file
    made = (copy if args.mode == "copy" else exact)(foreign, source, target, len(names))
    size = made.preprocessing.image_size
    if size < target.smallest_image:
        raise ValueError(f"--image-size is {size}, preset {target.name} needs at least {target.smallest_image}")
    origin = {"file": Path(args.file).name, "kind": foreign.kind, "mode": args.mode, "steps": made.steps}
    save_network(Path(args.out), made.model, image_size=size, classes=names, preprocessing=made.preprocessing,
                 imported=origin)  # fmt: skip
    found = Imported(
        args.file,
        args.out,
        foreign.kind,
        foreign.preset,
        target.name,
        args.mode,
        made.model.aux1 is not None,
        names,
        made.new,
        made.preprocessing.to_record(),
        made.steps,
        foreign.notes,
        tuple(layer._asdict() for layer in made.layers),
    )
    print(json.dumps(asdict(found)) if args.json else "\n".join(lines(found)))


def check_out(file: Path, out: Path) -> None:
    """ValueError where OUT would take the place of something that is not ours: of the file itself, for one."""
    if out.is_dir():
        raise ValueError(f"{out} is a folder, expected the name of a file: -o {out / 'weights.safetensors'}")
    if not out.is_file():
        return
    if file.exists() and os.path.samefile(file, out):
        raise ValueError(f"-o {out} is the file itself, expected another name")
    with out.open("rb") as stream:
        start = stream.read(2**16)
    if start and b'"googlenet"' not in start:
        raise ValueError(f"-o {out} is there, and not a file of ours, which could be replaced: expected another name")


def asked_preprocessing(usual: Preprocessing, args: argparse.Namespace) -> Preprocessing:
    """The file's preprocessing with what the user knows better."""
    asked: dict[str, Any] = {}
    for name in ("mean", "std"):
        if (values := getattr(args, name)) is not None:
            if len(values) not in (1, usual.channels):
                raise ValueError(f"--{name}: got {len(values)} numbers, expected {usual.channels}, one a channel")
            asked[name] = tuple(values * usual.channels if len(values) == 1 else values)
    asked |= {name: value for name in ("crop", "image_size") if (value := getattr(args, name)) is not None}
    return replace(usual, **asked)


def presets_of(foreign: Foreign, asked: str | None, transform_input: bool | None) -> tuple[Preset, Preset]:
    """The preset of the file's network, and the one that is wanted.

    Which graph is around a tutorial's weights its file does not tell: the user does, with --preset. What their shapes
    tell is as in the file all the same.
    """
    source = presets[foreign.preset]
    target = presets[asked] if asked else source
    if foreign.kind == "tutorial":
        there = {name: getattr(source, name) for name in ("batch_norm", "kernel_5x5", "reductions", "aux_size")}
        source = replace(target, **there, transform_input=False)
    if transform_input is not None:
        source = replace(source, transform_input=transform_input)
    return source, target


def class_names(asked: str | None, foreign: Foreign) -> tuple[str, ...]:
    """The names of the outputs: those asked for, of the file, ImageNet's where there are 1000, or "class 0"."""
    count = foreign.num_classes
    if asked is None or asked == str(count):
        usual = IMAGENET_CLASSES if count == len(IMAGENET_CLASSES) else numbered(count)
        known = foreign.classes if foreign.classes is not None and len(foreign.classes) == count else usual
        return tuple(known)
    if asked.isdecimal():
        if not 1 <= int(asked) <= MOST_CLASSES:
            raise ValueError(f"--classes: got {asked}, expected 1 to {MOST_CLASSES:,}")
        return numbered(int(asked))
    if os.path.isfile(asked):
        if os.path.getsize(asked) > LARGEST_LIST:
            raise ValueError(f"--classes: {asked} has more than {LARGEST_LIST:,} bytes, expected a name a line")
        try:
            text = Path(asked).read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise ValueError(f"--classes: {asked} is no text, expected a name a line") from error
        names = text.splitlines()
    elif "," in asked:
        names = asked.split(",")
    else:
        raise ValueError(f"--classes: got {asked!r}, expected a number, names with commas between them, or a file")
    found = tuple(name.strip() for name in names if name.strip())
    if len(set(found)) != len(found) or not 1 <= len(found) <= MOST_CLASSES:
        raise ValueError(f"--classes: got {len(found)} names, {len(set(found))} of them different, expected each once")
    return found


def numbered(count: int) -> tuple[str, ...]:
    """Names for classes without names."""
    return tuple(f"class {number}" for number in range(count))


# ---- the two modes -------------------------------------------------------------------------------------------------


def exact(foreign: Foreign, source: Preset, target: Preset, classes: int) -> Made:
    """A network that says what the file's said; the classifiers are new where there are other classes."""
    state, preprocessing, steps = convert(foreign.state, foreign.preprocessing, source, target)
    model = GoogLeNet(classes, target, foreign.in_channels, "aux1.fc1.weight" in state)
    new: tuple[str, ...] = ()
    if classes != foreign.num_classes:
        new = tuple(name for name in ("fc", "aux1.fc2", "aux2.fc2") if f"{name}.weight" in state)
        state = {name: array for name, array in state.items() if name.rpartition(".")[0] not in new}
        steps += (f"{classes} classes, {foreign.num_classes} in the file: the classifiers are new",)
    model.load_state_dict({**model.state_dict(), **state})
    return Made(model, preprocessing, steps, new)


def copy(foreign: Foreign, source: Preset, target: Preset, classes: int) -> Made:
    """A new network with the convolutions that fit."""
    model = GoogLeNet(classes, target, foreign.in_channels, foreign.aux_heads)
    report = copy_into(model, foreign.state)
    preprocessing, steps = adapted(foreign.preprocessing, source, target)
    norms = left_over(model, foreign.state)
    if norms:
        steps += (f"{len(norms)} layers of the file have no place here, such as {norms[0]}",)
    return Made(model, preprocessing, steps, tuple(layer.name for layer in report if not layer.taken), tuple(report))


# ---- what is said --------------------------------------------------------------------------------------------------


def lines(found: Imported) -> list[str]:
    """The account, in 80 columns."""
    heads = "with both heads" if found.aux_heads else "without heads"
    said = wrap(f"{found.file}: {KINDS[found.kind]}, {heads}")
    how = "exact: the same logits" if found.mode == "exact" else "what fits"
    said += wrap(f"into preset {found.preset}, {how}", start="  ")
    said += [line for step in found.steps for line in wrap(step, start="  - ", indent=4)]
    if found.layers:
        said += ["", *layer_lines(found.layers), ""]
    names = ", ".join(found.classes[:3]) + (", ..." if len(found.classes) > 3 else "")
    said += wrap(f"{len(found.classes):,}: {names}", start="classes  ", indent=9)
    said += wrap(image_line(found.preprocessing), start="images   ", indent=9)
    said += [line for note in found.notes for line in wrap(note, start="note: ", indent=6)]
    said += [f"written: {printable(found.out)}"]
    return said + ["next:    " + printable(next_command(found))]


def image_line(preprocessing: dict[str, Any]) -> str:
    """What becomes of an image."""
    mean, std = (" ".join(f"{value:.4g}" for value in preprocessing[name]) for name in ("mean", "std"))
    size, crop = preprocessing["image_size"], preprocessing["crop"]
    return f"{size}x{size} {preprocessing['order']}, {crop}, mean {mean}, std {std}"


def next_command(found: Imported) -> str:
    """What to type now: a network with new layers has to be trained first."""
    if found.new:
        return f"python train.py --init {shlex.quote(found.out)} --data photos/"
    return f"python -m googlenet predict {shlex.quote(found.out)} photo.jpg"


def layer_lines(layers: Sequence[dict[str, Any]]) -> list[str]:
    """The report of --mode copy: a line a layer, and the sum."""
    said = [f"{fit(layer['name'], 28)} {'taken' if layer['taken'] else 'new':<6} {layer['why']}" for layer in layers]
    taken = [layer for layer in layers if layer["taken"]]
    numbers = sum(layer["numbers"] for layer in taken)
    return [*said, f"taken: {len(taken)} of {len(layers)} layers, {numbers:,} numbers"]
