"""report.html: what it shows, that names are only text, and that it needs nothing else; also in a browser."""

import re

import numpy as np
import pytest
from browser import needs_browser, opened
from pages import Parsed
from pages import rows as table_rows
from rows import WITHOUT_HEADS, record, row

from googlenet.evaluation import Predictions
from googlenet.report.page import LARGEST_MATRIX, LINES, Report, line_style, page, write_page

NASTY = '<script>document.title="hacked"</script>'
CLASSES = ("cat", NASTY, 'a "dog" & $title')


def predictions(classes=3, count=30, seed=0):
    """Mostly right, of images whose classes take turns."""
    generator = np.random.default_rng(seed)
    labels = np.arange(count) % classes
    logits = generator.standard_normal((count, classes)) + 2 * (labels[:, np.newaxis] == np.arange(classes))
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return Predictions(labels, p.astype(np.float32), np.zeros(count, np.float32))


def make(**changes):
    """A report of two epochs of three."""
    usual = {
        "title": "my run", "epochs": 3, "settings": {"Options": {"batch size": 32}, "Data": {"where": NASTY}},
        "rows": [row(1), row(2, loss_main=1.5, test_accuracy=0.75)], "classes": CLASSES, "predictions": predictions(),
        "name": lambda index: f"/data/<b>/{index}.png",
        "picture": lambda index: np.full((8, 8), index, np.uint8),
        "filters": np.random.default_rng(0).standard_normal((64, 1, 7, 7)), "order": "L", "finished": False,
        "records": [record(1), record(2, images_for_relus=32, dead={"conv1": [3, 64]})],
    }  # fmt: skip
    return Report(**{**usual, **changes})


def test_every_section_is_there_and_linked():
    parsed = Parsed(page(make()))
    names = ["curves", "classes", "mistakes", "filters", "gradients", "relus", "time", "settings"]
    assert [section["id"] for section in parsed.all("section")] == names
    assert [link["href"] for link in parsed.all("a")] == [f"#{name}" for name in names]
    for text in ("my run", "batch size 32", "Loss in training", "Learning rate", "Images a second", "Confusion matrix"):
        assert text in parsed.text


def test_nothing_is_fetched():
    html = page(make())
    parsed = Parsed(html)
    addresses = [
        value for _, attributes in parsed.elements for name, value in attributes.items() if name in ("src", "href")
    ]
    assert all(address.startswith(("data:image/", "#")) for address in addresses)
    assert not re.search(r"url\(|@import|https?:", html)
    policy = next(meta["content"] for meta in parsed.all("meta") if "http-equiv" in meta)
    assert "default-src 'none'" in policy
    assert len(html) < 150_000


def test_names_are_only_text():
    html = page(make(title=NASTY))
    assert NASTY not in html
    parsed = Parsed(html)
    assert len(parsed.all("script")) == 1
    assert parsed.text.count(NASTY) > 5
    assert not parsed.all("b")
    assert 'a "dog" & $title' in parsed.text


def test_before_there_are_samples_their_sections_are_left_out():
    parsed = Parsed(page(make(records=())))
    assert [section["id"] for section in parsed.all("section")][-2:] == ["filters", "settings"]


def test_the_best_epoch_and_the_last():
    rows = [row(1, test_accuracy=0.5), row(2, test_accuracy=0.75), row(3, test_accuracy=0.625)]
    text = Parsed(page(make(rows=rows, finished=True))).text
    assert "Done after epoch 3 of 3. Test accuracy 75.00% after epoch 2, the best; 62.50% after epoch 3" in text
    assert "averaged" not in text
    text = Parsed(page(make(rows=[row(1, test_accuracy=0.5, average_accuracy=0.875)]))).text
    assert "Epoch 1 of 3 is done." in text
    assert "Test accuracy 87.50% after epoch 1, the best; 50.00%" in text
    assert "averaged weights 87.50%" in text


@pytest.mark.parametrize("finished", [True, False])
def test_only_while_the_run_goes_on_the_page_reloads_itself(finished):
    assert ("location.reload" in page(make(finished=finished))) is not finished


def test_the_curves_and_their_numbers():
    html = page(make())
    assert "epoch 2: main 1.5, aux1 2.2, aux2 2.25" in html
    assert "epoch 2: test 75.00%, training 12.35%" in html
    assert "guessing: ln(3)" in html
    numbers = next(cells for cells in table_rows(html) if cells[:2] == ["2", "0.01"])
    assert numbers[3:8] == ["1.5", "2.2", "2.25", "0.12346", "0.75"]


def test_without_heads_their_losses_are_dashes():
    html = page(make(rows=[row(1, **WITHOUT_HEADS)]))
    assert "epoch 1: main 2.1<" in html
    assert next(cells for cells in table_rows(html) if cells[:2] == ["1", "0.01"])[3:6] == ["2.1", "–", "–"]


def test_one_class_alone():
    assert "guessing" not in page(make(classes=("cat",), predictions=predictions(1)))


