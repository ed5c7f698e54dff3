"""The layers: each equals its operation, holds what PyTorch's holds, and refuses what cannot work."""

import copy

import numpy as np
import pytest
from support import fetch, quiet

import minicnn as mc
import minicnn.functional as F
from minicnn import Tensor, gradcheck, nn
from minicnn.functional.layout import channels_last

IMAGES = (2, 3, 9, 8)


def images(*shape, dtype=np.float32):
    return Tensor(np.random.default_rng(0).standard_normal(shape or IMAGES).astype(dtype))


def test_all_layers_stand_in_nn():
    for name in (
        "Module", "Parameter", "Sequential", "ModuleList", "Conv2d", "Linear", "ReLU", "MaxPool2d", "AvgPool2d",
        "AdaptiveAvgPool2d", "Dropout", "BatchNorm2d", "LocalResponseNorm", "Flatten", "CrossEntropyLoss", "init",
    ):  # fmt: skip
        assert hasattr(nn, name), name
        assert name in nn.__all__


def test_the_kernels_of_a_convolution_lie_in_memory_as_it_takes_them():
    layer = nn.Conv2d(3, 4, 5)
    layer.load_state_dict(layer.state_dict())
    layer.double()
    assert np.shares_memory(channels_last(layer.weight.data), layer.weight.data)


# ---- equal to the operation ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layer", "operation"),
    [
        (nn.Conv2d(3, 4, 3), lambda x, m: F.conv2d(x, m.weight, m.bias)),
        (
            nn.Conv2d(3, 4, (3, 2), stride=(2, 1), padding=(1, 0)),
            lambda x, m: F.conv2d(x, m.weight, m.bias, stride=(2, 1), padding=(1, 0)),
        ),
        (nn.Conv2d(3, 4, 1, bias=False), lambda x, m: F.conv2d(x, m.weight)),
        (nn.Conv2d(3, 4, 3, relu=True), lambda x, m: F.relu(F.conv2d(x, m.weight, m.bias))),
        (nn.ReLU(), lambda x, m: F.relu(x)),
        (nn.MaxPool2d(3), lambda x, m: F.max_pool2d(x, 3)),
        (nn.MaxPool2d(3, 2, 1), lambda x, m: F.max_pool2d(x, 3, stride=2, padding=1)),
        (nn.MaxPool2d(3, stride=2, ceil_mode=True), lambda x, m: F.max_pool2d(x, 3, stride=2, ceil_mode=True)),
        (nn.AvgPool2d(2), lambda x, m: F.avg_pool2d(x, 2)),
        (
            nn.AvgPool2d(3, 2, 1, ceil_mode=True, count_include_pad=False),
            lambda x, m: F.avg_pool2d(x, 3, 2, 1, ceil_mode=True, count_include_pad=False),
        ),
        (nn.AdaptiveAvgPool2d(4), lambda x, m: F.adaptive_avg_pool2d(x, 4)),
        (nn.AdaptiveAvgPool2d((1, None)), lambda x, m: F.adaptive_avg_pool2d(x, (1, None))),
        (nn.LocalResponseNorm(3, alpha=0.1, beta=0.5, k=2.0), lambda x, m: F.local_response_norm(x, 3, 0.1, 0.5, 2.0)),
        (nn.LocalResponseNorm(5), lambda x, m: F.local_response_norm(x, 5, 1e-4, 0.75, 1.0)),
        (nn.Flatten(), lambda x, m: F.flatten(x)),
        (nn.Flatten(2), lambda x, m: x.reshape(2, 3, 72)),
        (nn.Linear(8, 5), lambda x, m: F.linear(x, m.weight, m.bias)),
        (nn.Linear(8, 5, bias=False), lambda x, m: F.linear(x, m.weight)),
    ],
    ids=lambda value: repr(value) if isinstance(value, nn.Module) else "",
)
def test_a_layer_equals_its_operation(layer, operation, device):
    layer, x = copy.deepcopy(layer).to(device), images().to(device)
    with quiet():
        y = layer(x)
    assert y.dtype == np.float32
    np.testing.assert_array_equal(y.numpy(), operation(x, layer).numpy())
    np.testing.assert_array_equal(layer.eval()(x).numpy(), y.numpy())  # the same in evaluation
    np.testing.assert_array_equal(x.numpy(), images().data)  # which it leaves alone
    np.testing.assert_allclose(y.numpy(), operation(images(), layer.to("cpu")).data, rtol=1e-5, atol=1e-6)


