"""A worked example is also a check: where the library is wrong, it says so."""

import pytest
from worked_examples import break_backward, break_forward, compared, example

import minicnn as mc
from minicnn.explain.worked import ways
from minicnn.functional.activation import ReLU, Softmax
from minicnn.functional.basic import Add, Mul
from minicnn.functional.concat import Concat
from minicnn.functional.convolution import Conv2d
from minicnn.functional.dropout import Dropout
from minicnn.functional.linear import Linear
from minicnn.functional.loss import CrossEntropy
from minicnn.functional.normalization import BatchNorm, LocalResponseNorm
from minicnn.functional.pooling import MaxPool2d

OPERATIONS = {
    "linear": [(Linear, 3)],
    "relu": [(ReLU, 1)],
    "softmax": [(Softmax, 1)],
    "cross_entropy": [(CrossEntropy, 1)],
    "batch_norm": [(BatchNorm, 3)],
    "local_response_norm": [(LocalResponseNorm, 1)],
    "dropout": [(Dropout, 1)],
    "broadcasting": [(Mul, 2), (Add, 2)],
    "inception": [(Conv2d, 1), (ReLU, 1), (MaxPool2d, 1), (Concat, 4)],
}
MORE = pytest.mark.everything("more cases of operations")
FORWARD, BACKWARD = [], []
for name, parts in OPERATIONS.items():
    marks = MORE if name == "inception" else ()
    for operation, inputs in parts:
        if operation not in (Add, Concat):  # whose wrong result is not asked for, or noticed by ReLU before
            FORWARD.append(pytest.param(name, operation, marks=marks))
        for which in range(inputs):
            if (operation, which) != (Add, 0):  # in the example it is b that is stretched
                BACKWARD.append(pytest.param(name, operation, which, marks=marks))


@pytest.mark.parametrize("name, operation", FORWARD)
def test_a_wrong_forward_is_found(monkeypatch, name, operation):
    break_forward(monkeypatch, operation)
    with pytest.raises(AssertionError):
        mc.explain(name)


@pytest.mark.parametrize("name, operation, which", BACKWARD)
def test_a_wrong_backward_is_found(monkeypatch, name, operation, which):
    break_backward(monkeypatch, operation, which)
    with pytest.raises(AssertionError):
        mc.explain(name)


@pytest.mark.parametrize("name", OPERATIONS)
def test_of_large_ones_a_sample_is_compared(monkeypatch, name):
    """Large is what the tiny example is, too, where the limits are tinier; the library takes the place of the loops."""
    for limit, value in {"MOST_LOOPS": 4, "MOST_MOVED": 1, "MOST_DIFFERENCES": 2}.items():
        monkeypatch.setattr(ways, limit, value)
    assert any(" of " in what for what in compared(example(name)))
