"""python -m exercises: write the backward passes of GoogLeNet yourself, with checks that say what is wrong."""

from __future__ import annotations

import argparse
import sys

from exercises.commands import (
    build,
    check,
    diff,
    grade,
    hint,
    list_,
    new,
    notebook,
    reset,
    run,
    show,
    start,
    watch,
    where,
)
from exercises.commands.options import add_json, add_work
from googlenet.commandline import INTERRUPTED, Parser, add_version, failed, prepare_streams

# In the order of --help.
COMMANDS = (start, list_, show, check, watch, hint, diff, reset, run, notebook, grade, build, new)


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
        return failed("exercises", error)
    return int(status)


def parser() -> argparse.ArgumentParser:
    """The command line."""
    p = Parser(
        prog="python -m exercises",
        description="Write the backward pass of everything that GoogLeNet needs, one function at a time, with checks "
        "that say what is wrong. Without a command: where you are, and what is next.",
        epilog="examples:\n"
        "  python -m exercises start my_work\n"
        "  python -m exercises\n"
        "  python -m exercises show max_pool2d\n"
        "  python -m exercises check max_pool2d\n"
        "  python -m exercises watch",
    )
    add_version(p)
    add_work(p)
    add_json(p)
    p.set_defaults(run=where.run, json=False)
    commands = p.add_subparsers(metavar="COMMAND")
    for command in COMMANDS:
        command.add_command(commands)
    return p


if __name__ == "__main__":
    sys.exit(main())