def test_relu_in_place_overwrites_its_input(device):
    x = images().to(device)
    expected = np.maximum(x.numpy(), 0)
    y = nn.ReLU(inplace=True)(x)
    assert y.data is x.data
    np.testing.assert_array_equal(y.numpy(), expected)


def test_dropout_works_in_training_alone(device):
    x, layer = mc.tensor(np.ones((100, 100), np.float32), device=device), nn.Dropout(0.3)
    y = layer(x).numpy()
    assert set(np.unique(y)) == {np.float32(0), np.float32(1 / 0.7)}
    assert abs((y == 0).mean() - 0.3) < 0.03
    mc.manual_seed(0)
    np.testing.assert_array_equal(layer(x).numpy(), y)
    np.testing.assert_array_equal(layer.eval()(x).numpy(), x.numpy())
    assert nn.Dropout(0)(x) is x
    assert not nn.Dropout(1.0)(x).numpy().any()


@pytest.mark.parametrize("training", [True, False])
def test_batch_norm_equals_its_operation(training, device):
    layer = nn.BatchNorm2d(3, eps=1e-3, momentum=0.3)
    rng = np.random.default_rng(1)
    for tensor in (layer.weight, layer.bias, layer.running_mean, layer.running_var):
        tensor.data[:] = rng.uniform(0.5, 2, 3)
    layer.train(training).to(device)
    mean, var = layer.running_mean.data.copy(), layer.running_var.data.copy()
    x = images().to(device)
    expected = F.batch_norm(x, mean, var, layer.weight, layer.bias, training, momentum=0.3, eps=1e-3)
    with quiet():
        y = layer(x)
    np.testing.assert_array_equal(y.numpy(), expected.numpy())
    np.testing.assert_array_equal(layer.running_mean.numpy(), fetch(mean))
    np.testing.assert_array_equal(layer.running_var.numpy(), fetch(var))
    assert layer.num_batches_tracked.item() == int(training)


def test_batch_norm_s_output_is_normalized_and_statistics_are_remembered():
    layer = nn.BatchNorm2d(3)
    x = Tensor(images(32, 3, 8, 8).data * 5 + 2)
    y = layer(x).data
    np.testing.assert_allclose(y.mean(axis=(0, 2, 3)), 0, atol=1e-5)
    np.testing.assert_allclose(y.std(axis=(0, 2, 3)), 1, atol=1e-3)
    for _ in range(100):
        layer(x)
    assert layer.num_batches_tracked.item() == 101
    np.testing.assert_allclose(layer.running_mean.data, x.data.mean(axis=(0, 2, 3)), rtol=1e-3)
    np.testing.assert_allclose(layer.running_var.data, x.data.var(axis=(0, 2, 3), ddof=1), rtol=1e-3)
    np.testing.assert_allclose(layer.eval()(x).data, y, atol=0.02)


def test_cross_entropy_loss(device):
    logits = mc.tensor(np.random.default_rng(0).standard_normal((4, 3)), requires_grad=True, device=device)
    targets = np.array([0, 2, 1, 1])
    rows = np.eye(3)[targets]
    np.testing.assert_allclose(
        nn.CrossEntropyLoss()(logits, rows).numpy(), nn.CrossEntropyLoss()(logits, targets).numpy(), rtol=1e-14
    )
    for options in ({}, {"reduction": "sum"}, {"reduction": "none"}, {"label_smoothing": 0.1}, {"weight": [1.0, 2, 3]}):
        layer = nn.CrossEntropyLoss(**options).to(device)
        found = layer(logits, targets)
        np.testing.assert_array_equal(found.numpy(), F.cross_entropy(logits, targets, **options).numpy())
        assert list(layer.state_dict()) == list(options)[:1] * ("weight" in options)
        assert list(layer.parameters()) == []


# ---- what they hold -----------------------------------------------------------------------------------------------


