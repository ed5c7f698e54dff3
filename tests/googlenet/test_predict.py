"""python -m googlenet predict: files, folders and standard input; what is printed, and what is saved."""

import io
import json

import numpy as np
import pytest
from PIL import Image, ImageOps

import minicnn as mc
from googlenet import predict as command
from googlenet.__main__ import main
from googlenet.data.preprocessing import Preprocessing
from googlenet.report.text import width
from minicnn import nn

COLORS = Preprocessing(8, 3, (0.0,) * 3, (1.0,) * 3)
GRAY = Preprocessing(8, 1, (0.1307,), (0.3081,), "L", "whole")


class Painter(nn.Module):
    """Knows colors: the logit of each class is five times the mean of one channel."""

    def forward(self, x):
        return x.mean((2, 3)) * 5


@pytest.fixture
def weights(monkeypatch):
    """weights(classes, preprocessing): what `predict` takes every file of weights for."""

    def known(classes=("red", "green", "blue"), preprocessing=COLORS):
        info = {"classes": tuple(classes), "preprocessing": preprocessing, "in_channels": 3}
        monkeypatch.setattr(command, "load_model", lambda path: (Painter(), info))

    known()
    return known


@pytest.fixture
def photos(tmp_path):
    """Photos of one color each, in a folder of folders, with things that are none."""
    colors = {"b.png": (255, 0, 0), "a/2.png": (0, 255, 0), "a/10.png": (0, 0, 255), ".hidden.png": (9, 9, 9)}
    for name, color in colors.items():
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (12, 10), color).save(path)
    (tmp_path / "photos" / "about.txt").write_text("no photo")
    return tmp_path / "photos"


@pytest.fixture
def run(capsys, weights):
    """run(*arguments): exit status, standard output, standard error."""

    def predict(*arguments):
        try:
            status = main(["predict", "w.safetensors", *map(str, arguments)])
        except SystemExit as stop:
            status = stop.code
        return status, *capsys.readouterr()

    return predict


def as_json(result):
    return [(found["path"], [guess["class"] for guess in found["predictions"]]) for found in json.loads(result[1])]


def test_one_photo(run, photos):
    status, out, err = run(photos / "b.png")
    e = np.exp([5, 0, 0])
    p = e / e.sum()
    assert (status, err) == (0, "")
    assert out == f"{photos / 'b.png'}\n   {p[0]:.2%}  red\n    {p[1]:.2%}  green\n    {p[1]:.2%}  blue\n"


def test_as_json(run, photos):
    status, out, _ = run(photos / "a/10.png", "--json", "--top", 2)
    (found,) = json.loads(out)
    assert status == 0 and found["path"] == str(photos / "a/10.png") and set(found) == {"path", "predictions"}
    best, second = found["predictions"]
    assert (best["class"], best["index"]) == ("blue", 2)
    assert best["probability"] == pytest.approx(np.exp(5) / (np.exp(5) + 2), rel=1e-5)
    assert (second["class"], second["index"]) == ("red", 0)


def test_a_folder_is_all_images_in_it_in_order(run, photos):
    expected = [
        (str(photos / name), [color]) for name, color in (("b.png", "red"), ("a/10.png", "blue"), ("a/2.png", "green"))
    ]
    assert as_json(run(photos, "--json", "--top", 1)) == expected


def test_each_image_is_predicted_once(run, photos):
    assert len(as_json(run(photos / "b.png", photos, photos / "b.png", "--json"))) == 3


def test_many_images_go_through_in_batches(run, photos, monkeypatch):
    sizes, plain = [], Painter.forward
    monkeypatch.setattr(Painter, "forward", lambda self, x: sizes.append(len(x)) or plain(self, x))
    monkeypatch.setattr(command, "BATCH_SIZE", 2)
    found = as_json(run(photos, "--json", "--top", 1))
    assert sizes == [2, 1] and [guesses for _, guesses in found] == [["red"], ["blue"], ["green"]]


def test_what_cannot_be_read_is_named_and_the_others_are_predicted(run, photos):
    broken = photos / "a/5.jpg"
    broken.write_bytes(b"<html>")
    status, out, err = run(photos, photos / "gone.png")
    assert status == 1
    assert out.count("%") == 9 and str(broken) not in out
    assert err.splitlines() == [
        f"{broken} cannot be read: it is a web page in place of an image",
        f"{photos / 'gone.png'} cannot be read: No such file or directory",
    ]


def test_what_cannot_be_read_as_json(run, photos):
    status, out, _ = run(photos / "gone.png", photos / "b.png", "--json")
    gone, there = json.loads(out)
    assert status == 1
    assert gone == {"path": str(photos / "gone.png"), "predictions": [], "error": "No such file or directory"}
    assert len(there["predictions"]) == 3


def test_where_nothing_can_be_read_the_input_was_wrong(run, photos):
    assert run(photos / "about.txt", photos / "gone.png")[:2] == (2, "")


