"""python -m googlenet explore WEIGHTS IMAGE, as a user calls it."""

import html
import json
import re
from pathlib import Path

import numpy as np
import pytest
from explorer_networks import CLASSES, Small
from PIL import Image

import minicnn as mc
from googlenet import GoogLeNet, explore_command
from googlenet.__main__ import main
from googlenet.data.preprocessing import Preprocessing
from googlenet.explorer.run import run_network
from googlenet.presets import presets
from googlenet.weights.file import save_network

COLORS = Preprocessing(8, 3, (0.5,) * 3, (0.25,) * 3)
GRAY = Preprocessing(8, 1, (0.1307,), (0.3081,), "L", "whole")


def run(capsys, *arguments):
    """Exit status, standard output, standard error."""
    try:
        status = main(["explore", *map(str, arguments)])
    except SystemExit as stop:
        status = stop.code
    out, err = capsys.readouterr()
    return status, out, err


@pytest.fixture
def known(monkeypatch):
    """known(classes, preprocessing): what every file of weights is taken for."""

    def take(classes=CLASSES, preprocessing=COLORS):
        mc.manual_seed(3)
        model = Small(channels=preprocessing.channels if preprocessing else 2)
        info = {"classes": tuple(classes), "preprocessing": preprocessing, "preset": "paper"}
        monkeypatch.setattr(explore_command, "load_model", lambda path: (model.eval(), info))

    take()
    return take


@pytest.fixture
def here(tmp_path, monkeypatch, known):
    """A folder with a photo and with weights, whatever is in them."""
    monkeypatch.chdir(tmp_path)
    pixels = np.random.default_rng(0).integers(0, 256, (10, 12, 3)).astype(np.uint8)
    Image.fromarray(pixels).save("rose.png")
    (tmp_path / "w.safetensors").write_bytes(b"weights")
    return tmp_path


def data_of(path):
    """The page's data, out of the page."""
    text = path.read_text(encoding="utf-8")
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)[1])


def test_a_page(capsys, here):
    status, out, err = run(capsys, "w.safetensors", "rose.png", "-o", "rose.html")
    assert (status, err) == (0, "")
    data = data_of(here / "rose.html")
    assert data["title"] == f"rose.png: {CLASSES[data['label']]}" and not data["label_given"]
    assert data["about"]["command"] == "python -m googlenet explore w.safetensors rose.png -o rose.html"
    assert data["about"]["weights"] == "w.safetensors" and data["about"]["preset"] == "paper"
    best = [f"{p:>9.2%}  {CLASSES[k]}" for k, p, _ in data["scores"]["main"]]
    assert out.splitlines()[:3] == best and f"losses of {CLASSES[data['label']]}:" in out
    assert out.splitlines()[-1] == f"the page is rose.html ({(here / 'rose.html').stat().st_size / 1e6:.1f} MB)"
    assert max(map(len, out.splitlines())) <= 80
    assert sorted(path.name for path in here.iterdir()) == ["rose.html", "rose.png", "w.safetensors"]


def test_the_picture_is_prepared_as_the_weights_say(capsys, here):
    run(capsys, "w.safetensors", "rose.png", "-o", "rose.html")
    picture, x = explore_command.prepared(here / "rose.png", COLORS, here / "w.safetensors")
    with Image.open(here / "rose.png") as photo:
        assert np.array_equal(picture, COLORS.cut(photo))
    with Image.open(here / "rose.png") as photo:
        assert np.array_equal(x[0], COLORS(photo))
    assert x.shape == (1, 3, 8, 8) and data_of(here / "rose.html")["picture"]["size"] == [8, 8]


def test_of_a_class_by_name_or_number(capsys, here):
    status, out, _ = run(capsys, "w.safetensors", "rose.png", "--label", "Tulips", "-o", "a.html", "--channels", 2)
    data = data_of(here / "a.html")
    assert status == 0 and data["label"] == 2 and data["label_given"] and "losses of tulips:" in out
    assert data["about"]["command"].endswith("--label Tulips --channels 2 -o a.html")
    for given, number in (("tulips", 2), ("2", 2), ("0", 0)):
        assert explore_command.class_number(given, CLASSES) == number
    assert json.loads(run(capsys, "w", "rose.png", "--label", "0", "--json")[1])["label"]["number"] == 0


def test_only_some_blocks(capsys, here):
    assert run(capsys, "w.safetensors", "rose.png", "--layers", "conv1, Inception3a", "-o", "a.html")[0] == 0
    places = data_of(here / "a.html")["places"]
    chosen = {place["number"] for place in places if place["block"] in ("conv1", "inception3a")}
    beside = {n for place in places for n in place["inputs"] if place["number"] in chosen} | {
        place["number"] for place in places if chosen & set(place["inputs"])
    }
    assert {place["number"] for place in places if place["open"]} == chosen | beside
    assert min(beside) < min(chosen) < max(chosen) < max(beside) < len(places) - 1


