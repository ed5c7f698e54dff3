"""The auxiliary head: 4x4 features from any size, two linear layers, dropout between."""

import numpy as np
import pytest

import minicnn as mc
import minicnn.functional as F
from googlenet import AuxiliaryHead
from minicnn import Tensor, gradcheck


def features(*shape, dtype=np.float32):
    return Tensor(np.random.default_rng(0).standard_normal(shape).astype(dtype))


def pooled(head, x):
    """What the head's convolution gets to see."""
    seen = []
    remove = head.conv.register_forward_hook(lambda module, inputs, output: seen.append(inputs[0].data))
    head(x)
    remove()
    return seen[0]


def test_shapes_and_parameters():
    head = AuxiliaryHead(512, 1000)
    assert head(features(2, 512, 14, 14)).shape == (2, 1000)
    assert {name: tensor.shape for name, tensor in head.named_parameters()} == {
        "conv.conv.weight": (128, 512, 1, 1),
        "conv.conv.bias": (128,),
        "fc1.weight": (1024, 2048),
        "fc1.bias": (1024,),
        "fc2.weight": (1000, 1024),
        "fc2.bias": (1000,),
    }


def test_at_14x14_it_pools_5x5_with_stride_3_as_the_paper_says():
    head = AuxiliaryHead(6, 3)
    x = features(2, 6, 14, 14)
    found = pooled(head, x)
    assert found.shape == (2, 6, 4, 4)
    np.testing.assert_array_equal(found, F.avg_pool2d(x, 5, stride=3).data)
    np.testing.assert_allclose(found[0, 0, 1, 2], x.data[0, 0, 3:8, 6:11].mean(), rtol=1e-5)


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (3, 5), (4, 4), (8, 8), (13, 13), (14, 13), (17, 17), (28, 20)])
def test_at_other_sizes_the_pool_adapts(size):
    head = AuxiliaryHead(6, 3)
    x = features(2, 6, *size)
    found = pooled(head, x)
    assert found.shape == (2, 6, 4, 4)
    np.testing.assert_array_equal(found, F.adaptive_avg_pool2d(x, 4).data)


@pytest.mark.parametrize("size", [(14, 14), (15, 16), (16, 14)])
def test_wherever_5x5_with_stride_3_gives_4x4_it_is_used(size):
    head = AuxiliaryHead(6, 3)
    x = features(2, 6, *size)
    np.testing.assert_array_equal(pooled(head, x), F.avg_pool2d(x, 5, stride=3).data)


@pytest.mark.parametrize("size", [(14, 14), (5, 5), (15, 16)])
def test_torchvision_s_pool_adapts_at_14x14_too(size):
    head, x = AuxiliaryHead(6, 3, pool="adaptive"), features(2, 6, *size)
    np.testing.assert_array_equal(pooled(head, x), F.adaptive_avg_pool2d(x, 4).data)


def test_from_5x5_to_4x4_it_is_2x2_with_stride_1():
    """What the printed table of catsdogs has; see tables/test_printed.py."""
    x = features(2, 6, 5, 5)
    np.testing.assert_allclose(pooled(AuxiliaryHead(6, 3), x), F.avg_pool2d(x, 2, stride=1).data, rtol=1e-5)


@pytest.mark.parametrize("size", [(13, 13), (11, 12), (14, 13), (7, 7), (28, 20)])
def test_a_pool_to_3x3(size):
    head, x = AuxiliaryHead(6, 3, size=3), features(2, 6, *size)
    assert head.fc1.weight.shape == (1024, 1152)
    found = pooled(head, x)
    assert found.shape == (2, 6, 3, 3)
    fits = {11, 12, 13} >= set(size)
    expected = F.avg_pool2d(x, 5, stride=3) if fits else F.adaptive_avg_pool2d(x, 3)
    np.testing.assert_array_equal(found, expected.data)


def test_a_first_dropout_stands_before_the_first_linear_layer():
    head, seen = AuxiliaryHead(6, 3, dropout=0.5, first_dropout=0.2), {}
    for name in ("conv", "fc1"):
        getattr(head, name).register_forward_hook(lambda m, i, y, name=name: seen.update({name: (i[0].data, y.data)}))
    head(features(8, 6, 14, 14))
    before, after = seen["conv"][1].reshape(8, -1), seen["fc1"][0]
    alive = before > 0
    assert abs((after[alive] == 0).mean() - 0.2) < 0.03
    np.testing.assert_allclose(after[after > 0], before[after > 0] / 0.8, rtol=1e-5)
    assert AuxiliaryHead(6, 3).first_dropout is None


def test_the_head_composed_by_hand():
    head = AuxiliaryHead(6, 3).eval()
    x = features(2, 6, 14, 14)
    y = F.relu(F.conv2d(F.avg_pool2d(x, 5, 3), head.conv.conv.weight, head.conv.conv.bias))
    y = F.relu(F.linear(y.reshape(2, 2048), head.fc1.weight, head.fc1.bias))
    expected = F.linear(y, head.fc2.weight, head.fc2.bias)
    np.testing.assert_array_equal(head(x).data, expected.data)


def test_dropout_stands_between_the_linear_layers_in_training():
    head = AuxiliaryHead(6, 3, dropout=0.7)
    seen = []
    head.fc2.register_forward_hook(lambda module, inputs, output: seen.append(inputs[0].data))
    head.dropout.register_forward_hook(lambda module, inputs, output: seen.append(inputs[0].data))
    head(features(8, 6, 14, 14))
    before, after = seen
    alive = before > 0
    dropped = (after[alive] == 0).mean()
    assert abs(dropped - 0.7) < 0.03
    np.testing.assert_allclose(after[after > 0], before[after > 0] / 0.3, rtol=1e-5)
    assert AuxiliaryHead(6, 3).dropout.p == 0.7


def test_with_batch_norm():
    head = AuxiliaryHead(6, 3, batch_norm=True)
    assert "conv.bn.running_mean" in head.state_dict()
    assert "conv.conv.bias" not in head.state_dict()


@pytest.mark.parametrize("size", [14, 6])
@pytest.mark.parametrize("batch_norm", [False, True])
def test_every_parameter_gets_a_right_gradient(size, batch_norm):
    """2.1 million weights: along random directions. The mask of dropout is the same every time."""
    head = AuxiliaryHead(2, 3, batch_norm=batch_norm).double()
    x = features(2, 2, size, size, dtype=np.float64)
    x.requires_grad = True
    assert gradcheck(lambda x, *_: head(x), [x, *head.parameters()], eps=1e-8, directions=2)


def test_the_input_gets_a_right_gradient_in_every_element():
    head = AuxiliaryHead(1, 3).double()
    x = features(1, 1, 8, 8, dtype=np.float64)
    x.requires_grad = True
    assert gradcheck(lambda x: head(x), x)


def test_a_broken_head_is_noticed():
    head = AuxiliaryHead(2, 3).double()
    whole = head.fc1.forward
    head.fc1.forward = lambda x: whole(x.detach())
    x = features(2, 2, 6, 6, dtype=np.float64)
    with pytest.raises(mc.GradCheckError, match=r"inputs\[0\]"):
        gradcheck(lambda x: head(x), x, directions=2)
