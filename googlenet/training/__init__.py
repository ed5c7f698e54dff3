"""The training of a GoogLeNet: options, the loop, its state, what stops it."""

from googlenet.training.command import main

__all__ = ["main"]
