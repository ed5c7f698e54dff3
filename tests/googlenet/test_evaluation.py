"""Accuracy and loss on a set of images."""

import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support import fetch, put, quiet

import minicnn as mc
import minicnn.functional as F
from googlenet import GoogLeNet, evaluation
from googlenet.data import DigitsDataset
from googlenet.data.imagenet import IMAGENET_CLASSES
from googlenet.data.preprocessing import Preprocessing
from googlenet.evaluation import (
    Evaluation,
    Predictions,
    count_right,
    evaluate,
    evaluate_file,
    evaluate_weights,
    predictions,
)
from googlenet.training.options import Options
from googlenet.weights import save_model
from minicnn import Tensor, nn
from minicnn.data import ArrayDataset, DataLoader


class Pretended(nn.Module):
    """Its logits are its inputs; it notes in which mode, and with which batch sizes, it was asked."""

    def __init__(self):
        self.asked = []

    def forward(self, x):
        self.asked.append((self.training, len(x)))
        assert not Tensor(np.ones(1), requires_grad=True).__mul__(2).requires_grad  # no graph is built
        return x


def logits_and_targets(n=10, classes=4):
    rng = np.random.default_rng(0)
    return rng.standard_normal((n, classes)).astype(np.float32), rng.integers(0, classes, n)


@pytest.mark.parametrize("batch_size", [1, 3, 4, 10, 100])
def test_every_image_counts_once_also_in_a_last_batch_that_is_not_full(batch_size):
    x, targets = logits_and_targets()
    model = Pretended()
    result = evaluate(model, DataLoader(ArrayDataset(x, targets), batch_size))
    assert result.images == 10
    assert sum(size for _, size in model.asked) == 10
    assert result.top1 == (x.argmax(axis=1) == targets).mean()
    assert result.loss == pytest.approx(float(F.cross_entropy(Tensor(x), targets)), rel=1e-6)


def test_known_logits():
    x = np.array([[9.0, 0.0], [0.0, 9.0], [9.0, 0.0], [9.0, 0.0]], np.float32)
    result = evaluate(Pretended(), DataLoader(ArrayDataset(x, np.array([0, 1, 0, 1])), 3))
    assert result.top1 == 0.75
    right, wrong = math.log(1 + math.exp(-9)), 9 + math.log(1 + math.exp(-9))
    assert result.loss == pytest.approx((3 * right + wrong) / 4, rel=1e-5)


@pytest.mark.parametrize("training", [True, False])
def test_it_runs_in_evaluation_mode_and_restores_the_mode(training):
    x, targets = logits_and_targets()
    model = Pretended().train(training)
    evaluate(model, DataLoader(ArrayDataset(x, targets), 5))
    assert [mode for mode, _ in model.asked] == [False, False]
    assert model.training == training


def test_the_mode_is_restored_after_an_error():
    model = Pretended()
    with pytest.raises(ValueError, match="targets"):
        evaluate(model, DataLoader(ArrayDataset(np.zeros((4, 3), np.float32), np.full(4, 7)), 2))
    assert model.training


def test_it_can_be_ended_before_each_batch():
    def before_batch():
        if len(model.asked) == 2:
            raise ZeroDivisionError

    x, targets = logits_and_targets()
    model = Pretended()
    with pytest.raises(ZeroDivisionError):
        evaluate(model, DataLoader(ArrayDataset(x, targets), 2), before_batch=before_batch)
    assert len(model.asked) == 2
    assert model.training


def test_shuffled_or_not_the_result_is_the_same_and_the_loader_s_epoch_stays():
    x, targets = logits_and_targets()
    plain = evaluate(Pretended(), DataLoader(ArrayDataset(x, targets), 3))
    loader = DataLoader(ArrayDataset(x, targets), 3, shuffle=True, num_workers=1)
    shuffled = evaluate(Pretended(), loader)
    assert (shuffled.top1, shuffled.images) == (plain.top1, plain.images)
    assert shuffled.loss == pytest.approx(plain.loss, rel=1e-6)
    assert loader.epoch == 0


