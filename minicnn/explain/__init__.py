"""A look inside: which operations a network consists of, what they computed, and what came back through them; and
worked examples of operations in numbers."""

from minicnn.explain.backward.replay import Replay, replay
from minicnn.explain.backward.step import Step
from minicnn.explain.explain import explain
from minicnn.explain.graph import Node, graph, inputs_first, names_of_functions
from minicnn.explain.picture.draw import DrawnNode, Picture, draw
from minicnn.explain.picture.drawing import Box, drawing
from minicnn.explain.recording import recording
from minicnn.explain.trace import Trace, TraceRow, trace

__all__ = [
    "Box", "DrawnNode", "Node", "Picture", "Replay", "Step", "Trace", "TraceRow", "draw", "drawing", "explain",
    "graph", "inputs_first", "names_of_functions", "recording", "replay", "trace",
]  # fmt: skip
