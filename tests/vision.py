"""torchvision, for the tests that compare with its GoogLeNet."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

from support import torch


def import_torchvision() -> Any:
    """torchvision, or None where it is not installed.

    Its compiled part fits one build of PyTorch (that on PyPI: CUDA's). GoogLeNet needs nothing of it, so the two
    operations that the import asks for are declared here where they are missing.
    """
    if torch is None or importlib.util.find_spec("torchvision") is None:
        return None
    try:
        return importlib.import_module("torchvision")
    except RuntimeError:
        library = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        return importlib.import_module("torchvision")


torchvision = import_torchvision()