def test_count_right():
    logits = Tensor([[1.0, 2.0], [3.0, 0.0], [0.0, 1.0]])
    assert count_right(logits, np.array([1, 0, 0])) == 2
    assert count_right(logits, np.array([0, 1, 0])) == 0
    assert count_right(logits, np.array([1, 1, 1])).shape == ()  # a number, but still on the device of the logits


def test_count_right_of_probabilities(device):
    """The likeliest class counts; as many rows as classes, so that rows and columns could be mistaken."""
    logits = Tensor([[1.0, 2.0, 0.0], [3.0, 0.0, 1.0], [0.0, 1.0, 2.0]]).to(device)
    for rows, right in (([[0.4, 0.6, 0.0], [0.5, 0.1, 0.4], [0.9, 0.0, 0.1]], 2), (np.eye(3)[[1, 0, 2]], 3)):
        targets = put(np.array(rows, np.float32), device)
        with quiet():
            found = count_right(logits, targets)
        assert fetch(found) == right


def test_the_first_of_two_equal_logits_is_the_answer():
    assert [count_right(Tensor([[1.0, 1.0]]), np.array([target])) for target in (0, 1)] == [1, 0]


def test_printed():
    text = str(Evaluation(0.98765, 0.04321, 1000))
    assert "98.7" in text
    assert "0.0432" in text
    assert "1,000" in text


# ---- predictions --------------------------------------------------------------------------------------------------


def predicted(x, targets, batch_size=3):
    return predictions(Pretended(), DataLoader(ArrayDataset(np.asarray(x, np.float32), targets), batch_size))


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def test_predictions_are_the_softmax_of_every_image_in_order():
    x, targets = logits_and_targets()
    found = predicted(x, targets)
    np.testing.assert_array_equal(found.labels, targets)
    np.testing.assert_allclose(found.probabilities, softmax(x.astype(float)), rtol=1e-5)
    np.testing.assert_allclose(found.losses, -np.log(softmax(x.astype(float))[range(10), targets]), rtol=1e-5)
    assert [a.dtype for a in found] == [np.int64, np.float32, np.float32]


def test_of_several_crops_the_probabilities_are_averaged():
    """Not the logits: of these two crops the first is sure, the second hesitates."""
    crops = np.array([[[9.0, 0.0], [0.0, 1.0]], [[0.0, 0.0], [0.0, 2.0]]], np.float32)  # (images, crops, classes)
    found = predicted(crops[:, :, :, np.newaxis, np.newaxis], np.array([0, 1]))
    expected = softmax(crops.astype(float)).mean(axis=1)
    np.testing.assert_allclose(found.probabilities, expected, rtol=1e-5)
    np.testing.assert_allclose(found.losses, -np.log(expected[[0, 1], [0, 1]]), rtol=1e-5)


def test_the_loss_is_exact_where_the_probability_rounds_to_zero():
    crops = np.zeros((1, 3, 2, 1, 1), np.float32)
    crops[0, :, 0] = [[[200.0]], [[300.0]], [[201.0]]]  # of class 1: exp(-200), exp(-300), exp(-201), and 0 in float32
    found = predicted(crops, np.array([1]))
    assert found.probabilities[0, 1] == 0
    assert found.losses[0] == pytest.approx(200 - math.log((1 + math.exp(-1)) / 3), rel=1e-6)
    assert predicted(crops[:, 0, :, 0, 0], np.array([1])).losses[0] == pytest.approx(200, rel=1e-6)


def test_many_crops_go_through_the_network_a_few_at_a_time():
    model = Pretended()
    x = np.random.default_rng(0).standard_normal((2, 40, 3, 1, 1)).astype(np.float32)
    loader = DataLoader(ArrayDataset(x, np.array([0, 2])), 2)
    found = predictions(model, loader)
    assert [size for _, size in model.asked] == [32, 32, 16]
    np.testing.assert_allclose(found.probabilities, softmax(x[..., 0, 0].astype(float)).mean(axis=1), rtol=1e-5)


