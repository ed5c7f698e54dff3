"""Typical wrong repairs of lost_gradient."""

from exercises.course.chain_rule.lost_gradient.solution import Value as Right
from exercises.stages import Mistakes

mistake = Mistakes()


class Value(Right):
    """The solution once more, whose parts a mistake can change. Results are of its own class."""

    def __add__(self, other):
        other = other if isinstance(other, Value) else type(self)(other)
        return type(self)(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        other = other if isinstance(other, Value) else type(self)(other)
        return type(self)(self.data * other.data, (self, other), (other.data, self.data))

    def key(self):
        return id(self)

    def order(self):
        found, seen = [], set()

        def visit(value):
            if value.key() in seen:
                return
            seen.add(value.key())
            for source in value.inputs:
                visit(source)
            found.append(value)

        visit(self)
        return found[::-1]


@mistake("This gives what the file gave before. Compare the two cases of the clue: what is special about one?")
class AsItWas(Value):
    def key(self):
        return self.data


@mistake("You took the test for what was seen away; what is used twice now hands its gradient on twice.")
class NothingSeen(Value):
    def order(self):
        found = []

        def visit(value):
            for source in value.inputs:
                visit(source)
            found.append(value)

        visit(self)
        return found[::-1]


@mistake("You put = in place of +=; what is used several times gets a gradient from each use, and they add up.")
class Overwritten(Value):
    def backward(self):
        self.grad = 1.0
        for value in self.order():
            for source, slope in zip(value.inputs, value.slopes, strict=True):
                source.grad = slope * value.grad


@mistake("You turned the order around; a value hands its gradient on before it has come.")
class TurnedAround(Value):
    def order(self):
        return super().order()[::-1]


@mistake("You swapped the slopes of the product; a b grows by b for each 1 that a grows, so that was right.")
class Swapped(Value):
    def __mul__(self, other):
        y = super().__mul__(other)
        y.slopes = y.slopes[::-1]
        return y


@mistake("You tell values apart by number and inputs together; leaves that are equal are still taken for one.")
class ByDataAndInputs(Value):
    def key(self):
        return self.data, tuple(map(id, self.inputs))


@mistake("You wrote the node down before its inputs; then the order is that of the first visit, too early for some.")
class BeforeItsInputs(Value):
    def order(self):
        found, seen = [], set()

        def visit(value):
            if id(value) in seen:
                return
            seen.add(id(value))
            found.append(value)
            for source in value.inputs:
                visit(source)

        visit(self)
        return found


@mistake("You set every grad to 0 on the way; what had arrived is lost.")
class SetToZero(Value):
    def backward(self):
        self.grad = 1.0
        for value in self.order():
            for source in value.inputs:
                source.grad = 0.0
            for source, slope in zip(value.inputs, value.slopes, strict=True):
                source.grad += slope * value.grad
