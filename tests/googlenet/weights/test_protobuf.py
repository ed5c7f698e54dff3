"""Protobuf's wire format: what Google's own library writes is read, and nothing that a file says is believed."""

import itertools
import os
import struct

import numpy as np
import pytest
from caffe_files import field, one_by_one, packed, varint
from hypothesis import given, settings
from hypothesis import strategies as st

from googlenet.weights import protobuf
from googlenet.weights.protobuf import MOST_FIELDS, Message, read_message


def parsed(content):
    return Message(memoryview(content))


# ---- what is written is read ---------------------------------------------------------------------------------------

INT64, FLOAT, DOUBLE, STRING, MESSAGE = 3, 2, 1, 9, 11  # descriptor.proto's FieldDescriptorProto.Type
KINDS = {  # a field's number: its type, whether it is a list, whether that is packed
    1: (INT64, False, False),
    2: (INT64, True, True),
    3: (INT64, True, False),
    4: (FLOAT, True, True),
    5: (FLOAT, True, False),
    6: (DOUBLE, True, True),
    300: (DOUBLE, True, False),
    8: (STRING, False, False),
    9: (STRING, True, False),
    10: (MESSAGE, False, False),
    11: (MESSAGE, True, False),
}


@pytest.fixture(scope="module")
def google_message():
    """A class of Google's library for messages with the fields above."""
    descriptors = pytest.importorskip("google.protobuf.descriptor_pb2", reason="needs pip install protobuf")
    from google.protobuf import descriptor_pool, message_factory

    file = descriptors.FileDescriptorProto(name="any.proto", package="any", syntax="proto2")
    message = file.message_type.add(name="Any")
    for number, (kind, repeated, pack) in KINDS.items():
        one = message.field.add(name=f"field{number}", number=number, type=kind, label=3 if repeated else 1)
        if kind == MESSAGE:
            one.type_name = ".any.Any"
        elif repeated and kind != STRING:
            one.options.packed = pack
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("any.Any"))


wholes = st.integers(-(1 << 63), (1 << 63) - 1)
singles = st.floats(width=32, allow_nan=False)
doubles = st.floats(allow_nan=False)


@settings(max_examples=20, deadline=None)
@given(
    whole=wholes,
    lists=st.tuples(*(st.lists(kind, max_size=9) for kind in (wholes, wholes, singles, singles, doubles, doubles))),
    text=st.text(max_size=20),
    texts=st.lists(st.text(max_size=5), max_size=3),
)
def test_what_google_s_library_writes_is_read(google_message, whole, lists, text, texts):
    written = google_message(field1=whole, field8=text, field9=texts)
    for number, values in zip((2, 3, 4, 5, 6, 300), lists, strict=True):
        getattr(written, f"field{number}").extend(values)
    inner = google_message(field1=7)
    outer = google_message(field10=written, field11=[written, inner])
    top = parsed(outer.SerializeToString())
    for message in (top.message(10), next(top.messages(11))):
        assert message.integer(1) == whole
        assert message.integers(2, 9) == lists[0]
        assert message.integers(3, 9) == lists[1]
        for number, dtype, values in zip((4, 5, 6, 300), ("<f4", "<f4", "<f8", "<f8"), lists[2:], strict=True):
            array = message.numbers(number, dtype)
            assert array.dtype == dtype
            np.testing.assert_array_equal(array, np.array(values, dtype))
        assert message.text(8) == text
        assert message.texts(9) == texts
    assert [message.integer(1) for message in top.messages(11)] == [whole, 7]


def test_what_is_not_there_is_empty():
    message = parsed(field(9, 1))
    assert (message.integer(1), message.integer(1, -5), message.integers(1, 3)) == (0, -5, [])
    assert (message.text(1), message.texts(1), message.parts(1), list(message.messages(1))) == ("", [], [], [])
    assert message.message(1).fields == {}
    assert message.numbers(1, "<f4").shape == (0,)


