"""A comparison of runs in the terminal."""

import pytest

from googlenet.report.compare import Run, compare
from googlenet.report.compare_lines import chart, duration, lines, results
from googlenet.report.text import width


def run(*accuracies, folder="runs/a", planned=None, **options):
    rows = tuple(
        {"epoch": i + 1.0, "test_accuracy": value, "train_accuracy": value / 2, "loss_main": 1.5, "seconds": 61.0,
         "images_per_second": 1234.56} for i, value in enumerate(accuracies)
    )  # fmt: skip
    return Run(folder, {"epochs": planned or len(accuracies), "seed": 0, "lr": 0.1, **options}, rows)


def test_everything_fits_80_columns():
    runs = [run(*(0.01 * i for i in range(1, 60)), folder=f"runs/漢字\x1b[31m{'long' * 40}", seed=i, lr=i // 3,
                note="text " * 50) for i in range(40)]  # fmt: skip
    for count in (1, 2, 40):
        said = lines(compare(runs[:count] + [Run("x", {}, ()), run(folder="old", color="漢字")]))
        assert max(map(width, said)) <= 80
        assert all(line.isprintable() for line in said)


def test_options_are_told_by_value():
    said = "\n".join(lines(compare([run(0.5), run(0.5, seed=1), run(0.5, aux=False), run(0.5, aux=True)])))
    assert "  seed               0 (acd), 1 (b)" in said
    assert "  aux                - (ab), no (c), yes (d)" in said
    assert "  not in all: aux" in said
    assert "  lr " not in said


@pytest.mark.parametrize(("runs", "said"), [(1, "one run: give more"), (2, "all have the same options")])
def test_where_nothing_differs(runs, said):
    assert said in "\n".join(lines(compare([run(0.5)] * runs)))


def test_results_stand_below_their_names():
    head, _, first, second = results([run(0.5, 0.75, 0.625, planned=9), Run("x", {}, ())])
    ends = {name: head.rindex(name) + len(name) for name in head.split()}
    found = {name: first[: end + 1].split()[-1] for name, end in ends.items()}
    assert found == {
        "epochs": "3/9", "best": "75.00", "epoch": "2", "last": "62.50", "main": "1.5000", "aux1": "-", "aux2": "-",
        "time": "3:03", "images/s": "1,234.6",
    }  # fmt: skip
    assert second.split() == ["b", "0/?", *"--------"]


def test_the_chart():
    said = chart([run(0.25, 0.5, 0.75), run(0.25, 0.25, 0.625), Run("x", {}, ())])
    rows = said[1:13]
    assert rows[0].startswith(" 75.00 |") and rows[0][8 + 71] == "a"
    assert rows[-1].startswith(" 25.00 |*") and rows[-1][8 + 36] == "b"
    assert sum(row.count("a") for row in rows) == 2  # and a star
    assert said[-1].split() == ["1", "3"]
    assert max(map(len, said)) == 80


@pytest.mark.parametrize("accuracies", [(0.5,), (0.5, 0.5), (0.0, 0.0, 0.0)])
def test_a_flat_chart(accuracies):
    said = chart([run(*accuracies)])
    assert said[12].count("a") == len(accuracies)
    assert f"{100 * accuracies[0]:.2f}" in said[12]


def test_no_chart_without_epochs():
    assert "accuracy over the epochs" not in "\n".join(lines(compare([Run("x", {"epochs": 2}, ())])))


def test_what_the_seeds_tell():
    accuracies = {0.1: (0.5, 0.52), 0.2: (0.9, 0.92)}
    runs = [run(value, seed=i, lr=lr) for lr, values in accuracies.items() for i, value in enumerate(values)]
    said = " ".join(" ".join(lines(compare(runs))).split())
    assert "a b differ in the seed alone: best accuracy 51.00 % on average, 50.00 to 52.00" in said
    assert "standard deviation 1.41" in said
    assert "c d against a b: +40.00 points, 95 % interval +33.91 to +46.09. This is more than chance." in said
    runs[2:] = [run(0.45, seed=0, lr=0.2), run(0.60, seed=1, lr=0.2)]
    assert "This may be chance." in " ".join(" ".join(lines(compare(runs))).split())


@pytest.mark.parametrize(("runs", "asked"), [([run(0.5), run(0.6, lr=1)], True), ([run(0.5), run(0.6, seed=1)], False)])
def test_single_runs_are_told_to_try_other_seeds(runs, asked):
    assert ("Is a difference real?" in "\n".join(lines(compare(runs)))) == asked


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, "-"), (0, "0:00"), (61.4, "1:01"), (3599.6, "1:00:00"), (7384, "2:03:04")]
)
def test_durations(seconds, text):
    assert duration(seconds) == text
