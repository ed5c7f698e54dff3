"""Training at work: the same small network on handwritten digits, with other optimizers and normalizations."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np

import minicnn as mc
import minicnn.functional as F
from googlenet.data.digits import load_digits
from googlenet.training import trainer
from minicnn import nn, optim

TRAIN, TEST, BATCH, EPOCHS = 1500, 500, 25, 3
ENOUGH = 0.8  # of the test digits
SGD = {"lr": 0.05, "momentum": 0.9, "weight_decay": 1e-3}
ROWS = [  # name, normalization, optimizer, its options
    ("SGD, no momentum", None, "SGD", {**SGD, "momentum": 0.0}),
    ("SGD, momentum 0.9", None, "SGD", SGD),
    ("the same, with local response norm", "lrn", "SGD", SGD),
    ("the same, with batch norm", "bn", "SGD", SGD),
    ("Adam", None, "Adam", {"lr": 0.01}),
    ("AdamW, with batch norm", "bn", "AdamW", {"lr": 0.01, "weight_decay": 0.01}),
]


def run(say: Callable[[str], None]) -> bool:
    """Train in six ways; whether all but the first tell enough of the test digits."""
    digits = load_digits()
    train, test = halved(digits.train_images[:TRAIN]), halved(digits.test_images[:TEST])
    say(f"{TRAIN} handwritten digits of 14x14 pixels, two convolutions, one linear layer;")
    say(f"{EPOCHS} epochs in batches of {BATCH}, warm-up, then a cosine. Right of {TEST} others:")
    reached = True
    for name, normalization, optimizer, options in ROWS:
        losses, right = one(train, digits.train_labels[:TRAIN], test, digits.test_labels[:TEST],
                            normalization, optimizer, options)  # fmt: skip
        curve = " ".join(f"{loss:.2f}" for loss in losses)
        say(f"  {name:36} {right:6.1%}   losses {curve}")
        reached = reached and (right >= ENOUGH or name == ROWS[0][0])
    say("All that have momentum or Adam get there." if reached else f"All but the first should reach {ENOUGH:.0%}.")
    return reached


def one(
    x: np.ndarray, labels: np.ndarray, test: np.ndarray, test_labels: np.ndarray,
    normalization: str | None, optimizer_name: str, options: dict[str, float],
) -> tuple[list[float], float]:  # fmt: skip
    """-> the mean loss of each epoch, and how many of the test digits are right in the end."""
    mc.manual_seed(0)
    rng = np.random.default_rng(0)
    model = network(normalization)
    optimizer = getattr(optim, optimizer_name)(list(model.parameters()), **options)
    choices = SimpleNamespace(schedule="cosine", warmup=0.5, epochs=EPOCHS)  # warm-up in epochs
    schedule = trainer.make_schedule(choices, optimizer, TRAIN // BATCH)  # type: ignore[arg-type]
    losses = []
    for _ in range(EPOCHS):
        order, total = rng.permutation(len(x)), 0.0
        for start in range(0, len(x), BATCH):
            batch = order[start : start + BATCH]
            loss = F.cross_entropy(model(mc.Tensor(x[batch])), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * len(batch)
        losses.append(total / len(x))
    model.eval()
    with mc.no_grad():
        answers = model(mc.Tensor(test)).data.argmax(axis=1)
    return losses, float((answers == test_labels).mean())


def network(normalization: str | None) -> nn.Sequential:
    """x (N, 1, 14, 14) -> logits (N, 10)."""
    layers: list[nn.Module] = []
    for inputs, outputs in ((1, 8), (8, 16)):
        layers.append(nn.Conv2d(inputs, outputs, 3, padding=1))
        layers += [nn.BatchNorm2d(outputs)] if normalization == "bn" else []
        layers += [nn.ReLU(), nn.MaxPool2d(2)]
        layers += [nn.LocalResponseNorm(5, alpha=0.5)] if normalization == "lrn" else []
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(16 * 3 * 3, 10))


def halved(images: np.ndarray) -> np.ndarray:
    """Images (N, 28, 28) of 0 to 255 -> (N, 1, 14, 14) float32 around 0: the mean of each 2x2 pixels."""
    means = images.reshape(-1, 1, 14, 2, 14, 2).mean(axis=(3, 5))
    return (means / 128 - 0.5).astype(np.float32)
