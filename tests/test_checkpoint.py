import errno
import hashlib
import json
import os
import random
import signal
import stat
import struct
import subprocess
import sys
import textwrap

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from support import needs_torch, torch

import minicnn as mc
from minicnn import checkpoint
from minicnn.checkpoint import CheckpointError, StateDict, load, remove_left_overs, save, write_atomically
from minicnn.lock import try_lock

DTYPES = ["bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"]
DTYPES += ["float16", "float32", "float64"]
WEIGHTS = {"conv.weight": np.arange(24, dtype=np.float32).reshape(2, 3, 2, 2), "conv.bias": np.array([1.5, -2.0])}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.safetensors"


def same(loaded, expected):
    assert sorted(loaded) == sorted(expected)
    for name, array in expected.items():
        found = loaded[name]
        assert isinstance(found, mc.Tensor)
        assert (found.shape, found.dtype) == (array.shape, array.dtype), name
        np.testing.assert_array_equal(found.data, np.asarray(array))


# ---- round trips -------------------------------------------------------------------------------------------------


@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=12).filter(lambda name: name != "__metadata__"),
        st.sampled_from(DTYPES).flatmap(lambda d: hnp.arrays(d, hnp.array_shapes(min_dims=0, min_side=0, max_side=4))),
        max_size=5,
    ),
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=8).filter(lambda k: k != "sha256"),
        st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
        max_size=4,
    ),
)
@settings(max_examples=150, deadline=None)
def test_round_trip(tmp_path_factory, arrays, metadata):
    path = tmp_path_factory.mktemp("round_trip") / "model.safetensors"
    save(arrays, path, metadata)
    loaded = load(path)
    same(loaded, arrays)
    for name, array in arrays.items():
        assert loaded[name].data.tobytes() == array.tobytes()  # NaN and -0.0 too
    assert loaded.metadata == metadata


def test_names_at_the_top_of_the_package(path):
    mc.save(WEIGHTS, str(path))
    same(mc.load(str(path)), WEIGHTS)


def test_tensors_and_what_a_module_gives(path):
    module = mc.nn.Linear(3, 2)
    save(module.state_dict(), path)
    other = mc.nn.Linear(3, 2)
    other.load_state_dict(load(path))
    np.testing.assert_array_equal(module.weight.data, other.weight.data)
    np.testing.assert_array_equal(module.bias.data, other.bias.data)


def test_loaded_arrays_can_be_trained_in_place(path):
    save(WEIGHTS, path)
    before = path.read_bytes()
    load(path)["conv.weight"].data[...] += 1
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "array",
    [
        np.arange(24.0).reshape(2, 3, 4).transpose(2, 0, 1),
        np.asfortranarray(np.arange(6, dtype=np.float32).reshape(2, 3)),
        np.arange(20, dtype=np.int32)[::3],
        np.arange(20, dtype=np.int32)[::-1],
        np.broadcast_to(np.float32(3), (2, 2)),
        np.arange(5, dtype=">f4"),
        np.array(7, dtype=">i8"),
        np.array(2.5),
        np.zeros((0, 3)),
    ],
    ids=["transposed", "Fortran", "strided", "reversed", "broadcast", "big-endian", "big-endian 0-d", "0-d", "empty"],
)
def test_arrays_that_do_not_lie_in_memory_as_in_the_file(path, array):
    save({"a": array, "b": np.ones(2)}, path)
    loaded = load(path)["a"]
    assert loaded.shape == array.shape
    np.testing.assert_array_equal(loaded.data, array)
    assert loaded.dtype == array.dtype.newbyteorder("=")


def test_equal_contents_give_equal_files(tmp_path):
    for i, order in enumerate([list(WEIGHTS), list(WEIGHTS)[::-1]]):
        save({name: WEIGHTS[name] for name in order}, tmp_path / str(i), {k: k for k in "abcdefgh"[:: 1 - 2 * i]})
    assert (tmp_path / "0").read_bytes() == (tmp_path / "1").read_bytes()


