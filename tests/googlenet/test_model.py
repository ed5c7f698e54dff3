"""GoogLeNet: Table 1 layer by layer, its loss, its names, its first weights, and a gradient check of the whole."""

import functools
import itertools
import math

import numpy as np
import pytest
from support import threads

import minicnn as mc
import minicnn.functional as F
from googlenet import GoogLeNet, GoogLeNetOutput, LossParts, loss, presets
from googlenet.data import DigitsDataset
from googlenet.model import SummedOutput, between_minus_1_and_1
from googlenet.presets import Preset
from googlenet.table import INCEPTION, TABLE_1
from minicnn import GradCheckError, Tensor, gradcheck, nn, rng


def images(*shape, dtype=np.float32):
    return Tensor(np.random.default_rng(5).standard_normal(shape).astype(dtype))


@pytest.fixture(scope="module")
def digits():
    """16 digits of 64x64, and what they are."""
    dataset = DigitsDataset(train=True, size=64)
    return Tensor(np.stack([dataset[i][0] for i in range(16)])), dataset.labels[:16]


def count(module):
    return sum(parameter.data.size for parameter in module.parameters())


# One of each graph: caffe has the paper's, catsdogs has plain's. What mnist (no small images) and naive (98 million
# parameters) have of their own is tested by itself.
GRAPHS = ["paper", "plain", "batchnorm", pytest.param("torchvision", marks=pytest.mark.everything("presets"))]


@functools.cache
def made_for(preset):
    """The network of a preset with the classes and channels that it was made for, not to be changed."""
    mc.manual_seed(0)
    choice = presets[preset]
    return GoogLeNet(choice.num_classes, preset, choice.in_channels)


# ---- layer by layer ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small():
    """The paper's network for small images, not to be changed."""
    mc.manual_seed(0)
    return GoogLeNet(5, in_channels=1)


def test_every_layer_gets_what_the_one_before_has_made_and_the_heads_what_4a_and_4d_have(small):
    calls = []
    remove = [
        layer.register_forward_hook(lambda layer, inputs, y, name=name: calls.append((name, inputs[0], y)))
        for name, layer in small.named_children()
    ]
    output = small(images(2, 1, 32, 32))
    for take_away in remove:
        take_away()
    heads = {name: (x, y) for name, x, y in calls if name.startswith("aux")}
    trunk = [(name, x, y) for name, x, y in calls if name not in heads]
    assert [name for name, _, _ in trunk] == [
        "conv1", "maxpool1", "norm1", "conv2", "conv3", "norm2", "maxpool2", "inception3a", "inception3b", "maxpool3",
        "inception4a", "inception4b", "inception4c", "inception4d", "inception4e", "maxpool4", "inception5a",
        "inception5b", "avgpool", "dropout", "fc",
    ]  # fmt: skip
    made = {}
    for (before, _, y), (name, x, _) in itertools.pairwise(trunk):
        made[before] = y
        if before == "avgpool":  # (N, C, 1, 1), flattened
            np.testing.assert_array_equal(x.data, y.data[:, :, 0, 0])
        else:
            assert x is y, name
    assert heads["aux1"][0] is made["inception4a"]
    assert heads["aux2"][0] is made["inception4d"]
    assert output.logits is trunk[-1][2]
    assert (output.aux1, output.aux2) == (heads["aux1"][1], heads["aux2"][1])


def test_the_pools_and_the_first_convolution_are_table_1_s(small):
    for name in ("maxpool1", "maxpool2", "maxpool3", "maxpool4"):
        pool = getattr(small, name)
        assert (pool.kernel_size, pool.stride, pool.padding, pool.ceil_mode) == (3, 2, 0, True), name
    for name, kernel, stride, padding in (("conv1", 7, 2, 3), ("conv2", 1, 1, 0), ("conv3", 3, 1, 1)):
        conv = getattr(small, name).conv
        pairs = [(n, n) for n in (kernel, stride, padding)]
        assert [conv.weight.shape[2:], conv.stride, conv.padding] == pairs, name


def test_the_first_weights_have_the_spread_that_keeps_the_signal(small):
    """Variance 2 / fan-in, so also in the heads' first linear layers; only the three classifiers start small."""
    for name, layer in small.named_modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            weight = layer.weight.data
            small_ones = name in ("fc", "aux1.fc2", "aux2.fc2")
            expected = 0.01 if small_ones else math.sqrt(2 / weight[0].size)
            assert weight.std() == pytest.approx(expected, rel=5 / math.sqrt(weight.size)), name
            assert abs(weight.mean()) < 5 * expected / math.sqrt(weight.size), name
            assert layer.bias is not None and not layer.bias.data.any(), name


# ---- the loss -----------------------------------------------------------------------------------------------------


