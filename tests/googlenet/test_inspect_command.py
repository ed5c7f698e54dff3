"""python -m googlenet data WHAT, as a user calls it."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from googlenet.__main__ import main
from googlenet.data.inspection import Inspection, Pair, Place, Spread
from googlenet.inspect_command import class_table, lines
from googlenet.report.text import width


def run(capsys, *arguments):
    """Exit status, standard output, standard error."""
    try:
        status = main(["data", *map(str, arguments)])
    except SystemExit as stop:
        status = stop.code
    out, err = capsys.readouterr()
    return status, out, err


def spots(seed):
    pixels = np.random.default_rng(seed).integers(0, 256, (6, 8, 3), np.uint8)
    return Image.fromarray(pixels).resize((80, 60), Image.Resampling.BICUBIC)


@pytest.fixture
def photos(tmp_path):
    """Two classes, with a leak, and a file that is no image."""
    root = tmp_path / "photos"
    for seed, name in enumerate(["train/cats/a", "train/cats/b", "train/dogs/c", "val/cats/d", "val/dogs/e"]):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        spots(seed).save(root / f"{name}.png")
    spots(0).save(root / "val/cats/leak.png")
    (root / "train/dogs/text.jpg").write_text("hello")
    return root


def test_findings_are_told_and_are_no_failure(capsys, photos):
    status, out, err = run(capsys, photos)
    assert status == 0
    for part in (
        "photos: 2 classes", "cats", "80 pixels", "6 RGB",
        "LEAK: 1 validation image also used for training", "train train/cats/a.png", "val/cats/leak.png  (same file)",
        "UNREADABLE: 1 image left out", "train/dogs/text.jpg", "train.py would choose --image-size",
    ):  # fmt: skip
        assert part in out
    assert "looking" not in err  # the bar is for a terminal


def test_json_has_everything(capsys, photos):
    status, out, _ = run(capsys, photos, "--json")
    found = json.loads(out)
    assert (status, found["train"], found["val"], found["balance"]) == (0, [2, 2], [2, 1], 1.0)
    (pair,) = found["pairs"]
    assert (pair["leaks"], pair["contradicts"], pair["how"]) == (True, False, "same file")
    assert pair["other"]["name"].endswith("leak.png")
    assert [place["name"].rpartition("/")[2] for place, _ in found["unreadable"]] == ["text.jpg"]
    assert set(found["suggestion"]) == {"image_size", "batch_size", "epochs", "channels", "preset"}
    assert found["contact_sheet"] is None


def test_the_contact_sheet_is_saved(capsys, photos, tmp_path):
    status, out, _ = run(capsys, photos, "--save", tmp_path / "new" / "look")
    sheet = tmp_path / "new" / "look" / "contact_sheet.png"
    assert status == 0 and str(sheet) in out
    assert Image.open(sheet).width > 500


def test_nothing_is_suggested_where_nothing_can_be_read(capsys, tmp_path):
    for folder in ("train/cats", "train/dogs", "val/cats", "val/dogs"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "a.jpg").write_bytes(b"")
    status, out, _ = run(capsys, tmp_path, "--json")
    found = json.loads(out)
    assert (status, found["suggestion"], found["widths"], len(found["unreadable"])) == (0, {}, None, 4)
    assert "no image can be read" in run(capsys, tmp_path)[1]


@pytest.mark.parametrize(
    "arguments",
    [["nowhere"], [], [""], ["digits", "--val-share", "1"], ["digits", "--val-share", "x"], ["digits", "--seed", "-1"],
     ["digits", "--save", ""]],
)  # fmt: skip
def test_wrong_input_is_one_line(capsys, arguments):
    status, out, err = run(capsys, *arguments)
    assert (status, out, err.count("\n")) == (2, "", 1)


def test_options_are_handed_on(monkeypatch, capsys):
    asked = []

    def opened(what, root, *, val_share, seed):
        asked.append((what, str(root), val_share, seed))
        raise ValueError("enough")

    monkeypatch.setattr("googlenet.inspect_command.open_data", opened)
    run(capsys, "flowers", "--data-root", "there", "--val-share", "0.1", "--seed", "3")
    run(capsys, "flowers")
    assert asked == [("flowers", "there", 0.1, 3), ("flowers", "data", 0.2, 0)]


# ---- the lines ---


def inspection(classes=("cats", "dogs"), train=(3, 4), **changes):
    """Findings, with what the test changes."""
    found = Inspection(
        name="pets", kind="photos", where="/data/pets", notes=(), classes=tuple(classes), train=tuple(train),
        val=tuple(1 for _ in classes), widths=Spread(40, 50.4, 1600), heights=Spread(30, 30, 30),
        aspects=Spread(0.5, 1, 2), very_small=(), stored={"RGB": 9}, turned=0, animated=0, pairs=(), not_compared="",
        unreadable=(),
    )  # fmt: skip
    return replace(found, **changes)


def place(name="/data/pets/train/cats/a.jpg", part="train", label="cats"):
    return Place(part, label, name)


LONG = "/data/pets/train/" + "a long name " * 20
EVERYTHING = inspection(
    classes=("漢字" * 40, "a very long name " * 9, "\x1b[31m\n"), train=(0, 3, 1_000_000),
    notes=("a \x1bnote 漢字漢字 " * 30,),
    stored={"RGB": 3, "gray with transparency": 200_000, "palette with transparency": 5, "16-bit gray": 1},
    turned=3, animated=2, very_small=(place(LONG),) * 9, not_compared="reason " * 30,
    unreadable=((place(LONG), "because\x1b " * 30),) * 9,
    pairs=tuple(Pair(place(LONG), place(LONG, part, label), how, 8) for part in ("train", "val")
                for label in ("cats", "dogs") for how in ("same file", "same pixels", "similar")) * 5,
)  # fmt: skip


@pytest.mark.parametrize(
    "found",
    [inspection(), EVERYTHING, inspection([f"class {i}" for i in range(1000)], range(1, 1001)),
     inspection(widths=None, heights=None, aspects=None, stored={})],
)  # fmt: skip
def test_lines_fit_a_terminal_and_nothing_moves_its_cursor(found):
    said = lines(found)
    assert max(map(width, said)) <= 80
    assert all(line.isprintable() for line in said)
    assert len(said) < 150


def test_a_clean_set_is_called_clean():
    said = "\n".join(lines(inspection()))
    assert "no image comes twice" in said
    assert not any(word in said for word in ("LEAK", "LABELS", "TWICE", "UNREADABLE", "EMPTY", "SMALL", "EXIF"))


def test_the_numbers():
    said = lines(inspection())
    assert "cats                                      3        1  ####################" in said
    assert "all                                       7        2" in said
    assert "the largest class has 1.33 times the training images of the smallest" in said
    assert "width      40 to 1,600, median 50 pixels" in said
    assert "height     30 pixels" in said
    assert "shape      0.50 to 2.00, median 1.00 (width / height)" in said


def test_of_many_classes_the_largest_and_the_smallest_are_listed():
    table = class_table(inspection([f"class {i}" for i in range(1000)], range(1, 1001)))
    names = [line.split()[1] for line in table if line.startswith("class ") and "train" not in line]
    assert names == [str(i) for i in [*range(999, 989, -1), *range(9, -1, -1)]]
    assert any("980 classes between" in line for line in table)


@pytest.mark.parametrize(
    ("train", "said"),
    [((4, 4), "all classes have the same number"), ((0, 4), "the smallest class has no training image")],
)
def test_the_balance_in_words(train, said):
    assert any(said in line for line in class_table(inspection(train=train)))


@pytest.mark.parametrize(
    ("other", "how", "heading"),
    [
        (place("b", "val"), "same pixels", "LEAK: 1 validation image also"),
        (place("b", "val"), "similar", "PERHAPS A LEAK: 1 validation image similar"),
        (place("b", label="dogs"), "same file", "TWO LABELS: 1 pair of one picture"),
        (place("b", label="dogs"), "similar", "PERHAPS TWO LABELS: 1 pair of similar"),
        (place("b"), "same file", "TWICE: 1 pair"),
        (place("b"), "similar", "SIMILAR: 1 pair"),
    ],
)
def test_each_pair_has_its_heading(other, how, heading):
    said = lines(inspection(pairs=(Pair(place(), other, how, 5),)))
    assert [line for line in said if line.split(":")[0].isupper()][0].startswith(heading)
    assert "  train train/cats/a.jpg" in said
    assert f"({'5 of 64 bits differ' if how == 'similar' else how})" in said[-1]


def test_of_many_findings_the_first_are_named():
    pairs = tuple(Pair(place(), place(f"{i}.jpg", "val"), "same file") for i in range(7))
    said = lines(inspection(pairs=pairs))
    assert "LEAK: 7 validation images" in "\n".join(said)
    assert sum("same file" in line for line in said) == 5
    assert said[-1] == "  ... and 2 more (--json has all)"


def test_digits_are_small_and_that_is_no_finding():
    small = (place(),) * 9
    assert "VERY SMALL: all below 32" in "\n".join(lines(inspection(very_small=small)))
    assert "VERY SMALL" not in "\n".join(lines(inspection(very_small=small, kind="digits")))
