"""minicnn: a layer library with automatic differentiation, written to be read.

Tensor (tensor.py) and Function (function.py) are the whole engine; functional/ holds the operations.
"""

from minicnn import data, functional, nn, optim
from minicnn.backend import devices, get_num_threads, set_num_threads
from minicnn.checkpoint import load, save
from minicnn.explain import draw, explain, replay, trace
from minicnn.gradcheck import GradCheckError, GradCheckReport, gradcheck, gradcheck_pair
from minicnn.rng import manual_seed
from minicnn.summary import summary
from minicnn.tensor import Tensor, no_grad, tensor

__version__ = "0.1.0"

__all__ = [
    "GradCheckError", "GradCheckReport", "Tensor", "data", "devices", "draw", "explain", "functional",
    "get_num_threads", "gradcheck", "gradcheck_pair", "load", "manual_seed", "nn", "no_grad", "optim", "replay", "save",
    "set_num_threads", "summary", "tensor", "trace",
]  # fmt: skip
