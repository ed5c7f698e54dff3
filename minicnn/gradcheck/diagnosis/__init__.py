"""What is wrong with a gradient: simple mistakes, each tried against the true gradient until one fits.

The key is that a gradient is a sum over the outputs, with one contribution of each output j to each input i:

    grad_x[i] = sum over j of  dy[j]/dx[i] * grad_y[j]

Most mistakes in a backward leave contributions out, count them twice, or put them in the wrong place. With the
derivatives dy/dx from differences, what such a mistake would give can be computed and compared with what backward said.

`evidence.py` holds what a hypothesis may look at. A hypothesis is a function of it that returns a sentence, or "" where
it does not fit: about the gradient as a whole (`factors.py`), what is let through (`masks.py`), places (`places.py`),
sums over the outputs (`sums.py`), terms (`terms.py`), derivatives element by element (`formulas.py`), other inputs
(`inputs.py`), and operations known by what they compute (`losses.py`, `normalization.py`, `response.py`, `windows.py`,
`pools.py`).
"""

from __future__ import annotations

from minicnn.gradcheck.diagnosis.evidence import Evidence
from minicnn.gradcheck.diagnosis.factors import (
    array_factor,
    constant_factor,
    factor_along,
    not_finite,
    several_factors,
    signs,
    zero,
)  # fmt: skip
from minicnn.gradcheck.diagnosis.formulas import formula
from minicnn.gradcheck.diagnosis.inputs import other_input_changed, own_value_changed
from minicnn.gradcheck.diagnosis.losses import cross_entropy, largest, log_softmax, softmax, target_alone
from minicnn.gradcheck.diagnosis.masks import (
    clipped,
    cotangent_mask,
    mask,
    not_used,
    only_where,
    unmasked,
    zero_where_wrong,
)  # fmt: skip
from minicnn.gradcheck.diagnosis.normalization import normalization
from minicnn.gradcheck.diagnosis.places import (
    border,
    column_order,
    cotangent_reordered,
    derivatives_transposed,
    reordered,
    shifted,
    some_indices,
    swapped_inputs,
    wrong_places,
)  # fmt: skip
from minicnn.gradcheck.diagnosis.pools import pooling
from minicnn.gradcheck.diagnosis.response import response_normalization
from minicnn.gradcheck.diagnosis.sums import (
    another_rule,
    cotangent_ignored,
    fan_out,
    missing_range,
    missing_sum,
    one_offset,
    output_factor,
    output_weights,
    overwritten_overlap,
    unbroadcast,
    weights_along,
)  # fmt: skip
from minicnn.gradcheck.diagnosis.terms import terms_across, wrong_term
from minicnn.gradcheck.diagnosis.windows import convolution

__all__ = ["HYPOTHESES", "Evidence", "constant_factor", "diagnose", "zero"]

HYPOTHESES = [  # the first that fits is told: those that know an operation stand before those that fit many
    not_finite, zero, fan_out, constant_factor, signs, clipped, swapped_inputs,
    softmax, log_softmax, cross_entropy, largest, normalization, response_normalization, convolution, pooling,
    cotangent_mask, reordered, cotangent_ignored, missing_sum, overwritten_overlap, mask, unmasked, unbroadcast,
    another_rule, formula, array_factor, terms_across, column_order, derivatives_transposed, output_factor, shifted,
    one_offset, missing_range, other_input_changed, cotangent_reordered, some_indices, border, target_alone, only_where,
    wrong_term, zero_where_wrong, output_weights, several_factors, factor_along, weights_along, wrong_places,
    own_value_changed, not_used,
]  # fmt: skip


def diagnose(evidence: Evidence) -> str:
    """The first simple mistake that turns the true gradient into the one found, as a sentence; "" where none fits."""
    for hypothesis in HYPOTHESES:
        sentence = hypothesis(evidence)
        if sentence:
            return sentence
    return ""
