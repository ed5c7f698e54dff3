"""python -m minicnn.explain NAME - a worked example of an operation, in numbers, on a terminal or as a page."""

from __future__ import annotations

import argparse
import difflib
import inspect
import json
import os
import re
import sys
import textwrap
from typing import Any, NoReturn

import numpy as np

from minicnn.checkpoint import write_atomically
from minicnn.explain.explain import completed, explain
from minicnn.explain.worked import OPERATIONS

DONE, DISAGREE, USAGE_ERROR, INTERRUPTED = 0, 1, 2, 130  # exit statuses
PROGRAM = "python -m minicnn.explain"
LARGEST = 1 << 24  # numbers in an array from a file

EXAMPLES = """\
examples:
  python -m minicnn.explain conv2d
  python -m minicnn.explain conv2d --x "1 2 3; 4 5 6; 7 8 9" --stride 2
  python -m minicnn.explain conv2d --x photo.npy --at 0,0,5,7
  python -m minicnn.explain max_pool2d --html
  python -m minicnn.explain conv2d --help        lists the arguments of conv2d

exit status: 0 all ways agree, 1 they do not, 2 the command line is wrong."""

ARRAYS = """\
Arrays: rows end with ; as in "1 2; 3 4". More axes as JSON, [[[1, 2], [3, 4]]], or as a file, x.npy. Axes that are
missing at the front are added: "1 2; 3 4" becomes an image of one channel. What is not given is the example's."""


class Parser(argparse.ArgumentParser):
    """An ArgumentParser that answers a wrong command line with one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(USAGE_ERROR, f"{self.prog}: error: {' '.join(message.split())} (--help shows examples)\n")


def main(arguments: list[str] | None = None) -> int:
    arguments = sys.argv[1:] if arguments is None else arguments
    names = "\n".join(f"  {name.ljust(19)} {operation.says}" for name, operation in OPERATIONS.items())
    parser = Parser(
        prog=PROGRAM, usage=f"{PROGRAM} NAME [options]",
        description="An operation all the way, forward and backward, on numbers that one can follow.",
        epilog=f"NAME is one of\n{names}\n\n{EXAMPLES}", formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    if not arguments:
        print(f"{names}\n\n{PROGRAM} NAME shows one of them, --help more.")
        return DONE
    name, *rest = arguments
    if name.startswith("-"):
        parser.parse_args(arguments[:1])  # --help; all else is an error
        parser.error(f"expected the NAME of an operation first, got {name}")
    if name not in OPERATIONS:
        near = difflib.get_close_matches(name, OPERATIONS, n=3, cutoff=0.5)
        parser.error(f"{name} has no worked example; " + (f"is it {' or '.join(near)}?" if near else
                     f"these have: {', '.join(OPERATIONS)}"))  # fmt: skip
    return show(name, rest)


def show(name: str, arguments: list[str]) -> int:
    """Print the example of this name, or write it to a file."""
    parser = parser_for(name)
    # argparse takes -1,2 for an option, but not behind a space
    options = vars(parser.parse_args([f" {one}" if re.match(r"-[\d.]", one) else one for one in arguments]))
    html, color = options.pop("html"), options.pop("color")
    try:
        explanation = explain(name, **options)
        if html is not None:
            write_atomically(html, [explanation.html().encode()], "explain")
            print(f"{html} written")
        else:
            if color is None:
                color = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
            print(explanation.text(color))
    except AssertionError as error:
        print(f"{parser.prog}: the ways do not agree: {error}", file=sys.stderr)
        return DISAGREE
    except BrokenPipeError:
        raise
    except (ValueError, TypeError) as error:
        parser.error(str(error))
    except OSError as error:
        parser.error(error.strerror or str(error))
    return DONE


# ---- the arguments of an operation --------------------------------------------------------------------------------


def parser_for(name: str) -> Parser:
    """The options that the operation's arguments are; those that are not given are missing in the result."""
    operation = OPERATIONS[name]
    parser = Parser(
        prog=f"{PROGRAM} {name}", description=textwrap.fill(f"{name}: {operation.says}.", 80),
        epilog=f"{textwrap.fill(ARRAYS, 80)}\n\n{EXAMPLES}", formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )  # fmt: skip
    example = completed(operation, {})
    for argument, parameter in inspect.signature(operation.load().explanation).parameters.items():
        default = parameter.default
        add_option(parser, argument, example.get(argument, None if default is parameter.empty else default))
    parser.add_argument("--html", nargs="?", const=f"{name}.html", metavar="FILE",
                        help=f"write it as a page (default: {name}.html)")  # fmt: skip
    parser.add_argument("--color", action=argparse.BooleanOptionalAction, help="default: if the terminal has it")
    return parser


