"""The matrix products of a training step and nothing else: what would be left if all other work took no time.

Every convolution and linear layer multiplies three times: forward, for the gradient of the weights, and for that of the
input (which nobody wants of the images). Here are these products alone, of the shapes and in the blocks in which
minicnn multiplies, on its threads. A layer's operands are the same for every block, and so in a cache as far as they
fit there: no copies, no pooling, no activations, no optimizer, no memory to wait for.
"""

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
        shapes = [
            (images * product.rows, product.inner),
            (product.outputs, product.inner),
            (images * product.rows, product.outputs),
        ]
        layers.append((product, images, *(rng.standard_normal(shape, dtype=np.float32) for shape in shapes)))

    def multiply(product: Product, p: Any, kernels: Any, grad_y: Any) -> None:
        p @ kernels.T
        grad_y.T @ p
        if not product.first:
            grad_y @ kernels

    def training() -> None:
        for product, images, p, kernels, grad_y in layers:

            def block(some: slice, product: Product = product, p: Any = p, k: Any = kernels, g: Any = grad_y) -> None:
                rows = (some.stop - some.start) * product.rows
                multiply(product, p[:rows], k, g[:rows])

            backend.for_each_block(block, n, np, images)

    return Side({"training": timed(training, work=n)}, {"NumPy": np.__version__}, after_imports, peak_bytes)


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
