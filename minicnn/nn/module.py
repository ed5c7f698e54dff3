"""Module: a layer or a network, holding parameters, buffers and other modules as plain attributes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeVar

import numpy as np

from minicnn import backend
from minicnn.nn import mistakes
from minicnn.tensor import Tensor

Self = TypeVar("Self", bound="Module")


class Parameter(Tensor):
    """A Tensor that training changes. As an attribute of a Module it is found by `parameters()`."""

    def __init__(self, data: Any, requires_grad: bool = True) -> None:
        super().__init__(data, requires_grad)


class Buffer(Tensor):
    """A Tensor that belongs to the state of a Module but is not trained, like batch norm's running mean.

    Where it is `optional`, a state that is loaded may lack it: then it stays as it is.
    """

    def __init__(self, data: Any, *, optional: bool = False) -> None:
        super().__init__(data)
        self.optional = optional


class Module:
    """The base of all layers and networks: assign parameters and modules to attributes, and define `forward`.

        class Perceptron(Module):
            def __init__(self):
                self.hidden = Linear(784, 100)
                self.out = Linear(100, 10)

            def forward(self, x):
                return self.out(F.relu(self.hidden(x)))

    Names are paths of attributes, "hidden.weight", in the order of assignment; the same as PyTorch's. Several modules
    go into a Sequential or a ModuleList: those in a plain list would not be found, so that is an error (mistakes.py).
    """

    training = True

    def forward(self, *inputs: Any, **options: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} has no forward")

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        mistakes.check_containers(self)
        with mistakes.in_forward():
            output = self.forward(*inputs, **options)
            mistakes.check_output(self, output)
            for hook in list(self.__dict__.get("_forward_hooks", {}).values()):
                hook(self, inputs, output)
        return output

    def __setattr__(self, name: str, value: Any) -> None:
        mistakes.check_attribute(self, name, value)
        super().__setattr__(name, value)

    def register_forward_hook(self, hook: Callable[[Module, tuple, Any], None]) -> Callable[[], None]:
        """Call `hook(module, inputs, output)` after every forward; returns a function that takes the hook away."""
        hooks = self.__dict__.setdefault("_forward_hooks", {})
        key = object()
        hooks[key] = hook
        return lambda: hooks.pop(key, None)

    def has_hooks(self) -> bool:
        """Whether a hook is registered with this module or with one inside it."""
        return any(module.__dict__.get("_forward_hooks") for module in self.modules())

    # ---- what is inside -----------------------------------------------------------------------------------------

    def named_children(self) -> Iterator[tuple[str, Module]]:
        """The modules directly inside, with their attributes' names."""
        for name, value in vars(self).items():
            if isinstance(value, Module):
                yield name, value

    def named_modules(self, *, prefix: str = "") -> Iterator[tuple[str, Module]]:
        """This module, under the name `prefix`, and all inside it, each once."""
        return _each_once(self._walk(prefix))

    def modules(self) -> Iterator[Module]:
        """This module and all inside it, each once."""
        return (module for _, module in self.named_modules())

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """Every parameter with its path, in order, each once even where it is shared."""
        return _each_once(self._tensors(Parameter))

    def parameters(self) -> Iterator[Parameter]:
        """Every parameter, in order, each once."""
        return (parameter for _, parameter in self.named_parameters())

    def named_buffers(self) -> Iterator[tuple[str, Buffer]]:
        """Every buffer with its path, in order."""
        return self._tensors(Buffer)

    def _walk(self, prefix: str) -> Iterator[tuple[str, Module]]:
        mistakes.check_containers(self)
        yield prefix, self
        for name, child in self.named_children():
            yield from child._walk(f"{prefix}.{name}" if prefix else name)

    def _tensors(self, *kinds: type) -> Iterator[tuple[str, Any]]:
        """Parameters before buffers in each module, a module before its children, as PyTorch orders them."""
        for path, module in self._walk(""):
            for kind in kinds:
                for name, value in vars(module).items():
                    if isinstance(value, kind):
                        yield f"{path}.{name}" if path else name, value

    # ---- state ----------------------------------------------------------------------------------------------------

    def state_dict(self) -> dict[str, Tensor]:
        """Every parameter and buffer by its path; the Tensors share their data with the module."""
        return {name: tensor.detach() for name, tensor in self._tensors(Parameter, Buffer)}

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True) -> None:
        """Copy Tensors or arrays into the parameters and buffers of the same names; dtype and device stay as they are.

        Raises TypeError for what is no dict of numbers, ValueError where a shape differs, and, where `strict`, for
        names that are missing or not expected. Nothing is changed then.
        """
        where = f"load_state_dict: {type(self).__name__}"
        mistakes.check_state_dict(where, state_dict)
        own = dict(self._tensors(Parameter, Buffer))
        arrays = {name: _numbers(f"{where}: {name}", value) for name, value in state_dict.items() if name in own}
        problems = []
        if strict:
            needed = [name for name, tensor in own.items() if not getattr(tensor, "optional", False)]
            problems += [f"missing: {name}" for name in needed if name not in arrays]
            problems += [f"not expected: {name}" for name in state_dict if name not in own]
        for name, array in arrays.items():
            if array.shape != own[name].shape:
                problems.append(f"{name} has shape {array.shape}, expected {own[name].shape}")
        if problems:
            more = f" (and {len(problems) - 5} more)" if len(problems) > 5 else ""
            raise ValueError(f"{where}: {'; '.join(problems[:5])}{more}")
        for name, array in arrays.items():
            own[name].data[...] = backend.to_device(array, own[name].device)

    # ---- modes, devices -----------------------------------------------------------------------------------------

    def train(self: Self, mode: bool = True) -> Self:
        """Training mode (or, with False, evaluation mode) for this module and all inside it."""
        if not isinstance(mode, bool):
            raise TypeError(f"train: mode is {mode!r}, expected True or False")
        for module in self.modules():
            module.training = mode
        return self

    def eval(self: Self) -> Self:
        """Evaluation mode: dropout off, batch norm with running statistics."""
        return self.train(False)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters; with set_to_none=False they become zeros, in their arrays."""
        for parameter in self.parameters():
            if set_to_none:
                parameter.grad = None
            elif parameter.grad is not None:
                parameter.grad[...] = 0

    def to(self: Self, device: str | None = None, dtype: Any = None) -> Self:
        """Move parameters and buffers to a device and, or, to another floating dtype; gradients are dropped."""
        if device is not None and not isinstance(device, str):
            device, dtype = None, device  # to(numpy.float64)
        if dtype is not None and np.dtype(dtype).kind != "f":
            raise TypeError(f"to: dtype is {np.dtype(dtype)}, expected a floating dtype")
        for _, tensor in self._tensors(Parameter, Buffer):
            if dtype is not None and tensor.dtype.kind == "f":
                tensor.data = tensor.data.astype(dtype)
            if device is not None:
                tensor.data = backend.to_device(tensor.data, device)
            tensor.grad = None
        return self

    def float(self: Self) -> Self:
        """Parameters and buffers in float32."""
        return self.to(dtype=np.float32)

    def double(self: Self) -> Self:
        """Parameters and buffers in float64, as gradient checks need them."""
        return self.to(dtype=np.float64)

    def __repr__(self) -> str:
        children = [f"({name}): {child!r}".replace("\n", "\n  ") for name, child in self.named_children()]
        inside = "".join(f"\n  {line}" for line in children) + "\n" if children else self.extra_repr()
        return f"{type(self).__name__}({inside})"

    def extra_repr(self) -> str:
        """What stands between the parentheses when the module is printed."""
        return ""


def _each_once(named: Iterator[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    """The pairs without those whose object has come before under another name."""
    seen: set[int] = set()
    for name, value in named:
        if id(value) not in seen:
            seen.add(id(value))
            yield name, value


def _numbers(where: str, value: Any) -> backend.Array:
    """A value of a state dict as an array; TypeError where it is none of numbers."""
    array = value.data if isinstance(value, Tensor) else value
    array = array if backend.is_array(array) else np.asarray(array)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{where} is a {type(value).__name__}, expected a Tensor or an array of numbers")
    return array


class Sequential(Module):
    """Modules one after the other: the output of each is the input of the next."""

    def __init__(self, *modules: Module) -> None:
        for i, module in enumerate(modules):
            if not isinstance(module, Module):
                raise mistakes.no_module(f"Sequential: layer {i}", module)
            setattr(self, str(i), module)

    def forward(self, x: Any) -> Any:
        for module in self:
            x = module(x)
        return x

    def __iter__(self) -> Iterator[Module]:
        return (child for _, child in self.named_children())

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __getitem__(self, index: Any) -> Any:
        if not isinstance(index, slice):
            return list(self)[index]
        part = Sequential()  # of the same modules, under the same names
        for name, child in list(self.named_children())[index]:
            setattr(part, name, child)
        return part


class ModuleList(Module):
    """A list of modules, found by `parameters()`; what to do with them is left to who holds the list."""

    def __init__(self, modules: Iterable[Module] = ()) -> None:
        if not isinstance(modules, Iterable):
            raise TypeError(f"ModuleList: modules is one {type(modules).__name__}, expected a list of modules")
        for module in modules:
            self.append(module)

    def append(self, module: Module) -> ModuleList:
        if not isinstance(module, Module):
            raise mistakes.no_module(f"ModuleList: module {len(self)}", module)
        setattr(self, str(len(self)), module)
        return self

    def __iter__(self) -> Iterator[Module]:
        return (child for _, child in self.named_children())

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __getitem__(self, index: Any) -> Any:
        return ModuleList(list(self)[index]) if isinstance(index, slice) else list(self)[index]
