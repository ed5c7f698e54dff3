"""Archives unpacked into a cache: whole or not at all, nothing outside of it, and nothing that is no data."""

import errno
import io
import os
import stat
import subprocess
import sys
import tarfile
import threading
import zipfile
from pathlib import Path

import pytest

from googlenet.data import archive as module
from googlenet.data.archive import CACHE, cache_folder, is_archive, left_out, unpacked
from minicnn.lock import try_lock

FILES = {"flowers/train/daisy/1.jpg": b"one", "flowers/train/rose/2.PNG": b"two two", "flowers/labels.csv": b"1,2\n"}
ENTRIES = list(FILES.items())
NO_LOCKS = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no flock")


@pytest.fixture(autouse=True)
def synced(monkeypatch):
    """How often all was written to the disk, which takes long where others write, too."""
    calls = []
    monkeypatch.setattr(os, "sync", lambda: calls.append(1), raising=False)
    return calls


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


def write_tar(path, entries=ENTRIES, mode="w:gz"):
    with tarfile.open(path, mode) as archive:
        for info, content in entries:
            if isinstance(info, str):
                info = tarfile.TarInfo(info)
                info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return path


def write_zip(path, entries=ENTRIES):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return path


def entry(name, type, link=""):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = type, link
    return info, b""


def contents(folder):
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != module.INDEX)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def left_overs(cache):
    return [path.name for path in cache.iterdir() if not path.name.endswith(".lock")]


@pytest.mark.parametrize(
    ("name", "write"),
    [(f"flowers.{end}", write_tar) for end in ("tar", "tgz", "tar.gz", "tar.xz", "tar.bz2")] + [("a.zip", write_zip)],
)
def test_every_archive_is_unpacked_once(tmp_path, cache, synced, monkeypatch, name, write):
    options = (
        {"mode": "w:" + {"tgz": "gz", "tar": ""}.get(end := name.split(".")[-1], end)} if write is write_tar else {}
    )
    path = write(tmp_path / name, **options)
    assert is_archive(path)
    folder = unpacked(path, cache)
    assert contents(folder) == FILES
    assert folder.parent == cache
    assert folder.name.startswith(name.split(".")[0] + "-")
    assert left_out(folder) == ()
    monkeypatch.setattr(module, "_alone", None)  # no lock is needed, nor a folder that can be written to
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert unpacked(str(path), str(cache)) == folder
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
    assert left_overs(cache) == [folder.name]
    assert len(synced) == 1


def test_another_archive_of_the_same_name_has_another_folder(tmp_path, cache):
    path = write_zip(tmp_path / "a.zip")
    first = unpacked(path, cache)
    write_zip(path, [("b.jpg", b"another")])
    os.utime(path, ns=(0, 12345))
    second = unpacked(path, cache)
    assert contents(second) == {"b.jpg": b"another"}
    assert contents(first) == FILES


def test_where_the_cache_is(tmp_path, monkeypatch):
    for name in (CACHE, "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "minicnn-googlenet" / "archives"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")  # the specification: to be ignored
    assert cache_folder() == tmp_path / ".cache" / "minicnn-googlenet" / "archives"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    assert cache_folder() == tmp_path / "x" / "minicnn-googlenet" / "archives"
    monkeypatch.setenv(CACHE, "~/big")
    assert cache_folder() == tmp_path / "big"
    assert cache_folder(tmp_path / "mine") == tmp_path / "mine"


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.tar.gz", b"<html>", True),
        ("A.ZIP", b"", True),
        ("a.rar", b"", True),
        ("t10k-images-idx3-ubyte.gz", b"\x1f\x8b\x08", False),
        ("a.jpg", b"\xff\xd8", False),
    ],
)
def test_what_is_an_archive(tmp_path, name, content, expected):
    (tmp_path / name).write_bytes(content)
    assert is_archive(tmp_path / name) == expected


def test_an_archive_without_a_name_for_it_and_folders_and_nothing(tmp_path):
    assert is_archive(write_zip(tmp_path / "photos"))
    assert is_archive(write_tar(tmp_path / "photos.jpg"))
    (tmp_path / "folder.zip").mkdir()
    assert not is_archive(tmp_path / "folder.zip")
    assert not is_archive(tmp_path / "nowhere.zip")


# ---- what is written ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "../evil.jpg", "a/../../evil.jpg", "/tmp/evil.jpg", "C:/evil.jpg", "c:evil.jpg", "\\evil.jpg",
        "a\\..\\..\\evil.jpg", "\\\\server\\share\\evil.jpg", "a/..",
    ],
)  # fmt: skip
@pytest.mark.parametrize("write", [write_tar, write_zip])
def test_no_member_leaves_the_folder(tmp_path, cache, name, write):
    path = write(tmp_path / "a.zip", [("good.jpg", b"1"), (name, b"evil")])
    with pytest.raises(
        ValueError, match=r"a\.zip holds '.*', which would lie outside of its folder: it is not trusted"
    ):
        unpacked(path, cache)
    assert left_overs(cache) == []
    assert not list(tmp_path.rglob("evil.jpg"))


