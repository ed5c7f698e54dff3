"""What the tests of all operations share: `OperationTest` turns the description of an operation into its tests.

A test class says what the operation is called, on which inputs to try it, how to call it, and, in plain Python loops,
what it computes. Everything that must hold for every operation is then tested for every one of its cases:

    class TestReLU(OperationTest):
        name, arguments = "relu", ("x",)
        cases = [Case("matrix", (3, 4)), Case("one element", (1,))]

        def operation(self, case, x):
            return F.relu(x)

        def naive(self, case, x):
            return np.array([max(value, 0) for value in x.flat]).reshape(x.shape)

        def torch_operation(self, case, x):
            return torch.relu(x)
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import strict

import minicnn as mc
from minicnn import backend

try:
    import torch
except ImportError:
    torch = None  # type: ignore[assignment]

needs_torch = pytest.mark.skipif(torch is None, reason="PyTorch is not installed: pip install -e '.[parity]'")
both_dtypes = pytest.mark.parametrize("dtype", [np.float64, np.float32])
TOLERANCE = {np.float64: 1e-12, np.float32: 1e-5, np.float16: 2e-2}
Arrays = Sequence[np.ndarray]
REPOSITORY = Path(__file__).resolve().parents[1]


def run_python(code: str) -> subprocess.CompletedProcess[str]:
    """Run Python code in a process of its own, with two BLAS threads."""
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "OPENBLAS_NUM_THREADS": "2"}
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, env=environment, check=False
    )


# ---- cases and their numbers --------------------------------------------------------------------------------------


def normal(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.standard_normal(shape)


def positive(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.uniform(0.5, 2, shape)


def ties(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    """Small integers: many equals, and many zeros."""
    return rng.integers(-2, 3, shape)


def negative(rng: np.random.Generator, shape: tuple[int, ...]) -> np.ndarray:
    return -rng.uniform(0.5, 2, shape)


class Case:
    """A named configuration: the inputs' shapes, how to draw their numbers, and the operation's other arguments."""

    def __init__(
        self, name: str, *shapes: tuple[int, ...], draw: Callable[..., Any] = normal, **arguments: Any
    ) -> None:
        self.name, self.shapes, self.draw, self.arguments = name, shapes, draw, arguments

    def __getattr__(self, argument: str) -> Any:
        if argument not in self.__dict__.get("arguments", {}):
            raise AttributeError(argument)
        return self.arguments[argument]

    def __repr__(self) -> str:
        return f"Case({self.name!r}, {self.shapes}, {self.arguments})"


def tensor(*shape: int, dtype: Any = np.float64, requires_grad: bool = False) -> mc.Tensor:
    """Some tensor of this shape, for tests in which the numbers do not matter."""
    return mc.Tensor(np.asarray(np.random.default_rng(7).standard_normal(shape), dtype), requires_grad)


def leaf(values: Any, dtype: Any = np.float64) -> mc.Tensor:
    """A tensor of these numbers that requires a gradient."""
    return mc.Tensor(np.array(values, dtype), requires_grad=True)


def as_pair(value: int | tuple[int, int]) -> tuple[int, int]:
    return value if isinstance(value, tuple) else (value, value)


# ---- comparing ----------------------------------------------------------------------------------------------------


def assert_close(found: np.ndarray, expected: np.ndarray, dtype: Any, what: str) -> None:
    """Same shape, same dtype, and equal to the rounding of dtype, relative to the largest number expected."""
    assert isinstance(found, np.ndarray), f"{what}: {type(found).__name__}, expected an array"
    assert found.dtype == dtype, f"{what}: dtype {found.dtype}, expected {np.dtype(dtype)}"
    assert found.shape == expected.shape, f"{what}: shape {found.shape}, expected {expected.shape}"
    largest = max(1.0, float(np.abs(expected).max(initial=0)))
    tolerance = TOLERANCE.get(np.dtype(dtype).type, 0)  # integers are equal
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance * largest, err_msg=what)


def raises(error: type[Exception] | tuple[type[Exception], ...], *parts: str) -> Any:
    """pytest.raises for a message of these parts in this order, from its start; "..." in a part stands for anything."""
    pieces = [re.escape(piece) for part in parts for piece in part.split("...")]
    return pytest.raises(error, match=r"(?s)\A" + ".*".join(pieces))


@contextlib.contextmanager
def threads(number: int) -> Iterator[None]:
    before = mc.get_num_threads()
    mc.set_num_threads(number)
    try:
        yield
    finally:
        mc.set_num_threads(before)


# ---- devices ------------------------------------------------------------------------------------------------------


def put(array: Any, device: str) -> Any:
    """The array on "cpu" or "cuda" (which may be the strict device, see conftest.py)."""
    return backend.to_device(array, device)


def fetch(array: Any) -> np.ndarray:
    """The array as a NumPy array, for comparing."""
    return backend.to_device(array, "cpu")


def share_memory(a: Any, b: Any) -> bool:
    """Whether two arrays of one device overlap in memory; on a GPU, whether their bounds do."""
    xp = backend.module_of(a, b)
    return xp.shares_memory(a, b) if xp is np else xp.may_share_memory(a, b)


@contextlib.contextmanager
def quiet(waits: bool = False, uploads: bool = False) -> Iterator[None]:
    """Inside, nothing makes the CPU wait for the device, and nothing is copied to it, unless it is said to be right.

    Proven on the strict device; the real CuPy on the CPU (tools/cupy_on_cpu) counts what is copied back.
    """
    counters = sys.modules["cpucupy"].counters if "cpucupy" in sys.modules else dict
    before = counters()
    with (
        contextlib.nullcontext() if waits else strict.no_synchronization(),
        contextlib.nullcontext() if uploads else strict.no_uploads(),
    ):
        yield
    assert waits or counters().get("d2h") == before.get("d2h"), "something made the CPU wait for the device"


# ---- layouts of memory --------------------------------------------------------------------------------------------


def strided(array: Any) -> Any:
    """The same numbers, every second element of a larger array."""
    every_second = tuple(slice(None, None, 2) for _ in array.shape)
    view = backend.module_of(array).full([2 * n for n in array.shape], 99, array.dtype)[every_second + (...,)]
    view[...] = array
    return view


def column_order(array: Any) -> Any:
    """The same numbers, the first axis moving fastest."""
    return backend.module_of(array).array(array, order="F")


def backwards(array: Any) -> Any:
    """The same numbers, stored from the last to the first: negative strides."""
    xp = backend.module_of(array)
    return xp.asarray(xp.flip(xp.flip(array).copy()))


def channels_last(array: Any) -> Any:
    """The same numbers, axis 1 moving fastest, as in many image libraries."""
    xp = backend.module_of(array)
    return xp.moveaxis(xp.moveaxis(array, 1, -1).copy(), -1, 1) if array.ndim > 2 else array


def contiguous(array: Any) -> Any:
    return array.copy()


LAYOUTS = [strided, column_order, backwards, channels_last]


# ---- another module than NumPy --------------------------------------------------------------------------------------


class Elsewhere:
    """NumPy in the place of a GPU's module: everything NumPy has, but new arrays must be told their dtype.

    Without one they would be float64, of twice the size and far slower on a GPU than the inputs are.
    """

    def __getattr__(self, name: str) -> Any:
        if name not in ("empty", "zeros", "ones", "full"):
            return getattr(np, name)

        def new_array(*arguments: Any) -> np.ndarray:
            *_, dtype = arguments
            assert isinstance(dtype, np.dtype), f"{name}{arguments}: an array without a dtype"
            return getattr(np, name)(*arguments)

        return new_array


@contextlib.contextmanager
def everything_elsewhere() -> Iterator[None]:
    """Inside, all arrays are Elsewhere's, whom only an array can name; a batch is one block, as on a GPU."""
    elsewhere, walk = Elsewhere(), backend.blocks._walk

    def module_of(*arrays: Any) -> Any:
        assert any(backend.is_array(array) for array in arrays), f"module_of{arrays}: no array was asked"
        return elsewhere

    def one_block(run: Any, length: int, xp: Any, size: int) -> Any:
        assert xp is elsewhere, f"a batch was walked on {xp}, which is not the module of its arrays"
        return walk(run, length, xp, size)

    with pytest.MonkeyPatch.context() as patch:
        for asked in (backend, backend.blocks):
            patch.setattr(asked, "module_of", module_of)
        patch.setattr(backend.blocks, "_walk", one_block)
        yield


