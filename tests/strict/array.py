"""The array of the strict device: a NumPy array behind a wall, which does what a CuPy array does and nothing more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from strict import meter

IMPLICIT = (
    "Implicit conversion to a NumPy array is not allowed. "
    "Please use `.get()` to construct a NumPy array explicitly."
)  # fmt: skip  (CuPy's own words)
Number = bool | int | float | complex | np.generic


class ndarray:
    """An array on the strict device. Made with `upload`, or by what computes with such arrays."""

    __slots__ = ("__weakref__", "_host")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, shape: Any, dtype: Any = float, order: str = "C") -> None:
        self._host = np.empty(shape, dtype, order)
        fill_with_garbage(self._host)

    # -- what NumPy must not do with it

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise TypeError(IMPLICIT)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        raise TypeError(f"numpy.{function.__name__} of a device array: write xp.{function.__name__}")

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, out: Any = None, **kwargs: Any) -> Any:
        """Only `numpy_scalar + array` comes here rightly, where the scalar's own method asks NumPy first."""
        scalars = [x for x in inputs if isinstance(x, np.generic)]
        if method == "__call__" and len(inputs) == 2 and len(scalars) == 1 and out is None and not kwargs:
            return compute(ufunc, *inputs)
        for x in inputs:
            no_host_array(x)
        raise TypeError(f"numpy.{ufunc.__name__} of a device array: write xp.{ufunc.__name__}")

    # -- what is known without looking at the numbers

    dtype = property(lambda self: self._host.dtype)
    shape = property(lambda self: self._host.shape)
    strides = property(lambda self: self._host.strides)
    ndim = property(lambda self: self._host.ndim)
    size = property(lambda self: self._host.size)
    itemsize = property(lambda self: self._host.itemsize)
    nbytes = property(lambda self: self._host.nbytes)
    T = property(lambda self: on_device(self._host.T))
    mT = property(lambda self: on_device(self._host.mT))
    real = property(lambda self: on_device(self._host.real))
    flags = property(lambda self: Flags(self._host.flags))
    device = property(lambda self: Device(0))
    data = property(lambda self: MemoryPointer(self._host))
    base = property(lambda self: self._host)  # a way to what owns the memory (CuPy's ends with None one step earlier)

    def __len__(self) -> int:
        return len(self._host)

    def __iter__(self) -> Any:
        if self.ndim == 0:
            raise TypeError("iteration over a 0-d array")
        return (self[i] for i in range(len(self)))

    def __copy__(self) -> ndarray:
        return self.copy()

    def __deepcopy__(self, memo: Any) -> ndarray:
        return self.copy()

    # -- what makes the CPU wait

    def get(self, stream: Any = None, order: str = "C", out: Any = None, blocking: bool = True) -> np.ndarray:
        if blocking:
            meter.download("get() or asnumpy()")
        else:
            meter.count("d2h", "get(blocking=False)")
        if out is None:
            return np.array(self._host, order=order)
        out[...] = self._host
        return out

    def item(self, *index: int) -> Any:
        if not index and self.size != 1:
            raise ValueError("can only convert an array of size 1 to a Python scalar")
        meter.download("item()")
        return self._host.item(*index)

    def tolist(self) -> Any:
        meter.download("tolist()")
        return self._host.tolist()

    def tobytes(self, order: str = "C") -> bytes:
        meter.download("tobytes()")
        return self._host.tobytes(order)

    def _scalar(self, kind: Callable[[Any], Any]) -> Any:
        if kind is bool and self.size != 1:
            raise ValueError("The truth value of an array with more than one element is ambiguous.")
        if kind is not bool and self.ndim:
            raise TypeError("only 0-dimensional arrays can be converted to Python scalars")
        meter.download(f"{kind.__name__}() of an array")
        return kind(self._host)

    def __bool__(self) -> bool:
        return self._scalar(bool)

    def __int__(self) -> int:
        return self._scalar(int)

    def __float__(self) -> float:
        return self._scalar(float)

    def __repr__(self) -> str:
        meter.download("repr() or str()")
        return repr(self._host)

    def __str__(self) -> str:
        meter.download("repr() or str()")
        return str(self._host)

    def __format__(self, spec: str) -> str:
        meter.download("format() or an f-string")
        return format(self._host.item() if self.ndim == 0 else self._host, spec)

    def set(self, arr: np.ndarray, stream: Any = None) -> None:
        if not isinstance(arr, np.ndarray) or arr.dtype != self.dtype or arr.shape != self.shape:
            raise TypeError(f"{getattr(arr, 'dtype', type(arr))} array cannot be set to {self.dtype} array")
        meter.count("h2d", "set()")
        self._host[...] = arr

    # -- indexing

    def __getitem__(self, key: Any) -> ndarray:
        key, gathers = self._key(key)
        if not gathers:
            return on_device(self._host[key])
        meter.count("launches", "indexing with an array")
        return on_device(np.array(self._host[key]))

    def __setitem__(self, key: Any, value: Any) -> None:
        key, gathers = self._key(key)
        if isinstance(value, np.ndarray | list | tuple):
            raise ValueError("non-scalar numpy.ndarray cannot be used for fill")  # CuPy's own words
        value = operand(value)
        if gathers and np.size(value) > 1:
            places = np.arange(self.size).reshape(self.shape)[key]
            if len(np.unique(places)) != places.size:
                raise IndexError("x[index] = values with the same place twice: which value stays is not defined")
        meter.count("launches", "assignment")
        self._host[key] = value

    def _key(self, key: Any) -> tuple[Any, bool]:
        """The index for the host array, and whether it gathers (gives a copy) rather than slices (gives a view)."""
        parts = list(key) if isinstance(key, tuple) else [key]
        gathers = False
        for i, part in enumerate(parts):
            if isinstance(part, slice):
                parts[i] = slice(*(int(n) if isinstance(n, ndarray) else n for n in (part.start, part.stop, part.step)))
            elif isinstance(part, ndarray | np.ndarray | list | bool):
                gathers = True
                if isinstance(part, np.ndarray | list):
                    meter.count("h2d", "an index from the CPU")
                parts[i] = part._host if isinstance(part, ndarray) else np.asarray(part)
                if parts[i].dtype == bool:
                    meter.download("a boolean mask as index")
        if not gathers and Ellipsis not in parts:
            parts.append(Ellipsis)  # so that NumPy gives a view of no dimensions, not a scalar
        return tuple(parts), gathers