@pytest.mark.parametrize(
    "name", ["a" * 256 + ".jpg", "b/" * 17 + "a.jpg", "/".join(["c" * 250] * 5) + "/a.jpg", "ü" * 130 + ".jpg"]
)
def test_names_that_no_disk_takes_are_refused(tmp_path, cache, name):
    path = write_tar(tmp_path / "a.tgz", [(name, b"1")])
    with pytest.raises(ValueError, match=r"a\.tgz holds '.*'\.\.\., a name that is too long, too deep or no name"):
        unpacked(path, cache)
    assert left_overs(cache) == []


def test_backslashes_are_folders(tmp_path, cache):
    """As some programs on Windows write them."""
    path = write_tar(tmp_path / "a.tgz", [("flowers\\rose\\1.jpg", b"1"), ("./flowers//rose/./2.jpg", b"2")])
    assert contents(unpacked(path, cache)) == {"flowers/rose/1.jpg": b"1", "flowers/rose/2.jpg": b"2"}


def test_links_and_special_files_are_passed_by(tmp_path, cache):
    """Nothing is written through a link, since there is none."""
    outside = tmp_path / "outside"
    outside.mkdir()
    entries = [
        entry("dir", tarfile.SYMTYPE, str(outside)),
        ("dir/1.jpg", b"1"),
        entry("2.jpg", tarfile.LNKTYPE, "/etc/passwd"),
        entry("3.jpg", tarfile.FIFOTYPE),
        entry("4.jpg", tarfile.CHRTYPE),
        entry("5.jpg", tarfile.SYMTYPE, "../../etc/passwd"),
        ("5.jpg", b"5"),
    ]
    folder = unpacked(write_tar(tmp_path / "a.tgz", entries), cache)
    assert contents(folder) == {"dir/1.jpg": b"1", "5.jpg": b"5"}
    assert not any(path.is_symlink() for path in folder.rglob("*"))
    assert list(outside.iterdir()) == []
    assert left_out(folder) == ("3 links left out of the archive", "2 special files left out of the archive")


def test_only_data_is_written(tmp_path, cache):
    data = [
        "1.JPEG",
        "2.webp",
        "train-images-idx3-ubyte",
        "train-labels.idx1-ubyte",
        "a.gz",
        "a.idx",
        "x.csv",
        "README",
    ]
    others = ["run.sh", "a.py", "b.py", "setup.exe", "inner.zip"]
    nothing = [".DS_Store", "__MACOSX/._1.jpg", ".git/1.jpg", "a/.index.json", ".index.json", "dir/"]
    folder = unpacked(write_zip(tmp_path / "a.zip", [(name, b"1") for name in data + others + nothing]), cache)
    assert sorted(contents(folder)) == sorted(data)
    assert left_out(folder) == tuple(
        f"{n} {what} files left out of the archive" for n, what in ((2, ".py"), (1, ".sh"), (1, ".exe"), (1, ".zip"))
    )


def test_what_is_left_out_is_told_in_a_few_plain_words(tmp_path, cache):
    names = ["1.jpg", *(f"{i}.{c}" for c in "abcdefg" for i in range(8 - ord(c) + ord("a"))), *["x.\033[31m"] * 9]
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = write_zip(tmp_path / "a.zip", [(name, b"1") for name in names])
    told = ["9 other files", "8 .a files", "7 .b files", "6 .c files", "5 .d files", "9 others"]
    assert left_out(unpacked(path, cache)) == tuple(f"{what} left out of the archive" for what in told)


