"""The presets."""

from dataclasses import astuple, replace

import pytest

from googlenet import presets
from googlenet.presets import Preset, find_preset


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


def test_what_each_of_them_chooses():
    """Local response norm, batch norm, kernel and stride of the last max pool, dropout, dropout in the heads."""
    assert [astuple(preset) for preset in presets.values()] == [
        ("paper", True, False, (3, 2), 0.4, 0.7),
        ("plain", False, False, (2, 2), 0.4, 0.7),
        ("batchnorm", False, True, (2, 2), 0.4, 0.7),
    ]


def test_a_preset_is_found_by_its_name():
    assert all(find_preset(name) is preset for name, preset in presets.items())


def test_a_preset_of_one_s_own_is_taken_as_it_is():
    mine = replace(presets["paper"], dropout=0.1)
    assert find_preset(mine) is mine


def test_an_unknown_name_is_an_error_that_names_all():
    with pytest.raises(ValueError, match="preset: got 'papers', expected one of paper, plain, batchnorm"):
        find_preset("papers")
