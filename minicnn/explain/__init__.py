"""A look inside: which operations a network consists of, and a drawing of them."""

from minicnn.explain.drawing import Box, drawing
from minicnn.explain.graph import Node, graph, names_of_functions

__all__ = ["Box", "Node", "drawing", "graph", "names_of_functions"]
