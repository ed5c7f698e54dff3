"""Typical wrong answers to googlenet."""

import minicnn.functional as F
from exercises.course.inception.googlenet.solution import TABLE
from exercises.stages import Mistakes
from googlenet import AuxiliaryHead, GoogLeNetOutput, Inception
from googlenet.inception import BasicConv2d
from minicnn import nn

mistake = Mistakes()


class Network(nn.Module):
    """The solution once more, in steps that a mistake can change one of."""

    table = TABLE
    stride, padding1, padding3, kernel1 = 2, 3, 1, 7
    ceil_mode, rate = True, 0.4
    first, second = "4a", "4d"  # the blocks that the heads are on

    def __init__(self, num_classes=1000, in_channels=3, batch_norm=False, pool4=3):
        self.options = {"batch_norm": batch_norm}
        self.window4 = pool4
        self.make(num_classes, in_channels)

    def make(self, num_classes, in_channels):
        bn = self.options
        self.conv1 = BasicConv2d(in_channels, 64, self.kernel1, stride=self.stride, padding=self.padding1, **bn)
        self.conv2 = BasicConv2d(64, 64, 1, **bn)
        self.conv3 = BasicConv2d(64, 192, 3, padding=self.padding3, **bn)
        channels = {"2": 192}
        last = "2"
        for name, row in self.table.items():
            setattr(self, f"inception{name}", Inception(channels[last], *row, **bn))
            channels[name], last = row[0] + row[2] + row[4] + row[5], name
        self.aux1 = AuxiliaryHead(channels[self.first], num_classes, **bn)
        self.aux2 = AuxiliaryHead(channels[self.second], num_classes, **bn)
        self.fc = nn.Linear(channels[last], num_classes)

    def forward(self, x):
        x = self.pool(self.stem(x))
        heads = {}
        for name in self.table:
            x = self.before(name, x)
            x = getattr(self, f"inception{name}")(x)
            for head in ("aux1", "aux2"):
                if name == (self.first if head == "aux1" else self.second):
                    heads[head] = getattr(self, head)(x) if self.training else None
        return self.give(self.classify(self.last_pool(x)), heads["aux1"], heads["aux2"])

    def stem(self, x):
        x = self.norm(self.pool(self.conv1(x)))
        return self.norm(self.conv3(self.conv2(x)))

    def norm(self, x):
        return x if self.options["batch_norm"] else F.local_response_norm(x, 5, alpha=1e-4, beta=0.75, k=1.0)

    def pool(self, x):
        return F.max_pool2d(x, 3, 2, ceil_mode=self.ceil_mode)

    def before(self, name, x):
        """The pools between the blocks."""
        if name == "4a":
            return self.pool(x)
        return self.pool4(x) if name == "5a" else x

    def pool4(self, x):
        return F.max_pool2d(x, self.window4, 2, ceil_mode=self.ceil_mode)

    def last_pool(self, x):
        return F.adaptive_avg_pool2d(x, 1)

    def classify(self, x):
        return self.fc(F.dropout(F.flatten(x), self.rate, self.training))

    def give(self, logits, aux1, aux2):
        return GoogLeNetOutput(logits, aux1, aux2) if self.training else logits


def rows(**changed):
    return {name: changed.get(f"row{name}", row) for name, row in TABLE.items()}


# ---- the table -----------------------------------------------------------------------------------------------------


@mistake("You gave 3b the row of 3a; each block has its own row of Table 1.")
class Row3aTwice(Network):
    table = rows(row3b=TABLE["3a"])


@mistake("You gave 4b the row of 4a; each block has its own row of Table 1.")
class Row4aTwice(Network):
    table = rows(row4b=TABLE["4a"])


@mistake("You swapped the rows of 4b and 4c.")
class Swapped4bAnd4c(Network):
    table = rows(row4b=TABLE["4c"], row4c=TABLE["4b"])


@mistake("You gave 4d the row of 4c; each block has its own row of Table 1.")
class Row4cTwice(Network):
    table = rows(row4d=TABLE["4c"])


@mistake("You gave 5a the row of 5b; each block has its own row of Table 1.")
class Row5bTwice(Network):
    table = rows(row5a=TABLE["5b"])


@mistake("You gave 5b the row of 5a; each block has its own row of Table 1.")
class Row5aTwice(Network):
    table = rows(row5b=TABLE["5a"])


@mistake("You took the columns of a row in another order, 3x3 before 3x3r and 5x5 before 5x5r.")
class ReductionsLast(Network):
    table = {name: (r[0], r[2], r[1], r[4], r[3], r[5]) for name, r in TABLE.items()}


