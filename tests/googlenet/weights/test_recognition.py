"""Arrays under the names of another program become a network of ours, or one clear line."""

import re

import numpy as np
import pytest

import googlenet.model
from googlenet import GoogLeNet
from googlenet.weights.recognition import Traits, as_float32, recognize, shapes_of, traits_of

PLAIN = Traits(3, 3, False, 5, None)
MORE = pytest.mark.everything("long runs")


@pytest.fixture(autouse=True)
def without_initial_weights(monkeypatch):
    """Nothing here looks at them, and they take most of the time."""
    monkeypatch.setattr(googlenet.model, "initialize", lambda *_: None)


def arrays(traits=PLAIN, rename=lambda name: name):
    """A file of such a network. The elements of each array are its number, by which it is known again."""
    shapes = shapes_of(traits).items()
    return {rename(name): np.broadcast_to(np.float32(n), shape) for n, (name, shape) in enumerate(shapes)}


def numbers(state):
    return {name: float(array.flat[0]) for name, array in state.items()}


def of_mnist(name):
    """ince_3a.branch2.2.weight, as the tutorial on MNIST has them."""
    name = re.sub(r"^inception", "ince_", name).replace("conv.conv", "conv")
    name = re.sub(r"^(conv\d)\.conv", r"\1", name).replace("branch1.conv", "branch1.0")
    return re.sub(r"(branch\d)\.(\d)\.conv", lambda match: f"{match[1]}.{2 * int(match[2])}", name)


@pytest.mark.parametrize(
    ("traits", "kind", "preset"),
    [
        (Traits(3, 3, True, 3, 4), "torchvision", "torchvision"),
        pytest.param(Traits(1000, 3, True, 3, None), "torchvision", "torchvision", marks=MORE),
        pytest.param(Traits(3, 3, True, 5, None), "tutorial", "batchnorm", marks=MORE),
        (Traits(3, 1, True, 3, None), "tutorial", "torchvision"),  # gray, which torchvision's has not in it
        (PLAIN, "tutorial", "plain"),
        (Traits(10, 1, False, 5, 3), "tutorial", "mnist"),
    ],
)
def test_the_preset_is_told_by_what_is_in_it(traits, kind, preset):
    given = arrays(traits)
    assert traits_of(given) == traits
    found = recognize(given)
    assert (found.kind, found.preset) == (kind, preset)
    assert (found.num_classes, found.in_channels) == (traits.num_classes, traits.in_channels)
    assert found.preprocessing.channels == found.in_channels
    assert found.aux_heads == (traits.aux_size is not None)
    assert numbers(found.state) == numbers(given)
    model = GoogLeNet(traits.num_classes, preset, traits.in_channels, found.aux_heads)
    model.load_state_dict(found.state)


@pytest.mark.parametrize("prefix", ["module.", "module.model."])
@pytest.mark.parametrize("rename", [of_mnist, lambda name: name])
def test_names_of_others_with_prefixes(prefix, rename):
    given = arrays(rename=rename)
    found = recognize({prefix + name: array for name, array in given.items()})
    assert numbers(found.state) == numbers(arrays())
    assert any("what the names tell" in note for note in found.notes) == (rename is of_mnist)


def test_torchvision_s_network_inside_another_with_another_classifier():
    """That is how it is made for other classes; eps is torchvision's all the same."""
    given = arrays(
        Traits(3, 3, True, 3, None), lambda name: name.replace("fc.", "fc.1.") if "fc" in name else f"net.{name}"
    )
    found = recognize(given)
    assert (found.kind, found.preset) == ("torchvision", "torchvision")
    assert numbers(found.state) == numbers(arrays(Traits(3, 3, True, 3, None)))


