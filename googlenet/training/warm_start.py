"""To begin with weights that were trained on something else (fine-tuning)."""

from __future__ import annotations

from pathlib import Path

from googlenet.data.preprocessing import Preprocessing
from googlenet.model import GoogLeNet
from googlenet.weights import load_model
from minicnn import nn

BLOCKS = ("conv1", "conv2", "conv3", "3a", "3b", "4a", "4b", "4c", "4d", "4e", "5a", "5b")  # from the image up


def block_number(name: str) -> int:
    """Where a block stands; "inception3a" is 3a. ValueError where there is none of that name."""
    name = name.removeprefix("inception")
    if name not in BLOCKS:
        raise ValueError(f"--freeze: got {name!r}, expected one of {', '.join(BLOCKS)}")
    return BLOCKS.index(name)


def blocks_up_to(model: GoogLeNet, name: str) -> list[nn.Module]:
    """The blocks from the image up to this one, which is the last."""
    found = BLOCKS[: block_number(name) + 1]
    return [getattr(model, block if block.startswith("conv") else f"inception{block}") for block in found]


def preset_of(path: Path) -> str:
    """Of which preset the weights in the file are. Raises ValueError, naming the file, for what are no weights."""
    preset: str = load_model(path)[1]["preset"]
    return preset


def preprocessing_of_weights(path: Path) -> Preprocessing | None:
    """What the images went through that the weights in the file were trained with; None where it is not known."""
    preprocessing: Preprocessing | None = load_model(path)[1]["preprocessing"]
    return preprocessing


def begin_with(model: GoogLeNet, path: Path, classes: tuple[str, ...]) -> str:
    """Copy the weights in the file; returns what was taken, in one line.

    The classifiers stay new where the classes are others, the first convolution where the images have other channels,
    and the heads where the file has none. Raises ValueError where the file is of another preset, or no good.
    """
    other, info = load_model(path)
    if info["preset"] != model.preset.name:
        own, wanted = info["preset"], model.preset.name
        raise ValueError(
            f"--init: {path} is for --preset {own}, not {wanted}: python -m googlenet import {path} -o OUT "
            f"--preset {wanted} makes one of it, as far as that goes"
        )
    same_classes = info["classes"] == classes
    theirs, ours = other.state_dict(), model.state_dict()
    taken = {}
    for name, tensor in ours.items():
        is_classifier = name.startswith("fc.") or ".fc2." in name
        if name in theirs and theirs[name].shape == tensor.shape and (same_classes or not is_classifier):
            taken[name] = theirs[name]
    model.load_state_dict({**ours, **taken})
    new = [name.removesuffix(".weight") for name in ours if name not in taken and name.endswith(".weight")]
    which = f"new: {', '.join(new)}" if new else "nothing is new"
    return f"weights of {path.name}: {len(taken)} of {len(ours)} arrays taken; {which}"


def freeze(model: GoogLeNet, block: str) -> None:
    """Leave everything up to this block as it is: no gradients there."""
    for module in blocks_up_to(model, block):
        for parameter in module.parameters():
            parameter.requires_grad = False


def keep_frozen_in_evaluation(model: GoogLeNet, block: str) -> None:
    """After model.train(): batch norm in the frozen blocks keeps its running statistics."""
    for module in blocks_up_to(model, block):
        module.eval()
