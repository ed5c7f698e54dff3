"""Typical wrong answers to topological_walk."""

from exercises.stages import Mistakes

mistake = Mistakes()


def order(graph, start):
    """Every node after all that use it: a depth-first search, written from its end."""
    found, seen, to_do = [], set(), [(start, False)]
    while to_do:
        name, done = to_do.pop()
        if done:
            found.append(name)
        elif name not in seen:
            seen.add(name)
            to_do += [(name, True), *((source, False) for source, _ in graph.inputs(name))]
    return found[::-1]


def in_order(graph, start, hand, names=None):
    """The right walk, where what a node then has is hand(what it had, slope, the gradient that is handed on)."""
    gradients = {start: 1.0}
    for name in order(graph, start) if names is None else names:
        for source, slope in graph.inputs(name):
            gradients[source] = hand(gradients.get(source, 0.0), slope, gradients[name])
    return gradients


def rightly(had, slope, gradient):
    return had + slope * gradient


def as_they_come(graph, start, at):
    """Hand on at the first visit; `at` says which of the waiting nodes is the next."""
    gradients, seen, to_do = {start: 1.0}, set(), [start]
    while to_do:
        name = to_do.pop(at)
        if name in seen:
            continue
        seen.add(name)
        for source, slope in graph.inputs(name):
            gradients[source] = rightly(gradients.get(source, 0.0), slope, gradients[name])
            to_do.append(source)
    return gradients


@mistake("You handed a gradient on when you first came to a node; wait until all that use it have handed theirs over.")
def depth_first(graph, start):
    return as_they_come(graph, start, at=-1)


@mistake("You walked level by level; a node used near the end and further back is then reached before all its users.")
def breadth_first(graph, start):
    return as_they_come(graph, start, at=0)


@mistake("You handed a node's whole gradient on each time something arrived; what had come before goes on twice.")
def again_and_again(graph, start):
    gradients, to_do = {start: 1.0}, [start]
    while to_do:
        name = to_do.pop(0)
        for source, slope in graph.inputs(name):
            gradients[source] = gradients.get(source, 0.0) + slope * gradients[name]
            to_do.append(source)
    return gradients


@mistake("You walked along every path by itself; that has no end in a deep network. Each node hands on once.")
def every_path(graph, start):
    gradients, to_do = {}, [(start, 1.0)]
    while to_do:
        name, arrived = to_do.pop()
        gradients[name] = gradients.get(name, 0.0) + arrived
        to_do += [(source, slope * arrived) for source, slope in graph.inputs(name)]
    return gradients


@mistake("You overwrote the gradient of a node that is used several times; what its users hand over is added up.")
def overwritten(graph, start):
    return in_order(graph, start, lambda had, slope, gradient: slope * gradient)


@mistake("You kept what arrived first at a node; what its users hand over has to be added up.")
def kept_first(graph, start):
    return in_order(graph, start, lambda had, slope, gradient: had or slope * gradient)


@mistake("You handed the slope on without the gradient that has arrived; the chain rule multiplies the two.")
def slopes_alone(graph, start):
    return in_order(graph, start, lambda had, slope, gradient: had + slope)


@mistake("You added slope and gradient; along a path the chain rule multiplies.")
def added(graph, start):
    return in_order(graph, start, lambda had, slope, gradient: had + slope + gradient)


@mistake("You handed the gradient on without the slope; the chain rule multiplies it by how fast the node changes.")
def without_slopes(graph, start):
    return in_order(graph, start, lambda had, slope, gradient: had + gradient)


@mistake("You left the gradient of start out; it is 1, and belongs to the result.")
def without_start(graph, start):
    gradients = in_order(graph, start, rightly)
    del gradients[start]
    return gradients


@mistake("You began with a gradient of 0; multiplied on, it stays 0. The gradient of start by itself is 1.")
def from_zero(graph, start):
    return dict.fromkeys(order(graph, start), 0.0)


@mistake("You returned the leaves alone; every node that start is made of belongs to the result.")
def leaves_alone(graph, start):
    return {name: value for name, value in in_order(graph, start, rightly).items() if not graph.inputs(name)}


@mistake("Your function calls itself for every node; Python stops that after about a thousand. Keep a list instead.")
def recursive(graph, start):
    found, seen = [], set()

    def visit(name):
        if name not in seen:
            seen.add(name)
            for source, _ in graph.inputs(name):
                visit(source)
            found.append(name)

    visit(start)
    return in_order(graph, start, rightly, found[::-1])