# ---- the tests of every operation -----------------------------------------------------------------------------------

ON_EVERY_CASE = {
    "test_forward_agrees_with_the_naive_version",
    "test_forward_and_gradients_agree_with_pytorch",
    "test_gradients_agree_with_differences",
    "test_gives_what_the_cpu_gives",
}


def in_turn(cases: list[Case], test: str) -> list[Any]:
    """The cases as parameters of a test, with marks on those that the quick run leaves out.

    It tries what is computed on every case, and an operation's own tests have all of its cases; but each of the other
    tests that all operations share takes every third case, not always the same ones.
    """
    every = 1 if test in ON_EVERY_CASE or test not in vars(OperationTest) else min(3, len(cases))
    turn = zlib.crc32(test.encode()) % every
    rest = pytest.mark.everything("more cases of operations")
    return [pytest.param(c, id=c.name, marks=() if i % every == turn else rest) for i, c in enumerate(cases)]


class OperationTest:
    """Derives the tests of an operation from its description; see the top of this file."""

    name: str  # what error messages call the operation
    arguments: tuple[str, ...]  # what they call the inputs
    cases: list[Case]
    integers_allowed = False  # whether inputs may be integers
    arrays_allowed = False  # whether inputs may be arrays and Python numbers too, as those of operators are
    optional: tuple[str, ...] = ()  # the inputs that may be None
    gradients_come_together = False  # whether one that is not required comes with the others, at no cost
    is_view = False  # whether the result may share its memory with an input, as a reshape does
    uploads = waits = False  # whether it has to copy to a GPU (labels, an index), or to wait for one (a mask)
    device = "cpu"  # where it runs: "cpu" or "cuda"

    @pytest.fixture(autouse=True)
    def on_every_device(self, device: str) -> None:
        self.device = device

    # -- the description: what a test class gives

    def inputs(self, case: Case, rng: np.random.Generator, dtype: Any) -> tuple[np.ndarray, ...]:
        return tuple(np.asarray(case.draw(rng, shape), dtype) for shape in case.shapes)

    def operation(self, case: Case, *tensors: mc.Tensor) -> mc.Tensor:
        raise NotImplementedError

    def naive(self, case: Case, *arrays: np.ndarray) -> Any:
        raise NotImplementedError

    torch_operation: Callable[..., Any]

    # -- the tests

    @staticmethod
    def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
        """One test for every case, and one for everything that is no tensor."""
        if "case" in metafunc.fixturenames:
            metafunc.parametrize("case", in_turn(metafunc.cls.cases, metafunc.function.__name__))
        if "wrong" in metafunc.fixturenames:
            wrong: list[Any] = [None, "text", [1.0, 2.0]]
            if not metafunc.cls.arrays_allowed:
                wrong += [2.0, True, np.ones((2, 2))]
            metafunc.parametrize("wrong", wrong, ids=lambda wrong: type(wrong).__name__)

    @both_dtypes
    def test_forward_agrees_with_the_naive_version(self, case, dtype):
        arrays = self.draw(case, dtype)
        y, _ = self.run(case, arrays)
        assert_close(y, self.expected(case, arrays), dtype, f"{case}: forward")

    @needs_torch
    @pytest.mark.devices("cpu")
    @both_dtypes
    def test_forward_and_gradients_agree_with_pytorch(self, case, dtype):
        self.agrees_with_torch(case, dtype)

    @pytest.mark.devices("cpu")
    def test_gradients_agree_with_differences(self, case):
        with threads(1):  # faster for tiny arrays
            assert mc.gradcheck(self.call(case), [mc.Tensor(array) for array in self.draw(case)])

    @pytest.mark.devices("strict", "cuda")
    def test_gives_what_the_cpu_gives(self, case):
        arrays = self.draw(case)
        cotangent = self.cotangent(case, arrays)
        y, grads = self.run(case, arrays, cotangent)
        self.device = "cpu"
        y_cpu, grads_cpu = self.run(case, arrays, cotangent)
        assert_close(y, y_cpu, np.float64, "forward")
        for argument, grad, grad_cpu in zip(self.names(arrays), grads, grads_cpu, strict=True):
            assert_close(grad, grad_cpu, np.float64, f"gradient of {argument}")

    @both_dtypes
    def test_keeps_the_dtype(self, case, dtype):
        arrays = self.draw(case, dtype)
        y, grads = self.run(case, arrays, self.cotangent(case, arrays))
        for what, array in zip(["the result", *self.names(arrays)], [y, *grads], strict=True):
            assert isinstance(array, np.ndarray), f"{what} is {type(array).__name__}, expected an array"
            assert array.dtype == dtype, f"{what} is {array.dtype}"

    def test_leaves_inputs_and_cotangent_unchanged(self, case):
        arrays = self.draw(case)
        cotangent = self.cotangent(case, arrays)
        given = [put(array, self.device) for array in [*arrays, cotangent]]
        before = [array.tobytes() for array in given]
        y, _ = self.run_there(case, given[:-1], given[-1])
        for what, array, content in zip([*self.names(arrays), "the cotangent"], given, before, strict=True):
            assert array.tobytes() == content, f"{what} was changed"
        if not self.is_view:
            assert not any(share_memory(y, array) for array in given[:-1]), "the result shares its memory with an input"

    def test_gradients_own_their_memory(self, case):
        arrays = self.draw(case)
        given = [put(array, self.device) for array in [*arrays, self.cotangent(case, arrays)]]
        y, grads = self.run_there(case, given[:-1], given[-1])
        for i, grad in enumerate(grads):
            if self.device == "cpu":  # CuPy's arrays can always be written to
                assert grad.flags.writeable, f"the gradient of {self.names(arrays)[i]} cannot be written to"
            assert not any(share_memory(grad, other) for other in [y, *given, *grads[:i]])

    def test_any_layout_in_memory_gives_the_same(self, case):
        arrays = self.draw(case)
        cotangent = self.cotangent(case, arrays)
        y, grads = self.run(case, arrays, cotangent)
        arrays, cotangent = [put(array, self.device) for array in arrays], put(cotangent, self.device)
        for layout, layout_cotangent in [
            *zip(LAYOUTS, LAYOUTS, strict=True),
            *((contiguous, other) for other in LAYOUTS),
        ]:
            y_too, grads_too = self.run(case, [layout(array) for array in arrays], layout_cotangent(cotangent))
            what = f"inputs {layout.__name__}, cotangent {layout_cotangent.__name__}"
            assert_close(y_too, y, np.float64, f"{what}: forward")
            for argument, grad_too, grad in zip(self.names(arrays), grads_too, grads, strict=True):
                assert_close(grad_too, grad, np.float64, f"{what}: gradient of {argument}")

    def test_accepts_a_cotangent_that_is_one_number_stretched(self, case):
        arrays = self.draw(case)
        ones = np.ones_like(self.cotangent(case, arrays))
        one = put(np.ones(()), self.device)
        stretched = backend.module_of(one).broadcast_to(one, ones.shape)  # as from y.sum(); read-only, all strides 0
        for found, expected in zip(self.run(case, arrays, stretched)[1], self.run(case, arrays, ones)[1], strict=True):
            assert_close(found, expected, np.float64, "gradient")

    @pytest.mark.devices("cpu")
    @pytest.mark.parametrize("cache_bytes", [None, 1], ids=["", "one item a block"])
    def test_any_number_of_threads_gives_the_same(self, case, cache_bytes, monkeypatch):
        arrays = self.draw(case)
        cotangent = self.cotangent(case, arrays)
        with threads(1):
            y, grads = self.run(case, arrays, cotangent)
        if cache_bytes is not None:
            monkeypatch.setattr(backend.blocks, "CACHE_BYTES", cache_bytes)
        for number in (1, 2, 3):
            with threads(number):
                first, second = (self.run(case, arrays, cotangent) for _ in range(2))
            assert_close(first[0], y, np.float64, f"{number} threads: forward")
            assert first[0].tobytes() == second[0].tobytes(), f"{number} threads: forward differs when repeated"
            for argument, one, two, grad in zip(self.names(arrays), first[1], second[1], grads, strict=True):
                assert_close(one, grad, np.float64, f"{number} threads: gradient of {argument}")
                assert one.tobytes() == two.tobytes(), f"{number} threads: gradient of {argument} differs when repeated"

    @pytest.mark.devices("cpu")
    def test_its_arrays_decide_where_it_runs(self, case):
        arrays = self.draw(case, np.float32)
        cotangent = self.cotangent(case, arrays)
        y, grads = self.run(case, arrays, cotangent)
        with everything_elsewhere():
            y_too, grads_too = self.run(case, arrays, cotangent)
        assert_close(y_too, y, np.float32, "forward")
        for argument, grad_too, grad in zip(self.names(arrays), grads_too, grads, strict=True):
            assert_close(grad_too, grad, np.float32, f"gradient of {argument}")

    def test_only_inputs_that_require_a_gradient_get_one(self, case):
        arrays = self.draw(case)
        cotangent = self.cotangent(case, arrays)
        y, grads = self.run(case, arrays, cotangent)
        for need in itertools.product([False, True], repeat=len(arrays)):
            tensors = [self.tensor(array, needed) for array, needed in zip(arrays, need, strict=True)]
            result = self.operation(case, *tensors)
            assert result.requires_grad == any(need)
            if any(need):
                computed = [grad is not None for grad in result.creator.gradients(put(cotangent, self.device))]
                expected = [True] * len(need) if self.gradients_come_together else list(need)
                assert computed[: len(need)] == expected, f"gradients computed: {computed}, required: {need}"
                result.backward(put(cotangent, self.device))
            np.testing.assert_array_equal(result.numpy(), y)
            for argument, needed, t, grad in zip(self.names(arrays), need, tensors, grads, strict=True):
                if needed:
                    assert_close(fetch(t.grad), grad, np.float64, f"{argument}, with gradients required of {need}")
                else:
                    assert t.grad is None, f"{argument} got a gradient that it does not require"

    def test_two_backwards_add_up(self, case):
        arrays = self.draw(case)
        first = self.cotangent(case, arrays)
        second = np.asarray(np.random.default_rng(5).standard_normal(first.shape))
        separately = [self.run(case, arrays, cotangent)[1] for cotangent in (first, second)]
        tensors = [self.tensor(array, requires_grad=True) for array in arrays]
        result = self.operation(case, *tensors)
        result.backward(put(first, self.device), retain_graph=True)
        result.backward(put(second, self.device))
        for argument, t, a, b in zip(self.names(arrays), tensors, *separately, strict=True):
            assert_close(fetch(t.grad), a + b, np.float64, f"gradient of {argument}")
        with raises(RuntimeError, "backward: the graph was freed"):
            result.backward(put(first, self.device))

    def test_without_a_graph_gives_the_same(self, case):
        arrays = self.draw(case)
        with mc.no_grad():
            result = self.operation(case, *(self.tensor(array, requires_grad=True) for array in arrays))
        assert result.is_leaf
        assert not result.requires_grad
        np.testing.assert_array_equal(result.numpy(), self.run(case, arrays, self.cotangent(case, arrays))[0])

    @pytest.mark.devices("cpu")
    def test_float16_works_or_is_refused(self):
        case = self.cases[0]
        arrays = self.draw(case, np.float16)
        try:
            y, grads = self.run(case, arrays, self.cotangent(case, arrays))
        except TypeError as error:
            assert re.search(f"{self.name}: .* float16", str(error)), f"the message does not say what is wrong: {error}"
        else:
            assert_close(y, self.expected(case, arrays), np.float16, "forward")
            assert {grad.dtype for grad in grads} == {np.dtype(np.float16)}

    # -- what no operation accepts

    @pytest.mark.devices("strict", "cuda")
    def test_mixed_devices_are_refused(self):
        case = max(self.cases, key=lambda case: len(case.shapes))
        arrays = self.draw(case)
        for i in range(1, len(arrays)):
            tensors = [mc.Tensor(array) if i == j else self.tensor(array) for j, array in enumerate(arrays)]
            with raises(TypeError, f"{self.name}: {self.names(arrays)[i]} is on cpu", "on cuda:0"):
                self.operation(case, *tensors)

    @pytest.mark.devices("cpu")
    def test_mixed_dtypes_are_refused(self):
        case = max(self.cases, key=lambda case: len(case.shapes))
        arrays = self.draw(case)
        for i in range(1, len(arrays)):
            tensors = [mc.Tensor(array.astype(np.float32) if i == j else array) for j, array in enumerate(arrays)]
            with raises(TypeError, f"{self.name}: {self.names(arrays)[i]} is float32", "float64"):
                self.operation(case, *tensors)

    @pytest.mark.devices("cpu")
    def test_integers_are_refused_or_kept(self):
        case = max(self.cases, key=lambda case: len(case.shapes))
        arrays = self.draw(case)
        for i, argument in enumerate(self.names(arrays)):
            if self.integers_allowed:
                assert self.operation(case, *(mc.Tensor(np.ones(array.shape, int)) for array in arrays)).dtype == int
                continue
            if self.arrays_allowed and i > 0:
                break  # beside a floating dtype integers take that
            wrong = range(len(arrays)) if self.arrays_allowed else [i]
            tensors = [mc.Tensor(np.ones(array.shape, int) if j in wrong else array) for j, array in enumerate(arrays)]
            with raises(TypeError, f"{self.name}: {argument} is int64, expected a floating dtype"):
                self.operation(case, *tensors)

    @pytest.mark.devices("cpu")
    def test_what_is_no_tensor_is_refused(self, wrong):
        case = max(self.cases, key=lambda case: len(case.shapes))
        arrays = self.draw(case)
        for i, argument in enumerate(self.names(arrays)):
            if wrong is None and argument in self.optional:
                continue
            inputs = [wrong if i == j else mc.Tensor(array) for j, array in enumerate(arrays)]
            with raises(TypeError, f"{self.name}: {argument} is {type(wrong).__name__}, expected a Tensor"):
                self.operation(case, *inputs)

    # -- helpers

    def draw(self, case: Case, dtype: Any = np.float64) -> tuple[np.ndarray, ...]:
        return self.inputs(case, np.random.default_rng(0), dtype)

    def names(self, arrays: Arrays) -> list[str]:
        """What the inputs are called; a last name that ends in "[]" stands for any number of them."""
        *names, last = self.arguments
        if last.endswith("[]"):
            return [*names, *(f"{last[:-2]}[{i}]" for i in range(len(arrays) - len(names)))]
        return [*names, last][: len(arrays)]

    def call(self, case: Case) -> Callable[..., mc.Tensor]:
        return lambda *tensors: self.operation(case, *tensors)

    def cotangent(self, case: Case, arrays: Arrays) -> np.ndarray:
        """Random numbers of the result's shape and dtype."""
        y, _ = self.run(case, arrays)
        return np.asarray(np.random.default_rng(1).standard_normal(y.shape), y.dtype)

    def tensor(self, array: Any, requires_grad: bool = False) -> mc.Tensor:
        """A Tensor of these numbers on the device."""
        return mc.tensor(array, requires_grad=requires_grad, device=self.device)

    def run(self, case: Case, arrays: Arrays, cotangent: Any = None) -> tuple[np.ndarray, Arrays]:
        """The result, and with a cotangent the gradients of all inputs; given and returned as NumPy arrays."""
        y, grads = self.run_there(case, arrays, cotangent)
        return fetch(y), [fetch(grad) for grad in grads]

    def run_there(self, case: Case, arrays: Arrays, cotangent: Any = None) -> tuple[Any, list[Any]]:
        """The same, with what is returned left on the device. Arrays that are there already are not copied."""
        tensors = [mc.Tensor(put(array, self.device), requires_grad=cotangent is not None) for array in arrays]
        grad_y = None if cotangent is None else put(cotangent, self.device)
        with quiet(self.waits, self.uploads):
            result = self.operation(case, *tensors)
            if grad_y is not None:
                result.backward(grad_y)
        if grad_y is not None:
            assert all(t.grad is not None for t in tensors), "an input got no gradient"
        return result.data, [t.grad for t in tensors if t.grad is not None]

    def expected(self, case: Case, arrays: Arrays) -> np.ndarray:
        """The naive version's result, computed in float64 also for inputs of less precision."""
        return np.asarray(self.naive(case, *(array.astype(np.float64) for array in arrays)))

    def agrees_with_torch(self, case: Case, dtype: Any) -> None:
        """Forward and all gradients, for a random cotangent."""
        arrays = self.draw(case, dtype)
        cotangent = self.cotangent(case, arrays)
        y, grads = self.run(case, arrays, cotangent)
        tensors = [torch.tensor(array, requires_grad=True) for array in arrays]
        result = self.torch_operation(case, *tensors)
        assert_close(y, result.detach().numpy(), dtype, f"{case}: forward")
        result.backward(torch.tensor(cotangent))
        for argument, grad, t in zip(self.names(arrays), grads, tensors, strict=True):
            assert_close(grad, np.asarray(t.grad), dtype, f"{case}: gradient of {argument}")

    def agrees(self, case: Case) -> None:
        """With PyTorch; where it is not installed, with the naive version and with differences."""
        if torch is not None:
            self.agrees_with_torch(case, np.float64)
        else:
            arrays = self.draw(case)
            assert_close(self.run(case, arrays)[0], self.expected(case, arrays), np.float64, f"{case}: forward")
            mc.gradcheck(self.call(case), [mc.Tensor(array) for array in arrays])