def test_the_loss_is_main_plus_0_3_of_both_heads():
    output = GoogLeNetOutput(images(4, 3), images(4, 3) * 2, images(4, 3) * 3)
    targets = np.array([0, 1, 2, 0])
    parts = loss(output, targets)
    assert isinstance(parts, LossParts)
    main, aux1, aux2 = (float(F.cross_entropy(logits, targets)) for logits in output)
    assert (float(parts.main), float(parts.aux1), float(parts.aux2)) == (main, aux1, aux2)
    assert float(parts.total) == pytest.approx(main + 0.3 * (aux1 + aux2), rel=1e-6)
    assert parts.total.dtype == np.float32
    assert parts.total.shape == ()
    assert float(loss(output, targets, aux_weight=0.5).total) == pytest.approx(main + 0.5 * (aux1 + aux2), rel=1e-6)


def test_each_head_counts_also_without_the_other():
    output, targets = [images(4, 3), images(4, 3) * 2, images(4, 3) * 3], np.array([0, 1, 2, 0])
    main, aux1, aux2 = (float(F.cross_entropy(logits, targets)) for logits in output)
    first = loss(GoogLeNetOutput(output[0], output[1], None), targets)
    second = loss(GoogLeNetOutput(output[0], None, output[2]), targets)
    assert (first.aux2, second.aux1) == (None, None)
    assert float(first.total) == pytest.approx(main + 0.3 * aux1, rel=1e-6)
    assert float(second.total) == pytest.approx(main + 0.3 * aux2, rel=1e-6)


@pytest.mark.parametrize("kind", [GoogLeNetOutput, SummedOutput])
def test_the_loss_takes_the_probabilities_of_the_classes(kind):
    output, targets = kind(images(4, 3), images(4, 3) * 2, images(4, 3) * 3), [0, 1, 2, 0]
    mixed = (0.75 * np.eye(3)[targets] + 0.25 * np.eye(3)[[1, 1, 0, 2]]).astype(np.float32)
    one, other = loss(output, targets), loss(output, [1, 1, 0, 2])
    for part, *parts in zip(loss(output, mixed), one, other, strict=True):
        assert float(part) == pytest.approx(0.75 * float(parts[0]) + 0.25 * float(parts[1]), rel=1e-5)


@pytest.mark.parametrize("wrap", [lambda logits: logits, lambda logits: GoogLeNetOutput(logits, None, None)])
def test_the_loss_without_heads_is_main_alone(wrap):
    parts = loss(wrap(images(4, 3)), [0, 1, 2, 0])
    assert parts.aux1 is parts.aux2 is None
    assert float(parts.total) == float(parts.main) == float(F.cross_entropy(images(4, 3), [0, 1, 2, 0]))


def test_every_parameter_gets_a_gradient_from_the_loss_and_the_heads_add_to_it():
    mc.manual_seed(0)
    network, x, targets = GoogLeNet(3, in_channels=1), images(2, 1, 32, 32), [0, 2]
    state = rng.get_state()
    loss(network(x), targets).total.backward()
    assert all(np.abs(parameter.grad).max() > 0 for parameter in network.parameters())
    with_heads = network.conv1.conv.weight.grad
    network.zero_grad()
    rng.set_state(state)
    loss(network(x), targets, aux_weight=0).total.backward()
    assert (network.conv1.conv.weight.grad != with_heads).any()


def test_logits_that_are_to_be_summed_have_one_loss_together_and_are_reported_by_themselves():
    output, targets = SummedOutput(images(4, 3), images(4, 3) * 2, images(4, 3) * -3), np.array([0, 1, 2, 0])
    parts = loss(output, targets)
    apart = loss(GoogLeNetOutput(*output), targets)
    assert [float(part) for part in parts[1:]] == [float(part) for part in apart[1:]]
    together = F.cross_entropy(output.logits + 0.3 * output.aux1 + 0.3 * output.aux2, targets)
    assert float(parts.total) == float(together) != pytest.approx(float(apart.total), rel=0.1)
    half = F.cross_entropy(output.logits + 0.5 * (output.aux1 + output.aux2), targets)
    assert float(loss(output, targets, aux_weight=0.5).total) == pytest.approx(float(half), rel=1e-6)
    assert float(loss(SummedOutput(output.logits, None, None), targets).total) == float(parts.main)


def test_the_gradient_of_the_summed_logits_is_the_same_for_all_but_for_the_weight():
    output = SummedOutput(*(Tensor(images(4, 3).data, requires_grad=True) for _ in range(3)))
    loss(output, [0, 1, 2, 0]).total.backward()
    for aux in output[1:]:
        np.testing.assert_allclose(aux.grad, 0.3 * output.logits.grad, rtol=1e-5)


# ---- counts, presets ----------------------------------------------------------------------------------------------


def test_parameter_counts():
    network = GoogLeNet()
    assert count(network) == 13_378_280
    assert count(network) - count(network.aux1) - count(network.aux2) == 6_998_552
    assert count(GoogLeNet(aux_heads=False)) == 6_998_552
    assert count(GoogLeNet(preset="plain")) == 13_378_280
    assert count(GoogLeNet(10, in_channels=1, aux_heads=False)) == 6_998_552 - 1_025_000 + 10_250 - 2 * 64 * 49


