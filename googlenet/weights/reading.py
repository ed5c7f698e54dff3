"""Weights of other programs, whatever the file is called: what it is, its first bytes tell."""

from __future__ import annotations

from pathlib import Path

from googlenet.weights.caffe import read_caffe, starts_as_caffe
from googlenet.weights.foreign import Foreign
from googlenet.weights.onnx_file import read_onnx, starts_as_onnx
from googlenet.weights.torch_file import LARGEST, read_safetensors, read_torch

KNOWN = ".pth of PyTorch, .safetensors, .caffemodel of Caffe, .onnx"
# What people have in place of the file that they want, by its first bytes.
OTHERS = {
    b"version https://git-lfs": "a pointer of Git LFS, not the file itself: download that (git lfs pull)",
    b"\x1f\x8b": "compressed with gzip: unpack it first",
    b"<": "a page of the web, not the file: the download went wrong",
    b"name:": "text, as a .prototxt of Caffe's, which has no weights: they are in the .caffemodel beside it",
    b"\x89HDF": f"an HDF5 file, expected {KNOWN}",
    b"\xff\xd8\xff": f"a photo, expected {KNOWN}",
    b"\x89PNG": f"a picture, expected {KNOWN}",
}


def read_foreign(path: Path) -> Foreign:
    """The GoogLeNet in a file that PyTorch, torchvision, Caffe, an exporter to ONNX or this program has written.

    Raises ValueError, naming the file, for what is no such file or holds no GoogLeNet; OSError where it cannot be read;
    ImportError where a package is needed that is not there.
    """
    if path.is_dir():
        inside = path / "best.safetensors"
        meant = f"the folder of a run; its weights are in {inside}" if inside.is_file() else "a folder, expected a file"
        raise ValueError(f"{path}: {meant}")
    if path.exists() and not path.is_file():
        raise ValueError(f"{path}: no regular file")
    try:
        with path.open("rb") as file:
            start = file.read(64)
        size = path.stat().st_size
    except OSError as error:
        raise OSError(f"cannot read {path}: {error.strerror}") from error
    if not start:
        raise ValueError(f"{path}: an empty file, expected {KNOWN}")
    if size > LARGEST:
        raise ValueError(f"{path}: {size:,} bytes, expected at most {LARGEST:,}: a GoogLeNet has 60 million or fewer")
    for beginning, what in OTHERS.items():
        if start.startswith(beginning):
            raise ValueError(f"{path}: {what}")
    if start.startswith((b"PK", b"\x80")):  # a zip, or the pickle that PyTorch wrote before 1.6
        return read_torch(path)
    if start[8:9] == b"{" or path.suffix == ".safetensors":  # after the length of the header
        return read_safetensors(path)
    if starts_as_onnx(start):
        return read_onnx(path)
    if starts_as_caffe(start):
        return read_caffe(path)
    raise ValueError(f"{path}: no file of weights that is known, expected {KNOWN}")
