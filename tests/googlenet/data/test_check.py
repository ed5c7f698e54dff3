"""All images are decoded before the training, and those that cannot be are named, whatever the number of threads."""

import json
import os
import threading

import numpy as np
import pytest
from PIL import Image

from googlenet.data import check
from googlenet.data.check import Unreadable, check_images
from googlenet.data.images import ArrayImages, FileImages, Images

GOOD = ("a.jpg", "b.png", "c.gif", "f.jpg")


@pytest.fixture
def images(tmp_path):
    """Four good ones, with an empty one and one that is cut off between them."""
    pixels = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
    for name in (*GOOD, "e.jpg"):
        Image.fromarray(pixels).save(tmp_path / name)
    (tmp_path / "d.png").write_bytes(b"")
    (tmp_path / "e.jpg").write_bytes((tmp_path / "e.jpg").read_bytes()[:-500])
    paths = sorted(tmp_path.iterdir())
    return FileImages(paths, [0] * len(paths), ("things",))


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_what_cannot_be_read_is_found(images, workers):
    unreadable, _ = check_images(images, workers)
    assert [(u.index, u.name) for u in unreadable] == [(i, str(images.paths[i])) for i in (3, 4)]
    assert unreadable[0] == Unreadable(3, str(images.paths[3]), "it is empty")
    assert unreadable[1].reason.startswith("image file is truncated")


def test_gray_that_nobody_knows_the_range_of_is_found(tmp_path):
    Image.fromarray(np.array([[0, 1e6]], np.float32)).save(tmp_path / "a.tif")
    unreadable, _ = check_images(FileImages([tmp_path / "a.tif"], [0], ("x",)))
    assert "its gray goes from 0 to 1e+06" in unreadable[0].reason


def test_a_jpeg_that_is_cut_off_is_found_anywhere(tmp_path):
    """Though it is decoded at an eighth of its size."""
    pixels = np.random.default_rng(0).integers(0, 256, (160, 160, 3), dtype=np.uint8)
    for progressive in (False, True):
        Image.fromarray(pixels).save(tmp_path / "a.jpg", progressive=progressive)
        content = (tmp_path / "a.jpg").read_bytes()
        for length in range(700, len(content) - 100, len(content) // 7):
            (tmp_path / "a.jpg").write_bytes(content[:length])
            assert len(check_images(FileImages([tmp_path / "a.jpg"], [0], ("x",)))[0]) == 1


def test_a_file_that_is_known_is_not_decoded_again(images, monkeypatch):
    unreadable, known = check_images(images)
    assert sorted(known) == [str(path) for path in images.paths if path.name in GOOD]
    known = json.loads(json.dumps(known))  # as in a run's folder
    opened = []
    real = FileImages.open
    monkeypatch.setattr(FileImages, "open", lambda self, i: opened.append(self.paths[i].name) or real(self, i))
    assert check_images(images, 1, known=known) == (unreadable, known)
    assert opened == ["d.png", "e.jpg"]
    status = images.paths[0].stat()
    os.utime(images.paths[0], ns=(status.st_atime_ns, status.st_mtime_ns + 1000))
    with images.paths[1].open("ab") as file:
        file.write(b"0")
    os.utime(images.paths[1], ns=(0, known[str(images.paths[1])][1]))
    opened.clear()
    assert check_images(images, 1, known=known)[0] == unreadable
    assert opened == ["a.jpg", "b.png", "d.png", "e.jpg"]


def test_a_file_that_is_gone_is_found(images):
    _, known = check_images(images)
    images.paths[0].unlink()
    unreadable, stamps = check_images(images, known=known)
    assert unreadable[0] == Unreadable(0, str(images.paths[0]), "No such file or directory")
    assert str(images.paths[0]) not in stamps


def test_arrays_have_no_stamps():
    images = ArrayImages(np.zeros((3, 8, 8), np.uint8), [0, 0, 0], ("x",), "digits")
    assert check_images(images, known={"digits[0]": [0, 0]}) == ([], {})


def test_no_images():
    assert check_images(FileImages([], [], ())) == ([], {})


def test_progress_counts_to_the_end(images, monkeypatch):
    monkeypatch.setattr(check, "AT_ONCE", 4)
    seen = []
    check_images(images, 3, on_progress=lambda done, total: seen.append((done, total)))
    assert seen == [(i, 6) for i in range(1, 7)]


class Slow(Images):
    """Images that are never done before they may be; how many were opened, and how many at once."""

    def __init__(self, count, size=(8, 8)):
        self.labels, self.classes = np.zeros(count, np.int64), ("x",)
        self.size, self.opened, self.inside, self.most = size, 0, 0, 0
        self.lock = threading.Lock()

    def open(self, index):
        slow = self

        class Photo(Image.Image):
            def load(self):
                with slow.lock:
                    slow.inside += 1
                    slow.most = max(slow.most, slow.inside)
                threading.Event().wait(0.01)
                with slow.lock:
                    slow.inside -= 1

        photo = Photo()
        photo._mode, photo._size = "RGB", self.size
        with self.lock:
            self.opened += 1
        return photo

    def name(self, index):
        return f"image {index}"


@pytest.mark.parametrize(("pixels", "alone"), [(100, True), (99, False)])
def test_large_images_are_decoded_one_at_a_time(monkeypatch, pixels, alone):
    monkeypatch.setattr(check, "LARGE", 99)
    images = Slow(12, (pixels, 1))
    assert check_images(images, 3) == ([], {})
    assert (images.most == 1) == alone


def test_ctrl_c_ends_it_soon():
    images = Slow(200)

    def interrupt(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check_images(images, 2, on_progress=interrupt)
    assert images.opened < 20
    assert not any(thread.name.startswith("ThreadPoolExecutor") for thread in threading.enumerate())


def test_odd_names_and_errors_have_reasons(tmp_path):
    class Odd(FileImages):
        def open(self, index):
            raise struct_error

    struct_error = SyntaxError("broken\nPNG")
    unreadable, _ = check_images(Odd([tmp_path / "\udcff.png"], [0], ("x",)))
    assert unreadable[0].reason == "it is damaged (SyntaxError: broken PNG)"
