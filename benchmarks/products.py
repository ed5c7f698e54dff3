"""The matrix products of a training step and nothing else: what would be left if all other work took no time.

Every convolution and linear layer multiplies three times: forward, for the gradient of the weights, and for that of the
input (which nobody wants of the images). Here are these products alone, of the shapes and in the blocks in which
minicnn multiplies, on its threads. A layer's operands are the same for every block, and so in a cache as far as they
fit there: no copies, no pooling, no activations, no optimizer, no memory to wait for.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

from benchmarks.gauges import Side, peak_bytes, resident_bytes, timed


class Product(NamedTuple):
    """y = p @ kernels.T, with p (images * rows, inner) and kernels (outputs, inner); `first` gets the images."""

    rows: int
    inner: int
    outputs: int
    first: bool


def side(settings: dict[str, Any]) -> Side:
    """One call of `training` multiplies what a training step multiplies."""
    import numpy as np

    import minicnn as mc
    from minicnn import backend
    from minicnn.functional.convolution import images_per_block

    after_imports, rng, n = resident_bytes(), np.random.default_rng(0), settings["batch_size"]
    mc.set_num_threads(settings["threads"])
    layers = []
    for product in products(settings):
        images = min(images_per_block(product.rows), -(-n // settings["threads"]))  # as a walk cuts the batch
        layers.append((multiplication(product, images, rng), images))

    def training() -> None:
        for multiply, images in layers:
            backend.for_each_block(multiply, n, np, images)

    return Side({"training": timed(training, work=n)}, {"NumPy": np.__version__}, after_imports, peak_bytes)


def multiplication(product: Product, images: int, rng: Any) -> Callable[[slice], None]:
    """The three products of a layer for a block of at most so many images; of the block, only its size matters."""
    rows, inner, outputs, _ = product
    shapes = (images * rows, inner), (outputs, inner), (images * rows, outputs)
    p, kernels, grad_y = (rng.standard_normal(shape, dtype="float32") for shape in shapes)

    def multiply(block: slice) -> None:
        some = slice((block.stop - block.start) * rows)
        p[some] @ kernels.T
        grad_y[some].T @ p[some]
        if not product.first:
            grad_y[some] @ kernels

    return multiply


def products(settings: dict[str, Any]) -> list[Product]:
    """Those of GoogLeNet in training, in the order of its layers."""
    import numpy as np

    import minicnn as mc
    from googlenet import GoogLeNet
    from minicnn import nn

    found: list[Product] = []

    def record(layer: Any, inputs: Any, y: Any) -> None:
        outputs, inner = len(layer.weight.data), layer.weight.data[0].size
        found.append(Product(y.data[0].size // outputs, inner, outputs, first=not found))

    model = GoogLeNet(settings["classes"], settings["preset"], settings["channels"])
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            layer.register_forward_hook(record)
    with mc.no_grad():  # two images, since batch norm in training takes no less
        model(mc.Tensor(np.zeros((2, settings["channels"], settings["size"], settings["size"]), np.float32)))
    return found
