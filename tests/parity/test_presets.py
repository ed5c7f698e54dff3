"""Presets `mnist` and `torchvision` beside the PyTorch code that they are made after, written out here.

The weights are copied by name; logits, losses, running statistics and the gradient of every parameter must agree. Where
torchvision is installed its own network is one of the two that `torchvision` is compared with.
"""

from __future__ import annotations

import re
import warnings
from typing import Any

import numpy as np
import pytest
from support import needs_torch, torch
from vision import torchvision

import minicnn as mc
from googlenet import GoogLeNet, loss
from googlenet.__main__ import main
from googlenet.weights import load_model
from minicnn import nn

pytestmark = [pytest.mark.parity, needs_torch]

TOLERANCE = 1e-10  # in float64, relative to the largest element


if torch is not None:
    from torch.nn import functional

    class TutorialInception(torch.nn.Module):
        """As in the tutorial on MNIST, with its names; so are the two that follow."""

        def __init__(self, in_channels, conv1, conv3red, conv3, conv5red, conv5, pool_proj):
            super().__init__()
            self.branch1 = torch.nn.Sequential(
                torch.nn.Conv2d(in_channels, conv1, kernel_size=1),
                torch.nn.ReLU(),
            )
            self.branch2 = torch.nn.Sequential(
                torch.nn.Conv2d(in_channels, conv3red, kernel_size=1),
                torch.nn.ReLU(),
                torch.nn.Conv2d(conv3red, conv3, kernel_size=3, padding=1),
                torch.nn.ReLU(),
            )
            self.branch3 = torch.nn.Sequential(
                torch.nn.Conv2d(in_channels, conv5red, kernel_size=1),
                torch.nn.ReLU(),
                torch.nn.Conv2d(conv5red, conv5, kernel_size=5, padding=2),
                torch.nn.ReLU(),
            )
            self.branch4 = torch.nn.Sequential(
                torch.nn.MaxPool2d(kernel_size=3, stride=1, padding=1),
                torch.nn.ReLU(),
                torch.nn.Conv2d(in_channels, pool_proj, kernel_size=1),
                torch.nn.ReLU(),
            )

        def forward(self, x):
            return torch.cat([self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)], 1)

    class TutorialHead(torch.nn.Module):
        def __init__(self, in_channels, num_classes):
            super().__init__()
            self.averagePool = torch.nn.AvgPool2d(kernel_size=5, stride=3)
            self.conv = torch.nn.Conv2d(in_channels, 128, kernel_size=1)
            self.fc1 = torch.nn.Linear(1152, 1024)
            self.fc2 = torch.nn.Linear(1024, num_classes)

        def forward(self, x):
            x = self.averagePool(x)
            x = functional.relu(self.conv(x))
            x = torch.flatten(x, 1)
            x = functional.dropout(x, 0.5, training=self.training)
            x = self.fc1(x)
            x = functional.relu(x)
            x = functional.dropout(x, 0.5, training=self.training)
            return self.fc2(x)

    class TutorialGoogLeNet(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.pool32 = torch.nn.MaxPool2d(3, 2)
            self.conv1 = torch.nn.Conv2d(1, 64, 7, 2, 3)
            self.conv2 = torch.nn.Conv2d(64, 64, 1, 1)
            self.conv3 = torch.nn.Conv2d(64, 192, 3, 1, 1)
            self.ince_3a = TutorialInception(192, 64, 96, 128, 16, 32, 32)
            self.ince_3b = TutorialInception(256, 128, 128, 192, 32, 96, 64)
            self.ince_4a = TutorialInception(480, 192, 96, 208, 16, 48, 64)
            self.aux1 = TutorialHead(512, 10)
            self.ince_4b = TutorialInception(512, 160, 112, 224, 24, 64, 64)
            self.ince_4c = TutorialInception(512, 128, 128, 256, 24, 64, 64)
            self.ince_4d = TutorialInception(512, 112, 144, 288, 32, 64, 64)
            self.aux2 = TutorialHead(528, 10)
            self.ince_4e = TutorialInception(528, 256, 160, 320, 32, 128, 128)
            self.ince_5a = TutorialInception(832, 256, 160, 320, 32, 128, 128)
            self.ince_5b = TutorialInception(832, 384, 192, 384, 48, 128, 128)
            self.avgpool = torch.nn.AdaptiveAvgPool2d((1, 1))
            self.dropout = torch.nn.Dropout(0.4)
            self.fc = torch.nn.Linear(1024, 10)
            self.relu = torch.nn.ReLU()

        def forward(self, x):
            x = self.relu(self.conv1(x))
            x = self.pool32(x)
            x = self.relu(self.conv2(x))
            x = self.relu(self.conv3(x))
            x = self.pool32(x)
            x = self.ince_3a(x)
            x = self.ince_3b(x)
            x = self.pool32(x)
            x = self.ince_4a(x)
            if self.training:
                aux1 = self.aux1(x)
            x = self.ince_4b(x)
            x = self.ince_4c(x)
            x = self.ince_4d(x)
            if self.training:
                aux2 = self.aux2(x)
            x = self.ince_4e(x)
            x = self.pool32(x)
            x = self.pool32(x)
            x = self.ince_5a(x)
            x = self.ince_5b(x)
            x = self.avgpool(x)
            x = torch.flatten(x, 1)
            x = self.dropout(x)
            x = self.fc(x)
            if self.training:
                return x + 0.3 * aux1 + 0.3 * aux2
            return x

    class VisionConv(torch.nn.Module):
        """As in torchvision/models/googlenet.py, with its names; so are the three that follow."""

        def __init__(self, in_channels, out_channels, **kwargs):
            super().__init__()
            self.conv = torch.nn.Conv2d(in_channels, out_channels, bias=False, **kwargs)
            self.bn = torch.nn.BatchNorm2d(out_channels, eps=0.001)

        def forward(self, x):
            return functional.relu(self.bn(self.conv(x)), inplace=True)

    class VisionInception(torch.nn.Module):
        def __init__(self, n_in, n1, n3red, n3, n5red, n5, n_pool):
            super().__init__()
            self.branch1 = VisionConv(n_in, n1, kernel_size=1)
            self.branch2 = torch.nn.Sequential(
                VisionConv(n_in, n3red, kernel_size=1), VisionConv(n3red, n3, kernel_size=3, padding=1)
            )
            self.branch3 = torch.nn.Sequential(
                VisionConv(n_in, n5red, kernel_size=1), VisionConv(n5red, n5, kernel_size=3, padding=1)
            )
            self.branch4 = torch.nn.Sequential(
                torch.nn.MaxPool2d(kernel_size=3, stride=1, padding=1, ceil_mode=True),
                VisionConv(n_in, n_pool, kernel_size=1),
            )

        def forward(self, x):
            return torch.cat([self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)], 1)

    class VisionHead(torch.nn.Module):
        def __init__(self, in_channels, num_classes):
            super().__init__()
            self.conv = VisionConv(in_channels, 128, kernel_size=1)
            self.fc1 = torch.nn.Linear(2048, 1024)
            self.fc2 = torch.nn.Linear(1024, num_classes)
            self.dropout = torch.nn.Dropout(p=0.7)

        def forward(self, x):
            x = self.conv(functional.adaptive_avg_pool2d(x, (4, 4)))
            x = functional.relu(self.fc1(torch.flatten(x, 1)), inplace=True)
            return self.fc2(self.dropout(x))

    class VisionGoogLeNet(torch.nn.Module):
        def __init__(self, num_classes):
            super().__init__()
            self.conv1 = VisionConv(3, 64, kernel_size=7, stride=2, padding=3)
            self.maxpool1 = torch.nn.MaxPool2d(3, stride=2, ceil_mode=True)
            self.conv2 = VisionConv(64, 64, kernel_size=1)
            self.conv3 = VisionConv(64, 192, kernel_size=3, padding=1)
            self.maxpool2 = torch.nn.MaxPool2d(3, stride=2, ceil_mode=True)
            self.inception3a = VisionInception(192, 64, 96, 128, 16, 32, 32)
            self.inception3b = VisionInception(256, 128, 128, 192, 32, 96, 64)
            self.maxpool3 = torch.nn.MaxPool2d(3, stride=2, ceil_mode=True)
            self.inception4a = VisionInception(480, 192, 96, 208, 16, 48, 64)
            self.inception4b = VisionInception(512, 160, 112, 224, 24, 64, 64)
            self.inception4c = VisionInception(512, 128, 128, 256, 24, 64, 64)
            self.inception4d = VisionInception(512, 112, 144, 288, 32, 64, 64)
            self.inception4e = VisionInception(528, 256, 160, 320, 32, 128, 128)
            self.maxpool4 = torch.nn.MaxPool2d(2, stride=2, ceil_mode=True)
            self.inception5a = VisionInception(832, 256, 160, 320, 32, 128, 128)
            self.inception5b = VisionInception(832, 384, 192, 384, 48, 128, 128)
            self.aux1, self.aux2 = VisionHead(512, num_classes), VisionHead(528, num_classes)
            self.avgpool = torch.nn.AdaptiveAvgPool2d((1, 1))
            self.dropout = torch.nn.Dropout(p=0.2)
            self.fc = torch.nn.Linear(1024, num_classes)

        def forward(self, x):
            x_ch0 = torch.unsqueeze(x[:, 0], 1) * (0.229 / 0.5) + (0.485 - 0.5) / 0.5
            x_ch1 = torch.unsqueeze(x[:, 1], 1) * (0.224 / 0.5) + (0.456 - 0.5) / 0.5
            x_ch2 = torch.unsqueeze(x[:, 2], 1) * (0.225 / 0.5) + (0.406 - 0.5) / 0.5
            x = self.maxpool1(self.conv1(torch.cat((x_ch0, x_ch1, x_ch2), 1)))
            x = self.maxpool2(self.conv3(self.conv2(x)))
            x = self.inception4a(self.maxpool3(self.inception3b(self.inception3a(x))))
            aux1 = self.aux1(x) if self.training else None
            x = self.inception4d(self.inception4c(self.inception4b(x)))
            aux2 = self.aux2(x) if self.training else None
            x = self.inception5b(self.inception5a(self.maxpool4(self.inception4e(x))))
            x = self.fc(self.dropout(torch.flatten(self.avgpool(x), 1)))
            return (x, aux2, aux1) if self.training else x  # torchvision's order


