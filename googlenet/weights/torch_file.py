"""Weights that PyTorch programs have saved: .pth through torch, .safetensors without. Nothing in them is executed."""

from __future__ import annotations

import re
import warnings
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

import minicnn as mc
from googlenet.weights.file import load_model
from googlenet.weights.foreign import Foreign
from googlenet.weights.recognition import recognize

LARGEST = 2**30  # bytes of a file, and of its arrays: a GoogLeNet with heads has 53 MB
LARGEST_PICKLE = 2**24  # bytes of what stands around them in a zip: a GoogLeNet's names and shapes have 60 kB
WRAPPERS = ("state_dict", "model_state_dict", "model", "net", "weights")  # checkpoints hold the weights under these
BYTEARRAY = b"\nbytearray\n"  # as a pickle names it, behind the name of its module
CLASSES = ("classes", "class_names", "categories")  # and sometimes the classes under these, or as class_to_idx


def read_torch(path: Path) -> Foreign:
    """A file of `torch.save`: a state dict, or a checkpoint that holds one.

    Raises ValueError, naming the file, where it needs code to be loaded, is no whole file of PyTorch or holds no
    GoogLeNet; ImportError without torch.
    """
    try:
        import torch
    except ImportError as error:
        raise ImportError(
            f"{path}: a file of PyTorch needs torch to be read: pip install torch. "
            "Or convert it where torch is, with safetensors.torch.save_file"
        ) from error
    _refuse_bombs(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            content = torch.load(path, map_location="cpu", weights_only=True)
    except OSError:
        raise
    except Exception as error:  # of a damaged file torch raises RuntimeError, EOFError, UnpicklingError and many more
        raise ValueError(f"{path}: {_what_is_wrong(str(error))}") from error
    try:
        state = weights_in(content)
        arrays = as_arrays({name: value for name, value in state.items() if isinstance(value, torch.Tensor)})
        return recognize(arrays, classes_in(content))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def read_safetensors(path: Path) -> Foreign:
    """A .safetensors file: ours, or what another program has saved. Raises ValueError, naming the file."""
    state = mc.load(path)
    if state.metadata.keys() & {"googlenet", "training"}:
        model, info = load_model(path)
        arrays = {name: tensor.data for name, tensor in model.state_dict().items()}
        preprocessing = info["preprocessing"]
        if preprocessing is None:
            raise ValueError(f"{path}: for images of {info['in_channels']} channels, expected 1 (gray) or 3 (color)")
        return Foreign("ours", info["preset"], arrays, preprocessing, info["classes"])
    try:
        return recognize({name: tensor.data for name, tensor in state.items()})
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def _refuse_bombs(path: Path) -> None:
    """ValueError for a few bytes that would take much memory, before any of it is taken.

    That is a zip that unpacks to more than any GoogLeNet; and a pickle that makes a bytearray of whatever length it
    says, the one thing that torch allows a pickle to fill with zeros, and that no weights need.
    """
    pickles = []
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                entries = archive.infolist()
                size = sum(entry.file_size for entry in entries)
                inside = [entry for entry in entries if entry.filename.endswith(".pkl")]
                if sum(entry.file_size for entry in inside) > LARGEST_PICKLE:
                    raise ValueError(f"{path}: its pickle has over {LARGEST_PICKLE:,} bytes, which no weights need")
                pickles = [archive.read(entry) for entry in inside]
        else:  # the older format, pickles and then numbers; or a zip that is cut off, which torch refuses
            size, pickles = path.stat().st_size, [path.read_bytes()]
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise ValueError(f"{path}: {_what_is_wrong(str(error))}") from error
    if size > LARGEST:
        raise ValueError(f"{path}: unpacks to {size:,} bytes, expected at most {LARGEST:,}")
    if any(BYTEARRAY in content for content in pickles):
        raise ValueError(f"{path}: makes a bytearray, which no weights need; it may take all memory, so it is not read")


def _what_is_wrong(message: str) -> str:
    """What torch says of a file that it does not load, in a line."""
    if code := re.search(r"GLOBAL (\S+)", message):
        return (
            f"needs code to be loaded ({code[1][:60]}), and none is run. Save the weights alone: "
            "torch.save(model.state_dict(), ...)"
        )
    if "TorchScript" in message:
        return "a TorchScript program. Save the weights alone: torch.save(model.state_dict(), ...)"
    reason = next((line.strip() for line in message.splitlines() if line.strip()), "no reason given")
    return f"no whole file of PyTorch's ({reason.split('. ')[0][:100]}); copy or download it again"


def weights_in(content: Any) -> Mapping[str, Any]:
    """The state dict in what a file holds: all of it, or what it has under one of the names in WRAPPERS."""
    for _ in range(3):  # one inside the other, but not without end: a pickle can hold itself
        if isinstance(content, Mapping):
            content = next((content[name] for name in WRAPPERS if isinstance(content.get(name), Mapping)), content)
    if not isinstance(content, Mapping) or not all(isinstance(name, str) for name in content):
        raise ValueError(f"holds a {type(content).__name__}, expected a state dict: weights by name")
    return content


def as_arrays(tensors: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """PyTorch's tensors as arrays. ValueError where they are too large: one number can be seen as a billion."""
    if not tensors:
        raise ValueError("holds no weights")
    size = sum(4 * tensor.numel() for tensor in tensors.values())
    if size > LARGEST:
        raise ValueError(f"its arrays have {size:,} bytes, expected at most {LARGEST:,}")
    try:
        return {
            name: tensor.detach().to_dense().float().numpy() if tensor.is_floating_point() else tensor.numpy()
            for name, tensor in tensors.items()
        }
    except (RuntimeError, TypeError, NotImplementedError) as error:
        raise ValueError(f"its weights are no plain numbers ({' '.join(str(error).split())[:100]})") from error


def classes_in(content: Any) -> tuple[str, ...] | None:
    """The names of the outputs in their order, where a checkpoint has them."""
    if not isinstance(content, Mapping):
        return None
    numbers = content.get("class_to_idx")
    if isinstance(numbers, Mapping) and set(numbers.values()) == set(range(len(numbers))):
        return tuple(str(name) for name in sorted(numbers, key=lambda name: numbers[name]))
    for key in CLASSES:
        names = content.get(key)
        if isinstance(names, list | tuple) and all(isinstance(name, str) for name in names):
            return tuple(names)
    return None
