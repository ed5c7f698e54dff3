"""A network's weights, in and out."""

from googlenet.weights.file import load_model, save_model

__all__ = ["load_model", "save_model"]
