"""gradcheck: prove a gradient by comparing it with differences of the function itself.

`check` compares; `differences` computes what it compares with; `functions` looks at each operation by itself, `special`
at zeros, ties and repeats; `diagnosis` names the mistake that explains a wrong gradient; `report` holds the figures;
`pair` does all that for a forward and a backward in NumPy, and `__main__` so from the command line.
"""

from minicnn.gradcheck.check import gradcheck
from minicnn.gradcheck.differences import GradCheckError
from minicnn.gradcheck.pair import gradcheck_pair
from minicnn.gradcheck.report import GradCheckReport

__all__ = ["GradCheckError", "GradCheckReport", "gradcheck", "gradcheck_pair"]
