"""gradcheck_pair: the check for a forward and a backward in NumPy, from any code, without Tensors."""

from __future__ import annotations

import copy
import inspect
import math
import re
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minicnn.function import Function
from minicnn.gradcheck.check import examine
from minicnn.gradcheck.differences import GradCheckError
from minicnn.gradcheck.report import GradCheckReport
from minicnn.tensor import Tensor

GradientsOf = Callable[[list[np.ndarray]], list[Any]]  # the outputs' gradients -> one for each array, or None
OUTPUT_NAMES = ("y", "out", "output", "a", "s")  # backward(grad_y, out): a second parameter that means the output


def gradcheck_pair(
    forward: Callable[..., Any], backward: Callable[..., Any] | None, *arguments: Any, **options: Any
) -> bool | GradCheckReport:
    """True where `backward` gives the gradients of `forward`, both in NumPy: gradcheck for code without Tensors.

        def affine_forward(x, w, b):                    def affine_backward(dout, cache):
            return x @ w + b, (x, w)                        x, w = cache
                                                            return dout @ w.T, x.T @ dout, dout.sum(axis=0)

        mc.gradcheck_pair(affine_forward, affine_backward, x, w, b)

    arguments: what forward is called with. Those that are float64 arrays are checked; labels, dicts of options and all
    else are passed on as they are, a copy each time. options: those of gradcheck (eps, seed, report ...).

    forward returns        and backward is called as
    y, cache               backward(grad_y, cache); with several outputs, h, c, cache: backward(grad_h, grad_c, cache)
    y                      backward(grad_y, *arguments); backward(grad_y, y) where its second parameter is called y,
                           out, output, a or s; or backward(grad_y), right after another forward, as a layer does that
                           keeps on self what it needs
    loss, gradients        not at all: backward is None, and the one function returns the number with its gradients

    backward returns one gradient for each array that is checked, in their order, or one for each argument; None for one
    that is not to be checked; or a dict by the names of forward's parameters, "x" or "dx" for x.

    Raises GradCheckError where a gradient is wrong or of a wrong shape; TypeError where forward and backward do not fit
    together; ValueError where forward gives another result the second time. np.random starts from the same seed every
    time, so that a dropout mask is always the same.
    """
    pair = Pair(forward, backward, arguments)
    tensors = [Tensor(a, requires_grad=i in pair.checked) for i, a in zip(pair.arrays, pair.given(), strict=True)]
    try:
        result = examine(lambda *inputs: PairFunction(pair)(*inputs), tensors, **options)
    except GradCheckError as error:
        error.args = (pair.with_names(str(error)), *error.args[1:])
        error.hypothesis = pair.with_names(error.hypothesis)
        raise
    if options.get("report"):
        result.message = pair.with_names(result.message)
        return result
    for line in result.not_told():
        warnings.warn(f"gradcheck_pair: {pair.with_names(line)}", stacklevel=2)
    return True


