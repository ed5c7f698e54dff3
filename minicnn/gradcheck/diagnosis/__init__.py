"""What is wrong with a gradient: simple mistakes, each tried against the true gradient until one fits.

The key is that a gradient is a sum over the outputs, with one contribution of each output j to each input i:

    grad_x[i] = sum over j of  dy[j]/dx[i] * grad_y[j]

Most mistakes in a backward leave contributions out, count them twice, or put them in the wrong place. With the
derivatives dy/dx from differences, what such a mistake would give can be computed and compared with what backward said.

`evidence.py` holds what a hypothesis may look at. A hypothesis is a function of it that returns a sentence, or "" where
it does not fit: about the gradient as a whole (`factors.py`), what is let through (`masks.py`), places (`places.py`),
sums over the outputs (`sums.py`), terms (`terms.py`), derivatives element by element (`formulas.py`), other inputs
(`inputs.py`), and operations known by what they compute (`losses.py`, `normalization.py`, `response.py`, `windows.py`,
`pools.py`, `unfolding.py`).
"""

from __future__ import annotations

from minicnn.gradcheck.diagnosis import (
    factors,
    formulas,
    inputs,
    losses,
    masks,
    normalization,
    places,
    pools,
    response,
    sums,
    terms,
    unfolding,
    windows,
)  # fmt: skip
from minicnn.gradcheck.diagnosis.evidence import Evidence
from minicnn.gradcheck.diagnosis.factors import constant_factor, zero

__all__ = ["HYPOTHESES", "Evidence", "constant_factor", "diagnose", "zero"]

HYPOTHESES = [  # the first that fits is told: what is known exactly stands before what fits many mistakes
    # the gradient as a whole
    factors.not_finite, factors.zero, sums.fan_out, factors.constant_factor, factors.signs, masks.clipped,
    places.swapped_inputs,
    # operations that are known by what they compute
    losses.softmax, losses.log_softmax, losses.cross_entropy, losses.largest, normalization.normalization,
    response.response_normalization, sums.missing_sum, sums.overwritten_overlap, windows.convolution, pools.pooling,
    unfolding.unfolding,
    # one simple mistake, of any operation
    masks.cotangent_mask, places.reordered, sums.cotangent_ignored,
    masks.mask, masks.unmasked, sums.unbroadcast, sums.another_rule, formulas.formula, factors.array_factor,
    terms.terms_across, places.column_order, inputs.other_operand, places.derivatives_transposed, sums.output_factor,
    places.shifted, sums.one_offset, sums.missing_range, inputs.other_input_changed, places.cotangent_reordered,
    # where it is wrong, and how it is off
    places.one_index, masks.only_where, factors.factor_along, places.index_range, places.border, losses.target_alone,
    terms.wrong_term, masks.zero_where_wrong, sums.weights_along, sums.output_weights, factors.several_factors,
    masks.mostly_clipped, places.wrong_places, inputs.own_value_changed, masks.not_used,
]  # fmt: skip


def diagnose(evidence: Evidence) -> str:
    """The first simple mistake that turns the true gradient into the one found, as a sentence; "" where none fits."""
    for hypothesis in HYPOTHESES:
        try:
            sentence = hypothesis(evidence)
        except (ArithmeticError, ValueError, IndexError):
            continue  # whatever is wrong with a guess, the figures must be told
        if sentence:
            return sentence
    return ""
