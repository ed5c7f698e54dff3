"""cross_entropy, in numbers."""

import math

import numpy as np
import pytest
from support import raises
from worked_examples import array, compared, example, trace

import minicnn as mc
import minicnn.functional as F
from minicnn import nn
from minicnn.tensor import Tensor

MORE = pytest.mark.everything("more cases of operations")
LOGITS, TARGETS = np.array([[2.0, 1, 0], [0, 3, 1]]), np.array([0, 2])
PROBABILITIES = np.array([[0.5, 0.5, 0], [0.1, 0.2, 0.4]])  # the second adds up to 0.7


def test_the_example():
    e = example("cross_entropy")
    p = math.exp(2) / (math.exp(2) + math.exp(1) + 1)
    assert trace(e, "loss[0]")[0] == pytest.approx(-math.log(p))
    assert trace(e, "grad_logits[0,0]")[0] == pytest.approx((p - 1) / 2)
    assert compared(e)["grad_logits"] == ["two steps", "F.cross_entropy's backward"]


@MORE
@pytest.mark.parametrize("targets", [TARGETS, PROBABILITIES, Tensor(TARGETS)], ids=["classes", "soft", "tensor"])
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("weight", [None, [1.0, 2.0, 0.5]], ids=["", "weights"])
def test_all_arguments(targets, reduction, weight):
    options = {"weight": weight, "reduction": reduction, "label_smoothing": 0.1}
    e, logits = example(F.cross_entropy, LOGITS, targets, at=(1, 0), **options), Tensor(LOGITS, requires_grad=True)
    loss = F.cross_entropy(logits, targets, **options)
    loss.backward(np.array([1, 2]) if reduction == "none" else None)
    assert np.allclose(array(e, "grad_logits"), logits.grad, atol=1e-15)
    if reduction != "none":
        assert trace(e, "loss")[0] == pytest.approx(loss.item())


def test_a_layer():
    e = example(nn.CrossEntropyLoss([1, 2, 3], reduction="sum", label_smoothing=0.2), LOGITS, TARGETS)
    assert array(e, "weight").tolist() == [1, 2, 3] and "Label smoothing s = 0.2" in str(e)


def test_in_one_step_large_logits_have_a_gradient():
    e = str(example("cross_entropy"))
    assert "nan  nan" in e and "-1   1" in e


def test_two_steps_are_left_out_where_a_probability_is_0():
    assert "Not with these numbers" in str(example(F.cross_entropy, [[0.0, 900.0]], [0]))


@pytest.mark.parametrize("given, rows", [({"logits": np.ones((3, 2))}, 3), ({"targets": np.array([0, 7])}, 2),
                                         ({"targets": PROBABILITIES}, 2)])  # fmt: skip
def test_the_rest_of_the_example_fits_what_is_given(given, rows):
    assert len(array(example("cross_entropy", **given), "logits")) == rows


def test_what_has_no_loss_is_refused():
    with raises(ValueError, "cross_entropy: the loss is not finite: the weights of the targets add up to 0"):
        mc.explain(F.cross_entropy, LOGITS, TARGETS, weight=[0.0, 1.0, 0.0])


def test_a_target_out_of_range_is_refused():
    with raises(ValueError, "cross_entropy: targets[1] is 3, expected a class from 0 to 2"):
        mc.explain(F.cross_entropy, LOGITS, [0, 3])