# ---- the stem ------------------------------------------------------------------------------------------------------


@mistake("You gave conv1 no padding; 7x7 with stride 2 needs padding 3, so that 224 pixels become 112.")
class NoPadding1(Network):
    padding1 = 0


@mistake("You gave conv1 stride 1; it has stride 2.")
class Stride1(Network):
    stride = 1


@mistake("You gave conv1 a 3x3 kernel; it is 7x7, with stride 2 and padding 3.")
class Kernel3(Network):
    kernel1, padding1 = 3, 1


@mistake("You gave conv3 no padding; a 3x3 kernel needs padding 1 to keep the size.")
class NoPadding3(Network):
    padding3 = 0


@mistake("You left conv2 out, the 1x1 convolution (3x3r) in front of the 3x3 one.")
class WithoutConv2(Network):
    def make(self, num_classes, in_channels):
        super().make(num_classes, in_channels)
        self.conv2 = nn.Sequential()


@mistake("You fixed the number of channels at 3; in_channels says how many an image has.")
class ThreeChannels(Network):
    def make(self, num_classes, in_channels):
        super().make(num_classes, 3)


@mistake("You left the local response norms out; they are behind the first pool and behind conv3.")
class NoNorm(Network):
    def norm(self, x):
        return x


@mistake("You left the second local response norm out, behind conv3.")
class NoSecondNorm(Network):
    def stem(self, x):
        return self.conv3(self.conv2(self.norm(self.pool(self.conv1(x)))))


@mistake("You left the first local response norm out, behind the first pool.")
class NoFirstNorm(Network):
    def stem(self, x):
        return self.norm(self.conv3(self.conv2(self.pool(self.conv1(x)))))


@mistake("You put the first local response norm before the pool; it is behind it (Figure 3).")
class FirstNormBeforePool(Network):
    def stem(self, x):
        x = self.pool(self.norm(self.conv1(x)))
        return self.norm(self.conv3(self.conv2(x)))


@mistake("You put the second local response norm behind the pool; it is before it (Figure 3).")
class SecondNormBehindPool(Network):
    def stem(self, x):
        return self.conv3(self.conv2(self.norm(self.pool(self.conv1(x)))))

    def before(self, name, x):
        return self.norm(x) if name == "3a" else super().before(name, x)


@mistake("You took 3 channels for the local response norm; it is of 5.")
class NormOf3(Network):
    def norm(self, x):
        return x if self.options["batch_norm"] else F.local_response_norm(x, 3, alpha=1e-4, beta=0.75, k=1.0)


# ---- the pools -----------------------------------------------------------------------------------------------------


@mistake("You left ceil_mode=True out; the pools between blocks round up, so that 112 pixels become 56.")
class Floor(Network):
    ceil_mode = False


@mistake("You gave the pools padding 1 in place of ceil_mode=True; the sizes are the same, the windows are not.")
class PaddedPools(Network):
    def pool(self, x):
        return F.max_pool2d(x, 3, 2, padding=1)

    def pool4(self, x):
        return F.max_pool2d(x, self.window4, 2, padding=1) if self.window4 == 3 else super().pool4(x)


@mistake("You took 2x2 windows for the pools; they are 3x3 with stride 2.")
class Pools2x2(Network):
    def pool(self, x):
        return F.max_pool2d(x, 2, 2, ceil_mode=True)

    def pool4(self, x):
        return F.max_pool2d(x, 2, 2, ceil_mode=True)


@mistake("You left the pool between 3b and 4a out.")
class WithoutPool3(Network):
    def before(self, name, x):
        return x if name == "4a" else super().before(name, x)


@mistake("You left the pool between 4e and 5a out.")
class WithoutPool4(Network):
    def before(self, name, x):
        return x if name == "5a" else super().before(name, x)


@mistake("You left pool4 out of account; it is the kernel of the last max pool.")
class Pool4Is3(Network):
    def pool4(self, x):
        return self.pool(x)


@mistake("You took a max pool at the end; it is an average pool.")
class MaxPoolAtTheEnd(Network):
    def last_pool(self, x):
        return x.max(axis=(2, 3), keepdims=True)


@mistake("You took a 7x7 window at the end; it fits images of 224x224 alone: F.adaptive_avg_pool2d(x, 1) fits all.")
class Window7(Network):
    def last_pool(self, x):
        return F.avg_pool2d(x, 7)


# ---- the heads and the end -----------------------------------------------------------------------------------------


@mistake("You put the first head on 4b; it is on 4a.")
class FirstOn4b(Network):
    first = "4b"


@mistake("You put the first head on 3b; it is on 4a.")
class FirstOn3b(Network):
    first = "3b"


