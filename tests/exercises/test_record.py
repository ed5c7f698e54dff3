"""What comes back from an answer's process is data from a stranger."""

import io
import json

import numpy as np
import pytest

from exercises.answers import Failure
from exercises.record import LONGEST, from_record, to_record
from exercises.running import how_it_ended, read_results, where_it_was


@pytest.mark.parametrize(
    "outcome",
    [{"y": np.array([[1.5, np.nan]]), "b": np.array(True), "s": "text", "n": None}, Failure("E", "m", 3, "x")],
)
def test_there_and_back(outcome):
    found = from_record(json.loads(json.dumps(to_record(outcome))))
    if isinstance(outcome, Failure):
        assert found == outcome
    else:
        assert found.keys() == outcome.keys()
        for name, value in outcome.items():
            np.testing.assert_array_equal(found[name], value)


FAILURE = {"kind": "E", "message": "m", "line": 1, "code": "x", "unwritten": False}


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"outputs": 3},
        {"outputs": {"y": [[1]]}},
        {"outputs": {"y": 1}},
        {"outputs": {"y": {"dtype": "O", "shape": [1], "data": ""}}},
        {"outputs": {"y": {"dtype": ",", "shape": [1], "data": ""}}},
        {"outputs": {"y": {"dtype": "<f8", "shape": [-5], "data": "AAAA"}}},
        {"failure": {**FAILURE, "kind": ["E"]}},
        {"failure": {**FAILURE, "message": None}},
        {"failure": {**FAILURE, "line": "1"}},
        {"failure": {"kind": "E"}},
    ],
)
def test_what_is_none_is_refused(record):
    with pytest.raises(ValueError):
        from_record(record)


def test_a_long_message_is_cut():
    assert len(from_record({"failure": {**FAILURE, "message": "x" * 10**6}}).message) == LONGEST


def test_forged_lines_are_passed_over():
    good = json.dumps({"stage": 0, "case": 1, **to_record({"y": np.ones(2)})})
    lines = [
        "[" * 100_000,
        "3",
        "[]",
        '{"stage": 1e999, "case": 0, "outputs": {}}',
        '{"failure": 7}',
        good,
        '{"done": 1}',
    ]
    found, done = read_results(io.BytesIO("\n".join(lines).encode() + b"\n\xff\xfe{"))
    assert done and list(found.results) == [(0, 1)] and found.broken is None


@pytest.mark.parametrize("number", [0, 2, 10**8])
def test_a_forged_line_number_is_none(number, tmp_path):
    path = tmp_path / "answer.py"
    path.write_text("x = 1\n", encoding="utf-8")
    trace = f'  File "{path.resolve()}", line {number} in forward\n'
    assert where_it_was(io.BytesIO(trace.encode()), path) == (None, "")
    assert where_it_was(io.BytesIO(trace.replace(f"line {number}", "line 1").encode()), path) == (1, "x = 1")


@pytest.mark.parametrize(
    "status, words",
    [
        (0, "ended its own process"),
        (-11, "SIGSEGV"),
        (139, "SIGSEGV"),
        (152, "SIGXCPU"),
        (3, "status 3"),
        (-9, "SIGKILL"),
    ],
)
def test_how_a_process_ended_in_words(status, words):
    assert words in how_it_ended(status)
