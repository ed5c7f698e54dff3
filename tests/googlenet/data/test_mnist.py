"""MNIST and Fashion-MNIST: found, checked, downloaded; and what to put where when none of it works."""

import functools
import gzip
import hashlib
import http.server
import os
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from googlenet.data import mnist
from googlenet.data.digits.make_digits import OFFICIAL_SHA256
from googlenet.data.idx import idx_content
from googlenet.data.mnist import FASHION_MNIST, MNIST, load_mnist

REPOSITORY = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("MINICNN_DATA", REPOSITORY.parent / "shared" / "data"))
NAMES = list(MNIST.md5)


def md5(content):
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def four(seed):
    """The content of four files as MNIST's, with 5 and 3 images of 2x2."""
    rng = np.random.default_rng(seed)
    shapes = [(5, 2, 2), (5,), (3, 2, 2), (3,)]
    return {name: rng.integers(0, 10, shape, dtype=np.uint8) for name, shape in zip(NAMES, shapes, strict=True)}


def small(files, arrays, *mirrors):
    """The data set, with these arrays in place of its own."""
    return replace(files, md5={name: md5(idx_content(array)) for name, array in arrays.items()}, mirrors=mirrors)


def put(folder, arrays, gzipped=True, rename=lambda name: name):
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in arrays.items():
        content = idx_content(array)
        path = folder / (rename(name) + ".gz" * gzipped)
        path.write_bytes(gzip.compress(content, mtime=0) if gzipped else content)


@pytest.fixture
def mirror(tmp_path):
    """A server of the files in tmp_path/mirror: its address, and the paths it was asked for."""
    asked = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments):
            asked.append(self.path)

    (tmp_path / "mirror").mkdir()
    server = http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Handler, directory=tmp_path / "mirror")
    )
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/", asked
    server.shutdown()
    thread.join()
    server.server_close()


NOBODY = "http://127.0.0.1:9/"  # the port of `discard`: refused at once


@pytest.mark.parametrize("gzipped", [False, True])
@pytest.mark.parametrize(
    ("files", "folder"),
    [
        *((MNIST, folder) for folder in ("", "mnist", "MNIST/raw")),
        *((FASHION_MNIST, folder) for folder in ("", "fashion-mnist", "FashionMNIST/raw")),
    ],
)
def test_the_files_are_found_in_the_usual_places(tmp_path, files, folder, gzipped):
    arrays = four(0)
    put(tmp_path / folder, arrays, gzipped)
    paths, loaded = load_mnist(small(files, arrays), tmp_path)
    assert paths == [tmp_path / folder / (name + ".gz" * gzipped) for name in NAMES]
    for array, expected in zip(loaded, arrays.values(), strict=True):
        np.testing.assert_array_equal(array, expected)


def test_the_names_may_have_a_dot_before_the_format(tmp_path):
    arrays = four(0)
    put(tmp_path, arrays, gzipped=False, rename=lambda name: name.replace("-idx", ".idx"))
    paths, _ = load_mnist(small(MNIST, arrays), tmp_path)
    assert [path.name for path in paths][:2] == ["train-images.idx3-ubyte", "train-labels.idx1-ubyte"]


def test_each_finds_its_own_where_both_are_below_one_root(tmp_path, mirror):
    """The files of both have the same names, and those of one lie in the root itself."""
    digits, clothes = four(0), four(1)
    put(tmp_path, digits)
    put(tmp_path / "mirror", clothes)
    paths, _ = load_mnist(small(FASHION_MNIST, clothes, mirror[0]), tmp_path)
    assert {path.parent for path in paths} == {tmp_path / "fashion-mnist"}
    paths, loaded = load_mnist(small(MNIST, digits), tmp_path)
    assert {path.parent for path in paths} == {tmp_path}
    np.testing.assert_array_equal(loaded[1], digits[NAMES[1]])


@pytest.mark.parametrize("name", NAMES)
def test_another_content_is_refused(tmp_path, name):
    arrays = four(0)
    put(tmp_path / "mnist", {**arrays, name: four(1)[name]})
    with pytest.raises(ValueError, match=f"{name}.gz does not hold what MNIST's file does .*MD5.* Replace it; for"):
        load_mnist(small(MNIST, arrays), tmp_path)


def test_a_mirror_without_the_file_is_named(tmp_path, mirror):
    with pytest.raises(FileNotFoundError, match=rf"cannot be downloaded \({mirror[0]}: File not found\)"):
        load_mnist(small(MNIST, four(0), mirror[0]), tmp_path)


