"""What is right, and what each misconception gives, on every case: computed from the course's own files."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from exercises.answers import Failure, run_stage
from exercises.catalog import Exercise
from exercises.stages import Case, Outputs


class Reference:
    """The outcomes of the solution and of the misconceptions of one exercise, for one seed; computed when asked for."""

    def __init__(self, exercise: Exercise, seed: int = 0) -> None:
        self.exercise, self.seed = exercise, seed
        self._known: dict[tuple[int, int, int], Outputs | Failure] = {}

    @cached_property
    def cases(self) -> list[list[Case]]:
        """The cases of each stage."""
        return [stage.cases_for(self.seed) for stage in self.exercise.stages]

    @cached_property
    def sentences(self) -> list[str]:
        """One for each misconception."""
        return [sentence for sentence, _ in self.exercise.mistakes]

    def right(self, stage: int, case: int) -> Outputs:
        """What the solution gives."""
        outputs = self._outcome(-1, stage, case)
        assert not isinstance(outputs, Failure), f"{self.exercise.name}: the solution fails: {outputs}"
        return outputs

    def wrong(self, mistake: int, stage: int, case: int) -> Outputs | Failure:
        """What the misconception of that number gives."""
        return self._outcome(mistake, stage, case)

    def _outcome(self, number: int, stage: int, case: int) -> Outputs | Failure:
        key = number, stage, case
        if key not in self._known:
            answer: Any = self.exercise.solution if number < 0 else self.exercise.mistakes[number][1]
            self._known[key] = run_stage(self.exercise.stages[stage], answer, self.cases[stage][case])
        return self._known[key]
