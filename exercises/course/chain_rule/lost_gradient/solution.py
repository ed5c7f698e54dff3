"""A solution of lost_gradient."""


class Value:
    """A number that remembers what it was made of."""

    def __init__(self, data, inputs=(), slopes=()):
        self.data, self.grad = data, 0.0
        self.inputs, self.slopes = inputs, slopes  # slopes: how much this changes for each 1 that an input grows

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def __eq__(self, other):
        return self.data == other.data

    def __hash__(self):
        return hash(self.data)

    def backward(self):
        """Set grad, in this and in all that it was made of."""
        self.grad = 1.0
        for value in self.order():
            for source, slope in zip(value.inputs, value.slopes, strict=True):
                source.grad += slope * value.grad

    def order(self):
        """This, and all that it was made of: each after those that use it."""
        found, seen = [], set()

        def visit(value):
            if id(value) in seen:  # this very one, not one that is equal
                return
            seen.add(id(value))
            for source in value.inputs:
                visit(source)
            found.append(value)

        visit(self)
        return found[::-1]
