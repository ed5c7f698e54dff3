"""What can be reached without a network."""

import numpy as np
import pytest
from PIL import Image

from benchmarks import baseline
from googlenet.data.images import ArrayImages


def test_colors_are_counted_wherever_they_are():
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[:16, :, 0], pixels[16:32, :, 2] = 255, 40
    found = baseline.color_histogram(pixels)
    assert found.shape == (512,)
    bins = np.flatnonzero(found)
    assert dict(zip(bins.tolist(), found[bins] ** 2, strict=True)) == pytest.approx({0: 0.5, 1: 0.25, 7 * 64: 0.25})
    np.testing.assert_array_equal(baseline.color_histogram(pixels[::-1]), found)


def test_a_thumbnail_has_the_means_of_squares():
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    found = baseline.thumbnail(pixels).reshape(16, 16, 3)
    np.testing.assert_allclose(found[3, 7], pixels[12:16, 28:32].reshape(16, 3).mean(axis=0) / 255, rtol=1e-6)


def test_the_five_nearest_vote(monkeypatch):
    monkeypatch.setattr(baseline, "AT_ONCE", 2)  # three test images in two parts
    rng = np.random.default_rng(0)
    x, test = rng.standard_normal((30, 4)), rng.standard_normal((3, 4))
    labels = rng.integers(0, 3, 30)
    expected = []
    for one in test:
        nearest = sorted(range(30), key=lambda i: ((x[i] - one) ** 2).sum())[:5]
        votes = [sum(labels[i] == label for i in nearest) for label in range(3)]
        expected.append(votes.index(max(votes)))
    assert baseline.nearest_neighbors(x, labels, test, 3, 0).tolist() == expected


def test_a_line_is_found_between_two_classes():
    x = np.random.default_rng(0).standard_normal((400, 3)).astype(np.float32)
    labels = (x @ [1.0, -2.0, 0.5] > 0).astype(int)
    found = baseline.linear_softmax(x[:300], labels[:300], x[300:], 2, seed=0)
    assert (found == labels[300:]).mean() > 0.95
    np.testing.assert_array_equal(baseline.linear_softmax(x[:300], labels[:300], x[300:], 2, seed=0), found)


def colored(count, seed):
    """Half of them rather red, half rather blue: (count, 20, 30, 3) with labels 0 and 1, in three classes."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    pixels = rng.integers(0, 120, (count, 20, 30, 3), dtype=np.uint8)
    pixels[labels == 0, :, :, 0] += 130
    pixels[labels == 1, :, :, 2] += 130
    return ArrayImages(pixels, labels, ("red", "blue", "none"), "here")


def test_red_is_told_from_blue_by_all_but_the_guess():
    found = baseline.baselines(colored(21, 0), colored(10, 1))
    assert found.pop(("most frequent class", "")) == 0.5
    assert set(found.values()) == {1.0} and len(found) == 4


def test_a_folder_with_a_broken_image(tmp_path, capsys):
    images = colored(12, 0)
    for index, label in enumerate(images.labels):
        (tmp_path / images.classes[label]).mkdir(exist_ok=True)
        images.open(index).save(tmp_path / images.classes[label] / f"{index}.png")
    (tmp_path / "red" / "broken.jpg").write_bytes(b"no picture")
    assert baseline.main([str(tmp_path)]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[0].startswith(f"{tmp_path.name}: 2 classes, ")
    assert sum(int(word) for word in out[0].split() if word.isdigit()) == 2 + 12
    assert [line.split()[-1] for line in out[4:8]] == ["100.00%"] * 4
    assert max(map(len, out)) <= 80


def test_what_is_no_data_is_one_line(tmp_path, capsys):
    Image.new("L", (4, 4)).save(tmp_path / "alone.png")
    assert baseline.main([str(tmp_path / "alone.png")]) == 2
    out, error = capsys.readouterr()
    assert out == "" and error.startswith("benchmarks.baseline: error: ") and len(error.splitlines()) == 1
