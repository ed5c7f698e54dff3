"""Typical wrong answers to inception_block."""

import minicnn.functional as F
from exercises.stages import Mistakes
from googlenet.inception import BasicConv2d
from minicnn import nn

mistake = Mistakes()


class ConvAlone(nn.Module):
    """BasicConv2d without its ReLU."""

    def __init__(self, in_channels, out_channels, kernel_size, padding=0, batch_norm=False):
        self.conv = nn.Conv2d(in_channels, out_channels, kernel_size, padding=padding, bias=not batch_norm)
        self.bn = nn.BatchNorm2d(out_channels, eps=1e-3) if batch_norm else None

    def forward(self, x):
        return self.conv(x) if self.bn is None else self.bn(self.conv(x))


class Block(nn.Module):
    """The solution once more, in steps that a mistake can change one of."""

    reduce, conv = BasicConv2d, BasicConv2d  # what the layers are: the reductions and projections, and all others
    kernel5, padding3, padding5 = 5, 1, 2
    pool = staticmethod(lambda: nn.MaxPool2d(3, stride=1, padding=1))

    def __init__(self, in_channels, ch1x1, ch3x3red, ch3x3, ch5x5red, ch5x5, pool_proj, batch_norm=False):
        bn = {"batch_norm": batch_norm}
        self.branch1 = self.conv(in_channels, ch1x1, 1, **bn)
        self.branch2 = nn.Sequential(
            self.reduce(in_channels, ch3x3red, 1, **bn), self.conv(ch3x3red, ch3x3, 3, padding=self.padding3, **bn)
        )
        self.branch3 = nn.Sequential(
            self.reduce(in_channels, ch5x5red, 1, **bn),
            self.conv(ch5x5red, ch5x5, self.kernel5, padding=self.padding5, **bn),
        )
        self.branch4 = nn.Sequential(self.pool(), self.conv(in_channels, pool_proj, 1, **bn))

    def forward(self, x):
        return F.concat(self.order(self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)), axis=1)

    def order(self, one, three, five, pool):
        return [one, three, five, pool]


@mistake("You put the 5x5 before the 3x3; the order is 1x1, 3x3, 5x5, pool.")
class FiveBeforeThree(Block):
    def order(self, one, three, five, pool):
        return [one, five, three, pool]


@mistake("You put the pool's branch first; the order is 1x1, 3x3, 5x5, pool.")
class PoolFirst(Block):
    def order(self, one, three, five, pool):
        return [pool, one, three, five]


@mistake("You put the branches in the opposite order; it is 1x1, 3x3, 5x5, pool.")
class Backwards(Block):
    def order(self, *branches):
        return branches[::-1]


@mistake("You concatenated branch 2 twice and branch 3 not at all.")
class TwiceBranch2(Block):
    def order(self, one, three, five, pool):
        return [one, three, three, pool]


@mistake("You left the pool's branch out; there are four.")
class ThreeBranches(Block):
    def order(self, one, three, five, pool):
        return [one, three, five]


@mistake("You concatenated along the batch (axis 0); the channels are axis 1: (N, C, H, W).")
class AlongTheBatch(Block):
    def forward(self, x):
        return F.concat([self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)], axis=0)


@mistake("You added the branches up; their channels stand side by side: F.concat.")
class Added(Block):
    def forward(self, x):
        return self.branch1(x) + self.branch2(x) + self.branch3(x) + self.branch4(x)


@mistake("You put the branches one behind the other; all four get the same x, and stand side by side.")
class OneBehindTheOther(Block):
    def forward(self, x):
        return self.branch4(self.branch3(self.branch2(self.branch1(x))))


@mistake("You put the reductions behind the 3x3 and 5x5 kernels; they stand in front, so that these see few channels.")
class ReductionsBehind(Block):
    def __init__(self, in_channels, ch1x1, ch3x3red, ch3x3, ch5x5red, ch5x5, pool_proj, batch_norm=False):
        super().__init__(in_channels, ch1x1, ch3x3red, ch3x3, ch5x5red, ch5x5, pool_proj, batch_norm)
        bn = {"batch_norm": batch_norm}
        self.branch2 = nn.Sequential(
            BasicConv2d(in_channels, ch3x3red, 3, padding=1, **bn), BasicConv2d(ch3x3red, ch3x3, 1, **bn)
        )
        self.branch3 = nn.Sequential(
            BasicConv2d(in_channels, ch5x5red, 5, padding=2, **bn), BasicConv2d(ch5x5red, ch5x5, 1, **bn)
        )


@mistake("You let the 3x3 and 5x5 kernels see in_channels; behind the reductions there are ch3x3red and ch5x5red.")
class ReductionsNotSeen(Block):
    def __init__(self, in_channels, ch1x1, ch3x3red, ch3x3, ch5x5red, ch5x5, pool_proj, batch_norm=False):
        super().__init__(in_channels, ch1x1, ch3x3red, ch3x3, ch5x5red, ch5x5, pool_proj, batch_norm)
        bn = {"batch_norm": batch_norm}
        self.branch2 = nn.Sequential(self.branch2[0], BasicConv2d(in_channels, ch3x3, 3, padding=1, **bn))
        self.branch3 = nn.Sequential(self.branch3[0], BasicConv2d(in_channels, ch5x5, 5, padding=2, **bn))


