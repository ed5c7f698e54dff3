"""IDX files: what was written is read, and a header is believed only as far as the file goes."""

import gzip
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from googlenet.data import idx
from googlenet.data.idx import idx_content, read_idx, read_pair, starts_as_idx


def header(*shape, kind=8):
    return struct.pack(f">HBB{len(shape)}I", 0, kind, len(shape), *shape)


def written(path, content):
    path.write_bytes(content)
    return path


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    return tmp_path_factory.mktemp("idx")


@settings(max_examples=40)
@given(array=arrays.arrays(np.uint8, arrays.array_shapes(max_dims=4, min_side=0, max_side=4)), gzipped=st.booleans())
def test_what_is_written_is_read(scratch, array, gzipped):
    content = header(*array.shape) + array.tobytes()
    assert idx_content(array) == content
    read = read_idx(written(scratch / "any", gzip.compress(content, 1) if gzipped else content))
    assert read.dtype == np.uint8
    np.testing.assert_array_equal(read, array)
    read[...] = 0  # nobody else's


@settings(max_examples=40)
@given(st.binary(max_size=40).map(lambda rest: b"\0\0\x08" + rest) | st.binary(max_size=8), st.booleans())
def test_any_bytes_are_read_or_refused_with_the_path(scratch, content, gzipped):
    path = written(scratch / "any", gzip.compress(content, 1) if gzipped else content)
    try:
        array = read_idx(path)
    except ValueError as error:
        assert str(path) in str(error) and "\n" not in str(error)
    else:
        assert idx_content(array) == content


@pytest.mark.parametrize("gzipped", [False, True])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "starts with nothing, expected 000008"),
        (b"\0\0\x08", "starts with 000008, expected"),
        (b"\0\0\x08\0", "starts with 00000800, expected"),
        (b"\0\0\x08\x21" + b"\0\0\0\1" * 33 + b"!", "starts with 00000821, expected"),
        (b"P5 28 28", "no IDX file of unsigned bytes: it starts with 50352032"),
        (header(2, kind=13) + b"\0" * 8, "no IDX file of unsigned bytes: it starts with 00000d01"),
        (header(2, 3)[:-1], "cut off in its header, which should have the lengths of 2 axes"),
        (header(2, 3) + b"12345", "says that it holds 2 x 3 bytes, but is cut off"),
        (header(2, 3) + b"1234567", "says that it holds 2 x 3 bytes, but has more in it than that"),
        (header(0) + b"1", "says that it holds 0 bytes, but has more in it"),
    ],
)
def test_anything_else_is_refused(tmp_path, content, message, gzipped):
    path = written(tmp_path / "images", gzip.compress(content) if gzipped else content)
    with pytest.raises(ValueError, match=f"{path} .*{message}"):
        read_idx(path)


@pytest.mark.parametrize("gzipped", [False, True])
@pytest.mark.parametrize("shape", [(1 << 20, 1 << 10, 1 << 10), (1 << 31, 4), (0xFFFFFFFF,) * 32])
def test_a_header_that_promises_terabytes_takes_no_memory(tmp_path, shape, gzipped):
    content = header(*shape) + b"\0" * 1000
    path = written(tmp_path / "images", gzip.compress(content) if gzipped else content)
    with pytest.raises(ValueError, match="more than the 4 GB" if gzipped else "is cut off or its header damaged"):
        read_idx(path)


def test_a_gzip_file_is_read_no_further_than_it_says(tmp_path, monkeypatch):
    """A bomb: 50 MB of zeros in 50 KB, behind a header that speaks of 4 bytes, or of more than is let in."""
    read = []
    monkeypatch.setattr(
        gzip.GzipFile, "read", lambda file, size, read_=gzip.GzipFile.read: read.append(size) or read_(file, size)
    )
    zeros = gzip.compress(bytes(50 << 20), 1)
    with pytest.raises(ValueError, match="has more in it than that"):
        read_idx(written(tmp_path / "short", gzip.compress(header(4)) + zeros))
    assert sum(read) < 100
    monkeypatch.setattr(idx, "LARGEST_UNPACKED", 1 << 20)
    with pytest.raises(ValueError, match="holds 50 x 1048576 bytes, more than the 0 GB"):
        read_idx(written(tmp_path / "long", gzip.compress(header(50, 1 << 20)) + zeros))
    assert sum(read) < 200


@pytest.mark.parametrize("damage", [lambda b: b[:-9], lambda b: b[:10] + b"\xff" + b[11:], lambda b: b[:-6] + b"!" * 6])
def test_a_damaged_gzip_file_is_refused(tmp_path, damage):
    array = np.random.default_rng(0).integers(0, 256, 3000, dtype=np.uint8)
    path = written(tmp_path / "images.gz", damage(gzip.compress(idx_content(array))))
    with pytest.raises(ValueError, match=r"images\.gz is no whole gzip file \(.*Get it again"):
        read_idx(path)


@pytest.mark.parametrize("name", ["", "nothing"])
def test_what_cannot_be_opened_is_named(tmp_path, name):
    with pytest.raises(OSError, match=f"^{tmp_path / name} cannot be read"):
        read_idx(tmp_path / name)


def test_idx_files_are_known_by_their_first_bytes(tmp_path):
    content = idx_content(np.zeros(3, np.uint8))
    assert starts_as_idx(written(tmp_path / "a", content))
    assert starts_as_idx(written(tmp_path / "b", gzip.compress(content)))
    for other in (b"", b"P5 28", gzip.compress(b"P5 28"), gzip.compress(content)[:12]):
        assert not starts_as_idx(written(tmp_path / "c", other))
    assert not starts_as_idx(tmp_path / "nothing")


@pytest.mark.parametrize("array", [np.zeros(3, np.int64), np.uint8(3)])
def test_only_arrays_of_bytes_are_written(array):
    with pytest.raises(ValueError, match="idx_content: array is .*, expected uint8 of at least one"):
        idx_content(np.asarray(array))


@pytest.mark.parametrize("shape", [(3, 4, 5), (3, 4, 5, 3)])
def test_images_come_with_their_labels(tmp_path, shape):
    x = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    y = np.array([1, 0, 2], np.uint8)
    images, labels = written(tmp_path / "x", idx_content(x)), written(tmp_path / "y", idx_content(y))
    for read, array in zip(read_pair(images, labels), (x, y), strict=True):
        np.testing.assert_array_equal(read, array)


@pytest.mark.parametrize(
    ("images", "labels", "message"),
    [
        ((3, 4, 5), (2,), "x holds 3 images, but .*y 2 labels: they belong to other data"),
        ((3, 4, 5), (3, 1), r"y has shape \(3, 1\), expected the labels: \(N,\)"),
        ((3,), (3,), r"x has shape \(3,\), expected images"),
        ((3, 4, 5, 2), (3,), r"x has shape \(3, 4, 5, 2\), expected images: \(N, H, W\) or \(N, H, W, 3\)"),
        ((3, 4, 0), (3,), "expected images"),
        ((0, 4, 5), (0,), "expected images"),
    ],
)
def test_pairs_that_are_none_are_refused(tmp_path, images, labels, message):
    x = written(tmp_path / "x", idx_content(np.zeros(images, np.uint8)))
    y = written(tmp_path / "y", idx_content(np.zeros(labels, np.uint8)))
    with pytest.raises(ValueError, match=message):
        read_pair(x, y)
