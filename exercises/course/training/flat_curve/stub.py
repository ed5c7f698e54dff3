"""flat_curve: python -m exercises show flat_curve

There is one mistake in this file. Find it, and mend it.
"""

import numpy as np


class Trainer:
    """Trains a network by gradient descent with momentum, in small batches, in a new order in each epoch.

    network.parameters is a list of arrays, network.loss_and_gradients(x, labels) gives the mean loss of a batch and a
    gradient for each parameter. x (N, ...) and labels (N,) are left as they are.
    """

    def __init__(self, network, x, labels, batch_size=10, lr=0.1, momentum=0.9, seed=0):
        self.network, self.x, self.labels = network, x, labels
        self.batch_size, self.lr, self.momentum = batch_size, lr, momentum
        self.velocities = [np.zeros_like(parameter) for parameter in network.parameters]
        self.rng = np.random.default_rng(seed)

    def epoch(self):
        """Train on every example once. -> the mean loss of the batches."""
        order = self.rng.permutation(len(self.x))
        self.x, labels = self.x[order], self.labels[order]
        losses = []
        for start in range(0, len(order), self.batch_size):
            batch = slice(start, start + self.batch_size)
            loss, gradients = self.network.loss_and_gradients(self.x[batch], labels[batch])
            self.step(gradients)
            losses.append(loss)
        return float(np.mean(losses))

    def step(self, gradients):
        """Change the parameters, in place."""
        for parameter, velocity, gradient in zip(self.network.parameters, self.velocities, gradients, strict=True):
            velocity *= self.momentum
            velocity += gradient
            parameter -= self.lr * velocity
