"""The graph that a tensor was computed by, as a picture: what `mc.draw` does."""
