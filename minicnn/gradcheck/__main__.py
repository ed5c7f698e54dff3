"""python -m minicnn.gradcheck FILE.py:NAME - check a forward and a backward in NumPy from the command line."""

from __future__ import annotations

import argparse
import importlib.util
import json
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from minicnn.gradcheck.differences import GradCheckError
from minicnn.gradcheck.pair import gradcheck_pair, parameter_names
from minicnn.gradcheck.report import GradCheckReport

RIGHT, WRONG, USAGE_ERROR = 0, 1, 2  # exit statuses

DESCRIPTION = """\
Compare a backward with differences of its forward, both in NumPy; say what is wrong with it, and perhaps why.
FILE.py is executed, as `python FILE.py` would (but for what stands below `if __name__ == "__main__"`)."""

EXAMPLES = """\
NAME is affine where FILE.py has affine_forward and affine_backward; the name of a pair (forward, backward), of an
object or a class with both methods; or of one function that returns (loss, gradients).

The inputs are drawn, one for each shape of --shapes; or they are what a function without arguments returns, NAME_inputs
unless --inputs says another: labels, options in a dict, and all else that forward takes.

examples:
  python -m minicnn.gradcheck layers.py:affine --shapes 4,3 3,5 5
  python -m minicnn.gradcheck layers.py:relu --shapes 10 --seed 3
  python -m minicnn.gradcheck losses.py:softmax_loss --inputs some_scores_and_labels
  python -m minicnn.gradcheck layers.py:conv --json

exit status: 0 the gradients are right, 1 they are wrong (and the message says where), 2 the command line is."""


class UsageError(Exception):
    """What was asked cannot be done; the message says why in one line."""


def main(arguments: list[str] | None = None) -> int:
    parser = Parser(
        prog="python -m minicnn.gradcheck",
        description=DESCRIPTION,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("where", metavar="FILE.py:NAME", help="where the forward and the backward are")
    parser.add_argument(
        "--shapes", nargs="+", metavar="N,M", type=shape, help="shapes of random inputs; () for a number"
    )
    parser.add_argument(
        "--inputs", metavar="FUNCTION", help="the function of FILE.py that returns the inputs, in a tuple"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the inputs and of the check (default: 0)")
    parser.add_argument("--eps", type=float, help="the step of the differences (default: chosen by a sweep)")
    parser.add_argument("--directions", type=int, metavar="N", help="N random directions in place of every element")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    options = parser.parse_args(arguments)
    checks = {"eps": options.eps, "directions": options.directions, "seed": options.seed}
    try:
        module, name = load(options.where)
        forward, backward = find_pair(module, name)
        inputs = find_inputs(module, name, options)
        names = parameter_names(forward, len(inputs))
        with np.errstate(all="ignore"):
            report = gradcheck_pair(forward, backward, *inputs, report=True, **checks)
    except GradCheckError as error:  # what no report can be made of: a wrong shape, a gradient that vanishes
        report = GradCheckReport(message=str(error))
    except UsageError as error:
        parser.error(str(error))
    except (Exception, SystemExit) as error:  # of the code that is checked, or of arguments that do not fit it
        parser.error(f"{type(error).__name__}: {' '.join(str(error).split())}{where_raised(error, options.where)}")
    assert isinstance(report, GradCheckReport)
    arrays = [n for n, a in zip(names, inputs, strict=True) if isinstance(a, np.ndarray) and a.dtype.kind == "f"]
    print(as_json(report, arrays) if options.json else as_text(report, arrays))
    return RIGHT if report else WRONG


class Parser(argparse.ArgumentParser):
    """An ArgumentParser that answers a wrong command line with one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(USAGE_ERROR, f"{self.prog}: error: {message} (--help shows examples)\n")


def where_raised(error: BaseException, where: str) -> str:
    """The line of FILE.py that an error comes from; "" where it comes from elsewhere."""
    file = Path(where.rpartition(":")[0]).name
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename).name == file]
    return f" ({file}, line {frames[-1].lineno})" if frames else ""


def shape(text: str) -> tuple[int, ...]:
    """ "4,3" -> (4, 3); "5" -> (5,); "()" -> ()."""
    try:
        sizes = tuple(int(size) for size in text.strip("()").split(",") if size.strip())
    except ValueError:
        sizes = (-1,)
    if any(size < 0 for size in sizes):
        raise argparse.ArgumentTypeError(f"{text!r} is no shape, expected whole numbers with commas: 4,3")
    return sizes


def load(where: str) -> tuple[Any, str]:
    """The module that FILE.py is, and NAME."""
    file, colon, name = where.rpartition(":")
    if not colon or not name:
        raise UsageError(f"{where!r} names no function, expected FILE.py:NAME")
    path = Path(file)
    if not path.is_file():
        raise UsageError(f"there is no file {file}")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise UsageError(f"{file} is no Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(path.stem, module)
    sys.path.insert(0, str(path.resolve().parent))  # so that it finds what lies beside it
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise UsageError(f"{file} cannot be run: {type(error).__name__}: {error}") from error
    return module, name


def find_pair(module: Any, name: str) -> tuple[Callable[..., Any], Callable[..., Any] | None]:
    """The forward and the backward of this name; None for the backward of one function that does both."""
    if hasattr(module, f"{name}_forward") and hasattr(module, f"{name}_backward"):
        return getattr(module, f"{name}_forward"), getattr(module, f"{name}_backward")
    found: Any = getattr(module, name, None)
    if isinstance(found, tuple | list) and len(found) == 2:
        return found[0], found[1]
    if hasattr(found, "forward") and hasattr(found, "backward"):
        layer = found() if isinstance(found, type) else found
        return layer.forward, layer.backward
    if callable(found):
        return found, None
    raise UsageError(
        f"{Path(module.__file__).name} has neither {name}_forward and {name}_backward, nor a function, a pair or a "
        f"layer {name}"
    )


def find_inputs(module: Any, name: str, options: argparse.Namespace) -> list[Any]:
    """What forward is called with: drawn in the shapes, or returned by a function of the file."""
    if options.shapes:
        random = np.random.default_rng(options.seed)
        return [np.asarray(random.standard_normal(size)) for size in options.shapes]
    function = options.inputs or f"{name}_inputs"
    if not callable(getattr(module, function, None)):
        raise UsageError(f"no inputs: give their --shapes, or write a function {function}() that returns them")
    inputs = getattr(module, function)()
    return list(inputs) if isinstance(inputs, tuple | list) else [inputs]


def as_text(report: GradCheckReport, names: list[str]) -> str:
    """The report's table, or what is wrong."""
    if report:
        checked = ", ".join(names[one.number] for one in report.inputs)
        return f"{report}\nright: the gradients of {checked} agree with differences"
    return report.message


def as_json(report: GradCheckReport, names: list[str]) -> str:
    inputs = [
        {
            "name": names[one.number],
            "shape": one.shape,
            "checked": one.checked,
            "wrong": one.wrong,
            "max_absolute_error": finite(one.max_absolute_error),
            "max_relative_error": finite(one.max_relative_error),
            "step": one.step,
        }
        for one in report.inputs
    ]
    result = {"right": bool(report), "message": report.message, "evaluations": report.evaluations, "inputs": inputs}
    return json.dumps(result, indent=2, allow_nan=False)


def finite(number: float) -> float | None:
    """The number, or None where it is nan or infinite: JSON knows neither."""
    return number if np.isfinite(number) else None


if __name__ == "__main__":
    sys.exit(main())
