"""The Inception block, with and without reductions, against the same block composed by hand from operations."""

import numpy as np
import pytest

import minicnn as mc
import minicnn.functional as F
from googlenet import Inception, NaiveInception
from googlenet.inception import BasicConv2d
from minicnn import Tensor, gradcheck, nn


def images(*shape, dtype=np.float32):
    return Tensor(np.random.default_rng(0).standard_normal(shape).astype(dtype))


@pytest.fixture
def one_thread():
    """For arrays as small as those of a gradient check, one thread is twice as fast as two."""
    mc.set_num_threads(1)


def count(module):
    return sum(parameter.data.size for parameter in module.parameters())


# ---- BasicConv2d --------------------------------------------------------------------------------------------------


def test_basic_conv_is_convolution_and_relu():
    layer = BasicConv2d(3, 4, 3, stride=2, padding=1)
    x = images(2, 3, 7, 7)
    expected = F.relu(F.conv2d(x, layer.conv.weight, layer.conv.bias, 2, 1))
    np.testing.assert_array_equal(layer(x).data, expected.data)
    assert list(layer.state_dict()) == ["conv.weight", "conv.bias"]


def test_basic_conv_with_batch_norm_has_no_bias():
    layer = BasicConv2d(3, 4, 3, batch_norm=True)
    x = images(2, 3, 7, 7)
    y = layer(x).data
    convolved = F.conv2d(x, layer.conv.weight)
    expected = F.relu(F.batch_norm(convolved, None, None, layer.bn.weight, layer.bn.bias, training=True, eps=1e-3))
    np.testing.assert_array_equal(y, expected.data)
    assert [name for name, _ in layer.named_parameters()] == ["conv.weight", "bn.weight", "bn.bias"]


def test_relu_in_place_does_not_touch_the_input():
    x = images(1, 3, 5, 5)
    before = x.data.copy()
    for layer in (BasicConv2d(3, 3, 1), Inception(3, 1, 1, 1, 1, 1, 1), NaiveInception(3, 1, 1, 1)):
        layer(x)
        np.testing.assert_array_equal(x.data, before)


# ---- with reductions ----------------------------------------------------------------------------------------------


def conv_relu(x, layer, padding=0):
    return F.relu(F.conv2d(x, layer.conv.weight, layer.conv.bias, padding=padding))


def test_inception_equals_the_block_composed_by_hand():
    block = Inception(5, 3, 4, 6, 2, 5, 7)
    x = images(2, 5, 9, 8)
    one = conv_relu(x, block.branch1)
    three = conv_relu(conv_relu(x, block.branch2[0]), block.branch2[1], padding=1)
    five = conv_relu(conv_relu(x, block.branch3[0]), block.branch3[1], padding=2)
    pooled = conv_relu(F.max_pool2d(x, 3, stride=1, padding=1), block.branch4[1])
    expected = np.concatenate([one.data, three.data, five.data, pooled.data], axis=1)
    y = block(x)
    assert y.shape == (2, 3 + 6 + 5 + 7, 9, 8)
    np.testing.assert_array_equal(y.data, expected)


def test_inception_kernels_and_channels():
    block = Inception(192, 64, 96, 128, 16, 32, 32)
    shapes = {name: tensor.shape for name, tensor in block.named_parameters() if name.endswith("weight")}
    assert shapes == {
        "branch1.conv.weight": (64, 192, 1, 1),
        "branch2.0.conv.weight": (96, 192, 1, 1),
        "branch2.1.conv.weight": (128, 96, 3, 3),
        "branch3.0.conv.weight": (16, 192, 1, 1),
        "branch3.1.conv.weight": (32, 16, 5, 5),  # 5x5, as in the paper; torchvision has 3x3 here
        "branch4.1.conv.weight": (32, 192, 1, 1),
    }
    assert block(images(1, 192, 28, 28)).shape == (1, 256, 28, 28)
    assert count(block) == 163_696


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (7, 7), (5, 14)])
def test_inception_keeps_the_size_of_the_image(size):
    assert Inception(4, 1, 2, 3, 1, 2, 1)(images(2, 4, *size)).shape == (2, 7, *size)


def test_inception_with_batch_norm():
    block = Inception(4, 2, 2, 2, 2, 2, 2, batch_norm=True)
    names = [name for name, _ in block.named_parameters()]
    assert "branch2.1.bn.weight" in names
    assert not any(name.endswith("conv.bias") for name in names)
    block(images(2, 4, 5, 5))
    assert [int(b.item()) for name, b in block.named_buffers() if "num_batches" in name] == [1] * 6


def test_inception_with_3x3_for_5x5_and_a_relu_after_the_pool_equals_the_block_composed_by_hand():
    block = Inception(5, 3, 4, 6, 2, 5, 7, kernel_5x5=3, pool_relu=True)
    x = images(2, 5, 9, 8)
    assert block.branch3[1].conv.weight.shape == (5, 2, 3, 3)
    five = conv_relu(conv_relu(x, block.branch3[0]), block.branch3[1], padding=1)
    pooled = conv_relu(F.relu(F.max_pool2d(x, 3, stride=1, padding=1)), block.branch4[1])
    y = block(x)
    assert y.shape == (2, 3 + 6 + 5 + 7, 9, 8)
    np.testing.assert_array_equal(y.data[:, 9:], np.concatenate([five.data, pooled.data], axis=1))
    assert set(block.state_dict()) == set(Inception(5, 3, 4, 6, 2, 5, 7).state_dict())


