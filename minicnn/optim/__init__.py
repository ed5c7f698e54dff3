"""Optimizers, learning-rate schedules (`lr_scheduler`), and the averaging of weights, as in PyTorch."""

from minicnn.optim import lr_scheduler
from minicnn.optim.adam import Adam, AdamW
from minicnn.optim.averaging import WeightAverage
from minicnn.optim.optimizer import Optimizer
from minicnn.optim.sgd import SGD

__all__ = ["SGD", "Adam", "AdamW", "Optimizer", "WeightAverage", "lr_scheduler"]
