"""Dense layers at work: three spirals, which no straight line tells apart."""

from collections.abc import Callable

import numpy as np

import minicnn as mc
import minicnn.functional as F
from minicnn import optim
from minicnn.nn import init

HIDDEN, CLASSES = 48, 3


def run(say: Callable[[str], None]) -> bool:
    """Train two layers on points of three spirals; whether nearly all are told apart."""
    mc.manual_seed(0)
    x, labels = spirals(np.random.default_rng(0), 100)
    sizes = [(HIDDEN, 2), (HIDDEN, HIDDEN), (CLASSES, HIDDEN)]
    weights = [init.kaiming_normal_(mc.Tensor(np.zeros(size, np.float32), requires_grad=True)) for size in sizes]
    biases = [mc.Tensor(np.zeros(size[0], np.float32), requires_grad=True) for size in sizes]
    optimizer = optim.Adam([*weights, *biases], lr=0.01)

    def network(points: mc.Tensor, training: bool) -> mc.Tensor:
        for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
            points = F.dropout(F.relu(F.linear(points, weight, bias)), 0.05, training)
        return F.linear(points, weights[-1], biases[-1])

    say("three spirals, 100 points each; 2 -> 48 -> 48 -> 3 with ReLU and dropout:")
    right = 0.0
    for step in range(401):
        loss = F.cross_entropy(network(mc.Tensor(x), training=True), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if step % 100 == 0:
            with mc.no_grad():
                logits = network(mc.Tensor(x), training=False)
                probabilities = F.softmax(logits, axis=1).data
            right = float((probabilities.argmax(axis=1) == labels).mean())
            sure = probabilities.max(axis=1).mean()
            say(f"  step {step:3}   loss {loss.item():6.3f}   right {right:6.1%}   sure {sure:6.1%}")
    reached = right > 0.95
    say("It has bent its lines around them." if reached else "More than 95 % should be right in the end.")
    return reached


def spirals(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Points (3 count, 2) on three spirals, and on which each lies."""
    radius = np.linspace(0.1, 1, count)
    points = []
    for arm in range(CLASSES):
        angle = 4 * radius + 2 * np.pi * arm / CLASSES + 0.1 * rng.standard_normal(count)
        points.append(np.stack([radius * np.sin(angle), radius * np.cos(angle)], axis=1))
    return np.concatenate(points).astype(np.float32), np.repeat(np.arange(CLASSES), count)
