"""A network's weights for PyTorch: a state dict, which torchvision's googlenet loads where it is the same network."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

import minicnn as mc
from googlenet.model import GoogLeNet
from googlenet.weights.file import metadata
from minicnn.checkpoint import write_atomically

SUFFIXES = (".pth", ".pt", ".safetensors")


def try_torch() -> None:
    """ImportError, in one sentence, where PyTorch is missing or broken."""
    try:
        import torch  # noqa: F401
    except Exception as error:  # a broken one may raise anything
        reason = " ".join(str(error).split())
        instead = "or write a .safetensors file, which needs none"
        raise ImportError(f"a .pth file needs PyTorch: pip install torch, {instead} ({reason})") from error


def write_torch(path: Path, model: GoogLeNet, info: Mapping[str, Any]) -> None:
    """Write the state dict: .safetensors without PyTorch, .pth and .pt as `torch.save` does.

    A safetensors file has the metadata of our own files too, from `info` (what `load_model` returns).
    """
    state = {name: np.asarray(tensor.numpy(), order="C") for name, tensor in model.state_dict().items()}
    if path.suffix.lower() == ".safetensors":
        mc.save(state, path, {**metadata(model, info), "format": "pt"})
        return
    import torch

    content = io.BytesIO()
    torch.save({name: torch.from_numpy(array) for name, array in state.items()}, content)
    write_atomically(path, [content.getbuffer()], "export")


def python_lines(path: Path, model: GoogLeNet) -> list[str]:
    """The Python that loads the file; into torchvision's own network where that is the same."""
    if path.suffix.lower() == ".safetensors":
        load = ["from safetensors.torch import load_file", f"state = load_file({str(path)!r})"]
    else:
        load = ["import torch", f"state = torch.load({str(path)!r}, weights_only=True)"]
    if why_not_torchvision(model):
        return [*load, "model.load_state_dict(state)  # a network of yours, with these names"]
    return [
        *load,
        "from torchvision.models import googlenet",
        f"model = googlenet(num_classes={len(model.fc.weight)}, aux_logits={model.aux1 is not None},",
        f"                  transform_input={model.transform_input}, init_weights=False)",
        "model.load_state_dict(state)",
        "model.eval()  # for the same images, normalized in the same way",
    ]


def why_not_torchvision(model: GoogLeNet) -> str:
    """In what the network differs from torchvision's googlenet, which then does not load it, or computes other logits;
    "" where it is the same.
    """
    choice, channels = model.preset, model.conv1.conv.weight.shape[1]
    differs = {
        "no batch norm": not choice.batch_norm,
        f"{choice.kernel_5x5}x{choice.kernel_5x5} kernels where it has 3x3": choice.kernel_5x5 != 3,
        "no reductions": not choice.reductions,
        "local response normalization": choice.local_response_norm,
        "pools in floor mode": not choice.ceil_mode,
        "another last max pool": choice.pool4 != (2, 2) or choice.pool4_times != 1,
        f"images of {channels} channel{'s' * (channels > 1)}": channels != 3,
        f"heads of {choice.aux_size}x{choice.aux_size} pixels": model.aux1 is not None and choice.aux_size != 4,
    }
    return ", ".join(reason for reason, holds in differs.items() if holds)
