"""Our GoogLeNet and the one in PyTorch have as many parameters as the paper's; tests/parity compares their numbers."""

import numpy as np
import pytest
from support import needs_torch, torch

from googlenet import GoogLeNet

if torch is not None:
    from benchmarks import reference


@needs_torch
@pytest.mark.parametrize("preset", ["plain", "paper"])
@pytest.mark.parametrize(("aux_heads", "count"), [(True, 13_378_280), (False, 6_998_552)])
def test_parameter_counts(preset: str, aux_heads: bool, count: int) -> None:
    for model in (GoogLeNet(1000, preset, aux_heads=aux_heads), reference.GoogLeNet(1000, preset, aux_heads)):
        assert sum(int(np.prod(parameter.shape)) for parameter in model.parameters()) == count