def test_heads_for_other_classes_are_left_out():
    given = arrays(Traits(3, 3, True, 3, 4))
    for name in ("aux1.fc2", "aux2.fc2"):
        given |= {f"{name}.weight": np.ones((1000, 1024), np.float32), f"{name}.bias": np.ones(1000, np.float32)}
    found = recognize(given)
    assert (found.num_classes, found.aux_heads) == (3, False)
    assert numbers(found.state).keys() == numbers(arrays(Traits(3, 3, True, 3, None))).keys()
    assert "heads left out: they tell 1000 classes apart, the network 3" in found.notes


@pytest.mark.parametrize("shuffled", [False, True])
def test_names_that_tell_nothing(shuffled):
    modules = {}
    given = arrays(rename=lambda n: f"{modules.setdefault(n.rpartition('.')[0], len(modules))}.{n.split('.')[-1]}")
    if shuffled:  # as safetensors sorts them: 0, 1, 10, 11, ...
        given = dict(sorted(given.items()))
    found = recognize(given)
    assert numbers(found.state) == numbers(arrays())
    assert any("by their order" in note for note in found.notes)


def test_numbers_of_a_tutorial_s_batch_norm_are_made_ours():
    traits = Traits(3, 3, True, 5, None)
    given = arrays(traits, lambda name: name.replace(".bn.", ".batchnorm."))
    given["conv1.conv.bias"] = np.full(64, 2, np.float32)
    for part, value in {"weight": 3, "running_var": 0.01}.items():
        given[f"conv3.batchnorm.{part}"] = np.full(192, value, np.float32)
    given["conv1.batchnorm.running_mean"] = np.full(64, 5, np.float32)
    found = recognize(given)
    assert found.preset == "batchnorm"
    assert any("1e-05" in note for note in found.notes)
    np.testing.assert_allclose(found.state["conv3.bn.weight"], 3 * np.sqrt(0.011 / 0.01001), rtol=1e-5)
    np.testing.assert_array_equal(found.state["conv1.bn.running_mean"], np.full(64, 3))
    assert "conv1.conv.bias" not in found.state


@pytest.mark.parametrize("norm", [True, False])
def test_a_stem_without_its_1x1_convolution_gets_one_that_changes_nothing(norm):
    def rename(name):
        return of_mnist(name).replace("conv3", "conv2") if not name.startswith("conv2") else "left.out"

    given = arrays(Traits(3, 3, norm, 5, None), lambda name: rename(name).replace("conv2.bn", "bn2"))
    del given["left.out"]
    found = recognize(given)
    np.testing.assert_array_equal(found.state["conv2.conv.weight"][:, :, 0, 0], np.eye(64))
    assert any("changes nothing" in note for note in found.notes)
    if norm:
        factor = found.state["conv2.bn.weight"] / np.sqrt(found.state["conv2.bn.running_var"] + np.float32(1e-3))
        np.testing.assert_allclose(factor, 1, rtol=1e-6)
        assert not found.state["conv2.bn.bias"].any() and not found.state["conv2.bn.running_mean"].any()
    else:
        assert not found.state["conv2.conv.bias"].any()


def test_3x3_kernels_without_batch_norm_go_into_5x5_ones():
    found = recognize(arrays(Traits(3, 3, False, 3, None)))
    assert found.preset == "plain"
    assert found.state["inception5b.branch3.1.conv.weight"].shape == (128, 48, 5, 5)
    assert any("3x3 kernels" in note for note in found.notes)


def test_convolutions_without_biases_get_zeros():
    found = recognize({name: array for name, array in arrays().items() if not name.endswith(".conv.bias")})
    assert not found.state["conv1.conv.bias"].any() and found.state["fc.bias"].any()


def test_heads_of_other_sizes_are_left_out():
    found = recognize(arrays(Traits(3, 3, False, 5, 2)))
    assert (found.preset, found.aux_heads) == ("plain", False)
    assert not any(name.startswith("aux") for name in found.state)
    assert any("heads left out" in note and "2x2" in note for note in found.notes)