def test_of_several_single_values_the_last_counts():
    message = parsed(field(1, 3) + field(1, 4) + field(2, "a") + field(2, "b") + field(3, field(1, 1)) + field(3, b""))
    assert (message.integer(1), message.text(2), message.message(3).fields) == (4, "b", {})


@pytest.mark.parametrize(("number", "dtype"), [(5, "<f4"), (300, "<f4"), (5, "<f8"), (300, "<f8")])
def test_a_list_that_is_not_packed_is_one_look(number, dtype):
    """However long it is, it is one field; pieces of it, other fields between, and packed ones among them add up."""
    values = np.random.default_rng(0).normal(size=1000).astype(dtype)
    counter = itertools.count(1)
    pieces = one_by_one(number, values[:900]) + field(1, 7) + one_by_one(number, values[900:901])
    message = Message(memoryview(pieces + packed(number, values[901:])), counter)
    np.testing.assert_array_equal(message.numbers(number, dtype), values)
    assert message.integer(1) == 7
    assert next(counter) == 5
    between = one_by_one(number, values[:3]) + one_by_one(number + 16, values[:2]) + one_by_one(number, values[3:])
    np.testing.assert_array_equal(parsed(between).numbers(number, dtype), values)
    np.testing.assert_array_equal(parsed(between).numbers(number + 16, dtype), values[:2])


def test_packed_numbers_are_not_copied():
    content = np.arange(1000, dtype="<f4")
    data = memoryview(packed(4, content))
    assert np.shares_memory(Message(data).numbers(4, "<f4"), np.frombuffer(data, np.uint8))


# ---- what is not believed ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            varint(5 << 3 | 2) + varint(1 << 60) + b"abc",
            r"cut off or damaged: field 5 has 1,152,921,504,606,846,976 bytes",
        ),
        (field(5, b"abc")[:-1], "field 5 has 3 bytes, of which 2 follow"),
        (varint(5 << 3), "cut off inside of a number"),
        (b"\x80", "cut off inside of a number"),
        (b"\xff" * 10 + b"\x01", "a number has more than 10 bytes"),
        (varint(5 << 3 | 5) + b"abc", "cut off inside of a number"),
        (varint(5 << 3 | 1) + b"abcdefg", "cut off inside of a number"),
        (one_by_one(5, np.ones(9, np.float32))[:-1], "cut off inside of a number"),
        (varint(5 << 3 | 3), "a field has wire type 3"),
        (b'name: "GoogleNet"', "a field has wire type 6"),
        (b"\xff\xd8\xff\xe0\x00\x10", "a field has wire type 7"),
        (field(0, 1), "a field has number 0"),
    ],
)
def test_what_is_no_message_is_refused(content, message):
    with pytest.raises(ValueError, match=message):
        parsed(content)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_a_message_or_refused(content):
    try:
        message = parsed(content)
    except ValueError:
        return
    for number in message.fields:
        for method in (message.integer, message.text, message.texts, message.parts, message.message):
            refuses_or_returns(method, number)
        refuses_or_returns(lambda number: list(message.messages(number)), number)
        refuses_or_returns(lambda number: message.integers(number, 5), number)
        refuses_or_returns(lambda number: message.numbers(number, "<f4"), number)


def refuses_or_returns(method, number):
    try:
        method(number)
    except ValueError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize(
    "read",
    [
        lambda m: m.text(1),
        lambda m: m.message(1),
        lambda m: list(m.messages(1)),
        lambda m: m.integer(2),
        lambda m: m.integers(3, 5),
        lambda m: m.numbers(1, "<f4"),
        lambda m: m.numbers(2, "<f4"),
        lambda m: m.numbers(3, "<f8"),
        lambda m: m.parts(4),
        lambda m: m.numbers(4, "<f4"),
    ],
)
def test_a_field_of_another_kind_is_refused_by_its_number(read):
    content = field(1, 7) + field(2, b"abc") + one_by_one(3, np.ones(1, np.float32)) + field(4, 7) + field(4, b"1234")
    message = parsed(content)
    with pytest.raises(ValueError, match="is of another kind or damaged: field [1234] is "):
        read(message)


