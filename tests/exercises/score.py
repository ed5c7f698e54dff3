"""For how many wrong answers does the message name the mistake? Counted over four collections:

    python tests/exercises/score.py                  all of them, a line for each answer, and the counts
    python tests/exercises/score.py listed           the exercises' own misconceptions: each has its sentence
    python tests/exercises/score.py left-out         each of them again, with its sentence taken off the list
    python tests/exercises/score.py mutants          the library's mutants (tests/functional/*.mutants) as answers
    python tests/exercises/score.py unknown          unknown_mistakes.py
    python tests/exercises/score.py left-out -k pool --sample 40

What is told of the listed ones is compared. Whether the sentences for the others are right somebody has to read:
--sample 40 prints so many of the named ones, drawn at random, beside what is wrong with the answer.
"""

from __future__ import annotations

import argparse
import collections
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS.parent), str(TESTS), str(TESTS / "exercises")]

import mutation  # noqa: E402

from exercises.answers import Failure  # noqa: E402
from exercises.catalog import Exercise, every_exercise, find_exercise  # noqa: E402
from exercises.judging import judge  # noqa: E402
from exercises.reference import Reference  # noqa: E402
from exercises.running import run_here  # noqa: E402
from minicnn import Tensor  # noqa: E402

Verdict = tuple[str, str, str, str]  # the exercise, what is wrong with the answer, "named" or other, the sentence


def verdict_on(exercise: Exercise, answer: Any, reference: Reference | None = None) -> tuple[str, str]:
    """("named", sentence), ("error", what it says) where it fails with an error, ("not named", ""), ("passed", "")."""
    verdict = judge(exercise, run_here(exercise, answer), reference=reference)
    if verdict.first_problem is None:
        return "passed", ""
    problem = verdict.first_problem.problem
    if problem.mistake:
        return "named", problem.mistake
    return ("error", f"{problem.failure.kind}: {problem.failure.message}") if problem.failure else ("not named", "")


# ---- the exercises' own ------------------------------------------------------------------------------------------


def listed(text: str) -> Iterator[Verdict]:
    for exercise in every_exercise():
        for sentence, wrong in exercise.mistakes if text in exercise.name else ():
            verdict, said = verdict_on(exercise, wrong)
            yield exercise.name, sentence, "named wrongly" if verdict == "named" and said != sentence else verdict, said


class LeftOut(Reference):
    """A list of misconceptions in which one is missing."""

    left_out = -1

    def wrong(self, mistake: int, stage: int, case: int) -> Any:
        return Failure("LeftOut", "") if mistake == self.left_out else super().wrong(mistake, stage, case)


def left_out(text: str) -> Iterator[Verdict]:
    for exercise in every_exercise():
        reference = LeftOut(exercise)
        for number, (sentence, wrong) in enumerate(exercise.mistakes if text in exercise.name else ()):
            reference.left_out = number
            yield exercise.name, sentence, *verdict_on(exercise, wrong, reference)


# ---- what was written elsewhere --------------------------------------------------------------------------------------


def unknown(text: str) -> Iterator[Verdict]:
    from unknown_mistakes import UNKNOWN

    for name, what, answer in UNKNOWN:
        if text in name:
            yield name, what, *verdict_on(find_exercise(name), answer)


def pooled(kind: Any, *more: Any) -> Callable[..., Any]:
    return lambda kernel_size, stride: kind(kernel_size, stride, 0, False, *more)


def output_size(library: ModuleType) -> Callable[..., int]:
    def answer(size: int, kernel: int, stride: int, padding: int) -> int:
        if stride < 1:
            raise ValueError("the stride is below 1")
        return library.output_size("conv2d", (size,) * 2, (kernel,) * 2, (stride,) * 2, (padding,) * 2)[0]

    return answer


def dropout(library: ModuleType) -> Callable[..., Any]:
    """With the numbers that the case has, in place of those that it would draw."""

    def answer(p: float, uniform: np.ndarray, training: bool) -> Any:
        class Given:
            def random(self, shape: Any, dtype: Any = None) -> np.ndarray:
                return uniform

        class Dropout(library.Dropout):
            def forward(self, x: np.ndarray) -> np.ndarray:
                rng, library.rng = library.rng, type("rng", (), {"next_generator": staticmethod(lambda xp: Given())})
                try:
                    return super().forward(x)
                finally:
                    library.rng = rng

        return Dropout(p if training else 0.0)

    return answer


