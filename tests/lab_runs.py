"""Results of experiments as nobody has measured them: what is said has to follow from them."""

from __future__ import annotations

from typing import Any

HIGH, LOW = (0.91, 0.92, 0.90), (0.81, 0.80, 0.82)  # apart by more than their noise
NOISY = (0.95, 0.70, 0.90)  # on the mean above LOW, by less than its noise
BLOCKS = "conv1 conv2 conv3 3a 3b 4a 4b 4c 4d 4e 5a 5b fc".split()


def runs(
    accuracies: Any, losses: Any = (2.0, 0.5), train_accuracy: float = 0.99, cpu: float = 10.0, **more: Any
) -> list:
    """One run a seed, as `harness.train` returns them; `more` is added to each."""
    return [
        {"accuracy": accuracy, "train_accuracy": train_accuracy, "losses": list(losses), "cpu": cpu, **more}
        for accuracy in accuracies
    ]


def looked(factor: float = 1.0, main: float = 1.0, heads: float = 0.5, signal: float = 1.0) -> dict[str, Any]:
    """What `harness.look` returns: from conv1 up the gradient grows, and the signal shrinks, by `factor` a block."""
    return {
        block: {"gradient": factor**i, "main": main * factor**i, "heads": heads, "signal": signal * factor**-i}
        for i, block in enumerate(BLOCKS)
    }


def of_steps(**changed: float) -> dict[str, Any]:
    """What the experiment im2col measures: each step twice as fast as the one before, but for those named s1 ... s8."""
    from googlenet.lab.steps import ALL_THREADS, ONE_THREAD

    steps = {
        step.name: {"speed": changed.get(f"s{i + 1}", 2.0**i), "moved": 0.1}
        for i, step in enumerate(ONE_THREAD + ALL_THREADS)
    }
    return {"steps": steps, "threads": 2, "alone": changed.get("alone", 64.0)}


def fabricated() -> dict[str, dict[str, Any]]:
    """For every experiment something that it might have measured."""
    both = {"before": looked(), "after": looked()}
    block = {"multiply_adds": 10, "weights": 20, "cpu": 2.0, "memory": 30}
    naive = {name: 2 * value for name, value in block.items()}
    edges = [[112, 56, 0], [56, 28, 0], [28, 14, 0], [14, 7, 0]]
    floor = [[112, 55, 1], [55, 27, 0], [27, 13, 0], [13, 6, 1]]
    return {
        "heads": {"none": runs(LOW, **both), "0.3": runs(HIGH, **both), "1": runs(NOISY, **both)},
        "init": {
            "Kaiming": runs(HIGH, before=looked()),
            "PyTorch": runs((0.1, 0.1, 0.1), (2.31, 2.30), before=looked(10)),
            "PyTorch + bn": runs(HIGH, before=looked(0.5)),
        },
        "reduction": {
            "blocks": {name: {"naive": naive, "reduced": block} for name in ("3a", "4a", "5a")},
            "network": {"naive": naive, "reduced": block},
            "runs": {"naive": runs(LOW, cpu=50.0), "reduced": runs(HIGH)},
        },
        "lrn": {"with LRN": runs(LOW, cpu=12.0), "without": runs(NOISY)},
        "batchnorm": {
            "without": {
                "0.0005": runs(LOW),
                "0.0025": runs((0.1,) * 3, (2.4, 2.3)),
                "0.0125": runs((0.1,) * 3, (None,)),
            },
            "with batch norm": {"0.0005": runs(HIGH), "0.0025": runs(HIGH), "0.0125": runs(LOW, (5.0, 2.0))},
        },
        "depth": {
            name: {block: [10.0**-i] * 3 for i, block in enumerate(BLOCKS)}
            for name in ("Kaiming", "K + heads", "Caffe", "PyTorch", "P + heads", "P + bn")
        },
        "dropout": {"0.0": runs(LOW), "0.4": runs(HIGH), "0.7": runs(HIGH, train_accuracy=0.95)},
        "padding": {
            "sizes": {"224": {"ceil": edges, "floor": floor}, "48": {"ceil": edges, "floor": floor}},
            "runs": {"ceil": runs(HIGH), "floor": runs(LOW)},
        },
        "im2col": of_steps(),
    }