def test_what_is_missing_is_downloaded_once(tmp_path, mirror, capsys):
    arrays = four(0)
    put(tmp_path / "mirror", arrays)
    put(tmp_path / "mnist", {NAMES[2]: arrays[NAMES[2]]}, gzipped=False)
    files = small(MNIST, arrays, NOBODY, mirror[0])
    for _ in range(2):
        _, loaded = load_mnist(files, tmp_path)
        for array, expected in zip(loaded, arrays.values(), strict=True):
            np.testing.assert_array_equal(array, expected)
    assert mirror[1] == [f"/{name}.gz" for name in NAMES if name != NAMES[2]]
    there = {path.name for path in (tmp_path / "mnist").iterdir()}
    assert there == {NAMES[2], *(f"{name}.gz" for name in NAMES if name != NAMES[2])}
    said = capsys.readouterr()
    assert said.out == "" and f"getting {NAMES[0]}.gz from {mirror[0]}\n" in said.err


@pytest.mark.parametrize(
    "sent",
    [
        b"<html>Please log in</html>",
        b"",
        gzip.compress(b"something else"),
        gzip.compress(idx_content(four(0)[NAMES[0]]))[:-4],
        gzip.compress(bytes(100 << 20), 1),
    ],
    ids=["a page", "nothing", "another", "cut off", "a bomb"],
)
def test_what_a_mirror_sends_is_checked_before_it_is_kept(tmp_path, mirror, monkeypatch, sent):
    monkeypatch.setattr(mnist, "LARGEST_DOWNLOAD", 1 << 20)
    put(tmp_path / "mirror", four(0))
    (tmp_path / "mirror" / f"{NAMES[0]}.gz").write_bytes(sent)
    with pytest.raises(FileNotFoundError, match="what it sends is another file, or not whole"):
        load_mnist(small(MNIST, four(0), mirror[0]), tmp_path)
    assert not list(tmp_path.glob("mnist/*"))


def test_where_no_mirror_answers_it_is_said_what_to_put_where(tmp_path):
    arrays = four(0)
    files = small(MNIST, arrays, NOBODY, NOBODY + "x/")
    put(tmp_path / "mnist", {NAMES[1]: arrays[NAMES[1]]})
    with pytest.raises(FileNotFoundError) as caught:
        load_mnist(files, tmp_path)
    said = str(caught.value)
    assert said.startswith(f"MNIST is not in {tmp_path / 'mnist'}, and cannot be downloaded ({NOBODY}: ")
    assert "Connection refused" in said and "urlopen" not in said and "\n" not in said
    for name in NAMES:
        assert (f"{name} ({files.md5[name]})" in said) == (name != NAMES[1])


def test_a_server_that_says_nothing_is_waited_for_only_so_long(tmp_path, monkeypatch):
    timeouts = []
    monkeypatch.setattr(mnist.urllib.request, "urlopen", lambda url, timeout: timeouts.append(timeout) or hang())

    def hang():
        raise TimeoutError("timed out")

    with pytest.raises(FileNotFoundError, match="timed out"):
        load_mnist(replace(MNIST, mirrors=("a", "b")), tmp_path)
    assert timeouts == [mnist.TIMEOUT] * 2  # one try each, not one for each file
    assert mnist.TIMEOUT <= 15


def test_a_folder_that_cannot_be_written_is_an_error_of_its_own(tmp_path, mirror):
    put(tmp_path / "mirror", four(0))
    (tmp_path / "mnist").write_text("a file")
    with pytest.raises(OSError, match=f"^the folder {tmp_path / 'mnist'} cannot be made .File exists"):
        load_mnist(small(MNIST, four(0), mirror[0]), tmp_path)


def test_the_real_files_are_known(tmp_path):
    """The checksums and classes, against others: the SHA-256 of the digits' own program, and the official files."""
    assert [f"{name}.gz" for name in MNIST.md5] == list(OFFICIAL_SHA256)
    assert MNIST.md5.keys() == FASHION_MNIST.md5.keys()
    assert len({*MNIST.md5.values(), *FASHION_MNIST.md5.values()}) == 8
    assert MNIST.classes == tuple("0123456789")
    assert len(FASHION_MNIST.classes) == 10
    assert FASHION_MNIST.classes[0] == "T-shirt/top" and FASHION_MNIST.classes[9] == "Ankle boot"
    if not (DATA / "mnist").is_dir():
        pytest.skip(f"MNIST is not in {DATA} (set MINICNN_DATA to the folder that holds mnist/)")
    paths, (train, train_labels, test, test_labels) = load_mnist(replace(MNIST, mirrors=()), DATA)
    for path, array in zip(paths, (train, train_labels, test, test_labels), strict=True):
        name = path.name if path.suffix == ".gz" else f"{path.name}.gz"
        assert hashlib.sha256(idx_content(array)).hexdigest() == OFFICIAL_SHA256[name]
