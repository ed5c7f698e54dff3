"""Typical wrong answers to weighted_loss."""

import minicnn as mc
import minicnn.functional as F
from exercises.course.inception.weighted_loss.solution import weighted_loss
from exercises.stages import Mistakes

mistake = Mistakes()


def with_total(total_of):
    """The solution with another total: total_of(main, aux1, aux2, aux_weight), where there are both heads."""

    def answer(output, targets, aux_weight=0.3):
        total, main, aux1, aux2 = weighted_loss(output, targets, aux_weight)
        if aux1 is not None and aux2 is not None:
            total = total_of(main, aux1, aux2, aux_weight)
        return total, main, aux1, aux2

    return answer


def add(sentence, total_of):
    mistake(sentence)(with_total(total_of))


add("You weighted all three losses; the main one counts whole: main + 0.3 (aux1 + aux2).",
    lambda main, aux1, aux2, w: w * (main + aux1 + aux2))  # fmt: skip
add("You put the weight on the main loss; it belongs to the heads: main + 0.3 (aux1 + aux2).",
    lambda main, aux1, aux2, w: w * main + aux1 + aux2)  # fmt: skip
add("You added the heads' losses without their weight.",
    lambda main, aux1, aux2, w: main + aux1 + aux2)  # fmt: skip
add("You weighted the first head alone; the second has the same weight.",
    lambda main, aux1, aux2, w: main + w * aux1 + aux2)  # fmt: skip
add("You weighted the second head alone; the first has the same weight.",
    lambda main, aux1, aux2, w: main + aux1 + w * aux2)  # fmt: skip
add("You took the mean of the two heads; each counts with the weight: main + 0.3 aux1 + 0.3 aux2.",
    lambda main, aux1, aux2, w: main + w * (aux1 + aux2) / 2)  # fmt: skip
add("You divided by the sum of the weights; the paper adds up, without dividing.",
    lambda main, aux1, aux2, w: (main + w * (aux1 + aux2)) / (1 + 2 * w))  # fmt: skip
add("You took away from the main loss what the heads have; the main one counts whole.",
    lambda main, aux1, aux2, w: (1 - 2 * w) * main + w * (aux1 + aux2))  # fmt: skip
add("You weighted the main loss with 1 - aux_weight; it counts whole: main + 0.3 (aux1 + aux2).",
    lambda main, aux1, aux2, w: (1 - w) * main + w * (aux1 + aux2))  # fmt: skip
add("You took the mean of the three losses; the total is main + 0.3 (aux1 + aux2).",
    lambda main, aux1, aux2, w: (main + aux1 + aux2) / 3)  # fmt: skip
add("You left the heads out of the total.",
    lambda main, aux1, aux2, w: main)  # fmt: skip
add("You left the second head out of the total.",
    lambda main, aux1, aux2, w: main + w * aux1)  # fmt: skip
add("You left the first head out of the total.",
    lambda main, aux1, aux2, w: main + w * aux2)  # fmt: skip
add("You left the main loss out of the total.",
    lambda main, aux1, aux2, w: w * (aux1 + aux2))  # fmt: skip
add("You subtracted the heads' losses; they are to become small as well, so they are added.",
    lambda main, aux1, aux2, w: main - w * (aux1 + aux2))  # fmt: skip
add("You weighted the second head with the square of aux_weight; both have the same weight.",
    lambda main, aux1, aux2, w: main + w * (aux1 + w * aux2))  # fmt: skip
add("You fixed the weight at 0.3; the argument aux_weight says how much.",
    lambda main, aux1, aux2, w: main + 0.3 * (aux1 + aux2))  # fmt: skip
add("You made plain numbers of the heads' losses (.item(), .data); no gradient reaches the heads then.",
    lambda main, aux1, aux2, w: main + w * (aux1.item() + aux2.item()))  # fmt: skip


@mistake("You made plain numbers of the losses (.item(), .data), and a new Tensor of their sum; it has no way back.")
def detached(output, targets, aux_weight=0.3):
    total, *losses = weighted_loss(output, targets, aux_weight)
    return mc.Tensor(total.data, requires_grad=True), *losses


@mistake("You added up the logits; each head has a loss of its own, and the losses are added.")
def of_the_sum(output, targets, aux_weight=0.3):
    total, main, aux1, aux2 = weighted_loss(output, targets, aux_weight)
    if aux1 is not None and aux2 is not None:
        total = F.cross_entropy(output[0] + aux_weight * (output[1] + output[2]), targets)
    return total, main, aux1, aux2


@mistake("You put a softmax in front of cross_entropy; that has one itself, and takes logits.")
def softmax_twice(output, targets, aux_weight=0.3):
    if isinstance(output, mc.Tensor):
        return weighted_loss(F.softmax(output, 1), targets, aux_weight)
    return weighted_loss([None if part is None else F.softmax(part, 1) for part in output], targets, aux_weight)


@mistake("You summed over the images; a loss is the mean over the batch, as cross_entropy has it.")
def summed(output, targets, aux_weight=0.3):
    losses = weighted_loss(output, targets, aux_weight)
    return tuple(None if loss is None else loss * float(len(targets)) for loss in losses)


@mistake("You returned the heads' losses with their weight; the total has it, the parts are given as they are.")
def weighted_parts(output, targets, aux_weight=0.3):
    total, main, *heads = weighted_loss(output, targets, aux_weight)
    return total, main, *(None if loss is None else aux_weight * loss for loss in heads)


@mistake("You swapped the two heads; aux1 is the second of the three.")
def swapped(output, targets, aux_weight=0.3):
    total, main, aux1, aux2 = weighted_loss(output, targets, aux_weight)
    return total, main, aux2, aux1


@mistake("You returned the main loss first; the total comes first.")
def main_first(output, targets, aux_weight=0.3):
    total, main, aux1, aux2 = weighted_loss(output, targets, aux_weight)
    return main, total, aux1, aux2


@mistake("You returned the total alone; the three losses are asked for as well: total, main, aux1, aux2.")
def total_alone(output, targets, aux_weight=0.3):
    return weighted_loss(output, targets, aux_weight)[0]


@mistake("You returned 0 for a head that is not there; it has no loss, so it is None.")
def zero(output, targets, aux_weight=0.3):
    losses = weighted_loss(output, targets, aux_weight)
    return tuple(mc.Tensor(0 * losses[0].data) if loss is None else loss for loss in losses)


@mistake("You left both heads out where one is missing; the other still counts.")
def both_or_none(output, targets, aux_weight=0.3):
    if isinstance(output, mc.Tensor):
        return weighted_loss(output, targets, aux_weight)
    total, main, aux1, aux2 = weighted_loss(output, targets, aux_weight)
    return main if aux1 is None or aux2 is None else total, main, aux1, aux2


@mistake("You did not look whether a head is None; a network can be made without heads.")
def none_unexpected(output, targets, aux_weight=0.3):
    if isinstance(output, mc.Tensor):
        return weighted_loss(output, targets, aux_weight)
    main, aux1, aux2 = (F.cross_entropy(logits, targets) for logits in output)
    return main + aux_weight * (aux1 + aux2), main, aux1, aux2


@mistake("You took output apart in evaluation too; there it is the logits alone, a Tensor, which is no tuple of three.")
def always_three(output, targets, aux_weight=0.3):
    logits, aux1, aux2 = output
    return weighted_loss((logits, aux1, aux2), targets, aux_weight)


@mistake("You asked output for .logits in evaluation too; there it is the logits alone, a Tensor.")
def always_named(output, targets, aux_weight=0.3):
    return weighted_loss((output.logits, output.aux1, output.aux2), targets, aux_weight)
