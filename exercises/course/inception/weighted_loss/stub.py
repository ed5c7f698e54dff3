"""weighted_loss: python -m exercises show weighted_loss"""


def weighted_loss(output, targets, aux_weight=0.3):
    """The loss that trains GoogLeNet: cross-entropy of its logits, plus aux_weight times that of each head.

    output: in training GoogLeNetOutput(logits, aux1, aux2), Tensors (N, classes), with None for a head that the network
    is made without; in evaluation the logits alone, a Tensor. targets (N,), the right classes.
    -> (total, main, aux1, aux2), scalar Tensors, the last two without their weight; None for a head that is not there.
    """
    raise NotImplementedError("return the total, and the three losses that it is made of, by F.cross_entropy")
