"""The strict device refuses what CuPy refuses, sees what makes the CPU wait, and does ordinary things as NumPy does.

Every line is tried on the strict device, and, where one is usable, on the real CuPy.
"""

import math
import sys
from types import ModuleType

import numpy as np
import pytest

import minicnn as mc
import strict
from minicnn import backend
from strict import Forbidden, record
from strict.names import NAMES

REFUSED = """
np.asarray(x)
np.array([x, x])
np.float32(x.sum())
np.testing.assert_allclose(x, x)
memoryview(x)
np.ones((3, 4)) + x
x - np.ones((3, 4), "f4")
x * np.array(2.0)
x < np.zeros((3, 4))
x @ np.ones((4, 3), "f4")
x += np.ones((3, 4), "f4")
x[0] = np.ones(4, "f4")
x[0] = [1, 2, 3, 4]
x[...] = np.ones((3, 4))
xp.exp(np.ones(3))
xp.maximum(x, np.ones((3, 4)))
xp.where(m, x, np.zeros((3, 4)))
xp.where(np.ones((3, 4), bool), x, 0)
xp.concatenate([x, np.ones((3, 4), "f4")])
xp.stack([x, np.ones((3, 4), "f4")])
xp.matmul(x, np.ones((4, 3), "f4"))
xp.tensordot(x, np.ones((3, 4), "f4"))
xp.copyto(x, np.ones((3, 4), "f4"))
xp.add(x, 1, out=np.ones((3, 4), "f4"))
xp.maximum(x, [1, 2, 3, 4])
xp.sum([1.0, 2.0])
x + [1, 2, 3, 4]
x == "text"
xp.add(x, x, where=m)
xp.multiply(x, x, order="C")
xp.exp(x, subok=False)
x.sum(where=m)
x.mean(where=m)
x.max(initial=0)
x.sum(0, None, None, False, 0)
xp.max(x, initial=0)
xp.sum(x, where=m)
xp.clip(x, min=0)
xp.clip(x, 0)
xp.take_along_axis(x, xp.zeros((3, 1), int))
xp.einsum("ij->i", x, out=x[:, 0])
xp.sort(x, stable=True)
xp.zeros(3, like=x)
xp.zeros(3, device="cpu")
xp.maximum.reduce(x)
xp.logical_and.reduce(m)
xp.minimum.accumulate(x)
xp.maximum.reduceat(x, [0, 1])
xp.add.identity
xp.subtract.at(x, i, x[:2])
xp.multiply.at(x, i, x[:2])
xp.add.at(m, i, m[:2])
xp.errstate
xp.nditer
xp.block
xp.insert
xp.emath
xp.lib.stride_tricks.as_strided(x, (2,), (4,), writeable=False)
xp.random.default_rng(0).normal()
xp.random.default_rng(0).permutation(3)
xp.random.default_rng(0).shuffle(x)
xp.random.default_rng(0).choice(3)
xp.random.default_rng(0).standard_normal(3, "f4", None, 0)
x.flags.writeable
x.__array_namespace__
x.astype("f4", subok=None, device="cpu")
x.ctypes
x.itemset(0, 1.0)
x.resize(2, 2)
x.newbyteorder()
float(x)
bool(x)
x.item()
hash(x)
range(3)[x.argmax()]
[1, 2, 3][i[0]]
xp.zeros(i)
xp.zeros((i[0],))
x.reshape(i)
x.sum(axis=i[0])
x[5]
x["name"]
xp.asarray([x, 1.0])
x.set(np.ones((3, 4)))
x.astype("f4").get(out=x)
"""

# What works on CuPy, and is refused on the strict device all the same: we never want it.
STRICTER = """
np.exp(x)
np.add(x, x)
np.maximum(x, 0)
np.concatenate([x, x])
np.sum(x)
np.where(m, x, 0)
np.shape(x)
xp.sum(np.ones(3))
xp.add.at(x, i, np.ones((2, 4), "f4"))
x.flags.writeable = False
np.result_type(x, x)
np.array(2.0) < x[0, 0].item() * np.add(x, 1)
x[0] = np.array(3.0)
x[xp.asarray([7])]
x[xp.asarray([1, 1])] = x[:2]
x[0, xp.asarray([0, 2, 0])] = x[1, :3]
x[xp.asarray([1, 1])] += x[:2]
x == None
"""

