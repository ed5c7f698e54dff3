"""The presets."""

from dataclasses import asdict, fields, replace

import pytest

from googlenet import presets
from googlenet.presets import Preset, find_preset


def test_presets():
    assert list(presets) == ["paper", "plain", "batchnorm", "caffe", "torchvision", "mnist", "catsdogs", "naive"]
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


def test_the_paper_s_network():
    assert asdict(presets["paper"]) == {
        "name": "paper", "local_response_norm": True, "batch_norm": False, "pool4": (3, 2), "dropout": 0.4,
        "aux_dropout": 0.7, "reductions": True, "kernel_5x5": 5, "pool_relu": False, "ceil_mode": True,
        "pool4_times": 1, "aux_pool": "5x5/3", "aux_size": 4, "aux_first_dropout": 0.0, "sum_logits": False,
        "transform_input": False, "initial_weights": "he", "initial_bias": 0.0, "bias_lr": 1.0, "bias_decay": 1.0,
        "num_classes": 1000, "in_channels": 3, "image_size": 224,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("preset", "differences"),
    [
        ("plain", {"local_response_norm": False, "pool4": (2, 2)}),
        ("batchnorm", {"local_response_norm": False, "batch_norm": True, "pool4": (2, 2)}),
        ("caffe", {"initial_weights": "caffe", "initial_bias": 0.2, "bias_lr": 2.0, "bias_decay": 0.0}),
        ("torchvision", {"local_response_norm": False, "batch_norm": True, "pool4": (2, 2), "dropout": 0.2,
                         "kernel_5x5": 3, "aux_pool": "adaptive", "transform_input": True}),
        ("mnist", {"local_response_norm": False, "aux_dropout": 0.5, "pool_relu": True, "ceil_mode": False,
                   "pool4_times": 2, "aux_size": 3, "aux_first_dropout": 0.5, "sum_logits": True, "num_classes": 10,
                   "in_channels": 1}),
        ("catsdogs", {"local_response_norm": False, "pool4": (2, 2), "num_classes": 2, "image_size": 82}),
        ("naive", {"reductions": False}),
    ],
)  # fmt: skip
def test_what_each_of_them_does_differently(preset, differences):
    paper, other = asdict(presets["paper"]), asdict(presets[preset])
    assert {name: value for name, value in other.items() if value != paper[name]} == {"name": preset, **differences}


def test_a_preset_is_found_by_its_name():
    assert all(find_preset(name) is preset for name, preset in presets.items())


def test_a_preset_of_one_s_own_is_taken_as_it_is():
    mine = replace(presets["paper"], dropout=0.1)
    assert find_preset(mine) is mine


def test_an_unknown_name_is_an_error_that_names_all():
    with pytest.raises(ValueError, match="preset: got 'papers', expected one of paper, plain, batchnorm"):
        find_preset("papers")


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("aux_pool", "5x5", "Preset: aux_pool is '5x5', expected one of 5x5/3, adaptive"),
        ("initial_weights", "xavier", "Preset: initial_weights is 'xavier', expected one of he, caffe"),
        ("kernel_5x5", 4, "Preset: kernel_5x5 is 4, expected an odd number, which has a middle"),
    ],
)
def test_a_preset_that_no_network_can_be_made_of_is_refused(field, value, message):
    with pytest.raises(ValueError) as error:
        replace(presets["paper"], **{field: value})
    assert str(error.value) == message


def pixels_of_5a(preset, size):
    """The size formula, layer by layer, forward."""
    size = (size + 2 * 3 - 7) // 2 + 1
    for kernel, stride in [(3, 2)] * 3 + [preset.pool4] * preset.pool4_times:
        places = (size - kernel) / stride + 1
        size = int(-(-places // 1) if preset.ceil_mode else places // 1)
    return size


@pytest.mark.parametrize(
    ("changes", "smallest"),
    [
        ({}, 32),
        ({"pool4": (2, 2)}, 32),
        ({"pool4_times": 2}, 63),
        ({"ceil_mode": False}, 61),
        ({"ceil_mode": False, "pool4": (2, 2)}, 45),
        ({"ceil_mode": False, "pool4_times": 2}, 125),
    ],
)
def test_the_smallest_image_leaves_one_pixel_and_a_smaller_one_none(changes, smallest):
    preset = replace(presets["paper"], **changes)
    assert preset.smallest_image == smallest
    assert pixels_of_5a(preset, smallest) == 1
    assert smallest == 32 or pixels_of_5a(preset, smallest - 1) < 1


def test_the_presets_smallest_images():
    assert {name: preset.smallest_image for name, preset in presets.items() if preset.smallest_image != 32} == {
        "mnist": 125
    }
    assert all(preset.image_size >= preset.smallest_image for preset in presets.values())


def test_what_is_not_in_every_row_of_the_table_has_the_paper_s_value_by_default():
    paper = presets["paper"]
    for field in list(fields(Preset))[6:]:
        assert field.default == getattr(paper, field.name), field.name
