"""The solutions of chapter 1 agree with the library, and with its gradient check."""

import numpy as np
import pytest

import minicnn as mc
from exercises.catalog import find_exercise
from exercises.course.chain_rule.topological_walk.checks import Graph, diamonds
from minicnn.functional.basic import Add, Mul, unbroadcast


@pytest.mark.parametrize(("name", "library"), [("add", Add), ("multiply", Mul)])
def test_operations(name, library):
    answer, rng = find_exercise(name).solution, np.random.default_rng(0)
    a, b = (mc.Tensor(rng.standard_normal((3, 4)), requires_grad=True) for _ in range(2))
    np.testing.assert_array_equal(answer()(a, b).data, library()(a, b).data)
    assert mc.gradcheck(lambda x, y: answer()(x, y), [a, b])


@pytest.mark.parametrize("shape", [(2, 3), (1, 3), (3,), (2, 1), (1,), (), (1, 1)])
def test_broadcasting(shape):
    gradient = np.random.default_rng(1).standard_normal((4, 2, 3))
    np.testing.assert_allclose(find_exercise("broadcasting").solution(gradient, shape), unbroadcast(gradient, shape))


def test_the_walk_finds_what_the_library_s_finds():
    walk, x = find_exercise("topological_walk").solution, mc.Tensor(np.array(1.0), requires_grad=True)
    a = 7.0 * x
    (2.0 * (4.0 * (5.0 * a)) + 3.0 * a).backward()
    assert walk(Graph("y = 2*c + 3*a; c = 4*b; b = 5*a; a = 7*x"), "y")["x"] == x.grad
    assert walk(Graph(diamonds(30)), "y30")["y0"] == 1  # 2^30 paths


def test_lost_gradient_finds_what_the_library_finds():
    value = find_exercise("lost_gradient").solution
    a, b = value(3.0), value(3.0)
    ta, tb = (mc.Tensor(np.array(3.0), requires_grad=True) for _ in range(2))
    ((a + 1) * (b + 1) * a).backward()
    ((ta + 1.0) * (tb + 1.0) * ta).backward()
    assert (a.grad, b.grad) == (ta.grad, tb.grad)
