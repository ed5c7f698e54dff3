"""Photos in folders: shapes, dtypes, labels, and augmentation that depends on the generator alone."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from googlenet.data import ImageFolder
from googlenet.data.transforms import (
    center_crop,
    normalize_rgb,
    random_flip,
    random_resized_crop,
)
from minicnn.data import DataLoader, Dataset, SampleError

REPOSITORY = Path(__file__).resolve().parents[3]
DATA = Path(os.environ.get("MINICNN_DATA", REPOSITORY.parent / "shared" / "data"))


def write_photo(path, seed=0, width=60, height=40):
    """A photo of soft colors, different for every seed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (4, 6, 3), dtype=np.uint8)
    Image.fromarray(pixels).resize((width, height)).save(path)


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """A folder of two classes, with three and two photos, and with things that are none."""
    root = tmp_path_factory.mktemp("photos")
    for seed, name in enumerate(["tulips/b.jpg", "tulips/a.JPEG", "tulips/c.png", "roses/2.jpg", "roses/10.PNG"]):
        write_photo(root / name, seed)
    (root / "roses" / "about.txt").write_text("not a photo")
    (root / "roses" / "._2.jpg").write_text("not a photo")
    (root / ".cache").mkdir()
    (root / "labels.csv").write_text("not a class")
    return root


def test_folders_are_classes_and_everything_is_in_the_order_of_the_names(photos):
    dataset = ImageFolder(photos)
    assert isinstance(dataset, Dataset)
    assert dataset.classes == ("roses", "tulips")
    names = ["roses/10.PNG", "roses/2.jpg", "tulips/a.JPEG", "tulips/b.jpg", "tulips/c.png"]
    assert dataset.paths == [photos / name for name in names]
    assert dataset.labels.tolist() == [0, 0, 1, 1, 1]
    assert len(dataset) == 5


def test_names_are_in_the_order_of_their_letters_capitals_first(tmp_path):
    """The order of torchvision's ImageFolder: whoever has weights from there gets the same numbers for the classes."""
    for seed, name in enumerate(["ash/b.png", "ash/C.png", "Beech/a.png", "cedar/a.png"]):
        write_photo(tmp_path / name, seed)
    dataset = ImageFolder(tmp_path)
    assert dataset.classes == ("Beech", "ash", "cedar")
    assert [path.name for path in dataset.paths] == ["a.png", "C.png", "b.png", "a.png"]
    assert dataset.labels.dtype == np.int64


@pytest.mark.parametrize("augment", [False, True])
def test_indexing_gives_the_center_of_the_photo(photos, augment):
    dataset = ImageFolder(str(photos), size=32, augment=augment)
    for index, path in enumerate(dataset.paths):
        image, label = dataset[index]
        assert image.shape == (3, 32, 32)
        assert image.dtype == np.float32
        np.testing.assert_array_equal(image, normalize_rgb(np.asarray(center_crop(Image.open(path), 32))))
        assert type(label) is int
        assert dataset.classes[label] == path.parent.name


def test_photos_are_224_pixels_wide_unless_asked(photos):
    assert ImageFolder(photos)[0][0].shape == (3, 224, 224)


def test_a_photo_without_augmentation_draws_nothing(photos):
    rng = np.random.default_rng(0)
    before = rng.bit_generator.state
    image, label = ImageFolder(photos, size=32).sample(3, rng)
    np.testing.assert_array_equal(image, ImageFolder(photos, size=32)[3][0])
    assert label == 1
    assert rng.bit_generator.state == before


def test_photos_are_cropped_and_mirrored_as_the_generator_says(photos):
    dataset = ImageFolder(photos, size=32, augment=True)
    crops = set()
    for seed in range(8):
        image, label = dataset.sample(3, np.random.default_rng(seed))
        rng = np.random.default_rng(seed)
        expected = random_flip(random_resized_crop(Image.open(dataset.paths[3]), 32, rng), rng)
        np.testing.assert_array_equal(image, normalize_rgb(np.asarray(expected)))
        assert label == 1
        crops.add(image.tobytes())
    assert len(crops) == 8