def test_nobody_has_a_home_folder(monkeypatch):
    def nobody():
        raise RuntimeError("Could not determine home directory.")

    for name in (CACHE, "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", nobody)
    with pytest.raises(ValueError, match="there is no home folder to unpack archives into: let MINICNN_CACHE name a"):
        cache_folder()


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_permissions_of_the_archive_are_not_kept(tmp_path, cache):
    info = tarfile.TarInfo("a.jpg")
    info.size, info.mode, info.uid = 1, 0o6777, 12345
    hidden = tarfile.TarInfo("b.jpg")
    hidden.size, hidden.mode = 1, 0
    folder = unpacked(write_tar(tmp_path / "a.tgz", [(info, b"1"), (hidden, b"2")]), cache)
    for path in folder.glob("*.jpg"):
        mode = path.stat().st_mode
        assert not mode & (stat.S_ISUID | stat.S_ISGID | 0o111)
        assert mode & 0o400
        assert path.stat().st_uid == os.getuid()


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("write", [write_tar, write_zip])
def test_of_two_members_of_one_name_the_first_is_taken(tmp_path, cache, write):
    entries = [("a.jpg", b"1"), ("a.jpg", b"2"), ("a.jpg/b.jpg", b"3"), ("c/d.jpg", b"4"), ("c", b"5")]
    folder = unpacked(write(tmp_path / "a.zip", entries), cache)
    assert contents(folder) == {"a.jpg": b"1", "c/d.jpg": b"4"}
    assert left_out(folder) == (
        "3 files of a name that was there before (or differs in capitals alone) left out of the archive",
    )


def test_too_many_members(tmp_path, cache, monkeypatch):
    monkeypatch.setattr(module, "MAX_FILES", 2)
    with pytest.raises(ValueError, match=r"a\.zip has more than 2 members"):
        unpacked(write_zip(tmp_path / "a.zip"), cache)
    assert left_overs(cache) == []


@pytest.mark.skipif(os.name == "nt", reason="names are text there")
def test_names_that_are_no_text(tmp_path, cache):
    name = os.fsdecode(b"\xff\xfe.jpg")
    try:
        (tmp_path / name).touch()
    except OSError:
        pytest.skip("this file system takes no such names")
    assert contents(unpacked(write_tar(tmp_path / "a.tgz", [(name, b"1")]), cache)) == {name: b"1"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is no whole tar or zip archive: make it a zip or tar.gz, or unpack it yourself"),
        (b"<html>", "is no whole tar or zip archive"),
        (b"Rar!\x1a\x07\0" + bytes(99), "is a RAR archive: make it a zip"),
        (b"PK\x03\x04" + bytes(99), "is damaged or cut off"),
        (b"PK\x05\x06" + bytes(18), "holds no images: expected JPEG, PNG, ... or IDX files"),
    ],
)
def test_what_is_no_archive_is_refused(tmp_path, cache, content, message):
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(ValueError, match=f"a.zip {message}"):
        unpacked(tmp_path / "a.zip", cache)
    assert left_overs(cache) == []


def test_no_archive_at_all(tmp_path, cache):
    with pytest.raises(FileNotFoundError):
        unpacked(tmp_path / "a.zip", cache)


# ---- whole or not at all ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cut", [600, 30, 9])
def test_of_a_damaged_archive_nothing_stays(tmp_path, cache, cut):
    path = write_zip(tmp_path / "a.zip")
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(ValueError, match=r"a\.zip is (damaged or cut off|no whole)"):
        unpacked(path, cache)
    assert left_overs(cache) == []


def damage_missing(folder):
    next(folder.rglob("*.jpg")).unlink()


def damage_shorter(folder):
    next(folder.rglob("*.jpg")).write_bytes(b"")


def damage_more(folder):
    (folder / "evil.jpg").write_bytes(b"")


def damage_index(folder):
    (folder / module.INDEX).write_text("[]")


def damage_no_index(folder):
    (folder / module.INDEX).unlink()


def damage_link(folder):
    path = next(folder.rglob("*.jpg"))
    target = folder.parent / "other.jpg"
    path.rename(target)
    path.symlink_to(target)


def damage_folder_elsewhere(folder):
    moved = folder.parent / "elsewhere"
    (folder / "flowers" / "train").rename(moved)
    (folder / "flowers" / "train").symlink_to(moved)


def damage_all_elsewhere(folder):
    moved = folder.parent.parent / "elsewhere"
    folder.rename(moved)
    folder.symlink_to(moved)


@pytest.mark.parametrize(
    "damage",
    [
        damage_missing, damage_shorter, damage_more, damage_index, damage_no_index, damage_link,
        damage_folder_elsewhere, damage_all_elsewhere,
    ],
)  # fmt: skip
def test_a_folder_that_has_changed_since_is_unpacked_again(tmp_path, cache, damage):
    path = write_zip(tmp_path / "a.zip")
    folder = unpacked(path, cache)
    damage(folder)
    assert unpacked(path, cache) == folder
    assert contents(folder) == FILES
    assert not folder.is_symlink()
    if damage is damage_all_elsewhere:
        assert contents(tmp_path / "elsewhere") == FILES  # what a link leads to is left alone