class Flags:
    """CuPy's flags: the layout, and nothing about writing."""

    def __init__(self, flags: Any) -> None:
        known = ("c_contiguous", "f_contiguous", "owndata", "forc", "fnc")
        self.__dict__.update({name: getattr(flags, name) for name in known})

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"cannot set {name!r} of an array's flags")

    def __getitem__(self, name: str) -> bool:
        return self.__dict__[name.lower()]


class MemoryPointer:
    """Where an array lies: `ptr` tells arrays apart, and can be used for nothing else."""

    def __init__(self, host: np.ndarray) -> None:
        self.ptr = host.__array_interface__["data"][0]


class Device:
    """The only device there is, number 0."""

    def __init__(self, device: int | None = None) -> None:
        if device not in (None, 0):
            raise RuntimeError(f"cudaErrorInvalidDevice: invalid device ordinal {device}")
        self.id = 0

    def __enter__(self) -> Device:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Device)

    def __hash__(self) -> int:
        return 0

    def use(self) -> None:
        pass

    def synchronize(self) -> None:
        meter.count("synchronizations", "Device.synchronize()")


# ---- over the wall ---------------------------------------------------------------------------------------------------


def on_device(host: Any) -> ndarray:
    """This very memory as a device array, also for a scalar: every result of CuPy is an array."""
    array = object.__new__(ndarray)
    array._host = np.asarray(host)
    return array