# ---- what they share ----------------------------------------------------------------------------------------------


def error(ours: np.ndarray, theirs: Any) -> float:
    """The largest difference, relative to the largest element."""
    expected = theirs.detach().numpy()
    assert (ours.shape, ours.dtype) == (expected.shape, expected.dtype)
    largest = np.abs(expected).max()
    assert largest > 0, "zero everywhere, so nothing was compared"
    return float(np.abs(ours - expected).max() / largest)


def as_torch(state: dict[str, mc.Tensor]) -> dict[str, Any]:
    return {name: torch.tensor(np.ascontiguousarray(tensor.data)) for name, tensor in state.items()}


def without_dropout(ours: Any, theirs: Any) -> None:
    """Two libraries draw other numbers, so nothing is drawn. Where each dropout stands: tests/googlenet/."""
    for module in (*ours.modules(), *theirs.modules()):
        if isinstance(module, nn.Dropout | torch.nn.Dropout):
            module.p = 0.0


def gradients_agree(ours: Any, theirs: Any, named: Any = lambda name: name) -> dict[str, float]:
    """The errors that are too large, by the name that our parameters have there."""
    expected = dict(theirs.named_parameters())
    found = {named(name): error(parameter.grad, expected.pop(named(name)).grad)
             for name, parameter in ours.named_parameters()}  # fmt: skip
    assert expected == {}  # every one was compared
    return {name: value for name, value in found.items() if value > TOLERANCE}


