"""The images of a weights' file, found again."""

import json
from pathlib import Path

import pytest
from PIL import Image

from googlenet.weights import trained_on
from googlenet.weights.trained_on import data_of_weights, open_like


@pytest.fixture
def photos(tmp_path):
    """A folder of two classes; in train/ three of each, in val/ two."""
    for part, count in (("train", 3), ("val", 2)):
        for name in ("cats", "dogs"):
            folder = tmp_path / "pets" / part / name
            folder.mkdir(parents=True)
            for i in range(count):
                Image.new("RGB", (4, 4)).save(folder / f"{i}.png")
    return tmp_path / "pets"


@pytest.fixture
def run(tmp_path, photos):
    """run(**changes): the weights' path and info; beside it a data.json with these changes."""
    data = {"name": "pets", "kind": "photos", "what": str(photos), "root": "data", "where": str(photos), "seed": 3,
            "val_share": 0.25}  # fmt: skip
    listed = {
        "classes": ["cats", "dogs"],
        "train": [["train/cats/0.png", 0]],
        "val": [["val/dogs/1.png", 1], ["val/cats/0.png", 0]],
    }

    def write(**changes):
        folder = tmp_path / "run"
        folder.mkdir(exist_ok=True)
        (folder / "data.json").write_text(json.dumps({**data, **listed, **changes}))
        return folder / "best.safetensors", {"data": data, "num_classes": 2, "in_channels": 3}

    return write


def test_the_images_are_those_that_the_run_has_listed(run, photos):
    images = data_of_weights(*run())
    assert images.val.paths == [photos / "val/dogs/1.png", photos / "val/cats/0.png"]
    assert images.val.labels.tolist() == [1, 0]
    assert images.train.paths == [photos / "train/cats/0.png"]
    assert (images.name, images.where, images.classes) == ("pets", str(photos), ("cats", "dogs"))


@pytest.mark.parametrize("why", ["gone", "of another run", "without a list"])
def test_without_a_list_the_data_set_is_opened_again(run, photos, why):
    changes = {"of another run": {"seed": 4}, "without a list": {"val": {"images": 4, "crc32": 0}}}
    path, info = run(**changes.get(why, {}))
    if why == "gone":
        (path.parent / "data.json").unlink()
    images = data_of_weights(path, info)
    assert (len(images.train), len(images.val)) == (6, 4)


def test_it_is_split_as_it_was_then(run, monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(trained_on, "open_data", lambda what, root, **how: asked.append((what, root, how)))
    path, info = run()
    data_of_weights(tmp_path / "elsewhere.safetensors", info)
    open_like(info, "other", Path("there"))
    open_like({"data": None}, "other", Path("there"))
    assert asked == [
        (info["data"]["what"], Path("data"), {"val_share": 0.25, "seed": 3}),
        ("other", Path("there"), {"val_share": 0.25, "seed": 3}),
        ("other", Path("there"), {"val_share": 0.0, "seed": 0}),
    ]


def test_weights_from_before_there_were_other_images_are_those_of_the_digits(tmp_path):
    info = {"data": None, "num_classes": 10, "in_channels": 1}
    images = data_of_weights(tmp_path / "old.safetensors", info)
    assert (images.name, len(images.val)) == ("digits", 1000)


@pytest.mark.parametrize(("classes", "channels"), [(7, 1), (10, 3)])
def test_else_it_must_be_said_which_images_they_are_for(tmp_path, classes, channels):
    info = {"data": None, "num_classes": classes, "in_channels": channels}
    message = r"/old does not say which images .*: python -m googlenet evaluate /.*/old --data WHAT takes yours$"
    with pytest.raises(ValueError, match=message):
        data_of_weights(tmp_path / "old", info)


def test_images_that_are_gone_are_named(run, photos):
    (photos / "val/dogs/1.png").unlink()
    message = (
        r"best\.safetensors was trained with other images: 1 of 2 for validation are gone, such as .*1\.png\. --data"
    )
    with pytest.raises(OSError, match=message):
        data_of_weights(*run())


def test_a_training_image_that_is_gone_is_not_needed(run, photos):
    (photos / "train/cats/0.png").unlink()
    assert len(data_of_weights(*run()).val) == 2


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"val": [["val/dogs/1.png", 2]]}, "data.json is damaged .a label that is none of 2 classes"),
        ({"val": [["val/dogs/1.png", -1]]}, "data.json is damaged"),
        ({"val": [7]}, "data.json is damaged"),
        ({"classes": None}, "data.json is damaged"),
    ],
)
def test_a_list_that_is_damaged_is_named(run, changes, message):
    with pytest.raises(ValueError, match=message):
        data_of_weights(*run(**changes))


def test_a_list_that_is_no_json_is_named(run):
    path, info = run()
    (path.parent / "data.json").write_bytes(b"\xff\xfe{")
    with pytest.raises(ValueError, match="data.json is damaged"):
        data_of_weights(path, info)


@pytest.mark.parametrize("changes", [{"what": None}, {"what": 7}, {"seed": "x"}, {"val_share": "x"}, {"root": 1}])
def test_what_the_weights_say_is_checked(tmp_path, changes):
    (name,) = changes
    info = {"data": {"what": "digits", **changes}, "num_classes": 2, "in_channels": 3}
    with pytest.raises(ValueError, match=f"the weights' file says of its images that {name} is"):
        data_of_weights(tmp_path / "w", info)


def test_a_data_set_that_is_gone_is_one_line(tmp_path):
    info = {"data": {"what": str(tmp_path / "gone")}, "num_classes": 2, "in_channels": 3}
    with pytest.raises(
        (ValueError, OSError), match=r"w was trained with other images: .*gone.* --data says where"
    ) as error:
        data_of_weights(tmp_path / "w", info)
    assert "\n" not in str(error.value)