WAITS = """
float(x.sum())
int(x.argmax())
bool(x.any())
x.any() and 1
1 if (x > 0).all() else 0
max(x.sum(), 1.0)
x[0, 0].item()
x.tolist()
x.get()
x.tobytes()
xp.asnumpy(x)
f"{x.sum()}"
f"{x.sum():.3f}"
repr(x)
str(x)
3.0 in x[0]
sorted(x[0])
math.sqrt(x.sum())
x[m]
x[x > 2]
x[m] = 0
x[:i[0]]
x.nonzero()
xp.nonzero(m)
xp.flatnonzero(x)
xp.argwhere(x)
xp.bincount(i)
xp.where(m)
xp.nanmax(x)
xp.compress(m[0], x, axis=1)
xp.unique(i)
xp.lib.stride_tricks.sliding_window_view(x, 2, axis=0)
xp.array_str(x)
xp.repeat(x, [1, 2, 3], axis=0)
"""

UPLOADS = """
xp.asarray(np.ones(3))
xp.array([1.0, 2.0])
xp.asarray([[1, 2], [3, 4]])
x[[0, 1]]
x[np.array([0, 1])]
x[np.array([0, 1])] = 0
x.take([0, 1])
x.set(np.ones((3, 4), "f4"))
"""

# Nothing to see here: no copy, no waiting, and the result that NumPy has.
QUIET = """
x + 1
2 * x
x - x.mean()
1 / x
-x
x**2
x // 2
x % 3
x > 2
(x > 2) & (x < 5)
~(x > 2)
abs(-x)
x @ x.T
x.T
x[0]
x[0, 1]
x[1:, ::2]
x[..., None]
x[:, ::-1]
x[i]
x[i, i + 1]
x[xp.arange(3), xp.asarray(1)]
x[i[0]]
x.sum()
x.sum(axis=(0, 1), keepdims=True)
x.mean(axis=1)
x.max(axis=0, keepdims=True)
x.var(axis=0)
x.argmax(axis=1)
x.reshape(4, 3)
x.reshape(-1)
x.transpose(1, 0)
x.swapaxes(0, 1)
x.astype("f8")
x.astype("f4", copy=False)
x.copy()
x.clip(2, 5)
x.any()
(x > 2).all(axis=0)
x.ravel()
x.shape
x.dtype
x.nbytes
x.strides
len(x)
[row.sum() for row in x]
xp.float32(2) * x
np.float32(2) * x
np.float64(2) * x
x + np.float64(2)
x.astype("f8") + np.float32(1)
i * 2.5
i / 2
x * True
i + 1
xp.exp(x)
xp.maximum(x, 3)
xp.maximum(x[:, :2], 0, out=x[:, 2:])
xp.multiply(x, 2, dtype="f8")
xp.sqrt(x)
xp.sqrt(4.0)
xp.where(x > 2, x, 0)
xp.concatenate([x, x], axis=1)
xp.stack([x, x])
xp.stack([x.sum(), x.max()])
xp.zeros((2, 3), "f4")
xp.zeros_like(x)
xp.ones_like(x)
xp.full((2, 2), 1.5, "f4")
xp.arange(5)
xp.arange(0, 1, 0.25)
xp.empty((2, 3)).shape
xp.empty_like(x).dtype
xp.asarray(2.5)
xp.asarray(x) is x
xp.array(x)
xp.asarray(x, dtype="f8")
xp.ascontiguousarray(x.T)
xp.broadcast_to(x, (2, 3, 4))
xp.einsum("ij,kj->ik", x, x)
xp.tensordot(x, x, axes=([1], [1]))
xp.pad(x, 1)
xp.moveaxis(x, 0, 1)
xp.square(x).sum(axis=(0, 1))
xp.isfinite(x).all()
xp.matmul(x, x.T)
xp.add.reduce(x)
xp.take_along_axis(x, xp.zeros((3, 1), int), 1)
xp.take(x, i, axis=0)
xp.lib.stride_tricks.as_strided(x, (2, 3), (16, 4))
xp.linalg.norm(x)
xp.flip(x, 0)
xp.inf
xp.pi
xp.float64
xp.newaxis
xp.ndim(x)
xp.cumsum(x[0])
"""