def test_parameters_and_buffers_have_these_names_shapes_and_dtypes():
    for layer, expected in [
        (nn.Conv2d(3, 8, (5, 2)), [("weight", (8, 3, 5, 2)), ("bias", (8,))]),
        (nn.Conv2d(3, 8, 5, bias=False), [("weight", (8, 3, 5, 5))]),
        (nn.Linear(4, 7), [("weight", (7, 4)), ("bias", (7,))]),
        (nn.Linear(4, 7, bias=False), [("weight", (7, 4))]),
        (nn.BatchNorm2d(6), [("weight", (6,)), ("bias", (6,))]),
        (nn.MaxPool2d(2), []),
    ]:
        assert [(name, p.shape, p.dtype) for name, p in layer.named_parameters()] == [
            (*e, np.float32) for e in expected
        ]
    buffers = [(name, b.shape, b.dtype) for name, b in nn.BatchNorm2d(6).named_buffers()]
    assert buffers == [
        ("running_mean", (6,), np.float32), ("running_var", (6,), np.float32), ("num_batches_tracked", (), np.int64)
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["Conv2d", "Linear"])
def test_initial_weights_are_distributed_as_pytorch_s(name):
    arguments = {"Conv2d": (20, 50, 5), "Linear": (500, 200)}[name]
    layer = getattr(nn, name)(*arguments)
    fan_in = layer.weight.data[0].size
    bound = 1 / np.sqrt(fan_in)
    for parameter in (layer.weight, layer.bias):
        assert parameter.dtype == np.float32
        assert 0.9 * bound < np.abs(parameter.data).max() <= bound * (1 + 1e-6)
        assert abs(parameter.data.mean()) < 0.25 * bound
    assert np.abs(layer.weight.data).max() > 0.999 * bound
    assert layer.weight.data.var() == pytest.approx(1 / (3 * fan_in), rel=0.03)


def test_two_layers_begin_with_different_weights_and_a_seed_repeats_them():
    mc.manual_seed(4)
    one, two = nn.Linear(3, 3), nn.Linear(3, 3)
    assert (one.weight.data != two.weight.data).all()
    mc.manual_seed(4)
    again = nn.Linear(3, 3)
    np.testing.assert_array_equal(again.weight.data, one.weight.data)
    np.testing.assert_array_equal(again.bias.data, one.bias.data)


def test_every_parameter_gets_a_right_gradient():
    mc.set_num_threads(1)  # twice as fast for arrays as small as these
    network = nn.Sequential(
        nn.Conv2d(2, 3, 3, padding=1, bias=False), nn.BatchNorm2d(3), nn.ReLU(inplace=True), nn.Conv2d(3, 3, 1),
        nn.LocalResponseNorm(3, alpha=0.5), nn.AvgPool2d(2), nn.Flatten(), nn.Dropout(0.3), nn.Linear(12, 3),
    ).double()  # fmt: skip
    x = Tensor(np.random.default_rng(0).standard_normal((3, 2, 4, 4)), requires_grad=True)
    assert gradcheck(lambda x, *_: network(x), [x, *network.parameters()])


