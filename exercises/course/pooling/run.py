"""Pooling and concat at work: a network finds a spot, wherever in the image it is."""

from collections.abc import Callable

import numpy as np

import minicnn as mc
import minicnn.functional as F
from minicnn import nn, optim

SIDE, CLASSES = 12, 3


def run(say: Callable[[str], None]) -> bool:
    """Three shapes at random places: with a global pool they are told apart; whether nearly all are."""
    mc.manual_seed(0)
    rng = np.random.default_rng(0)
    branches = [nn.Conv2d(1, channels, 3, padding=1) for channels in (4, 6, 2)]
    classifier = nn.Linear(12, CLASSES)
    parameters = [p for module in (*branches, classifier) for p in module.parameters()]
    optimizer = optim.Adam(parameters, lr=0.02)

    def network(x: mc.Tensor) -> mc.Tensor:
        y = F.concat([F.relu(branch(x)) for branch in branches])
        y = F.max_pool2d(y, 2, 2)
        return classifier(F.flatten(F.adaptive_avg_pool2d(y, 1)))

    say("a plus, a cross and a square, somewhere in 12x12 pixels; 4 + 6 + 2 channels are")
    say("concatenated, pooled 2x2 (max), and averaged over the image:")
    accuracy = 0.0
    for step in range(121):
        x, labels = examples(rng, 32)
        loss = F.cross_entropy(network(mc.Tensor(x)), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 30 == 0:
            x, labels = examples(np.random.default_rng(1), 200)
            with mc.no_grad():
                accuracy = float((network(mc.Tensor(x)).data.argmax(axis=1) == labels).mean())
            say(f"  step {step:3}   loss {loss.item():6.3f}   right {accuracy:6.1%}")
    reached = accuracy > 0.9
    say("Wherever they are." if reached else "More than 90 % should be right in the end.")
    return reached


def examples(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Images (count, 1, 12, 12) with one shape of 5x5 each, and which it is."""
    plus, square = np.zeros((5, 5)), np.ones((5, 5))
    plus[2], plus[:, 2] = 1, 1
    square[1:-1, 1:-1] = 0
    cross = np.eye(5) + np.eye(5)[::-1]
    cross[2, 2] = 1
    shapes = np.stack([plus, cross, square])
    labels = rng.integers(0, CLASSES, count)
    x = 0.1 * rng.standard_normal((count, 1, SIDE, SIDE))
    for image, label in zip(x, labels, strict=True):
        i, j = rng.integers(0, SIDE - 5 + 1, 2)
        image[0, i : i + 5, j : j + 5] += shapes[label]
    return x.astype(np.float32), labels
