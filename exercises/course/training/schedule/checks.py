"""How schedule is checked."""

import numpy as np

from exercises.stages import Stage

ANSWER = "learning_rate"
FORBIDDEN = (
    "minicnn.optim.lr_scheduler:CosineAnnealingLR", "minicnn.optim.lr_scheduler:LinearLR",
    "minicnn.optim.lr_scheduler:SequentialLR", "googlenet.training.optimization:make_schedule",
    "googlenet.training.trainer:make_schedule",
)  # fmt: skip
LIBRARY = "googlenet.training.optimization:make_schedule"


def run(answer, first, last, **options):
    """The rates of the steps first to last."""
    return {"rates": np.array([float(answer(t, **options)) for t in range(first, last + 1)])}


def case(first, last, steps, base_lr, warmup):
    return {"first": first, "last": last, "steps": steps, "base_lr": base_lr, "warmup": warmup}


def random_cases(rng):
    warmup, steps = int(rng.integers(2, 6)), int(rng.integers(10, 20))
    return [case(0, steps - 1, steps, 0.5, warmup), case(0, steps + 19, steps + 20, 2.0, warmup + 1)]


EDGES = [case(9, 12, 12, 1.0, 4), case(12, 16, 12, 1.0, 4), case(100, 102, 8, 1.0, 0)]
STAGES = [
    Stage("the climb", run, [case(0, 4, 12, 1.0, 4), case(0, 2, 10, 0.3, 2)]),
    Stage("the worked example", run, [case(0, 11, 12, 1.0, 4)], hint="The cosine is at its top at t = warmup."),
    Stage("random values", run, random_cases, points=2),
    Stage("without a warm-up", run, [case(0, 8, 8, 1.0, 0), case(0, 0, 1, 0.1, 0)]),
    Stage("at the end and after it", run, EDGES, hint="From t = steps on the rate is 0."),
    Stage("nothing but warm-up", run, [case(0, 5, 4, 1.0, 4), case(0, 3, 3, 1.0, 6)]),
]


def install(answer):
    """In GoogLeNet's training: its cosine schedule, warm-up included; the other schedules are its own."""
    from googlenet.training import trainer
    from minicnn.optim import lr_scheduler

    library = trainer.make_schedule

    class Schedule(lr_scheduler.LRScheduler):
        def __init__(self, optimizer, steps, warmup):
            self.steps, self.warmup = steps, warmup
            super().__init__(optimizer)

        def rate(self, base_lr, t):
            return float(answer(t, self.steps, base_lr, self.warmup))

    def make_schedule(options, optimizer, steps):
        if options.schedule != "cosine":
            return library(options, optimizer, steps)
        return Schedule(optimizer, options.epochs * steps, round(options.warmup * steps))

    return {"googlenet.training.trainer:make_schedule": make_schedule}