# ---- what they refuse ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.Conv2d(0, 4, 3), "Conv2d: in_channels is 0, expected at least 1"),
        (lambda: nn.Conv2d(3, -4, 3), "Conv2d: out_channels is -4, expected at least 1"),
        (lambda: nn.Conv2d(3.0, 4, 3), "Conv2d: in_channels is 3.0, expected an int"),
        (lambda: nn.Conv2d(3, True, 3), "Conv2d: out_channels is True, expected an int"),
        (lambda: nn.Conv2d(3, 4, 0), "Conv2d: kernel_size is 0, expected at least 1"),
        (lambda: nn.Conv2d(3, 4, (3, 3, 3)), r"Conv2d: kernel_size is \(3, 3, 3\), expected an int or a pair"),
        (lambda: nn.Conv2d(3, 4, 3, stride=0), "Conv2d: stride is 0, expected at least 1"),
        (lambda: nn.Conv2d(3, 4, 3, padding=-1), "Conv2d: padding is -1, expected at least 0"),
        (lambda: nn.Conv2d(3, 4, 3, padding="same"), "Conv2d: padding is 'same', expected an int or a pair"),
        (lambda: nn.Linear(0, 4), "Linear: in_features is 0"),
        (lambda: nn.Linear(4, "4"), "Linear: out_features is '4'"),
        (lambda: nn.BatchNorm2d(0), "BatchNorm2d: num_features is 0"),
        (lambda: nn.Dropout(1.5), "Dropout: p is 1.5, expected a number from 0 to 1"),
        (lambda: nn.Dropout(-0.1), "Dropout: p is -0.1"),
        (lambda: nn.Dropout(float("nan")), "Dropout: p is nan"),
        (lambda: nn.MaxPool2d(0), "MaxPool2d: kernel_size is 0"),
        (lambda: nn.MaxPool2d("3"), "MaxPool2d: kernel_size is '3', expected an int or a pair"),
        (lambda: nn.MaxPool2d(3, stride=0), "MaxPool2d: stride is 0"),
        (lambda: nn.MaxPool2d(2, padding=2), "MaxPool2d: padding is 2, expected at most half"),
        (lambda: nn.AvgPool2d(2.5), "AvgPool2d: kernel_size is 2.5"),
        (lambda: nn.AvgPool2d(2, padding=2), "AvgPool2d: padding is 2, expected at most half"),
        (lambda: nn.AdaptiveAvgPool2d(0), "AdaptiveAvgPool2d: output_size is 0"),
        (lambda: nn.AdaptiveAvgPool2d((1, 2, 3)), r"AdaptiveAvgPool2d: output_size is \(1, 2, 3\)"),
        (lambda: nn.LocalResponseNorm(0), "LocalResponseNorm: size is 0"),
        (lambda: nn.BatchNorm2d(3, momentum="0.1"), "BatchNorm2d: momentum is '0.1', expected a number"),
        (lambda: nn.BatchNorm2d(3, eps=-1), "BatchNorm2d: eps is -1"),
        (lambda: nn.CrossEntropyLoss(reduction="avg"), "CrossEntropyLoss: reduction is 'avg'"),
        (lambda: nn.CrossEntropyLoss("mean"), "CrossEntropyLoss: weight is 'mean', expected a number for each class"),
        (lambda: nn.CrossEntropyLoss(nn.Parameter([1.0])), r"CrossEntropyLoss: weight requires.*weight.detach\(\)"),
        (lambda: nn.CrossEntropyLoss(label_smoothing=2.0), "CrossEntropyLoss: label_smoothing is 2.0"),
        (lambda: nn.ReLU(images()), r"ReLU: inplace is Tensor, expected a bool; for a Tensor: nn.ReLU\(\)\(x\)"),
        (lambda: nn.Flatten(images()), r"Flatten: start_axis is Tensor.*nn.Flatten\(\)\(x\)"),
    ],
)
def test_arguments_that_cannot_work_are_refused_when_the_layer_is_made(make, message):
    with pytest.raises((ValueError, TypeError), match=message):
        make()


@pytest.mark.parametrize(
    ("layer", "shape", "message"),
    [
        (nn.Conv2d(4, 1, 3), IMAGES, "conv2d: x has 3 channels"),
        (nn.Conv2d(3, 1, 3), (3, 9, 8), r"conv2d: x has shape \(3, 9, 8\), expected 4 axes"),
        (nn.Conv2d(3, 1, 11), IMAGES, "conv2d: kernel_size .11, 11. is larger than the image"),
        (nn.Linear(7, 2), IMAGES, r"linear: x has shape"),
        (nn.BatchNorm2d(4), IMAGES, "batch_norm: .* has shape"),
        (nn.BatchNorm2d(3), (2, 3), "BatchNorm2d: x has shape"),
        (nn.BatchNorm2d(3), (1, 3, 1, 1), "batch_norm: x has shape .*more than one value"),
        (nn.MaxPool2d(10), IMAGES, "max_pool2d: kernel_size"),
        (nn.Flatten(5), IMAGES, "flatten: axis"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(layer, shape, message):
    with pytest.raises(ValueError, match=message):
        layer(images(*shape))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nn.Conv2d(4, 4, 3, 1, 2, 2, 1), "positional arguments"),  # PyTorch's dilation and groups, no ReLU
        (lambda: nn.MaxPool2d(3, 2, 1, 1), "positional arguments"),  # dilation, not ceil_mode
        (lambda: F.conv2d(images(), images(), None, 1, 0, 1), "positional arguments"),
        (lambda: F.max_pool2d(images(), 3, 2, 1, 1), "positional arguments"),
        (lambda: F.cross_entropy(images(1, 3), [0], None, "sum"), "positional arguments"),
    ],
)
def test_no_argument_stands_where_pytorch_has_another(call, message):
    with pytest.raises(TypeError, match=message):
        call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda x: nn.Conv2d(3, 1, 3)(x), r"conv2d: x is ndarray, expected a Tensor: write mc.Tensor\(array\)"),
        (lambda x: nn.BatchNorm2d(3)(x), r"BatchNorm2d: x is ndarray, expected a Tensor: write mc.Tensor\(array\)"),
        (lambda x: nn.Flatten()(x), r"flatten: x is ndarray, expected a Tensor: write mc.Tensor\(array\)"),
    ],
)
def test_an_array_where_a_tensor_is_expected_says_what_to_write(call, message):
    with pytest.raises(TypeError, match=message):
        call(images().data)


