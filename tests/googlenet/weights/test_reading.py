"""What a file is, its first bytes tell."""

import os

import pytest

from googlenet.weights import reading
from googlenet.weights.reading import read_foreign


@pytest.fixture
def readers(monkeypatch):
    """Each reader answers with its name."""
    for name in ("read_torch", "read_safetensors", "read_caffe", "read_onnx"):
        monkeypatch.setattr(reading, name, lambda path, name=name: (name, path.name))


@pytest.mark.parametrize(
    ("start", "reader"),
    [
        (b"PK\x03\x04", "read_torch"),
        (b"\x80\x02\x8a\x0a", "read_torch"),
        (b"\x40\0\0\0\0\0\0\0{\"", "read_safetensors"),
        (b"\x0a\x09GoogleNet", "read_caffe"),
        (b"\xa2\x06\x10", "read_caffe"),
        (b"\x08\x03\x12\x07pytorch", "read_onnx"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["weights", "best.pth", "best.onnx"])
def test_the_content_chooses_the_reader(tmp_path, readers, start, reader, name):
    (tmp_path / name).write_bytes(start + bytes(10))
    assert read_foreign(tmp_path / name) == (reader, name)


def test_what_is_called_safetensors_and_is_damaged_is_that_reader_s(tmp_path, readers):
    (tmp_path / "a.safetensors").write_bytes(bytes(10))
    assert read_foreign(tmp_path / "a.safetensors")[0] == "read_safetensors"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "an empty file, expected .pth"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "a pointer of Git LFS"),
        (b"<!doctype html>", "a page of the web"),
        (b"\x1f\x8b\x08", "compressed with gzip"),
        (b'name: "GoogleNet"', "text, as a .prototxt"),
        (b"\x89HDF\r\n", "an HDF5 file"),
        (b"\xff\xd8\xff\xe0", "a photo"),
        (b"\x89PNG\r\n", "a picture"),
        (b"hello world", "no file of weights that is known, expected .pth"),
    ],
)
def test_what_people_have_in_place_of_weights(tmp_path, readers, content, message):
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(ValueError, match=rf"x: {message}"):
        read_foreign(tmp_path / "x")


def test_a_file_larger_than_any_googlenet_is_not_read(tmp_path, readers):
    with (tmp_path / "x").open("wb") as file:
        file.write(b"PK\x03\x04")
        file.truncate(2**30 + 1)  # a hole: it takes no room
    with pytest.raises(ValueError, match=r"x: 1,073,741,825 bytes, expected at most 1,073,741,824"):
        read_foreign(tmp_path / "x")
    os.truncate(tmp_path / "x", 2**30)
    assert read_foreign(tmp_path / "x")[0] == "read_torch"


def test_folders(tmp_path):
    with pytest.raises(ValueError, match=r": a folder, expected a file$"):
        read_foreign(tmp_path)
    (tmp_path / "best.safetensors").touch()
    with pytest.raises(ValueError, match=r"its weights are in .*best\.safetensors$"):
        read_foreign(tmp_path)


def test_nothing_there(tmp_path):
    with pytest.raises(OSError, match=r"cannot read .*nowhere: No such file"):
        read_foreign(tmp_path / "nowhere")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names on this system")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "x")
    end = os.open(tmp_path / "x", os.O_RDWR)  # with something in it, so that who reads it all the same does not hang
    os.write(end, bytes(1000))
    with pytest.raises(ValueError, match="x: no regular file"):
        read_foreign(tmp_path / "x")
    os.close(end)
