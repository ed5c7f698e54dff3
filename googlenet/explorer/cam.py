"""What in the picture speaks for a class: the gradient of its score, and Grad-CAM."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from googlenet.explorer.run import Place, Run


def grad_cam(y: NDArray[np.floating], score: NDArray[np.floating]) -> NDArray[np.floating]:
    """Where the maps y (C, H, W) speak for the class whose score has the gradient `score` there: (H, W), at least 0.

        weight[c] = mean over i, j of score[c, i, j]
        cam[i, j] = max(0, sum over c of weight[c] * y[c, i, j])

    Source: Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization",
    ICCV 2017, equations 1 and 2. The score is the logit, before the softmax.
    """
    weights = score.mean(axis=(1, 2))
    return np.maximum(0, np.tensordot(weights, y, axes=1))


def saliency(score: NDArray[np.floating]) -> NDArray[np.floating]:
    """How much the score moves with each pixel: of its gradient at the picture (C, H, W) the largest |.| of the colors.

    Source: Simonyan et al., "Deep Inside Convolutional Networks", arXiv 1312.6034, section 3.1.
    """
    largest: NDArray[np.floating] = np.abs(score).max(axis=0)
    return largest


def last_of_each_block(run: Run) -> dict[str, Place]:
    """The place with the result of every convolution of the stem and every Inception block, by the block's name."""
    found = {}
    for place in run.places:
        if place.block.startswith(("conv", "inception")):
            found[place.block] = place
    return found
