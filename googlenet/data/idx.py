"""IDX files, the format of MNIST: a header with the shape, then the bytes; gzipped or not.

    bytes 0-1   zero
    byte  2     what the values are; 8: unsigned bytes, the only kind read here
    byte  3     the number of axes D
    then        D lengths, each a big-endian 32-bit integer
    then        the values, the last axis running fastest

(Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits".)
"""

from __future__ import annotations

import gzip
import io
import math
import os
import struct
import zlib
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

# A gzip file of zeros unpacks to a thousand times its size. EMNIST's largest file, 814,255 digits, unpacks to 0.6 GB.
LARGEST_UNPACKED = 4 << 30
MOST_AXES = 32
GZIP = b"\x1f\x8b"  # what a gzip file begins with


def read_idx(path: str | Path) -> NDArray[np.uint8]:
    """The array in an IDX file of unsigned bytes, such as images (N, H, W) or (N, H, W, 3), or labels (N,).

    The header must agree with what follows it, to the byte; no memory is taken before that is known or likely: an
    unpacked file must be as long as it says, a gzipped one no longer than LARGEST_UNPACKED.
    Raises ValueError, with the path, for anything else; OSError where the file cannot be read.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            if file.peek(2)[:2] != GZIP:
                return _read(file, path, os.fstat(file.fileno()).st_size)
            with gzip.open(file) as unpacked:
                return _read(unpacked, path, None)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"{path} is no whole gzip file ({error}). Get it again") from None
    except OSError as error:
        raise type(error)(f"{path} cannot be read ({error.strerror})") from error


def _read(file: IO[bytes] | gzip.GzipFile, path: Path, length: int | None) -> NDArray[np.uint8]:
    """length: of the file in bytes, where that is known."""
    start = file.read(4)
    if start[:3] != b"\0\0\x08" or len(start) < 4 or not 0 < start[3] <= MOST_AXES:
        raise ValueError(
            f"{path} is no IDX file of unsigned bytes: it starts with {start.hex() or 'nothing'}, expected 000008.."
        )
    axes = start[3]
    lengths = file.read(4 * axes)
    if len(lengths) < 4 * axes:
        raise ValueError(f"{path} is cut off in its header, which should have the lengths of {axes} axes")
    shape = struct.unpack(f">{axes}I", lengths)
    size, header = math.prod(shape), 4 + 4 * axes
    says = f"{path} says that it holds {' x '.join(map(str, shape))} bytes"
    if length is not None and length != header + size:
        problem = "is cut off or its header damaged" if length < header + size else "has more in it than that"
        raise ValueError(f"{says}, but {problem}: {length} bytes, expected {header + size}")
    if length is None and size > LARGEST_UNPACKED:
        raise ValueError(
            f"{says}, more than the {LARGEST_UNPACKED >> 30} GB that a gzip file is unpacked to. Unpack it"
        )
    # Into a buffer that grows with what comes, since only that shows whether a gzip file holds what it promises.
    content = io.BytesIO()
    while content.tell() < size and (part := file.read(min(1 << 20, size - content.tell()))):
        content.write(part)
    if content.tell() < size:
        raise ValueError(f"{says}, but is cut off after {content.tell()} of them. Get it again")
    if file.read(1):
        raise ValueError(f"{says}, but has more in it than that")
    return np.frombuffer(content.getbuffer(), np.uint8).reshape(shape)


def starts_as_idx(path: Path) -> bool:
    """Whether a file, gzipped or not, begins as IDX files of bytes do."""
    try:
        with path.open("rb") as file:
            start = file.read(3)
        if start[:2] == GZIP:
            with gzip.open(path) as unpacked:
                start = unpacked.read(3)
    except (OSError, EOFError, zlib.error):
        return False
    return start == b"\0\0\x08"


def idx_content(array: NDArray[np.uint8]) -> bytes:
    """An array as an IDX file has it, not gzipped: read_idx reads back the same array."""
    if array.dtype != np.uint8 or array.ndim == 0:
        raise ValueError(f"idx_content: array is {array.dtype} of {array.ndim} axes, expected uint8 of at least one")
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()


def read_pair(images: Path, labels: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Images (N, H, W) or (N, H, W, 3), and as many labels (N,), from two IDX files.

    Raises what `read_idx` raises, and ValueError where the shapes are others or there is no image.
    """
    y = read_idx(labels)
    if y.ndim != 1:
        raise ValueError(f"{labels} has shape {y.shape}, expected the labels: (N,)")
    x = read_idx(images)
    if not (x.ndim == 3 or (x.ndim == 4 and x.shape[3] == 3)) or x.size == 0:
        raise ValueError(f"{images} has shape {x.shape}, expected images: (N, H, W) or (N, H, W, 3), none of them 0")
    if len(x) != len(y):
        raise ValueError(f"{images} holds {len(x)} images, but {labels} {len(y)} labels: they belong to other data")
    return x, y
