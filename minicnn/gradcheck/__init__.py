"""gradcheck: prove a gradient by comparing it with differences of the function itself.

`check` compares; `differences` computes what it compares with; `functions` looks at each operation by itself, `special`
at zeros, ties and repeats; `diagnosis` names the mistake that explains a wrong gradient; `report` holds the figures.
"""

from minicnn.gradcheck.check import gradcheck
from minicnn.gradcheck.differences import GradCheckError
from minicnn.gradcheck.report import GradCheckReport

__all__ = ["GradCheckError", "GradCheckReport", "gradcheck"]