# ---- mnist --------------------------------------------------------------------------------------------------------


def tutorial_name(name: str) -> str:
    """What the tutorial calls our parameter: ince_3a.branch2.2.weight for inception3a.branch2.1.conv.weight."""
    name = (
        re.sub(r"^inception", "ince_", name)
        .replace("aux1.conv.conv", "aux1.conv")
        .replace("aux2.conv.conv", "aux2.conv")
    )
    name = re.sub(r"^(conv\d)\.conv", r"\1", name)
    name = name.replace("branch1.conv", "branch1.0").replace("branch4.1.conv", "branch4.2")
    return re.sub(r"(branch[23])\.(\d)\.conv", lambda match: f"{match[1]}.{2 * int(match[2])}", name)


@pytest.fixture(scope="module")
def tutorial():
    """Ours, and the tutorial's network with the same weights."""
    mc.manual_seed(3)
    ours, theirs = GoogLeNet(10, "mnist", in_channels=1).double(), TutorialGoogLeNet().double()
    theirs.load_state_dict({tutorial_name(name): value for name, value in as_torch(ours.state_dict()).items()})
    without_dropout(ours, theirs)
    return ours, theirs


@pytest.mark.everything("long runs")
def test_a_file_of_the_tutorial_is_imported_as_mnist(tutorial, tmp_path):
    ours, theirs = tutorial
    torch.save(theirs.float().state_dict(), tmp_path / "mnist.pth")
    theirs.double()
    assert main(["import", str(tmp_path / "mnist.pth"), "-o", str(tmp_path / "ours")]) == 0
    found, info = load_model(tmp_path / "ours")
    assert (info["preset"], info["num_classes"], info["preprocessing"].order) == ("mnist", 10, "L")
    for name, tensor in found.state_dict().items():
        np.testing.assert_allclose(tensor.data, ours.state_dict()[name].data, rtol=1e-6, err_msg=name)


