"""Save and load weights: whole or not at all, and never a damaged file without a word.

The format is safetensors: a JSON header (names, dtypes, shapes, text metadata), then the bytes. It holds numbers only:
loading a file from a stranger runs none of the stranger's code, as a pickle would.
"""

from __future__ import annotations

import contextlib
import errno
import glob
import hashlib
import json
import os
import secrets
import struct
from collections.abc import Iterable, Mapping
from typing import Any, BinaryIO

import numpy as np

from minicnn import backend
from minicnn.lock import try_lock
from minicnn.tensor import Tensor

# Two entries of ours in a file's metadata: a mark, and the checksum that a file with the mark must have. One would not
# do: damage to the name "sha256" itself would look like a file that never had a checksum.
MARK, CHECKSUM = "minicnn_checkpoint", "sha256"


class CheckpointError(ValueError):
    """A file that is no whole, undamaged safetensors file of real numbers; the message says what to do."""


class StateDict(dict[str, Tensor]):
    """Tensors by name, as `load` returns them, with the file's `metadata`, text by name."""

    def __init__(self, tensors: Mapping[str, Tensor] | None = None, metadata: Mapping[str, str] | None = None) -> None:
        super().__init__(tensors or {})
        self.metadata = dict(metadata or {})


def save(
    state_dict: Mapping[str, Any], path: str | os.PathLike[str], metadata: Mapping[str, str] | None = None
) -> None:
    """Write Tensors or arrays, by name, to a safetensors file, with a checksum.

    `metadata` is text by name; where it is not given, that of a `StateDict` is kept. The file appears whole or not at
    all: on any failure, an older file of that name is as it was.
    Raises TypeError for values that are no arrays of real numbers or names and metadata that are no text, ValueError
    for a name that is reserved, OSError, with the path and the reason, where the file cannot be written.
    """
    if not isinstance(state_dict, Mapping):
        raise TypeError(f"save: state_dict is a {type(state_dict).__name__}, expected a dict of Tensors by name")
    arrays = {_text("a name", name): _host_array(name, value) for name, value in state_dict.items()}
    metadata = getattr(state_dict, "metadata", {}) if metadata is None else metadata
    if not isinstance(metadata, Mapping):
        raise TypeError(f"save: metadata is a {type(metadata).__name__}, expected a dict of text by name")
    metadata = {_text("a metadata name", k): _text(f"metadata {k!r}", v) for k, v in metadata.items()}
    for name in {"__metadata__"} & set(arrays) | {MARK, CHECKSUM} & set(metadata):
        raise ValueError(f"save: the name {name!r} is reserved, choose another")
    # The largest elements first, so that each array begins at a multiple of its element size.
    arrays = dict(sorted(arrays.items(), key=lambda item: (-item[1].itemsize, item[0])))
    header = _header(arrays, {**metadata, MARK: "1", CHECKSUM: _checksum(arrays, metadata)})
    write_atomically(path, [header, *map(_bytes_of, arrays.values())], "save")


def load(path: str | os.PathLike[str]) -> StateDict:
    """The Tensors of a safetensors file, by name, and its metadata. Checks the checksum, where there is one.

    Raises CheckpointError where the file is truncated, damaged or of another kind, FileNotFoundError where there is
    none, OSError where it cannot be read.
    """
    try:
        import safetensors
    except ImportError as error:
        raise ImportError("load needs the package safetensors: pip install safetensors") from error
    path = os.fsdecode(path)
    _refuse_other_than_file("load", path)
    try:
        with open(path, "rb") as file:  # the system's own reason, where there is no file or it may not be read
            start = file.read(4)
        with safetensors.safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (the file is no dict)
    except OSError as error:
        raise _os_error(error.errno, f"load: cannot read {path}: {error.strerror or error}") from error
    except safetensors.SafetensorError as error:
        raise CheckpointError(f"{path}: {_what_is_wrong(start, error)}") from error
    except (AttributeError, TypeError) as error:  # from NumPy: bfloat16 and the like
        raise CheckpointError(f"{path}: numbers that NumPy does not know ({error}); convert them to float32") from error
    for name, array in arrays.items():
        if not _can_be_held(array.dtype):
            raise CheckpointError(f"{path}: {name!r} is {array.dtype}, not real numbers; convert it to float32 first")
    ours = metadata.pop(MARK, None), metadata.pop(CHECKSUM, None)
    if ours != (None, None) and ours != ("1", _checksum(arrays, metadata)):
        raise CheckpointError(f"{path}: the contents are damaged (wrong checksum); copy it again or use an older one")
    return StateDict({name: Tensor(array) for name, array in arrays.items()}, metadata)


