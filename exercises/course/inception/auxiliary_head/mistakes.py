"""Typical wrong answers to auxiliary_head."""

import minicnn.functional as F
from exercises.stages import Mistakes
from googlenet.inception import BasicConv2d
from minicnn import nn

mistake = Mistakes()


class ConvAlone(nn.Module):
    """BasicConv2d without its ReLU."""

    def __init__(self, in_channels, out_channels, kernel_size, batch_norm=False):
        self.conv = nn.Conv2d(in_channels, out_channels, kernel_size, bias=not batch_norm)
        self.bn = nn.BatchNorm2d(out_channels, eps=1e-3) if batch_norm else None

    def forward(self, x):
        return self.conv(x) if self.bn is None else self.bn(self.conv(x))


class Head(nn.Module):
    """The solution once more, in steps that a mistake can change one of."""

    conv_layer, channels, pixels, hidden = BasicConv2d, 128, 16, 1024

    def __init__(self, in_channels, num_classes, dropout=0.7, batch_norm=False):
        self.conv = self.conv_layer(in_channels, self.channels, 1, batch_norm=batch_norm)
        self.fc1 = nn.Linear(self.channels * self.pixels, self.hidden)
        self.fc2 = nn.Linear(self.hidden, num_classes)
        self.p = dropout

    def forward(self, x):
        return self.classify(F.flatten(self.conv(self.pool(x))))

    def pool(self, x):
        fits = all(14 <= side <= 16 for side in x.shape[2:])
        return F.avg_pool2d(x, 5, stride=3) if fits else F.adaptive_avg_pool2d(x, 4)

    def classify(self, x):
        return self.fc2(self.drop(F.relu(self.fc1(x))))

    def drop(self, x):
        return F.dropout(x, self.p, self.training)


@mistake("You took a max pool; the head begins with an average pool, 5x5/3.")
class MaxPool(Head):
    def pool(self, x):
        fits = all(14 <= side <= 16 for side in x.shape[2:])
        return F.max_pool2d(x, 5, stride=3) if fits else F.adaptive_avg_pool2d(x, 4)


@mistake("You left the pool's stride out; it is then 5, the window's size, and only 2x2 pixels are left: stride=3.")
class PoolStride5(Head):
    def pool(self, x):
        fits = all(14 <= side <= 16 for side in x.shape[2:])
        return F.avg_pool2d(x, 5) if fits else F.adaptive_avg_pool2d(x, 4)


@mistake("You took a 3x3 window for the pool; it is 5x5, with stride 3.")
class PoolWindow3(Head):
    def pool(self, x):
        fits = all(14 <= side <= 16 for side in x.shape[2:])
        return F.avg_pool2d(x, 3, stride=3) if fits else F.adaptive_avg_pool2d(x, 4)


@mistake("Your pool always adapts, as torchvision's does; at 14x14 the paper's windows are 5x5 with stride 3.")
class AlwaysAdaptive(Head):
    def pool(self, x):
        return F.adaptive_avg_pool2d(x, 4)


@mistake("Your pool is 5x5/3 but for 4x4; everywhere else too where that does not give 4x4 it has to adapt.")
class NeverAdaptive(Head):
    def pool(self, x):
        return x if x.shape[2:] == (4, 4) else F.avg_pool2d(x, 5, stride=3)


@mistake("Your pool is 5x5/3 at every size, even where x is smaller than that; outside of 14 to 16 it has to adapt.")
class NeverAdaptiveAtAll(Head):
    def pool(self, x):
        return F.avg_pool2d(x, 5, stride=3)


@mistake("You adapt at 14x16 too; 5x5/3 gives 4x4 there, as for all sides of 14 to 16.")
class ExactlyFourteen(Head):
    def pool(self, x):
        return F.avg_pool2d(x, 5, stride=3) if x.shape[2:] == (14, 14) else F.adaptive_avg_pool2d(x, 4)


@mistake("You looked at one side only to choose the pool; 5x5/3 has to give 4 pixels along both.")
class OneSide(Head):
    def pool(self, x):
        return F.avg_pool2d(x, 5, stride=3) if 14 <= x.shape[2] <= 16 else F.adaptive_avg_pool2d(x, 4)