def test_a_folder_without_images_is_wrong_input(run, tmp_path):
    (tmp_path / "empty").mkdir()
    status, out, err = run(tmp_path / "empty")
    assert (status, out) == (2, "") and "empty has no images in it, expected files that end in .jpg, " in err
    assert len(err.splitlines()) == 1


def test_10_crops_are_averaged(run, tmp_path):
    pixels = np.zeros((8, 9, 3), np.uint8)  # resized to 9x10; the crops of 8x8 see more or less of the red
    pixels[:, :3, 0], pixels[:, 3:, 2] = 255, 255
    photo = Image.fromarray(pixels)
    photo.save(tmp_path / "a.png")
    from googlenet.data.crops import crops

    means = np.array([np.asarray(crop).mean((0, 1)) / 255 for crop in crops(photo, 8, 10)])
    e = np.exp(5 * means)
    expected = (e / e.sum(axis=1, keepdims=True)).mean(axis=0)
    (found,) = json.loads(run(tmp_path / "a.png", "--json", "--crops", 10)[1])
    probabilities = {guess["index"]: guess["probability"] for guess in found["predictions"]}
    assert [probabilities[i] for i in range(3)] == pytest.approx(expected.tolist(), rel=1e-5)


# ---- standard input -------------------------------------------------------------------------------------------------


@pytest.fixture
def piped(monkeypatch):
    """piped(content): what comes on standard input."""
    return lambda content: monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))


def test_an_image_on_standard_input(run, photos, piped, tmp_path, monkeypatch):
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    piped((photos / "a/2.png").read_bytes())
    assert as_json(run("-", photos / "b.png", "-", "--json", "--top", 1)) == [
        ("standard input", ["green"]), (str(photos / "b.png"), ["red"])
    ]  # fmt: skip
    assert not list((tmp_path / "temporary").iterdir())


@pytest.mark.parametrize(
    ("content", "message"), [(b"", "nothing came on standard input"), (b"12345", "more than 4 bytes")]
)
def test_nothing_or_too_much_on_standard_input(run, piped, monkeypatch, content, message):
    monkeypatch.setattr(command, "LARGEST_INPUT", 4)
    piped(content)
    status, out, err = run("-")
    assert (status, out) == (2, "") and message in err


# ---- names and colors that surprise -------------------------------------------------------------------------------


def test_names_cannot_move_the_terminal_nor_leave_its_80_columns(run, weights, photos):
    weights(("a\x1b[2J\n", "tench, Tinca tinca, " * 9, "猫" * 90))
    lines = run(photos / "b.png")[1].splitlines()
    assert len(lines) == 4 and "\x1b" not in "".join(lines)
    assert max(width(line) for line in lines[1:]) == 80


def test_a_digit_on_paper_is_told_from_those_of_mnist(run, weights, tmp_path):
    """They are white on black; it is predicted as it is, and the user is told."""
    weights(["0"], GRAY)
    digit = Image.new("L", (28, 28))
    digit.paste(255, (12, 4, 16, 24))
    digit.save(tmp_path / "ink.png")
    ImageOps.invert(digit).save(tmp_path / "paper.png")
    assert run(tmp_path / "ink.png")[2] == ""
    status, out, err = run(tmp_path / "ink.png", tmp_path / "paper.png")
    assert status == 0 and out.count("%") == 2
    assert err == (
        f"note: 1 of 2 images are dark on light, such as {tmp_path / 'paper.png'}. These weights know light on dark: "
        "invert the images\n"
    )


def test_light_photos_are_nothing_to_tell(run, tmp_path):
    Image.new("RGB", (9, 9), "white").save(tmp_path / "a.png")
    assert run(tmp_path / "a.png")[2] == ""


# ---- pictures -------------------------------------------------------------------------------------------------------


@pytest.fixture
def drawn(monkeypatch):
    """What the pictures are drawn from: (width and height of the photo, name, classes)."""
    calls = []

    def pretended(photo, name, best):
        calls.append((photo.size, name, [name for name, _ in best]))
        return b"picture"

    monkeypatch.setattr(command, "prediction_png", pretended)
    return calls


def test_the_picture_of_one_image(run, photos, tmp_path):
    out = tmp_path / "out.png"
    assert run(photos / "b.png", "--save", out)[1].splitlines()[-1] == f"saved: {out}"
    assert Image.open(out).size == (1040, 500)


def test_pictures_of_several_images_go_into_a_folder_under_names_of_their_own(run, photos, tmp_path, drawn):
    Image.new("RGB", (3000, 1000)).save(photos / "a/b.jpg")
    out = tmp_path / "new" / "folder"
    assert run(photos, "--save", out)[1].splitlines()[-1] == f"saved: {out}"
    assert sorted(path.name for path in out.iterdir()) == ["10.png", "2.png", "b-2.png", "b.png"]
    assert [(size, name) for size, name, _ in drawn] == [
        ((12, 10), "b.png"), ((12, 10), "10.png"), ((12, 10), "2.png"), ((900, 300), "b.jpg"),
    ]  # fmt: skip
    assert drawn[0][2] == ["red", "green", "blue"]


