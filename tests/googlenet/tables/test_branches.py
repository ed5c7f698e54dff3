"""What a branch costs with and without its reduction: held against live blocks of both kinds."""

import pytest

from googlenet import GoogLeNet, Inception, NaiveInception
from googlenet.table import INCEPTION
from googlenet.tables.branches import Branch, blocks
from googlenet.tables.layers import multiply_adds, walk, weights
from minicnn import nn


def block_of(module, channels, size=6):
    (found,) = blocks(walk(nn.Sequential(module), (channels, size, size)))
    return found


@pytest.fixture(scope="module")
def in_3a():
    return block_of(Inception(*INCEPTION["3a"]), 192)


def test_the_branches_of_3a_by_hand(in_3a):
    assert in_3a.branches == [
        Branch("1x1", [192 * 64], 36 * 192 * 64, 192 * 64, 36 * 192 * 64),
        Branch("3x3", [192 * 96, 9 * 96 * 128], 36 * 129_024, 9 * 192 * 128, 36 * 9 * 192 * 128),
        Branch("5x5", [192 * 16, 25 * 16 * 32], 36 * 15_872, 25 * 192 * 32, 36 * 25 * 192 * 32),
        Branch("pool", [192 * 32], 36 * 192 * 32, 0, 0),
    ]
    assert (in_3a.name, in_3a.size) == ("0", 6)
    assert (in_3a.in_channels, in_3a.out_channels, in_3a.out_channels_without) == (192, 256, 64 + 128 + 32 + 192)


def test_without_reductions_it_is_a_live_naive_block(in_3a):
    row = INCEPTION["3a"]
    calls = walk(nn.Sequential(NaiveInception(192, row.ch1x1, row.ch3x3, row.ch5x5)), (192, 6, 6))
    (naive,) = blocks(calls)
    assert in_3a.total.weights_without == sum(weights(call.module) for call in calls) == naive.total.weights[0]
    assert in_3a.total.multiply_adds_without == sum(map(multiply_adds, calls)) == naive.total.multiply_adds
    assert in_3a.out_channels_without == calls[-1].output_shape[0]
    for branch, plain in zip(in_3a.branches, naive.branches, strict=True):
        assert branch.name == plain.name
        assert branch.weights_without == plain.weights_without == sum(plain.weights)
        assert branch.multiply_adds_without == plain.multiply_adds_without == plain.multiply_adds


def test_the_total_is_the_sum(in_3a):
    assert in_3a.total == Branch("in all", [163_328], 36 * 163_328, 387_072, 36 * 387_072)


def test_a_pool_with_a_relu_and_kernels_of_3x3_in_the_third_branch():
    found = block_of(Inception(4, 1, 2, 3, 2, 5, 1, batch_norm=True, kernel_5x5=3, pool_relu=True), 4)
    assert [branch.name for branch in found.branches] == ["1x1", "3x3", "3x3", "pool"]
    assert [branch.weights for branch in found.branches] == [[4], [8, 54], [8, 90], [4]]
    assert [branch.weights_without for branch in found.branches] == [4, 108, 180, 0]


def test_the_nine_blocks_of_the_network():
    found = blocks(walk(GoogLeNet(2, "plain", aux_heads=False), (3, 32, 32)))
    assert [block.name for block in found] == [f"inception{name}" for name in INCEPTION]
    assert [block.size for block in found] == [4, 4, 2, 2, 2, 2, 2, 1, 1]
    for block, row in zip(found, INCEPTION.values(), strict=True):
        assert (block.in_channels, block.out_channels) == (row.in_channels, row.out_channels)
        reduced = [len(branch.weights) for branch in block.branches]
        assert reduced == [1, 2, 2, 1]