def test_batch_norm_has_a_scale_and_a_shift_in_place_of_every_bias():
    network = GoogLeNet(preset="batchnorm", aux_heads=False)
    convolutions = [module for module in network.modules() if isinstance(module, nn.Conv2d)]
    channels = sum(len(module.weight) for module in convolutions)
    assert len(convolutions) == 57
    assert all(module.bias is None for module in convolutions)
    assert count(network) == 6_998_552 + channels


def test_what_the_presets_change():
    paper, plain, batchnorm = (GoogLeNet(10, name, in_channels=1) for name in ("paper", "plain", "batchnorm"))
    assert (paper.norm1.size, paper.norm1.alpha, paper.norm1.beta, paper.norm1.k) == (5, 1e-4, 0.75, 1.0)
    assert repr(paper.norm2) == repr(paper.norm1)
    for network in (plain, batchnorm):
        assert network.norm1 is None
        assert network.norm2 is None
    assert (paper.maxpool4.kernel_size, paper.maxpool4.stride) == (3, 2)
    assert [module for module in plain.modules() if isinstance(module, nn.BatchNorm2d | nn.LocalResponseNorm)] == []
    assert all(m.eps == 1e-3 for m in batchnorm.modules() if isinstance(m, nn.BatchNorm2d))
    for network in (paper, plain, batchnorm):
        assert network.preset.name == next(name for name, preset in presets.items() if preset is network.preset)
        assert network.dropout.p == network.preset.dropout
        assert network.aux1.dropout.p == network.aux2.dropout.p == network.preset.aux_dropout
        assert (network.maxpool4.kernel_size, network.maxpool4.stride) == network.preset.pool4


def test_a_preset_of_one_s_own():
    own = Preset("own", local_response_norm=True, batch_norm=True, pool4=(2, 2), dropout=0.1, aux_dropout=0.2)
    network = GoogLeNet(5, own, in_channels=1)
    assert network.norm1 is not None
    assert network.conv1.bn is not None
    assert network.dropout.p == 0.1
    assert network(images(2, 1, 32, 32)).logits.shape == (2, 5)


@pytest.mark.parametrize(
    ("preset", "whole", "without_heads"),
    [
        ("caffe", 13_378_280, 6_998_552),
        ("torchvision", 13_004_888, 6_624_904),
        ("mnist", 8_492_750, 5_977_530),
        ("catsdogs", 10_309_430, 5_975_602),
    ],
)
def test_parameter_counts_of_published_networks(preset, whole, without_heads):
    """Those of torchvision, mnist and catsdogs as published (torchvision says 6,624,904 itself)."""
    network = made_for(preset)
    assert count(network) == whole
    assert count(network) - count(network.aux1) - count(network.aux2) == without_heads


def test_what_mnist_changes():
    network = made_for("mnist")
    for name in ("maxpool1", "maxpool2", "maxpool3", "maxpool4"):
        pool = getattr(network, name)
        assert (pool.kernel_size, pool.stride, pool.padding, pool.ceil_mode) == (3, 2, 0, False), name
    assert (network.norm1, network.norm2) == (None, None)
    assert [(head.first_dropout.p, head.dropout.p) for head in (network.aux1, network.aux2)] == [(0.5, 0.5)] * 2
    assert network.aux1.fc1.weight.shape == network.aux2.fc1.weight.shape == (1024, 1152)
    assert network.dropout.p == 0.4
    pool, relu = network.inception5b.branch4[0]
    assert (type(pool), type(relu)) == (nn.MaxPool2d, nn.ReLU)
    assert set(network.state_dict()) == set(made_for("catsdogs").state_dict())  # the names are the same all the same


def test_mnist_pools_without_the_edges_and_once_more_at_the_end():
    assert sizes_of("mnist", 224) == [112, 55, 27, 13, 6, 2]
    assert sizes_of("mnist", 125) == [63, 31, 15, 7, 3, 1]  # the smallest image


def sizes_of(preset, size):
    """Pixels along a side after the first convolution and after each pool, on the way through real layers."""
    choice, found = presets[preset], []
    mc.manual_seed(0)
    network, x = made_for(preset), Tensor(np.zeros((1, choice.in_channels, size, size), np.float32))
    layers = [network.conv1, network.maxpool1, network.maxpool2, network.maxpool3]
    with mc.no_grad():
        for layer in [*layers, *[network.maxpool4] * choice.pool4_times]:
            x = layer(x)
            found.append(x.shape[3])
            x = x[:, :1]
    return found


@pytest.mark.parametrize("size", [125, pytest.param(150, marks=pytest.mark.everything("presets")),
                                  pytest.param(224, marks=pytest.mark.everything("presets"))])  # fmt: skip