def test_the_safetensors_library_reads_our_files(path):
    mixed = {**WEIGHTS, "flag": np.array([True]), "half": np.ones(3, np.float16), "count": np.array(3)}
    save(mixed, path, {"epoch": "3"})
    from safetensors import safe_open
    from safetensors.numpy import load_file

    found = load_file(path)
    for name, array in mixed.items():
        np.testing.assert_array_equal(found[name], array)
    with safe_open(path, framework="numpy") as file:
        assert file.metadata()["epoch"] == "3"


@needs_torch
def test_pytorch_reads_our_files(path):
    from safetensors.torch import load_file

    save(WEIGHTS, path)
    for name, tensor in load_file(path).items():
        np.testing.assert_array_equal(tensor.numpy(), WEIGHTS[name])


def test_every_array_begins_at_a_multiple_of_its_element_size(path):
    save({"a": np.ones(1, np.uint8), "b": np.ones(1), "c": np.ones(3, np.float16), "d": np.ones(1, np.float32)}, path)
    contents = path.read_bytes()
    (length,) = struct.unpack("<Q", contents[:8])
    assert length % 8 == 0
    header = json.loads(contents[8 : 8 + length])
    for name, size in {"a": 1, "b": 8, "c": 2, "d": 4}.items():
        assert header[name]["data_offsets"][0] % size == 0


def test_a_file_from_elsewhere_has_no_checksum_and_loads(path):
    from safetensors.numpy import save_file

    save_file(WEIGHTS, path)
    same(load(path), WEIGHTS)
    assert load(path).metadata == {}
    save_file(WEIGHTS, path, {"format": "pt"})
    assert load(path).metadata == {"format": "pt"}


# ---- metadata ----------------------------------------------------------------------------------------------------


def test_metadata_is_kept(path):
    save(WEIGHTS, path, {"epoch": "7", "note": "zwölf"})
    state = load(path)
    assert isinstance(state, StateDict) and isinstance(state, dict)
    assert state.metadata == {"epoch": "7", "note": "zwölf"}
    state["extra"] = mc.Tensor([1.0])
    save(state, path)
    assert load(path).metadata == {"epoch": "7", "note": "zwölf"}
    assert "extra" in load(path)
    save(state, path, {})
    assert load(path).metadata == {}


def test_the_checksum_is_in_the_file(path):
    save(WEIGHTS, path)
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as file:
        checksum = file.metadata()["sha256"]
    expected = hashlib.sha256(b"[]")  # the metadata, then every tensor by name
    for name in sorted(WEIGHTS):
        array = WEIGHTS[name]
        expected.update(json.dumps([name, str(array.dtype), array.shape]).encode() + array.tobytes())
    assert checksum == expected.hexdigest()


# ---- damaged files -----------------------------------------------------------------------------------------------


def refused(path):
    with pytest.raises(CheckpointError) as caught:
        load(path)
    message = str(caught.value)
    assert isinstance(caught.value, ValueError)
    assert message.startswith(f"{path}: ") and "\n" not in message
    return message


def test_every_truncation_is_refused(path):
    save(WEIGHTS, path, {"epoch": "7"})
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        assert "not a whole safetensors file" in refused(path)
    path.write_bytes(whole + b"\0")
    refused(path)


def write_at(file, position, byte):
    file.seek(position)
    file.write(bytes([byte]))


def test_every_flipped_bit_is_refused(path):
    save({"weight": np.arange(6, dtype=np.float32), "bias": np.arange(2)}, path, {"epoch": "7", "note": "a b"})
    whole = path.read_bytes()
    with open(path, "r+b", buffering=0) as file:  # in place: a whole file for each of 2,500 bits takes a disk seconds
        for position, byte in enumerate(whole):
            for bit in range(8):
                write_at(file, position, byte ^ 1 << bit)
                refused(path)
            write_at(file, position, byte)
    assert path.read_bytes() == whole