def lines(text):
    return text.strip().splitlines()


@pytest.fixture(params=["strict", "real"])
def xp(request):
    """The strict device, and the real CuPy where there is one."""
    if request.param == "strict":
        yield strict.cupy
        return
    usable = [device for device in mc.devices() if device.name.startswith("cuda") and device.usable]
    if not usable:
        pytest.skip(f"no real CuPy to compare with: {mc.devices()[-1]}")
    import cupy

    yield cupy


def given(xp):
    """What the lines use: x (3, 4) float32 from 1 to 12, i two indices, m a mask."""
    x = np.arange(1, 13, dtype=np.float32).reshape(3, 4)
    return {"np": np, "math": math, "xp": xp, "x": xp.asarray(x), "i": xp.asarray([0, 2]), "m": xp.asarray(x > 2)}


def run(code, names):
    """The value of an expression; a statement is executed."""
    try:
        compiled = compile(code, code, "eval")
    except SyntaxError:
        compiled = compile(code, code, "exec")
    return eval(compiled, names)


def counted(code, xp):
    """The value, and what was counted meanwhile."""
    names = given(xp)
    before = counts(xp)
    value = run(code, names)
    return value, {what: n - before[what] for what, n in counts(xp).items()}


def counts(xp):
    """Copies in both directions so far; none where nobody counts: NumPy, a real GPU."""
    if xp is strict.cupy:
        return strict.counters()
    return sys.modules["cpucupy"].counters() if "cpucupy" in sys.modules and xp is not np else {}


@pytest.mark.parametrize("code", lines(REFUSED))
def test_refused(xp, code):
    names = given(xp)
    with pytest.raises((TypeError, AttributeError, ValueError, IndexError, NotImplementedError, RuntimeError)):
        run(code, names)


@pytest.mark.parametrize("code", lines(STRICTER))
def test_refused_though_cupy_does_it(xp, code):
    names = given(xp)
    if xp is not strict.cupy:
        run(code, names)
        return
    with pytest.raises((TypeError, ValueError, IndexError, AttributeError)):
        run(code, names)


@pytest.mark.parametrize("code", lines(WAITS))
def test_makes_the_cpu_wait(xp, code):
    _, counts = counted(code, xp)
    assert counts.get("d2h", 1) >= 1
    assert counts.get("synchronizations", 1) >= 1
    if xp is strict.cupy:
        names = given(xp)
        with strict.no_synchronization(), pytest.raises(Forbidden, match="the CPU waits"):
            run(code, names)


@pytest.mark.parametrize("code", lines(UPLOADS))
def test_uploads(xp, code):
    _, counts = counted(code, xp)
    assert counts.get("h2d", 1) == 1
    if xp is strict.cupy:
        names = given(xp)
        with strict.no_uploads(), pytest.raises(Forbidden, match="an upload"):
            run(code, names)


@pytest.mark.parametrize("code", lines(QUIET))
def test_works_quietly_and_as_in_numpy(xp, code):
    expected = run(code, given(np))
    found, counts = counted(code, xp)
    assert not any(counts.get(what) for what in ("d2h", "h2d", "synchronizations"))
    if isinstance(expected, np.ndarray | np.generic) or isinstance(found, xp.ndarray):
        assert isinstance(found, xp.ndarray)
        found = xp.asnumpy(found)
        assert (found.shape, found.dtype) == (np.shape(expected), np.asarray(expected).dtype)
        np.testing.assert_allclose(found, expected, rtol=1e-6)
    elif not isinstance(expected, list):
        assert found == expected


# ---- what no single line shows ---------------------------------------------------------------------------------------


@pytest.fixture
def cupy():
    with strict.installed() as cupy:
        yield cupy


def test_minicnn_takes_its_arrays_for_those_of_a_gpu(cupy):
    t = mc.tensor([1.0, 2.0], device="cuda")
    assert t.device == "cuda:0"
    assert backend.module_of(t.data) is cupy
    assert backend.device_of(t.data) == "cuda:0"
    with pytest.raises(TypeError, match="different devices: cpu, cuda:0"):
        backend.module_of(np.ones(1), t.data)
    np.testing.assert_array_equal((2 * t).numpy(), [2.0, 4.0])


