"""What is found in a data set before anything is trained on it."""

import shutil
import threading

import numpy as np
import pytest
from PIL import Image

from googlenet.data import inspection
from googlenet.data.images import ArrayImages, FileImages, Images
from googlenet.data.inspection import Inspection, Place, Spread, inspect, look_at
from googlenet.data.source import ImageData

CLASSES = ("cats", "dogs")


def spots(seed, width=120, height=90):
    """Something like a photo: large smooth spots."""
    pixels = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), np.uint8)
    return Image.fromarray(pixels).resize((width, height), Image.Resampling.BICUBIC)


class Folder:
    """Images in files, of which each test makes some."""

    def __init__(self, root):
        self.root, self.images = root, {"train": [], "val": []}

    def path(self, part, label, name):
        path = self.root / part / CLASSES[label] / name
        path.parent.mkdir(parents=True, exist_ok=True)
        self.images[part].append((path, label))
        return path

    def data(self, kind="photos"):
        parts = (
            FileImages([path for path, _ in images], [label for _, label in images], CLASSES)
            for images in self.images.values()
        )
        return ImageData("pets", kind, str(self.root), CLASSES, *parts, notes=("a note",))


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


def test_a_clean_set(folder):
    for seed, (part, label) in enumerate([("train", 0), ("train", 0), ("train", 1), ("val", 0)]):
        spots(seed, 100 + 10 * seed, 80).save(folder.path(part, label, f"{seed}.png"))
    found = inspect(folder.data(), threads=2)
    assert found == Inspection(
        name="pets", kind="photos", where=str(folder.root), notes=("a note",), classes=CLASSES, train=(2, 1),
        val=(1, 0), widths=Spread(100, 115, 130), heights=Spread(80, 80, 80), aspects=Spread(1.25, 1.4375, 1.625),
        very_small=(), stored={"RGB": 4}, turned=0, animated=0, pairs=(), not_compared="", unreadable=(),
    )  # fmt: skip
    assert found.balance == 2


def test_a_class_without_training_images_is_infinitely_smaller(folder):
    spots(0).save(folder.path("train", 1, "a.png"))
    found = inspect(folder.data())
    assert (found.train, found.balance) == ((0, 1), float("inf"))


STORED = {
    "gray": lambda image: image.convert("L"),
    "palette": lambda image: image.convert("P"),
    "RGB with transparency": lambda image: image.convert("RGBA"),
    "gray with transparency": lambda image: image.convert("LA"),
    "black and white": lambda image: image.convert("1"),
    "16-bit gray": lambda image: Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257),
    "gray saved as RGB": lambda image: image.convert("L").convert("RGB"),
    "RGB": lambda image: image,
}


@pytest.mark.parametrize("how", STORED)
def test_how_the_pixels_are_stored(folder, how):
    STORED[how](spots(0)).save(folder.path("train", 0, "a.png"))
    look = look_at(folder.data().train, 0)
    assert (look.stored, look.problem) == (how, "")
    assert look.hash is not None


def test_cmyk_and_palettes_with_transparency(folder):
    spots(0).convert("CMYK").save(folder.path("train", 0, "a.jpg"))
    spots(0).convert("P").save(folder.path("train", 0, "b.png"), transparency=3)
    assert inspect(folder.data()).stored == {"CMYK": 1, "palette with transparency": 1}


@pytest.mark.parametrize(("orientation", "size"), [(1, (120, 90)), (3, (120, 90)), (5, (90, 120)), (6, (90, 120))])
def test_turned_by_exif(folder, orientation, size):
    exif = Image.Exif()
    exif[0x0112] = orientation
    spots(0).save(folder.path("train", 0, "a.jpg"), exif=exif)
    look = look_at(folder.data().train, 0)
    assert ((look.width, look.height), look.turned) == (size, orientation != 1)


def test_an_animation(folder):
    spots(0).save(folder.path("train", 0, "a.png"), save_all=True, append_images=[spots(1)])
    spots(0).save(folder.path("train", 0, "b.png"))
    found = inspect(folder.data())
    assert found.animated == 1
    assert [pair.how for pair in found.pairs] == ["same pixels"]  # its first picture is the other file's


# ---- the same picture again ---


def test_leaks_and_contradictions(folder):
    a, b = folder.path("train", 0, "a.png"), folder.path("train", 0, "b.png")
    spots(0).save(a)
    spots(1).save(b)
    shutil.copy(a, folder.path("val", 0, "same file.png"))
    spots(1).save(folder.path("val", 1, "same pixels.bmp"))
    spots(1).resize((110, 80)).save(folder.path("train", 1, "similar.png"))
    found = inspect(folder.data())
    place = {path.name: Place(part, path.parent.name, str(path)) for part in ("train", "val")
             for path, _ in folder.images[part]}  # fmt: skip
    assert [(pair.one, pair.other, pair.how, pair.leaks, pair.contradicts) for pair in found.pairs] == [
        (place["a.png"], place["same file.png"], "same file", True, False),
        (place["b.png"], place["same pixels.bmp"], "same pixels", True, True),
        (place["b.png"], place["similar.png"], "similar", False, True),
    ]
    assert found.pairs[2].bits <= 8


