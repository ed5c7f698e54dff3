"""python -m googlenet weights WEIGHTS: what a file of weights is: its model card."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from googlenet.commandline import not_empty
from googlenet.report.text import printable
from googlenet.weights import load_model


def add_command(commands: argparse._SubParsersAction) -> None:
    """The command `weights`, with its options."""
    c = commands.add_parser(
        "weights",
        help="the model card of saved weights",
        description="What a file of weights is: network, input, how it was trained, how good it is, its limits. With "
        "--json all that is noted in the file.",
        epilog="examples:\n"
        "  python -m googlenet weights runs/pets/best.safetensors\n"
        "  python -m googlenet weights runs/pets/best.safetensors > README.md\n"
        "  python -m googlenet weights runs/pets/best.safetensors --json",
    )
    c.add_argument("file", type=not_empty, metavar="WEIGHTS", help="that train.py or import has written")
    c.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Print the card, or everything."""
    model, info = load_model(Path(args.file))
    if args.json:
        parameters = sum(parameter.data.size for parameter in model.parameters())
        print(json.dumps({"file": args.file, "parameters": parameters, **as_json(info)}))
        return
    print("\n".join(map(printable, info["card"].splitlines())))


def as_json(info: dict[str, Any]) -> dict[str, Any]:
    """What `load_model` returns, as JSON has it."""
    preprocessing = info["preprocessing"]
    return {**info, "preprocessing": preprocessing and preprocessing.to_record()}