def test_no_image_is_overwritten_by_its_picture(run, photos, drawn):
    before = (photos / "b.png").read_bytes()
    assert run(photos / "b.png", "--save", photos)[0] == 0
    assert (photos / "b.png").read_bytes() == before and (photos / "b-2.png").read_bytes() == b"picture"
    status, _, err = run(photos / "b.png", "--save", photos / "b.png")
    assert status == 2 and "b.png is the image itself, expected another name" in err
    assert (photos / "b.png").read_bytes() == before


def test_what_cannot_be_read_has_no_picture(run, photos, tmp_path, drawn):
    assert run(photos / "about.txt", photos / "b.png", "--save", tmp_path / "out")[0] == 1
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["b.png"]


def test_names_of_pictures_fit_every_file_system(run, photos, tmp_path, drawn):
    name = "猫" * 80 + ".png"
    (photos / "b.png").rename(photos / name)
    assert run(photos / name, "--save", tmp_path / "out")[0] == 0
    (path,) = (tmp_path / "out").iterdir()
    assert path.name == "猫" * 60 + ".png"


@pytest.mark.parametrize(
    ("images", "out", "message"),
    [
        (["b.png"], "out.jpg", "out.jpg, but it will be a PNG file: call it"),
        (["b.png", "a/2.png"], "out.png", "for several images, expected a folder"),
        (["a"], "out.png", "for several images, expected a folder"),
        (["b.png"], "photos/about.txt", "about.txt is there and no folder"),
    ],
)
def test_a_place_that_cannot_be_meant(run, photos, tmp_path, images, out, message):
    (photos / "a/2.png").unlink() if images == ["a"] else None
    status, printed, err = run(*(photos / name for name in images), "--save", tmp_path / out)
    assert (status, printed) == (2, "") and message in err and len(err.splitlines()) == 1
    assert not (tmp_path / out).exists() or (tmp_path / out).read_text() == "no photo"


def test_wrong_weights_leave_no_folder_behind(capsys, photos, tmp_path):
    assert main(["predict", str(photos / "about.txt"), str(photos), "--save", str(tmp_path / "out")]) == 2
    assert "about.txt: not a whole safetensors file" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_missing_matplotlib_is_found_out_before_anything_is_computed(run, photos, monkeypatch):
    def missing(*_):
        raise ImportError("cannot draw with matplotlib: No module named 'matplotlib'")

    monkeypatch.setattr(command, "new_figure", missing)
    status, out, err = run(photos, "--save", "out")
    assert (status, out) == (2, "") and "No module named 'matplotlib'. Install what is needed" in err


# ---- the command line -----------------------------------------------------------------------------------------------


def test_weights_for_other_than_gray_or_color(run, weights, photos):
    weights("ab", None)
    assert "w.safetensors: for 3 channels, expected 1 (gray) or 3 (color)" in run(photos)[2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "the following arguments are required: IMAGE"),
        ([""], "IMAGE: got nothing between the quotes"),
        (["a.png", "--top", "0"], "--top: got 0, expected at least 1"),
        (["a.png", "--crops", "9"], "--crops: invalid choice: 9"),
        (["a.png", "--save", ""], "--save: got nothing between the quotes"),
    ],
)
def test_wrong_arguments(run, arguments, message):
    status, out, err = run(*arguments)
    assert (status, out) == (2, "") and message in err and len(err.splitlines()) == 1


def test_help_has_examples(run):
    status, out, _ = run("--help")
    assert status == 0 and "examples:" in out and max(map(len, out.splitlines())) <= 80


@pytest.mark.everything("long runs")
def test_a_real_network(tmp_path, capsys, photos):
    """As train.py has saved it: nothing but the file is needed."""
    from googlenet import GoogLeNet
    from googlenet.training.options import Options
    from googlenet.weights import save_model

    mc.manual_seed(0)
    model = GoogLeNet(3, "plain", aux_heads=False)
    path = tmp_path / "best.safetensors"
    preprocessing = Preprocessing(32, order="BGR")
    options = Options(preset="plain", aux_heads=False, image_size=32)
    save_model(path, model, options, {"epoch": 1, "test_accuracy": 0.1}, ["a", "b", "c"], preprocessing)
    assert main(["predict", str(path), str(photos / "b.png"), "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    path.unlink()  # 24 MB
    x = preprocessing(Image.open(photos / "b.png"))[np.newaxis]
    with mc.no_grad():
        expected = mc.functional.softmax(model.eval()(mc.Tensor(x)), axis=1).numpy()[0]
    order = np.argsort(-expected)
    assert [guess["class"] for guess in found["predictions"]] == ["abc"[i] for i in order]
    np.testing.assert_allclose([guess["probability"] for guess in found["predictions"]], expected[order], rtol=1e-4)