def test_an_image_with_the_channels_last_says_what_to_write():
    with pytest.raises(ValueError, match=r"x has 9 channels .*write x.transpose\(0, 3, 1, 2\)"):
        nn.Conv2d(3, 1, 3)(images(2, 9, 8, 3))


def test_a_state_without_the_number_of_batches_leaves_it_as_it_is():
    layer, other = nn.BatchNorm2d(3), nn.BatchNorm2d(3)
    layer(images()), other(images()), other(images())
    state = {name: tensor for name, tensor in other.state_dict().items() if name != "num_batches_tracked"}
    layer.load_state_dict(state)
    np.testing.assert_array_equal(layer.running_mean.data, other.running_mean.data)
    assert layer.num_batches_tracked.item() == 1
    with pytest.raises(ValueError, match="missing: running_mean"):
        layer.load_state_dict({name: tensor for name, tensor in state.items() if name != "running_mean"})


def test_batch_norm_that_refuses_an_input_keeps_its_statistics():
    layer = nn.BatchNorm2d(3)
    with pytest.raises(ValueError, match="more than one value"):
        layer(images(1, 3, 1, 1))
    np.testing.assert_array_equal(layer.running_mean.data, 0)
    np.testing.assert_array_equal(layer.running_var.data, 1)


def test_a_float64_image_for_a_float32_layer_is_refused_by_name():
    with pytest.raises(TypeError, match="weight is float32, x is float64: write array.astype"):
        nn.Conv2d(3, 1, 3)(images(dtype=np.float64))


# ---- printed ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (nn.Conv2d(3, 64, 7, 2, 3), "Conv2d(3, 64, kernel_size=(7, 7), stride=(2, 2), padding=(3, 3))"),
        (
            nn.Conv2d(3, 8, 1, bias=False, relu=True),
            "Conv2d(3, 8, kernel_size=(1, 1), stride=(1, 1), padding=(0, 0), bias=False, relu=True)",
        ),
        (nn.Conv2d(3, 4, 1, bias=False), "Conv2d(3, 4, kernel_size=(1, 1), stride=(1, 1), padding=(0, 0), bias=False)"),
        (nn.Linear(1024, 10), "Linear(1024, 10)"),
        (nn.Linear(2, 3, bias=False), "Linear(2, 3, bias=False)"),
        (nn.ReLU(), "ReLU()"),
        (nn.ReLU(inplace=True), "ReLU(inplace=True)"),
        (nn.MaxPool2d(3, 2, ceil_mode=True), "MaxPool2d(3, stride=2, padding=0, ceil_mode=True)"),
        (nn.AvgPool2d(5, 3), "AvgPool2d(5, stride=3, padding=0)"),
        (nn.AdaptiveAvgPool2d(1), "AdaptiveAvgPool2d(1)"),
        (nn.Dropout(0.4), "Dropout(p=0.4)"),
        (nn.BatchNorm2d(64), "BatchNorm2d(64, eps=1e-05, momentum=0.1)"),
        (nn.LocalResponseNorm(5), "LocalResponseNorm(5, alpha=0.0001, beta=0.75, k=1.0)"),
        (nn.Flatten(), "Flatten()"),
    ],
)
def test_repr(layer, text):
    assert repr(layer) == text
