"""mc.explain: which example is meant, and with which arguments."""

import numpy as np
import pytest
from support import put

import minicnn as mc
import minicnn.functional as F
from minicnn import nn

X = np.arange(16.0).reshape(1, 1, 4, 4)
WEIGHT = np.array([[[[1.0, 2.0], [3.0, 4.0]]]])


def test_a_function_its_name_and_a_layer_are_explained_alike():
    layer = nn.Conv2d(1, 1, 2, stride=2, bias=False)
    layer.weight.data[...] = WEIGHT
    texts = [
        str(mc.explain(F.conv2d, mc.Tensor(X), mc.Tensor(WEIGHT), stride=2)),
        str(mc.explain("conv2d", X.tolist(), weight=WEIGHT, stride=2)),
        str(mc.explain(layer, mc.Tensor(X))),
    ]
    assert texts[0] == texts[1] == texts[2]
    assert "stride 2" in texts[0]


def test_every_number_is_of_the_learners_tensors():
    y = F.conv2d(mc.Tensor(X), mc.Tensor(WEIGHT), stride=2).data
    shown = str(mc.explain(F.conv2d, X, WEIGHT, stride=2, at=(0, 0, 0, 1)))
    assert f"y[0,0,0,1] = {y[0, 0, 0, 1]:g}, the sum of" in shown


def test_what_is_given_stays_as_it_is():
    x, weight = mc.Tensor(X.copy(), requires_grad=True), mc.Tensor(WEIGHT.astype(np.float32), requires_grad=True)
    mc.explain(F.conv2d, x, weight)
    assert np.array_equal(x.data, X) and x.grad is None
    assert weight.dtype == np.float32 and weight.grad is None


def test_what_lies_on_a_device(device):
    logits, weight = (put(np.ones(shape, np.float32), device) for shape in ((2, 3), (3,)))
    targets = put(np.array([0, 2]), device)
    expected = str(mc.explain(F.cross_entropy, np.ones((2, 3)), [0, 2], np.ones(3)))
    assert str(mc.explain(F.cross_entropy, mc.Tensor(logits, requires_grad=True), targets, weight)) == expected
    assert str(mc.explain("cross_entropy", targets=targets)) == str(mc.explain("cross_entropy", targets=[0, 2]))


def test_the_gradient_that_arrives_may_be_given():
    shown = str(mc.explain(F.max_pool2d, X, 2, grad_y=[[[[10, 20], [30, 40]]]]))
    assert "grad_x[0,0,3,3] = 40, which is grad_y[0,0,1,1]" in shown


def test_without_arguments_a_tiny_example():
    assert str(mc.explain(F.im2col)) == str(mc.explain("im2col"))


@pytest.mark.everything("more cases of operations")
def test_what_is_given_gets_an_example_that_fits():
    assert "x (1, 1, 4, 4), kernel 2, stride 1" in str(mc.explain("avg_pool2d", x=np.ones((1, 1, 4, 4))))
    assert "kernel 2, stride 2, padding 0" in str(mc.explain("conv2d", stride=2))
    assert "x (1, 3, 4, 4), weight (2, 3, 2, 2)" in str(mc.explain("conv2d", x=np.ones((1, 3, 4, 4))))
    assert "x (1, 1, 4, 4), weight (5, 1, 3, 3)" in str(mc.explain("conv2d", weight=np.ones((5, 1, 3, 3))))


@pytest.mark.parametrize(("arguments", "message"), [
    ((F.exp, X), "explain: exp has no worked example; these have: conv2d, "),
    (("conv3d",), "explain: conv3d has no worked example"),
    ((None,), "explain: NoneType has no worked example"),
    ((3,), "explain: int has no worked example"),
    ((F.conv2d, X), "explain: missing a required argument: 'weight'; conv2d takes x, weight, bias, stride"),
    ((nn.Conv2d(1, 1, 1, relu=True), X), "ends in a ReLU; explain its parts"),
    ((F.conv2d, X, np.ones((1, 2, 2, 2))), "conv2d: x has 1 channels"),
    ((F.conv2d, "two", WEIGHT), "conv2d: x is str, expected numbers in a Tensor or an array without holes"),
    ((F.conv2d, [[1], [2, 3]], WEIGHT), "conv2d: x is list, expected numbers"),
    ((F.conv2d, np.ones((0, 1, 4, 4)), WEIGHT), "conv2d: x has shape .0, 1, 4, 4., expected at least one"),
    ((F.conv2d, X, np.ones((0, 1, 2, 2))), "conv2d: weight has shape .0, 1, 2, 2., expected at least one"),
    ((F.relu, np.array([1 + 2j])), "relu: x is ndarray, expected numbers"),
    ((F.softmax, np.zeros((1, 5000))), "softmax: there are 5,000 numbers along axis 1, at most 4,096"),
])  # fmt: skip
def test_what_cannot_be_explained_is_said(arguments, message):
    with pytest.raises(ValueError, match=message):
        mc.explain(*arguments)


@pytest.mark.parametrize(("options", "message"), [
    ({"at": (0, 0, 3, 0)}, r"conv2d: at is \(0, 0, 3, 0\), but the output has shape \(1, 1, 3, 3\)"),
    ({"at": (0, 0)}, "conv2d: at is"),
    ({"at": 3}, "conv2d: at is .3,., but the output has shape"),
    ({"at": (0, 0, 0.5, 0)}, "conv2d: at is .0, 0, 0.5, 0., expected an index"),
    ({"at": "0000"}, "conv2d: at is '0000', expected an index"),
    ({"grad_y": np.ones((2, 2))}, r"grad_y has shape \(1, 1, 2, 2\), expected that of the output, \(1, 1, 3, 3\)"),
    ({"strid": 2}, "explain: got an unexpected keyword argument 'strid'"),
])  # fmt: skip
def test_wrong_options(options, message):
    with pytest.raises(ValueError, match=message):
        mc.explain(F.conv2d, X, WEIGHT, **options)