@pytest.mark.parametrize("num_workers", [0, 2])
def test_a_loader_gives_batches_of_photos_with_the_channels_last_in_memory(photos, num_workers):
    dataset = ImageFolder(photos, size=32, augment=True)
    loader = DataLoader(dataset, batch_size=2, shuffle=True, num_workers=num_workers, seed=3)
    batches = list(loader)
    assert [x.shape for x, _ in batches] == [(2, 3, 32, 32), (2, 3, 32, 32), (1, 3, 32, 32)]
    assert sorted(np.concatenate([y for _, y in batches])) == [0, 0, 1, 1, 1]
    for x, _ in batches:
        assert x.dtype == np.float32
        assert x.transpose(0, 2, 3, 1).flags.c_contiguous
    first = int(np.random.default_rng((3, 0, 5)).permutation(5)[0])  # as DataLoader documents: (seed, epoch, ...)
    np.testing.assert_array_equal(batches[0][0][0], dataset.sample(first, np.random.default_rng((3, 0, first)))[0])
    assert any((x != again).any() for (x, _), (again, _) in zip(batches, loader, strict=True))  # the next epoch


@pytest.mark.parametrize("augment", [False, True])
@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_a_truncated_photo_is_named(tmp_path, suffix, augment):
    for name in ("a", "b", "c"):
        write_photo(tmp_path / "roses" / (name + suffix), width=300, height=200)
    broken = tmp_path / "roses" / f"b{suffix}"
    broken.write_bytes(broken.read_bytes()[:-500])
    loader = DataLoader(ImageFolder(tmp_path, augment=augment), batch_size=3, num_workers=1)
    with pytest.raises(SampleError) as caught:
        list(loader)
    assert caught.value.index == 1
    assert f"UnreadableImage: {broken} cannot be read: " in str(caught.value)
    assert str(caught.value).endswith("Replace the file, or remove it")


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"<html>Not found</html>", "it is a web page"), (b"", "it is empty"), (None, "No such file")],
)
def test_what_is_no_photo_is_named(tmp_path, content, reason):
    path = tmp_path / "roses" / "a.jpg"
    write_photo(path)
    dataset = ImageFolder(tmp_path)
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(OSError, match=f"a.jpg cannot be read: .*{reason}.*Replace the file, or remove it"):
        dataset[0]


def test_photos_beyond_the_end_are_an_index_error(photos):
    dataset = ImageFolder(photos, size=32)
    np.testing.assert_array_equal(dataset[-1][0], dataset[4][0])
    for index in (5, -6):
        with pytest.raises(IndexError):
            dataset[index]


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            {"root": "nowhere"},
            NotADirectoryError,
            "ImageFolder: nowhere is no folder, expected one that has a folder for",
        ),
        ({"root": __file__}, NotADirectoryError, r"test_folder.py is no folder"),
        ({"augment": 1}, TypeError, "ImageFolder: augment is 1, expected True or False"),
        ({"size": 0}, ValueError, "ImageFolder: size is 0, expected at least 1"),
        ({"size": 22.4}, TypeError, r"ImageFolder: size is 22\.4, expected an int"),
    ],
)
def test_wrong_arguments_for_photos_are_refused(photos, arguments, error, message):
    with pytest.raises(error, match=message):
        ImageFolder(**{"root": photos, **arguments})


def test_a_folder_without_classes_is_refused(tmp_path):
    (tmp_path / ".hidden").mkdir()
    write_photo(tmp_path / "a.jpg")
    with pytest.raises(ValueError, match=f"ImageFolder: {tmp_path} has no folders in it, expected one for each class"):
        ImageFolder(tmp_path)


def test_a_class_without_photos_is_refused(tmp_path):
    write_photo(tmp_path / "train" / "roses" / "a.jpg")
    message = (
        f"ImageFolder: {tmp_path / 'train'} has no .jpg, .jpeg, .png file in it, expected the images of class 'train'"
    )
    with pytest.raises(ValueError, match=message):
        ImageFolder(tmp_path)


CLASSES = {"flowers": ("daisy", "dandelion", "roses", "sunflowers", "tulips"), "catsdogs": ("cats", "dogs")}


@pytest.mark.parametrize("name", CLASSES)
def test_real_photos_are_read(name):
    root = DATA / name / "val"
    if not root.is_dir():
        pytest.skip(f"there are no photos in {root} (set MINICNN_DATA to the folder that holds {name}/)")
    dataset = ImageFolder(root, augment=True)
    assert dataset.classes == CLASSES[name]
    found = [y for _, y in DataLoader(dataset, batch_size=50, num_workers=1)]
    np.testing.assert_array_equal(np.concatenate(found), dataset.labels)
    evaluated = np.stack([dataset[index][0] for index in range(0, len(dataset), 10)])
    assert np.abs(evaluated.mean((0, 2, 3))).max() < 0.8  # of 1 standard deviation
    assert np.abs(evaluated.std((0, 2, 3)) - 1).max() < 0.3