class Pair:
    """forward and backward, how they are called, and the arguments among which the arrays stand."""

    def __init__(self, forward: Callable[..., Any], backward: Callable[..., Any] | None, arguments: Sequence[Any]):
        for name, function in {"forward": forward, "backward": backward}.items():
            if not callable(function) and not (name == "backward" and function is None):
                raise TypeError(f"gradcheck_pair: {name} is {type(function).__name__}, expected a function")
        self.forward, self.backward, self.arguments = forward, backward, list(arguments)
        self.arrays = [i for i, a in enumerate(arguments) if isinstance(a, np.ndarray) and a.dtype.kind == "f"]
        self.names = parameter_names(forward, len(arguments))
        self.checked = self.arrays
        if not self.arrays:
            kinds = ", ".join(type(a).__name__ for a in arguments) or "nothing"
            raise TypeError(f"gradcheck_pair: the arguments are {kinds}, expected at least one float64 array")
        for i in self.arrays:
            if arguments[i].dtype != np.float64:
                raise TypeError(
                    f"gradcheck_pair: {self.names[i]} is {arguments[i].dtype}, expected float64: differences need its "
                    "digits"
                )
        self._try_once()

    def given(self) -> list[np.ndarray]:
        """The floating arrays among the arguments."""
        return [self.arguments[i] for i in self.arrays]

    def with_names(self, message: str) -> str:
        """The message with forward's parameters by name in place of inputs[0], inputs[1] ..."""
        return re.sub(r"inputs\[(\d+)\]", lambda match: self.names[self.arrays[int(match[1])]], message)

    def run(self, arrays: Sequence[np.ndarray]) -> tuple[list[np.ndarray], GradientsOf]:
        """forward's outputs, and the function that turns their gradients into those of the arrays."""
        given = [copy.deepcopy(a) for a in self.arguments]
        for i, array in zip(self.arrays, arrays, strict=True):
            given[i] = array
        returned = seeded(self.forward, given)
        if self.backward is None:
            if not (isinstance(returned, tuple | list) and len(returned) == 2 and np.size(returned[0]) == 1):
                raise TypeError(
                    "gradcheck_pair: backward is None, so forward should return (loss, gradients), loss one number; "
                    f"it returned {kind_of(returned)}"
                )
            return [np.asarray(returned[0], float)], lambda grads: self._by_array(returned[1], float(grads[0].item()))
        if not isinstance(returned, tuple | list):
            return [np.asarray(returned, float)], self._without_cache(self.backward, given, returned)
        backward, last = self.backward, len(returned) - 1
        if last and accepts(backward, len(returned)):
            outputs = [np.asarray(y, float) for y in returned[:last]]
            return outputs, lambda grads: self._by_array(backward(*grads, returned[last]))
        if accepts(backward, len(returned) + len(given)):
            return [np.asarray(y, float) for y in returned], lambda grads: self._by_array(backward(*grads, *given))
        raise TypeError(
            f"gradcheck_pair: forward returned {kind_of(returned)}, so backward should take {max(1, last)} gradient(s) "
            f"and the last of these, the cache; it is {signature(backward)}"
        )

    def _without_cache(self, backward: Callable[..., Any], given: list[Any], y: Any) -> GradientsOf:
        """How backward is called where forward returned its output alone."""
        if accepts(backward, 2) and parameter_names(backward, 2)[1] in OUTPUT_NAMES:
            return lambda grads: self._by_array(backward(*grads, y))
        if accepts(backward, 1 + len(given)):
            return lambda grads: self._by_array(backward(*grads, *given))
        arrays = [a for a in given if isinstance(a, np.ndarray)]
        if accepts(backward, 1 + len(arrays)):
            return lambda grads: self._by_array(backward(*grads, *arrays))
        if accepts(backward, 1):

            def of_a_layer(grads: list[np.ndarray]) -> list[Any]:
                seeded(self.forward, given)  # it keeps what the last forward gave it
                return self._by_array(backward(*grads))

            return of_a_layer
        raise TypeError(
            f"gradcheck_pair: forward returned one array and no cache, so backward should take grad_y and forward's "
            f"{len(given)} argument(s), or grad_y alone; it is {signature(backward)}"
        )

    def _by_array(self, gradients: Any, scale: float = 1.0) -> list[Any]:
        """What backward returned, in the order of the arrays; the wrong number or shape of them is an error."""
        if isinstance(gradients, dict):
            found = self._by_name(gradients)
        else:
            several = list(gradients) if isinstance(gradients, tuple | list) else [gradients]
            places = self.checked if len(several) == len(self.checked) else range(len(self.arguments))
            if len(several) not in (len(self.checked), len(self.arguments)):
                raise GradCheckError(
                    f"gradcheck_pair: backward returned {len(several)} gradients, expected {len(self.checked)}: for "
                    f"{', '.join(self.names[i] for i in self.checked)}"
                )
            found = {i: g for i, g in zip(places, several, strict=True) if i in self.checked}
        for i, gradient in found.items():
            shape = self.arguments[i].shape
            if gradient is not None and np.shape(gradient) != shape:
                hint = ": is it transposed?" if np.shape(gradient) == shape[::-1] else ""
                raise GradCheckError(
                    f"gradcheck_pair: the gradient of {self.names[i]} has shape {np.shape(gradient)}, expected that of "
                    f"{self.names[i]}, {shape}{hint}"
                )
        arrays = [found.get(i) for i in self.arrays]
        return [None if gradient is None else scale * np.asarray(gradient, float) for gradient in arrays]

    def _by_name(self, gradients: dict[str, Any]) -> dict[int, Any]:
        """The gradients of a dict by the numbers of the arguments; each must be for one of them."""
        keys = {key: i for i, name in enumerate(self.names) for key in (name, f"d{name}", f"grad_{name}")}
        for key in gradients:
            if key not in keys:
                raise TypeError(
                    f"gradcheck_pair: backward returned a gradient {key!r}, but forward has no such parameter; "
                    f"expected {', '.join(self.names[i] for i in self.arrays)}, or d or grad_ before these"
                )
        found = {keys[key]: gradient for key, gradient in gradients.items()}
        for i in self.checked:
            if i not in found:
                warnings.warn(  # once: afterwards it is not among those that are checked
                    f"gradcheck_pair: backward returned no gradient of {self.names[i]}, so it is not checked; write "
                    f"{self.names[i]!r}: None where it is not to be",
                    stacklevel=7,  # the caller of gradcheck_pair
                )
        return {i: found.get(i) for i in self.checked}

    def _try_once(self) -> None:
        """Run both once, for errors that are clear, and to leave out the inputs whose gradient is None."""
        (outputs, gradients_of), (again, _) = [self.run([a.copy() for a in self.given()]) for _ in range(2)]
        if any(not np.array_equal(a, b, equal_nan=True) for a, b in zip(outputs, again, strict=True)):
            raise ValueError(
                "gradcheck_pair: forward gives another result when it is called again with the same arguments: seed "
                "its random numbers in it, or pass a fixed mask"
            )
        gradients = gradients_of([np.ones_like(y) for y in outputs])
        self.checked = [i for i, g in zip(self.arrays, gradients, strict=True) if g is not None]
        if not self.checked:
            raise GradCheckError("gradcheck_pair: backward returned None for every array")


