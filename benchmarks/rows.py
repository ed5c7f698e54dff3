"""The table of targets as data: what is measured, against what, and what shall be reached."""

from dataclasses import dataclass, replace
from typing import NamedTuple

from benchmarks.limits import SIZE
from benchmarks.measure import Contestant, Settings

OURS, NCHW, LAST = "minicnn", "torch-nchw", "torch-channels_last"
FASTER = "the faster layout"  # of PyTorch's two, in the same run
PYTORCH = (NCHW, LAST)
TRAINING, INFERENCE = "training", "inference"


class Target(NamedTuple):
    """What the median of a row shall be."""

    at_least: float | None = None
    at_most: float | None = None

    def met(self, median: float) -> bool:
        """Whether a median is what it shall be."""
        return (self.at_least is None or median >= self.at_least) and (self.at_most is None or median <= self.at_most)

    def __str__(self) -> str:
        return f">= {self.at_least:.2f}" if self.at_least is not None else f"<= {self.at_most:.2f}"


class Row(NamedTuple):
    """One line of the table: the figure of one contestant divided by that of another, round by round."""

    what: str
    of: str
    to: str
    target: Target | None = None


@dataclass(frozen=True)
class Measurement:
    """Contestants that take turns, and the rows that come of it."""

    group: str  # its word for --only
    what: str
    contestants: dict[str, Contestant]
    rows: tuple[Row, ...] = ()
    unit: str = "images/s"
    rounds: int = 5
    missing: str = ""  # why it cannot be measured here


def suite(base: Settings) -> list[Measurement]:
    """Everything that is measured; `base` is the network and batch of all rows that do not say otherwise."""
    two, all_threads = replace(base, threads=2), base.threads
    large = replace(base, batch_size=4 * base.batch_size)
    digits = replace(base, batch_size=64, size=64, classes=10, channels=1)
    small = replace(digits, batch_size=8)
    few_threads = "" if all_threads >= 2 else "needs 2 threads"
    return [
        Measurement("limits", "matrix product", matrix_products(base), unit="GFLOP/s", rounds=3),
        Measurement("limits", "copy", copies(base), unit="GB/s", rounds=3),
        Measurement("limits", "products of a training step alone", products(base), rounds=3),
        Measurement("limits", "products of a training step alone, digits", products(digits), rounds=3),
        Measurement("training", "training", beside_pytorch(base), (
            Row("training / PyTorch NCHW", OURS, NCHW, Target(at_least=1.15)),
            Row("training / PyTorch channels_last", OURS, LAST),
            Row("training / PyTorch's faster layout", OURS, FASTER, Target(at_least=1.0)),
        )),
        Measurement("inference", "inference", beside_pytorch(base, INFERENCE), (
            Row("inference / PyTorch NCHW", OURS, NCHW, Target(at_least=1.6)),
            Row("inference / PyTorch channels_last", OURS, LAST, Target(at_least=0.9)),
        )),
        Measurement("one-image", "inference of one image", beside_pytorch(replace(base, batch_size=1), INFERENCE, 40), (
            Row("inference, one image / PyTorch NCHW", OURS, NCHW, Target(at_least=1.0)),
            Row("inference, one image / channels_last", OURS, LAST),
        )),
        Measurement("memory", "peak memory in training", beside_pytorch(base), (
            Row("peak memory, training / PyTorch NCHW", OURS, NCHW, Target(at_most=0.55)),
            Row("peak memory, training / channels_last", OURS, LAST, Target(at_most=0.55)),
        ), unit="MB", rounds=3),
        Measurement("memory", "peak memory in inference", beside_pytorch(base, INFERENCE), (
            Row("peak memory, inference / PyTorch NCHW", OURS, NCHW),
            Row("peak memory, inference / channels_last", OURS, LAST),
        ), unit="MB", rounds=3),
        Measurement("digits", "digits 64x64, batch 64, training", beside_pytorch(digits), (
            Row("digits 64x64, batch 64 / faster layout", OURS, FASTER, Target(at_least=1.0)),
        )),
        Measurement("look", "a look inside, digits 64x64, batch 8, training", {
            "never": Contestant(OURS, small, repeats=10),
            "before": Contestant("minicnn look", small, repeats=10),
            "recording": Contestant("minicnn look", small, "recording", repeats=10),
        }, (
            Row("training after a look inside / without one", "before", "never", Target(at_least=0.97)),
            Row("training, all results recorded / without", "recording", "never"),
        )),
        Measurement("threads", "threads, training", {
            "2 threads": Contestant(OURS, two),
            "1 thread": Contestant(OURS, replace(base, threads=1)),
        }, (
            Row("training, 2 threads / 1 thread", "2 threads", "1 thread", Target(at_least=1.8)),
        ), missing=few_threads),
        Measurement("batch", "batch size, training", {
            "batch 64": Contestant(OURS, large, repeats=1),
            "batch 16": Contestant(OURS, base, repeats=4),
        }, (
            # The time of an image is the inverse of images/s.
            Row("time an image, batch 64 / batch 16", "batch 16", "batch 64", Target(at_most=1.05)),
        )),
        *(
            Measurement("presets", f"preset {preset}, training", {
                name: Contestant(name, replace(base, preset=preset)) for name in (OURS, NCHW)
            }, (
                Row(f"preset {preset}{norm}, training / NCHW", OURS, NCHW, Target(at_least=1.0)),
            ), rounds=3)
            for preset, norm in (("paper", " (LRN)"), ("batchnorm", ""))
        ),
        Measurement("jpeg", "JPEG files", {
            "reading": Contestant("jpeg", base, "reading", repeats=5),
            "training": Contestant(OURS, base),
        }, (
            Row("reading and augmenting JPEG / training", "reading", "training", Target(at_least=3.0)),
        ), rounds=3),
    ]  # fmt: skip


