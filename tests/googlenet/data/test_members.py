"""Archives that are damaged or lie: never taken for whole ones, never larger than their size warrants."""

import bz2
import gzip
import io
import lzma
import random
import struct
import tarfile
import zipfile

import pytest

from googlenet.data import members as module
from googlenet.data.members import kind_of, members

FILES = {"a/1.jpg": b"one" * 300, "a/2.jpg": b"", "b/3.png": bytes(range(256)) * 6}
PACK = {"tar": bytes, "tar.gz": gzip.compress, "tar.bz2": bz2.compress, "tar.xz": lzma.compress}


def tar(entries, **options):
    """A tar file of (TarInfo or name, content)."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", **options) as archive:
        for info, content in entries:
            if isinstance(info, str):
                info = tarfile.TarInfo(info)
                info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return file.getvalue()


def zipped(entries, compression=zipfile.ZIP_DEFLATED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for info, content in entries:
            archive.writestr(info, content)
    return file.getvalue()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "photos.data"  # the contents count


def read(path, content):
    path.write_bytes(content)
    seen = []
    return {m.name: (m.what, b"".join(m.chunks)) for m in members(path, kind_of(path), seen.append)}


@pytest.mark.parametrize("kind", PACK)
def test_every_tar_is_read(path, kind):
    found = read(path, PACK[kind](tar(FILES.items())))
    assert found == {name: ("file", content) for name, content in FILES.items()}
    assert kind_of(path) == "tar"


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_every_zip_is_read(path, compression):
    found = read(path, zipped(FILES.items(), compression))
    assert found == {name: ("file", content) for name, content in FILES.items()}
    assert kind_of(path) == "zip"


def test_large_files_come_in_pieces(path):
    content = random.Random(0).randbytes(module.CHUNK * 2 + 5)
    for packed in (tar([("a.png", content)]), zipped([("a.png", content)])):
        path.write_bytes(packed)
        for member in members(path, kind_of(path), lambda read: None):
            pieces = list(member.chunks)
            assert b"".join(pieces) == content
            assert max(map(len, pieces)) <= module.CHUNK


def test_what_is_not_read_is_skipped(path):
    for content in (PACK["tar.gz"](tar(FILES.items())), zipped(FILES.items())):
        path.write_bytes(content)
        assert [m.name for m in members(path, kind_of(path), lambda read: None)] == list(FILES)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", ""),
        (b"hello", ""),
        (bytes(2048), ""),
        (gzip.compress(struct.pack(">4I", 0x803, 1, 28, 28) + bytes(784)), ""),  # IDX
        (gzip.compress(b"hello")[:-9], ""),
        (b"\x1f\x8bgarbage" * 50, ""),
        (b"7z\xbc\xaf\x27\x1c" + bytes(100), "7z"),
        (b"Rar!\x1a\x07" + bytes(100), "RAR"),
        (b"\x28\xb5\x2f\xfd" + bytes(100), "Zstandard"),
        (b"\xff\xd8\xff\xe0 a photo with PK\x03\x04 in it", ""),
    ],
    ids="nothing,text,zeros,IDX,cut off,garbage,7z,RAR,Zstandard,photo".split(","),
)
def test_the_kind_is_told_by_the_contents(path, content, kind):
    path.write_bytes(content)
    assert kind_of(path) == kind


def test_links_and_devices_are_called_what_they_are(path):
    kinds = {
        "link": (tarfile.SYMTYPE, tarfile.LNKTYPE),
        "special file": (tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, b"S"),  # S: with holes
        "folder": (tarfile.DIRTYPE,),
    }
    entries, expected = [], {}
    for what, types in kinds.items():
        for type in types:
            info = tarfile.TarInfo(f"{what} {type.decode()}")
            info.type, info.linkname = type, "/etc/passwd"
            entries.append((info, b""))
            expected[info.name] = (what, b"")
    assert read(path, tar(entries)) == expected


def test_links_in_zip_files(path):
    entries, expected = [], {}
    for mode, what in ((0o120777, "link"), (0o010644, "special file"), (0o100644, "file"), (0, "file")):
        info = zipfile.ZipInfo(f"{mode:o}")
        info.create_system, info.external_attr = 3, mode << 16
        entries.append((info, b"/etc/passwd"))
        expected[info.filename] = (what, b"/etc/passwd" if what == "file" else b"")
    entries.append((zipfile.ZipInfo("folder/"), b""))
    assert read(path, zipped(entries)) == expected | {"folder/": ("folder", b"")}


# ---- damage --------------------------------------------------------------------------------------------------------

DAMAGED = r"photos.data is (damaged or cut off \(.+\): copy or download it again|packed in a way)"


@pytest.mark.parametrize("kind", [*PACK, "zip"])
def test_an_archive_cut_off_anywhere_is_never_taken_for_a_whole_one(path, kind):
    content = zipped(FILES.items()) if kind == "zip" else PACK[kind](tar(FILES.items(), format=tarfile.USTAR_FORMAT))
    cuts = range(0, 5 * 512 + 1536, 256) if kind == "tar" else range(0, len(content), max(1, len(content) // 20))
    for length in cuts:  # a tar ends with zeros, of which one block is enough
        path.write_bytes(content[:length])
        if kind_of(path):
            with pytest.raises(ValueError, match=DAMAGED):
                read(path, content[:length])


def test_a_damaged_header_is_no_end(path):
    content = bytearray(tar(FILES.items()))
    second = content.index(b"a/2.jpg")
    content[second] ^= 1
    with pytest.raises(ValueError, match=DAMAGED):
        read(path, bytes(content))


def test_the_checksum_of_compressed_data_counts(path):
    content = bytearray(gzip.compress(tar(FILES.items())))
    content[-5] ^= 1
    with pytest.raises(ValueError, match="damaged or cut off .CRC"):
        read(path, bytes(content))
    content = bytearray(zipped(FILES.items(), zipfile.ZIP_STORED))
    content[content.index(b"oneone")] ^= 1
    with pytest.raises(ValueError, match="damaged or cut off .Bad CRC"):
        read(path, bytes(content))


@pytest.mark.parametrize("kind", [*PACK, "zip"])
def test_no_damage_ends_in_another_error(path, kind):
    whole = zipped(FILES.items()) if kind == "zip" else PACK[kind](tar(FILES.items()))
    rng = random.Random(0)
    for _ in range(25):
        content = bytearray(whole)
        for _ in range(rng.choice((1, 1, 4))):
            content[rng.randrange(min(len(content), 6000))] = rng.randrange(256)
        try:
            read(path, bytes(content))
        except ValueError as error:
            assert "photos.data" in str(error) or kind_of(path) not in ("tar", "zip")  # noqa: PT017


def test_a_zip_that_claims_more_than_it_holds(path):
    content = bytearray(zipped([("a.jpg", b"abc")], zipfile.ZIP_STORED))
    size = content.index(b"PK\x01\x02") + 24
    content[size : size + 4] = struct.pack("<I", 1000)
    with pytest.raises(ValueError, match=DAMAGED):
        read(path, bytes(content))


def test_encrypted(path):
    content = bytearray(zipped([("a.jpg", b"abc")]))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + offset] |= 1
    with pytest.raises(ValueError, match=r"photos.data is encrypted \('a.jpg'\): unpack it yourself, and name"):
        read(path, bytes(content))


def test_ways_to_pack_that_python_does_not_know(path):
    content = bytearray(zipped([("a.jpg", b"abc")]))
    for mark, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        content[content.index(mark) + offset] = 9  # Deflate64, of Windows
    with pytest.raises(ValueError, match="photos.data is packed in a way that Python does not know .*: pack it again"):
        read(path, bytes(content))


# ---- bombs ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["tar.gz", "tar.bz2", "tar.xz", "zip"])
def test_what_unpacks_to_much_more_than_its_size_is_refused(path, monkeypatch, kind):
    monkeypatch.setattr(module, "FREE_BYTES", 10_000)
    bomb = [("a.jpg", bytes(3_000_000))]
    with pytest.raises(ValueError, match="photos.data unpacks to more than .* bytes, 100 times its size"):
        read(path, zipped(bomb) if kind == "zip" else PACK[kind](tar(bomb)))


def test_what_is_passed_by_counts_too(path, monkeypatch):
    monkeypatch.setattr(module, "FREE_BYTES", 10_000)
    path.write_bytes(gzip.compress(tar([("a.exe", bytes(3_000_000))])))
    with pytest.raises(ValueError, match="unpacks to more than"):
        list(members(path, "tar", lambda read: None))


def test_a_small_archive_may_unpack_to_a_lot(path):
    assert read(path, gzip.compress(tar([("a.bmp", bytes(3_000_000))])))["a.bmp"][1] == bytes(3_000_000)


def test_there_is_a_limit_for_large_archives_too(path, monkeypatch):
    monkeypatch.setattr(module, "MAX_BYTES", 5000)
    with pytest.raises(ValueError, match="unpacks to more than 5,000 bytes"):
        read(path, tar([("a.jpg", bytes(6000))]))


def test_members_that_share_their_bytes_count_each_time(path, monkeypatch):
    """A zip bomb whose every entry is the same data (D. Fifield, 2019)."""
    monkeypatch.setattr(module, "FREE_BYTES", 10_000)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("a.jpg", bytes(40_000))
        archive.filelist += [archive.filelist[0]] * 200  # in the table of contents
    with pytest.raises(ValueError, match=r"unpacks to more than|damaged or cut off \(Overlapped entries"):
        read(path, file.getvalue())


@pytest.mark.parametrize("type", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.XGLTYPE])
def test_a_header_that_wants_all_memory(path, type):
    info = tarfile.TarInfo("a")
    info.type, info.size = type, 10**9
    with pytest.raises(ValueError, match=r"damaged or cut off \(a header of 1,000,000,\d+ bytes"):
        read(path, tar([("0.jpg", b"0")])[:1024] + info.tobuf(tarfile.GNU_FORMAT) + bytes(2048))


def test_a_negative_size_leads_nowhere(path):
    info = tarfile.TarInfo("a.jpg")
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    header[124:136] = b"\xff" * 10 + struct.pack(">h", -1024)  # base 256: back to the first header
    header[148:156] = b"        "
    header[148:156] = b"%06o\0 " % sum(header)
    for skip in (True, False):
        path.write_bytes(tar([("0.jpg", b"0")])[:1024] + bytes(header) + bytes(1024))
        with pytest.raises(ValueError, match=DAMAGED):
            for member in members(path, "tar", lambda read: None):
                skip or list(member.chunks)


def test_headers_in_headers(path):
    """A long name for a long name for a long name: tarfile reads them one inside the other."""
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 512
    content = (info.tobuf(tarfile.GNU_FORMAT) + b"a" * 511 + b"\0") * 3000
    with pytest.raises(ValueError, match=DAMAGED):
        read(path, content + bytes(1024))


def test_progress_goes_to_the_end_of_the_file(path):
    for content in (tar(FILES.items()), zipped(FILES.items(), zipfile.ZIP_STORED)):
        seen = []
        path.write_bytes(content)
        for member in members(path, kind_of(path), seen.append):
            list(member.chunks)
        assert len(seen) == 3
        assert seen == sorted(seen)
        assert 1000 < seen[-1] <= len(content)


def test_an_error_of_the_disk_is_no_damage(path):
    def broken():
        yield b"1"
        raise OSError(5, "Input/output error")

    with pytest.raises(OSError, match="Input/output error"):
        list(module._in_words(path, broken()))
