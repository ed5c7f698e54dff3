"""The walk back through the graph, step by step: what `mc.replay` does."""
