"""python -m googlenet evaluate: how good saved weights are, class by class."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from googlenet.commandline import at_least, not_empty, say
from googlenet.data.crops import COUNTS
from googlenet.evaluation import PARTS, WeightsEvaluation, evaluate_weights
from googlenet.report.confusion import ClassResult, class_results, class_table, confusion_png, write_classes
from googlenet.report.figure import new_figure
from googlenet.report.text import printable
from minicnn.checkpoint import write_atomically

EXAMPLES = (
    "examples:\n"
    "  python -m googlenet evaluate runs/pets/best.safetensors\n"
    "  python -m googlenet evaluate runs/pets/best.safetensors --crops 144 --save out\n"
    "  python -m googlenet evaluate best.safetensors --data photos/ --json\n"
    "  python -m googlenet evaluate imported.safetensors --data imagenet/"
)


def add_options(p: argparse.ArgumentParser) -> None:
    """The command line."""
    p.epilog = EXAMPLES
    p.add_argument("file", type=not_empty, help="weights, of train.py or imported")
    p.add_argument("--data", type=not_empty, metavar="WHAT", help="digits, mnist, fashion-mnist, a folder, or an "
                   "archive of one (what the weights were trained with)")  # fmt: skip
    p.add_argument("--data-root", type=not_empty, default="data", metavar="DIR", help="where mnist and fashion-mnist "
                   "lie (data)")  # fmt: skip
    p.add_argument("--part", choices=PARTS, default="val", help="the images for validation, those for training, or all "
                   "(val)")  # fmt: skip
    p.add_argument("--crops", type=int, choices=COUNTS, default=1, help="of each image, 144 as in the paper (1)")
    p.add_argument("--batch-size", type=at_least(1), default=32, metavar="N", help="crops at once (32)")
    p.add_argument("--limit-test", type=at_least(0), default=0, metavar="N", help="only N images (all)")
    p.add_argument("--device", type=not_empty, default="cpu", help="cpu, cuda, cuda:1 (cpu)")
    p.add_argument("--save", type=not_empty, metavar="FOLDER", help="write confusion.png and classes.csv there")
    p.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Evaluate, print, save."""
    if args.save:
        new_figure(1, 1)  # so that a missing matplotlib is found out before all is computed
    found = evaluate_weights(
        Path(args.file), args.device, batch_size=args.batch_size, limit=args.limit_test, data=args.data,
        root=Path(args.data_root), part=args.part, crops=args.crops,
    )  # fmt: skip
    confusion = found.predictions.confusion()
    results = class_results(confusion, found.classes)
    if args.save:
        folder = Path(args.save)
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(folder / "confusion.png", [confusion_png(confusion, found.classes)])
        write_classes(folder / "classes.csv", results)
    if args.json:
        record = {
            **found.evaluation._asdict(),
            "file": args.file,
            "data": found.images,
            "part": args.part,
            "crops": args.crops,
            "unreadable": found.unreadable,
            "classes": [result._asdict() for result in results],
            "confusion": confusion.tolist(),
        }
        print(json.dumps(record))
        return
    print(f"{args.file}: {found.evaluation}")
    print("\n".join(details(found, results, args.crops)))
    if args.save:
        print(f"{args.save}: confusion.png, classes.csv")
    for name, reason in found.unreadable.items():
        say(f"warning: {printable(name)} is left out: {reason}", error=True)


def details(found: WeightsEvaluation, results: list[ClassResult], crops: int) -> list[str]:
    """What the first line does not say: of which images, top-5, and each class."""
    of_each = f", {crops} crops of each" if crops > 1 else ""
    lines = [f"of {printable(found.images)}{of_each}"]
    if found.evaluation.top5 is not None:
        lines.append(f"top-5 {found.evaluation.top5:.2%}")
    return [*lines, *found.notes, "", *class_table(results)]
