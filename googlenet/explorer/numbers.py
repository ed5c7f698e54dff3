"""The exact numbers of a page: float32 arrays one after the other, in one text that a browser can unpack."""

from __future__ import annotations

import base64
import gzip
import hashlib

import numpy as np


class Numbers:
    """Arrays by name. `index` says where each begins, in floats, and its shape: {name: {"at": 0, "shape": [2, 3]}}.

    Equal arrays are kept once: an addition, say, sends its gradient on as it is.
    """

    def __init__(self) -> None:
        self.index: dict[str, dict] = {}
        self._arrays: list[bytes] = []
        self._begins: dict[bytes, int] = {}  # of each array, by the hash of its bytes
        self._end = 0

    def add(self, name: str, array: np.ndarray) -> str:
        """Keep the array as float32; returns its name. ValueError where the name is taken."""
        if name in self.index:
            raise ValueError(f"Numbers: there is an array {name!r} already")
        array = np.asarray(array)
        data = array.astype("<f4").tobytes()
        key = hashlib.sha256(data).digest()
        if key not in self._begins:
            self._begins[key] = self._end
            self._arrays.append(data)
            self._end += array.size
        self.index[name] = {"at": self._begins[key], "shape": list(array.shape)}
        return name

    def text(self) -> str:
        """All of them: base64 of gzip of the floats, little-endian. The same arrays give the same text."""
        return base64.b64encode(gzip.compress(b"".join(self._arrays), mtime=0)).decode("ascii")
