"""Our GoogLeNet against the one in PyTorch: the same weights must give the same logits and the same gradients."""

from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: pip install torch==2.13.0")

import minicnn as mc  # noqa: E402
from benchmarks import reference  # noqa: E402
from googlenet import GoogLeNet, loss  # noqa: E402
from minicnn import nn  # noqa: E402

CLASSES = 7


def both(preset: str, aux_heads: bool = True) -> tuple[Any, Any]:
    """Ours and the reference in float64, with the same weights, without dropout."""
    mc.manual_seed(3)
    ours = GoogLeNet(CLASSES, preset, aux_heads=aux_heads).double()
    theirs = reference.GoogLeNet(CLASSES, preset, aux_heads).double()
    state = {name: torch.from_numpy(value.data.copy()) for name, value in ours.state_dict().items()}
    missing, unexpected = theirs.load_state_dict(state, strict=False)
    assert not unexpected
    assert all(name.endswith("num_batches_tracked") for name in missing)
    for module in (*ours.modules(), *theirs.modules()):
        if isinstance(module, nn.Dropout | torch.nn.Dropout):
            module.p = 0.0
    return ours, theirs


def batch(size: int, images: int = 2) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.standard_normal((images, 3, size, size)), rng.integers(0, CLASSES, images)


def assert_close(name: str, ours: Any, theirs: Any) -> None:
    """Equal to rounding in float64, measured against the largest element."""
    theirs = theirs.detach().numpy()
    assert ours.shape == theirs.shape, name
    assert ours.dtype == np.float64, name
    scale = np.abs(theirs).max()
    assert scale > 0, f"{name}: zero everywhere, so nothing was compared"
    np.testing.assert_allclose(ours / scale, theirs / scale, rtol=0, atol=1e-9, err_msg=name)


# 64: 4a is 4x4 and the heads pool adaptively; 224: 14x14, the paper's 5x5/3.
@pytest.mark.parametrize("size", [64, pytest.param(224, marks=pytest.mark.slow)])
@pytest.mark.parametrize("preset", ["plain", "paper", "batchnorm"])
def test_training_gives_the_same_logits_and_gradients(preset: str, size: int) -> None:
    ours, theirs = both(preset)
    images, targets = batch(size)
    x = mc.Tensor(images, requires_grad=True)
    x_theirs = torch.from_numpy(images).requires_grad_()

    output, output_theirs = ours.train()(x), theirs.train()(x_theirs)
    for name, a, b in zip(("logits", "aux1", "aux2"), output, output_theirs, strict=True):
        assert_close(name, a.data, b)

    total, total_theirs = loss(output, targets).total, reference.loss(output_theirs, torch.from_numpy(targets))
    total.backward()
    total_theirs.backward()
    assert_close("loss", total.data, total_theirs)
    assert_close("gradient of the images", x.grad, x_theirs.grad)
    gradients = {name: parameter.grad for name, parameter in ours.named_parameters()}
    gradients_theirs = {name: parameter.grad for name, parameter in theirs.named_parameters()}
    assert gradients.keys() == gradients_theirs.keys()
    for name, gradient in gradients.items():
        assert_close(name, gradient, gradients_theirs[name])


@pytest.mark.parametrize("preset", ["plain", "paper", "batchnorm"])
def test_inference_gives_the_same_logits(preset: str) -> None:
    ours, theirs = both(preset)
    images, _ = batch(64)
    if preset == "batchnorm":  # running statistics that are not 0 and 1
        ours.train()(mc.Tensor(images))
        theirs.train()(torch.from_numpy(images))
    with mc.no_grad(), torch.inference_mode():
        logits, (logits_theirs, *heads) = ours.eval()(mc.Tensor(images)), theirs.eval()(torch.from_numpy(images))
    assert heads == [None, None]
    assert_close("logits", logits.data, logits_theirs)


@pytest.mark.parametrize("preset", ["plain", "paper"])
@pytest.mark.parametrize(("aux_heads", "count"), [(True, 13_378_280), (False, 6_998_552)])
def test_parameter_counts(preset: str, aux_heads: bool, count: int) -> None:
    for model in (GoogLeNet(1000, preset, aux_heads=aux_heads), reference.GoogLeNet(1000, preset, aux_heads)):
        assert sum(int(np.prod(parameter.shape)) for parameter in model.parameters()) == count
