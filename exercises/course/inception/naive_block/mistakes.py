"""Typical wrong answers to naive_block."""

import minicnn.functional as F
from exercises.stages import Mistakes
from minicnn import nn

mistake = Mistakes()


class Block(nn.Module):
    """The solution once more, in steps that a mistake can change one of."""

    padding3, padding5 = 1, 2
    bias = True

    def __init__(self, in_channels, ch1x1, ch3x3, ch5x5):
        self.conv1x1 = nn.Conv2d(in_channels, ch1x1, 1, bias=self.bias)
        self.conv3x3 = nn.Conv2d(in_channels, ch3x3, 3, padding=self.padding3, bias=self.bias)
        self.conv5x5 = nn.Conv2d(in_channels, ch5x5, 5, padding=self.padding5, bias=self.bias)

    def forward(self, x):
        return self.join([self.one(x), self.three(x), self.five(x), self.pool(x)])

    def one(self, x):
        return F.relu(self.conv1x1(x))

    def three(self, x):
        return F.relu(self.conv3x3(x))

    def five(self, x):
        return F.relu(self.conv5x5(x))

    def pool(self, x):
        return F.max_pool2d(x, 3, stride=1, padding=1)

    def join(self, branches):
        return F.concat(branches, axis=1)


@mistake("You put the 5x5 before the 3x3; the order is 1x1, 3x3, 5x5, pool.")
class FiveBeforeThree(Block):
    def join(self, branches):
        one, three, five, pool = branches
        return F.concat([one, five, three, pool], axis=1)


@mistake("You put the pool first; the order is 1x1, 3x3, 5x5, pool.")
class PoolFirst(Block):
    def join(self, branches):
        return F.concat(branches[3:] + branches[:3], axis=1)


@mistake("You put the branches in the opposite order; it is 1x1, 3x3, 5x5, pool.")
class Backwards(Block):
    def join(self, branches):
        return F.concat(branches[::-1], axis=1)


@mistake("You gave the 3x3 convolution no padding; it then loses 2 pixels a side length: padding 1 keeps the size.")
class NoPadding3(Block):
    padding3 = 0


@mistake("You gave the 5x5 convolution no padding; it then loses 4 pixels a side length: padding 2 keeps the size.")
class NoPadding5(Block):
    padding5 = 0


@mistake("You gave neither convolution padding; the 3x3 needs padding 1 and the 5x5 padding 2 to keep the size.")
class NoPadding(Block):
    padding3 = padding5 = 0


@mistake("You gave the 5x5 convolution padding 1, as the 3x3 has; it reaches 2 pixels to each side: padding 2.")
class Padding1For5(Block):
    padding5 = 1


@mistake("You swapped the paddings; a 3x3 kernel reaches 1 pixel to each side, a 5x5 kernel 2.")
class SwappedPaddings(Block):
    padding3, padding5 = 2, 1


@mistake("You gave both convolutions padding 2; the 3x3 reaches 1 pixel to each side: padding 1.")
class Padding2For3(Block):
    padding3 = 2


@mistake("You left the pool's stride out; it is then 3, the window's size: write stride=1, so that the size stays.")
class PoolStride3(Block):
    def pool(self, x):
        return F.max_pool2d(x, 3, padding=1)


@mistake("You gave the pool stride 2; such pools stand between blocks. Inside it is stride 1, so that the size stays.")
class PoolStride2(Block):
    def pool(self, x):
        return F.max_pool2d(x, 3, stride=2, padding=1)


@mistake("You gave the pool no padding; with a 3x3 window it then loses 2 pixels a side length: padding 1.")
class PoolWithoutPadding(Block):
    def pool(self, x):
        return F.max_pool2d(x, 3, stride=1)


@mistake("You took an average pool; the block has a max pool.")
class AveragePool(Block):
    def pool(self, x):
        return F.avg_pool2d(x, 3, stride=1, padding=1)