def test_mnist_takes_images_from_125_on_and_sums_its_logits(size):
    network, x, pools = made_for("mnist"), images(1, 1, size, size), []
    remove = [network.maxpool4.register_forward_hook(lambda layer, inputs, y: pools.append((inputs[0], y)))]
    remove += [network.inception5a.register_forward_hook(lambda layer, inputs, y: pools.append((inputs[0], y)))]
    with mc.no_grad():
        output = network(x)
    for take_away in remove:
        take_away()
    assert isinstance(output, SummedOutput)
    assert [part.shape for part in output] == [(1, 10)] * 3
    (_, once), (again, twice), (seen, _) = pools
    assert once is again and twice is seen


@pytest.mark.parametrize("shape", [(1, 1, 124, 224), (1, 1, 64, 64)])
def test_mnist_says_which_images_fit(shape):
    with pytest.raises(ValueError, match=r"GoogLeNet: x has shape .*expected \(N, 1, H, W\).*at least 125"):
        made_for("mnist")(Tensor(np.zeros(shape, np.float32)))


def test_what_torchvision_changes():
    network = made_for("torchvision")
    assert network.inception4e.branch3[1].conv.weight.shape == (128, 32, 3, 3)
    assert network.inception4e.branch3[1].conv.padding == (1, 1)
    assert (network.aux1.pool, network.aux2.pool) == ("adaptive", "adaptive")
    assert network.transform_input
    assert type(network.inception3a.branch4[0]) is nn.MaxPool2d


def test_torchvision_brings_images_of_imagenet_s_mean_and_spread_to_minus_1_and_1():
    pixels = np.random.default_rng(0).uniform(size=(2, 3, 4, 5)).astype(np.float32)
    mean, std = (np.array(values, np.float32).reshape(3, 1, 1) for values in
                 ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]))  # fmt: skip
    x = Tensor((pixels - mean) / std, requires_grad=True)
    y = between_minus_1_and_1(x)
    np.testing.assert_allclose(y.data, 2 * pixels - 1, atol=1e-6)
    y.sum().backward()
    np.testing.assert_allclose(x.grad, np.broadcast_to(2 * std, x.shape), rtol=1e-6)


def test_the_network_s_first_layer_sees_images_so_transformed_where_they_have_three_channels():
    gray, color, seen = GoogLeNet(2, "torchvision", in_channels=1, aux_heads=False), made_for("torchvision"), []
    remove = [network.conv1.register_forward_hook(lambda layer, inputs, y: seen.append(inputs[0].data))
              for network in (gray, color)]  # fmt: skip
    x = images(2, 3, 32, 32)
    with mc.no_grad():
        gray(x[:, :1])
        color(x)
    remove[1]()
    np.testing.assert_array_equal(seen[0], x.data[:, :1])
    np.testing.assert_array_equal(seen[1], between_minus_1_and_1(x).data)


def test_caffe_s_first_weights_are_uniform_with_variance_1_over_fan_in_and_its_biases_0_2():
    """Source: XavierFiller in include/caffe/filler.hpp: scale = sqrt(3 / fan_in)."""
    for name, layer in made_for("caffe").named_modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            weight, bound = layer.weight.data, math.sqrt(3 / layer.weight.data[0].size)
            assert 0.99 * bound < np.abs(weight).max() <= bound * (1 + 1e-6), name
            assert weight.std() == pytest.approx(bound / math.sqrt(3), rel=5 / math.sqrt(weight.size)), name
            classifier = name in ("fc", "aux1.fc2", "aux2.fc2")
            np.testing.assert_array_equal(layer.bias.data, np.float32(0 if classifier else 0.2), err_msg=name)


def test_from_caffe_s_first_weights_the_signal_arrives(digits):
    squares, variances = signal(GoogLeNet(10, "caffe", in_channels=1, aux_heads=False), digits[0])
    assert 0.02 < min(squares.values()) < max(squares.values()) < 2
    assert variances["inception5b"] > 1e-7 * variances["conv1"]  # with PyTorch's first weights: less than 1e-9


def test_naive_blocks_pass_on_all_they_get_and_the_heads_and_the_classifier_fit():
    """Every width is that of Table 1, and the block's input on top. Narrow ones, so that it is quick."""
    row = {name: row._replace(ch1x1=2, ch3x3=3, ch5x5=1) for name, row in INCEPTION.items()}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("googlenet.model.INCEPTION", row)
        network = GoogLeNet(7, "naive", in_channels=1)
    shapes = output_shapes(network, images(1, 1, 32, 32))
    widths = [shapes[f"inception{name}"][1] for name in INCEPTION]
    assert widths == [192 + 6 * (i + 1) for i in range(9)]
    assert shapes["aux1"] == shapes["aux2"] == shapes["fc"] == (1, 7)
    assert network.fc.weight.shape == (7, widths[-1])


@pytest.mark.everything("presets")
def test_what_the_naive_network_would_cost():
    """Parameters, widths, and multiply-adds of all convolutions but the heads', at 224x224."""
    network, multiply_adds = GoogLeNet(preset="naive"), 0
    assert count(network) == 104_274_376
    assert count(network) - count(network.aux1) - count(network.aux2) == 97_526_008
    shapes = output_shapes(network, images(1, 3, 224, 224))
    assert [shapes[f"inception{name}"][1] for name in INCEPTION] == [
        416, 832, 1280, 1728, 2176, 2640, 3344, 4048, 4944,
    ]  # fmt: skip
    for row in mc.summary(network, (3, 224, 224)).rows:
        if row.kind == "Conv2d" and not row.name.startswith("aux"):
            weight = dict(network.named_parameters())[f"{row.name}.weight"]
            multiply_adds += weight.data.size * row.output_shape[2] * row.output_shape[3]
    assert multiply_adds == 12_563_117_056  # the paper's network: 1,581,647,872


