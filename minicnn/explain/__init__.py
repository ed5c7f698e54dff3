"""A look inside: which operations a network consists of, what they computed, and what came back through them."""

from minicnn.explain.drawing import Box, drawing
from minicnn.explain.graph import Node, graph, inputs_first, names_of_functions
from minicnn.explain.recording import recording
from minicnn.explain.replay import Step, replay

__all__ = ["Box", "Node", "Step", "drawing", "graph", "inputs_first", "names_of_functions", "recording", "replay"]
