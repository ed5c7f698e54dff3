"""Is an answer right, and if not, which mistake is it? What came out is compared with what the solution gives."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from exercises.answers import Failure
from exercises.catalog import Exercise
from exercises.comparing import agree
from exercises.diagnosis import name_mistake, numbers_in
from exercises.reference import Reference
from exercises.running import Found
from exercises.stages import Case, Outputs, Stage


@dataclass(frozen=True)
class Problem:
    """Why a stage is not passed: on which case, what came, what was expected, and, where it is known, the mistake."""

    case: Case
    number: int  # of the case in its stage
    output: str = ""  # the name of the output that is wrong
    came: Any = None
    expected: Any = None
    failure: Failure | None = None  # where nothing came
    mistake: str = ""  # the sentence that names it


@dataclass(frozen=True)
class StageResult:
    """A stage, passed or not."""

    stage: Stage
    problem: Problem | None
    tried: bool = True  # False: the answer never got there

    @property
    def passed(self) -> bool:
        return self.tried and self.problem is None


@dataclass(frozen=True)
class Verdict:
    """What is to be said of an answer."""

    exercise: Exercise
    stages: list[StageResult] = field(default_factory=list)
    printed: str = ""

    def __repr__(self) -> str:
        """Short: a notebook shows it below the message."""
        return f"<{self.exercise.name}: {'passed' if self.passed else '{} of {} points'.format(*self.points)}>"

    @property
    def passed(self) -> bool:
        return all(result.passed for result in self.stages)

    @property
    def points(self) -> tuple[int, int]:
        """Reached, and possible."""
        possible = sum(result.stage.points for result in self.stages)
        return sum(result.stage.points for result in self.stages if result.passed), possible

    @property
    def first_problem(self) -> StageResult | None:
        return next((result for result in self.stages if not result.passed), None)


def judge(
    exercise: Exercise, found: Found, seed: int = 0, reference: Reference | None = None, naming: bool = True
) -> Verdict:
    """Every stage by itself; the mistake is looked for in the first that is not passed (naming=False: it is not)."""
    reference = reference or Reference(exercise, seed)
    results = [judge_stage(reference, number, found) for number in range(len(exercise.stages))]
    for number, result in enumerate(results):
        if result.problem is not None and naming:
            if result.tried:
                sentence = name_mistake(reference, number, result.problem.number, found, result.problem.output)
                results[number] = replace(result, problem=replace(result.problem, mistake=sentence))
            break
    return Verdict(exercise, results, found.printed)


def judge_stage(reference: Reference, number: int, found: Found) -> StageResult:
    """Of the cases of a stage on which something is wrong the smallest: the one with the fewest numbers."""
    stage, problems = reference.exercise.stages[number], []
    for index, case in enumerate(reference.cases[number]):
        outcome = found.results.get((number, index))
        if outcome is not None:
            problems += problem_in(reference, number, index, outcome)
        elif not problems:
            failure = found.broken or Failure("Missing", "nothing came out")
            return StageResult(stage, Problem(case, index, failure=failure), tried=False)
    return StageResult(stage, min(problems, key=lambda problem: numbers_in(problem.case), default=None))


def problem_in(reference: Reference, number: int, index: int, outcome: Outputs | Failure) -> list[Problem]:
    """What is wrong on a case: the first output that is, or nothing."""
    stage, case = reference.exercise.stages[number], reference.cases[number][index]
    if isinstance(outcome, Failure):
        return [Problem(case, index, failure=outcome)]
    for name, value in reference.right(number, index).items():
        if not name.startswith("_") and not agree(outcome.get(name), value, stage.tolerance, stage.shapes_only):
            shown = {**case, **{n[1:]: v for n, v in outcome.items() if n.startswith("_")}}
            return [Problem(shown, index, name, outcome.get(name), value)]
    return []
