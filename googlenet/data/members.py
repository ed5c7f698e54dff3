"""What an archive holds, member by member, as bytes that nobody trusts.

Python's tarfile and zipfile read the formats. What they leave to their users is here: an archive that is damaged must
not look like a shorter one, and no header may ask for more memory, time or disk than the file's own size warrants.
"""

from __future__ import annotations

import bz2
import contextlib
import gzip
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, TypeVar

MAX_BYTES = 500 * 10**9  # unpacked: three times ImageNet
MAX_RATIO = 100  # unpacked to packed, beyond the first FREE_BYTES. Photos: 1; MNIST's digits: 5; a bomb: 1,000 and more
FREE_BYTES = 10**8
OTHER = "special file"  # a device, a pipe, a file with holes
MAX_HEADER = 2**20
CHUNK = 2**18

COMPRESSIONS: dict[bytes, Callable[..., Any]] = {b"\x1f\x8b": gzip.open, b"BZh": bz2.open, b"\xfd7zXZ\0": lzma.open}
ZIP = (b"PK\x03\x04", b"PK\x05\x06")
OTHERS = {b"7z\xbc\xaf\x27\x1c": "7z", b"Rar!": "RAR", b"\x28\xb5\x2f\xfd": "Zstandard"}
DAMAGE = (
    tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, struct.error, RuntimeError,
    OverflowError, UnicodeError, LookupError,
)  # fmt: skip

Item = TypeVar("Item")


@dataclass
class Member:
    """`what` is "file", "folder", or what it is instead; `chunks` gives a file's bytes, before the next member."""

    name: str
    what: str
    chunks: Iterator[bytes]


def kind_of(path: Path) -> str:
    """By the contents: "tar" (compressed or not), "zip", the name of another kind of archive, or ""."""
    with path.open("rb") as file:
        start = file.read(8)
        if start.startswith(ZIP):
            return "zip"
        for mark, name in OTHERS.items():
            if start.startswith(mark):
                return name
        file.seek(0)
        try:
            with _decompressed(file) as stream:
                tarfile.TarInfo.frombuf(stream.read(tarfile.BLOCKSIZE), "utf-8", "surrogateescape")
        except (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError, OSError):
            return ""
        return "tar"


def members(path: Path, kind: str, on_read: Callable[[int], None]) -> Iterator[Member]:
    """The members of a tar or zip file. on_read is told how many bytes of the file have been read.

    Raises ValueError, in one line, where the archive is damaged, encrypted, or holds more than its size warrants.
    """
    with path.open("rb") as file:
        meter = _Meter(path)
        found = _of_tar(file, meter, on_read) if kind == "tar" else _of_zip(file, meter, on_read)
        for member in _in_words(path, found):
            yield Member(member.name, member.what, _in_words(path, member.chunks))


