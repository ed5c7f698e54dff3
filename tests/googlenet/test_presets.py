"""The presets."""

import pytest

from googlenet import presets
from googlenet.presets import Preset


def test_presets():
    assert {"paper", "plain", "batchnorm"} <= set(presets)
    assert all(name == preset.name for name, preset in presets.items())
    paper = presets["paper"]
    assert paper.local_response_norm
    assert not paper.batch_norm
    assert paper.pool4 == (3, 2)
    assert (paper.dropout, paper.aux_dropout) == (0.4, 0.7)
    assert presets["batchnorm"].batch_norm
    with pytest.raises(AttributeError):  # frozen
        paper.dropout = 0
    assert isinstance(paper, Preset)
