"""What passes between the process that runs an answer and the one that judges it: JSON lines, data and never code."""

from __future__ import annotations

import base64
from dataclasses import asdict
from typing import Any

import numpy as np

from exercises.answers import Failure
from exercises.stages import Outputs

LARGEST = 4_000_000  # bytes of one array
LONGEST = 2000  # characters of an error's message


def to_record(found: Outputs | Failure) -> dict[str, Any]:
    """As JSON has it."""
    if isinstance(found, Failure):
        return {"failure": asdict(found)}
    return {"outputs": {name: value_to_record(value) for name, value in found.items()}}


def value_to_record(value: Any) -> Any:
    if not isinstance(value, np.ndarray):
        return value
    if value.nbytes > LARGEST:
        return f"an array of shape {value.shape}, {value.nbytes:,} bytes"
    data = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode()
    return {"dtype": value.dtype.str, "shape": list(value.shape), "data": data}


def from_record(record: Any) -> Outputs | Failure:
    """What `to_record` made. ValueError where it is something else."""
    try:
        if "failure" in record:
            return failure_from_record(**record["failure"])
        return {str(name): value_from_record(value) for name, value in record["outputs"].items()}
    except (TypeError, KeyError, AttributeError, SyntaxError) as error:
        raise ValueError(f"not a record of outputs: {error}") from error


def failure_from_record(
    kind: str, message: str, line: int | None, code: str, unwritten: bool, column: int | None = None
) -> Failure:
    texts = [text[:LONGEST] for text in (kind, message, code)]  # TypeError for what has no beginning
    numbers = (line, column)
    if not all(isinstance(text, str) for text in texts) or not all(isinstance(n, int | None) for n in numbers):
        raise ValueError("a failure in words that are none")
    return Failure(texts[0], texts[1], line, texts[2], bool(unwritten), column)


def value_from_record(value: Any) -> Any:
    if value is None or isinstance(value, str):
        return value
    if not isinstance(value, dict):
        raise ValueError(f"a {type(value).__name__} for an output")
    dtype = np.dtype(value["dtype"])
    if dtype.kind not in "biuf":
        raise ValueError(f"an array of {dtype}")
    array = np.frombuffer(base64.b64decode(value["data"]), dtype)
    return array.reshape(value["shape"]).copy()