def _in_words(path: Path, items: Iterator[Item]) -> Iterator[Item]:
    """The items, and what the readers raise on the way as a ValueError in one line."""
    try:
        yield from items
    except NotImplementedError as error:
        why = f"{path} is packed in a way that Python does not know ({error}): pack it again, as a plain zip or tar.gz"
        raise ValueError(why) from error
    except (*DAMAGE, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:  # of the disk, not of what is on it
            raise
        why = " ".join(str(error).split()) or type(error).__name__
        raise ValueError(f"{path} is damaged or cut off ({why}): copy or download it again") from error


class _Meter:
    """Counts the bytes that really come out of an archive, whatever its headers say."""

    def __init__(self, path: Path) -> None:
        self.path, self.bytes = path, 0
        self.limit = min(MAX_BYTES, max(FREE_BYTES, MAX_RATIO * path.stat().st_size))

    def add(self, count: int) -> None:
        self.bytes += count
        if self.bytes > self.limit:
            raise ValueError(
                f"{self.path} unpacks to more than {self.limit:,} bytes, {MAX_RATIO} times its size or {MAX_BYTES:,}: "
                f"it is not trusted. Unpack it yourself, and name the folder"
            )


def _decompressed(file: IO[bytes]) -> contextlib.AbstractContextManager[IO[bytes]]:
    start = file.read(6)
    file.seek(0)
    for mark, opened in COMPRESSIONS.items():
        if start.startswith(mark):
            return opened(file)
    return contextlib.nullcontext(file)


# ---- tar ----------------------------------------------------------------------------------------------------------


class _Stream:
    """What tarfile reads from: forward only, metered, and never much at once."""

    def __init__(self, stream: IO[bytes], meter: _Meter) -> None:
        self.stream, self.meter = stream, meter
        self.position, self.last = 0, b""

    def read(self, count: int) -> bytes:
        if not 0 <= count <= MAX_HEADER:  # the size of a header with a long name: tarfile takes it into memory whole
            raise tarfile.ReadError(f"a header of {count:,} bytes")
        self.last = self.stream.read(count)
        self.position += len(self.last)
        self.meter.add(len(self.last))
        return self.last

    def tell(self) -> int:
        return self.position

    def seek(self, position: int) -> None:
        if position < self.position:  # a negative size leads back, and round in a circle
            raise tarfile.ReadError("a header that leads back")
        while self.position < position and self.read(min(position - self.position, CHUNK)):
            pass


def _of_tar(file: IO[bytes], meter: _Meter, on_read: Callable[[int], None]) -> Iterator[Member]:
    with _decompressed(file) as decompressed:
        stream: Any = _Stream(decompressed, meter)
        tar: Any
        with tarfile.open(fileobj=stream, mode="r:") as tar:
            while (info := tar.next()) is not None:
                tar.members.clear()  # else it keeps all of them, 1 GB for a million
                what = _what(info)
                yield Member(info.name, what, _of_tar_file(stream, info) if what == "file" else iter(()))
                on_read(file.tell())
            # tarfile takes a damaged header for the end, too; the real one is a block of zeros.
            if stream.last != bytes(tarfile.BLOCKSIZE):
                raise tarfile.ReadError("it has no end")
            while stream.read(CHUNK):  # up to the checksum of the compressed data
                pass


def _what(info: tarfile.TarInfo) -> str:
    if info.isdir():
        return "folder"
    if info.issym() or info.islnk():
        return "link"
    return "file" if info.isreg() and not info.issparse() else OTHER


def _of_tar_file(stream: _Stream, info: tarfile.TarInfo) -> Iterator[bytes]:
    left = info.size
    while left:
        chunk = stream.read(min(left, CHUNK))
        if not chunk:
            raise tarfile.ReadError("unexpected end of data")
        left -= len(chunk)
        yield chunk


# ---- zip ----------------------------------------------------------------------------------------------------------


def _of_zip(file: IO[bytes], meter: _Meter, on_read: Callable[[int], None]) -> Iterator[Member]:
    read = 0
    with zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            unix = info.external_attr >> 16 if info.create_system == 3 else 0
            what = {0o040000: "folder", 0o120000: "link", 0: "file", 0o100000: "file"}.get(unix & 0o170000, OTHER)
            if info.is_dir():
                what = "folder"
            yield Member(info.filename, what, _of_zip_file(archive, info, meter) if what == "file" else iter(()))
            read += info.compress_size
            on_read(read)


def _of_zip_file(archive: zipfile.ZipFile, info: zipfile.ZipInfo, meter: _Meter) -> Iterator[bytes]:
    if info.flag_bits & 1:
        raise ValueError(f"{meter.path} is encrypted ({info.filename!r}): unpack it yourself, and name the folder")
    with archive.open(info) as stream:
        left = info.file_size
        while chunk := stream.read(CHUNK):
            meter.add(len(chunk))
            left -= len(chunk)
            yield chunk
    if left:
        raise zipfile.BadZipFile(f"{info.filename!r} is shorter than it should be")