def test_the_relu_after_the_pool_changes_nothing_where_nothing_is_negative():
    mc.manual_seed(0)
    one = Inception(3, 2, 2, 2, 2, 2, 2)
    two = Inception(3, 2, 2, 2, 2, 2, 2, pool_relu=True)
    two.load_state_dict(one.state_dict())
    found = []
    for block in (one, two):
        x = Tensor(np.maximum(images(2, 3, 5, 5).data, 0), requires_grad=True)
        block(x).sum().backward()
        found.append((block(x).data, np.where(x.data > 0, x.grad, 0)))  # at 0 a ReLU stands before it
    for a, b in zip(*found, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("kind", [lambda: Inception(4, 1, 2, 3, 1, 2, 5), lambda: NaiveInception(4, 1, 2, 3)])
def test_a_block_knows_its_width(kind):
    block = kind()
    assert block(images(1, 4, 3, 3)).shape[1] == block.out_channels


@pytest.mark.usefixtures("one_thread")
def test_every_parameter_of_inception_gets_a_right_gradient():
    block = Inception(3, 2, 2, 3, 2, 2, 2).double()
    x = images(2, 3, 4, 4, dtype=np.float64)
    parameters = list(block.parameters())
    x.requires_grad = True
    assert gradcheck(lambda x, *_: block(x), [x, *parameters])


@pytest.mark.usefixtures("one_thread")
def test_every_parameter_of_inception_with_batch_norm_gets_a_right_gradient():
    block = Inception(2, 1, 2, 1, 1, 2, 1, batch_norm=True).double()
    x = images(2, 2, 3, 3, dtype=np.float64)
    x.requires_grad = True
    assert gradcheck(lambda x, *_: block(x), [x, *block.parameters()], eps=1e-7)


@pytest.mark.usefixtures("one_thread")
def test_a_branch_that_is_forgotten_is_noticed_by_the_check():
    block = Inception(3, 2, 2, 3, 2, 2, 2).double()
    pooled_branch = block.branch4

    class CutOff(nn.Module):
        def forward(self, x):
            return pooled_branch(x.detach())

    block.branch4 = CutOff()
    x = images(2, 3, 4, 4, dtype=np.float64)
    with pytest.raises(mc.GradCheckError, match=r"inputs\[0\]"):
        gradcheck(lambda x: block(x), x)


# ---- without ------------------------------------------------------------------------------------------------------


def test_naive_inception_equals_the_block_composed_by_hand():
    block = NaiveInception(5, 3, 6, 4)
    x = images(2, 5, 9, 8)
    parts = [
        conv_relu(x, block.branch1), conv_relu(x, block.branch2, 1), conv_relu(x, block.branch3, 2),
        F.max_pool2d(x, 3, stride=1, padding=1),
    ]  # fmt: skip
    y = block(x)
    assert y.shape == (2, 3 + 6 + 4 + 5, 9, 8)
    np.testing.assert_array_equal(y.data, np.concatenate([part.data for part in parts], axis=1))


def test_naive_inception_with_batch_norm_3x3_for_5x5_and_a_relu_after_the_pool():
    block, x = NaiveInception(4, 1, 2, 3, batch_norm=True, kernel_5x5=3, pool_relu=True), images(2, 4, 5, 5)
    names = [name for name, _ in block.named_parameters()]
    assert sum(name.endswith("bn.weight") for name in names) == 3
    assert not any(name.endswith("conv.bias") for name in names)
    assert block.branch3.conv.weight.shape == (3, 4, 3, 3)
    np.testing.assert_array_equal(block(x).data[:, 6:], F.relu(F.max_pool2d(x, 3, stride=1, padding=1)).data)


@pytest.mark.usefixtures("one_thread")
def test_every_parameter_of_naive_inception_gets_a_right_gradient():
    block = NaiveInception(2, 2, 2, 2).double()
    x = images(2, 2, 4, 4, dtype=np.float64)
    x.requires_grad = True
    assert gradcheck(lambda x, *_: block(x), [x, *block.parameters()])


def test_naive_blocks_grow_from_one_to_the_next():
    first = NaiveInception(192, 64, 128, 32)
    channels = first(images(1, 192, 5, 5)).shape[1]
    assert channels == 64 + 128 + 32 + 192
    second = NaiveInception(channels, 64, 128, 32)
    assert second(images(1, channels, 5, 5)).shape[1] == channels + 64 + 128 + 32


def test_what_the_reduction_saves():
    """The example used everywhere: 64 kernels of 5x5 on 512 channels, through 24 kernels of 1x1."""
    block, naive = Inception(512, 1, 1, 1, 24, 64, 1), NaiveInception(512, 1, 1, 64)
    reduce, convolve = block.branch3[0].conv.weight.data.size, block.branch3[1].conv.weight.data.size
    assert naive.branch3.conv.weight.data.size == 819_200
    assert (reduce, convolve) == (12_288, 38_400)
    assert reduce + convolve == 50_688


def test_the_reductions_save_at_the_size_of_3a():
    assert count(Inception(192, 64, 96, 128, 16, 32, 32)) < 0.5 * count(NaiveInception(192, 64, 128, 32))