def test_crops_are_averaged_where_the_network_is(device):
    x = np.random.default_rng(0).standard_normal((3, 40, 3, 1, 1)).astype(np.float32)
    found = predictions(Pretended(), DataLoader(ArrayDataset(x, np.array([0, 2, 1])), 2), device)
    assert all(type(array) is np.ndarray for array in found)
    np.testing.assert_allclose(found.probabilities, softmax(x[..., 0, 0].astype(float)).mean(axis=1), rtol=1e-5)


PROBABILITIES = np.array(
    [[0.4, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1], [0, 0.1, 0.2, 0.3, 0.15, 0.15, 0.1], [0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.4]],
    np.float32,
)


def given(labels, probabilities=PROBABILITIES):
    return Predictions(np.array(labels), probabilities, np.ones(len(labels), np.float32))


def test_the_most_probable_classes_in_order_of_equals_the_first():
    assert given([0, 0, 0]).most_probable(3).tolist() == [[0, 1, 2], [3, 2, 4], [6, 0, 1]]
    assert given([0, 0, 0]).most_probable(9).shape == (3, 7)


@pytest.mark.parametrize(
    ("labels", "top1", "top5"), [([0, 3, 6], 1, 1), ([4, 6, 3], 0, 2 / 3), ([5, 0, 4], 0, 0), ([0, 2, 5], 1 / 3, 2 / 3)]
)
def test_top_1_and_top_5(labels, top1, top5):
    found = given(labels).evaluation()
    assert (found.top1, found.top5, found.images) == pytest.approx((top1, top5, 3))


def test_of_five_classes_there_is_no_top_5():
    assert given([0, 1, 2], PROBABILITIES[:, :5]).evaluation().top5 is None
    assert given([0, 1, 2], PROBABILITIES[:, :6]).evaluation().top5 is not None


def test_confusion_has_a_row_for_what_it_is_and_a_column_for_what_it_was_taken_for():
    confusion = given([0, 2, 2]).confusion()
    assert confusion.shape == (7, 7)
    assert {(int(i), int(j)): int(confusion[i, j]) for i, j in np.argwhere(confusion)} == {
        (0, 0): 1,
        (2, 3): 1,
        (2, 6): 1,
    }
    assert given([2, 2, 2], PROBABILITIES[[1, 1, 1]]).confusion()[2, 3] == 3


def test_no_number_is_no_right_answer():
    """A network that has blown up is right about nothing but what it would say of all images."""
    assert given([1, 2, 3], np.full((3, 7), np.nan, np.float32)).evaluation().top1 == 0


def test_batch_norm_s_statistics_do_not_change():
    model = GoogLeNet(4, "batchnorm", in_channels=1)
    before = {name: tensor.data.copy() for name, tensor in model.state_dict().items()}
    x = np.random.default_rng(0).standard_normal((3, 1, 32, 32)).astype(np.float32)
    evaluate(model, DataLoader(ArrayDataset(x, np.array([0, 1, 3])), 2))
    for name, tensor in model.state_dict().items():
        np.testing.assert_array_equal(tensor.data, before[name], err_msg=name)


def test_a_file(tmp_path, monkeypatch):
    mc.manual_seed(0)
    model = GoogLeNet(10, "plain", in_channels=1)
    path = tmp_path / "best.safetensors"
    save_model(path, model, Options(preset="plain", image_size=33), {"epoch": 1, "test_accuracy": 0.1})
    result = evaluate_file(path, limit=20)
    assert result.images == 20
    assert 0 <= result.top1 <= 1
    assert result == evaluate_file(path, image_size=33, limit=20)
    test_digits = DigitsDataset(train=False, size=33)
    x, targets = zip(*(test_digits[i] for i in range(20)), strict=True)
    assert result == evaluate(model, DataLoader(ArrayDataset(np.stack(x), np.array(targets)), 32))
    assert result.loss != evaluate_file(path, image_size=40, limit=20).loss
    assert evaluate_file(path, limit=20, batch_size=7).loss == pytest.approx(result.loss, rel=1e-5)
    path.unlink()  # 40 MB


