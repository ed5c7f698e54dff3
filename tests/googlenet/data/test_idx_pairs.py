"""Which IDX files belong together, by their names."""

import gzip

import numpy as np
import pytest

from googlenet.data.idx import idx_content
from googlenet.data.idx_pairs import find_pairs, kind_of

CONTENT = idx_content(np.zeros(3, np.uint8))


def put(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(gzip.compress(CONTENT) if name.endswith(".gz") else CONTENT)


def names(pairs):
    """Name, train images, train labels, and those for validation where there are any."""
    files = [pairs.train, *([pairs.val] if pairs.val else [])]
    return [pairs.name, *(path.name for pair in files for path in (pair.images, pair.labels))]


MNIST = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"]


@pytest.mark.parametrize(
    ("files", "name"),
    [
        (MNIST, ""),
        ([f"{name}.gz" for name in MNIST], ""),
        ([name.replace("-idx", ".idx") for name in MNIST], ""),
        ([f"emnist-letters-{name.replace('t10k', 'test')}.gz" for name in MNIST], "emnist-letters"),
        (["TrainImages.idx", "TrainLabels.idx", "TestImages.idx", "TestLabels.idx"], ""),
        (["birds_images", "birds_labels", "birds_val_images", "birds_val_labels"], "birds"),
        (["latest-images", "latest-labels"], "latest"),
        (["images.idx3-ubyte", "labels.idx1-ubyte"], ""),
        (["test-images", "test-labels.gz"], ""),
    ],
)
def test_files_belong_together_by_their_names(tmp_path, files, name):
    put(tmp_path, *files, "README.txt", "images.png")
    assert names(find_pairs(tmp_path)) == [name, *files]
    assert names(find_pairs(tmp_path / files[0])) == [name, *files]


def test_the_file_for_testing_stands_alone_where_it_is_named(tmp_path):
    put(tmp_path, *MNIST)
    assert names(find_pairs(tmp_path / MNIST[2])) == ["", *MNIST[2:]]
    assert names(find_pairs(tmp_path / MNIST[1])) == ["", *MNIST]  # by its labels
    put(tmp_path, "train")
    assert find_pairs(tmp_path / "train") is None


def test_the_unpacked_file_comes_first(tmp_path):
    put(tmp_path, *MNIST, *(f"{name}.gz" for name in MNIST))
    assert names(find_pairs(tmp_path)) == ["", *MNIST]


def test_val_is_taken_before_test(tmp_path):
    files = [f"{part}-{word}-idx" for part in ("test", "train", "val") for word in ("images", "labels")]
    put(tmp_path, *files)
    assert names(find_pairs(tmp_path)) == ["", *files[2:]]


def test_several_data_sets_in_a_folder_need_a_choice(tmp_path):
    files = [
        f"emnist-{name}-{part}-{word}-idx.gz"
        for name in "ab"
        for part in ("train", "test")
        for word in ("images", "labels")
    ]
    put(tmp_path, *files)
    with pytest.raises(ValueError, match=f"{tmp_path} has IDX files of several data sets .*name the images file that"):
        find_pairs(tmp_path)
    assert names(find_pairs(tmp_path / "emnist-b-train-images-idx.gz")) == ["emnist-b", *files[4:]]


def test_two_files_for_testing_are_no_training(tmp_path):
    put(tmp_path, "test-images", "test-labels", "val-images", "val-labels")
    with pytest.raises(ValueError, match="expected one pair for training"):
        find_pairs(tmp_path)


@pytest.mark.parametrize("missing", range(4))
def test_a_file_without_its_other_half_is_named(tmp_path, missing):
    put(tmp_path, *(name for i, name in enumerate(MNIST) if i != missing))
    half = MNIST[missing ^ 1]
    word = "images" if missing % 2 == 0 else "labels"
    with pytest.raises(ValueError, match=f"{tmp_path / half} has no {word} beside it, expected an IDX file {word}"):
        find_pairs(tmp_path)


def test_folders_at_the_top_are_stepped_into(tmp_path):
    put(tmp_path, *(f"MNIST/raw/{name}" for name in MNIST), "README.md")
    assert names(find_pairs(tmp_path)) == ["", *MNIST]
    put(tmp_path, "other/a.txt")
    assert find_pairs(tmp_path) is None


def test_where_there_are_none(tmp_path):
    put(tmp_path, "images.png", "labels.csv.png", "._images-idx3", "sub/a.jpg", "images/labels/1.jpg")
    (tmp_path / "labels.csv").write_text("a,b")
    (tmp_path / "images.zip").write_bytes(b"PK")
    assert find_pairs(tmp_path) is None
    assert find_pairs(tmp_path / "images.png") is None
    assert find_pairs(tmp_path / "labels.csv") is None


def test_a_damaged_file_of_a_telling_name_is_one_too(tmp_path):
    for name in ("my-images-idx3", "my-images", "my-Labels-ubyte"):
        (tmp_path / name).write_bytes(b"damaged")
    kinds = {path.name: kind_of(path) for path in tmp_path.iterdir()}
    assert kinds == {"my-images-idx3": "images", "my-images": "", "my-Labels-ubyte": "labels"}