def write_atomically(
    path: str | os.PathLike[str], parts: Iterable[bytes | memoryview], operation: str = "write"
) -> None:
    """Write a whole file, part by part, or leave what is there untouched: if the disk is full or the power fails, too.

    The bytes go to a temporary file beside it, and to the disk (fsync); then that takes the name, in one step. What a
    killed process has left of an earlier attempt goes first: there may be no room for both.
    Raises OSError, naming `operation`, the path and the reason.
    """
    shown, path = os.fsdecode(path), os.path.realpath(os.fsdecode(path))  # through a link, to the file it stands for
    folder, name = os.path.split(path)
    temporary = ""
    _refuse_other_than_file(operation, path)
    remove_left_overs(path)
    try:
        with _temporary_file(folder, name) as file:
            temporary = file.name
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
            if os.name == "nt":
                file.close()  # Windows renames no open file
            os.replace(temporary, path)
    except BaseException as error:  # Ctrl-C too
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        if isinstance(error, OSError):
            reason = error.strerror or str(error)
            raise _os_error(error.errno, f"{operation}: cannot write {shown}: {reason}; nothing was changed") from error
        raise
    with contextlib.suppress(OSError):  # the file is whole and in place; not every file system can sync a folder
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _temporary_file(folder: str, name: str) -> BinaryIO:
    """A new file, locked, so that `remove_left_overs` leaves it alone for as long as this process lives."""
    while True:
        file = open(os.path.join(folder, f".{name[:40]}.{secrets.token_hex(4)}.tmp"), "xb")  # noqa: SIM115
        if try_lock(file) is not False and os.path.exists(file.name):
            return file
        file.close()  # another process found it before it was locked, and removes it as a left-over: take another


def remove_left_overs(path: str | os.PathLike[str]) -> None:
    """Remove what killed calls of `write_atomically` for this path have left; what a living one is writing stays."""
    folder, name = os.path.split(os.path.realpath(os.fsdecode(path)))
    for temporary in glob.glob(f".{glob.escape(name[:40])}.{'[0-9a-f]' * 8}.tmp", root_dir=folder):
        with contextlib.suppress(OSError), open(os.path.join(folder, temporary), "r+b") as file:
            if try_lock(file):
                os.unlink(file.name)


def _checksum(arrays: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> str:
    """SHA-256 over the metadata and, in the order of the names, each tensor's name, dtype, shape and bytes."""
    digest = hashlib.sha256(json.dumps(sorted(metadata.items())).encode())
    for name, array in sorted(arrays.items()):
        digest.update(json.dumps([name, str(array.dtype), array.shape]).encode())
        digest.update(_bytes_of(array))
    return digest.hexdigest()


def _header(arrays: Mapping[str, np.ndarray], metadata: Mapping[str, str]) -> bytes:
    """What a safetensors file begins with: 8 bytes, the length of a JSON text, and the text, padded to a multiple of 8.

    Written here rather than by the library, whose metadata comes in random order: equal contents give equal files.
    """
    header: dict[str, Any] = {"__metadata__": dict(sorted(metadata.items()))}
    end = 0
    for name, array in arrays.items():
        dtype = "BOOL" if array.dtype.kind == "b" else f"{array.dtype.kind.upper()}{8 * array.itemsize}"
        start, end = end, end + array.nbytes
        header[name] = {"dtype": dtype, "shape": array.shape, "data_offsets": [start, end]}
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text


def _bytes_of(array: np.ndarray) -> memoryview:
    return array.reshape(-1).view(np.uint8).data


def _host_array(name: str, value: Any) -> np.ndarray:
    """The value as a NumPy array whose elements lie in order, as the file needs them; no copy where they do already."""
    if isinstance(value, Tensor):
        value = value.data
    if not backend.is_array(value):
        raise TypeError(f"save: {name!r} is a {type(value).__name__}, expected a Tensor or an array")
    array = backend.to_device(value, "cpu")
    if not _can_be_held(array.dtype):
        raise TypeError(f"save: {name!r} has dtype {array.dtype}, expected real numbers of at most 64 bits")
    return np.asarray(array, dtype=array.dtype.newbyteorder("<"), order="C")


def _can_be_held(dtype: np.dtype[Any]) -> bool:
    return dtype.kind in "fiub" and dtype.itemsize <= 8


def _text(what: str, value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"save: {what} is {value!r}, expected a str")
    return value


def _what_is_wrong(start: bytes, error: Exception) -> str:
    if start == b"PK\x03\x04" or start[:2] == b"\x80\x02":
        return "a PyTorch file (pickle), not safetensors; convert it with PyTorch and safetensors.torch.save_file"
    reason = " ".join(str(error).split())
    return f"not a whole safetensors file ({reason}); copy or download it again, or use an older one"


def _refuse_other_than_file(operation: str, path: str) -> None:
    """OSError for a folder, and for a device: renaming over /dev/null would replace it."""
    if os.path.isdir(path):
        raise _os_error(errno.EISDIR, f"{operation}: {path} is a folder, expected a file")
    if os.path.exists(path) and not os.path.isfile(path):
        raise _os_error(errno.EINVAL, f"{operation}: {path} is no regular file")


def _os_error(number: int | None, message: str) -> OSError:
    """The kind of OSError that belongs to an error number: PermissionError, FileNotFoundError, ..."""
    return OSError(number if number is not None else errno.EIO, message)
