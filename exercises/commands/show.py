"""python -m exercises show: the text of an exercise."""

from __future__ import annotations

import argparse
import contextlib
import json

from exercises.commands.options import add_json, add_name, chosen, columns, on_terminal, work_of
from exercises.markdown import rendered


def add_command(commands: argparse._SubParsersAction) -> None:
    """The command `show`, with its options."""
    c = commands.add_parser(
        "show",
        help="the text of an exercise: the idea, the derivation, an example in numbers",
        description="The text of an exercise, as wide as the terminal. Without a name: of the next one.",
        epilog="examples:\n  python -m exercises show\n  python -m exercises show max_pool2d\n"
        "  python -m exercises show max_pool2d | less",
    )
    add_name(c)
    add_json(c)
    c.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Print the text, and where to write."""
    exercise = chosen(args)
    if args.json:
        print(json.dumps({"exercise": exercise.name, "title": exercise.title, "text": exercise.text}))
        return
    print(rendered(exercise.text, columns(), on_terminal()))
    with contextlib.suppress(ValueError):  # the text can be read without a folder
        print(f"\nyour file: {work_of(args).path_of(exercise)}")