# ---- saved weights on any images ------------------------------------------------------------------------------------

CLASSES = ("blue", "green", "red")  # of the network, in this order
COLORS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255), "white": (255, 255, 255)}


class Painter(nn.Module):
    """Knows colors: the logit of each class is five times the mean of one channel. It counts images in each call."""

    def __init__(self):
        self.asked = []

    def forward(self, x):
        self.asked.append(len(x))
        return x.mean((2, 3))[:, [2, 1, 0]] * 5


class ImageNetPainter(Painter):
    """Knows cranes by their blue, and tabbies by their red: numbers 134 and 281 of a thousand."""

    def forward(self, x):
        logits = np.zeros((len(x), 1000), np.float32)
        logits[:, [281, 134]] = x.data.mean((2, 3))[:, [0, 2]] * 50
        return Tensor(logits)


@pytest.fixture
def painter(monkeypatch):
    """What every file of weights is taken for."""
    return pretend(monkeypatch, Painter(), CLASSES)


def pretend(monkeypatch, model, classes):
    """Every file of weights is this network."""
    info = {"classes": classes, "preprocessing": Preprocessing(8, 3, (0.0,) * 3, (1.0,) * 3), "in_channels": 3,
            "num_classes": len(classes), "data": None}  # fmt: skip
    monkeypatch.setattr(evaluation, "load_model", lambda path: (model, info))
    return model


@pytest.fixture
def photos(tmp_path):
    """photos(train=..., val=...): a folder with a photo for each pair of a class and the color that it really has."""

    def write(**parts):
        for part, images in parts.items():
            for i, (name, color) in enumerate(images):
                path = tmp_path / "photos" / part / name / f"{i}.png"
                path.parent.mkdir(parents=True, exist_ok=True)
                Image.new("RGB", (9, 12), COLORS[color]).save(path)
        return str(tmp_path / "photos")

    return write


TRAIN = [("green", "green"), ("red", "red")]
VAL = [("red", "red"), ("red", "red"), ("red", "blue"), ("green", "green")]


def test_classes_are_matched_by_name(painter, photos):
    """The data set has two of the network's three classes, under other numbers."""
    found = evaluate_weights(Path("w"), data=photos(train=TRAIN, val=VAL))
    assert found.evaluation.top1 == 0.75 and found.evaluation.images == 4
    assert found.predictions.confusion().tolist() == [[0, 0, 0], [0, 1, 0], [1, 0, 2]]
    assert found.classes == CLASSES
    right, wrong = -math.log(math.exp(5) / (math.exp(5) + 2)), math.log(math.exp(5) + 2)
    assert found.evaluation.loss == pytest.approx((3 * right + wrong) / 4, rel=1e-5)


def test_a_class_that_the_network_does_not_know_is_refused(painter, photos):
    data = photos(train=[*TRAIN, ("white", "white")], val=[*VAL, ("white", "white")])
    with pytest.raises(ValueError, match="^w does not know the class 'white' of photos; it knows blue, green, red$"):
        evaluate_weights(Path("w"), data=data)


@pytest.mark.parametrize("names", [("crane_bird", "n02123045"), ("n02012849-crane", "tabby")])
def test_classes_of_imagenet_are_known_by_their_wordnet_ids_too(photos, monkeypatch, names):
    pretend(monkeypatch, ImageNetPainter(), IMAGENET_CLASSES)
    crane, cat = names
    data = photos(train=[(crane, "blue"), (cat, "red")], val=[(crane, "blue"), (cat, "red"), (cat, "blue")])
    found = evaluate_weights(Path("w"), data=data)
    assert sorted(found.predictions.labels.tolist()) == [134, 281, 281]
    assert found.evaluation.top1 == pytest.approx(2 / 3)
    with pytest.raises(ValueError, match="^w does not know the class 'n00000000' of photos; it knows tench, .*, hen, "):
        evaluate_weights(Path("w"), data=photos(train=[("n00000000", "red")], val=[("n00000000", "red")]))


