"""The arithmetic of the ratios, and the look of the tables."""

import json

import pytest

from benchmarks import report
from benchmarks.measure import Speeds

MACHINE = {"CPU": "a CPU", "cores": 2}
SETTINGS = {
    "batch_size": 16,
    "size": 224,
    "threads": 2,
    "preset": "batchnorm",
    "device": "cpu",
    "rounds": 3,
    "repeats": 3,
}
FIGURES = {
    "minicnn": [10.0, 20.0, 30.0],
    "torch-nchw": [20.0, 20.0, 20.0],
    "torch-channels_last": [10.0, 10.0, 60.0],
}
SPEEDS = Speeds({"training": FIGURES}, others={"training": [0.01, 0.0, 0.02]}, versions={})
MEMORY = {
    "training": {
        "minicnn": {"peak": 600_000_000, "after_imports": 50_000_000},
        "torch-nchw": {"peak": 1_200_000_000, "after_imports": 230_000_000},
        "torch-channels_last": {"peak": 1_000_000_000, "after_imports": 230_000_000},
    }
}


def test_ratios_are_taken_round_by_round() -> None:
    assert report.ratio([10.0, 20.0, 30.0], [10.0, 10.0, 60.0]) == (1.0, 0.5, 2.0)


def test_rounds_of_unequal_number_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        report.ratio([1.0, 2.0], [1.0])


def test_speed_table() -> None:
    rows = [line.split() for line in report.speed_table("training", FIGURES).splitlines()]
    assert rows[1:] == [
        ["minicnn", "20.00"],
        ["torch-nchw", "20.00", "1.00", "0.50", "-", "1.50"],
        ["torch-channels_last", "10.00", "1.00", "0.50", "-", "2.00"],
    ]


def test_memory_table_compares_totals() -> None:
    rows = [line.split() for line in report.memory_table("training", MEMORY["training"]).splitlines()]
    assert rows[1:] == [
        ["minicnn", "600", "550"],
        ["torch-nchw", "1200", "0.50", "970"],
        ["torch-channels_last", "1000", "0.60", "770"],
    ]


@pytest.mark.parametrize(("turns", "warns"), [([0.0, 0.04], False), ([0.0, 0.4], True), ([], False)])
def test_a_busy_machine_is_a_warning(turns: list[float], warns: bool) -> None:
    assert ("WARNING" in report.others_note({"training": turns})) == warns


def test_the_report_fits_in_80_columns() -> None:
    busy = Speeds({"training": FIGURES, "inference": FIGURES}, {"training": [0.9], "inference": [0.9]}, {})
    text = report.text(SETTINGS, MACHINE, busy, MEMORY)
    assert max(len(line) for line in text.splitlines()) <= 80


def test_the_document_is_json_with_the_same_ratios() -> None:
    document = json.loads(json.dumps(report.document(SETTINGS, MACHINE, SPEEDS, MEMORY)))
    speed = document["speed"]["training"]
    assert speed["images_per_second"] == FIGURES
    assert speed["ratio"]["torch-channels_last"] == {"median": 1.0, "min": 0.5, "max": 2.0}
    assert document["memory"]["training"]["ratio"] == {"torch-nchw": 0.5, "torch-channels_last": 0.6}