def beside_pytorch(settings: Settings, command: str = TRAINING, repeats: int = 3) -> dict[str, Contestant]:
    """minicnn and both layouts of PyTorch, all at the same."""
    return {name: Contestant(name, settings, command, repeats) for name in (OURS, *PYTORCH)}


def matrix_products(base: Settings) -> dict[str, Contestant]:
    """NumPy's BLAS and PyTorch's, on one thread and on all."""
    return {
        f"{library} ({threads_name(threads)})": Contestant(side, limit(base, threads), "product")
        for library, side in (("NumPy", "numpy"), ("PyTorch", "torch"))
        for threads in sorted({1, base.threads})
    }


def copies(base: Settings) -> dict[str, Contestant]:
    """Memory, on one thread and on all."""
    return on_one_thread_and_all(Contestant("numpy", limit(base, base.threads), "copy"))


def products(settings: Settings) -> dict[str, Contestant]:
    """The matrix products of a training step without anything else, on one thread and on all."""
    return on_one_thread_and_all(Contestant("products", settings))


def on_one_thread_and_all(contestant: Contestant) -> dict[str, Contestant]:
    """The contestant twice, or once where one thread is all."""
    settings = contestant.settings
    return {
        threads_name(threads): contestant._replace(settings=replace(settings, threads=threads))
        for threads in sorted({1, settings.threads})
    }


def limit(base: Settings, threads: int) -> Settings:
    """The settings of a limit: the size is that of its matrices."""
    return replace(base, size=SIZE, threads=threads)


def threads_name(threads: int) -> str:
    """ "1 thread", "2 threads"."""
    return f"{threads} thread{'s' if threads > 1 else ''}"


def custom(base: Settings) -> list[Measurement]:
    """Speed and memory of one configuration, to which no targets apply."""
    return [without_targets(m) for m in suite(base) if m.group in CUSTOM]


CUSTOM = ("training", "inference", "memory")


def without_targets(measurement: Measurement) -> Measurement:
    """The same rows, as figures to look at."""
    return replace(measurement, rows=tuple(row._replace(target=None) for row in measurement.rows))


def trial(measurement: Measurement) -> Measurement:
    """The same on tiny images and batches, to see whether it runs."""
    contestants = {name: c._replace(settings=tiny(c.settings)) for name, c in measurement.contestants.items()}
    return replace(without_targets(measurement), contestants=contestants)


def tiny(settings: Settings) -> Settings:
    """Images of 32x32 and matrices of 192x192."""
    return replace(settings, batch_size=max(1, settings.batch_size // 8), size=max(32, settings.size // 16))