class PairFunction(Function):
    """The pair as an operation of the graph; several outputs are laid end to end in one vector."""

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self.name = getattr(pair.forward, "__name__", "forward")

    def forward(self, *arrays):
        outputs, self.gradients_of = self.pair.run(arrays)
        self.shapes = [y.shape for y in outputs]
        return outputs[0].copy() if len(outputs) == 1 else np.concatenate([y.ravel() for y in outputs])

    def backward(self, grad_y):
        sizes = [math.prod(shape) for shape in self.shapes]
        if len(sizes) == 1:
            grads = [grad_y]
        else:
            parts = np.split(grad_y, np.cumsum(sizes)[:-1])
            grads = [part.reshape(shape) for part, shape in zip(parts, self.shapes, strict=True)]
        return tuple(self.gradients_of(grads))


def seeded(function: Callable[..., Any], arguments: Sequence[Any]) -> Any:
    """Call it with np.random at the same start every time, and leave that as it was."""
    state = np.random.get_state()  # noqa: NPY002 - the code that is checked may draw from there
    np.random.seed(0)  # noqa: NPY002
    try:
        return function(*arguments)
    finally:
        np.random.set_state(state)  # noqa: NPY002


def parameter_names(function: Callable[..., Any], count: int) -> list[str]:
    """The names of its first parameters; inputs[i] where it does not say."""
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):  # some built-in functions
        parameters = []
    usual = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    names = [p.name for p in parameters if p.kind in usual][:count]
    return names + [f"inputs[{i}]" for i in range(len(names), count)]


def accepts(function: Callable[..., Any], count: int) -> bool:
    """Whether it can be called with so many arguments."""
    try:
        inspect.signature(function).bind(*range(count))
    except TypeError:
        return False
    except ValueError:
        return True
    return True


def signature(function: Callable[..., Any]) -> str:
    return f"{getattr(function, '__name__', 'backward')}{inspect.signature(function)}"


def kind_of(returned: Any) -> str:
    """ "a tuple of ndarray, dict" """
    if isinstance(returned, tuple | list):
        return f"a {type(returned).__name__} of {', '.join(type(part).__name__ for part in returned) or 'nothing'}"
    return f"one {type(returned).__name__}"
