"""Mistakes in writing a network, after which it would train less than was meant, or nothing, without a word.

module.py asks here wherever one can be made. It imports this file, so a Module is known here by what it can do.
"""

from __future__ import annotations

import itertools
import threading
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

from minicnn.tensor import Tensor, grad_enabled

_thread = threading.local()  # .in_forward: true while a module's forward runs on this thread

LAYERS = {"relu": "nn.ReLU()", "flatten": "nn.Flatten()", "dropout": "nn.Dropout()"}  # for functions without options


class in_forward:
    """`with in_forward():` a module's forward runs. What it keeps for itself there may be any Tensor."""

    def __enter__(self) -> None:
        self.outer = getattr(_thread, "in_forward", False)
        _thread.in_forward = True

    def __exit__(self, *exception: object) -> None:
        _thread.in_forward = self.outer


# ---- attributes ---------------------------------------------------------------------------------------------------


def check_attribute(module: Any, name: str, value: Any) -> None:
    """TypeError, or a warning, where `module.name = value` keeps something that the module will not find again."""
    where, old = f"{type(module).__name__}.{name}", vars(module).get(name)
    check_container(where, value)
    if _is_found(old) and not _is_found(value) and value is not None:
        kind, new = type(old).__name__, type(value).__name__
        hint = f"write {name}.data[...] = ..., or nn.{kind}(...)" if isinstance(old, Tensor) else "assign a module"
        raise TypeError(f"{where} is a {kind}, and a {new} in its place would not be found: {hint}, or None")
    if callable(getattr(type(module), name, None)) and _is_found(value):
        raise TypeError(f"{where} is a method, which a {type(value).__name__} would hide: choose another name")
    no_attribute_of_the_network = getattr(_thread, "in_forward", False) or not grad_enabled()  # but a result to keep
    if type(value) is not Tensor or not value.is_leaf or value.dtype.kind != "f" or no_attribute_of_the_network:
        return
    if value.requires_grad:
        raise TypeError(f"{where} is a Tensor, which parameters() does not find: write nn.Parameter(...)")
    message = f"{where} is a Tensor, neither trained nor saved nor moved: write nn.Parameter(...) or nn.Buffer(...)"
    warnings.warn(message, stacklevel=3)  # at the line of the assignment


def check_containers(module: Any) -> None:
    """TypeError where a list among the module's attributes has been filled with modules or parameters since."""
    for name, value in vars(module).items():
        if isinstance(value, list | tuple | dict | set):
            check_container(f"{type(module).__name__}.{name}", value)


def check_container(where: str, value: Any) -> None:
    """TypeError for a plain list, tuple, dict or set that holds modules or parameters."""
    found = _found_inside(value)
    if found is None:
        return
    instead = "write nn.ModuleList([...]) or nn.Sequential(...)"
    if isinstance(value, dict) or isinstance(found, Tensor):
        instead = "give each an attribute of its own, setattr(self, name, ...)"
    kind = f"{type(value).__name__} with a {type(found).__name__} inside"
    raise TypeError(f"{where} is a plain {kind}, which parameters() and to() do not find: {instead}")


def _found_inside(value: Any, depth: int = 2) -> Any:
    """The first module, parameter or buffer in a container, or None. A hundred things tell: the list may be long."""
    if not depth or not isinstance(value, list | tuple | dict | set):
        return None
    things: Iterable[Any] = value.values() if isinstance(value, dict) else value
    for thing in itertools.islice(things, 100):
        found = thing if _is_found(thing) else _found_inside(thing, depth - 1)
        if found is not None:
            return found
    return None


def _is_found(value: Any) -> bool:
    """Whether it is a module, a parameter or a buffer: what a module finds among its attributes."""
    if isinstance(value, Tensor):
        return type(value) is not Tensor
    return hasattr(value, "named_parameters") and not isinstance(value, type)


# ---- what is called, put into containers, loaded --------------------------------------------------------------------


def no_module(where: str, value: Any) -> TypeError:
    """The error for what stands in a Sequential or a ModuleList and is no module; it says what to write."""
    found = type(value).__name__
    if isinstance(value, type):
        found, hint = f"the class {value.__name__}", f"write nn.{value.__name__}(...)"
    elif isinstance(value, dict):
        hint = "write nn.Sequential(*layers.values())"
    elif isinstance(value, list | tuple) or hasattr(value, "__next__"):
        hint = "write nn.Sequential(*layers)"
    elif callable(value):
        name = getattr(value, "__name__", type(value).__name__)
        found, hint = f"the function {name}", "call it in the forward of a Module of your own"
        hint = f"write {LAYERS[name]}" if name in LAYERS else hint
    else:
        hint = "expected a module, like nn.ReLU()"
    return TypeError(f"{where} is {found}, no module: {hint}")


def check_output(module: Any, output: Any) -> None:
    """TypeError where forward has returned nothing."""
    if output is None:
        raise TypeError(f"{type(module).__name__}.forward returned None: is a `return` missing?")


def check_state_dict(where: str, state: Any) -> None:
    """TypeError for anything but a dict."""
    if isinstance(state, Mapping):
        return
    hint = "expected a dict of Tensors by name"
    if isinstance(state, str) or hasattr(state, "__fspath__"):
        hint = "write mc.load(path) for what is in the file"
    elif _is_found(state):
        hint = "write module.state_dict()"
    raise TypeError(f"{where}: state_dict is a {type(state).__name__}: {hint}")
