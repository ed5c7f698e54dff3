"""Which classes images have, and which are for validation, by the names of folders and files."""

import re
import unicodedata

import numpy as np
import pytest

from googlenet.data.class_folders import check_classes, class_in_name, few, find_images


def touch(root, *names):
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


def found(root):
    """classes, {name: class} for training, the same for validation, notes without the folder's path."""
    train, val, notes = find_images(root)
    assert train.classes == val.classes

    def by_name(images):
        names = [path.relative_to(root).as_posix() for path in images.paths]
        assert (np.diff(images.labels) >= 0).all()
        assert images.labels.dtype == np.int64
        return {name: images.classes[label] for name, label in zip(names, images.labels, strict=True)}

    return train.classes, by_name(train), by_name(val), [note.replace(f"{root}", "ROOT") for note in notes]


def test_folders_are_classes_in_the_order_of_their_names(tmp_path):
    touch(tmp_path, "tulips/b.jpg", "tulips/a.jpg", "Roses/1.png", "class10/1.jpg", "class2/more/1.jpg")
    classes, train, val, notes = found(tmp_path)
    assert classes == ("Roses", "class10", "class2", "tulips")  # as ImageFolder has them
    assert list(train.items()) == [
        ("Roses/1.png", "Roses"),
        ("class10/1.jpg", "class10"),
        ("class2/more/1.jpg", "class2"),
        ("tulips/a.jpg", "tulips"),
        ("tulips/b.jpg", "tulips"),
    ]
    assert val == {} and notes == []


@pytest.mark.parametrize(
    ("train_name", "val_name"),
    [
        *(("train", name) for name in ("val", "test", "valid", "validation", "testing", "Val", "dev", "test1")),
        *((name, "val") for name in ("Train", "training")),
        *(("training_set", "test_set"), ("seg_train", "seg_test"), ("Pet Train", "Pet Valid")),
    ],
)
def test_train_and_val_may_have_several_names(tmp_path, train_name, val_name):
    touch(tmp_path, *(f"{part}/{name}.jpg" for part in (train_name, val_name) for name in ("a/1", "b/1")))
    classes, train, val, notes = found(tmp_path)
    assert classes == ("a", "b")
    assert train == {f"{train_name}/a/1.jpg": "a", f"{train_name}/b/1.jpg": "b"}
    assert val == {f"{val_name}/a/1.jpg": "a", f"{val_name}/b/1.jpg": "b"}
    assert notes == []


def test_of_several_for_validation_the_first_with_classes_is_taken(tmp_path):
    for part in ("train", "val", "test", "valid"):
        touch(tmp_path, f"{part}/a/1.jpg", f"{part}/b/1.jpg")
    _, _, val, notes = found(tmp_path)
    assert list(val) == ["val/a/1.jpg", "val/b/1.jpg"]
    assert notes == ["ROOT/test is not used", "ROOT/valid is not used"]


def test_a_test_folder_without_classes_is_not_used(tmp_path):
    """As in many competitions, whose answers are secret."""
    touch(tmp_path, "train/cat.0.jpg", "train/dog.0.jpg", "test/1.jpg", "test/2.jpg")
    classes, train, val, notes = found(tmp_path)
    assert classes == ("cat", "dog") and len(train) == 2 and val == {}
    assert notes == ["ROOT/test is not used: its images lie in no class folders"]


def test_train_may_stand_alone(tmp_path):
    touch(tmp_path, "train/a/1.jpg", "train/b/1.jpg", "extra/1.jpg", "a_train/c/1.jpg", "a_train/d/1.jpg")
    classes, train, val, notes = found(tmp_path)
    assert classes == ("a", "b") and list(train) == ["train/a/1.jpg", "train/b/1.jpg"] and val == {}
    assert notes == ["ROOT/a_train is not used", "ROOT/extra is not used"]


def test_train_may_be_a_class(tmp_path):
    touch(tmp_path, "car/1.jpg", "plane/1.jpg", "train/train_1.jpg", "train/train_2.jpg")
    classes, train, _, _ = found(tmp_path)
    assert classes == ("car", "plane", "train") and len(train) == 4
    (tmp_path / "train").rename(tmp_path / "train station")
    touch(tmp_path, "test tube/1.jpg")
    assert found(tmp_path)[0] == ("car", "plane", "test tube", "train station")


def test_the_folder_at_the_top_of_an_archive_is_stepped_into(tmp_path):
    touch(tmp_path, "flower_photos/daisy/1.jpg", "flower_photos/roses/1.jpg", "flower_photos/LICENSE.txt")
    touch(tmp_path, "__MACOSX/flower_photos/daisy/._1.jpg", "empty/notes.txt")
    classes, train, _, notes = found(tmp_path)
    assert classes == ("daisy", "roses") and list(train)[0] == "flower_photos/daisy/1.jpg"
    assert notes[0] == "the classes are taken from ROOT/flower_photos"