def test_an_unknown_preset_is_refused_and_the_known_ones_named():
    with pytest.raises(ValueError, match="preset: got 'papper', expected one of paper, plain, batchnorm"):
        GoogLeNet(preset="papper")


# ---- names --------------------------------------------------------------------------------------------------------

TORCHVISION_NAMES = [
    "conv1.conv.weight", "conv2.conv.weight", "conv3.conv.weight", "inception3a.branch1.conv.weight",
    "inception3a.branch2.0.conv.weight", "inception3a.branch2.1.conv.weight", "inception3a.branch3.0.conv.weight",
    "inception3a.branch3.1.conv.weight", "inception3a.branch4.1.conv.weight", "inception4e.branch2.1.conv.weight",
    "inception5b.branch4.1.conv.weight", "aux1.conv.conv.weight", "aux1.fc1.weight", "aux1.fc1.bias",
    "aux1.fc2.weight", "aux1.fc2.bias", "aux2.conv.conv.weight", "aux2.fc1.weight", "fc.weight", "fc.bias",
]  # fmt: skip
TORCHVISION_BATCH_NORM_NAMES = [
    "conv1.bn.weight", "conv1.bn.bias", "conv1.bn.running_mean", "conv1.bn.running_var",
    "conv1.bn.num_batches_tracked", "inception3a.branch1.bn.weight", "inception3a.branch2.0.bn.running_mean",
    "inception3a.branch4.1.bn.running_var", "inception5b.branch3.1.bn.num_batches_tracked", "aux1.conv.bn.weight",
    "aux2.conv.bn.running_var",
]  # fmt: skip


def test_names_are_torchvision_s():
    names = set(GoogLeNet(10, in_channels=1).state_dict())
    assert set(TORCHVISION_NAMES) <= names
    names = set(GoogLeNet(10, "batchnorm", in_channels=1).state_dict())
    assert set(TORCHVISION_NAMES + TORCHVISION_BATCH_NORM_NAMES) <= names
    # torchvision's network has 57 convolutions, 2 in the heads, each with 6 arrays, and 5 linear layers with 2
    assert len(names) == 59 * 6 + 5 * 2


def test_a_state_goes_through_a_file_and_back(tmp_path):
    mc.manual_seed(1)
    network = GoogLeNet(5, "batchnorm", in_channels=1)
    with mc.no_grad():
        network(images(2, 1, 32, 32))  # so that the running statistics are not those of a new network
    mc.save(network.state_dict(), tmp_path / "weights.safetensors")
    other = GoogLeNet(5, "batchnorm", in_channels=1)
    other.load_state_dict(mc.load(tmp_path / "weights.safetensors"))
    (tmp_path / "weights.safetensors").unlink()  # 40 MB
    x = images(1, 1, 32, 32)
    np.testing.assert_array_equal(other.eval()(x).data, network.eval()(x).data)


# ---- what it returns ----------------------------------------------------------------------------------------------


def test_training_returns_three_outputs_and_evaluation_the_logits():
    network, x = GoogLeNet(5, in_channels=1), images(2, 1, 32, 32)
    output = network(x)
    assert isinstance(output, GoogLeNetOutput)
    assert output._fields == ("logits", "aux1", "aux2")
    assert all(part.requires_grad for part in output)
    logits = network.eval()(x)
    assert isinstance(logits, Tensor)
    np.testing.assert_array_equal(network(x).data, logits.data)  # no dropout any more


def test_in_evaluation_the_heads_are_not_computed():
    network, calls = GoogLeNet(5, in_channels=1), []
    for head in (network.aux1, network.aux2):
        head.register_forward_hook(lambda *_: calls.append(1))
    network.eval()(images(1, 1, 32, 32))
    assert calls == []


def test_heads_look_at_4a_and_4d():
    network, seen = GoogLeNet(5, in_channels=1), {}
    for name in ("inception4a", "inception4d"):
        getattr(network, name).register_forward_hook(lambda m, i, y, name=name: seen.update({name: y}))
    for name in ("aux1", "aux2"):
        getattr(network, name).register_forward_hook(lambda m, i, y, name=name: seen.update({name: i[0]}))
    network(images(1, 1, 32, 32))
    assert seen["aux1"] is seen["inception4a"]
    assert seen["aux2"] is seen["inception4d"]


def test_without_heads():
    network = GoogLeNet(5, in_channels=1, aux_heads=False)
    output = network(images(2, 1, 32, 32))
    assert isinstance(output, GoogLeNetOutput)
    assert output.logits.shape == (2, 5)
    assert output.aux1 is output.aux2 is None
    assert not any("aux" in name for name in network.state_dict())


