"""Typical wrong repairs of silent_branch."""

import minicnn as mc
import minicnn.functional as F
from exercises.course.inception.silent_branch.solution import Inception
from exercises.stages import Mistakes

mistake = Mistakes()


class Block(Inception):
    """The solution once more, in steps that a mistake can change one of."""

    def forward(self, x):
        return self.join([self.first(x), self.second(x), self.third(x), self.fourth(x)])

    def join(self, branches):
        return F.concat(branches, axis=1)

    def first(self, x):
        return F.relu(self.one(x))

    def second(self, x):
        return F.relu(self.three(F.relu(self.reduce3(x))))

    def third(self, x):
        return F.relu(self.five(F.relu(self.reduce5(x))))

    def fourth(self, x):
        return F.relu(self.projection(self.pooled(x)))


@mistake("This gives what the file gave before: nothing arrives at x from branch 4. What is between x and its weights?")
class AsItWas(Block):
    def pooled(self, x):
        with mc.no_grad():
            return super().pooled(x)


@mistake("You took the pool out of branch 4; now a gradient arrives, but x has to be pooled before the projection.")
class NotPooled(Block):
    def pooled(self, x):
        return x


@mistake("You took an average pool; the gradient of a max pool exists as well: nothing but no_grad keeps it back.")
class AveragePool(Block):
    def pooled(self, x):
        return F.avg_pool2d(x, 3, stride=1, padding=1)


@mistake("You put the pool behind the projection; it comes before it, and there is a gradient through it.")
class PoolBehind(Block):
    def fourth(self, x):
        return self.pooled(F.relu(self.projection(x)))


@mistake("You left branch 4 out; it has to stay, and to send its gradient to x.")
class WithoutBranch4(Block):
    def join(self, branches):
        return F.concat(branches[:3], axis=1)


@mistake("You handed the gradient past the pool to every pixel; it belongs to each window's largest.")
class StraightThrough(Block):
    def pooled(self, x):
        with mc.no_grad():
            difference = super().pooled(x).data - x.data
        return x + mc.Tensor(difference)


@mistake("You put the whole of branch 4 into no_grad; now its weights do not learn either.")
class AllOfBranch4(Block):
    def fourth(self, x):
        with mc.no_grad():
            return super().fourth(x)


@mistake("You put the whole block into no_grad; nothing learns now.")
class AllOfIt(Block):
    def forward(self, x):
        with mc.no_grad():
            y = super().forward(x)
        return mc.Tensor(y.data, requires_grad=True)


@mistake("You added x to branch 4 by another way; its output was right before, only the way back is missing.")
class Skip(Block):
    def pooled(self, x):
        with mc.no_grad():
            pooled = super().pooled(x)
        return pooled + x


@mistake("You put a ReLU behind the pool; the outputs were right before. Only the way back is missing.")
class ReLUBehindPool(Block):
    def pooled(self, x):
        return F.relu(super().pooled(x))


@mistake("You took the ReLU of branch 4 away; that was right. The gradient is lost further below.")
class WithoutReLU4(Block):
    def fourth(self, x):
        return self.projection(self.pooled(x))


@mistake("You took the ReLUs behind the reductions away; they were right.")
class WithoutReLUOfReductions(Block):
    def second(self, x):
        return F.relu(self.three(self.reduce3(x)))

    def third(self, x):
        return F.relu(self.five(self.reduce5(x)))
