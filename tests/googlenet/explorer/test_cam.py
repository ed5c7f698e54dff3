"""What in the picture speaks for a class."""

import numpy as np

from googlenet.explorer.cam import grad_cam, last_of_each_block, saliency


def naive_grad_cam(y, score):
    """Equations 1 and 2 of the paper, number by number."""
    channels, height, width = y.shape
    cam = np.zeros((height, width))
    for c in range(channels):
        weight = sum(score[c, i, j] for i in range(height) for j in range(width)) / (height * width)
        cam += weight * y[c]
    return np.array([[max(0, value) for value in row] for row in cam])


def test_grad_cam_agrees_with_the_naive_version():
    y, score = np.random.default_rng(0).standard_normal((2, 5, 3, 4))
    found = grad_cam(y, score)
    np.testing.assert_allclose(found, naive_grad_cam(y, score), rtol=1e-12, atol=1e-12)
    assert found.min() == 0 < found.max()


def test_grad_cam_of_a_network_that_looks_at_one_corner():
    y = np.zeros((2, 2, 2))
    y[0, 0, 1], y[1, 1, 0] = 3, 5
    score = np.stack([np.full((2, 2), 0.5), np.full((2, 2), -1.0)])  # the first channel speaks for it
    assert grad_cam(y, score).tolist() == [[0, 1.5], [0, 0]]


def test_saliency_is_the_largest_of_the_colors():
    assert saliency(np.array([[[1.0, -2]], [[-3, 0]]])).tolist() == [[3, 2]]


def test_the_last_of_each_block(seen):
    for preset in ("paper", "batchnorm"):
        found = last_of_each_block(seen(preset)[1])
        assert list(found) == ["conv1", "inception3a", "inception5b"]
        assert found["inception3a"].node.operation == "Concat" and found["inception5b"].y.shape == (12, 2, 2)
        assert found["conv1"].node.operation == ("Conv2d" if preset == "paper" else "ReLU")
