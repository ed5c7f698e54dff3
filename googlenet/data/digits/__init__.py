"""6,000 real handwritten digits of MNIST, small enough to lie in the repository: training works offline, at once.

5,000 digits for training (500 a class, from MNIST's training files) and 1,000 for testing (100 a class, from its test
files), as MNIST has them: 28x28, white on black, uint8. README.md beside this file tells which ones, and the license;
make_digits.py makes the file again from the official ones.
"""

import hashlib
import io
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

DIGITS_FILE = Path(__file__).with_name("digits.npz")
DIGITS_SHA256 = "a0177153d6b6fa6c20aced06a4683d9cd4c400faa3216c398335a8a7b760da05"
_REMEDY = "install again, or make it with `python -m googlenet.data.digits.make_digits FOLDER`"


class Digits(NamedTuple):
    """Images are 0 (paper) to 255 (ink); labels 0 to 9; the digits stand in MNIST's own order, classes mixed."""

    train_images: NDArray[np.uint8]  # (5000, 28, 28)
    train_labels: NDArray[np.int64]  # (5000,)
    test_images: NDArray[np.uint8]  # (1000, 28, 28)
    test_labels: NDArray[np.int64]  # (1000,)


def load_digits(path: str | Path = DIGITS_FILE) -> Digits:
    """Read the digits; new arrays at every call, so a caller may change its own.

    Raises FileNotFoundError where the file is missing, ValueError where its bytes are not the ones expected.
    """
    try:
        content = Path(path).read_bytes()
    except FileNotFoundError:
        raise FileNotFoundError(f"load_digits: {path} is missing; {_REMEDY}") from None
    sha256 = hashlib.sha256(content).hexdigest()
    if sha256 != DIGITS_SHA256:
        raise ValueError(f"load_digits: {path} is damaged: sha256 {sha256}, expected {DIGITS_SHA256}; {_REMEDY}")
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return Digits(
            train_images=arrays["train_images"],
            train_labels=arrays["train_labels"].astype(np.int64),
            test_images=arrays["test_images"],
            test_labels=arrays["test_labels"].astype(np.int64),
        )
