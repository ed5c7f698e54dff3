"""What the checks of an exercise are made of: stages, each with cases and a way to run an answer on them.

The same stage runs the learner's answer, the solution and every misconception, so that their outputs can be compared.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Case = dict[str, Any]  # what an answer is run on, by name: arrays, numbers, options; all of it is shown where it fails
Outputs = dict[str, Any]  # what came out, by name; a name that begins with _ is shown with the case, not compared
Run = Callable[..., Outputs]  # run(answer, **case)


@dataclass(frozen=True)
class Stage:
    """One step of a check: an answer passes where on every case its outputs are those of the solution.

    Cases are a list, smallest first, or a function that draws them from a generator (`cases(rng)`), so that a seed
    varies the numbers. `hint` is a sentence that is added where this stage fails and no misconception is recognized.
    """

    name: str  # the shape, the worked example, random values, the gradient, the edge cases
    run: Run
    cases: Sequence[Case] | Callable[[np.random.Generator], Sequence[Case]]
    points: int = 1
    shapes_only: bool = False
    tolerance: float = 1e-6  # of the largest number in the output
    hint: str = ""

    def cases_for(self, seed: int) -> list[Case]:
        """The cases, the same ones for the same seed."""
        return list(self.cases(np.random.default_rng(seed)) if callable(self.cases) else self.cases)


def numbers(rng: np.random.Generator, *shape: int) -> np.ndarray:
    """Random float64 numbers that are easy to read: -3 to 3, one digit behind the point, none of them 0."""
    values = rng.integers(1, 31, shape) / 10
    return values * rng.choice([-1.0, 1.0], shape)


def cotangent(shape: Sequence[int]) -> np.ndarray:
    """A gradient to send into backward, the same for the same shape: small whole numbers, hardly two alike."""
    rng = np.random.default_rng(len(shape))
    return rng.permutation(int(np.prod(shape))).reshape(shape) % 19 - 9.0


# ---- how an answer is run ------------------------------------------------------------------------------------------


def forward_of(*inputs: str) -> Run:
    """For a Function: answer(**options).forward(*inputs). In the case, all but the inputs are options."""

    def run(answer: Any, **case: Any) -> Outputs:
        operation, arrays = made(answer, inputs, case)
        return {"y": bare(operation.forward(*arrays), "forward")}

    return run


def gradients_of(*inputs: str) -> Run:
    """For a Function: forward, then backward; `grad_y` in the case, or `cotangent`. -> grad_x for the input x."""

    def run(answer: Any, **case: Any) -> Outputs:
        given = case.pop("grad_y", None)
        operation, arrays = made(answer, inputs, case)
        y = bare(operation.forward(*arrays), "forward")
        grad_y = cotangent(np.shape(y)) if given is None else given
        gradients = operation.backward(np.array(grad_y))
        gradients = gradients if isinstance(gradients, tuple | list) else (gradients,)
        names = [f"grad_{name}" for name in inputs if case.get(name) is not None]
        if len(gradients) != len(inputs) and len(gradients) != len(names):
            raise NotAsAsked(f"backward returned {len(gradients)} gradients for {len(names)} inputs")
        found = [bare(g, "backward") for g, name in zip(gradients, inputs, strict=False) if case.get(name) is not None]
        shown = {} if given is not None else {"_grad_y": grad_y}
        return {**shown, **dict(zip(names, found, strict=True))}

    run.differentiable = inputs  # type: ignore[attr-defined]  # gradcheck can look at it (exercises/diagnosis.py)
    return run


def made(answer: Any, inputs: Sequence[str], case: Case) -> tuple[Any, list[Any]]:
    """An instance with the case's options, ready for forward, and its inputs."""
    options = {name: value for name, value in case.items() if name not in inputs}
    if not isinstance(answer, type):
        raise NotAsAsked(f"expected a class with forward and backward, got a {type(answer).__name__}")
    operation = answer(**options)
    arrays = [case[name] for name in inputs if name in case]
    operation.needs_input_grad = tuple(array is not None for array in arrays)
    return operation, arrays


class NotAsAsked(TypeError):
    """What an answer returned is of a kind with which nothing can be done."""


def bare(value: Any, method: str) -> Any:
    """What forward or backward returned, if it is an array, a number or None. NotAsAsked for a list or a Tensor."""
    if isinstance(value, tuple | list):
        raise NotAsAsked(f"{method} returned a {type(value).__name__}, expected an array: np.array(...) makes one")
    if type(value).__name__ == "Tensor":
        raise NotAsAsked(f"{method} returned a Tensor: it gets bare arrays, and returns one")
    return value


def returned() -> Run:
    """For a plain function: answer(**case). What it returns is called `result`; of a tuple, `result[0]`, ..."""

    def run(answer: Any, **case: Any) -> Outputs:
        result = answer(**case)
        if isinstance(result, tuple) and not all(np.ndim(part) == 0 for part in result):
            return {f"result[{i}]": part for i, part in enumerate(result)}
        return {"result": result}

    return run


class Mistakes:
    """The misconceptions of an exercise: wrong answers, each with the sentence that names it.

    mistake = Mistakes()

    @mistake("You divided by the number of classes; the mean is over the batch.")
    class OverClasses(CrossEntropy): ...
    """

    def __init__(self) -> None:
        self.all: list[tuple[str, Any]] = []

    def __call__(self, sentence: str) -> Callable[[Any], Any]:
        def collect(answer: Any) -> Any:
            self.all.append((sentence, answer))
            return answer

        return collect
