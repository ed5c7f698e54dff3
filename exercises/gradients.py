"""gradcheck's diagnosis of an answer: its backward beside differences of its own forward, which has passed by then.

It needs the answer itself, so that it runs where that runs, and knows nothing of the solution.
"""

from __future__ import annotations

import re
import warnings
from typing import Any

import numpy as np

from exercises.stages import Case, Stage, made
from minicnn.function import Function
from minicnn.gradcheck import GradCheckError, gradcheck
from minicnn.tensor import Tensor

LONGEST = 600  # characters of a sentence


def differentiable(stage: Stage) -> tuple[str, ...]:
    """The inputs whose gradients the stage looks at; none where it is of another kind."""
    return tuple(getattr(stage.run, "differentiable", ()))


def diagnosis_of(stage: Stage, answer: Any, case: Case) -> str:
    """A sentence on what is wrong with the gradients of an answer in a case; "" where gradcheck has none."""
    inputs = differentiable(stage)
    case = {name: value for name, value in case.items() if name != "grad_y"}
    names = [name for name in inputs if name in case]
    tensors = {
        name: Tensor(np.array(case[name], np.float64), requires_grad=True) for name in names if case[name] is not None
    }

    def fn(*given: Tensor) -> Tensor:
        arrays = dict(zip(tensors, given, strict=True))
        return Answer(answer, inputs, case)(*(arrays.get(name) for name in names))

    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            gradcheck(fn, list(tensors.values()), special=True)
    except GradCheckError as error:
        return sentence_of(error, list(tensors))
    except Exception:
        return ""  # where the answer fails on numbers close by, there is nothing to be said of its gradients
    return ""


class Answer(Function):
    """An answer as an operation of the graph, whatever it is derived from."""

    def __init__(self, answer: Any, inputs: tuple[str, ...], case: Case) -> None:
        self.answer, self.inputs, self.case = answer, inputs, case
        self.name = getattr(answer, "name", "") or "answer"
        options = {n: v for n, v in case.items() if n not in inputs and type(v) in (int, float)}
        vars(self).update(options)  # gradcheck calls the numbers by these names that an operation was made with

    def forward(self, *arrays):
        given = {**self.case, **dict(zip((name for name in self.inputs if name in self.case), arrays, strict=True))}
        self.operation, arrays = made(self.answer, self.inputs, given)
        return np.asarray(self.operation.forward(*arrays))

    def backward(self, grad_y):
        gradients = self.operation.backward(np.array(grad_y))
        gradients = tuple(gradients) if isinstance(gradients, tuple | list) else (gradients,)
        return tuple(None if gradient is None else np.asarray(gradient) for gradient in gradients)


def sentence_of(error: GradCheckError, names: list[str]) -> str:
    """What it says, with the inputs by name, and without its figures: those of the case are shown already."""
    said = str(error).removeprefix("gradcheck: ")
    if "nothing would be proven" in said or "differences cannot tell" in said:
        return ""
    text = error.hypothesis
    if text and error.input is not None:
        text = f"grad_{names[error.input]}: {text}"
    elif not text and "backward says" not in said:
        text = f"{said[0].upper()}{said[1:]}."
    return re.sub(r"inputs\[(\d)\]", lambda match: names[int(match[1])], text)[:LONGEST]