def test_the_top_may_have_train_and_val_or_names_below(tmp_path):
    touch(tmp_path, "a/top/pets/train/x/1.jpg", "a/top/pets/train/y/1.jpg", "a/top/pets/val/x/1.jpg")
    classes, train, val, _ = found(tmp_path / "a")
    assert classes == ("x", "y") and len(train) == 2 and list(val) == ["top/pets/val/x/1.jpg"]
    touch(tmp_path, "b/pets/cat.1.jpg", "b/pets/dog.1.jpg")
    assert found(tmp_path / "b")[0] == ("cat", "dog")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cat.0.jpg", "cat"),
        ("dog_12.png", "dog"),
        ("dog-003.jpeg", "dog"),
        ("american_bulldog_12.jpg", "american_bulldog"),
        ("n02085620_10074.JPEG", "n02085620"),
        ("cat (3).jpg", "cat"),
        ("3_000123.png", "3"),
        ("daisy_1.2.jpg", "daisy"),
        ("cat.a1b2.jpg", "cat"),
        ("Übung.1.jpg", "Übung"),
        ("cat.jpg", ""),
        ("0001.jpg", ""),
        ("IMG_0001.JPG", ""),
        ("PXL_20240102_030405.jpg", ""),
        ("photo-1.jpg", ""),
        ("20240102_030405.jpg", ""),
        ("12345_1.jpg", "12345"),
        ("WhatsApp Image 2024-01-02 at 03.jpg", ""),
    ],
)
def test_classes_in_names(name, expected):
    assert class_in_name(name) == expected
    assert class_in_name(unicodedata.normalize("NFD", name)) == expected


def test_names_tell_the_class_also_in_train_and_val(tmp_path):
    touch(tmp_path, "train/cat.0.jpg", "train/dog.0.jpg", "train/dog.1.jpg", "val/dog.9.jpg", "val/cat.9.jpg")
    touch(tmp_path, "train/scan.jpg")
    classes, train, val, notes = found(tmp_path)
    assert classes == ("cat", "dog")
    assert train == {"train/cat.0.jpg": "cat", "train/dog.0.jpg": "dog", "train/dog.1.jpg": "dog"}
    assert val == {"val/cat.9.jpg": "cat", "val/dog.9.jpg": "dog"}
    assert notes == ["ROOT/train: 1 of 4 images are not used: they have names that tell no class"]


def test_both_forms_of_unicode_are_one_class(tmp_path):
    composed, decomposed = (unicodedata.normalize(form, "café crème") for form in ("NFC", "NFD"))
    first, last = (unicodedata.normalize("NFD", name) for name in ("zoé", "été"))  # in the order of their NFC
    touch(tmp_path, f"train/{composed}/1.jpg", f"train/{last}/1.jpg", f"train/{first}/1.jpg")
    touch(tmp_path, f"val/{decomposed}/2.jpg", f"val/{last}/2.jpg", f"val/{first}/2.jpg")
    classes, _, val, notes = found(tmp_path)
    assert classes == (composed, "zoé", "été")
    assert list(val.values()) == [composed, "zoé", "été"] and notes == []


def test_what_is_left_out_is_said(tmp_path):
    touch(tmp_path, "a/1.jpg", "b/1.jpg", "c/x.txt", "c/y.HEIC", "1.jpg", "2.jpg", "README.md", ".hidden")
    classes, train, _, notes = found(tmp_path)
    assert classes == ("a", "b") and len(train) == 2
    assert notes == [
        "ROOT: folders without images: 'c'",
        "ROOT: 2 of 4 images are not used: they lie beside the class folders",
        "no images by their names, passed by: .heic (1), .txt (1)",
    ]


def test_a_class_that_is_missing_in_val_is_said(tmp_path):
    touch(tmp_path, "train/a/1.jpg", "train/b/1.jpg", "val/b/1.jpg")
    _, _, val, notes = found(tmp_path)
    assert val == {"val/b/1.jpg": "b"}
    assert notes == ["no images of 'a' in ROOT/val: trained, but not validated"]


def test_a_class_in_val_alone_is_an_error(tmp_path):
    touch(tmp_path, "train/a/1.jpg", "train/b/1.jpg", "train/d/x.txt", "val/b/1.jpg", "val/c/1.jpg", "val/d/1.jpg")
    message = f"{tmp_path / 'val'} has what {tmp_path / 'train'} does not have: 'c', 'd'. Both need the same classes"
    with pytest.raises(ValueError, match=message):
        find_images(tmp_path)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "ROOT has no images in it, expected a folder of images for each class"),
        (
            ["a/1.txt", "b/2.HEIC", "b/3.heic"],
            r"ROOT has no images in it \(other files: .heic \(2\), .txt \(1\); convert HEIC photos to JPEG\), expected",
        ),
        (["a/1.jpg", "b/x.txt"], r"ROOT has one class alone, 'a' \(other files: .txt \(1\)\), expected"),
        (["a/b/1.jpg"], "ROOT/a has one class alone, 'b', expected"),
        (["cat.1.jpg", "cat.2.jpg"], "ROOT has one class alone, 'cat', expected"),
        (["1.jpg", "2.jpg"], r"ROOT has images in no class folders, whose names do not tell the class .*\(1.jpg\)"),
        (["IMG_1.jpg", "DSC_2.jpg"], r"ROOT has images in no class folders, .*\(DSC_2.jpg\), expected"),
        (["train/1.jpg", "val/1.jpg"], "ROOT/train has images in no class folders"),
        (["train/a/1.jpg", "val/a/1.jpg"], "ROOT/train has one class alone, 'a'"),
    ],
)
def test_what_is_no_data_set_is_refused_in_one_line(tmp_path, names, message):
    touch(tmp_path, *names)
    with pytest.raises(ValueError) as caught:
        find_images(tmp_path)
    said = str(caught.value).replace(f"{tmp_path}", "ROOT")
    assert re.match(message, said) and said.endswith("or an archive of these") and "\n" not in said


def test_classes_are_compared_and_long_lists_cut():
    notes = []
    check_classes("abcdefg", "ab", "T", "V", notes)
    assert notes == ["no images of 'c', 'd', 'e', 'f', 'g' in V: trained, but not validated"]
    assert few(list("abcdefg")) == "'a', 'b', 'c', 'd', 'e' and 2 more"
