"""Concatenation: where the branches of an Inception block meet."""

from __future__ import annotations

from collections.abc import Sequence

from minicnn import backend
from minicnn.function import Function
from minicnn.functional import checks
from minicnn.tensor import Tensor


class Concat(Function):
    """The inputs side by side along one axis; each gets back its own part of the gradient (a view, no copy).

    (N, C1, H, W), (N, C2, H, W), ... -> (N, C1 + C2 + ..., H, W) with axis = 1.
    """

    def __init__(self, axis: int):
        self.axis = axis

    def forward(self, *tensors):
        first = tensors[0]
        self.axis = axis = checks.axis("concat", self.axis, first.ndim)
        for i, x in enumerate(tensors):
            if (
                x.ndim != first.ndim
                or x.shape[:axis] + x.shape[axis + 1 :] != first.shape[:axis] + first.shape[axis + 1 :]
            ):
                raise ValueError(
                    f"concat: tensors[{i}] has shape {x.shape}, tensors[0] {first.shape}; "
                    f"they may differ in axis {axis} alone"
                )
        self.sizes = [x.shape[axis] for x in tensors]
        xp = backend.module_of(*tensors)
        if axis == 0:
            return xp.concatenate(tensors)
        y = xp.empty_like(first, shape=(*first.shape[:axis], sum(self.sizes), *first.shape[axis + 1 :]))

        def join(images):
            xp.concatenate([x[images] for x in tensors], axis=axis, out=y[images])

        backend.for_each_block(join, len(y), xp)
        return y

    def backward(self, grad_y):
        return tuple(self.parts(grad_y))

    def parts(self, y):
        """y, or its gradient, cut up again: a view for each input."""
        parts, start = [], 0
        for size in self.sizes:
            parts.append(y[(slice(None),) * self.axis + (slice(start, start + size),)])
            start += size
        return parts


def concat(tensors: Sequence[Tensor], axis: int = 1) -> Tensor:
    """Tensors side by side along `axis`, the channels unless said otherwise. Raises ValueError for none at all."""
    if not isinstance(tensors, list | tuple):
        raise TypeError(f"concat: tensors is {type(tensors).__name__}, expected a list or tuple of Tensors")
    if len(tensors) == 0:
        raise ValueError("concat: tensors is empty, expected at least one")
    operation = Concat(axis)
    y = operation(*tensors)
    for x, part in zip(tensors, operation.parts(y.data), strict=True):
        if x.creator is not None:
            x.creator.keep_instead(x, part, y)  # a ReLU, say, has kept its result, which is in y now as well
    return y
