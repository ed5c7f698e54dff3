"""broadcasting, in numbers."""

import numpy as np
import pytest
from support import raises
from worked_examples import array, compared, example, trace

import minicnn as mc
import minicnn.functional as F
from minicnn.tensor import Tensor


def test_the_example():
    e = example("broadcasting")
    assert array(e, "y").tolist() == [[10, 4, -3], [40, 10, -6]]
    assert array(e, "grad_b").tolist() == [13, -6, 3]
    assert trace(e, "grad_b[1]") == (-6, [4, -10])
    assert trace(e, "grad_a[1,1]") == (-4, [-4])
    assert array(e, "grad_b of a + b").tolist() == [4, 0, 0]


@pytest.mark.parametrize(
    "shapes", [((3, 1, 2), (4, 1)), ((2, 3), (1, 1, 3)), ((3,), ()), ((1,), (4, 1)), ((2, 2), (2, 2))]
)
def test_shapes(shapes):
    a, b = (np.arange(1.0, 1 + np.prod(shape, dtype=int)).reshape(shape) for shape in shapes)
    tensors = [Tensor(a, requires_grad=True), Tensor(b, requires_grad=True)]
    e, y = example(F.mul, *tensors), F.mul(*tensors)
    y.backward(np.resize([1, 2, -1, 3, -2], y.shape))
    for name, t in zip("ab", tensors, strict=True):
        place = ",".join(str(i // 2 if n > 1 else 0) for i, n in zip(y.shape[y.ndim - t.ndim :], t.shape, strict=True))
        value, terms = trace(e, f"grad_{name}[{place}]" if place else f"grad_{name}")
        assert value == t.grad[tuple(map(int, place.split(",")))] if place else t.grad
        assert len(terms) == y.data.size // t.data.size
        assert (f"grad_{name} of a + b" in compared(e)) == (t.shape != y.shape)


@pytest.mark.parametrize("given", [{"a": np.ones((2, 4))}, {"b": np.ones(2)}, {"b": np.ones((2, 1))}])
def test_the_rest_of_the_example_fits_what_is_given(given):
    assert "stretched along axis" in str(example("broadcasting", **given))


def test_shapes_that_do_not_fit_are_refused():
    with raises(ValueError, "mul: shapes (2,) and (3,) do not broadcast"):
        mc.explain(F.mul, np.ones(2), np.ones(3))
