"""The operations that have a worked example, each in a file of this folder, which is imported when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any, NamedTuple

import minicnn.functional as F
from minicnn import nn


class Operation(NamedTuple):
    """function: what it explains, None for what is no function of the library. module: the file in this folder.

    layer: the layer that calls the function, and options: which of its attributes are the function's arguments.
    """

    says: str  # in the list of all examples, one line
    function: Callable[..., Any] | None
    module: str
    layer: type[nn.Module] | None = None
    options: tuple[str, ...] = ()

    def load(self) -> ModuleType:
        """The module, with EXAMPLE and explanation()."""
        return import_module(f"{__name__}.{self.module}")


OPERATIONS = {
    "conv2d": Operation("a kernel slides over an image: loops, columns, matrix product", F.conv2d, "conv2d",
                        nn.Conv2d, ("weight", "bias", "stride", "padding")),
}  # fmt: skip
