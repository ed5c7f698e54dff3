"""A look inside the network while it is trained: where its gradients come from, which ReLUs are dead, what takes time.

A few batches of every epoch are sampled: a small part of each goes through the network once more, beforehand. The
training does not notice. Random state, gradients and running statistics are afterwards as they were.
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

import minicnn as mc
from googlenet.inception import BasicConv2d
from googlenet.model import GoogLeNet, LossParts, loss
from minicnn import backend, nn
from minicnn.backend import Array
from minicnn.function import Function
from minicnn.nn.undisturbed import undisturbed
from minicnn.tensor import Tensor, gradients_of_leaves

Record = dict[str, Any]  # what samples have found, as JSON has it: see `look_inside` and `add_sample`
Gradients = dict[str, Array]  # by the parameter's name
PARTS = ("main", "aux1", "aux2")
AUX_WEIGHT = 0.3  # what the losses of the heads are multiplied by: paper, section 5

SAMPLES = 4  # of each epoch, where it is long enough
IMAGES, FEWEST_IMAGES = 8, 2  # in each sample; one image alone takes longer than two, and batch norm refuses it
IMAGES_FOR_RELUS = 32  # a channel that is 0 for all of these is called dead
SHARE_OF_TIME = 0.025  # of the training's time: the samples may take no more
# What samples cost, in units of what a training step takes for each of its images; measured at 64x64 and above
# (docs/performance.md, "What a look inside costs").
SAMPLE_COST, COST_OF_IMAGE, COST_OF_IMAGE_FOR_RELUS = 5.0, 1.6, 0.4


class Probe:
    """Which batches of an epoch are sampled, and with how many images; `before_batch` does it.

    batches: how many an epoch has; label_smoothing: that of the training's loss. Where one small sample would take more
    than SHARE_OF_TIME of an epoch, only every second or third and so on has one, from the first epoch on.
    """

    def __init__(self, model: GoogLeNet, batches: int, batch_size: int, label_smoothing: float = 0.0) -> None:
        self.model, self.label_smoothing = model, label_smoothing
        allowed = SHARE_OF_TIME * batches * batch_size
        one_small_sample = SAMPLE_COST + COST_OF_IMAGE * FEWEST_IMAGES
        with_relus = one_small_sample + COST_OF_IMAGE_FOR_RELUS * FEWEST_IMAGES
        self.every = math.ceil(with_relus / allowed)  # epochs
        for_relus = (allowed - one_small_sample) / COST_OF_IMAGE_FOR_RELUS
        self.images_for_relus = at_most(batch_size, IMAGES_FOR_RELUS, for_relus)
        left = allowed - COST_OF_IMAGE_FOR_RELUS * self.images_for_relus
        count = max(1, min(SAMPLES, batches, int(left / (SAMPLE_COST + COST_OF_IMAGE * IMAGES))))
        self.images = at_most(batch_size, IMAGES, (left / count - SAMPLE_COST) / COST_OF_IMAGE)
        self.sampled = [(2 * i + 1) * batches // (2 * count) for i in range(count)]  # in the middle of equal parts

    def before_batch(self, epoch: int, batch: int, x: Array, targets: Array, records: list[Record]) -> None:
        """Where the batch is one of those sampled, add what is found to the epoch's record, the last in `records`.

        epoch and batch count from 0; x (N, C, H, W) and targets (N,) are what will be trained on. The network is in
        training mode.
        """
        if epoch % self.every or batch not in self.sampled:
            return
        with undisturbed(self.model):
            found = look_inside(self.model, x[: self.images], targets[: self.images], self.label_smoothing)
        if batch == self.sampled[-1]:
            with undisturbed(self.model):
                found |= dead_relus(self.model, x[: self.images_for_relus])
        add_sample(records, epoch + 1, found)


def at_most(*limits: float) -> int:
    """The smallest of the limits as a whole number, but FEWEST_IMAGES at least."""
    return max(FEWEST_IMAGES, int(min(limits)))


# ---- gradients ----------------------------------------------------------------------------------------------------


def look_inside(model: GoogLeNet, x: Array, targets: Array, label_smoothing: float = 0.0) -> Record:
    """One forward, and one backward for each part of the loss.

    Returns {"images": how many, "blocks": {block: see `compare`}, "times": {layer: [forward, backward]}}, the times in
    milliseconds an image. The `grad` of the parameters stays as it is.
    """
    names: dict[Tensor, str] = {parameter: name for name, parameter in model.named_parameters()}
    with Clock(model) as clock:
        parts = loss(model(Tensor(x)), targets, AUX_WEIGHT, label_smoothing)
        found = [
            {names[leaf]: gradient for leaf, gradient in of_leaves.items()}
            for of_leaves in gradients_of_parts(parts, AUX_WEIGHT)
        ]
    blocks = {block: numbers for block, inside in blocks_of(model).items() if (numbers := compare(found, inside))}
    times = {name: [1000 * seconds / len(x) for seconds in both] for name, both in clock.times.items()}
    return {"images": len(x), "blocks": blocks, "times": times}


def gradients_of_parts(parts: LossParts, aux_weight: float) -> list[dict[Tensor, Array]]:
    """For each leaf the gradients of main, aux_weight aux1 and aux_weight aux2, which add up to that of the total."""
    weighted = [(part, 1.0 if part is parts.main else aux_weight) for part in parts[1:] if part is not None]
    found = []
    for i, (part, weight) in enumerate(weighted):
        cotangent = backend.module_of(part.data).full_like(part.data, weight)
        found.append(gradients_of_leaves(part, cotangent, retain_graph=i + 1 < len(weighted)))
    return found


def blocks_of(model: nn.Module) -> dict[str, list[str]]:
    """The names of the parameters in each part of the network between image and logits: conv1, ..., inception5b, fc.

    The heads are left out: their gradient is that of their own loss alone.
    """
    blocks: dict[str, list[str]] = {}
    for name, _ in model.named_parameters():
        block = name.partition(".")[0]
        if block not in ("aux1", "aux2"):
            blocks.setdefault(block, []).append(name)
    return blocks


def compare(parts: list[Gradients], names: list[str]) -> dict[str, float]:
    """How the gradient g of one block is made of those of main, aux1 and aux2: g = g_main + g_aux1 + g_aux2.

    names: the block's parameters, which together are one long vector. norm: |g|; norm_main and so on: those of the
    parts. main, aux1, aux2: the share of each part, its projection on g as a fraction of |g|: g_part . g / g . g. The
    shares add up to 1; one is negative where the part pulls against the whole.

    {} where no parameter of the block has a gradient (all are frozen); without shares where g is 0.
    """
    if not any(name in part for part in parts for name in names):
        return {}
    # All that is asked for follows from the products of the parts with each other.
    products = np.zeros((len(parts), len(parts)))
    for i, j in itertools.combinations_with_replacement(range(len(parts)), 2):
        products[i, j] = products[j, i] = sum(inner(parts[i], parts[j], name) for name in names)
    whole = max(float(products.sum()), 0.0)
    found = {"norm": whole**0.5}
    for i, part in enumerate(PARTS[: len(parts)]):
        found[f"norm_{part}"] = float(products[i, i]) ** 0.5
        if whole > 0:
            found[part] = float(products[i].sum()) / whole
    return found


def inner(one: Gradients, other: Gradients, name: str) -> float:
    """The inner product of two gradients of a parameter; 0 where one part of the loss does not reach it."""
    if name not in one or name not in other:
        return 0.0
    a, b = one[name], other[name]
    if a.strides == b.strides:
        a, b = a.ravel("K"), b.ravel("K")  # as they lie in memory: no copy
    return float(backend.module_of(a).vdot(a, b))


# ---- ReLUs, times -------------------------------------------------------------------------------------------------


def dead_relus(model: nn.Module, x: Array) -> Record:
    """For each layer with a ReLU: how many of its channels are 0 for every image of x, everywhere; and of how many.

    Returns {"images_for_relus": how many images, "dead": {layer: [dead, channels]}}. The first linear layer of a head
    is one of them: its output goes through a ReLU next, so what is below 0 counts.
    """
    found: dict[str, tuple[Array, int]] = {}

    def record(name: str) -> Callable[[nn.Module, tuple, Any], None]:
        def hook(layer: nn.Module, inputs: tuple, output: Any) -> None:
            y = output.data
            highest = y.max(axis=(0, 2, 3)) if y.ndim == 4 else y.max(axis=0)
            found[name] = (highest <= 0).sum(), len(highest)

        return hook

    layers = [(n, m) for n, m in model.named_modules() if isinstance(m, BasicConv2d) or n in ("aux1.fc1", "aux2.fc1")]
    with hooks(layers, record), mc.no_grad():
        model(Tensor(x))
    dead = {name: [int(count), channels] for name, (count, channels) in found.items()}
    return {"images_for_relus": len(x), "dead": dead}


@contextmanager
def hooks(layers: list[tuple[str, nn.Module]], make: Callable[[str], Any]) -> Iterator[None]:
    """Inside, make(name) is the forward hook of every layer."""
    remove = [layer.register_forward_hook(make(name)) for name, layer in layers]
    try:
        yield
    finally:
        for take_away in remove:
            take_away()


class Clock:
    """`with Clock(model) as clock:` measures each layer's forward and backward; then they are in `times`, in seconds.

    Forward: from the end of the layer before to the end of this one. Backward: the first time that the gradient of the
    layer's operation is asked for. Every stretch ends with a number that is read, since a GPU works on after the call.
    """

    def __init__(self, model: nn.Module) -> None:
        self.layers = [(n, m) for n, m in model.named_modules() if not any(True for _ in m.named_children())]
        self.times: dict[str, list[float]] = {}
        self.timed: list[Function] = []

    def __enter__(self) -> Clock:
        self.attached = hooks(self.layers, self._hook)
        self.attached.__enter__()
        self.last = time.perf_counter()
        return self

    def __exit__(self, *exception: Any) -> None:
        self.attached.__exit__(*exception)
        for operation in self.timed:  # which would hold itself, and its arrays, in a circle
            operation.__dict__.pop("gradients", None)

    def _hook(self, name: str) -> Callable[[nn.Module, tuple, Any], None]:
        def hook(layer: nn.Module, inputs: tuple, output: Any) -> None:
            wait_for(output.data)
            now = time.perf_counter()
            self.times[name] = [now - self.last, 0.0]
            if output.creator is not None:
                self._time_backward(name, output.creator)
            self.last = time.perf_counter()

        return hook

    def _time_backward(self, name: str, operation: Function) -> None:
        """Let this one node of the graph take its own time."""
        plain = operation.gradients
        self.timed.append(operation)

        def gradients(grad_y: Array) -> Any:
            wait_for(grad_y)
            start = time.perf_counter()
            found = plain(grad_y)
            for gradient in found:
                wait_for(gradient)
            self.times[name][1] = self.times[name][1] or time.perf_counter() - start
            return found

        operation.gradients = gradients  # type: ignore[method-assign]


def wait_for(array: Array | None) -> None:
    """Until the array is computed: the CPU waits for a GPU when it reads a number."""
    if array is not None:
        array[(0,) * array.ndim].item()


# ---- records ------------------------------------------------------------------------------------------------------


def add_sample(records: list[Record], epoch: int, sample: Record) -> None:
    """Add a sample to the record of its epoch, the last of all. Norms, shares and times there are means over samples.

    Records go into every checkpoint, so numbers have no more digits than mean something.
    """
    if not records or records[-1]["epoch"] != epoch:
        records.append({"epoch": epoch, "samples": 0, "blocks": {}, "times": {}})
    record = records[-1]
    record["samples"] += 1
    for kind in ("blocks", "times"):
        for name, numbers in sample[kind].items():
            before = record[kind].setdefault(name, numbers)
            record[kind][name] = mean_so_far(before, numbers, record["samples"])
    record |= {name: value for name, value in sample.items() if name not in ("blocks", "times")}


def mean_so_far(mean: Any, now: Any, count: int) -> Any:
    """The mean of `count` numbers, from that of those before and the last; element by element in a list or a dict."""
    if isinstance(now, dict):
        return {name: mean_so_far(mean.get(name, value), value, count) for name, value in now.items()}
    if isinstance(now, list):
        return [mean_so_far(a, b, count) for a, b in zip(mean, now, strict=True)]
    return float(f"{mean + (now - mean) / count:.6g}")