def test_mnist_has_as_many_parameters_as_the_tutorial(tutorial):
    _, theirs = tutorial
    heads = sum(p.numel() for head in (theirs.aux1, theirs.aux2) for p in head.parameters())
    whole = sum(p.numel() for p in theirs.parameters())
    assert (whole, whole - heads) == (8_492_750, 5_977_530)


# 189 is the smallest image that the tutorial's own heads take.
@pytest.mark.parametrize(
    ("size", "images"),
    [(189, 1), pytest.param(224, 3, marks=pytest.mark.everything("long runs"))],
)
def test_mnist_trains_as_the_tutorial_does(tutorial, size, images, monkeypatch):
    ours, theirs = tutorial
    monkeypatch.setattr(functional, "dropout", lambda x, *_, **__: x)
    ours.train(), theirs.train()
    ours.zero_grad(), theirs.zero_grad()
    rng = np.random.default_rng(0)
    x, targets = rng.standard_normal((images, 1, size, size)), rng.integers(0, 10, images)
    tensor, their_tensor = mc.Tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    output, their_output = ours(tensor), theirs(their_tensor)
    total = loss(output, targets).total
    their_total = torch.nn.CrossEntropyLoss()(their_output, torch.tensor(targets))
    assert error(output.logits.data + 0.3 * output.aux1.data + 0.3 * output.aux2.data, their_output) < TOLERANCE
    assert error(total.data, their_total) < TOLERANCE
    total.backward()
    their_total.backward()
    assert error(tensor.grad, their_tensor.grad) < TOLERANCE
    assert gradients_agree(ours, theirs, tutorial_name) == {}


@pytest.mark.everything("long runs")
@pytest.mark.parametrize("size", [125, 150, 224])
def test_mnist_evaluates_as_the_tutorial_does(tutorial, size):
    ours, theirs = tutorial
    x = np.random.default_rng(1).standard_normal((2, 1, size, size))
    with mc.no_grad(), torch.inference_mode():
        assert error(ours.eval()(mc.Tensor(x)).data, theirs.eval()(torch.tensor(x))) < TOLERANCE


# ---- torchvision --------------------------------------------------------------------------------------------------