def test_what_was_imported_before_is_back_afterwards(monkeypatch):
    pretended = ModuleType("cupy")
    monkeypatch.setitem(sys.modules, "cupy", pretended)
    monkeypatch.setitem(sys.modules, "cupy.cuda", pretended)
    with strict.installed():
        import cupy

        assert cupy is strict.cupy
        assert "cupy.cuda" not in sys.modules
    assert sys.modules["cupy"] is sys.modules["cupy.cuda"] is pretended


def test_nothing_is_left_where_nothing_was(monkeypatch):
    monkeypatch.delitem(sys.modules, "cupy", raising=False)
    with pytest.raises(KeyError), strict.installed():
        raise KeyError
    assert "cupy" not in sys.modules


def test_memory_that_nobody_has_written_to_is_no_zeros(cupy):
    for array in (cupy.empty(3, "f4"), cupy.empty_like(cupy.zeros(3)), cupy.ndarray(3)):
        assert (abs(array) > 1e30).all()


def test_views_share_their_memory_and_copies_do_not(cupy):
    x = cupy.zeros((3, 4))
    for view in (x[0], x.T, x.reshape(-1), x[:, ::2], cupy.broadcast_to(x, (2, 3, 4)), x[0, 0]):
        assert cupy.may_share_memory(view, x)
    for copy in (x.copy(), x + 0, cupy.array(x), x[cupy.asarray([0, 1])], x.T.reshape(-1), x.astype("f4")):
        assert not cupy.may_share_memory(copy, x)
    x[0, 0].fill(5)
    assert x.tolist()[0][0] == 5


def test_uploads_and_downloads_are_copies(cupy):
    host = np.ones(3)
    x = cupy.asarray(host)
    host[0] = 2
    down = x.get()
    down[1] = 2
    assert x.tolist() == [1, 1, 1]


def test_launches_are_counted(cupy):
    x = cupy.ones((3, 4))
    before = strict.counters()["launches"]
    y = (x + 1)[0].reshape(2, 2).T  # one computation and three views
    y *= 2
    cupy.maximum(y, 0, out=y)
    assert strict.counters()["launches"] - before == 3


def test_random_numbers_have_the_right_dtype(cupy):
    generator = cupy.random.default_rng(5)
    assert generator.random((2, 3), dtype=cupy.float32).dtype == np.float32
    assert generator.standard_normal(4).dtype == np.float64
    assert cupy.random.default_rng(5).random(3).tolist() == cupy.random.default_rng(5).random(3).tolist()


def test_there_is_one_device(cupy):
    with cupy.cuda.Device(0):
        assert cupy.ones(1).device.id == 0
    with pytest.raises(RuntimeError, match="invalid device ordinal 1"):
        cupy.cuda.Device(1)
    with pytest.raises(RuntimeError, match="there is 1 GPU here: cuda:0"):
        mc.tensor([1.0], device="cuda:1")


def test_no_kernels_of_cuda_source(cupy):
    for name in ("RawKernel", "ElementwiseKernel", "RawModule", "ReductionKernel"):
        assert not hasattr(cupy, name)


# ---- the table -------------------------------------------------------------------------------------------------------


def test_the_strict_device_has_nothing_that_cupy_does_not_have():
    for name in dir(strict.ndarray):
        assert name.startswith("_") or f"ndarray.{name}" in NAMES, name
    for name in vars(strict.cupy):
        assert name.startswith("_") or name in NAMES, name


def test_the_table_is_that_of_the_real_cupy(xp):
    if xp is strict.cupy:
        pytest.skip("compares the table with the real CuPy")
    head, *recorded = record.TABLE.read_text().splitlines()
    if f"CuPy {xp.__version__}." not in head:
        pytest.skip(f"the table is not for CuPy {xp.__version__}: {head}")
    # Where the real CuPy runs on the CPU, its random generator is replaced.
    found, recorded = ([line for line in lines if "default_rng" not in line] for lines in (record.table(xp), recorded))
    assert found == recorded