def test_the_network_equals_its_layers_called_by_hand():
    network = GoogLeNet(5).eval()
    x = images(1, 3, 64, 64)
    y = network.norm1(F.max_pool2d(network.conv1(x), 3, 2, ceil_mode=True))
    y = F.max_pool2d(network.norm2(network.conv3(network.conv2(y))), 3, 2, ceil_mode=True)
    y = F.max_pool2d(network.inception3b(network.inception3a(y)), 3, 2, ceil_mode=True)
    for name in ("4a", "4b", "4c", "4d", "4e"):
        y = getattr(network, f"inception{name}")(y)
    y = network.inception5b(network.inception5a(F.max_pool2d(y, 3, 2, ceil_mode=True)))
    expected = F.linear(y.mean(axis=(2, 3)), network.fc.weight, network.fc.bias)
    np.testing.assert_allclose(network(x).data, expected.data, rtol=1e-5, atol=1e-6)


# ---- each thread takes its images ---------------------------------------------------------------------------------


def test_the_number_of_threads_changes_the_rounding_alone_and_a_second_run_nothing():
    x, targets = images(5, 3, 48, 48), np.arange(5)
    found = {}
    for number in (1, 2, 3, 2, 3):
        with threads(number):
            mc.manual_seed(0)
            network = GoogLeNet(num_classes=5)
            total = loss(network(x), targets).total
            total.backward()
        numbers = [total.item(), *(parameter.grad for parameter in network.parameters())]
        for a, b in zip(found.setdefault(number, numbers), numbers, strict=True):
            np.testing.assert_array_equal(a, b)
    for other in (2, 3):
        for a, b in zip(found[1], found[other], strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4 * np.abs(a).max())


@pytest.fixture
def small_shares(monkeypatch):
    monkeypatch.setattr(nn.shares, "SMALLEST_SHARE", 1)


def calls(network, monkeypatch):
    """How many images each stretch of layers gets, from now on."""
    sizes = []
    for name in ("_up_to_4a", "_up_to_4d", "_up_to_5b"):
        layers = getattr(network, name)
        monkeypatch.setattr(network, name, lambda x, layers=layers: sizes.append(len(x)) or layers(x))
    return sizes


@pytest.mark.usefixtures("small_shares")
@pytest.mark.parametrize("preset", ["paper", "batchnorm"])
@pytest.mark.parametrize("training", [True, False])
def test_each_thread_takes_its_images_but_batch_norm_in_training_sees_all(preset, training, monkeypatch):
    x, network = images(5, 3, 48, 48), GoogLeNet(5, preset).train(training)
    sizes = calls(network, monkeypatch)
    with threads(2):
        network(x)
    assert sorted(sizes) == ([5] * 3 if training and preset == "batchnorm" else [2, 2, 2, 3, 3, 3])


@pytest.mark.usefixtures("small_shares")
def test_shares_change_the_rounding_alone():
    x, targets, network = images(5, 3, 48, 48), np.arange(5), GoogLeNet(5)
    found = []
    for number in (1, 2):
        network.zero_grad()
        mc.manual_seed(0)
        with threads(number):
            total = loss(network(x), targets).total
            total.backward()
        found.append([total.data, *(parameter.grad for parameter in network.parameters())])
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4 * np.abs(a).max())


@pytest.mark.usefixtures("small_shares")
@pytest.mark.parametrize("preset", ["paper", "batchnorm"])
def test_inference_in_shares_is_evaluation(preset):
    x, network = images(5, 3, 48, 48), GoogLeNet(5, preset).eval()
    with threads(1):
        expected = network(x).data
    with threads(2), mc.no_grad():
        y = network(x).data
    np.testing.assert_allclose(y, expected, rtol=1e-4, atol=1e-5 * np.abs(expected).max())


@pytest.mark.usefixtures("small_shares")
def test_a_hook_sees_the_whole_batch(monkeypatch):
    network, seen = GoogLeNet(5).eval(), []
    remove = network.inception4b.branch2[1].register_forward_hook(lambda layer, inputs, y: seen.append(len(y)))
    with threads(2), mc.no_grad():
        network(images(4, 3, 48, 48))
        remove()
        sizes = calls(network, monkeypatch)
        network(images(4, 3, 48, 48))
    assert seen == [4]
    assert sizes == [2] * 6


# ---- shapes -------------------------------------------------------------------------------------------------------


def output_shapes(network, x):
    shapes = {}
    remove = [
        module.register_forward_hook(lambda module, inputs, y, name=name: shapes.update({name: y.shape}))
        for name, module in network.named_children()
    ]
    with mc.no_grad():
        network(x)
    for take_away in remove:
        take_away()
    return shapes


