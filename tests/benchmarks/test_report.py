"""The arithmetic of the rows, and the look of the tables."""

import json

import pytest

from benchmarks import report, results, rows
from benchmarks.measure import Contestant, Found, Settings
from benchmarks.results import Result
from benchmarks.rows import FASTER, LAST, NCHW, OURS, Measurement, Row, Target

SETTINGS = Settings(16, 224, threads=2)
FIGURES = {OURS: [10.0, 20.0, 30.0], NCHW: [20.0, 20.0, 20.0], LAST: [10.0, 10.0, 60.0]}
OPTIONS = {**vars(SETTINGS), "preset": "batchnorm", "custom": False, "quick": True, "layers": False}


def result(
    what: str = "training", unit: str = "images/s", others: float = 0.0, targets: tuple[Row, ...] = ()
) -> Result:
    """What would come of FIGURES: each answer is of two steps of a second, the first contestant's with its GFLOP."""
    if unit == "MB":
        answers = {
            name: [{"peak": 1e6 * n, "after_imports": 1e6} for n in figures] for name, figures in FIGURES.items()
        }
    else:
        answers = {
            name: [{"seconds": [0.5, 1.5], "work": n, "gflop_per_image": 2.0} for n in figures]
            for name, figures in FIGURES.items()
        }
    contestants = {name: Contestant(name, SETTINGS) for name in FIGURES}
    return Result(Measurement("training", what, contestants, targets, unit), Found(answers, [others] * 3))


def limits(peak: float) -> Result:
    answers = {name: [{"seconds": [1.0], "work": n}] for name, n in (("one", peak / 2), ("all", peak))}
    return Result(Measurement("limits", "matrix product", {}, unit="GFLOP/s"), Found(answers, []))


ROWS = (
    Row("ours / NCHW", OURS, NCHW, Target(at_least=1.0)),
    Row("ours / channels_last", OURS, LAST, Target(at_most=0.99)),
    Row("ours / faster", OURS, FASTER),
    Row("ours / NCHW", OURS, NCHW, Target(at_least=1.01)),
)


@pytest.mark.parametrize("unit", ["images/s", "MB"])
def test_figures_of_rounds(unit: str) -> None:
    assert result(unit=unit).figures == FIGURES


def test_ratios_are_taken_round_by_round_and_their_median_meets_the_target() -> None:
    nchw, last, faster, missed = result(targets=ROWS).outcomes
    assert nchw[1:] == (NCHW, [0.5, 1.0, 1.5], 1.0, True)
    assert last[1:] == (LAST, [1.0, 2.0, 0.5], 1.0, False)
    assert faster[1:] == (NCHW, [0.5, 1.0, 1.5], 1.0, None)  # of the higher median, not the higher mean
    assert missed.met is False


def test_rounds_of_unequal_number_are_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        results.ratios([1.0, 2.0], [1.0])


def test_table() -> None:
    missing = Result(Measurement("threads", "threads", {}, (Row("2 / 1", "2", "1"),), missing="needs 2 threads"), None)
    lines = [line.split() for line in report.table([result(targets=ROWS), missing]).splitlines()]
    assert lines[1:] == [
        ["ours", "/", "NCHW", "1.00", "0.50", "-", "1.50", ">=", "1.00", "yes"],
        ["ours", "/", "channels_last", "1.00", "0.50", "-", "2.00", "<=", "0.99", "NO"],
        ["ours", "/", "faster", "1.00", "0.50", "-", "1.50"],
        ["ours", "/", "NCHW", "1.00", "0.50", "-", "1.50", ">=", "1.01", "NO"],
        ["2", "/", "1", "needs", "2", "threads"],
    ]


def test_rows_of_a_busy_machine_are_marked() -> None:
    table = report.table([result(others=0.06, targets=ROWS), result(others=0.04, targets=ROWS)]).splitlines()[1:]
    assert [line.endswith("*") for line in table] == [True] * 4 + [False] * 4


def test_share_of_peak() -> None:
    peak = results.share_of_peak([limits(200.0), result()])
    assert peak == ("all", 200.0, 2.0, {OURS: 0.2, NCHW: 0.2, LAST: 0.1})
    assert results.share_of_peak([limits(200.0)]) is None
    assert results.share_of_peak([result()]) is None


@pytest.mark.parametrize(("others", "warns"), [([0.0, 0.04], False), ([0.0, 0.4], True), ([], False)])
def test_a_busy_machine_is_a_warning(others: list[float], warns: bool) -> None:
    assert ("WARNING" in report.others_note({"quiet": [0.0], "training": others} if others else {})) == warns


def test_the_report_fits_in_80_columns() -> None:
    every = [
        Result(m, Found({name: [{"seconds": [1.0], "work": 12345.678}] for name in m.contestants}, [0.9]))
        for m in rows.suite(SETTINGS)
        if m.what not in ("training", "matrix product")
    ]
    machine = {"CPU": "Intel(R) Xeon(R) Platinum 8488C CPU @ 2.80GHz with a name that is even longer than that"}
    text = report.text(report.heading(OPTIONS), machine, [limits(123456.0), result(others=0.9, targets=ROWS), *every])
    assert "reaches of the 123456 GFLOP/s of all: minicnn 0%" in " ".join(text.split())
    assert max(len(line) for line in text.splitlines()) <= 80


def test_the_document_is_json_with_every_round() -> None:
    document = json.loads(json.dumps(report.document(OPTIONS, {}, [limits(200.0), result(targets=ROWS)])))
    training = document["measurements"][1]
    assert training["figures"] == FIGURES
    assert training["contestants"][OURS]["settings"]["batch_size"] == 16
    row = document["rows"][0]
    assert (row["of"], row["to"], row["ratios"], row["median"]) == (OURS, NCHW, [0.5, 1.0, 1.5], 1.0)
    assert (row["target"], row["met"]) == ({"at_least": 1.0, "at_most": None}, True)
    assert document["rows"][2]["target"] is None
    assert document["share_of_peak"]["shares"][LAST] == 0.1
