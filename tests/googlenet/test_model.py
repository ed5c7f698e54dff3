"""GoogLeNet: Table 1 layer by layer, its loss, its names, its first weights, and a gradient check of the whole."""

import math

import numpy as np
import pytest
from support import threads

import minicnn as mc
import minicnn.functional as F
from googlenet import GoogLeNet, GoogLeNetOutput, LossParts, loss, presets
from googlenet.data import DigitsDataset
from googlenet.presets import Preset
from googlenet.table import TABLE_1
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


@pytest.mark.parametrize("preset", sorted(presets))
def test_at_224_every_layer_has_table_1_s_output(preset):
    network = GoogLeNet(preset=preset)
    shapes = output_shapes(network, images(1, 3, 224, 224) if preset != "batchnorm" else images(2, 3, 224, 224))
    for row in TABLE_1:
        height, width, channels = row.output
        expected = (channels,) if row.name == "fc" else (channels, height, width)
        assert shapes[row.name][1:] == expected, row.name
    assert shapes["aux1"][1:] == shapes["aux2"][1:] == (1000,)


@pytest.mark.parametrize("preset", sorted(presets))
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


# ---- the gradient of the whole network ----------------------------------------------------------------------------
#
# eps is small because a step along a random direction through all of a network takes it over a few of its many kinks
# (ReLU, max pooling), and more so with batch norm, which is steep where a channel has few values.


def network_and_images(preset):
    mc.manual_seed(0)
    network = GoogLeNet(3, preset, in_channels=1).double()
    x = images(2 if preset != "batchnorm" else 4, 1, 32, 32, dtype=np.float64)
    x.requires_grad = True
    return network, x


ONE_OF_EACH_KIND = ("conv1.conv.weight", "inception3a.branch3.1.conv.weight", "inception4d.branch4.1.conv.weight",
                    "aux2.conv.conv.weight", "fc.bias")  # fmt: skip


@pytest.mark.parametrize("preset", sorted(presets))
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
@pytest.mark.parametrize("preset", sorted(presets))
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


@pytest.mark.parametrize("preset", sorted(presets))
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


@pytest.mark.parametrize("preset", sorted(presets))
@pytest.mark.parametrize("seed", [0, 1])
def test_the_first_loss_is_about_that_of_a_guess(preset, seed, digits):
    mc.manual_seed(seed)
    parts = loss(GoogLeNet(10, preset, in_channels=1)(digits[0]), digits[1])
    guess = math.log(10)
    assert 0.9 * guess < float(parts.main) < 1.35 * guess
    assert 0.9 * 1.6 * guess < float(parts.total) < 1.5 * 1.6 * guess


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
