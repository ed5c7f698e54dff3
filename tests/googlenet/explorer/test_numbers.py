import base64
import gzip

import numpy as np
import pytest

from googlenet.explorer.numbers import Numbers


def floats(numbers):
    return np.frombuffer(gzip.decompress(base64.b64decode(numbers.text())), "<f4")


def test_arrays_stand_one_after_the_other():
    numbers = Numbers()
    assert numbers.add("a", np.array([[0, 3], [1, 4], [2, 5]]).T) == "a"
    numbers.add("b", np.float64(0.1))
    numbers.add("c", np.arange(3, dtype=np.float32)[::-1])
    assert numbers.index == {"a": {"at": 0, "shape": [2, 3]}, "b": {"at": 6, "shape": []}, "c": {"at": 7, "shape": [3]}}
    assert floats(numbers).tolist() == [0, 1, 2, 3, 4, 5, np.float32(0.1), 2, 1, 0]


def test_equal_arrays_are_kept_once():
    numbers = Numbers()
    for name, array in {"a": np.ones(3), "b": np.zeros(2), "c": np.ones((3, 1))}.items():
        numbers.add(name, array)
    assert [numbers.index[name]["at"] for name in "abc"] == [0, 3, 0]
    assert numbers.index["c"]["shape"] == [3, 1] and len(floats(numbers)) == 5


def test_a_name_is_taken_once():
    numbers = Numbers()
    numbers.add("a", np.ones(3))
    with pytest.raises(ValueError, match="Numbers: there is an array 'a' already"):
        numbers.add("a", np.ones(3))


def test_the_same_text_at_any_time(monkeypatch):
    numbers = Numbers()
    numbers.add("a", np.ones(3))
    monkeypatch.setattr("time.time", lambda: 0.0)
    first = numbers.text()
    monkeypatch.setattr("time.time", lambda: 1e9)
    assert numbers.text() == first
