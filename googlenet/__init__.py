"""googlenet: GoogLeNet ("Going Deeper with Convolutions") on minicnn, with its training."""

from googlenet.auxiliary import AuxiliaryHead
from googlenet.inception import Inception, NaiveInception
from googlenet.model import GoogLeNet, GoogLeNetOutput, LossParts, loss
from googlenet.presets import presets

__all__ = [
    "AuxiliaryHead", "GoogLeNet", "GoogLeNetOutput", "Inception", "LossParts", "NaiveInception", "loss", "presets",
]  # fmt: skip
