"""python -m googlenet: look at the network and at data, use and evaluate saved weights, compare runs."""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict

import minicnn as mc
from googlenet import differences, evaluate, predict
from googlenet.commandline import INTERRUPTED, Parser, add_version, failed, prepare_streams
from googlenet.compare_command import add_command as add_compare
from googlenet.explore_command import add_command as add_explore
from googlenet.export_command import add_command as add_export
from googlenet.figure_command import add_command as add_figure
from googlenet.import_command import add_command as add_import
from googlenet.inspect_command import add_command as add_data
from googlenet.lab_command import add_command as add_lab
from googlenet.presets import presets
from googlenet.tables.cost import add_command as add_cost
from googlenet.tables.printed import add_command as add_summary
from googlenet.tables.table_1 import add_command as add_table
from googlenet.training import recipes as training_recipes
from googlenet.weights_command import add_command as add_weights


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    prepare_streams()
    args = parser().parse_args(arguments)
    try:
        status = args.run(args) or 0
        sys.stdout.flush()  # here, where the answer to a closed pipe or a full disk is
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        return failed("googlenet", error)
    return int(status)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    p = Parser(
        prog="python -m googlenet",
        description="GoogLeNet: layers, predictions, accuracy. Training is done by train.py.",
        epilog="examples:\n"
        "  python -m googlenet summary\n"
        "  python -m googlenet summary --preset catsdogs --classes 2 --image-size 82\n"
        "  python -m googlenet presets\n"
        "  python -m googlenet table\n"
        "  python -m googlenet cost --block 4b\n"
        "  python -m googlenet predict runs/paper-64-seed0/best.safetensors photo.jpg\n"
        "  python -m googlenet evaluate runs/paper-64-seed0/best.safetensors --json\n"
        "  python -m googlenet data photos/\n"
        "  python -m googlenet compare runs/a runs/b\n"
        "  python -m googlenet figure 3\n"
        "  python -m googlenet explore runs/pets/best.safetensors cat.jpg -o cat.html\n"
        "  python -m googlenet lab heads\n"
        "  python -m googlenet import googlenet-1378be20.pth -o googlenet.safetensors\n"
        "  python -m googlenet weights runs/paper-64-seed0/best.safetensors\n"
        "  python -m googlenet export runs/paper-64-seed0/best.safetensors --onnx a.onnx\n"
        "  python -m googlenet recipes\n"
        "  python -m googlenet devices",
    )
    add_version(p)
    commands = p.add_subparsers(required=True, metavar="COMMAND")

    add_summary(commands)

    c = commands.add_parser("presets", help="what each preset does differently, why, and from where it is",
                            epilog="examples:\n  python -m googlenet presets\n"
                            "  python -m googlenet presets --json")  # fmt: skip
    c.set_defaults(run=compare_presets)

    add_table(commands)
    add_cost(commands)

    predict.add_options(commands.add_parser("predict", help="what is on these photos? With saved weights"))
    evaluate.add_options(commands.add_parser("evaluate", help="accuracy of saved weights, class by class"))

    add_data(commands)
    add_compare(commands)
    add_figure(commands)
    add_explore(commands)
    add_lab(commands)
    add_import(commands)
    add_weights(commands)
    add_export(commands)

    c = commands.add_parser("recipes", help="what train.py --recipe NAME sets, with the source of each figure",
                            epilog="examples:\n  python -m googlenet recipes\n"
                            "  python train.py --recipe modern")  # fmt: skip
    c.set_defaults(run=recipes)

    c = commands.add_parser("devices", help="what can be computed on here, and why not where not",
                            epilog="examples:\n  python -m googlenet devices\n"
                            "  python train.py --device cuda")  # fmt: skip
    c.set_defaults(run=devices)

    for command in commands.choices.values():
        command.add_argument("--json", action="store_true", help="print JSON, for a program to read")
    return p


def compare_presets(args: argparse.Namespace) -> None:
    every = list(presets.values())
    print(json.dumps(differences.as_record(every)) if args.json else differences.side_by_side(every))


def recipes(args: argparse.Namespace) -> None:
    print(json.dumps(training_recipes.records()) if args.json else training_recipes.side_by_side())


def devices(args: argparse.Namespace) -> None:
    found = mc.devices()
    print(json.dumps([asdict(device) for device in found]) if args.json else "\n".join(map(str, found)))


if __name__ == "__main__":
    sys.exit(main())