@mistake("You left the ReLUs out; one follows every convolution.")
class NoReLU(Block):
    def one(self, x):
        return self.conv1x1(x)

    def three(self, x):
        return self.conv3x3(x)

    def five(self, x):
        return self.conv5x5(x)


@mistake("You left out the ReLU behind the 1x1 convolution; one follows every convolution.")
class NoReLUAfter1x1(Block):
    def one(self, x):
        return self.conv1x1(x)


@mistake("You left out the ReLU behind the 3x3 convolution; one follows every convolution.")
class NoReLUAfter3x3(Block):
    def three(self, x):
        return self.conv3x3(x)


@mistake("You left out the ReLU behind the 5x5 convolution; one follows every convolution.")
class NoReLUAfter5x5(Block):
    def five(self, x):
        return self.conv5x5(x)


@mistake("You sent the pooled channels through a ReLU too; it follows the convolutions alone, so not behind concat.")
class ReLUBehindConcat(Block):
    def join(self, branches):
        return F.relu(super().join(branches))


@mistake("You put the ReLU before the convolutions; it comes after each: convolve, then cut off what is negative.")
class ReLUBefore(Block):
    def one(self, x):
        return self.conv1x1(F.relu(x))

    def three(self, x):
        return self.conv3x3(F.relu(x))

    def five(self, x):
        return self.conv5x5(F.relu(x))


@mistake("You handed x on without pooling it; the fourth branch is a 3x3 max pool with stride 1.")
class NotPooled(Block):
    def pool(self, x):
        return x


@mistake("You left the pool out; it is the fourth branch, and its channels are as many as x has.")
class WithoutPool(Block):
    def join(self, branches):
        return F.concat(branches[:3], axis=1)


@mistake("You left the biases out; every convolution has one.")
class NoBias(Block):
    bias = False


@mistake("You put a 1x1 convolution behind the pool; that is the block with reductions. Here the pool stands alone.")
class PoolWithProjection(Block):
    def __init__(self, in_channels, ch1x1, ch3x3, ch5x5):
        super().__init__(in_channels, ch1x1, ch3x3, ch5x5)
        self.projection = nn.Conv2d(in_channels, in_channels, 1)

    def pool(self, x):
        return F.relu(self.projection(super().pool(x)))


@mistake("You put the layers one behind the other; all four branches get the same x, and stand side by side.")
class OneBehindTheOther(Block):
    def __init__(self, in_channels, ch1x1, ch3x3, ch5x5):
        self.conv1x1 = nn.Conv2d(in_channels, ch1x1, 1)
        self.conv3x3 = nn.Conv2d(ch1x1, ch3x3, 3, padding=1)
        self.conv5x5 = nn.Conv2d(ch3x3, ch5x5, 5, padding=2)

    def forward(self, x):
        return self.pool(self.five(self.three(self.one(x))))


@mistake("You concatenated along the batch (axis 0); the channels are axis 1: (N, C, H, W).")
class AlongTheBatch(Block):
    def join(self, branches):
        return F.concat(branches, axis=0)


@mistake("You concatenated along the height (axis 2); the channels are axis 1: (N, C, H, W).")
class AlongTheHeight(Block):
    def join(self, branches):
        return F.concat(branches, axis=2)


@mistake("You added the branches up; their channels stand side by side: F.concat.")
class Added(Block):
    def join(self, branches):
        one, three, five, pool = branches
        return one + three + five + pool


@mistake("You swapped the channels of 3x3 and 5x5; ch3x3 are the outputs of the 3x3 convolution.")
class SwappedChannels(Block):
    def __init__(self, in_channels, ch1x1, ch3x3, ch5x5):
        super().__init__(in_channels, ch1x1, ch5x5, ch3x3)


@mistake("You made the layers in forward; they are made once, in __init__, or their weights are new ones every time.")
class MadeInForward(Block):
    def __init__(self, in_channels, ch1x1, ch3x3, ch5x5):
        self.channels = in_channels, ch1x1, ch3x3, ch5x5

    def forward(self, x):
        return Block(*self.channels).double()(x)
