"""What a file of another program holds, once it is understood: a GoogLeNet's weights under our names."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from googlenet.data.preprocessing import Preprocessing


@dataclass(frozen=True)
class Foreign:
    """A network that was made elsewhere. `preset` is the one that computes exactly what it computed there."""

    kind: str  # torchvision, caffe, onnx, tutorial
    preset: str
    state: dict[str, np.ndarray]  # as GoogLeNet(num_classes, preset, in_channels, aux_heads).state_dict() has them
    preprocessing: Preprocessing  # what its images went through
    classes: tuple[str, ...] | None = None  # the names of its outputs, in their order; None where the file has none
    notes: tuple[str, ...] = ()  # lines for the user: what was assumed, renamed, left out

    @property
    def num_classes(self) -> int:
        """How many outputs its classifier has."""
        return len(self.state["fc.weight"])

    @property
    def in_channels(self) -> int:
        """How many channels its images have."""
        return int(self.state["conv1.conv.weight"].shape[1])

    @property
    def aux_heads(self) -> bool:
        """Whether the heads came along."""
        return "aux1.fc1.weight" in self.state