@pytest.mark.parametrize(("names", "kept"), [(("a", "b", "c"), True), (("a", "b"), False)])
def test_classes_that_are_not_as_many_are_left_out(names, kept):
    found = recognize(arrays(), names)
    assert found.classes == (names if kept else None)
    assert any("names 2 classes" in note for note in found.notes) != kept


def test_what_such_images_usually_are():
    torchvision = recognize(arrays(Traits(3, 3, True, 3, None))).preprocessing
    assert (torchvision.mean[0], torchvision.crop, torchvision.image_size) == (0.485, "center", 224)
    tutorial = recognize(arrays()).preprocessing
    assert (tutorial.mean, tutorial.std, tutorial.crop) == ((0.5,) * 3, (0.5,) * 3, "whole")
    gray = recognize(arrays(Traits(10, 1, False, 5, None))).preprocessing
    assert (gray.order, gray.mean) == ("L", (0.1307,))


# ---- what is refused -----------------------------------------------------------------------------------------------


def without(*names):
    return lambda given: [given.pop(name) for name in names]


def of_shape(name, *shape):
    return lambda given: given.update({name: np.ones(shape, np.float32)})


@pytest.mark.parametrize("rename", [of_mnist, lambda name: name])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (without("fc.weight", "fc.bias"), r"missing: fc\.weight \(1000, 1024\); missing: fc\.bias"),
        (without("fc.bias"), r"missing: fc\.bias \(3,\)"),
        (of_shape("fc.bias", 4), r"fc\.bias has shape \(4,\), expected \(3,\)"),
        (of_shape("conv1.conv.weight", 64, 3, 5, 5), r"conv1\.conv\.weight has shape \(64, 3, 5, 5\), expected .*7, 7"),
        (of_shape("conv9.conv.weight", 1, 1, 1, 1), r"not expected: conv9.*weight \(1, 1, 1, 1\)"),
        (of_shape("conv1.conv.weight", 64, 4, 7, 7), r"4 channels, expected 1 \(gray\) or 3"),
    ],
)
def test_what_is_wrong_with_a_googlenet_is_listed(rename, change, message):
    given = arrays()
    change(given)
    with pytest.raises(ValueError, match=message):
        recognize({rename(name): array for name, array in given.items()})


def test_only_the_first_few_are_listed_and_counted():
    given = {name: array for name, array in arrays().items() if not name.startswith("inception3")}
    with pytest.raises(ValueError, match=r"^no whole GoogLeNet: (missing: [^;]*; ){4}[^;]* \(and 19 more\)$"):
        recognize(given)


@pytest.mark.parametrize(
    "given",
    [
        {"layer1.0.conv1.weight": np.ones((64, 64, 3, 3)), "fc.weight": np.ones((1000, 512))},
        {"anything.weight": np.ones((7, 1024)), "anything.bias": np.ones(7)},
    ],
)
def test_another_network_is_no_googlenet(given):
    with pytest.raises(ValueError, match=r"^no GoogLeNet: neither the names of its \d layers tell"):
        recognize(given)


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("fc.weight", np.ones(3, np.int64), "fc.weight is int64, expected floating"),
        ("fc.weight", np.array([1, np.nan], np.float32), "fc.weight has values that are infinite or no numbers"),
        ("fc.weight", np.array([1, 1e300]), "fc.weight has values that are infinite"),
        ("conv1.bn.running_var", np.array([1.0, -2.0]), "conv1.bn.running_var has a variance of -2"),
    ],
)
def test_numbers_that_cannot_be_computed_with(name, array, message):
    with pytest.raises(ValueError, match=f"no weights to compute with: {message}"):
        as_float32(name, array)


def test_other_precisions_become_ours():
    assert as_float32("a", np.ones(2, np.float16)).dtype == as_float32("a", np.ones(2)).dtype == np.float32
    assert as_float32("bn.num_batches_tracked", np.array(3, np.int32)).dtype == np.int64
