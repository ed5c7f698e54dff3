"""From answers to figures, and from figures to ratios."""

from statistics import median
from typing import NamedTuple

from benchmarks.gauges import Answer
from benchmarks.measure import Found
from benchmarks.rows import FASTER, OURS, PYTORCH, Measurement, Row


class Outcome(NamedTuple):
    """How a row came out."""

    row: Row
    to: str  # what it was divided by, by name
    ratios: list[float]  # one a round
    median: float
    met: bool | None  # None without a target


class Result(NamedTuple):
    """A measurement, and what was found; None where it could not be made here."""

    measurement: Measurement
    found: Found | None

    @property
    def figures(self) -> dict[str, list[float]]:
        """Contestant -> one figure a round, in the measurement's unit."""
        answers = self.found.answers if self.found else {}
        return {name: [figure(answer) for answer in rounds] for name, rounds in answers.items()}

    @property
    def outcomes(self) -> list[Outcome]:
        """One for each row."""
        figures = self.figures
        return [outcome(row, figures) for row in self.measurement.rows] if figures else []


def figure(answer: Answer) -> float:
    """Work a second: images, GFLOP or GB; of an answer about memory, the peak in MB."""
    if "peak" in answer:
        return float(answer["peak"]) / 1e6
    return float(answer["work"]) * len(answer["seconds"]) / sum(answer["seconds"])


def outcome(row: Row, figures: dict[str, list[float]]) -> Outcome:
    """The ratios of a row, and whether their median is what it shall be."""
    to = row.to
    if to == FASTER:
        to = max(PYTORCH, key=lambda name: median(figures[name]))
    by_round = ratios(figures[row.of], figures[to])
    middle = median(by_round)
    return Outcome(row, to, by_round, middle, row.target.met(middle) if row.target else None)


def ratios(of: list[float], to: list[float]) -> list[float]:
    """Divide round by round: the two figures of one round were taken seconds apart."""
    return [a / b for a, b in zip(of, to, strict=True)]


class Peak(NamedTuple):
    """What part of the machine's fastest matrix product the training steps reach."""

    limit: str  # whose matrix product
    gflop_per_second: float
    gflop_per_image: float
    shares: dict[str, float]


def share_of_peak(results: list[Result]) -> Peak | None:
    """None where the limits or training were not measured."""
    found = {result.measurement.what: result for result in results}
    if not {"matrix product", "training"} <= found.keys():
        return None
    products = {name: median(figures) for name, figures in found["matrix product"].figures.items()}
    limit = max(products, key=lambda name: products[name])
    training = found["training"]
    assert training.found is not None
    gflop = training.found.answers[OURS][0]["gflop_per_image"]
    shares = {name: median(figures) * gflop / products[limit] for name, figures in training.figures.items()}
    return Peak(limit, products[limit], gflop, shares)