ADAPTED: dict[str, tuple[str, Callable[[ModuleType], Any]]] = {  # exercise: (module, its answer made of the module)
    "add": ("basic", lambda m: m.Add),
    "multiply": ("basic", lambda m: m.Mul),
    "broadcasting": ("basic", lambda m: m.unbroadcast),
    "linear": ("linear", lambda m: m.Linear),
    "relu": ("activation", lambda m: lambda: m.ReLU(False)),
    "softmax": ("activation", lambda m: lambda: m.Softmax(1)),
    "cross_entropy": ("loss", lambda m: lambda targets: m.CrossEntropy(targets, "mean", 0.0)),
    "dropout": ("dropout", dropout),
    "im2col": ("im2col", lambda m: lambda x, kernel, stride, padding: m.Im2Col(kernel, stride, padding).forward(x)),
    "col2im": (
        "im2col",
        lambda m: (
            lambda columns, size, kernel, stride, padding: m.Col2Im(size, kernel, stride, padding).forward(columns)
        ),
    ),
    "output_size": ("im2col", output_size),
    "conv2d": ("convolution", lambda m: lambda stride, padding: m.Conv2d(stride, padding)),
    "conv2d_loops": ("convolution", lambda m: lambda: m.Conv2d(1, 0)),
    "conv1x1": ("convolution", lambda m: lambda: m.Conv2d(1, 0)),
    "max_pool2d": ("pooling", lambda m: pooled(m.MaxPool2d)),
    "avg_pool2d": ("pooling", lambda m: pooled(m.AvgPool2d, True)),
    "global_avg_pool": ("pooling", lambda m: lambda: m.AdaptiveAvgPool2d(1)),
    "concat": ("concat", lambda m: m.Concat),
    "split": ("shape", lambda m: lambda start, stop: m.GetItem((slice(None), slice(start, stop)))),
}


def as_asked(exercise: Any, make: Any) -> Any:
    """What makes an answer, as a class, where the exercise asks for one."""
    if isinstance(make, type) or not isinstance(exercise.solution, type):
        return make
    return type("Made", (), {"__new__": lambda cls, *options, **named: make(*options, **named)})


def mutants(text: str) -> Iterator[Verdict]:
    """Those of the library's operations that make a wrong answer of it: (exercise, mutant), each taken once."""
    for name, (module, adapt) in ADAPTED.items():
        exercise = find_exercise(name)
        vars(exercise)["forbidden"] = ()  # the answer is the library's own
        source = (TESTS.parent / "minicnn/functional" / f"{module}.py").read_text(encoding="utf-8")
        assert verdict_on(exercise, as_asked(exercise, adapt(loaded(module, source))))[0] == "passed", name
        for mutant in mutation.read(TESTS / "functional" / f"test_{module}.mutants") if text in name else ():
            if mutant.source.stem == module:
                verdict = verdict_on(exercise, as_asked(exercise, adapt(loaded(module, mutant.apply(source)))))
                if verdict[0] != "passed":  # else it is of another operation, or of what the exercise does not have
                    yield name, str(mutant), *verdict


def loaded(module: str, source: str) -> ModuleType:
    """A module of the library from a changed source, beside the real one, whose operators Tensor keeps."""
    made = ModuleType(f"minicnn.functional.{module}")
    made.__package__ = "minicnn.functional"
    before = dict(vars(Tensor))
    exec(compile(source, f"{module}.py", "exec"), vars(made))
    for name, value in before.items():
        if vars(Tensor)[name] is not value:
            setattr(Tensor, name, value)
    return made


# ---- the command --------------------------------------------------------------------------------------------------

COLLECTIONS = {"listed": listed, "left-out": left_out, "mutants": mutants, "unknown": unknown}


def main() -> None:
    parser = argparse.ArgumentParser(description="Count how many mistakes the checks of the exercises name.")
    parser.add_argument("which", nargs="*", choices=[*COLLECTIONS, []], help="some collections alone")
    parser.add_argument("-k", metavar="TEXT", default="", help="only exercises whose name holds this text")
    parser.add_argument("--sample", type=int, metavar="N", help="print N that are named, drawn at random")
    options = parser.parse_args()
    for which in options.which or COLLECTIONS:
        counts: collections.Counter[str] = collections.Counter()
        named = []
        for name, what, verdict, sentence in COLLECTIONS[which](options.k):
            counts[verdict] += 1
            line = f"{verdict:14}{name}: {what}\n    {sentence or '-'}"
            if verdict == "named":
                named.append(line)
            if options.sample is None and (which != "listed" or verdict != "named"):
                print(line, flush=True)
        if options.sample is not None:
            print("\n".join(random.Random(0).sample(named, min(options.sample, len(named)))))
        print(f"{which}: {counts.total()}: {dict(counts)}", flush=True)


if __name__ == "__main__":
    main()
