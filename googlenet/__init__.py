"""googlenet: GoogLeNet ("Going Deeper with Convolutions") on minicnn, with its training."""

import sys

from googlenet.commandline import begin

if sys.argv[:1] == ["-m"]:  # `python -m googlenet ...`, before it is known where that lies
    begin("googlenet")

from googlenet.auxiliary import AuxiliaryHead
from googlenet.inception import Inception, NaiveInception
from googlenet.model import GoogLeNet, GoogLeNetOutput, LossParts, loss
from googlenet.presets import presets

__all__ = [
    "AuxiliaryHead", "GoogLeNet", "GoogLeNetOutput", "Inception", "LossParts", "NaiveInception", "loss", "presets",
]  # fmt: skip