@pytest.mark.parametrize("preset", GRAPHS)
def test_at_224_every_layer_has_table_1_s_output(preset):
    network = GoogLeNet(preset=preset)
    shapes = output_shapes(network, images(2 if presets[preset].batch_norm else 1, 3, 224, 224))
    for row in TABLE_1:
        height, width, channels = row.output
        expected = (channels,) if row.name == "fc" else (channels, height, width)
        assert shapes[row.name][1:] == expected, row.name
    assert shapes["aux1"][1:] == shapes["aux2"][1:] == (1000,)


@pytest.mark.parametrize("preset", GRAPHS)
@pytest.mark.parametrize("size", [(32, 32), (33, 47), (61, 99), (100, 35), (97, 97)])
def test_any_size_from_32_on(preset, size):
    network = GoogLeNet(7, preset, in_channels=1)
    x = images(2, 1, *size)
    with mc.no_grad():
        output = network(x)
        assert [part.shape for part in output] == [(2, 7)] * 3
        assert network.eval()(x).shape == (2, 7)


@pytest.mark.parametrize(
    "shape", [(1, 3, 31, 64), (1, 3, 64, 31), (1, 1, 64, 64), (3, 64, 64), (1, 3, 64), (2, 3, 0, 0)]
)
def test_other_inputs_are_refused(shape):
    network = GoogLeNet(10)
    with pytest.raises(ValueError, match=r"GoogLeNet: x has shape .*expected \(N, 3, H, W\).*at least 32") as error:
        network(Tensor(np.zeros(shape, np.float32)))
    assert str(shape) in str(error.value)


# ---- the gradient of the whole network ----------------------------------------------------------------------------
#
# eps is small because a step along a random direction through all of a network takes it over a few of its many kinks
# (ReLU, max pooling), and more so with batch norm, which is steep where a channel has few values.


def network_and_images(preset):
    mc.manual_seed(0)
    choice = presets[preset]
    channels = 3 if choice.transform_input else 1
    network = GoogLeNet(3, preset, channels).double()
    size = choice.smallest_image
    x = images(4 if choice.batch_norm else 2, channels, size, size, dtype=np.float64)
    x.requires_grad = True
    return network, x


ONE_OF_EACH_KIND = ("conv1.conv.weight", "inception3a.branch3.1.conv.weight", "inception4d.branch4.1.conv.weight",
                    "aux2.conv.conv.weight", "fc.bias")  # fmt: skip


@pytest.mark.parametrize("preset", [*GRAPHS, pytest.param("mnist", marks=pytest.mark.everything("presets"))])
def test_the_gradient_of_all_parameters_at_once(preset):
    """One step along one random direction of all 13 million parameters and the input: two forward passes."""
    network, x = network_and_images(preset)
    random = np.random.default_rng(1)
    tensors = [x, *network.parameters()]
    cotangents = [random.standard_normal((len(x), 3)) for _ in range(3)]
    directions = [random.standard_normal(t.shape) * np.sqrt((t.data**2).mean() + 1e-4) for t in tensors]
    state, eps = rng.get_state(), 1e-9

    def value():
        rng.set_state(state)  # the same masks of dropout
        return sum((y * g).sum() for y, g in zip(network(x), cotangents, strict=True))

    value().backward()
    slope = sum(float((t.grad * d).sum()) for t, d in zip(tensors, directions, strict=True))
    arrays = [t.data for t in tensors]
    with mc.no_grad():
        values = []
        for sign in (1, -1):
            for t, array, d in zip(tensors, arrays, directions, strict=True):
                t.data = array + sign * eps * d
            values.append(value().item())
    assert slope == pytest.approx((values[0] - values[1]) / (2 * eps), rel=1e-4)


def test_the_gradient_of_one_parameter_of_each_kind():
    network, x = network_and_images("paper")
    named = dict(network.named_parameters())
    inputs = [x, *(named[name] for name in ONE_OF_EACH_KIND)]
    assert gradcheck(lambda *_: tuple(network(x)), inputs, eps=1e-8, directions=1)


@pytest.mark.everything("gradients of the whole network")
@pytest.mark.parametrize("preset", ["paper", "plain", "batchnorm"])  # the others': tests/parity/test_presets.py
def test_the_gradient_of_every_parameter(preset):
    network, x = network_and_images(preset)
    assert gradcheck(lambda *_: tuple(network(x)), [x, *network.parameters()], eps=1e-8, directions=1)


@pytest.mark.parametrize("preset", ["paper", "batchnorm"])
def test_the_check_of_the_whole_network_can_fail(preset, monkeypatch):
    """One operation in the middle, wrong in one image of the batch, is noticed at the input."""
    network, x = network_and_images(preset)
    whole = F.concat.__globals__["Concat"].backward

    def forgetful(self, grad_y):
        parts = [part.copy() for part in whole(self, grad_y)]
        parts[2][-1] = 0
        return tuple(parts)

    monkeypatch.setattr(F.concat.__globals__["Concat"], "backward", forgetful)
    with pytest.raises(GradCheckError, match=r"inputs\[0\]"):
        gradcheck(lambda x: tuple(network(x)), x, eps=1e-8, directions=1)


