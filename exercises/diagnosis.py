"""Which mistake is it? What is known best is tried first, and a sentence is told only where all that came agrees.

1. A misconception of the exercise's list gives the same, on every case, or on all up to the stage that is not passed.
2. What came is the right one but for a simple difference (`exercises/generic.py`), on every case.
3. A misconception gives the same for the output that is wrong, or would but for such a difference.
4. One of these does so on every case that is wrong at least, of several: some special case is right all the same.
5. gradcheck has a name for it: the answer's own backward beside differences of its own forward.
6. The places alone are wrong that have something in common (`exercises/regions.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np

from exercises.answers import Failure
from exercises.comparing import agree, differing
from exercises.generic import Guess, View, factors, guesses, order, simple
from exercises.gradients import differentiable
from exercises.reference import Reference
from exercises.regions import where_it_is_wrong
from exercises.running import CaseNumber, Found
from exercises.stages import Case, Outputs

ASKED = 3  # cases that gradcheck looks at
VAGUE = ("from place to place", "the difference is 0")  # what gradcheck says of nearly any wrong gradient
TOLERANCE = 1e-6  # of the largest number: as a stage has it
ENOUGH = 3  # numbers that have to fit before a rule is called by its name


def name_mistake(reference: Reference, stage: int, case: int, found: Found, output: str = "") -> str:
    """The sentence that names the mistake; "" where nothing fits.

    stage, case: where it is to be shown; output: the name of what is wrong there, "" where the answer failed.
    """
    e = Evidence(reference, (stage, case), found, output)
    if not output:
        return e.listed(e.stage_s, in_these_words=True) or e.only_one_that_fails_so()
    with np.errstate(all="ignore"):  # the square of what is too large, and so on: it does not fit, then
        return e.name()


@dataclass
class Evidence:
    """All that a mistake has to agree with."""

    reference: Reference
    shown: CaseNumber
    found: Found
    output: str

    def name(self) -> str:
        """The first means that has one."""
        for means, places in (
            (self.listed, self.related),
            (self.listed_so_far, self.wrong_so_far),
            (self.simple_difference, self.related),
            (self.listed_for_output, self.related),
            (self.listed_and_more, self.related),
            (self.listed, self.wrong_ones),
            (self.simple_difference, self.wrong_ones),
            (self.listed_for_output, self.wrong_ones),
            (self.simple_difference, self.wrong_in_stage),
            (self.listed, self.so_far),
            (self.gradcheck_s, self.related),
            (self.region, self.related),
        ):
            try:
                if text := means(places):
                    return text
            except (ArithmeticError, ValueError, IndexError, TypeError):
                continue  # whatever is wrong with a guess about what came, the verdict must be told
        return ""

    def only_one_that_fails_so(self) -> str:
        """The one misconception that gives the same up to here, with errors of one kind, where that is not all it does."""
        if all(isinstance(self.found.results[place], Failure) for place in self.so_far):
            return ""
        fitting = [
            told
            for mistake, told in enumerate(self.reference.sentences)
            if all(self.same(mistake, place) for place in self.so_far)
        ]
        return fitting[0] if len(fitting) == 1 else ""

    # ---- where to look ---------------------------------------------------------------------------------------------

    @cached_property
    def stage_s(self) -> list[CaseNumber]:
        """The cases of the stage that is not passed."""
        return [place for place in self.found.results if place[0] == self.shown[0]]

    @cached_property
    def wrong_ones(self) -> list[CaseNumber]:
        """The cases on which this output is wrong, where there are several arrays; else all that have it."""
        wrong = [place for place in self.related if not self.is_right(place)]
        return wrong if len(wrong) > 1 and self.is_array else self.related

    @cached_property
    def wrong_in_stage(self) -> list[CaseNumber]:
        """The cases of the stage on which it is wrong, where there are several; else all that have this output."""
        wrong = [place for place in self.stage_s if not self.is_right(place)]
        return wrong if len(wrong) > 1 and self.is_a_rule(wrong) else self.related

    @cached_property
    def so_far(self) -> list[CaseNumber]:
        """The cases of the stage that is not passed and of those before it."""
        return [place for place in self.found.results if place[0] <= self.shown[0]]

    @cached_property
    def wrong_so_far(self) -> list[CaseNumber]:
        """Those of the stage that is not passed on which this output is wrong."""
        return [place for place in self.stage_s if not self.is_right(place)]

    @cached_property
    def related(self) -> list[CaseNumber]:
        """All cases that have this output, of whatever stage; of functions that return single numbers, all cases."""
        stages = self.reference.exercise.stages
        if not self.is_array and not self.reference.of_a_network and not any(differentiable(stage) for stage in stages):
            return list(self.found.results)
        return [
            place
            for place in self.found.results
            if place[0] == self.shown[0]
            or (not stages[place[0]].shapes_only and self.output in self.reference.right(*place))
        ]

    @cached_property
    def is_array(self) -> bool:
        """Whether an array came: of a single number, many rules are true."""
        came = self.came(self.shown)
        return came is not None and came.ndim > 0

    def came(self, place: CaseNumber) -> np.ndarray | None:
        """The output, where there is one."""
        outcome = self.found.results[place]
        value = None if isinstance(outcome, Failure) else outcome.get(self.output)
        return value if isinstance(value, np.ndarray) else None

    def fits(self, place: CaseNumber, value: Any) -> bool:
        """Whether this is what came."""
        stage, came = self.reference.exercise.stages[place[0]], self.came(place)
        return came is not None and isinstance(value, np.ndarray) and agree(came, value, stage.tolerance)

    # ---- the exercise's own misconceptions -------------------------------------------------------------------------

    def listed(self, places: list[CaseNumber], in_these_words: bool = False) -> str:
        """The misconception that does the same on all `places`; of several, the one that does so most often elsewhere.

        Of these in turn, the one whose errors have the same words most often; in_these_words: they must have them.
        """
        best, most = "", (0, 0)
        for mistake, told in enumerate(self.reference.sentences):
            if in_these_words and not self.in_the_same_words(mistake, self.shown):
                continue
            if self.same(mistake, self.shown) and all(self.same(mistake, place) for place in places):
                alike = [place for place in self.found.results if self.same(mistake, place)]
                agreeing = len(alike), sum(self.in_the_same_words(mistake, place) for place in alike)
                if agreeing > most:
                    best, most = told, agreeing
        return best

    def listed_so_far(self, wrong: list[CaseNumber]) -> str:
        """The misconception that does the same up to here, where what is wrong hardly comes about by chance."""
        numbers = [n for place in wrong if (array := self.came(place)) is not None for n in np.ravel(array)]
        telling = any(float(f"{n:.4g}") != n for n in numbers)  # not a small whole number, as many mistakes give
        return self.listed(self.so_far) if telling or len(wrong) > 1 or self.is_a_rule(wrong) else ""

    def same(self, mistake: int, place: CaseNumber) -> bool:
        """Whether a misconception does on a case what the answer did: also the same kind of error."""
        theirs, ours = self.reference.wrong(mistake, *place), self.found.results[place]
        if isinstance(theirs, Failure) or isinstance(ours, Failure):
            return isinstance(theirs, Failure) and isinstance(ours, Failure) and theirs.kind == ours.kind
        how = self.reference.exercise.stages[place[0]]
        names = [name for name in theirs if not name.startswith("_")]
        return all(name in ours and agree(ours[name], theirs[name], how.tolerance) for name in names)

    def in_the_same_words(self, mistake: int, place: CaseNumber) -> bool:
        """Whether both failed, with one message: of a shape that does not fit, it tells which and by how much."""
        theirs, ours = self.reference.wrong(mistake, *place), self.found.results[place]
        return isinstance(theirs, Failure) and isinstance(ours, Failure) and theirs.message == ours.message

    def wrong(self, mistake: int, place: CaseNumber) -> np.ndarray | None:
        """What a misconception gives for this output."""
        outcome = self.reference.wrong(mistake, *place)
        value = None if isinstance(outcome, Failure) else outcome.get(self.output)
        return value if isinstance(value, np.ndarray) else None

    def listed_for_output(self, places: list[CaseNumber]) -> str:
        """The misconception that gives this output, while others are as they have to be, or wrong in another way."""
        for mistake, told in enumerate(self.reference.sentences if self.is_array else ()):
            if all(self.fits(place, self.wrong(mistake, place)) for place in [self.shown, *places]):
                return f"In {self.output}: {told}"
        return ""

    def listed_and_more(self, places: list[CaseNumber]) -> str:
        """A misconception, and a simple difference on top of it."""
        for mistake, told in enumerate(self.reference.sentences if self.is_array else ()):
            right = self.reference.right(*self.shown).get(self.output)
            if agree(self.wrong(mistake, self.shown), right, TOLERANCE) or not self.is_a_rule(places):
                continue  # it has nothing to do with this output
            if text := self.rule(places, partial(self.wrong, mistake), more_than):
                other = sentence(f"but for that, {self.output} {text}")
                return f"It looks like two mistakes. One: {told} The other: {other}"
        return ""

    # ---- a simple difference ---------------------------------------------------------------------------------------

    def simple_difference(self, places: list[CaseNumber]) -> str:
        """The output is the right one but for something that has a name."""
        text = self.rule(places, lambda place: self.reference.right(*place).get(self.output), guesses)
        if text and (self.is_a_rule(places) or text.startswith("is 0 ")):
            return sentence(f"{'The result' if self.output == 'result' else self.output} {text}")
        return ""

    def rule(self, places: list[CaseNumber], base: Any, hypotheses: Any) -> str:
        """The first hypothesis that gives, from `base` of each place, what came there."""
        view = self.view(self.shown, base)
        if view is None:
            return ""
        fitting = list(dict.fromkeys(text for text, value in hypotheses(view) if self.fits(self.shown, known(value))))
        for place in places:
            if not fitting:
                break
            if place == self.shown:
                continue
            if base(place) is None:
                return ""
            if (view := self.view(place, base)) is None:
                continue  # an error, or no array: it says nothing of the numbers
            also = {text for text, value in hypotheses(view) if text in fitting and self.fits(place, known(value))}
            fitting = [text for text in fitting if text in also]
        return fitting[0] if fitting else ""

    def is_a_rule(self, places: list[CaseNumber]) -> bool:
        """Whether there are enough numbers for one; the same number again and again says little."""
        arrays = [self.came(place) for place in {self.shown, *places}]
        different = {float(f"{n:.6g}") for array in arrays if array is not None for n in np.ravel(array)}
        return len(different) >= ENOUGH

    def view(self, place: CaseNumber, base: Any) -> View | None:
        """What a hypothesis may look at."""
        came, expected, outcome = self.came(place), base(place), self.found.results[place]
        if came is None or not isinstance(expected, np.ndarray) or isinstance(outcome, Failure):
            return None
        if expected.dtype.kind == "b":
            return None  # of True and False there are no differences
        case = self.reference.cases[place[0]][place[1]]
        case = {**case, **{name[1:]: value for name, value in outcome.items() if name.startswith("_")}}
        return View(self.output, came, expected, case, self.reference.right(*place), partial(self.solve, place))

    def solve(self, place: CaseNumber, case: Case) -> np.ndarray | None:
        """What is right on another case."""
        outcome = self.reference.right_for(place[0], case)
        value = None if isinstance(outcome, Failure) else outcome.get(self.output)
        return value if isinstance(value, np.ndarray) else None

    # ---- what else there is ----------------------------------------------------------------------------------------

    def gradcheck_s(self, places: list[CaseNumber]) -> str:
        """What gradcheck says where the answer has been asked again: of several cases the same, but for numbers."""
        if self.found.gradcheck is None or not self.output.startswith("grad_"):
            return ""
        wrong = [place for place in places if not self.is_right(place)]
        # First the stage that is not passed; in it the large ones, which fewest rules fit.
        wrong.sort(key=lambda place: (place[0] != self.shown[0], -numbers_in(self.found.results[place])))
        asked = wrong[:ASKED]
        said = self.found.gradcheck(asked)
        kinds = [re.sub(r"-?\d[\d.e+-]*", "#", text) for text in said]
        for text, kind in zip(said, kinds, strict=False):
            vague = any(words in text for words in VAGUE)
            if text and not vague and (kinds.count(kind) > 1 or len(asked) == 1):
                return text
        return ""

    def is_right(self, place: CaseNumber) -> bool:
        value = self.reference.right(*place).get(self.output)
        return self.output not in self.reference.right(*place) or self.fits(place, value)

    def region(self, places: list[CaseNumber]) -> str:
        """Where it is wrong."""
        views, masks = [], []
        for place in places:
            view = self.view(place, lambda place: self.reference.right(*place).get(self.output))
            if view is not None and view.came.shape == view.expected.shape:
                views.append(view)
                masks.append(differing(view.came, view.expected, self.reference.exercise.stages[place[0]].tolerance))
        return where_it_is_wrong(views, masks)


def more_than(view: View) -> Iterator[Guess]:
    """What may come on top of a misconception; not the size of something, which may just undo its mean."""
    yield from (guess for guess in simple(view) if "wrong sign" in guess[0])
    yield from (guess for guess in factors(view) if "the " not in guess[0].removeprefix("is the right one"))
    yield from order(view)


def sentence(text: str) -> str:
    return text if text.endswith("?") else f"{text}."


def known(value: Any) -> Any:
    """A guess's array, computed where it has to be."""
    value = value() if callable(value) else value
    return None if value is None else np.asarray(value)


def numbers_in(outcome: Outputs | Failure) -> int:
    """How many numbers there are in outputs, or in a case."""
    return 0 if isinstance(outcome, Failure) else sum(size_of(value) for value in outcome.values())


def size_of(value: Any) -> int:
    if isinstance(value, list | tuple):
        return sum(size_of(part) for part in value)
    return value.size if isinstance(value, np.ndarray) else 1
