"""What the options make of the gradients: the optimizer, the learning rate of every step, and the step itself."""

from __future__ import annotations

from typing import Any

from googlenet.training.options import Options
from minicnn import nn, optim
from minicnn.optim import lr_scheduler

BIAS_RATE = 2  # times the learning rate, with --bias-rules


def make_optimizer(options: Options, model: nn.Module) -> optim.Optimizer:
    """The optimizer that the options name."""
    parameters = bias_rules(model, options.lr) if options.bias_rules else model.parameters()
    if options.optimizer == "sgd":
        return optim.SGD(parameters, options.lr, momentum=options.momentum, weight_decay=options.weight_decay)
    kind = {"adam": optim.Adam, "adamw": optim.AdamW}[options.optimizer]
    return kind(parameters, options.lr, weight_decay=options.weight_decay)


def bias_rules(model: nn.Module, lr: float) -> list[dict[str, Any]]:
    """Caffe's rules as parameter groups: biases have twice the learning rate, and no weight decay.

    Source: models/bvlc_googlenet/train_val.prototxt, lr_mult 2 and decay_mult 0. The first group, whose rate a run
    reports, is that of the weights. Batch norm's shift is a bias as well.
    """
    named = list(model.named_parameters())
    biases = [parameter for name, parameter in named if name.split(".")[-1] == "bias"]
    weights = [parameter for name, parameter in named if name.split(".")[-1] != "bias"]
    return [{"params": weights}, {"params": biases, "lr": BIAS_RATE * lr, "weight_decay": 0.0}]


def take_step(optimizer: optim.Optimizer, model: nn.Module, clip_norm: float) -> None:
    """One step with the gradients that are there, clipped to that norm unless it is 0; then they are forgotten."""
    if clip_norm:
        nn.utils.clip_grad_norm_(model.parameters(), clip_norm)
    optimizer.step()
    optimizer.zero_grad()


def make_schedule(options: Options, optimizer: optim.Optimizer, steps: int) -> lr_scheduler.LRScheduler:
    """The learning rate for every step: a linear warm-up, then the schedule that the options name.

    steps: how many an epoch has.
    """
    warmup = round(options.warmup * steps)
    rest = max(1, options.epochs * steps - warmup)
    main: lr_scheduler.LRScheduler = {
        "cosine": lambda: lr_scheduler.CosineAnnealingLR(optimizer, T_max=rest),
        "step": lambda: lr_scheduler.StepLR(optimizer, step_size=8 * steps, gamma=0.96),
        "poly": lambda: lr_scheduler.PolynomialLR(optimizer, total_iters=rest, power=0.5),
        "constant": lambda: lr_scheduler.MultiStepLR(optimizer, milestones=[]),
    }[options.schedule]()
    if warmup == 0:
        return main
    climb = lr_scheduler.LinearLR(optimizer, start_factor=1 / (warmup + 1), total_iters=warmup)
    return lr_scheduler.SequentialLR(optimizer, [climb, main], milestones=[warmup])
