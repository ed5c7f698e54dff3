"""schedule: python -m exercises show schedule"""


def learning_rate(t, steps, base_lr, warmup):
    """The learning rate of step t = 0, 1, 2, ... of a training of so many steps: linear warm-up, then half a cosine.

    The first `warmup` steps climb: base_lr / (warmup + 1) in step 0, as much more in each. Step `warmup` has base_lr
    itself, and from there on a cosine goes down to 0 at t = steps. Afterwards the rate stays 0.
    """
    raise NotImplementedError("return the rate, a number: on the climb, on the cosine, and after the end")
