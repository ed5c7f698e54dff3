"""What an answer has no need of: pointed out to the instructor, who decides. Nothing is deducted."""

from __future__ import annotations

import re

from exercises.grading.submissions import printable

MODULES = (
    "exercises", "torch", "tensorflow", "keras", "jax", "cupy", "importlib", "runpy", "inspect", "ctypes", "cffi",
    "subprocess", "multiprocessing", "threading", "socket", "urllib", "http", "requests", "os", "sys", "gc", "signal",
    "shutil", "pathlib", "builtins", "pickle", "resource",
)  # fmt: skip
PATTERNS = (
    rf"^\s*(?:import|from)\s+(?:[\w.]+\s*,\s*)*(?:{'|'.join(MODULES)})\b",
    r"\b(?:eval|exec|compile|open|__import__|globals|breakpoint)\s*\(",
    r"__(?:subclasses|globals|builtins|code|closure|loader|spec)__",
    r"\bsys\.modules\b|\bos\.system\b|\.solution\b|\bsolution\.py\b",
)
MOST = 5  # lines that are shown


def suspicious(source: bytes) -> list[str]:
    """The lines, "line 3: import torch". By the text alone: a comment may be among them, and much can be hidden."""
    found = []
    for number, line in enumerate(source.decode("utf-8", "replace").splitlines(), 1):
        line = line[:1000]
        if any(re.search(pattern, line) for pattern in PATTERNS):
            found.append(f"line {number}: {printable(' '.join(line.split()))[:80]}")
    return found[:MOST] + ([f"and {len(found) - MOST} more lines"] if len(found) > MOST else [])
