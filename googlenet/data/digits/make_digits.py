"""Make digits.npz from the four official MNIST files. The same files give the same bytes, every time.

    python -m googlenet.data.digits.make_digits FOLDER

FOLDER holds train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, t10k-images-idx3-ubyte.gz and
t10k-labels-idx1-ubyte.gz. README.md beside this file says where they come from.
"""

import argparse
import hashlib
import io
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from googlenet.data.digits import DIGITS_FILE, DIGITS_SHA256
from googlenet.data.idx import idx_content, read_idx

# sha256 of what the .gz files hold, not of the .gz files: mirrors compress the same digits in different ways.
OFFICIAL_SHA256 = {
    "train-images-idx3-ubyte.gz": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte.gz": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte.gz": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte.gz": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
CLASSES = 10
TRAIN_PER_CLASS = 500
TEST_PER_CLASS = 100


def read_official(folder: Path, name: str) -> NDArray[np.uint8]:
    """One official file as an array: images (N, 28, 28) or labels (N,).

    Raises OSError where it cannot be read, ValueError where it does not hold exactly what MNIST's file holds.
    """
    path = folder / name
    array = read_idx(path)
    sha256 = hashlib.sha256(idx_content(array)).hexdigest()
    if sha256 != OFFICIAL_SHA256[name]:
        raise ValueError(f"{path}: not MNIST's file: its content has sha256 {sha256}, expected {OFFICIAL_SHA256[name]}")
    return array


def choose(labels: NDArray[np.uint8], per_class: int) -> NDArray[np.intp]:
    """Indices of `per_class` digits of each class, spread evenly over the file, in file order.

    Of the n digits of a class, number floor(k n / per_class) for k = 0, 1, ..., per_class - 1. Evenly spread, because
    the halves of MNIST's test file come from different writers and are not equally hard (README.md has the numbers).
    """
    chosen = []
    for digit in range(CLASSES):
        members = np.flatnonzero(labels == digit)
        if len(members) < per_class:
            raise ValueError(f"class {digit} has {len(members)} digits, {per_class} are needed")
        chosen.append(members[np.arange(per_class) * len(members) // per_class])
    return np.sort(np.concatenate(chosen))


def pack(arrays: dict[str, NDArray[np.uint8]]) -> bytes:
    """The arrays as the content of an .npz file: a zip of .npy files, with no clock and no system written into it."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, array in arrays.items():
            npy = io.BytesIO()
            np.save(npy, array, allow_pickle=False)
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.create_system = 3  # Unix, wherever this runs
            archive.writestr(entry, npy.getvalue(), zipfile.ZIP_DEFLATED, compresslevel=9)
    return stream.getvalue()


def make_digits(folder: Path) -> bytes:
    """The content of digits.npz, from the official files in `folder`. Raises OSError or ValueError as read_official."""
    arrays = {}
    for split, prefix, per_class in (("train", "train", TRAIN_PER_CLASS), ("test", "t10k", TEST_PER_CLASS)):
        images = read_official(folder, f"{prefix}-images-idx3-ubyte.gz")
        labels = read_official(folder, f"{prefix}-labels-idx1-ubyte.gz")
        chosen = choose(labels, per_class)
        arrays[f"{split}_images"] = images[chosen]
        arrays[f"{split}_labels"] = labels[chosen]
    return pack(arrays)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:  # argparse would print the usage above the message
        self.exit(2, f"make_digits: {message}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = _Parser(
        prog="python -m googlenet.data.digits.make_digits",
        description="Make digits.npz, the 6,000 digits that come with googlenet, from the official MNIST files.",
        epilog="example: python -m googlenet.data.digits.make_digits ~/data/mnist",
    )
    parser.add_argument("folder", type=Path, metavar="FOLDER", help="the folder with the four official .gz files")
    parser.add_argument("--output", type=Path, default=DIGITS_FILE, metavar="FILE", help="default: %(default)s")
    options = parser.parse_args(arguments)
    try:
        content = make_digits(options.folder)
        options.output.write_bytes(content)
    except (OSError, ValueError) as error:
        print(f"make_digits: {error}", file=sys.stderr)
        return 2
    sha256 = hashlib.sha256(content).hexdigest()
    print(f"{options.output}: {len(content)} bytes, sha256 {sha256}")
    if sha256 != DIGITS_SHA256:
        print(
            f"make_digits: note: load_digits expects sha256 {DIGITS_SHA256}. Either another zlib wrote the same digits "
            "in other bytes, or the choice was changed: then update DIGITS_SHA256 in __init__.py beside this file.",
            file=sys.stderr,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
