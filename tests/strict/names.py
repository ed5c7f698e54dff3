"""The recorded table of the real CuPy's names, read back: what exists, and how it may be called."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import Any

from strict.record import TABLE


@dataclass(frozen=True)
class Name:
    """One line of the table: `kind` is "function", "ufunc", "class", "module" or "value"."""

    name: str
    kind: str
    signature: inspect.Signature | None  # None where it could not be recorded
    methods: dict[str, str]  # of a ufunc: those that work; for "at", with the dtypes

    def check(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """The arguments by parameter; TypeError for what the real one would not take."""
        if self.signature is None:
            raise NotImplementedError(f"cupy.{self.name} has no recorded signature: the strict device leaves it out")
        try:
            return self.signature.bind(*args, **kwargs).arguments
        except TypeError as error:
            raise TypeError(f"cupy.{self.name}{self.signature}: {error}") from None


def read() -> dict[str, Name]:
    names = {}
    for line in TABLE.read_text().splitlines():
        if not line.startswith("#"):
            name, kind, *rest = line.split("\t")
            parameters = rest[0] if rest else "?"
            signature = None if parameters == "?" else inspect.signature(eval(f"lambda {parameters}: 0"))
            methods = dict((*method.split(":"), "")[:2] for method in (rest[1] if len(rest) > 1 else "").split())
            names[name] = Name(name, kind, signature, methods)
    return names


NAMES = read()
