"""What a gradient check found out: for every input the errors, and the V of step sizes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

ROUGH = 1e-6  # an error that could be larger than this, relative to the largest gradient, is worth a line


@dataclass
class InputReport:
    """The check of one input. Errors are the largest of any element (of any direction in the cheap mode)."""

    number: int  # this is inputs[number]
    shape: tuple[int, ...]
    checked: int  # elements, or directions
    step: float  # of the differences
    max_absolute_error: float
    max_relative_error: float
    wrong: int = 0  # how many elements, or directions, are off by more than is allowed
    allowed: float = 0.0  # the most that any may be off, relative to the largest gradient
    unclear: int = 0  # how many the differences cannot tell: these were not looked at
    moved: int = 0  # how many elements were moved away from a kink: what happens at the kink was not looked at
    sweep: list[tuple[float, float]] = field(default_factory=list)  # (step, relative error of the difference)


@dataclass
class GradCheckReport:
    """True where the gradients are right; `print` it for a table, `plot` it for the V of every input.

    evaluations: how many times the function was computed; message: what is wrong and why, "" where nothing is.
    untried: which special points were not looked at.
    """

    inputs: list[InputReport] = field(default_factory=list)
    evaluations: int = 0
    message: str = ""
    untried: str = ""

    def __bool__(self) -> bool:
        return not self.message

    def __str__(self) -> str:
        lines = [
            f"{'input':8}{'shape':20}{'checked':>8}{'wrong':>7}{'max abs error':>15}{'max rel error':>15}{'step':>7}"
        ]
        for i in self.inputs:
            lines.append(
                f"{f'[{i.number}]':8}{str(i.shape):20}{i.checked:8}{i.wrong:7}{i.max_absolute_error:15.1e}"
                f"{i.max_relative_error:15.1e}{i.step:7.0e}"
            )
        lines += [f"{self.evaluations:,} evaluations of the function", *self.not_looked_at()]
        return "\n".join([*lines, *filter(None, [self.message])])

    def not_told(self) -> list[str]:
        """Where a gradient that is wrong would pass, since differences have no answer there: a line for each input."""
        return [
            f"differences cannot tell {i.unclear} of the {i.checked} slopes along inputs[{i.number}]: "
            "a gradient that is wrong there passes"
            for i in self.inputs
            if i.unclear
        ]

    def not_looked_at(self) -> list[str]:
        """What the check cannot vouch for, a line each."""
        lines = []
        for i in self.inputs:
            if i.unclear:
                lines.append(f"not looked at: inputs[{i.number}] in {i.unclear}, which differences cannot tell")
            if i.allowed > ROUGH:
                lines.append(f"inputs[{i.number}] may still be off by {i.allowed:.0e} of its largest gradient")
            if i.moved:
                lines.append(f"not looked at: inputs[{i.number}] at {i.moved} kinks, moved away from")
        return [*lines, f"not looked at: {self.untried}"] if self.untried else lines

    def plot(self, path: Any = None) -> Any:
        """The relative error of the difference over the step size, a line for each input; a matplotlib Figure.

        Too large a step, and the function's curvature is in the difference (the error grows with step^2); too small,
        and the rounding of two nearly equal values is (it grows with 1/step). A gradient that is right gives this V;
        one that is wrong a floor, below which no step gets. `path`: where to save the picture, too.
        """
        from matplotlib.figure import Figure  # here: nothing else needs it

        figure = Figure(figsize=(7, 4.5), layout="constrained")
        axes = figure.add_subplot(xscale="log", yscale="log")
        axes.set(xlabel="step", ylabel="relative error of the central difference", title="right" if self else "WRONG")
        for i in self.inputs:
            steps, errors = zip(*i.sweep, strict=True)
            (line,) = axes.plot(steps, np.maximum(errors, 1e-17), "o-", label=f"inputs[{i.number}] {i.shape}")
            axes.axvline(i.step, color=line.get_color(), linestyle=":", linewidth=1)
        axes.text(0.02, 0.02, "← rounding, ~1/step", transform=axes.transAxes)
        axes.text(0.98, 0.02, "truncation, ~step² →", transform=axes.transAxes, ha="right")
        axes.legend(title="dotted: the step that was used", loc="upper center")
        axes.grid(alpha=0.3)
        if path is not None:
            figure.savefig(path)
        return figure
