"""Writes cupy_names.txt: what the real CuPy has, name by name, with the signatures of what can be called.

Run it where CuPy works: `python tests/strict/record.py` with a GPU, `python tests/strict/record.py cpucupy` where the
real CuPy runs on the CPU (docs/testing.md, "Devices").
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TABLE = Path(__file__).with_name("cupy_names.txt")
MODULES = ["", "random", "linalg", "fft", "lib", "lib.stride_tricks", "cuda", "cuda.runtime"]
CLASSES = ["ndarray", "random.Generator", "cuda.Device", "cuda.Stream", "cuda.Event"]
DTYPES = "?bhilBHILefd"
# Functions that take **kwargs and then choose: how to call them, and with which keywords of NumPy's to try.
CHOOSY = {"einsum": ("i->i", ("out", "dtype", "order", "casting", "optimize"))}


def table(cupy: Any) -> list[str]:
    """One line a name: "name", a tab, what it is, and for what can be called a tab and its signature."""
    lines = []
    for path in [*MODULES, *CLASSES]:
        owner = cupy
        for part in path.split(".") if path else []:
            owner = getattr(owner, part)
        for name in dir(owner):
            if not name.startswith("_") and (path, name) != ("", "testing"):  # cupy.testing imports pytest
                full = f"{path}.{name}" if path else name
                lines.append("\t".join([full, *describe(full, getattr(owner, name), cupy)]))
    return sorted(lines)


def describe(full: str, value: Any, cupy: Any) -> Iterator[str]:
    """What a name stands for: its kind, its signature, and the methods of a ufunc that work."""
    if isinstance(value, cupy.ufunc):
        yield "ufunc"
        yield parameters(value)
        yield " ".join(ufunc_methods(value, cupy))
    elif inspect.ismodule(value):
        yield "module"
    elif isinstance(value, type):
        yield "class"
    elif full in CHOOSY:
        yield "function"
        yield ", ".join(["*operands", *accepted_keywords(value, *CHOOSY[full], cupy.ones(2))])
    elif callable(value):
        yield "function"
        yield parameters(value)
    else:
        yield "value"


def parameters(function: Any) -> str:
    """The parameters as they stand in a def, without self; "..." for a default that is no literal, "?" if unknown."""
    try:
        found = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # compiled code says it in the first line of its docstring
        line = (function.__doc__ or "").strip().split("\n")[0].replace("\\*", "*")
        line = re.sub(r"\b[\w.]+ (?=\w+[,=)])", "", line)  # without C types: "int axis=-1"
        match = re.match(r"[\w.]*\((.*?)\)(?: ->.*)?$", line)
        try:
            found = list(inspect.signature(eval(f"lambda {match[1]}: 0")).parameters.values()) if match else None
        except (SyntaxError, NameError):
            found = None
        if found is None:
            return "x1, x2, /, out=None, *, casting='same_kind', dtype=None" if hasattr(function, "nin") else "?"
    if found and found[0].name == "self":
        found = found[1:]
    text = str(inspect.Signature([plain(parameter) for parameter in found]))
    return text.removeprefix("(").removesuffix(")").replace("Ellipsis", "...")


def plain(parameter: inspect.Parameter) -> inspect.Parameter:
    default = parameter.default
    if default is not parameter.empty:
        try:
            ast.literal_eval(repr(default))
        except (ValueError, SyntaxError):
            default = ...
    return parameter.replace(annotation=parameter.empty, default=default)


def accepted_keywords(function: Any, argument: Any, keywords: tuple[str, ...], x: Any) -> Iterator[str]:
    for keyword in keywords:
        try:
            function(argument, x, **{keyword: x if keyword == "out" else False})
        except TypeError as error:
            if keyword in str(error):
                continue
        yield f"{keyword}=..."


def ufunc_methods(ufunc: Any, cupy: Any) -> Iterator[str]:
    """The methods that do not answer NotImplementedError; with `at`, the dtypes for which it works."""
    if ufunc.nin != 2 or ufunc.nout != 1:
        return
    for name, arguments in {"reduce": (), "accumulate": (), "reduceat": ([0],), "outer": (cupy.ones(2),)}.items():
        try:
            getattr(ufunc, name)(cupy.ones(2), *arguments)
        except (NotImplementedError, AttributeError):
            continue
        except Exception:  # it is there, and fails for these numbers alone
            pass
        yield name
    works = ""
    for dtype in DTYPES:
        try:
            ufunc.at(cupy.ones(2, dtype), cupy.zeros(1, int), cupy.ones(1, dtype))
        except Exception:
            continue
        works += dtype
    if works:
        yield f"at:{works}"


if __name__ == "__main__":
    for plugin in sys.argv[1:]:
        importlib.import_module(plugin)
    import cupy

    head = f"# CuPy {cupy.__version__}. Written by record.py, which says how; do not edit."
    TABLE.write_text("\n".join([head, *table(cupy)]) + "\n")