def test_random_damage_is_refused(path):
    save(WEIGHTS, path, {"epoch": "7"})
    whole = path.read_bytes()
    rng = random.Random(0)
    for _ in range(500):
        damaged = bytearray(whole)
        start = rng.randrange(len(whole))
        length = rng.choice([1, 2, 8, 64])
        damaged[start : start + length] = rng.randbytes(len(damaged[start : start + length]))
        if damaged != whole:
            path.write_bytes(damaged)
            refused(path)


def test_an_exchanged_tensor_is_refused(path):
    """Two arrays of the same shape and size have changed places: only the checksum can tell."""
    save({"a": np.zeros(3), "b": np.ones(3)}, path)
    path.write_bytes(path.read_bytes().replace(b'"a":', b'"c":').replace(b'"b":', b'"a":').replace(b'"c":', b'"b":'))
    assert "the contents are damaged (wrong checksum)" in refused(path)


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        (b"", "not a whole safetensors file"),
        (b"<html>404 Not Found</html>", "not a whole safetensors file"),
        (b"PK\x03\x04" + bytes(100), "a PyTorch file"),
        (b"\x80\x02}q\x00." + bytes(100), "a PyTorch file"),
        (bytes(100), "not a whole safetensors file"),
        (b"\xff" * 100, "not a whole safetensors file"),
        (struct.pack("<Q", 2) + b"[]", "not a whole safetensors file"),
    ],
)
def test_foreign_files(path, contents, message):
    path.write_bytes(contents)
    assert message in refused(path)


@needs_torch  # to write such a file
@pytest.mark.parametrize("dtype", ["bfloat16", "float8_e4m3fn", "complex64"])
def test_numbers_that_a_tensor_cannot_hold(path, dtype):
    from safetensors.torch import save_file

    save_file({"a": torch.ones(4).to(getattr(torch, dtype))}, path)
    assert "float32" in refused(path)


def test_load_from_nowhere(tmp_path):
    with pytest.raises(FileNotFoundError, match="load: cannot read .*nothing.safetensors: No such file"):
        load(tmp_path / "nothing.safetensors")
    with pytest.raises(IsADirectoryError, match="load: .* is a folder"):
        load(tmp_path)


def no_permissions_for_root():
    return not hasattr(os, "geteuid") or os.geteuid() == 0


@pytest.mark.skipif(no_permissions_for_root(), reason="root may read and write everything")
def test_permissions(tmp_path, path):
    save(WEIGHTS, path)
    path.chmod(0)
    with pytest.raises(PermissionError, match="load: cannot read .*model.safetensors: Permission denied"):
        load(path)
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(PermissionError, match="save: cannot write .*new.safetensors: Permission denied"):
            save(WEIGHTS, tmp_path / "new.safetensors")
    finally:
        tmp_path.chmod(0o700)


# ---- whole or not at all -----------------------------------------------------------------------------------------


def no_space(*arguments, **options):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def interrupted(*arguments, **options):
    raise KeyboardInterrupt


@pytest.mark.parametrize("function", ["fsync", "replace"])
@pytest.mark.parametrize("exists", [True, False])
def test_a_failure_leaves_everything_as_it_was(path, monkeypatch, function, exists):
    if exists:
        save({"old": np.ones(3)}, path)
    before = {p.name: p.read_bytes() for p in path.parent.iterdir()}
    with monkeypatch.context() as patch:
        patch.setattr(os, function, no_space)
        with pytest.raises(OSError, match="save: cannot write .*model.safetensors: No space left on device") as caught:
            save(WEIGHTS, path)
    assert caught.value.errno == errno.ENOSPC
    assert {p.name: p.read_bytes() for p in path.parent.iterdir()} == before
    with monkeypatch.context() as patch:
        patch.setattr(os, function, interrupted)
        with pytest.raises(KeyboardInterrupt):
            save(WEIGHTS, path)
    assert {p.name: p.read_bytes() for p in path.parent.iterdir()} == before
    save(WEIGHTS, path)
    same(load(path), WEIGHTS)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit for the size of files")
