"""What all optimizers share: parameter groups, the walk over the parameters, and a state that can be saved."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from typing import Any

from minicnn import backend
from minicnn.backend import Array
from minicnn.tensor import Tensor

Group = dict[str, Any]  # "params": a list of Tensors, and the options that hold for them: "lr", "momentum", ...


class Optimizer:
    """Changes parameters, in place, so that the loss gets smaller. A subclass writes its formula in `update`.

    `params` are Tensors, or parameter groups: dicts with "params" and options of their own.

        SGD([{"params": weights}, {"params": biases, "lr": 0.02, "weight_decay": 0}], lr=0.01)

    `param_groups` lists the groups with all their options; a learning-rate schedule writes "lr" there.
    `state` holds what is kept between steps, by the parameter's number, counted through the groups from 0.
    Raises ValueError where there is no parameter, or one stands there twice, or a group has an option that this
    optimizer does not know; TypeError where one is not a Tensor.
    """

    state_names: tuple[str, ...] = ()  # what is kept for a parameter: "step", a number, or arrays of its shape

    def __init__(self, params: Iterable[Tensor] | Iterable[Group], defaults: Mapping[str, Any]) -> None:
        self.name = type(self).__name__
        self.defaults = dict(defaults)
        self.param_groups: list[Group] = []
        self.state: dict[int, dict[str, Any]] = {}
        if isinstance(params, Tensor | Mapping):
            raise TypeError(
                f"{self.name}: params is one {type(params).__name__}, expected a list of Tensors or of dicts"
            )
        listed = listed_params(self.name, params)
        if not listed:
            raise ValueError(
                f"{self.name}: params is empty, expected at least one Tensor; a generator is, once it was walked "
                "through: write list(model.parameters())"
            )
        for group in listed if isinstance(listed[0], Mapping) else [{"params": listed}]:
            self.add_param_group(group)

    def add_param_group(self, param_group: Mapping[str, Any]) -> None:
        """Train these parameters too; an option that the group does not name has the optimizer's default."""
        group, options = param_group, [*self.defaults, "initial_lr"]  # which a schedule writes there
        if not isinstance(group, Mapping) or "params" not in group:
            raise TypeError(f'{self.name}: a parameter group is {group!r:.80}, expected a dict with "params"')
        for option in group:
            if option != "params" and option not in options:
                raise ValueError(f"{self.name}: a parameter group has {option!r}, expected some of {options}")
        params = group["params"]
        params = [params] if isinstance(params, Tensor) else listed_params(self.name, params)
        known = {id(p) for other in self.param_groups for p in other["params"]}
        for p in params:
            if not isinstance(p, Tensor):
                hint = ": write model.parameters()" if isinstance(p, tuple) else ""  # named_parameters()
                raise TypeError(f"{self.name}: params contains a {type(p).__name__}, expected Tensors only{hint}")
            if not p.is_leaf:
                raise ValueError(
                    f"{self.name}: params contains the result of an operation, shape {p.shape}: not a leaf"
                )
            if id(p) in known:
                raise ValueError(f"{self.name}: params contains the same Tensor twice, shape {p.shape}")
            known.add(id(p))
        self.param_groups.append(self.checked({**self.defaults, **group, "params": params}))

    def checked(self, group: Group) -> Group:
        """The group with its options checked and, where they are numbers, as Python floats."""
        raise NotImplementedError

    def update(self, x: Array, grad: Array, state: dict[str, Any], group: Group) -> None:
        """Change x, the data of one parameter, and its `state` in place."""
        raise NotImplementedError

    def step(self) -> None:
        """One step for every parameter that has a gradient.

        Raises ValueError, before anything has changed, where a gradient does not fit its parameter.
        """
        for group in self.param_groups:
            group.update(self.checked(group))  # a schedule or the user may have changed an option since
        todo = [(number, p, group) for number, (p, group) in enumerate(self._parameters()) if p.grad is not None]
        for number, p, _ in todo:
            self._check_gradient(number, p)
        for number, p, group in todo:
            with backend.on_device_of(p.data):
                self.update(p.data, p.grad, self.state.setdefault(number, {}), group)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget all gradients (they would otherwise add up from one `backward` to the next).

        With set_to_none=False they become zeros, in their arrays, and `step` goes on with these.
        """
        for p, _ in self._parameters():
            if set_to_none:
                p.grad = None
            elif p.grad is not None:
                p.grad[...] = 0

    def state_dict(self) -> dict[str, Any]:
        """All that another optimizer needs to go on bit for bit, with parameters named by their numbers.

            {"state": {0: {"momentum_buffer": array}, ...}, "param_groups": [{"lr": 0.1, ..., "params": [0, 1]}]}

        The arrays are copies: further steps do not change them. (PyTorch's are not copies.)
        """
        number = itertools.count()
        groups = [{**group, "params": [next(number) for _ in group["params"]]} for group in self.param_groups]
        state = {n: {k: v.copy() if backend.is_array(v) else v for k, v in s.items()} for n, s in self.state.items()}
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on from a `state_dict`, which is copied to the parameters' devices and dtypes.

        Raises ValueError, before anything has changed, where it does not fit this optimizer's groups and parameters.
        """
        where = f"{self.name}.load_state_dict"
        if not isinstance(state_dict, Mapping) or not {"state", "param_groups"} <= set(state_dict):
            raise ValueError(f'{where}: expected a dict with "state" and "param_groups", got {state_dict!r:.80}')
        saved_groups, saved_state = state_dict["param_groups"], state_dict["state"]
        saved_sizes = [len(group["params"]) for group in saved_groups]
        sizes = [len(group["params"]) for group in self.param_groups]
        if saved_sizes != sizes:
            raise ValueError(f"{where}: the saved groups have {saved_sizes} parameters, this optimizer's have {sizes}")
        saved_numbers = [number for group in saved_groups for number in group["params"]]
        strangers = set(saved_state) - set(saved_numbers)
        if strangers:
            raise ValueError(f"{where}: there is state for parameters {sorted(strangers, key=str)}, which no group has")
        groups = [
            self.checked({**group, **saved, "params": group["params"]})
            for group, saved in zip(self.param_groups, saved_groups, strict=True)
        ]
        state = {
            number: self._copied_state(f"{where}: parameter {number}", p, saved_state[saved_number])
            for number, (saved_number, (p, _)) in enumerate(zip(saved_numbers, self._parameters(), strict=True))
            if saved_number in saved_state
        }
        for group, loaded in zip(self.param_groups, groups, strict=True):
            group.update(loaded)
        self.state = state

    def _parameters(self) -> list[tuple[Tensor, Group]]:
        return [(p, group) for group in self.param_groups for p in group["params"]]

    def _check_gradient(self, number: int, p: Tensor) -> None:
        kept = [value for value in self.state.get(number, {}).values() if backend.is_array(value)]
        for what, array in [("gradient", p.grad), *(("saved state", array) for array in kept)]:
            found = (array.shape, str(array.dtype), backend.device_of(array))
            expected = (p.shape, str(p.dtype), p.device)
            if found != expected:
                raise ValueError(
                    f"{self.name}.step: the {what} of parameter {number} is {found[0]} {found[1]} on {found[2]}, "
                    f"expected as the parameter: {expected[0]} {expected[1]} on {expected[2]}"
                )

    def _copied_state(self, where: str, p: Tensor, saved: Mapping[str, Any]) -> dict[str, Any]:
        saved = {name: value for name, value in saved.items() if value is not None}  # PyTorch has None for "not yet"
        if saved and set(saved) != set(self.state_names):
            raise ValueError(f"{where} has the state {sorted(saved)}, expected {sorted(self.state_names)}")
        copied: dict[str, Any] = {}
        for name, value in saved.items():
            copied[name] = int(value) if name == "step" else array_like(f"{where}, {name}", value, p)
        return copied


def listed_params(owner: str, params: Any) -> list[Any]:
    """The parameters as a list; TypeError for a module in their place, or for its method that was not called."""
    if not isinstance(params, Iterable) or hasattr(params, "parameters"):  # a Sequential can be walked through, too
        raise TypeError(f"{owner}: params is a {type(params).__name__}: write model.parameters()")
    return list(params)


def array_like(where: str, value: Any, p: Tensor) -> Array:
    """A copy of `value`, an array or Tensor, on the device and in the dtype of p; errors name `where`."""
    array = value.data if isinstance(value, Tensor) else value
    if not backend.is_array(array):
        raise TypeError(f"{where} is a {type(value).__name__}, expected an array or a Tensor")
    if array.shape != p.shape:
        raise ValueError(f"{where} has shape {array.shape}, the parameter has {p.shape}")
    with backend.on_device_of(p.data):
        return backend.module_of(p.data).array(backend.to_device(array, p.device), dtype=p.dtype)