def test_the_documentation_reads_a_page(capsys, here):
    """Its Python finds the open channels of a convolution and their maps, and adds up a gradient."""
    text = (Path(__file__).parents[2] / "docs" / "explorer.md").read_text(encoding="utf-8")
    assert run(capsys, "w.safetensors", "rose.png", "-o", "cat.html")[0] == 0
    names = {}
    exec(re.search(r"```python\n(.*?)```", text, re.DOTALL)[1], names)
    place, channels = names["place"], names["place"]["open"]
    assert capsys.readouterr().out == f"{channels} ({len(channels)}, 2, 2)\n"
    _, found = explore_command.prepared(here / "rose.png", COLORS, here / "w")
    y = run_network(explore_command.load_model(here / "w")[0], found).places[place["number"]].y
    np.testing.assert_allclose(names["array"](place["exact"]["y"]), y[channels], rtol=1e-6)
    exec(re.findall(r"```python\n(.*?)```", text, re.DOTALL)[1], names)
    added, gradient = map(float, capsys.readouterr().out.split())
    assert len(names["sent"]) > 5 and gradient != 0 and added == pytest.approx(gradient, rel=1e-5)


def test_full(capsys, here):
    assert run(capsys, "w.safetensors", "rose.png", "--full", "-o", "a.html")[0] == 0
    assert data_of(here / "a.html")["left_out"] == []


def test_json_writes_where_it_is_told_to_alone(capsys, here):
    status, out, err = run(capsys, "w.safetensors", "rose.png", "--json")
    found = json.loads(out, parse_constant=pytest.fail)
    assert (status, err) == (0, "") and "page" not in found and not list(here.glob("*.html"))
    assert found["picture"] == "rose.png" and found["label"]["name"] in CLASSES
    assert len(found["scores"]["main"]) == 3 and found["places"][0]["operation"] == "Input"
    status, out, _ = run(capsys, "w.safetensors", "rose.png", "--json", "-o", "a.html")
    again = json.loads(out)
    assert again["bytes"] == (here / "a.html").stat().st_size and again["left_out"]
    assert {**found, **again} == again


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "P", "1", "I;16"])
def test_pictures_of_all_kinds(here, mode):
    for size in ((1, 1), (9, 5)):
        Image.new(mode, size).save("x.png")
        for preprocessing in (COLORS, GRAY):
            picture, x = explore_command.prepared(here / "x.png", preprocessing, here / "w")
            assert picture.dtype == np.uint8 and picture.shape[:2] == (8, 8)
            assert x.shape == (1, preprocessing.channels, 8, 8) and np.isfinite(x).all()


def test_a_gray_network(capsys, here, known):
    known(preprocessing=GRAY)
    assert run(capsys, "w.safetensors", "rose.png", "-o", "a.html")[0] == 0
    assert data_of(here / "a.html")["places"][0]["shape"] == [1, 8, 8]


def test_a_photo_is_turned_upright(here):
    pixels = np.zeros((16, 16, 3), np.uint8)
    pixels[:8] = 255
    exif = Image.Exif()
    exif[0x0112] = 3  # it was held upside down
    Image.fromarray(pixels).save("x.png", exif=exif)
    picture, _ = explore_command.prepared(here / "x.png", COLORS, here / "w")
    assert picture[0].max() == 0 and picture[-1].min() == 255


def test_names_are_text_everywhere(capsys, here, known):
    known(("</script><script>alert(1)", "b\x1b[2J", "c"))
    name = "a<b>&\x1b[31m.png"
    (here / "rose.png").rename(here / name)
    status, out, _ = run(capsys, "w.safetensors", name, "--label", "1", "-o", "a.html")
    assert status == 0 and "\x1b" not in out
    text = (here / "a.html").read_text(encoding="utf-8")
    assert "<script>alert(1)" not in text and "a<b>" not in text
    assert data_of(here / "a.html")["classes"][0] == "</script><script>alert(1)"
    assert html.escape("a<b>&") in text