@NO_LOCKS
def test_a_planted_lock_leads_nowhere(tmp_path, cache):
    path = write_zip(tmp_path / "a.zip")
    folder = unpacked(path, cache)
    damage_no_index(folder)
    lock = cache / f".{folder.name}.lock"
    lock.unlink()
    lock.symlink_to(tmp_path / "victim")
    with pytest.raises(OSError, match=r"a\.zip cannot be unpacked into .*cache: .*MINICNN_CACHE names another place"):
        unpacked(path, cache)
    assert not (tmp_path / "victim").exists()


def test_a_full_disk(tmp_path, cache, monkeypatch):
    path = write_zip(tmp_path / "a.zip")

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        yield

    monkeypatch.setattr(module, "members", full)
    with pytest.raises(
        OSError, match=r"a\.zip cannot be unpacked into .*: No space left on device\. MINICNN_CACHE"
    ) as e:
        unpacked(path, cache)
    assert e.value.errno == errno.ENOSPC
    assert left_overs(cache) == []


def test_a_cache_that_cannot_be_written(tmp_path, cache):
    cache.write_text("a file")
    with pytest.raises(
        OSError, match=r"a\.zip cannot be unpacked into .*cache: .*\. MINICNN_CACHE names another place"
    ):
        unpacked(write_zip(tmp_path / "a.zip"), cache)


def test_ctrl_c_leaves_nothing(tmp_path, cache, monkeypatch):
    def interrupted(*_):
        yield module.Member("a.jpg", "file", iter([b"1"]))
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "members", interrupted)
    with pytest.raises(KeyboardInterrupt):
        unpacked(write_zip(tmp_path / "a.zip"), cache)
    assert left_overs(cache) == []


@NO_LOCKS
def test_what_the_dead_have_left_is_cleared_and_what_the_living_write_is_not(tmp_path, cache):
    cache.mkdir()
    for name in ("dead", "alive"):
        (cache / f".{name}.0123abcd.tmp").mkdir()
        (cache / f".{name}.0123abcd.tmp" / "1.jpg").write_bytes(b"half")
        (cache / f".{name}.lock").touch()
    (cache / "mine").mkdir()
    with (cache / ".alive.lock").open("r+") as file:
        assert try_lock(file)
        folder = unpacked(write_zip(tmp_path / "a.zip"), cache)
    assert sorted(left_overs(cache)) == sorted([folder.name, ".alive.0123abcd.tmp", "mine"])


@NO_LOCKS
def test_the_second_waits_for_the_first(tmp_path, cache, monkeypatch, capsys):
    path = write_zip(tmp_path / "a.zip")
    writes, go = [], threading.Event()
    real = module._write

    def slow(path, folder):
        writes.append(folder)
        go.wait(20)
        real(path, folder)

    monkeypatch.setattr(module, "_write", slow)
    monkeypatch.setattr(module.time, "sleep", lambda seconds: go.set())  # the second has found the lock taken
    found = []
    threads = [threading.Thread(target=lambda: found.append(unpacked(path, cache))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(writes) == 1
    assert found[0] == found[1]
    assert contents(found[0]) == FILES
    assert f"{path} is being unpacked by another process: waiting for it" in capsys.readouterr().err


def test_without_locks_the_first_to_finish_wins(tmp_path, cache, monkeypatch):
    path = write_zip(tmp_path / "a.zip")
    write, remove, finished = module._write, module._remove, []

    def overtaken(path, folder):
        write(path, folder)
        if not finished:
            finished.append(folder)
            finished.append(unpacked(path, cache))

    monkeypatch.setattr(module, "try_lock", lambda file: None)
    monkeypatch.setattr(module, "_write", overtaken)
    # Each finds no folder in its way, as if the other one had finished right after it looked.
    monkeypatch.setattr(module, "_remove", lambda folder: remove(folder) if folder.name.endswith(".tmp") else None)
    folder = unpacked(path, cache)
    assert finished[1] == folder
    assert contents(folder) == FILES
    assert left_overs(cache) == [folder.name]


@pytest.mark.everything("kills")
@NO_LOCKS
def test_killed_at_any_moment(tmp_path, cache):
    """After a SIGKILL there is a whole folder or none, and the next one clears up."""
    path = write_tar(tmp_path / "a.tgz", [(f"{i}.jpg", bytes(5000)) for i in range(400)])
    program = "import sys; from googlenet.data.archive import unpacked; print(1, flush=True); unpacked(*sys.argv[1:])"
    for moment in range(6):
        child = subprocess.Popen(
            [sys.executable, "-c", program, path, cache], stdout=subprocess.PIPE, cwd=Path(__file__).parents[3]
        )
        assert child.stdout.readline()
        threading.Event().wait(0.03 * moment)
        child.kill()
        child.communicate()
        for folder in cache.glob("a-*"):
            assert len(contents(folder)) == 400
    assert len(contents(unpacked(path, cache))) == 400
    assert len(left_overs(cache)) == 1
