"""MNIST and Fashion-MNIST: four IDX files each, from a folder, or downloaded into it.

What the files hold is checked, not the .gz files themselves: mirrors compress the same images in different ways.
"""

from __future__ import annotations

import gzip
import hashlib
import http.client
import io
import urllib.error
import urllib.request
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from googlenet.commandline import one_line, say
from googlenet.data.idx import idx_content, read_idx
from minicnn.checkpoint import write_atomically

TIMEOUT = 10  # seconds without an answer, after which the next mirror is asked
LARGEST_DOWNLOAD = 64 << 20  # bytes; the largest of the files has 26 MB, unpacked 47 MB


@dataclass(frozen=True)
class MnistFiles:
    """One data set in the format of MNIST."""

    name: str  # what the user asks for
    title: str
    classes: tuple[str, ...]
    md5: dict[str, str]  # of what each file holds, unpacked: train images, train labels, test images, test labels
    mirrors: tuple[str, ...]
    folders: tuple[str, ...]  # where the files may lie, below the root; downloads go to the first


# The checksums: MNIST's from the files that googlenet/data/digits was made from (their SHA-256 stands there);
# Fashion-MNIST's as several public projects have them for the unpacked files, all the same; never computed here.
MNIST = MnistFiles(
    name="mnist",
    title="MNIST",
    classes=tuple("0123456789"),
    md5={
        "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
        "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
        "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
        "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
    },
    mirrors=(
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    ),
    folders=("mnist", "MNIST", "MNIST/raw", ""),
)
FASHION_MNIST = MnistFiles(
    name="fashion-mnist",
    title="Fashion-MNIST",
    classes=(
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    ),
    md5={
        "train-images-idx3-ubyte": "f4a8712d7a061bf5bd6d2ca38dc4d50a",
        "train-labels-idx1-ubyte": "9018921c3c673c538a1fc5bad174d6f9",
        "t10k-images-idx3-ubyte": "8181f5470baa50b63fa0f6fddb340f0a",
        "t10k-labels-idx1-ubyte": "15d484375f8d13e6eb1aabb0c3f46965",
    },
    mirrors=("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",),
    folders=("fashion-mnist", "FashionMNIST", "FashionMNIST/raw", ""),
)  # fmt: skip
DATA_SETS = {files.name: files for files in (MNIST, FASHION_MNIST)}


def load_mnist(files: MnistFiles, root: Path) -> tuple[list[Path], list[NDArray[np.uint8]]]:
    """The four files, and what they hold: train images (N, 28, 28), train labels (N,), test images, test labels.

    They lie in the first of `files.folders` below `root` that has all four, gzipped or not. What is missing is
    downloaded. Raises ValueError where a file is damaged or of another data set, FileNotFoundError, with what to put
    where, where files are missing and no mirror has them.
    """
    for folder in (root / name for name in files.folders):
        paths = _found(files, folder)
        # The root itself may hold another data set's files, which have the same names.
        if len(paths) == len(files.md5) and (folder != root or _is_of(files, paths)):
            break
    else:
        folder = root / files.folders[0]
        _download(files, folder)
        paths = _found(files, folder)
    return list(paths.values()), [_read(files, paths[name], md5) for name, md5 in files.md5.items()]


def _found(files: MnistFiles, folder: Path) -> dict[str, Path]:
    """The files that are there, unpacked or as .gz; also with the dot before "idx" that some archives have."""
    found: dict[str, Path] = {}
    for name in files.md5:
        dotted = name.replace("-idx", ".idx")
        for each in (name, f"{name}.gz", dotted, f"{dotted}.gz"):
            if (folder / each).is_file():
                found.setdefault(name, folder / each)
    return found


def _missing(files: MnistFiles, folder: Path) -> list[str]:
    there = _found(files, folder)
    return [name for name in files.md5 if name not in there]


def _is_of(files: MnistFiles, paths: Mapping[str, Path]) -> bool:
    """Whether the training labels, a small file, are those of this data set."""
    name = "train-labels-idx1-ubyte"
    return _md5(read_idx(paths[name])) == files.md5[name]


def _md5(array: NDArray[np.uint8]) -> str:
    return hashlib.md5(idx_content(array), usedforsecurity=False).hexdigest()


def _read(files: MnistFiles, path: Path, md5: str) -> NDArray[np.uint8]:
    array = read_idx(path)
    if _md5(array) != md5:
        raise ValueError(
            f"{path} does not hold what {files.title}'s file does (MD5 {_md5(array)} unpacked, expected {md5}). "
            f"Replace it; for images of your own, give the folder: --data {path.parent}"
        )
    return array


# ---- download ------------------------------------------------------------------------------------------------------


def _download(files: MnistFiles, folder: Path) -> None:
    """Get the files that are missing in `folder`, from the first mirror that has them."""
    problems = []
    for mirror in files.mirrors:
        try:
            for name in _missing(files, folder):
                say(f"getting {name}.gz from {mirror}", error=True)
                content = _get(f"{mirror}{name}.gz", files.md5[name])
                _keep(content, folder / f"{name}.gz")
            return
        except (urllib.error.URLError, TimeoutError, ConnectionError, http.client.HTTPException, ValueError) as error:
            reason = getattr(error, "reason", error)  # of a URLError, an exception or a text
            problems.append(f"{mirror}: {one_line(reason) if isinstance(reason, Exception) else reason}")
    missing = [f"{name} ({files.md5[name]})" for name in _missing(files, folder)]
    raise FileNotFoundError(
        f"{files.title} is not in {folder}, and cannot be downloaded ({'; '.join(problems)}). Put these files there, "
        f"as they are or as .gz: {', '.join(missing)}; in brackets the MD5 of the unpacked file"
    )


def _keep(content: bytes, path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise type(error)(f"the folder {path.parent} cannot be made ({error.strerror})") from error
    write_atomically(path, [content])


def _get(url: str, md5: str) -> bytes:
    """The file at the address; ValueError where it does not hold what it should."""
    with urllib.request.urlopen(url, timeout=TIMEOUT) as answer:
        content: bytes = answer.read(LARGEST_DOWNLOAD)
    try:
        with gzip.open(io.BytesIO(content)) as file:
            unpacked = file.read(LARGEST_DOWNLOAD)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        unpacked = b""
    if hashlib.md5(unpacked, usedforsecurity=False).hexdigest() != md5:
        raise ValueError("what it sends is another file, or not whole")
    return content
