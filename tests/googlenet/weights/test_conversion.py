"""From preset to preset: where it can be done, and what is said where not."""

from dataclasses import replace

import numpy as np
import pytest

from googlenet.data.preprocessing import Preprocessing
from googlenet.data.transforms import IMAGENET_MEAN, IMAGENET_STD
from googlenet.model import between_minus_1_and_1
from googlenet.presets import presets
from googlenet.weights.conversion import adapted, convert, obstacles
from minicnn import Tensor

HALF = (0.5, 0.5, 0.5)
POSSIBLE = {
    "paper": {"paper", "caffe"},
    "caffe": {"paper", "caffe"},
    "plain": {"plain", "catsdogs"},
    "catsdogs": {"plain", "catsdogs"},
    "batchnorm": {"plain", "catsdogs", "batchnorm"},
    "torchvision": {"plain", "catsdogs", "batchnorm", "torchvision"},
    "mnist": {"mnist"},
    "naive": {"naive"},
}


@pytest.mark.parametrize("source", presets)
def test_into_which_presets_each_goes(source):
    assert {name for name in presets if not obstacles(presets[source], presets[name])} == POSSIBLE[source]


@pytest.mark.parametrize(
    ("source", "target", "reason"),
    [
        ("torchvision", "paper", r"local_response_norm is yes there, no in the file; pool4 is 3x3/2 there, 2x2/2 in"),
        ("torchvision", "mnist", r"ceil_mode is no there, yes in the file"),
        ("plain", "batchnorm", "it has batch norm, the file has none"),
        ("plain", "torchvision", "its 3x3 kernels cannot hold the file's 5x5 ones"),
        ("paper", "naive", "reductions is no there, yes in the file"),
    ],
)
def test_what_cannot_be_done_says_why_and_what_can(source, target, reason):
    others = ", ".join(name for name in presets if name in POSSIBLE[source])
    with pytest.raises(ValueError, match=rf"^--preset {target} cannot say the same.*{reason}.*Exact into {others}; wh"):
        convert({}, Preprocessing(224), presets[source], presets[target])


def test_a_network_that_fits_no_preset_says_so():
    with pytest.raises(ValueError, match="Exact into none"):
        convert({}, Preprocessing(224), replace(presets["mnist"], pool4_times=3), presets["plain"])


def state():
    """Of a convolution with batch norm in the 5x5 branch of torchvision's, and of a head."""
    base = "inception3a.branch3.1."
    found = {f"{base}bn.{part}": np.ones(2) for part in ("weight", "bias", "running_mean", "running_var")}
    return {**found, f"{base}conv.weight": np.ones((2, 1, 3, 3)), "aux1.fc1.weight": np.ones((1, 1))}


def test_what_is_done_is_told():
    found = convert(state(), Preprocessing(224), presets["torchvision"], presets["plain"])
    assert found.state.keys() == {f"inception3a.branch3.1.conv.{p}" for p in ("weight", "bias")} | {"aux1.fc1.weight"}
    assert found.state["inception3a.branch3.1.conv.weight"].shape == (2, 1, 5, 5)
    assert found.preprocessing == Preprocessing(224, mean=HALF, std=HALF)
    assert [step.split(" ")[0] for step in found.steps] == ["1", "the", "heads", "the"]
    assert found.steps[0] == "1 batch norms folded into weights and biases"
    assert "5x5/3 here, adaptive there" in found.steps[2]


def test_nothing_is_done_where_nothing_has_to_be():
    before = state()
    found = convert(before, Preprocessing(224), presets["torchvision"], presets["torchvision"])
    assert found == (before, Preprocessing(224), ())
    assert convert({}, Preprocessing(224), presets["paper"], presets["caffe"]).steps == ()


def test_batch_norm_stays_where_it_is_wanted():
    found = convert(state(), Preprocessing(224), presets["torchvision"], presets["batchnorm"])
    assert "inception3a.branch3.1.bn.weight" in found.state
    assert found.state["inception3a.branch3.1.conv.weight"].shape == (2, 1, 5, 5)


def test_heads_of_another_size_are_left_out():
    smaller = replace(presets["plain"], aux_size=3)
    found = convert({"aux1.fc1.weight": 1, "fc.bias": 2}, Preprocessing(224), smaller, presets["plain"])
    assert found.state == {"fc.bias": 2}
    assert found.steps == ("heads left out: they are for 3x3, not 4x4 pixels",)
    assert convert({"fc.bias": 2}, Preprocessing(224), smaller, presets["plain"]).steps == ()


# ---- transform_input -----------------------------------------------------------------------------------------------

USUAL = Preprocessing(32)
OTHER = Preprocessing(32, mean=(0.1, 0.5, 0.9), std=(0.2, 0.4, 1.5))
PIXELS = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)


@pytest.mark.parametrize("preprocessing", [USUAL, OTHER])
def test_the_first_convolution_gets_the_same_without_the_step(preprocessing):
    found, steps = adapted(preprocessing, presets["torchvision"], presets["plain"])
    expected = between_minus_1_and_1(Tensor(preprocessing.normalize(PIXELS)[None])).data[0]
    np.testing.assert_allclose(found.normalize(PIXELS), expected, atol=1e-5)
    assert len(steps) == 1


@pytest.mark.parametrize("preprocessing", [USUAL, OTHER])
def test_the_first_convolution_gets_the_same_with_the_step(preprocessing):
    found, steps = adapted(preprocessing, presets["plain"], presets["torchvision"])
    given = between_minus_1_and_1(Tensor(found.normalize(PIXELS)[None])).data[0]
    np.testing.assert_allclose(given, preprocessing.normalize(PIXELS), atol=1e-5)
    assert len(steps) == 1


def test_imagenet_s_mean_and_std_become_a_half_and_come_back():
    half, _ = adapted(USUAL, presets["torchvision"], presets["plain"])
    assert (half.mean, half.std) == (HALF, HALF)
    back, _ = adapted(half, presets["plain"], presets["torchvision"])
    assert (back.mean, back.std) == (IMAGENET_MEAN, IMAGENET_STD)


def test_gray_images_and_presets_of_one_mind_need_nothing():
    gray = Preprocessing(32, 1, (0.5,), (0.5,), "L")
    assert adapted(gray, presets["torchvision"], presets["plain"]) == (gray, ())
    assert adapted(USUAL, presets["paper"], presets["plain"]) == (USUAL, ())