def test_equal_colors_of_other_palettes_are_equal_pixels(folder):
    image = Image.new("P", (60, 60))
    for name, palette in (("a", [0, 0, 0, 200, 0, 0]), ("b", [200, 0, 0, 0, 0, 0]), ("c", [0, 0, 0, 200, 0, 0])):
        image.putpalette(palette)
        image.paste(0 if name == "b" else 1, (0, 0, 60, 30))
        image.paste(1 if name == "b" else 0, (0, 30, 60, 60))
        image.save(folder.path("train", 0, f"{name}.png"), compress_level=ord(name) - ord("a") + 1)
    assert [pair.how for pair in inspect(folder.data()).pairs] == ["same pixels", "same pixels"]


def test_small_images_are_compared_for_equal_pixels_alone():
    rng = np.random.default_rng(0)
    digits = rng.integers(0, 256, (6, 28, 28), np.uint8)
    digits[5], digits[4] = digits[0], digits[1] // 2
    images = ArrayImages(digits, [0, 1, 0, 1, 0, 1], CLASSES, "x")
    found = inspect(ImageData("d", "digits", "", CLASSES, images.subset([0, 1, 2]), images.subset([3, 4, 5])))
    (pair,) = found.pairs
    assert (pair.one.name, pair.other.name, pair.how, pair.leaks) == ("x[0]", "x[5]", "same pixels", True)
    assert "below 48 pixels, here 6" in found.not_compared
    assert len(found.very_small) == 6


def many(count):
    """As many images of one picture, each a little brighter, so that no two are equal."""
    pixels = np.asarray(spots(0)).astype(int) * 3 // 4
    frames = np.stack([pixels + i for i in range(count)]).astype(np.uint8)
    images = ArrayImages(frames, [0] * count, CLASSES, "x")
    return ImageData("m", "photos", "", CLASSES, images, images.subset([]))


def test_where_all_are_similar_none_is_listed():
    found = inspect(many(22))  # 231 pairs
    assert found.pairs == ()
    assert "too many images are similar" in found.not_compared
    assert len(inspect(many(20)).pairs) == 190


def test_of_very_many_images_only_equal_ones_are_looked_for(monkeypatch):
    monkeypatch.setattr(inspection, "MOST_HASHES", 3)
    assert len(inspect(many(3)).pairs) == 3
    found = inspect(many(4))
    assert found.pairs == ()
    assert "more than 3" in found.not_compared


# ---- what cannot be read ---


def test_unreadable_files_are_listed_with_the_reason_and_nothing_else_counts_them(folder):
    spots(0).save(folder.path("train", 0, "good.png"))
    folder.path("train", 0, "empty.jpg").write_bytes(b"")
    whole = folder.path("val", 1, "cut.jpg")
    spots(1).save(whole)
    whole.write_bytes(whole.read_bytes()[:-400])
    folder.path("val", 1, "gone.jpg")
    found = inspect(folder.data())
    assert [(place.part, place.label, place.name.rpartition("/")[2]) for place, _ in found.unreadable] == [
        ("train", "cats", "empty.jpg"), ("val", "dogs", "cut.jpg"), ("val", "dogs", "gone.jpg"),
    ]  # fmt: skip
    reasons = [reason for _, reason in found.unreadable]
    assert "truncated" in reasons[1] and "No such file" in reasons[2]
    assert (found.train, found.val, found.stored) == ((2, 0), (0, 2), {"RGB": 1})
    assert found.widths == Spread(120, 120, 120)


def test_nothing_can_be_read(folder):
    folder.path("train", 0, "a.jpg").write_text("hello")
    found = inspect(folder.data())
    assert (found.widths, found.heights, found.aspects, found.pairs) == (None, None, None, ())


def test_no_memory_is_not_a_broken_file():
    class Huge(Images):
        labels, classes = np.zeros(1, np.int64), CLASSES

        def open(self, index):
            raise MemoryError

        def name(self, index):
            return "huge"

    with pytest.raises(MemoryError):
        look_at(Huge(), 0)


def test_very_small_images_are_named(folder):
    for name, size in (("one", (1, 1)), ("low", (200, 31)), ("enough", (32, 32))):
        spots(0).resize(size).save(folder.path("train", 0, f"{name}.png"))
    assert [place.name.rpartition("/")[2] for place in inspect(folder.data()).very_small] == ["one.png", "low.png"]


def test_each_image_is_opened_once_on_threads_and_watched(monkeypatch):
    data, opened, threads = many(12), [], set()
    original = ArrayImages.open

    def counted(self, index):
        opened.append(index)
        threads.add(threading.get_ident())
        return original(self, index)

    monkeypatch.setattr(ArrayImages, "open", counted)
    seen = []
    inspect(data, threads=2, watch=lambda looks: (seen.append(look) or look for look in looks))
    assert sorted(opened) == list(range(12))
    assert len(seen) == 12
    assert threading.get_ident() not in threads


def test_of_large_images_one_at_a_time_is_decoded(monkeypatch):
    monkeypatch.setattr(inspection, "LARGE", 120 * 90 - 1)
    held = []
    monkeypatch.setattr(inspection, "whole", lambda *_: held.append(inspection._ONE_LARGE.locked()) or spots(0))
    look_at(many(1).train, 0)
    monkeypatch.setattr(inspection, "LARGE", 120 * 90)
    look_at(many(1).train, 0)
    assert held == [True, False]
    assert not inspection._ONE_LARGE.locked()
