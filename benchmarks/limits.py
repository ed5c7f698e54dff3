"""The machine's limits: how fast it multiplies matrices, and how fast it copies.

A convolution is a matrix product and much copying to and fro (im2col), so no convolution is faster than these two
allow. Both libraries bring a BLAS of their own, and each is measured.
"""

from collections.abc import Callable
from typing import Any

from benchmarks.gauges import Side, peak_bytes, resident_bytes, timed

SIZE = 3072  # of the square matrices; a copy moves four of them, far more than a cache holds


def numpy_side(settings: dict[str, Any]) -> Side:
    """Matrix product with NumPy's BLAS; a copy on threads, each with its part, as minicnn works on a batch."""
    from concurrent.futures import ThreadPoolExecutor

    import numpy as np

    n, threads, after_imports = settings["size"], settings["threads"], resident_bytes()
    a, b, product = np.random.default_rng(0).standard_normal((3, n, n), dtype=np.float32)
    workers = ThreadPoolExecutor(threads)
    parts: list[tuple[Any, Any]] = []

    def copy() -> None:
        if not parts:  # the matrix product alone needs less memory
            source, target = np.ones((2, 4 * n * n), np.float32)
            parts.extend(zip(np.array_split(target, threads), np.array_split(source, threads), strict=True))
        list(workers.map(lambda part: np.copyto(*part), parts))

    return Side(
        {
            "product": timed(lambda: np.matmul(a, b, out=product), work=2e-9 * n**3),
            "copy": timed(copy, work=2e-9 * 4 * 4 * n * n),  # every number is read and written
        },
        {"NumPy": np.__version__},
        after_imports,
        peak_bytes,
    )


def torch_side(settings: dict[str, Any]) -> Side:
    """Matrix product with PyTorch's BLAS."""
    import torch

    n, after_imports = settings["size"], resident_bytes()
    torch.set_num_threads(settings["threads"])
    a, b, product = torch.randn(3, n, n)
    step: Callable[[], object] = lambda: torch.mm(a, b, out=product)  # noqa: E731
    return Side({"product": timed(step, work=2e-9 * n**3)}, {"PyTorch": torch.__version__}, after_imports, peak_bytes)