def test_the_confusion_matrix():
    labels = np.array([0, 0, 0, 1, 2])
    taken = np.array([0, 0, 1, 1, 0])
    html = page(make(predictions=Predictions(labels, np.eye(3, dtype=np.float32)[taken], np.zeros(5, np.float32))))
    rows = table_rows(html)
    assert [cells[1:] for cells in rows if len(cells) == 4][1:4] == [["2", "1", "0"], ["0", "1", "0"], ["1", "0", "0"]]
    assert ["cat", "3", "2", "66.7%", "66.7%", "0.667", NASTY] in rows
    assert [CLASSES[2], "1", "0", "0%", "–", "0.000", "cat"] in rows
    assert '<td class="right" style="--share:0.667">2</td>' in html
    assert '<td class="wrong" style="--share:1.000">1</td>' in html


def test_of_many_classes_the_most_confused_pairs():
    classes = LARGEST_MATRIX + 1
    labels = np.arange(2 * classes) % classes
    taken = labels.copy()
    taken[[4, 4 + classes, 7]] = [9, 9, 8]
    names = [f"class {i}" for i in range(classes)]
    found = Predictions(labels, np.eye(classes, dtype=np.float32)[taken], np.zeros(len(labels), np.float32))
    html = page(make(classes=names, predictions=found))
    rows = table_rows(html)
    first = rows.index(["images of", "taken for", "how many", "of all of these"])
    assert rows[first + 1 : first + 3] == [["class 4", "class 9", "2", "100%"], ["class 7", "class 8", "1", "50%"]]
    assert "Confusion matrix" not in html
    assert "Confusion matrix" in page(make(classes=names[1:], predictions=predictions(classes - 1)))


def test_mistakes_and_hits_as_pictures():
    labels = np.array([0, 1, 2, 0])
    p = np.array([[0.1, 0.8, 0.1], [0.2, 0.5, 0.3], [0.9, 0.05, 0.05], [1, 0, 0]], np.float32)
    html = page(make(predictions=Predictions(labels, p, np.zeros(4, np.float32))))
    captions = [Parsed(text).text.strip() for text in re.findall(r"<figcaption>(.*?)</figcaption>", html, re.S)]
    shown = [text for text in captions if ".png" in text]
    short = "<b>/"
    assert shown == [
        f"{CLASSES[2]} , taken for cat , 90.0% {short}2.png", f"cat , taken for {NASTY} , 80.0% {short}0.png",
        f"{NASTY} , 50.0% {short}1.png", f"cat , 100.0% {short}3.png",
    ]  # fmt: skip
    assert len(Parsed(html).all("img")) == 5  # and the filters


def test_a_picture_that_is_gone_is_said_to_be():
    def picture(index):
        raise OSError("gone")

    html = page(make(picture=picture))
    assert "cannot be read" in html
    assert len(Parsed(html).all("img")) == 1


def test_nothing_was_mistaken():
    right = Predictions(np.arange(3), np.eye(3, dtype=np.float32), np.zeros(3, np.float32))
    assert "Most confident mistakes None." in Parsed(page(make(predictions=right))).text


def test_lines_of_a_chart_differ():
    assert len({line_style(number).partition("{")[2].partition("}")[0] for number in range(LINES)}) == LINES


def test_the_file_is_whole_text_whatever_names_hold(tmp_path):
    write_page(tmp_path / "report.html", make(title="run", name=lambda index: "/data/caf\udce9.jpg"))
    assert r"caf\udce9.jpg" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


# ---- in a browser -------------------------------------------------------------------------------------------------

LOOK = """
  const chart = document.querySelector("svg[data-walk]"), text = getComputedStyle(chart.querySelector("text"));
  ({
    title: document.title, back: getComputedStyle(document.body).backgroundColor,
    small: parseFloat(text.fontSize) * chart.getBoundingClientRect().width / chart.viewBox.baseVal.width,
    broken: [...document.images].filter((image) => !image.naturalWidth).length,
  });
"""
SAID = "document.querySelector('svg[data-walk]').parentElement.querySelector('.said').textContent"


@pytest.mark.everything("browser")
@needs_browser
@pytest.mark.parametrize(
    ("width", "dark", "classes"), [(375, False, 3), (375, True, 24), (1600, True, 3), (1600, False, 24)]
)
def test_in_a_browser(tmp_path, width, dark, classes):
    """It has no faults, keys and pointer walk along a chart, names run no script, colors follow the system."""
    names = CLASSES if classes == 3 else [f"a class with a long name, the one with number {i}" for i in range(classes)]
    write_page(tmp_path / "page.html", make(classes=names, predictions=predictions(classes, 300)))
    first, last = "epoch 1: main 2.1, aux1 2.2, aux2 2.25", "epoch 2: main 1.5, aux1 2.2, aux2 2.25"
    with opened(tmp_path / "page.html", width=width, dark=dark) as shown:
        found, words = shown.evaluate(LOOK), [shown.evaluate(SAID)]
        shown.evaluate("document.querySelector('svg[data-walk]').focus()")
        for key in "Home", "ArrowRight", "ArrowRight", "ArrowLeft":
            shown.press(key)
            words.append(shown.evaluate(SAID))
        shown.point("svg[data-walk]", across=0.99)
        assert [*words, shown.evaluate(SAID)] == [last, first, last, last, first, last]
        assert shown.faults() == []
    assert (found["title"], found["broken"]) == ("my run", 0)
    assert found["small"] > 9  # pixels: the smallest text
    assert found["back"] == ("rgb(20, 23, 26)" if dark else "rgb(255, 255, 255)")
