"""How topological_walk is checked."""

import numpy as np

from exercises.stages import Stage

ANSWER = "backward"
LIBRARY = "minicnn.tensor:Tensor.backward"
MOST_VISITS = 2000  # nobody needs more here


class Graph:
    """What the learner's walk gets: inputs(name), counted, so that a walk along every path ends."""

    def __init__(self, text):
        self.edges = {}
        for line in text.split(";"):
            name, _, inputs = line.partition("=")
            pairs = (part.split("*") for part in inputs.split("+"))
            self.edges[name.strip()] = [(source.strip(), float(slope)) for slope, source in pairs]
        self.visits = 0

    def inputs(self, name):
        self.visits += 1
        if self.visits > MOST_VISITS:
            raise RuntimeError(f"inputs() was called {MOST_VISITS} times: there are more paths than one can walk")
        return list(self.edges.get(name, []))


def run(answer, graph, start):
    """The gradient of every node; the graph is written as sums: y = 2*a + 3*b; a = 5*x."""
    return {f"grad_{name}": np.float64(value) for name, value in sorted(answer(Graph(graph), start).items())}


def run_deep(answer, length):
    """A chain of so many nodes, each 1 times the one before."""
    text = ";".join(f"n{i} = 1*n{i - 1}" for i in range(1, length + 1))
    graph = Graph(text)
    graph.visits = -20 * length
    return {"grad_n0": np.float64(answer(graph, f"n{length}").get("n0", np.nan))}


def diamonds(count):
    """count diamonds, one above the other: 2^count paths."""
    parts = [f"y{i + 1} = 1*a{i} + 1*b{i}; a{i} = 0.5*y{i}; b{i} = 0.5*y{i}" for i in range(count)]
    return "; ".join(reversed(parts))


def random_cases(rng):
    s = rng.integers(2, 6, 8)
    return [
        {"graph": f"y = {s[0]}*a + {s[1]}*b; a = {s[2]}*x; b = {s[3]}*x", "start": "y"},
        {"graph": f"y = {s[0]}*x + {s[1]}*a; a = {s[2]}*x", "start": "y"},
        {"graph": f"y = {s[0]}*a + {s[1]}*c; c = {s[2]}*b; b = {s[3]}*a; a = {s[4]}*x + {s[5]}*w", "start": "y"},
        {"graph": f"y = {s[0]}*c + {s[1]}*a; c = {s[2]}*b; b = {s[3]}*a; a = {s[4]}*x + {s[5]}*w", "start": "y"},
        {"graph": f"y = {s[0]}*x + {s[1]}*x", "start": "y"},
    ]


STAGES = [
    Stage("a chain", run, [{"graph": "y = 3*a; a = 2*x", "start": "y"}]),
    Stage("the worked example", run, [{"graph": "y = 2*a + 3*b; a = 5*x; b = 7*x", "start": "y"}]),
    Stage("paths of different length", run, random_cases, points=2,
          hint="Before a node hands its gradient on, everything that uses it has to have handed over its own."),
    Stage("a part of the graph", run, [{"graph": "z = 9*y + 4*x; y = 3*a; a = 2*x", "start": "y"}]),
    Stage("many paths", run, [{"graph": diamonds(12), "start": "y12"}],
          hint="Each node hands its gradient on once, when it is whole."),
    Stage("a long chain", run_deep, [{"length": 3000}],
          hint="Python's functions call themselves a thousand times at most: walk with a list of what is to be done."),
]  # fmt: skip
