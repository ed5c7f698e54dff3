"""Protobuf's wire format, in which Caffe and ONNX keep their networks; as much of it as they use.

A message is a row of fields, with nothing before, between or after them. Each begins with a tag, which is
(number << 3) | wire type, and goes on as the wire type says:

    0  varint          a whole number: 7 bits a byte, the lowest first; a set top bit says that more bytes follow
    1  8 bytes         a double
    2  length, bytes   the length is a varint; the bytes are text, a message again, or many numbers ("packed")
    5  4 bytes         a float

What a field's number means is not in the file, but in the .proto of its format. A field may come several times: then it
is a list. Numbers in a list are packed into one field or come one by one, and a reader takes both.

Nothing that the file says is believed: each length is compared with what is left, the fields of all messages together
are counted, and a message inside of another is read only when it is asked for, so that none can be too deep.
Source: protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import DTypeLike, NDArray

LARGEST_FILE = 512 << 20  # bytes; Caffe's GoogLeNet has 53 million, a naive one in ONNX 390
MOST_FIELDS = 1 << 16  # in the whole file; a GoogLeNet in ONNX has some 3,000
LONGEST_TEXT = 1 << 20  # bytes; a thousand names of classes have 20,000

VARINT, BYTES, FIXED = 0, 2, {1: 8, 5: 4}  # wire types; FIXED: and how many bytes follow


def read_message(path: Path) -> Message:
    """The message that a file holds.

    ValueError where it cannot be one; OSError, with the path, where it cannot be read.
    """
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            raise ValueError("is no regular file")  # reading it might never end
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > LARGEST_FILE:
                raise ValueError(
                    f"has {size:,} bytes, more than the {LARGEST_FILE >> 20} MB that are read of a network"
                )
            data = file.read(size)
    except OSError as error:
        raise type(error)(f"{path} cannot be read ({error.strerror})") from error
    if not data:
        raise ValueError("is empty")
    return Message(memoryview(data))


class Message:
    """The fields of one message by number, as values of their wire types; the methods read them as what they mean.

    Each method raises ValueError, naming the field, where its bytes are something else.
    """

    def __init__(self, data: memoryview, counter: Iterator[int] | None = None) -> None:
        """counter: of the fields that were read so far, one for the whole file."""
        self.counter = itertools.count(1) if counter is None else counter
        self.fields: dict[int, list[int | memoryview | NDArray[np.uint8]]] = {}
        position = 0
        while position < len(data):
            if next(self.counter) > MOST_FIELDS:
                raise ValueError(f"has more than {MOST_FIELDS:,} fields, which no network has")
            start = position
            tag, position = varint(data, position)
            number, wire_type = tag >> 3, tag & 7
            value: int | memoryview | NDArray[np.uint8]
            if wire_type == VARINT:
                value, position = varint(data, position)
            elif wire_type == BYTES:
                length, position = varint(data, position)
                if length > (left := len(data) - position):
                    raise ValueError(
                        f"is cut off or damaged: field {number} has {length:,} bytes, of which {left:,} follow"
                    )
                value, position = data[position : position + length], position + length
            elif wire_type in FIXED:
                value = fixed_values(data, start, position, FIXED[wire_type])
                position = start + len(value) * (position - start + FIXED[wire_type])
            else:
                raise ValueError(f"is no protobuf file, or damaged: a field has wire type {wire_type}")
            if number == 0:
                raise ValueError("is no protobuf file, or damaged: a field has number 0")
            self.fields.setdefault(number, []).append(value)

    def parts(self, number: int) -> list[memoryview]:
        """Field `number`, every time that it comes, as bytes."""
        values = self.fields.get(number, [])
        parts = [value for value in values if isinstance(value, memoryview)]
        if len(parts) < len(values):
            raise ValueError(f"is of another kind or damaged: field {number} is a number, expected bytes")
        return parts

    def messages(self, number: int) -> Iterator[Message]:
        """Field `number` as messages, read one after the other."""
        return (Message(part, self.counter) for part in self.parts(number))

    def message(self, number: int) -> Message:
        """Field `number` as a message, an empty one where it is not there; of several the last counts."""
        return Message((self.parts(number) or [memoryview(b"")])[-1], self.counter)

    def texts(self, number: int) -> list[str]:
        """Field `number` as a list of texts."""
        parts = self.parts(number)
        if any(len(part) > LONGEST_TEXT for part in parts):
            raise ValueError(f"is damaged: field {number} is a text of more than {LONGEST_TEXT:,} bytes")
        return [bytes(part).decode("utf-8", "replace") for part in parts]

    def text(self, number: int) -> str:
        """Field `number` as text, "" where it is not there."""
        return (self.texts(number) or [""])[-1]

    def integers(self, number: int, most: int) -> list[int]:
        """Field `number` as a list of signed 64-bit integers, of which there may be `most`."""
        found: list[int] = []
        for value in self.fields.get(number, []):
            if isinstance(value, int):
                found.append(value)
            elif isinstance(value, memoryview) and len(value) <= 10 * most:  # a varint has 10 bytes at most
                position = 0
                while position < len(value):
                    one, position = varint(value, position)
                    found.append(one)
            else:
                raise ValueError(f"is of another kind or damaged: field {number} is no list of integers")
        if len(found) > most:
            raise ValueError(f"is damaged: field {number} has {len(found):,} integers, expected at most {most:,}")
        return [signed(value) for value in found]

    def integer(self, number: int, default: int = 0) -> int:
        """Field `number` as a signed integer; of several the last counts."""
        if number not in self.fields:
            return default
        value = self.fields[number][-1]
        if not isinstance(value, int):
            raise ValueError(f"is of another kind or damaged: field {number} is no integer")
        return signed(value)

    def numbers(self, number: int, dtype: DTypeLike) -> NDArray[np.generic]:
        """Field `number` as an array (N,) of floats (dtype "<f4") or doubles ("<f8"); packed, it is a view."""
        size = np.dtype(dtype).itemsize
        arrays: list[NDArray[np.generic]] = []
        for value in self.fields.get(number, []):
            if isinstance(value, memoryview) and len(value) % size == 0:
                arrays.append(np.frombuffer(value, dtype))
            elif isinstance(value, np.ndarray) and value.shape[1] == size:
                arrays.append(np.ascontiguousarray(value).view(dtype)[:, 0])
            else:
                raise ValueError(f"is of another kind or damaged: field {number} is no list of {size}-byte numbers")
        return arrays[0] if len(arrays) == 1 else np.concatenate([np.zeros(0, dtype), *arrays])


def varint(data: memoryview, position: int) -> tuple[int, int]:
    """The varint at `position`, from 0 to 2**64 - 1, and the position behind it."""
    value = 0
    for shift in range(0, 70, 7):
        if position >= len(data):
            raise ValueError("is cut off inside of a number")
        byte = data[position]
        value |= (byte & 0x7F) << shift
        position += 1
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, position
    raise ValueError("is no protobuf file, or damaged: a number has more than 10 bytes")


def signed(value: int) -> int:
    """A varint as the signed 64-bit integer that it stands for: two's complement."""
    return value - (1 << 64) if value >> 63 else value


def fixed_values(data: memoryview, start: int, position: int, size: int) -> NDArray[np.uint8]:
    """The values of a field with its tag at `start` and `size` bytes at `position`: (N, size), views.

    A list that is not packed has millions of them, each behind its tag, so all that follow one another are found at
    once.
    """
    step = position - start + size
    rest = np.frombuffer(data, np.uint8, offset=start)
    rows = rest[: len(rest) // step * step].reshape(-1, step)
    if len(rows) == 0:
        raise ValueError("is cut off inside of a number")
    tags, count = rows[:, : position - start], 1
    while count < len(rows):
        same = (tags[count : 2 * count] == tags[0]).all(axis=1)
        count += len(same) if same.all() else int(same.argmin())
        if not same.all():
            break
    return rows[:count, position - start :]