def test_a_write_that_really_fails_half_way(path):
    save({"old": np.ones(3)}, path)
    before = path.read_bytes()
    program = """
        import resource, sys
        import numpy as np
        from minicnn.checkpoint import save

        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        try:
            save({"new": np.ones(1_000_000)}, sys.argv[1])
        except OSError as error:
            print(error)
    """
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program), path], check=True, capture_output=True, text=True, timeout=60
    )
    assert "save: cannot write" in run.stdout and "File too large; nothing was changed" in run.stdout
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    assert path.read_bytes() == before


def test_the_bytes_are_on_the_disk_before_the_name_changes(path, monkeypatch):
    """Nobody can see half a file: at the time of `replace`, the temporary file is whole and has been synced."""
    steps = []
    fsync, replace = os.fsync, os.replace

    def see_fsync(descriptor):
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        steps.append("sync folder" if is_folder else f"sync {os.fstat(descriptor).st_size}")
        fsync(descriptor)

    def see_replace(source, target):
        assert os.path.dirname(source) == os.path.dirname(target)  # on the same file system
        same(load(source), WEIGHTS)
        steps.append("replace")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", see_fsync)
    monkeypatch.setattr(os, "replace", see_replace)
    save(WEIGHTS, path)
    assert steps[:2] == [f"sync {path.stat().st_size}", "replace"]
    assert steps[2:] == ([] if sys.platform == "win32" else ["sync folder"])


def test_a_link_is_followed(tmp_path):
    target, link = tmp_path / "model-7.safetensors", tmp_path / "latest.safetensors"
    save({"old": np.ones(3)}, target)
    try:
        link.symlink_to(target.name)
    except OSError:
        pytest.skip("no symbolic links here")
    save(WEIGHTS, link)
    assert link.is_symlink()
    same(load(target), WEIGHTS)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no file mode")
def test_the_file_has_the_usual_permissions(path):
    save(WEIGHTS, path)
    (path.parent / "other").write_bytes(b"")
    assert path.stat().st_mode == (path.parent / "other").stat().st_mode


def test_save_to_nowhere(tmp_path):
    with pytest.raises(FileNotFoundError, match="save: cannot write .*no/model.safetensors: No such file"):
        save(WEIGHTS, os.path.join(tmp_path, "no/model.safetensors"))
    with pytest.raises(IsADirectoryError, match="save: .* is a folder"):
        save(WEIGHTS, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not os.path.exists("/dev/null"), reason="needs /dev/null")
def test_a_device_is_not_replaced_by_a_file():
    with pytest.raises(OSError, match="save: /dev/null is no regular file"):
        save(WEIGHTS, "/dev/null")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


def test_write_atomically_is_for_any_file(tmp_path):
    write_atomically(tmp_path / "report.txt", [b"one\n", b"two\n"])
    assert (tmp_path / "report.txt").read_bytes() == b"one\ntwo\n"


# ---- left-overs of killed saves ----------------------------------------------------------------------------------


KILLED_WHILE_SAVING = """
    import os, signal, sys
    import numpy as np
    from minicnn.checkpoint import save

    os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)
    save({"new": np.ones(1000)}, sys.argv[1])
"""


def hidden(folder):
    return [p.name for p in folder.iterdir() if p.name.startswith(".")]


needs_locks = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no flock: left-overs stay there")


