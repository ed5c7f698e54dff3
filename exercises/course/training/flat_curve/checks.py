"""How flat_curve is checked: by what the network gets, whatever the order in which it gets it."""

import numpy as np

from exercises.stages import Stage

ANSWER = "Trainer"
FIND_THE_BUG = True


class Recorder:
    """A network that writes down what it is given; its gradients are what they are told to be."""

    def __init__(self, gradient=0.0):
        self.parameters, self.gradient = [np.zeros(1), np.zeros((2, 2))], gradient
        self.batches = []

    def loss_and_gradients(self, x, labels):
        self.batches.append((x.copy(), labels.copy()))
        return 1.0, [np.full_like(parameter, self.gradient) for parameter in self.parameters]


class Softmax:
    """Softmax regression: one layer, and a loss that is at first log(classes)."""

    def __init__(self, inputs, classes):
        self.parameters = [np.zeros((classes, inputs)), np.zeros(classes)]

    def loss_and_gradients(self, x, labels):
        weight, bias = self.parameters
        logits = x @ weight.T + bias
        p = np.exp(logits - logits.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        loss = -np.log(p[np.arange(len(x)), labels]).mean()
        p[np.arange(len(x)), labels] -= 1
        return loss, [p.T @ x / len(x), p.mean(axis=0)]


def clouds(count):
    """Points (3 count, 2) in three clouds, and in which each is."""
    labels = np.arange(3 * count) % 3
    centers = np.array([[2.0, 0], [-1, 1.7], [-1, -1.7]])
    return centers[labels] + 0.6 * np.random.default_rng(0).standard_normal((3 * count, 2)), labels


def examples(count):
    """x (count, 1) and labels (count,), all different: the label of x is x - 10."""
    return 10.0 + np.arange(count)[:, None], np.arange(count)


def run(answer, count, batch_size, epochs):
    """Of each epoch: how many examples came, whether each once, with whose labels, and in what order."""
    network = Recorder()
    x, labels = examples(count)
    given = x.copy(), labels.copy()
    trainer = answer(network, x, labels, batch_size=batch_size)
    outputs, orders, last = {}, [tuple(range(count))], np.arange(count)
    for epoch in range(1, epochs + 1):
        network.batches = []
        trainer.epoch()
        ids = np.concatenate([batch[0][:, 0] for batch in network.batches]).astype(int) - 10
        targets = np.concatenate([batch[1] for batch in network.batches])
        outputs[f"epoch {epoch}: batches and examples"] = np.array([len(network.batches), len(ids)])
        once = "each once" if len(set(ids)) == len(ids) else "some again, and others not at all"
        outputs[f"epoch {epoch}: the examples come"] = once
        outputs[f"epoch {epoch}: the labels"] = whose(ids, targets, last)
        orders.append(tuple(ids))
        last = targets
    outputs["the orders"] = "a new one in each epoch" if len(set(orders)) == len(orders) else "some are the same"
    same = np.array_equal(x, given[0]) and np.array_equal(labels, given[1])
    outputs["the arrays that were given"] = "are as they were" if same else "have changed"
    return outputs


def whose(ids, targets, last):
    """Whose labels have come with the examples of an epoch; last: the labels of the epoch before, in their order."""
    if np.array_equal(targets, ids):
        return "each its own"
    if np.array_equal(targets, np.arange(len(ids))):
        return "mixed up: in the order given"
    if np.array_equal(targets[ids], np.arange(len(ids))):
        return "mixed up: in the inverse order"
    if len(last) == len(ids) and np.array_equal(targets, last[ids]):
        return "mixed up: those of the epoch before, in a new order"
    return "mixed up"


def run_steps(answer, lr, momentum, epochs):
    """The first parameter after each epoch of two batches, whose gradients are 1."""
    network = Recorder(gradient=1.0)
    trainer, places = answer(network, *examples(8), batch_size=4, lr=lr, momentum=momentum), []
    for _ in range(epochs):
        trainer.epoch()
        places.append(network.parameters[0][0])
    return {"parameter": np.array(places)}


def run_clouds(answer, epochs):
    """Whether the loss of the last epoch is below 0.1."""
    trainer = answer(Softmax(2, 3), *clouds(30))
    losses = [trainer.epoch() for _ in range(epochs)]
    return {"the last loss": "below 0.1" if losses[-1] < 0.1 else "above 0.1"}


STAGES = [
    Stage("the first epoch", run, [{"count": 12, "batch_size": 4, "epochs": 1}]),
    Stage("the steps", run_steps, [{"lr": 0.1, "momentum": 0.9, "epochs": 4}]),
    Stage(
        "the clue", run_clouds, [{"epochs": 10}], hint="See what the network gets in the first and the second epoch."
    ),
    Stage("several epochs", run, [{"count": 12, "batch_size": 4, "epochs": 3}], points=2),
    Stage("a last batch that is smaller", run, [{"count": 14, "batch_size": 4, "epochs": 4}]),
]
