"""best.safetensors when a run goes on: is it there, is it this run's, and where else are its weights?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import minicnn as mc
from googlenet.report.metrics import best_accuracy
from googlenet.training.arguments import what_differs
from googlenet.training.options import known_options
from googlenet.training.state import BEST, PREVIOUS, average_of, read_state, weights_of
from googlenet.training.trainer import Trainer


def mend_best(trainer: Trainer) -> str:
    """Write best.safetensors again where it is gone and a checkpoint has those weights; returns what to tell.

    Else the best epoch of those to come will be kept.
    """
    model, average, p = trainer.model, trainer.average, trainer.progress
    if not p.rows:
        return ""
    best = max(p.rows, key=best_accuracy)  # the first of equals, as in Trainer.run
    problem = _problem(trainer)
    if not problem:
        return ""
    now = {name: tensor.data.copy() for name, tensor in model.state_dict().items()}
    average_now = average.state_dict() if average else {}
    for weights, averages, epoch, step in _kept_weights(trainer):
        if (epoch, step) == (best["epoch"], 0):
            model.load_state_dict(weights)
            if average:
                average.load_state_dict(averages)
            trainer.save_best(best)
            model.load_state_dict(now)
            if average:
                average.load_state_dict(average_now)
            return f"{BEST} {problem}: written again"
    p.best = -1.0
    lost = f"the weights of epoch {best['epoch']} ({best_accuracy(best):.2%})"
    return f"{BEST} {problem}: {lost} are lost, the best of the epochs to come will be kept"


def _problem(trainer: Trainer) -> str:
    """What is wrong with best.safetensors, or "": it must be of an epoch that is done, in this run."""
    p = trainer.progress
    try:
        info = json.loads(mc.load(trainer.folder / BEST).metadata["googlenet"])
        epoch, accuracy = info["epoch"], info["test_accuracy"]
        other = what_differs(trainer.options, known_options(info["options"]))
        # It is written before the checkpoint: a killed run may have one that is an epoch ahead. That epoch is trained
        # again, maybe for another number of epochs in all, and then writes its own.
        ahead = epoch == p.epoch + 1
        done = 1 <= epoch <= p.epoch and accuracy == best_accuracy(p.rows[epoch - 1]) == p.best
    except FileNotFoundError:
        return "is gone"
    except (ValueError, KeyError, TypeError, RecursionError):
        return "is damaged"
    if ahead and not other:
        return f"is of epoch {epoch}, which is trained again"
    return "" if done and not other else "is another run's"


def _kept_weights(trainer: Trainer) -> Iterator[tuple[Any, Any, int, int]]:
    """Weights and averages of each checkpoint, and how many epochs, and steps of the next, they have behind them."""
    p, average = trainer.progress, trainer.average
    yield trainer.model.state_dict(), average and average.state_dict(), p.epoch, p.step
    with suppress(OSError, ValueError, KeyError):
        arrays, training = read_state(trainer.folder / PREVIOUS)
        averages = average and average_of(arrays, training)
        yield weights_of(arrays), averages, training.get("epoch", 0), training.get("step", 0)