@needs_locks
def test_the_next_save_of_a_name_removes_what_a_killed_one_has_left(path):
    save(WEIGHTS, path)
    for _ in range(2):
        run = subprocess.run([sys.executable, "-c", textwrap.dedent(KILLED_WHILE_SAVING), path], timeout=60)
        assert run.returncode == -signal.SIGKILL
    assert len(hidden(path.parent)) == 1  # the second has removed that of the first
    same(load(path), WEIGHTS)
    save(WEIGHTS, path.parent / "other.safetensors")
    assert len(hidden(path.parent)) == 1  # another name
    save(WEIGHTS, path)
    assert hidden(path.parent) == []


@needs_locks
def test_what_another_save_is_just_writing_stays(path, monkeypatch):
    """In the middle of a save another one of the same name comes to its end: both succeed."""
    replace, others = os.replace, [np.ones(3)]

    def while_another_saves(source, target):
        if others:
            save({"other": others.pop()}, path)
            same(load(path), {"other": np.ones(3)})
        replace(source, target)

    monkeypatch.setattr(os, "replace", while_another_saves)
    save(WEIGHTS, path)
    same(load(path), WEIGHTS)
    assert hidden(path.parent) == []


@needs_locks
def test_a_file_that_is_taken_for_a_left_over_before_it_is_locked_is_made_again(path, monkeypatch):
    once = [True]

    def too_late(file):
        if once:
            once.clear()
            remove_left_overs(path)
            assert hidden(path.parent) == []
        return try_lock(file)

    monkeypatch.setattr(checkpoint, "try_lock", lambda file: too_late(file) if file.mode == "xb" else try_lock(file))
    save(WEIGHTS, path)
    assert not once
    same(load(path), WEIGHTS)


def test_where_nobody_can_tell_left_overs_stay(path, monkeypatch):
    (path.parent / f".{path.name}.0123abcd.tmp").write_bytes(b"")
    monkeypatch.setattr(checkpoint, "try_lock", lambda file: None)
    save(WEIGHTS, path)
    assert hidden(path.parent) == [f".{path.name}.0123abcd.tmp"]


def test_nobody_else_s_file_is_removed(path):
    endings = [".tmp", ".mine5678.tmp", "x.0123abcd.tmp", ".0123abcd"]
    others = [f".{path.name}{ending}" for ending in endings]
    for name in others:
        (path.parent / name).write_bytes(b"")
    save(WEIGHTS, path)
    assert sorted(hidden(path.parent)) == sorted(others)


# ---- wrong arguments ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "metadata", "error", "message"),
    [
        ([np.ones(3)], None, TypeError, "save: state_dict is a list"),
        ({"a": [1, 2]}, None, TypeError, "save: 'a' is a list, expected a Tensor or an array"),
        ({"a": 1.0}, None, TypeError, "save: 'a' is a float"),
        ({"a": np.array(["x"])}, None, TypeError, "save: 'a' has dtype <U1, expected real numbers"),
        ({"a": np.array([None])}, None, TypeError, "save: 'a' has dtype object"),
        ({"a": np.ones(2, complex)}, None, TypeError, "save: 'a' has dtype complex128"),
        ({3: np.ones(2)}, None, TypeError, "save: a name is 3, expected a str"),
        ({"__metadata__": np.ones(2)}, None, ValueError, "save: the name '__metadata__' is reserved"),
        ({"a": np.ones(2)}, {"epoch": 3}, TypeError, "save: metadata 'epoch' is 3, expected a str"),
        ({"a": np.ones(2)}, {3: "epoch"}, TypeError, "save: a metadata name is 3"),
        ({"a": np.ones(2)}, ["epoch"], TypeError, "save: metadata is a list"),
        ({"a": np.ones(2)}, {"sha256": "x"}, ValueError, "save: the name 'sha256' is reserved"),
    ],
)
def test_wrong_arguments(path, state, metadata, error, message):
    with pytest.raises(error, match=message):
        save(state, path, metadata)
    assert not path.exists()


def test_importing_minicnn_does_not_import_safetensors():
    program = "import sys, minicnn; assert 'safetensors' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)
