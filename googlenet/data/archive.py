"""A data set in an archive: unpacked once, into a cache, whole or not at all.

An archive may come from anywhere. So no member leaves the folder, no link, device or pipe is made, only what looks like
data is written, none of it executable, and the limits below hold, whatever its headers say.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import secrets
import shutil
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PureWindowsPath

from googlenet.commandline import say
from googlenet.data.members import Member, kind_of, members
from minicnn.lock import try_lock

CACHE = "MINICNN_CACHE"  # the environment variable that names another place
INDEX = ".index.json"  # in the unpacked folder: what was written; archives' own hidden files are left out
MAX_FILES = 2_000_000  # ImageNet has 1.4 million
MAX_NAME, MAX_PATH, MAX_DEPTH = 255, 1000, 16  # bytes in one name (what Linux takes) and in all of them; folders

NAMES = (".tar", ".tgz", ".tar.gz", ".tbz2", ".tar.bz2", ".txz", ".tar.xz", ".zip", ".7z", ".rar", ".tar.zst")
IMAGES = "jpg jpeg jpe jfif png gif webp bmp tif tiff ppm pgm pbm pnm avif jp2 tga heic heif".split()
DATA = {"", ".gz", ".bin", ".csv", ".tsv", ".txt", ".json", ".md", *(f".{suffix}" for suffix in IMAGES)}


def is_archive(path: str | Path) -> bool:
    """Is this file a tar or zip archive, by its contents, or named like one?

    A damaged archive should be called one, so the name counts, too. An IDX file with gzip is none.
    """
    path = Path(path)
    return path.is_file() and (path.name.lower().endswith(NAMES) or kind_of(path) != "")


def unpacked(path: str | Path, cache: str | Path | None = None) -> Path:
    """The folder that has an archive's images and tables in it; unpacked now, where it is not there from before.

    cache: where to; else what the variable MINICNN_CACHE names, else $XDG_CACHE_HOME or ~/.cache, there in
    minicnn-googlenet/archives. The folder is called after the archive and a checksum of its path, size and time, so
    that a changed archive is unpacked anew. It may be removed at any time.

    Raises ValueError for what is no whole, honest tar or zip file, FileNotFoundError, and OSError where there is no
    room. Then nothing stays. What was left out without harm is in `left_out`.
    """
    path = Path(path)
    status = path.stat()
    cache = cache_folder(cache)
    identity = f"{path.resolve()} {status.st_size} {status.st_mtime_ns}".encode("utf-8", "surrogateescape")
    name = path.name.split(".")[0][:40] or "archive"
    folder = cache / f"{name}-{hashlib.sha256(identity).hexdigest()[:12]}"
    if _is_whole(folder):
        return folder
    try:
        cache.mkdir(parents=True, exist_ok=True)
        _remove_left_overs(cache)
        with _alone(_lock_of(folder), path):
            if not _is_whole(folder):  # another process may have been faster
                _unpack(path, folder)
    except OSError as error:
        if error.errno is None or error.filename == str(path):
            raise
        reason = os.strerror(error.errno)
        raise OSError(
            error.errno, f"{path} cannot be unpacked into {cache}: {reason}. {CACHE} names another place"
        ) from error
    return folder


def left_out(folder: Path) -> tuple[str, ...]:
    """What `unpacked` has not written, in words: ("3 links left out of the archive",)."""
    counts = Counter(json.loads((folder / INDEX).read_text(encoding="utf-8"))["left_out"])
    most = counts.most_common(5)
    if rest := counts.total() - sum(count for _, count in most):
        most.append(("others", rest))
    return tuple(f"{count:,} {what} left out of the archive" for what, count in most)


def cache_folder(cache: str | Path | None = None) -> Path:
    """Where archives are unpacked to: see `unpacked`."""
    try:
        if cache or os.environ.get(CACHE):
            return Path(cache or os.environ[CACHE]).expanduser()
        base = os.environ.get("XDG_CACHE_HOME", "")
        return (Path(base) if os.path.isabs(base) else Path.home() / ".cache") / "minicnn-googlenet" / "archives"
    except RuntimeError as error:
        raise ValueError(f"there is no home folder to unpack archives into: let {CACHE} name a folder") from error


# ---- one process at a time, and nothing by halves -----------------------------------------------------------------


def _unpack(path: Path, folder: Path) -> None:
    """Into a temporary folder, to the disk, and then in one step to its name."""
    temporary = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.tmp")
    temporary.mkdir()
    try:
        _write(path, temporary)
        if hasattr(os, "sync"):
            os.sync()  # all files at once: one by one takes hours for a million
        _remove(folder)  # one from which files are missing
        try:
            temporary.rename(folder)
        except OSError:  # without locks two may have worked side by side: the first one's is as good
            if not _is_whole(folder):
                raise
    finally:  # Ctrl-C, too
        _remove(temporary)


def _is_whole(folder: Path) -> bool:
    """Are as many files there as were written, with as many bytes, and no links?"""
    try:
        index = json.loads((folder / INDEX).read_text(encoding="utf-8"))
        return not folder.is_symlink() and [index["files"], index["bytes"]] == list(_count(folder))
    except (OSError, ValueError, LookupError, TypeError):
        return False


def _count(folder: Path) -> tuple[int, int]:
    """Files and their bytes, without the index. A link is none."""
    files = size = 0
    waiting = [folder]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(Path(entry.path))
                elif entry.is_file(follow_symlinks=False) and entry.name != INDEX:
                    files, size = files + 1, size + entry.stat(follow_symlinks=False).st_size
    return files, size


def _remove(folder: Path) -> None:
    if folder.is_symlink() or folder.is_file():
        folder.unlink()
    elif folder.exists():
        shutil.rmtree(folder)


def _lock_of(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.lock")


@contextlib.contextmanager
def _alone(lock: Path, path: Path) -> Iterator[None]:
    """Wait until no other process unpacks the same archive."""
    waiting = False
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o644)
    with os.fdopen(descriptor, "r+") as file:
        while try_lock(file) is False:
            if not waiting:
                say(f"{path} is being unpacked by another process: waiting for it", error=True)
            waiting = True
            time.sleep(0.1)
        yield


def _remove_left_overs(cache: Path) -> None:
    """What killed processes have left: temporary folders whose lock nobody holds."""
    for temporary in cache.glob(".*.????????.tmp"):
        lock = temporary.with_name(f"{temporary.name[:-13]}.lock")
        with contextlib.suppress(OSError), lock.open("r+") as file:
            if try_lock(file):
                _remove(temporary)


# ---- the files ----------------------------------------------------------------------------------------------------


def _write(path: Path, folder: Path) -> None:
    """All data of an archive into an empty folder, and the index of it."""
    from tqdm import tqdm

    kind = kind_of(path)
    if kind not in ("tar", "zip"):
        what = f"a {kind} archive" if kind else "no whole tar or zip archive"
        raise ValueError(f"{path} is {what}: make it a zip or tar.gz, or unpack it yourself and name the folder")
    files = size = 0
    missing: Counter[str] = Counter()
    total = path.stat().st_size
    with tqdm(
        total=total, desc=f"unpacking {path.name[:30]}", unit="B", unit_scale=True, leave=False, dynamic_ncols=True,
        disable=None, delay=1,
    ) as bar:  # fmt: skip
        for number, member in enumerate(members(path, kind, lambda read: bar.update(read - bar.n))):
            if number >= MAX_FILES:
                raise ValueError(f"{path} has more than {MAX_FILES:,} members: unpack it yourself, and name the folder")
            parts = _parts(path, member.name)
            why = _why_not(member, parts)
            if not why:
                target = folder.joinpath(*parts)
                try:
                    target.parent.mkdir(parents=True, exist_ok=True)
                    file = target.open("xb")
                except (FileExistsError, NotADirectoryError):
                    why = "files of a name that was there before (or differs in capitals alone)"
                else:
                    with file:
                        for chunk in member.chunks:
                            size += file.write(chunk)
                    files += 1
            if why and why != "nothing":
                missing[why] += 1
    if not files:
        raise ValueError(f"{path} holds no images: expected JPEG, PNG, ... or IDX files")
    index = {"archive": str(path.resolve()), "files": files, "bytes": size, "left_out": missing}
    (folder / INDEX).write_text(json.dumps(index), encoding="utf-8")


def _why_not(member: Member, parts: list[str]) -> str:
    """Why a member is not written, in words, "nothing" where nobody needs to know, "" where it is."""
    if not parts or member.what == "folder" or any(part.startswith(".") or part == "__MACOSX" for part in parts):
        return "nothing"
    if member.what != "file":
        return f"{member.what}s"
    suffix = os.path.splitext(parts[-1])[1].lower()
    if suffix in DATA or suffix.startswith(".idx") or suffix.endswith("ubyte"):
        return ""
    return f"{suffix} files" if re.fullmatch(r"\.[a-z0-9]{1,8}", suffix) else "other files"


def _parts(path: Path, name: str) -> list[str]:
    """A member's name as folders and file, all below where it is unpacked. ValueError for any that is not so."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]
    if ".." in parts or PureWindowsPath(name).drive or PureWindowsPath(name).root:
        raise ValueError(f"{path} holds {name[:60]!r}, which would lie outside of its folder: it is not trusted")
    try:
        lengths = [len(os.fsencode(part)) for part in parts]
    except UnicodeEncodeError:
        lengths = [MAX_PATH + 1]
    if "\0" in name or len(parts) > MAX_DEPTH or max(lengths, default=0) > MAX_NAME or sum(lengths) > MAX_PATH:
        raise ValueError(
            f"{path} holds {name[:60]!r}..., a name that is too long, too deep or no name: it is not trusted"
        )
    return parts