def test_other_networks_know_no_wordnet_ids(painter, photos):
    with pytest.raises(ValueError, match="does not know the class 'n02123045' of photos; it knows blue, green, red"):
        evaluate_weights(Path("w"), data=photos(train=[*TRAIN, ("n02123045", "red")], val=VAL))


def test_for_weights_from_elsewhere_nothing_is_split_off(painter, photos):
    """None of it was trained, and there may be a single photo of a class."""
    data = photos(**{"": [("red", "red"), ("green", "green"), ("blue", "red")]})
    found = evaluate_weights(Path("w"), data=data)
    assert (found.evaluation.images, found.evaluation.top1) == (3, pytest.approx(2 / 3))
    assert (found.images, found.notes) == (f"all images of photos ({data})", ())
    assert evaluate_weights(Path("w"), data=data, part="train").evaluation.images == 3


@pytest.mark.parametrize(
    ("part", "images", "words"),
    [("val", 4, "the images for validation"), ("train", 2, "the images for training"), ("all", 6, "all images")],
)
def test_the_part_is_the_one_that_is_asked_for_and_named(painter, photos, part, images, words):
    data = photos(train=TRAIN, val=VAL)
    found = evaluate_weights(Path("w"), data=data, part=part)
    assert found.evaluation.images == images
    assert found.images == f"{words} of photos ({data})"


def test_a_limit_holds_for_each_part(painter, photos):
    data = photos(train=TRAIN, val=VAL)
    assert evaluate_weights(Path("w"), data=data, limit=2).evaluation.images == 2
    assert evaluate_weights(Path("w"), data=data, limit=1, part="all").evaluation.images == 2


def test_what_cannot_be_read_is_left_out_and_told(painter, photos):
    data = Path(photos(train=TRAIN, val=VAL))
    broken = data / "val/red/1.png"
    broken.write_bytes(b"")
    found = evaluate_weights(Path("w"), data=str(data))
    assert found.evaluation.images == 3 and found.evaluation.top1 == pytest.approx(2 / 3)
    assert found.unreadable == {str(broken): "it is empty"}
    for path in data.glob("val/*/*"):
        path.write_bytes(b"")
    with pytest.raises(ValueError, match="photos: none of 4 images can be read; .*3.png: it is empty"):
        evaluate_weights(Path("w"), data=str(data))


@pytest.mark.parametrize(("crops", "batch_size", "asked"), [(1, 3, [3, 1]), (10, 20, [20, 20]), (10, 4, [10] * 4)])
def test_so_many_crops_at_once_as_the_batch_has_images(painter, photos, crops, batch_size, asked):
    found = evaluate_weights(Path("w"), data=photos(train=TRAIN, val=VAL), crops=crops, batch_size=batch_size)
    assert painter.asked == asked
    assert found.evaluation.top1 == 0.75  # of one color in all crops


def test_the_size_is_that_of_the_weights_unless_another_is_given(painter, photos, monkeypatch):
    sizes, plain = [], Painter.forward
    monkeypatch.setattr(Painter, "forward", lambda self, x: sizes.append(x.shape[2:]) or plain(self, x))
    for size in (0, 5):
        evaluate_weights(Path("w"), image_size=size, data=photos(train=TRAIN, val=VAL))
    assert sizes == [(8, 8), (5, 5)]


def test_weights_for_other_than_gray_or_color(painter, photos, monkeypatch):
    info = {"classes": CLASSES, "preprocessing": None, "in_channels": 4, "num_classes": 3, "data": None}
    monkeypatch.setattr(evaluation, "load_model", lambda path: (painter, info))
    with pytest.raises(ValueError, match=r"^w: for 4 channels, expected 1 .gray. or 3 .color.$"):
        evaluate_weights(Path("w"), data=photos(train=TRAIN, val=VAL))
