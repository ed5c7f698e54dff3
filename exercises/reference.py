"""What is right, and what each misconception gives, on every case: computed from the course's own files.

Where a course was built without them (exercises/grading/build.py), it is read from answers.json beside the checks.
"""

from __future__ import annotations

import json
import warnings
from functools import cached_property
from typing import Any

from exercises.answers import Failure, run_stage
from exercises.catalog import Exercise
from exercises.record import from_record, to_record
from exercises.stages import Case, Outputs
from minicnn.nn import Module

ANSWERS = "answers.json"


class Reference:
    """The outcomes of the solution and of the misconceptions of one exercise, for one seed; computed when asked for.

    ValueError where the course was built without solutions, for another seed.
    """

    def __init__(self, exercise: Exercise, seed: int = 0) -> None:
        self.exercise, self.seed = exercise, seed
        self._known: dict[tuple[int, int, int], Outputs | Failure] = {}
        self._sentences: list[str] | None = None
        path = exercise.folder / ANSWERS
        if path.is_file():
            self._read(json.loads(path.read_text(encoding="utf-8")))

    @cached_property
    def cases(self) -> list[list[Case]]:
        """The cases of each stage."""
        return [stage.cases_for(self.seed) for stage in self.exercise.stages]

    @cached_property
    def sentences(self) -> list[str]:
        """One for each misconception."""
        if self._sentences is not None:
            return self._sentences
        return [sentence for sentence, _ in self.exercise.mistakes]

    def right(self, stage: int, case: int) -> Outputs:
        """What the solution gives."""
        outputs = self._outcome(-1, stage, case)
        assert not isinstance(outputs, Failure), f"{self.exercise.name}: the solution fails: {outputs}"
        return outputs

    @cached_property
    def of_a_network(self) -> bool:
        """Whether the answer is a Module, made of layers whose weights may be drawn at random."""
        answer = getattr(self.exercise.module("stub"), self.exercise.answer_name)
        return isinstance(answer, type) and issubclass(answer, Module)

    def right_for(self, stage: int, case: Case) -> Outputs | Failure:
        """What the solution gives for another case of this stage; a Failure where it does not run, or is not there.

        Whole networks are not run again and again: of these there is no such answer.
        """
        try:
            solution = self.exercise.solution
        except ImportError:
            return Failure("ImportError", "this course was built without solutions")
        if self.of_a_network:
            return Failure("TooLarge", "a network")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of windows without pixels, and the like
            return run_stage(self.exercise.stages[stage], solution, case)

    def wrong(self, mistake: int, stage: int, case: int) -> Outputs | Failure:
        """What the misconception of that number gives."""
        return self._outcome(mistake, stage, case)

    def _outcome(self, number: int, stage: int, case: int) -> Outputs | Failure:
        key = number, stage, case
        if key not in self._known:
            answer: Any = self.exercise.solution if number < 0 else self.exercise.mistakes[number][1]
            self._known[key] = run_stage(self.exercise.stages[stage], answer, self.cases[stage][case])
        return self._known[key]

    def to_record(self) -> dict[str, Any]:
        """All outcomes, as JSON has it: the different ones in a list, and for each answer and case its place there."""
        outcomes: dict[str, int] = {}
        places = []
        for number in range(-1, len(self.sentences)):
            for stage, cases in enumerate(self.cases):
                for case in range(len(cases)):
                    text = json.dumps(to_record(self._outcome(number, stage, case)))
                    places.append([number, stage, case, outcomes.setdefault(text, len(outcomes))])
        return {"seed": self.seed, "sentences": self.sentences, "outcomes": list(outcomes), "places": places}

    def _read(self, record: dict[str, Any]) -> None:
        if record["seed"] != self.seed:
            raise ValueError(
                f"{self.exercise.name}: this course was built without solutions, for the seed {record['seed']}; it "
                f"cannot check with the seed {self.seed}"
            )
        self._sentences = record["sentences"]
        for number, stage, case, place in record["places"]:
            self._known[number, stage, case] = from_record(json.loads(record["outcomes"][place]))