def real_torchvision(num_classes: int) -> Any:
    if torchvision is None:
        pytest.skip("torchvision is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it tells of its initial weights
        return torchvision.models.GoogLeNet(num_classes, transform_input=True)


def written_out(num_classes: int) -> Any:
    return VisionGoogLeNet(num_classes)


def beside_torchvision(make: Any, classes: int = 10) -> tuple[Any, Any]:
    """Ours with random weights and running statistics, and theirs with the same, loaded strictly."""
    mc.manual_seed(3)
    ours, rng = GoogLeNet(classes, "torchvision").double(), np.random.default_rng(1)
    for norm in ours.modules():
        if isinstance(norm, nn.BatchNorm2d):
            norm.running_mean.data[...] = 0.1 * rng.standard_normal(norm.running_mean.shape)
            norm.running_var.data[...] = rng.uniform(0.5, 1.5, norm.running_var.shape)
            norm.weight.data[...] = rng.uniform(0.5, 1.5, norm.weight.shape)
            norm.bias.data[...] = 0.1 * rng.standard_normal(norm.bias.shape)
    theirs = make(classes).double()
    theirs.load_state_dict(as_torch(ours.state_dict()), strict=True)
    without_dropout(ours, theirs)
    return ours, theirs


BOTH = pytest.mark.parametrize("make", [written_out, real_torchvision])


@BOTH
@pytest.mark.parametrize(("size", "images"), [(64, 2), pytest.param(224, 2, marks=pytest.mark.everything("long runs"))])
def test_torchvision_trains_alike(make, size, images):
    ours, theirs = beside_torchvision(make)
    rng = np.random.default_rng(0)
    x, targets = rng.standard_normal((images, 3, size, size)), rng.integers(0, 10, images)
    tensor, their_tensor = mc.Tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
    output, (logits, aux2, aux1) = ours.train()(tensor), theirs.train()(their_tensor)
    for mine, expected in zip(output, (logits, aux1, aux2), strict=True):
        assert error(mine.data, expected) < TOLERANCE
    total = loss(output, targets).total
    entropy = torch.nn.functional.cross_entropy
    their_total = sum(
        weight * entropy(part, torch.tensor(targets)) for weight, part in ((1, logits), (0.3, aux1), (0.3, aux2))
    )
    assert error(total.data, their_total) < TOLERANCE
    total.backward()
    their_total.backward()
    assert error(tensor.grad, their_tensor.grad) < TOLERANCE
    assert gradients_agree(ours, theirs) == {}
    buffers = dict(theirs.named_buffers())
    assert {n for n, b in ours.named_buffers() if error(b.data, buffers.pop(n)) > TOLERANCE} == set() == set(buffers)


@BOTH
@pytest.mark.everything("long runs")
@pytest.mark.parametrize("size", [64, 97, 224])
def test_torchvision_evaluates_alike(make, size):
    ours, theirs = beside_torchvision(make)
    x = np.random.default_rng(2).standard_normal((2, 3, size, size))
    with mc.no_grad(), torch.inference_mode():
        assert error(ours.eval()(mc.Tensor(x)).data, theirs.eval()(torch.tensor(x))) < TOLERANCE


@BOTH
@pytest.mark.everything("long runs")
def test_a_state_of_torchvision_s_is_loaded_strictly_and_counts_what_it_says(make):
    theirs = make(1000)
    state = {name: mc.Tensor(value.numpy()) for name, value in theirs.state_dict().items()}
    ours = GoogLeNet(1000, "torchvision")
    ours.load_state_dict(state, strict=True)
    for name, tensor in ours.state_dict().items():
        np.testing.assert_array_equal(tensor.data, state[name].data, err_msg=name)
    assert sum(p.numel() for p in theirs.parameters()) == 13_004_888
    if torchvision is not None:
        published = torchvision.models.GoogLeNet_Weights.IMAGENET1K_V1.meta["num_params"]
        assert published == sum(p.data.size for n, p in ours.named_parameters() if not n.startswith("aux"))