@mistake("You pooled behind the convolution; the pool comes first (and makes the convolution 12 times cheaper).")
class PoolBehind(Head):
    def forward(self, x):
        return self.classify(F.flatten(self.pool(self.conv(x))))


@mistake("You left the ReLU behind the 1x1 convolution out; BasicConv2d has one.")
class NoReLUBehindConv(Head):
    conv_layer = ConvAlone


@mistake("You left the ReLU behind fc1 out; without it fc1 and fc2 are one linear layer.")
class NoReLUBehindFc1(Head):
    def classify(self, x):
        return self.fc2(self.drop(self.fc1(x)))


@mistake("You put a ReLU behind fc2; logits may be negative.")
class ReLUBehindFc2(Head):
    def classify(self, x):
        return F.relu(super().classify(x))


@mistake("You put a softmax behind fc2; the head returns logits, the softmax is part of the loss.")
class Softmax(Head):
    def classify(self, x):
        return F.softmax(super().classify(x), 1)


@mistake("You put a log-softmax behind fc2; the head returns logits, the log-softmax is part of the loss.")
class LogSoftmax(Head):
    def classify(self, x):
        return F.log_softmax(super().classify(x), 1)


@mistake("You left dropout on in evaluation; it is for training alone: nn.Dropout, or F.dropout(x, p, self.training).")
class DropoutInEvaluation(Head):
    def drop(self, x):
        return F.dropout(x, self.p)


@mistake("You left the dropout out.")
class NoDropout(Head):
    def drop(self, x):
        return x


@mistake("You put the dropout before fc1; it comes behind fc1 and its ReLU.")
class DropoutBeforeFc1(Head):
    def classify(self, x):
        return self.fc2(F.relu(self.fc1(self.drop(x))))


@mistake("You put the dropout behind fc2; there it drops classes. It comes between fc1 and fc2.")
class DropoutBehindFc2(Head):
    def classify(self, x):
        return self.drop(self.fc2(F.relu(self.fc1(x))))


@mistake("You kept a share of `dropout` of the numbers; that is the share that is dropped.")
class KeepProbability(Head):
    def drop(self, x):
        return F.dropout(x, 1 - self.p, self.training)


@mistake("You fixed the dropout at 70 %; the argument `dropout` says how much.")
class DropoutFixed(Head):
    def drop(self, x):
        return F.dropout(x, 0.7, self.training)


@mistake("You fixed the dropout at PyTorch's 50 %; the argument `dropout` says how much.")
class DropoutDefault(Head):
    def drop(self, x):
        return F.dropout(x, 0.5, self.training)


@mistake("You pooled to one pixel, as in the network's own classifier; fc1 gets 4x4 pixels of 128 channels.")
class GlobalPool(Head):
    pixels = 1

    def pool(self, x):
        return F.adaptive_avg_pool2d(x, 1)


@mistake("You gave fc1 128 inputs; it gets all 4x4 pixels of 128 channels, 2048 numbers.")
class Fc1Of128(Head):
    pixels = 1


@mistake("You left the 1x1 convolution's channels as they came; it brings them to 128.")
class SameChannels(Head):
    def __init__(self, in_channels, num_classes, dropout=0.7, batch_norm=False):
        self.channels = in_channels
        super().__init__(in_channels, num_classes, dropout, batch_norm)


@mistake("You gave the convolution a 3x3 kernel; it is 1x1.")
class Conv3x3(Head):
    conv_layer = staticmethod(
        lambda i, o, k, batch_norm=False: BasicConv2d(i, o, 3, padding=1, batch_norm=batch_norm)
    )  # fmt: skip


@mistake("You made fc1 of 512 numbers; the paper has 1024.")
class Hidden512(Head):
    hidden = 512


@mistake("You took nn.Conv2d; BasicConv2d is a convolution with its ReLU, and its weights' names.")
class BareConvolution(Head):
    conv_layer = staticmethod(lambda i, o, k, batch_norm=False: nn.Conv2d(i, o, k, relu=True, bias=not batch_norm))


@mistake("You did not hand batch_norm on; BasicConv2d gets batch_norm=batch_norm.")
class BatchNormForgotten(Head):
    def __init__(self, in_channels, num_classes, dropout=0.7, batch_norm=False):
        super().__init__(in_channels, num_classes, dropout)