@mistake("You put the second head on 4e; it is on 4d.")
class SecondOn4e(Network):
    second = "4e"


@mistake("You put the second head on 4c; it is on 4d.")
class SecondOn4c(Network):
    second = "4c"


@mistake("You returned aux2 before aux1; the order is logits, aux1, aux2.")
class HeadsSwapped(Network):
    def give(self, logits, aux1, aux2):
        return super().give(logits, aux2, aux1)


@mistake("You returned the heads first; the order is logits, aux1, aux2.")
class LogitsLast(Network):
    def give(self, logits, aux1, aux2):
        return GoogLeNetOutput(aux1, aux2, logits) if self.training else logits


@mistake("You returned the logits alone in training; then it is GoogLeNetOutput(logits, aux1, aux2).")
class LogitsAlone(Network):
    def give(self, logits, aux1, aux2):
        return logits


@mistake("You returned a GoogLeNetOutput in evaluation as well; then it is the logits alone.")
class AlwaysThree(Network):
    def give(self, logits, aux1, aux2):
        return GoogLeNetOutput(logits, aux1, aux2)


@mistake("You added the heads' logits to the network's; the three are returned side by side.")
class AddedLogits(Network):
    def give(self, logits, aux1, aux2):
        return GoogLeNetOutput(logits + 0.3 * (aux1 + aux2), aux1, aux2) if self.training else logits


@mistake("You cut the heads off from the network (detach, no_grad); their gradient is to reach the blocks below.")
class HeadsDetached(Network):
    def make(self, num_classes, in_channels):
        super().make(num_classes, in_channels)
        for head in (self.aux1, self.aux2):
            head.forward = lambda x, forward=head.forward: forward(x.detach())


@mistake("You gave the heads 1000 classes, whatever num_classes is.")
class HeadsOf1000(Network):
    def make(self, num_classes, in_channels):
        super().make(num_classes, in_channels)
        self.aux1 = AuxiliaryHead(512, 1000, **self.options)
        self.aux2 = AuxiliaryHead(528, 1000, **self.options)


@mistake("You gave both heads 512 channels; 4d has 528.")
class HeadsOf512(Network):
    def make(self, num_classes, in_channels):
        super().make(num_classes, in_channels)
        self.aux2 = AuxiliaryHead(512, num_classes, **self.options)


@mistake("You left the heads out; they are aux1, on 4a, and aux2, on 4d.")
class WithoutHeads(Network):
    def make(self, num_classes, in_channels):
        super().make(num_classes, in_channels)
        self.aux1 = self.aux2 = nn.Sequential()


@mistake("You left out the dropout before fc, 40 %.")
class NoDropout(Network):
    rate = 0.0


@mistake("You dropped 70 % before fc; that is the heads' share, here it is 40 %.")
class HeadsDropout(Network):
    rate = 0.7


@mistake("You dropped 50 % before fc, PyTorch's own share; here it is 40 %.")
class HalfDropout(Network):
    rate = 0.5


@mistake("You kept 40 % before fc; 40 % are dropped.")
class KeptDropout(Network):
    rate = 0.6


@mistake("You left dropout on in evaluation; F.dropout has to be told: F.dropout(x, 0.4, self.training).")
class DropoutInEvaluation(Network):
    def classify(self, x):
        return self.fc(F.dropout(F.flatten(x), self.rate))


@mistake("You put a softmax at the end; the network returns logits, the softmax is part of the loss.")
class Softmax(Network):
    def classify(self, x):
        return F.softmax(super().classify(x), 1)


@mistake("You put a ReLU behind fc; logits may be negative.")
class ReLUAtTheEnd(Network):
    def classify(self, x):
        return F.relu(super().classify(x))


@mistake("You did not hand batch_norm on; BasicConv2d, Inception and AuxiliaryHead all get it.")
class BatchNormForgotten(Network):
    def make(self, num_classes, in_channels):
        kept, self.options = self.options, {"batch_norm": False}
        super().make(num_classes, in_channels)
        self.options = kept


@mistake("You did not hand batch_norm on to the heads; BasicConv2d, Inception and AuxiliaryHead all get it.")
class BatchNormNotInHeads(Network):
    def make(self, num_classes, in_channels):
        super().make(num_classes, in_channels)
        self.aux1, self.aux2 = AuxiliaryHead(512, num_classes), AuxiliaryHead(528, num_classes)


@mistake("You kept the local response norm with batch norm; there is one or the other.")
class BothNorms(Network):
    def norm(self, x):
        return F.local_response_norm(x, 5, alpha=1e-4, beta=0.75, k=1.0)
