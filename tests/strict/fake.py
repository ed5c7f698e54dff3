"""A module that passes for `cupy`: the names in the recorded table, computed by NumPy on strict arrays."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy as np

from strict import meter
from strict.array import Device, compute, fill_with_garbage, ndarray, no_host_array, on_device, operand, upload
from strict.names import NAMES, Name

# Parameters that are no arrays: a device array there would have to be read first, and CuPy does not do so by itself.
PLAIN = set(
    "shape newshape axis axes axis1 axis2 order dtype source destination start stop step num N M k n ddof offset shift "
    "reps pad_width indices_or_sections decimals subscripts keepdims copy casting mode kind side ord".split()
)
# Parameters for which CuPy uploads lists and NumPy arrays of numbers.
INDICES = {"indices", "repeats"}
# What CuPy reads back to know the result's shape or value. Found by trying each function on the real one, counting.
WAITS = set(
    "argwhere array2string array_repr array_str asarray_chkfinite bincount choose compress delete "
    "diag_indices_from dumps extract flatnonzero fromiter gradient histogram histogram2d histogramdd in1d interp "
    "intersect1d isin nanmax nanmedian nanmin nonzero percentile place putmask quantile roots setdiff1d setxor1d "
    "shares_memory sliding_window_view tofile tril_indices tril_indices_from trim_zeros triu_indices "
    "triu_indices_from union1d unique unique_all unique_counts unique_inverse unique_values".split()
)
UPLOADS = set("frombuffer fromiter fromstring fromfile loadtxt genfromtxt load".split())
HOST_RESULTS = set(
    "shape ndim size may_share_memory shares_memory result_type can_cast promote_types broadcast_shapes iscomplexobj "
    "isrealobj isscalar issubdtype".split()
)


class Function:
    """A function or method of CuPy: its recorded signature, NumPy's arithmetic."""

    def __init__(self, name: Name, numpy_function: Callable[..., Any]) -> None:
        self.name, self.numpy_function, self.__name__ = name, numpy_function, name.name.rpartition(".")[2]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        named = self.name.check(args, kwargs)
        return self.compute(named, args, kwargs)

    def compute(self, named: dict[str, Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """`named`: the same arguments by the parameters' names."""
        for parameter, value in named.items():
            self._check(parameter, value)
        if self.__name__ in WAITS or (self.__name__ == "where" and len(named) == 1):
            meter.download(f"{self.__name__}()")
        if self.__name__ in UPLOADS:
            meter.count("h2d", f"{self.__name__}()")
        with np.errstate(all="ignore"):
            result = self.numpy_function(*map(_host, args), **{name: _host(value) for name, value in kwargs.items()})
        if self.__name__ in HOST_RESULTS:
            return result
        given = {id(x._host): x for x in _arrays([args, kwargs])}
        if not _is_view(result, given):
            meter.count("launches", self.__name__)
        return _result(result, given)

    def _check(self, parameter: str, value: Any) -> None:
        """TypeError for what the real one refuses by looking at its arguments."""
        if parameter in PLAIN:
            if list(_arrays([value])):
                raise TypeError(f"{self.__name__}: 'ndarray' object cannot be interpreted as an integer ({parameter})")
        elif parameter in INDICES:
            if isinstance(value, np.ndarray | list):
                meter.count("h2d", f"{self.__name__}: {parameter} from the CPU")
            if parameter == "repeats" and not isinstance(value, int):
                meter.download("repeat() as often as an array says")
        elif isinstance(value, list | tuple) and not list(_arrays([value])):
            if parameter in ("a", "x", "m", "v", "ary", "arr", "array", "b", "A", "array1", "tup", "arrays"):
                raise TypeError(f"{self.__name__}: Unsupported type {type(value)}")
        else:
            for part in value if isinstance(value, list | tuple) else [value]:
                no_host_array(part)


class UFunc:
    """A ufunc of CuPy, with the keywords and methods that were recorded."""

    def __init__(self, name: Name, numpy_ufunc: np.ufunc) -> None:
        self.name, self.ufunc, self.__name__ = name, numpy_ufunc, name.name
        self.nin, self.nout, self.nargs = numpy_ufunc.nin, numpy_ufunc.nout, numpy_ufunc.nargs

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self.name.check(args, kwargs)
        inputs, outputs = args[: self.nin], args[self.nin :]
        return compute(self.ufunc, *inputs, **({"out": outputs[0]} if outputs else {}), **_without_none(kwargs))

    def __getattr__(self, method: str) -> Any:
        if method.startswith("_") or not hasattr(np.ufunc, method):
            raise AttributeError(f"'cupy.ufunc' object has no attribute '{method}'")
        if method not in self.name.methods:
            raise NotImplementedError(f"`cupy_{self.__name__}.{method}` is not supported yet")
        return self._at if method == "at" else lambda *args, **kwargs: self._reduce(method, *args, **kwargs)

    def _at(self, a: ndarray, indices: Any, b: Any) -> None:
        if a.dtype.char not in self.name.methods["at"]:
            raise TypeError(f"cupy.{self.__name__}.at does not support {a.dtype}")
        key, _ = a._key(indices)
        meter.count("launches", f"{self.__name__}.at")
        self.ufunc.at(operand(a), key, operand(b))

    def _reduce(self, method: str, *args: Any, **kwargs: Any) -> ndarray:
        if unknown := set(kwargs) - {"axis", "dtype", "out", "keepdims"}:
            raise TypeError(f"{self.__name__}.{method}() got an unexpected keyword argument {unknown.pop()!r}")
        meter.count("launches", f"{self.__name__}.{method}")
        return on_device(getattr(self.ufunc, method)(*map(_host, args), **{k: _host(v) for k, v in kwargs.items()}))


def _without_none(kwargs: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in kwargs.items() if value is not None}


def _arrays(values: Any) -> Iterator[ndarray]:
    """The device arrays in lists, tuples and dicts."""
    for value in values.values() if isinstance(values, dict) else values:
        if isinstance(value, ndarray):
            yield value
        elif isinstance(value, list | tuple | dict):
            yield from _arrays(value)


def _host(value: Any) -> Any:
    if isinstance(value, ndarray):
        return value._host
    if isinstance(value, list | tuple):
        return type(value)(_host(part) for part in value)
    return value


def _result(result: Any, given: dict[int, ndarray]) -> Any:
    """What NumPy returned, on the device; an argument that comes back is the same object."""
    if isinstance(result, list | tuple):
        return type(result)(*(_result(part, given) for part in result)) if hasattr(result, "_fields") else type(result)(
            _result(part, given) for part in result
        )  # fmt: skip
    if isinstance(result, np.ndarray | np.generic | bool):
        return given[id(result)] if id(result) in given else on_device(result)
    return result


def _is_view(result: Any, given: dict[int, ndarray]) -> bool:
    """Whether the result is a view of an argument, so that nothing had to be computed."""
    parts = result if isinstance(result, list | tuple) else [result]
    return all(
        isinstance(part, np.ndarray)
        and id(part) not in given
        and any(np.may_share_memory(part, x._host) for x in given.values())
        for part in parts
    )


# ---- what is not NumPy's function under the same name ----------------------------------------------------------------


def array(obj: Any, dtype: Any = None, copy: bool = True, order: Any = "K", **options: Any) -> ndarray:
    if isinstance(obj, ndarray):
        host = np.array(obj._host, dtype, copy=copy or None, order=order)
        if host is obj._host:
            return obj
        meter.count("launches", "array()")
        return on_device(host)
    if isinstance(obj, list | tuple) and (parts := list(_arrays(obj))):
        if len(parts) != len(obj):
            raise TypeError("array: device arrays beside other things in a list")
        meter.count("launches", "array()")
        return on_device(np.array([part._host for part in parts], dtype, order=order))
    if isinstance(obj, np.ndarray | list | tuple):
        return upload(np.asarray(obj), dtype)
    meter.count("launches", "array() of a number")
    return on_device(np.array(obj, dtype))


def asarray(a: Any, dtype: Any = None, order: Any = None, **options: Any) -> ndarray:
    return array(a, dtype, copy=False, order=order or "K")


def asnumpy(a: Any, stream: Any = None, order: str = "C", out: Any = None, *, blocking: bool = True) -> np.ndarray:
    return a.get(stream, order, out, blocking) if isinstance(a, ndarray) else np.asarray(a)


def empty(*args: Any, **kwargs: Any) -> ndarray:
    host = np.empty(*args, **kwargs)
    fill_with_garbage(host)
    return on_device(host)


def empty_like(*args: Any, **kwargs: Any) -> ndarray:
    host = np.empty_like(*map(_host, args), **{name: _host(value) for name, value in kwargs.items()})
    fill_with_garbage(host)
    return on_device(host)


def get_array_module(*args: Any) -> Any:
    return cupy if any(isinstance(x, ndarray) for x in args) else np


def copyto(dst: ndarray, src: Any, casting: str = "same_kind", where: Any = None) -> None:
    meter.count("launches", "copyto")
    np.copyto(dst._host, operand(src), casting=casting, where=True if where is None else operand(where))


OWN: dict[str, Callable[..., Any]] = {
    "array": array, "asarray": asarray, "asanyarray": asarray, "asnumpy": asnumpy, "empty": empty,
    "empty_like": empty_like, "get_array_module": get_array_module, "copyto": copyto,
    "ascontiguousarray": lambda a, dtype=None: array(a, dtype, copy=False, order="C"),
    "asfortranarray": lambda a, dtype=None: array(a, dtype, copy=False, order="F"),
}  # fmt: skip


class Own(Function):
    """A function of ours, under a recorded signature."""

    def compute(self, named: dict[str, Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return self.numpy_function(*args, **kwargs)


class Generator:
    """CuPy's random generator, by its few methods; the numbers are NumPy's."""

    def __init__(self, seed: Any = None) -> None:
        if isinstance(seed, ndarray | np.ndarray):
            raise TypeError("default_rng: the seed must be a number")
        self._generator = np.random.default_rng(seed)

    def __getattr__(self, method: str) -> Any:
        name = NAMES.get(f"random.Generator.{method}")
        if name is None:
            raise AttributeError(f"'Generator' object has no attribute '{method}'")
        return Function(name, getattr(self._generator, method))


class Stream:
    """A queue of work, which is always empty here: everything is done at once."""

    def __init__(self, null: bool = False, non_blocking: bool = False, ptds: bool = False, **options: Any) -> None:
        self.ptr, self.null = 0, null

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def use(self) -> Stream:
        return self

    def record(self, event: Any = None) -> Event:
        return event or Event()

    def wait_event(self, event: Event) -> None:
        pass

    def synchronize(self) -> None:
        meter.count("synchronizations", "Stream.synchronize()")


class Event:
    """A mark in a queue of work; as everything is done at once, it has always been reached."""

    done = True

    def __init__(self, block: bool = False, disable_timing: bool = False, interprocess: bool = False) -> None:
        pass

    def record(self, stream: Any = None) -> None:
        pass

    def synchronize(self) -> None:
        meter.count("synchronizations", "Event.synchronize()")


CUDA: dict[str, Any] = {
    "cuda.Device": Device,
    "cuda.Stream": Stream,
    "cuda.Event": Event,
    "cuda.is_available": lambda: True,
    "cuda.get_current_stream": Stream,
    "cuda.alloc_pinned_memory": bytearray,
    "cuda.runtime.getDeviceCount": lambda: 1,
    "cuda.runtime.getDevice": lambda: 0,
    "cuda.runtime.getDeviceProperties": lambda device: {"name": b"strict", "totalGlobalMem": 1 << 30, "major": 8,
                                                        "minor": 0, "multiProcessorCount": 1},
    "cuda.runtime.runtimeGetVersion": lambda: 12090,
    "cuda.runtime.driverGetVersion": lambda: 12090,
    "cuda.runtime.memGetInfo": lambda: (1 << 30, 1 << 30),
    "cuda.runtime.CUDARuntimeError": type("CUDARuntimeError", (RuntimeError,), {}),
}  # fmt: skip
# They take CUDA source, or functions that would get to see NumPy's arrays.
LEFT_OUT = set(
    "RawKernel RawModule ElementwiseKernel ReductionKernel fuse vectorize memoize "
    "apply_along_axis apply_over_axes fromfunction piecewise".split()
)


class Module(ModuleType):
    """`cupy`, or one of the modules in it: attributes are looked up in the table."""

    def __init__(self, path: str) -> None:
        super().__init__(f"cupy.{path}" if path else "cupy")
        self._path = path

    def __getattr__(self, attribute: str) -> Any:
        full = f"{self._path}.{attribute}" if self._path else attribute
        name = NAMES.get(full)
        found = None if name is None or attribute in LEFT_OUT else find(name)
        if found is None:
            why = "the strict device leaves it out" if name else "CuPy does not have it"
            raise AttributeError(f"module {self.__name__!r} has no attribute {attribute!r} ({why})")
        setattr(self, attribute, found)
        return found


def find(name: Name) -> Any:
    """What stands for this line of the table; None where the strict device has nothing."""
    path, _, last = name.name.rpartition(".")
    if name.name == "ndarray":
        return ndarray
    if name.name in CUDA:
        return CUDA[name.name]
    if name.name in ("random.default_rng", "random.Generator"):
        return Generator
    if name.kind == "module":
        return Module(name.name)
    if name.name in OWN:
        return Own(name, OWN[name.name])
    if path in ("cuda", "cuda.runtime", "random"):
        return None
    owner: Any = np
    for part in path.split(".") if path else []:
        owner = getattr(owner, part, None)
    theirs = getattr(owner, last, None)
    if name.kind == "ufunc" and isinstance(theirs, np.ufunc):
        return UFunc(name, theirs)
    if name.kind in ("ufunc", "function") and callable(theirs) and not isinstance(theirs, type):
        return Function(name, theirs)
    plain = (
        isinstance(theirs, float) or theirs is None or last in ("finfo", "iinfo", "dtype", "s_", "index_exp", "ndindex")
    )
    return theirs if plain or isinstance(theirs, type) and issubclass(theirs, np.generic) else None


def _method(name: Name) -> Callable[..., Any]:
    last = name.name.rpartition(".")[2]

    def method(self: ndarray, *args: Any, **kwargs: Any) -> Any:
        named = name.check(args, kwargs)
        return Function(name, getattr(np.ndarray, last)).compute(named, (self, *args), kwargs)

    return method


for _name in NAMES.values():
    _path, _, _last = _name.name.rpartition(".")
    if _path == "ndarray" and _name.kind == "function" and _last not in vars(ndarray) and hasattr(np.ndarray, _last):
        setattr(ndarray, _last, _method(_name))

cupy = Module("")
cupy.__version__ = "14.2.0"
cupy.newaxis = None


@contextlib.contextmanager
def installed() -> Iterator[Module]:
    """Inside, `import cupy` gives the strict device; afterwards what it gave before."""
    hidden = {name: module for name, module in sys.modules.items() if name.split(".")[0] in ("cupy", "cupyx")}
    for name in hidden:
        del sys.modules[name]
    sys.modules["cupy"] = cupy
    try:
        yield cupy
    finally:
        for name in [name for name in sys.modules if name.split(".")[0] in ("cupy", "cupyx")]:
            del sys.modules[name]
        sys.modules.update(hidden)