def add_option(parser: Parser, argument: str, example: Any) -> None:
    """An option for an argument, of the kind that it has in the example."""
    flag, missing = f"--{argument.replace('_', '-')}", argparse.SUPPRESS
    if argument == "at":
        parser.add_argument(flag, type=index, default=missing, metavar="I,J,..", help="the element of the output "
                            "that is traced")  # fmt: skip
    elif argument == "grad_y":
        parser.add_argument(flag, type=array, default=missing, metavar="ARRAY", help="the gradient that arrives at "
                            "the output")  # fmt: skip
    elif example is None:
        parser.add_argument(flag, type=array, default=missing, metavar="ARRAY", help="default: none")
    elif isinstance(example, np.ndarray):
        parser.add_argument(flag, type=lambda text: with_axes(array(text), example), default=missing, metavar="ARRAY",
                            help=f"with {axes(example)}")  # fmt: skip
    elif isinstance(example, list | tuple) and example and isinstance(example[0], np.ndarray):
        parser.add_argument(flag, nargs="+", type=lambda text: with_axes(array(text), example[0]), default=missing,
                            metavar="ARRAY", help=f"with {axes(example[0])} each")  # fmt: skip
    elif isinstance(example, bool):
        parser.add_argument(flag, action=argparse.BooleanOptionalAction, default=missing, help=f"default: {example}")
    elif isinstance(example, str):
        parser.add_argument(flag, default=missing, metavar="TEXT", help=f"default: {example}")
    elif isinstance(example, int | float | tuple):
        parser.add_argument(flag, type=number_or_pair, default=missing, metavar="N", help=f"default: {example}")


def axes(example: np.ndarray) -> str:
    return f"{example.ndim} {'axis' if example.ndim == 1 else 'axes'}"


def array(text: str) -> np.ndarray:
    """ "1 2; 3 4", "[[1, 2], [3, 4]]" or the path of a .npy file."""
    try:
        if text.endswith(".npy"):
            return from_file(text)
        rows = json.loads(text) if text.lstrip().startswith("[") else [
            [float(number) for number in row.replace(",", " ").split()] for row in text.split(";") if row.strip()
        ]  # fmt: skip
        found = np.array(rows, np.float64)
        if found.size == 0:
            raise ValueError
    except (ValueError, TypeError, RecursionError):
        raise argparse.ArgumentTypeError(f"{shortened(text)} is no array; write 1 2; 3 4 in quotes, with as many "
                                         "numbers in every row") from None  # fmt: skip
    return found[0] if found.ndim == 2 and len(found) == 1 and ";" not in text and "[" not in text else found


def from_file(path: str) -> np.ndarray:
    """The array in a .npy file; argparse.ArgumentTypeError where there is none of numbers, or it is too large."""
    try:
        found = np.load(path, mmap_mode="r", allow_pickle=False)
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{path} cannot be read: {error.strerror or error}") from None
    except (ValueError, EOFError):
        found = None
    if not isinstance(found, np.ndarray) or found.dtype.kind not in "biuf":
        raise argparse.ArgumentTypeError(f"{path} is no array of numbers that numpy.save has written")
    if found.size > LARGEST:
        raise argparse.ArgumentTypeError(f"{path} has {found.size:,} elements, expected at most {LARGEST:,}")
    return np.array(found, np.float64)


def with_axes(found: np.ndarray, example: np.ndarray) -> np.ndarray:
    """With as many axes as the example has, those that are missing in front; whole numbers where it has such."""
    found = found.reshape((1,) * (example.ndim - found.ndim) + found.shape)
    whole = np.all(np.abs(found) < 1 << 53) and np.all(found == np.round(found))
    return found.astype(example.dtype) if example.dtype.kind in "iu" and whole else found


def index(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.strip("()[]").split(","))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no index, expected whole numbers with commas: 0,0,1,1") from None


def number_or_pair(text: str) -> Any:
    """ "2" -> 2, "0.5" -> 0.5, "2,1" -> (2, 1)."""
    try:
        parts = [float(part) if set(part) & set(".en") else int(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number, expected one, or two with a comma") from None
    return parts[0] if len(parts) == 1 else tuple(parts)


def shortened(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "...")


if __name__ == "__main__":
    try:
        status = main()
        sys.stdout.flush()
    except OSError as error:  # | head, which is no error; a full disk
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = DONE if isinstance(error, BrokenPipeError) else USAGE_ERROR
        if status != DONE:
            print(f"{PROGRAM}: error: {error.strerror}", file=sys.stderr)
    except KeyboardInterrupt:
        status = INTERRUPTED
    sys.exit(status)