def test_dropout_is_drawn_anew_in_training_and_repeated_with_the_seed():
    network, x = GoogLeNet(5, in_channels=1), images(2, 1, 32, 32)
    with mc.no_grad():
        mc.manual_seed(3)
        one, two = network(x), network(x)
        mc.manual_seed(3)
        again = network(x)
    for a, b, c in zip(one, two, again, strict=True):
        assert (a.data != b.data).any()
        np.testing.assert_array_equal(a.data, c.data)


# ---- the first weights --------------------------------------------------------------------------------------------


def signal(network, x):
    """Mean square of every layer's output, and the variance that the images make in it."""
    squares, variances = {}, {}

    def record(name):
        def hook(module, inputs, y):
            squares[name] = float((y.data.astype(np.float64) ** 2).mean())
            variances[name] = float(y.data.astype(np.float64).var(axis=0).mean())

        return hook

    for name, module in network.named_children():
        if name.startswith(("conv", "inception")):
            module.register_forward_hook(record(name))
    with mc.no_grad():
        network(x)
    return squares, variances


@pytest.mark.parametrize("preset", GRAPHS)
def test_the_signal_keeps_its_size_through_all_layers(preset, digits):
    squares, variances = signal(GoogLeNet(10, preset, in_channels=1), digits[0])
    assert 0.2 < min(squares.values()) < max(squares.values()) < 40
    assert variances["inception5b"] > 0.01 * variances["conv1"]


def with_pytorch_s_weights(network):
    """Conv2d and Linear made anew, as they come without GoogLeNet's own initialization."""
    for module in list(network.modules()):
        if isinstance(module, nn.Conv2d | nn.Linear):
            shape, bias = module.weight.shape, module.bias is not None
            kind = type(module)
            fresh = kind(shape[1], shape[0], shape[2:], bias=bias) if len(shape) == 4 else kind(shape[1], shape[0])
            module.load_state_dict(fresh.state_dict())
    return network


@pytest.mark.parametrize("preset", ["paper", "plain"])
def test_with_pytorch_s_first_weights_the_signal_vanishes(preset, digits):
    """Why `initialize` is there: what the images differ in shrinks by 10^10 on the way, the biases remain."""
    network = with_pytorch_s_weights(GoogLeNet(10, preset, in_channels=1))
    squares, variances = signal(network, digits[0])
    assert squares["inception5b"] < 0.01 * squares["conv1"]
    assert variances["inception5b"] < 1e-9 * variances["conv1"]


@pytest.mark.parametrize("preset", ["paper", "plain"])
def test_with_pytorch_s_first_weights_the_gradient_vanishes(preset, digits):
    def gradient(network):
        loss(network(digits[0]), digits[1]).total.backward()
        return float(np.abs(network.conv1.conv.weight.grad).mean())

    ours = gradient(GoogLeNet(10, preset, in_channels=1))
    theirs = gradient(with_pytorch_s_weights(GoogLeNet(10, preset, in_channels=1)))
    assert theirs < 0.01 * ours


@pytest.mark.parametrize("preset", GRAPHS)
@pytest.mark.parametrize("seed", [0, 1])
def test_the_first_loss_is_about_that_of_a_guess(preset, seed, digits):
    mc.manual_seed(seed)
    parts = loss(GoogLeNet(10, preset, in_channels=1)(digits[0]), digits[1])
    guess = math.log(10)
    assert 0.9 * guess < float(parts.main) < 1.35 * guess
    assert 0.9 * 1.6 * guess < float(parts.total) < 1.5 * 1.6 * guess


def test_biases_start_at_zero_and_the_seed_decides_the_weights():
    mc.manual_seed(8)
    one = GoogLeNet(10, in_channels=1)
    mc.manual_seed(8)
    two = GoogLeNet(10, in_channels=1)
    for (name, a), (_, b) in zip(one.named_parameters(), two.named_parameters(), strict=True):
        np.testing.assert_array_equal(a.data, b.data, err_msg=name)
        assert a.data.any() != name.endswith("bias"), name


def loss_after_20_steps(network, x, targets):
    optimizer = mc.optim.SGD(network.parameters(), lr=0.005, momentum=0.9)
    for _ in range(20):
        loss(network(x), targets).total.backward()
        optimizer.step()
        optimizer.zero_grad()
    with mc.no_grad():
        return float(F.cross_entropy(network.eval()(x), targets))


@pytest.fixture(scope="module")
def eight_digits():
    dataset = DigitsDataset(train=True, size=32)
    return Tensor(np.stack([dataset[i][0] for i in range(8)])), dataset.labels[:8]


def test_eight_digits_are_learned_in_20_steps(eight_digits):
    assert loss_after_20_steps(GoogLeNet(10, "plain", in_channels=1), *eight_digits) < 1.8  # a guess: 2.3


@pytest.mark.everything("long runs")
def test_with_pytorch_s_first_weights_they_are_not(eight_digits):
    network = with_pytorch_s_weights(GoogLeNet(10, "plain", in_channels=1))
    assert loss_after_20_steps(network, *eight_digits) > 2
