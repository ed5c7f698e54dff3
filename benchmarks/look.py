"""What a look inside costs training: nothing where nobody looks, and what while everything is recorded."""

from typing import Any

from benchmarks.gauges import Answer, Side
from benchmarks.networks import minicnn_side


def side(settings: dict[str, Any]) -> Side:
    """GoogLeNet as on the side `minicnn`, of which everything has been looked at once: `training` is a step after that.

    `recording` is a step during which the result of every operation is noted.
    """
    import numpy as np

    import minicnn as mc
    from minicnn.explain import recording

    plain = minicnn_side(settings)
    layer = mc.nn.Linear(3, 2)
    with recording():
        y = layer(mc.Tensor(np.ones((4, 3), np.float32))).sum()
    str(mc.draw(y, layer).svg), str(mc.replay(y)), str(mc.trace(layer, np.ones((4, 3), np.float32)))
    training = plain.commands["training"]

    def recorded(repeats: int) -> Answer:
        answers = []
        for _ in range(repeats):
            with recording():  # anew for every step: the results of all steps would not fit into memory
                answers.append(training(1))
        return answers[0] | {"seconds": [answer["seconds"][0] for answer in answers]}

    return plain._replace(commands=plain.commands | {"recording": recorded})
