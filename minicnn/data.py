"""From samples to shuffled batches, prepared ahead of time by threads.

Every random choice is a function of (seed, epoch, sample): the same batches come whatever the number of workers, and a
run that was cut off goes on in the middle of an epoch with the very batches it would have had.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np

from minicnn.arguments import whole_number
from minicnn.tensor import Tensor

Batch = tuple[np.ndarray, ...]


class Dataset:
    """Samples by number: `len(dataset)` of them, `dataset[index]` is a tuple, mostly (x, y), an array and a class.

    A dataset that alters its samples at random (crops, mirror images) defines `sample(index, rng)` as well: a
    DataLoader then calls that, with a NumPy generator of this sample's own in this epoch.
    """

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} has no __len__")

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        raise NotImplementedError(f"{type(self).__name__} has no __getitem__")


class ArrayDataset(Dataset):
    """Arrays of the same length, side by side: sample i is (x[i], y[i]), or (transform(x[i], rng), y[i]).

    `transform(x, rng)` returns the x to use; it gets a view that cannot be written to, so that it cannot spoil the
    data. Raises ValueError where the lengths differ.
    """

    def __init__(self, *arrays: Any, transform: Callable[[Any, np.random.Generator], Any] | None = None) -> None:
        if len(arrays) == 1 and _are_arrays(arrays[0]):
            raise TypeError(f"ArrayDataset: got one {type(arrays[0]).__name__} of arrays: write ArrayDataset(x, y)")
        self.arrays = [np.asarray(array).view() for array in arrays]
        if not arrays or any(array.ndim == 0 for array in self.arrays):
            raise ValueError(
                f"ArrayDataset: got {len(arrays)} arrays, expected one or more with at least one axis each"
            )
        if len({len(array) for array in self.arrays}) != 1:
            raise ValueError(f"ArrayDataset: the arrays have lengths {[len(array) for array in self.arrays]}, not one")
        if transform is not None and not callable(transform):
            raise TypeError(f"ArrayDataset: transform is a {type(transform).__name__}, expected a function of (x, rng)")
        for array in self.arrays:
            array.flags.writeable = False
        self.transform = transform

    def __len__(self) -> int:
        return len(self.arrays[0])

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        """Sample `index`, with a random transform as in no particular epoch."""
        return self.sample(index, np.random.default_rng(range(len(self))[index]))

    def sample(self, index: int, rng: np.random.Generator) -> tuple[Any, ...]:
        """Sample `index`, transformed with the random numbers of `rng`."""
        x, *others = (array[index] for array in self.arrays)
        return (x if self.transform is None else self.transform(x, rng), *others)


class SampleError(ValueError):
    """A sample that could not be read; `index` is its number in the dataset, `__cause__` the error itself."""

    def __init__(self, index: int, reason: str) -> None:
        super().__init__(f"DataLoader: sample {index}: {reason}")
        self.index = index


class DataLoader:
    """The samples of a dataset in batches, as NumPy arrays: for x, targets in loader.

    x has the samples' x stacked along a new first axis, dtype kept; whole numbers become int64, shape (batch size,).

    Each `iter(loader)` goes through one epoch: the first through epoch 0, the next through epoch 1. `loader.epoch` is
    the one that comes next and may be set. With `shuffle`, the order is a function of (seed, epoch). `drop_last` leaves
    out a last batch that is not full. `num_workers` threads prepare batches ahead, two for each; none: when asked for.
    Threads do here, as NumPy and Pillow let others work while they do.

    Raises ValueError or TypeError for wrong arguments, and where there is not one batch; SampleError where a sample
    cannot be read, or does not have the shape of the others.
    """

    def __init__(
        self,
        dataset: Any,
        batch_size: int = 1,
        shuffle: bool = False,
        *,
        drop_last: bool = False,
        num_workers: int = 0,
        seed: int = 0,
    ) -> None:
        check_dataset(dataset)
        self.dataset = dataset
        self.batch_size = whole_number("DataLoader", "batch_size", batch_size, minimum=1)
        self.shuffle, self.drop_last = bool(shuffle), bool(drop_last)
        self.num_workers = whole_number("DataLoader", "num_workers", num_workers, minimum=0)
        self.seed = whole_number("DataLoader", "seed", seed, minimum=0)
        self.epoch = 0
        if len(self) == 0:
            why = f"only {len(dataset)} samples, and drop_last leaves out a batch that is not full"
            raise ValueError(f"DataLoader: there is not one batch: {why if len(dataset) else 'the dataset is empty'}")

    def __len__(self) -> int:
        """The number of batches in an epoch."""
        samples = len(self.dataset)
        return samples // self.batch_size if self.drop_last else -(-samples // self.batch_size)

    def __iter__(self) -> Iterator[Batch]:
        epoch, self.epoch = self.epoch, self.epoch + 1
        return self.batches(epoch)

    def batches(self, epoch: int, start: int = 0) -> Iterator[Batch]:
        """The batches of one epoch from number `start` on; the samples before it are not read."""
        epoch = whole_number("DataLoader", "epoch", epoch, minimum=0)
        start = whole_number("DataLoader", "start", start, minimum=0)
        if start > len(self):
            raise ValueError(f"DataLoader: start is {start}, an epoch has {len(self)} batches")
        order = self._order(epoch)
        jobs = [order[n * self.batch_size : (n + 1) * self.batch_size] for n in range(start, len(self))]
        return self._prefetched(epoch, jobs) if self.num_workers else (self._batch(epoch, job) for job in jobs)

    def _order(self, epoch: int) -> list[int]:
        samples = len(self.dataset)
        if not self.shuffle:
            return list(range(samples))
        # The third number keeps this generator apart from every sample's own: no sample has the number `samples`.
        rng = np.random.default_rng((self.seed, epoch, samples))
        return [int(index) for index in rng.permutation(samples)]

    def _prefetched(self, epoch: int, jobs: list[list[int]]) -> Iterator[Batch]:
        waiting: deque[Future[Batch]] = deque()
        with ThreadPoolExecutor(self.num_workers, thread_name_prefix="DataLoader") as workers:
            try:
                for job in jobs:
                    waiting.append(workers.submit(self._batch, epoch, job))
                    if len(waiting) == 2 * self.num_workers:
                        yield waiting.popleft().result()
                while waiting:
                    yield waiting.popleft().result()
            finally:  # also where the caller has stopped asking, or pressed Ctrl-C: leave no work behind
                for batch in waiting:
                    batch.cancel()

    def _batch(self, epoch: int, indices: list[int]) -> Batch:
        samples = [self._sample(epoch, index) for index in indices]
        expected = [(field.shape, str(field.dtype)) for field in samples[0]]
        for index, sample in zip(indices, samples, strict=True):
            found = [(field.shape, str(field.dtype)) for field in sample]
            if found != expected:
                raise SampleError(index, f"is {found}, but sample {indices[0]} of the same batch is {expected}")
        return tuple(np.stack(field) for field in zip(*samples, strict=True))

    def _sample(self, epoch: int, index: int) -> list[np.ndarray]:
        try:
            if hasattr(self.dataset, "sample"):
                sample = self.dataset.sample(index, np.random.default_rng((self.seed, epoch, index)))
            else:
                sample = self.dataset[index]
        except Exception as error:
            raise SampleError(index, f"{type(error).__name__}: {error}") from error
        if not isinstance(sample, tuple | list):
            raise SampleError(index, f"is a {type(sample).__name__}, expected a tuple (x, y)")
        return [_field(index, value) for value in sample]


def check_dataset(dataset: Any) -> None:
    """TypeError for what has no length or no samples, and for bare arrays, which belong into an ArrayDataset."""
    kind = type(dataset)
    if _are_arrays(dataset) or isinstance(dataset, np.ndarray | Tensor):
        raise TypeError(f"DataLoader: dataset is a {kind.__name__}: write DataLoader(ArrayDataset(x, y), ...)")
    for method in ("__len__", "__getitem__"):
        written = getattr(kind, method, None) not in (None, getattr(Dataset, method))
        if not written and not (method == "__getitem__" and hasattr(dataset, "sample")):
            raise TypeError(f"DataLoader: dataset is a {kind.__name__}, which has no {method}")


def _are_arrays(value: Any) -> bool:
    """Whether it is (x, y) in one, of which each is an array of its own."""
    return isinstance(value, tuple | list) and len(value) > 0 and isinstance(value[0], np.ndarray | Tensor)


def _field(index: int, value: Any) -> np.ndarray:
    array = np.asarray(value)
    if array.ndim == 0 and array.dtype.kind in "iu":
        return array.astype(np.int64)
    if array.dtype.kind not in "fiub":
        raise SampleError(index, f"contains a {type(value).__name__}, expected numbers or arrays of numbers")
    return array
