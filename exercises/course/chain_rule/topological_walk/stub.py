"""topological_walk: python -m exercises show topological_walk"""


def backward(graph, start):
    """The gradient of `start` with respect to every node that it is made of.

    graph.inputs(name) -> a list of (input's name, slope): how much `name` changes for each 1 that the input grows; an
    empty list for a leaf. Names can come twice. -> a dict, name -> gradient; that of start is 1.
    """
    raise NotImplementedError("return a dict of gradients: hand each one on to the inputs when it is whole")