@mistake("You made the reductions to ch3x3 and ch5x5 channels, and the large kernels' outputs ch3x3red and ch5x5red.")
class Swapped(Block):
    def __init__(self, in_channels, ch1x1, ch3x3red, ch3x3, ch5x5red, ch5x5, pool_proj, batch_norm=False):
        super().__init__(in_channels, ch1x1, ch3x3, ch3x3red, ch5x5, ch5x5red, pool_proj, batch_norm)


@mistake("You gave branch 3 the channels of branch 2, and branch 2 those of branch 3.")
class SwappedBranches(Block):
    def __init__(self, in_channels, ch1x1, ch3x3red, ch3x3, ch5x5red, ch5x5, pool_proj, batch_norm=False):
        super().__init__(in_channels, ch1x1, ch5x5red, ch5x5, ch3x3red, ch3x3, pool_proj, batch_norm)


@mistake("You left the reductions out; a 1x1 convolution stands in front of the 3x3 and of the 5x5.")
class NoReductions(Block):
    def __init__(self, in_channels, ch1x1, ch3x3red, ch3x3, ch5x5red, ch5x5, pool_proj, batch_norm=False):
        super().__init__(in_channels, ch1x1, ch3x3red, ch3x3, ch5x5red, ch5x5, pool_proj, batch_norm)
        self.branch2 = BasicConv2d(in_channels, ch3x3, 3, padding=1, batch_norm=batch_norm)
        self.branch3 = BasicConv2d(in_channels, ch5x5, 5, padding=2, batch_norm=batch_norm)


@mistake("You left the projection out; a 1x1 convolution stands behind the pool.")
class NoProjection(Block):
    def __init__(self, in_channels, ch1x1, ch3x3red, ch3x3, ch5x5red, ch5x5, pool_proj, batch_norm=False):
        super().__init__(in_channels, ch1x1, ch3x3red, ch3x3, ch5x5red, ch5x5, pool_proj, batch_norm)
        self.branch4 = self.pool()


@mistake("You put the projection in front of the pool; it stands behind it, so branch4 is pool, then 1x1.")
class ProjectionBeforePool(Block):
    def __init__(self, in_channels, ch1x1, ch3x3red, ch3x3, ch5x5red, ch5x5, pool_proj, batch_norm=False):
        super().__init__(in_channels, ch1x1, ch3x3red, ch3x3, ch5x5red, ch5x5, pool_proj, batch_norm)
        self.branch4 = nn.Sequential(self.branch4[1], self.pool())


@mistake("Your weights have other names than the docstring says; without them they are not found in a saved network.")
class OtherNames(nn.Module):
    def __init__(self, *channels, batch_norm=False):
        block = Block(*channels, batch_norm=batch_norm)
        self.one, self.three, self.five, self.pool = block.branch1, block.branch2, block.branch3, block.branch4

    def forward(self, x):
        return F.concat([self.one(x), self.three(x), self.five(x), self.pool(x)], axis=1)


@mistake("You put branch1 into a Sequential; it is a BasicConv2d by itself, or its weights get a name with a 0 in it.")
class Branch1InSequential(Block):
    def __init__(self, *channels, batch_norm=False):
        super().__init__(*channels, batch_norm=batch_norm)
        self.branch1 = nn.Sequential(self.branch1)


@mistake("You took nn.Conv2d for the layers; BasicConv2d is a convolution with its ReLU, and its weights' names.")
class BareConvolutions(Block):
    reduce = conv = staticmethod(
        lambda i, o, k, padding=0, batch_norm=False: nn.Conv2d(i, o, k, padding=padding, bias=not batch_norm)
    )


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


@mistake("You took 3x3 kernels in branch 3, as torchvision does by mistake; the paper has 5x5.")
class ThreeInPlaceOfFive(Block):
    kernel5, padding5 = 3, 1


@mistake("You left the pool's stride out; it is then 3, the window's size: write stride=1, so that the size stays.")
class PoolStride3(Block):
    pool = staticmethod(lambda: nn.MaxPool2d(3, padding=1))


@mistake("You gave the pool stride 2; such pools stand between blocks. Inside it is stride 1, so that the size stays.")
class PoolStride2(Block):
    pool = staticmethod(lambda: nn.MaxPool2d(3, stride=2, padding=1))


@mistake("You gave the pool no padding; with a 3x3 window it then loses 2 pixels a side length: padding 1.")
class PoolWithoutPadding(Block):
    pool = staticmethod(lambda: nn.MaxPool2d(3, stride=1))


@mistake("You took an average pool; the block has a max pool.")
class AveragePool(Block):
    pool = staticmethod(lambda: nn.AvgPool2d(3, stride=1, padding=1))


@mistake("You left the pool out of branch 4; x is pooled, then projected.")
class NotPooled(Block):
    pool = nn.Sequential


@mistake("You left the ReLUs out; one follows every convolution.")
class NoReLU(Block):
    reduce = conv = ConvAlone


@mistake("You left the ReLU behind the reductions out; one follows every convolution, the reductions too.")
class NoReLUBehindReductions(Block):
    reduce = ConvAlone


@mistake("You did not hand batch_norm on; every BasicConv2d gets batch_norm=batch_norm.")
class BatchNormForgotten(Block):
    def __init__(self, *channels, batch_norm=False):
        super().__init__(*channels)


@mistake("You handed batch_norm on to some layers alone; every BasicConv2d gets batch_norm=batch_norm.")
class BatchNormWithoutProjection(Block):
    def __init__(self, *channels, batch_norm=False):
        super().__init__(*channels, batch_norm=batch_norm)
        self.branch4 = nn.Sequential(self.pool(), BasicConv2d(channels[0], channels[6], 1))