def test_lists_of_integers_are_no_longer_than_expected():
    loose, tight = field(1, 7) * 6, field(1, bytes(6))
    for content in (loose, tight):
        assert len(parsed(content).integers(1, 6)) == 6
        with pytest.raises(ValueError, match="field 1 has 6 integers, expected at most 5"):
            parsed(content).integers(1, 5)
    with pytest.raises(ValueError, match="field 1 is no list of integers"):
        parsed(field(1, bytes(51))).integers(1, 5)  # not even counted
    with pytest.raises(ValueError, match="cut off inside of a number"):
        parsed(field(1, b"\x01\x80")).integers(1, 5)


def test_a_number_has_64_bits():
    assert parsed(b"\x08" + b"\xff" * 9 + b"\x01").integer(1) == -1
    assert parsed(b"\x08" + b"\xff" * 9 + b"\x7f").integer(1) == -1  # as others read it


def test_text_is_no_longer_than_names_are(monkeypatch):
    monkeypatch.setattr(protobuf, "LONGEST_TEXT", 3)
    assert parsed(field(1, "abc")).text(1) == "abc"
    with pytest.raises(ValueError, match="field 1 is a text of more than 3 bytes"):
        parsed(field(1, "abcd")).text(1)
    assert parsed(field(1, b"\xff!")).text(1) == "\N{REPLACEMENT CHARACTER}!"


def test_a_million_fields_are_not_read():
    counter = itertools.count(1)
    with pytest.raises(ValueError, match="has more than 65,536 fields"):
        Message(memoryview(b"\x0a\x00" * 1_000_000), counter)
    assert next(counter) == MOST_FIELDS + 2


def test_the_fields_of_all_messages_are_counted_together(monkeypatch):
    monkeypatch.setattr(protobuf, "MOST_FIELDS", 100)
    content = field(1, field(2, 3) * 9) * 10
    assert len(list(parsed(content[: len(content) // 2]).messages(1))) == 5
    with pytest.raises(ValueError, match="more than 100 fields"):
        list(parsed(content + field(9, 9)).messages(1))
    with pytest.raises(ValueError, match="more than 100 fields"):
        message = parsed(field(1, field(2, 3) * 99))
        message.message(1), message.message(1)


def test_ten_thousand_messages_in_each_other_are_one():
    content = b""
    for _ in range(10_000):
        content = field(1, content)
    counter = itertools.count(1)
    Message(memoryview(content), counter).message(1)
    assert next(counter) == 3


# ---- files ---------------------------------------------------------------------------------------------------------


def test_a_file_is_one_message(tmp_path):
    path = tmp_path / "any"
    path.write_bytes(field(1, 7) + packed(2, np.ones(3, np.float32)))
    message = read_message(path)
    assert message.integer(1) == 7
    path.write_bytes(b"")
    with pytest.raises(ValueError, match="is empty"):
        read_message(path)


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate((512 << 20) + 1)  # takes no room on the disk
    with pytest.raises(ValueError, match="has 536,870,913 bytes, more than the 512 MB"):
        read_message(path)


def test_what_is_no_file_is_refused(tmp_path):
    for path in (tmp_path, tmp_path / "nothing"):
        with pytest.raises(OSError, match=f"^{path} cannot be read "):
            read_message(path)
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(ValueError, match="is no regular file"):
            read_message(tmp_path / "pipe")


def test_the_bytes_are_those_of_the_specification():
    """Its own examples (protobuf.dev, "Encoding"): field 1 is 150, field 2 "testing", field 6 packed 3, 270, 86942."""
    content = bytes.fromhex("089601") + bytes.fromhex("120774657374696e67") + bytes.fromhex("3206038e029ea705")
    message = parsed(content + b"\x1d" + struct.pack("<f", 0.5))
    assert (message.integer(1), message.text(2), message.integers(6, 3)) == (150, "testing", [3, 270, 86942])
    assert message.numbers(3, "<f4").tolist() == [0.5]
