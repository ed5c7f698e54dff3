"""ImageNet's classes, in the order in which Caffe, torchvision and the ONNX model zoo have them."""

import importlib.util
from pathlib import Path

import pytest

from googlenet.data.imagenet import IMAGENET_CLASSES, IMAGENET_IDS, imagenet_class

SYNSETS = Path("/work/shared/data/imagenet_samples/synset_words.txt")  # Caffe's


def test_there_are_a_thousand_and_no_two_are_the_same():
    assert [len(IMAGENET_CLASSES), len(set(IMAGENET_CLASSES)), len(set(IMAGENET_IDS))] == [1000] * 3
    assert list(IMAGENET_IDS) == sorted(IMAGENET_IDS)
    assert all(name == name.strip() and "_" not in name for name in IMAGENET_CLASSES)


@pytest.mark.parametrize(
    ("number", "wordnet_id", "name"),
    [
        (0, "n01440764", "tench"),
        (134, "n02012849", "crane bird"),
        (281, "n02123045", "tabby"),
        (517, "n03126707", "crane"),
        (638, "n03710637", "maillot"),
        (639, "n03710721", "maillot tank suit"),
        (999, "n15075141", "toilet tissue"),
    ],
)
def test_some_by_number(number, wordnet_id, name):
    assert (IMAGENET_IDS[number], IMAGENET_CLASSES[number]) == (wordnet_id, name)


def test_caffe_has_the_same_in_the_same_order():
    if not SYNSETS.exists():
        pytest.skip(f"{SYNSETS} is not there")
    lines = [line.split(" ", 1) for line in SYNSETS.read_text().splitlines()]
    assert tuple(wordnet_id for wordnet_id, _ in lines) == IMAGENET_IDS
    first = [words.partition(",")[0] for _, words in lines]
    others = {a: b for a, b in zip(IMAGENET_CLASSES, first, strict=True) if a != b}
    assert others == {"crane bird": "crane", "maillot tank suit": "maillot"}


def test_torchvision_has_the_same_in_the_same_order():
    found = importlib.util.find_spec("torchvision")
    if found is None:
        pytest.skip("torchvision is not installed")
    # Only the file with the names: all of torchvision takes a second, and fails beside another build of torch.
    spec = importlib.util.spec_from_file_location("meta", Path(found.origin).with_name("models") / "_meta.py")
    meta = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(meta)
    assert tuple(meta._IMAGENET_CATEGORIES) == IMAGENET_CLASSES


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("tabby", "tabby"),
        ("Egyptian_cat", "Egyptian cat"),
        ("Cardigan", "Cardigan"),
        ("cardigan", "cardigan"),
        ("Tabby", None),
        ("n02123045", "tabby"),
        ("n02123045-tabby cat", "tabby"),
        ("n02123045_house", "tabby"),
        ("crane", "crane"),
        ("n02012849", "crane bird"),
        ("n0212304", None),
        ("n021230451", None),
        ("n00000000", None),
        ("n00000000-tabby", None),
        ("cat", None),
        ("", None),
    ],
)
def test_which_class_is_meant(name, expected):
    assert imagenet_class(name) == expected