def test_what_is_wrong_is_one_line(capsys, here, known):
    (here / "folder").mkdir()
    (here / "w.html").write_text("weights")
    (here / "text.png").write_text("no picture")
    (here / "cut.png").write_bytes((here / "rose.png").read_bytes()[:200])
    for arguments, said in [
        (["w.safetensors", "rose.png"], "-o: where is the page to go?"),
        (["w.safetensors", "rose.png", "-o", "folder"], "-o: folder is a folder, expected a name that ends in .html"),
        (["w.safetensors", "rose.png", "-o", "rose.png"], "-o: got rose.png, expected a name that ends in .html"),
        (["w.safetensors", "rose.png", "-o", "w.safetensors"], "expected a name that ends in .html"),
        (["w.html", "rose.png", "-o", "w.html"], "-o: w.html is the file with the weights; choose another name"),
        (["w.safetensors", "w.html", "-o", "w.html"], "-o: w.html is the file with the picture"),
        (["w.safetensors", "rose.png", "-o", "gone/a.html"], "-o: the folder gone is not there; make it first"),
        (["w.safetensors", "rose.png", "-o", ""], "nothing between the quotes"),
        (["w.safetensors", "gone.png", "-o", "a.html"], "gone.png cannot be read: No such file or directory"),
        (["w.safetensors", "text.png", "-o", "a.html"], "text.png cannot be read: it is no image"),
        (["w.safetensors", "cut.png", "-o", "a.html"], "cut.png cannot be read"),
        (["w.safetensors", "folder", "-o", "a.html"], "folder cannot be read: it is no regular file"),
        (["w.safetensors", "rose.png", "-o", "a.html", "--label", "tulip"], "perhaps tulips"),
        (["w.safetensors", "rose.png", "-o", "a.html", "--label", "3"],
         "got '3', expected a class or a number up to 2: roses, daisy, tulips"),
        (["w.safetensors", "rose.png", "-o", "a.html", "--label", "-1"], "--label"),
        (["w.safetensors", "rose.png", "-o", "a.html", "--layers", "conv1,3b"],
         "--layers: got '3b', expected blocks of this network: conv1, norm1, maxpool1, 3a, 5b, fc, aux1, aux2"),
        (["w.safetensors", "rose.png", "-o", "a.html", "--layers", "conv"], "of this network: perhaps conv1"),
        (["w.safetensors", "rose.png", "-o", "a.html", "--layers", ","], "blocks of this network: conv1, norm1"),
        (["w.safetensors", "rose.png", "-o", "a.html", "--channels", "0"], "--channels: got 0, expected at least 1"),
        (["w.safetensors", "rose.png", "-o", "a.html", "--channels", "9", "--full"], "leave one of the two out"),
        (["w.safetensors", "rose.png", "--json", "--full"], "--full: is about the page, and without -o there is none"),
    ]:  # fmt: skip
        status, out, err = run(capsys, *arguments)
        assert (status, out, err.count("\n")) == (2, "", 1) and said in err, (arguments, err)
    known(preprocessing=None)
    assert "other than 1 (gray) or 3 (color) channels" in run(capsys, "w.safetensors", "rose.png", "--json")[2]
    known(preprocessing=Preprocessing(513))
    assert "for images of 513x513; a page is made for at most 512" in run(capsys, "w", "rose.png", "--json")[2]
    assert not list(here.glob("a.html")) and (here / "w.html").read_text() == "weights"


def test_a_name_of_several_classes_is_refused(capsys, here, known):
    known(("crane", "ox", "crane"))
    _, _, err = run(capsys, "w.safetensors", "rose.png", "--label", "crane", "--json")
    assert "--label: 2 classes are called crane, expected one of their numbers: 0, 2" in err
    assert json.loads(run(capsys, "w.safetensors", "rose.png", "--label", "2", "--json")[1])["label"]["number"] == 2


def test_a_class_that_is_called_like_another_ones_number(capsys, here, known):
    known(("2", "1", "0"))
    assert json.loads(run(capsys, "w.safetensors", "rose.png", "--label", "2", "--json")[1])["label"]["number"] == 0


def test_many_names_are_not_all_listed():
    names = [f"class {i}" for i in range(1000)]
    assert explore_command.near("zebra", names).endswith("class 11 and 988 more")
    assert explore_command.near("Class 77", names).startswith("perhaps class 77")


@pytest.mark.everything("presets")
@pytest.mark.parametrize("preset", list(presets))
def test_every_preset(capsys, tmp_path, preset, small_blocks):
    size = max(32, presets[preset].smallest_image)
    Image.effect_mandelbrot((400, 300), (-2, -1, 1, 1), 50).save(tmp_path / "x.png")
    for heads, classes in ((True, 2), (False, 1)):
        weights, out = tmp_path / "w.safetensors", tmp_path / "a.html"
        save_network(weights, GoogLeNet(classes, preset, 3, heads), image_size=size)
        assert run(capsys, weights, tmp_path / "x.png", "-o", out)[0] == 0
        assert len(data_of(out)["scores"]) == (3 if heads else 1)


@pytest.mark.everything("presets")
def test_a_large_network_makes_a_page_below_15_mb(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("googlenet.explorer.occlusion.PIXELS", 0)  # few positions
    weights, out = tmp_path / "w.safetensors", tmp_path / "a.html"
    save_network(weights, GoogLeNet(1000), image_size=224)
    Image.effect_mandelbrot((4000, 3000), (-2, -1, 1, 1), 50).save(tmp_path / "x.png")
    assert run(capsys, weights, tmp_path / "x.png", "-o", out)[0] == 0
    assert 5e6 < out.stat().st_size < 15e6 and data_of(out)["left_out"]


def test_weights_that_are_no_numbers(capsys, tmp_path, small_blocks):
    model, weights = GoogLeNet(2, "plain", aux_heads=False), tmp_path / "w.safetensors"
    model.fc.weight.data[0, 0] = np.nan
    save_network(weights, model, image_size=32)
    status, _, err = run(capsys, weights, "x.png", "--json")
    assert status == 2 and "no weights to compute with: fc.weight has 1 values" in err
