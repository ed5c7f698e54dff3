"""The solutions of chapter 2 agree with the library, and with its gradient check."""

import numpy as np
import pytest

import minicnn as mc
import minicnn.functional as F
from exercises.catalog import find_exercise
from minicnn.nn import init


def tensor(*shape, seed=0):
    return mc.Tensor(np.random.default_rng(seed).standard_normal(shape), requires_grad=True)


def test_linear():
    answer, inputs = find_exercise("linear").solution, [tensor(3, 4), tensor(2, 4, seed=1), tensor(2, seed=2)]
    np.testing.assert_allclose(answer()(*inputs).data, F.linear(*inputs).data)
    assert mc.gradcheck(lambda *t: answer()(*t), inputs)


def test_relu_and_softmax():
    relu, softmax, x = find_exercise("relu").solution, find_exercise("softmax").solution, tensor(3, 5)
    np.testing.assert_array_equal(relu()(x).data, F.relu(x).data)
    np.testing.assert_allclose(softmax()(x).data, F.softmax(x, 1).data)
    assert mc.gradcheck(lambda t: relu()(t), x) and mc.gradcheck(lambda t: softmax()(t), x)


@pytest.mark.parametrize("name", ["cross_entropy", "overflow"])
def test_cross_entropy(name):
    answer, logits, targets = find_exercise(name).solution, tensor(4, 3), np.array([0, 2, 1, 1])
    np.testing.assert_allclose(answer(targets)(logits).data, F.cross_entropy(logits, targets).data)
    assert mc.gradcheck(lambda t: answer(targets)(t), logits)


def test_dropout_put_in_drops_what_the_library_drops():
    exercise, x = find_exercise("dropout"), tensor(40, 5)
    put_in = exercise.module("checks").install(exercise.solution)["minicnn.functional:dropout"]
    for p, training in ((0.3, True), (0.3, False), (1.0, True), (0.0, True)):
        mc.manual_seed(3)
        expected = F.dropout(x, p, training).data
        mc.manual_seed(3)
        np.testing.assert_array_equal(put_in(x, p, training).data, expected)


def test_initialization_put_in_gives_the_library_s_weights():
    exercise = find_exercise("initialization")
    put_in = exercise.module("checks").install(exercise.solution)["minicnn.nn.init:kaiming_normal_"]
    for shape in ((3, 4), (2, 3, 5, 5)):
        mc.manual_seed(1)
        expected = init.kaiming_normal_(mc.Tensor(np.zeros(shape))).data
        mc.manual_seed(1)
        np.testing.assert_allclose(put_in(mc.Tensor(np.zeros(shape))).data, expected)