def upload(host: Any, dtype: Any = None) -> ndarray:
    """A copy of the CPU's numbers on the device."""
    meter.count("h2d", "an array or a list from the CPU")
    return on_device(np.array(host, dtype))


def no_host_array(value: Any) -> None:
    if isinstance(value, np.ndarray):
        raise TypeError("Unsupported type <class 'numpy.ndarray'>")  # CuPy's own words


def operand(value: Any) -> Any:
    """An argument of a computation for NumPy: a device array or a number, and nothing else."""
    if isinstance(value, ndarray):
        return value._host
    if not isinstance(value, Number):
        raise TypeError(f"Unsupported type {type(value)}")
    return value


def compute(ufunc: Any, *inputs: Any, out: Any = None, **keywords: Any) -> Any:
    """A NumPy ufunc on device arrays and numbers. 0-d arrays count as arrays where dtypes are chosen, as in CuPy."""
    operands = [operand(x) for x in inputs]
    outputs = out if isinstance(out, tuple) else (out,) * (out is not None)
    for x in outputs:
        if not isinstance(x, ndarray):
            raise TypeError(f"Unsupported type {type(x)}")
        keywords["out"] = tuple(x._host for x in outputs)
    meter.count("launches", ufunc.__name__)
    with np.errstate(all="ignore"):
        result = ufunc(*operands, **keywords)
    if outputs:
        return out
    return tuple(map(on_device, result)) if isinstance(result, tuple) else on_device(result)


def fill_with_garbage(host: np.ndarray) -> None:
    """What memory holds that nobody has written to: 3.4e38 in float32, so that whoever reads it gets noticed."""
    host[...] = True if host.dtype == bool else np.frombuffer(b"\x7f" * host.itemsize, host.dtype)[0]


# ---- operators -------------------------------------------------------------------------------------------------------


def _binary(ufunc: Any, swapped: bool = False) -> Any:
    def method(self: ndarray, other: Any) -> Any:
        if not isinstance(other, ndarray | np.ndarray | Number):
            if ufunc in (np.equal, np.not_equal) and not hasattr(other, "__array_ufunc__"):
                raise TypeError(f"{ufunc.__name__} of a device array and {type(other)}")  # else Python says False
            return NotImplemented
        return compute(ufunc, other, self) if swapped else compute(ufunc, self, other)

    return method


def _in_place(ufunc: Any) -> Any:
    def method(self: ndarray, other: Any) -> Any:
        if not isinstance(other, ndarray | np.ndarray | Number):
            return NotImplemented
        return compute(ufunc, self, other, out=self)

    return method


def _unary(ufunc: Any) -> Any:
    return lambda self: compute(ufunc, self)


for _name, _ufunc in {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "truediv": np.true_divide, "floordiv": np.floor_divide,
    "mod": np.remainder, "pow": np.power, "matmul": np.matmul, "and": np.bitwise_and, "or": np.bitwise_or,
    "xor": np.bitwise_xor, "lshift": np.left_shift, "rshift": np.right_shift, "divmod": np.divmod,
}.items():  # fmt: skip
    setattr(ndarray, f"__{_name}__", _binary(_ufunc))
    setattr(ndarray, f"__r{_name}__", _binary(_ufunc, swapped=True))
    if _name not in ("matmul", "divmod"):
        setattr(ndarray, f"__i{_name}__", _in_place(_ufunc))
for _name, _ufunc in {
    "lt": np.less, "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal, "eq": np.equal, "ne": np.not_equal,
}.items():  # fmt: skip
    setattr(ndarray, f"__{_name}__", _binary(_ufunc))
for _name, _ufunc in {
    "neg": np.negative, "pos": np.positive, "abs": np.absolute, "invert": np.invert
}.items():  # fmt: skip
    setattr(ndarray, f"__{_name}__", _unary(_ufunc))
