"""The GoogLeNets that there are: what each of them does differently."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Preset:
    """The choices in which GoogLeNets differ; the blocks themselves are Table 1's in all of them."""

    name: str
    local_response_norm: bool  # after pool1 and after the 3x3 convolution of the stem (Figure 3)
    batch_norm: bool  # after every convolution, which then has no bias
    pool4: tuple[int, int]  # kernel and stride of the last max pool
    dropout: float  # before the classifier
    aux_dropout: float  # before the classifiers of the auxiliary heads


presets = {
    preset.name: preset
    for preset in [
        #      name         LRN    batch norm  pool4   dropout  in the heads
        Preset("paper",     True,  False,      (3, 2), 0.4,     0.7),
        Preset("plain",     False, False,      (2, 2), 0.4,     0.7),
        Preset("batchnorm", False, True,       (2, 2), 0.4,     0.7),
    ]
}  # fmt: skip


def find_preset(preset: str | Preset) -> Preset:
    """The preset of that name; ValueError where there is none."""
    if isinstance(preset, Preset):
        return preset
    if preset not in presets:
        raise ValueError(f"preset: got {preset!r}, expected one of {', '.join(presets)}")
    return presets[preset]
