"""What several runs tell beside each other."""

import fcntl
import json
import math

import pytest
from rows import WITHOUT_HEADS, row

from googlenet.report.compare import (
    LETTERS,
    MISSING,
    T_95,
    Difference,
    Group,
    Run,
    compare,
    difference,
    read_metrics,
    read_run,
    same_but_for_the_seed,
)  # fmt: skip
from googlenet.report.metrics import write_metrics

OPTIONS = {"epochs": 2, "lr": 0.1, "seed": 0, "threads": 0, "device": "cpu", "aux_heads": True}


def make(folder, rows=(), **options):
    """The folder of a run."""
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"options": {**OPTIONS, **options}}))
    if rows:
        write_metrics(folder / "metrics.csv", list(rows))
    return folder


def run(*accuracies, **options):
    """A run with these accuracies, one an epoch."""
    rows = tuple({"epoch": float(i + 1), "test_accuracy": value} for i, value in enumerate(accuracies))
    return Run("x", {**OPTIONS, "epochs": len(accuracies), **options}, rows)


# ---- reading ---


def test_a_finished_run(tmp_path):
    rows = [row(1, test_accuracy=0.5, seconds=30.0), row(2, test_accuracy=0.4, seconds=60.0, **WITHOUT_HEADS)]
    found = read_run(make(tmp_path / "a", rows))
    assert (found.folder, found.options, found.problems) == (str(tmp_path / "a"), OPTIONS, ())
    assert (found.state, found.progress, found.best, found.seconds) == ("finished", "2/2", (0.5, 1), 90)
    assert found.last("test_accuracy") == 0.4
    assert found.last("loss_aux1") == 2.2  # of the last epoch that has it
    assert found.curve("loss_aux1") == [(1, 2.2)]
    assert found.over_time("test_accuracy") == [(0.5, 0.5), (1.5, 0.4)]
    assert found.images_per_second == pytest.approx(123.457)


def test_the_first_of_equal_epochs_is_the_best():
    assert run(0.2, 0.7, 0.7).best == (0.7, 2)


def test_the_averaged_weights_may_be_the_best():
    rows = ({"epoch": 1.0, "test_accuracy": 0.5, "average_accuracy": 0.25},
            {"epoch": 2.0, "test_accuracy": 0.5, "average_accuracy": 0.75})  # fmt: skip
    assert Run("x", {}, rows).best == (0.75, 2)
    assert Run("x", {}, rows[:1]).best == (0.5, 1)


def test_a_run_without_epochs(tmp_path):
    found = read_run(make(tmp_path / "a"))
    assert (found.state, found.progress, found.best, found.seconds) == ("no epoch yet", "0/2", None, None)
    assert (found.last("lr"), found.images_per_second, found.over_time("lr")) == (None, None, [])


def test_a_run_that_was_stopped_and_one_that_goes_on(tmp_path):
    folder = make(tmp_path / "a", [row()])
    assert read_run(folder).state == "stopped"
    with open(folder / "lock", "w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert read_run(folder).state == "going on"
    assert read_run(folder).state == "stopped"


@pytest.mark.parametrize(("patience", "state"), [(0, "stopped"), (2, "finished"), (3, "stopped")])
def test_a_run_that_stopped_early_is_finished(patience, state):
    rows = run(0.1, 0.7, 0.7, 0.5).epochs
    assert Run("x", {"epochs": 9, "early_stop": patience}, rows).state == state


def test_metrics_alone_are_a_run(tmp_path):
    (tmp_path / "metrics.csv").write_text("epoch,test_accuracy\n1,0.5\n")
    found = read_run(tmp_path)
    assert (found.problems, found.state, found.progress) == (("config.json is not there",), "unknown", "1/?")
    assert found.best == (0.5, 1)


@pytest.mark.parametrize("text", ['{"opt', "[]", "{}", '{"options": []}', "\xff", "[" * 100_000])
def test_a_damaged_config_is_one_problem(tmp_path, text):
    folder = make(tmp_path / "a", [row()])
    (folder / "config.json").write_bytes(text.encode("latin-1"))
    found = read_run(folder)
    assert len(found.problems) == 1 and "config.json" in found.problems[0]
    assert (found.options, len(found.epochs)) == ({}, 1)


def test_files_without_end_are_not_read(tmp_path, monkeypatch):
    folder = make(tmp_path / "a", [row()])
    monkeypatch.setattr("googlenet.report.compare.LARGEST_FILE", 60)
    assert read_run(folder).problems == ("config.json is damaged", "metrics.csv is damaged")


def test_a_directory_in_place_of_a_file(tmp_path):
    folder = make(tmp_path / "a")
    (folder / "metrics.csv").mkdir()
    assert read_run(folder).problems == ("metrics.csv cannot be read",)


@pytest.mark.parametrize(("name", "said"), [("gone", "is not there"), ("file", "is a file"), ("empty", "holds no run")])
def test_what_is_no_run(tmp_path, name, said):
    (tmp_path / "file").write_text("")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match=f"{name} {said}"):
        read_run(tmp_path / name)


@pytest.mark.parametrize(
    ("line", "damaged"),
    [("2,0.5,1", False), ("2,,", False), ("2,nan,inf", False), ("2,0.5", True), ("2,0.5,1,1", True), ("2,x,1", True),
     (",0.5,1", True), ("0,0.5,1", True), ("1.5,0.5,1", True), ("nan,0.5,1", True)],
)  # fmt: skip
def test_a_damaged_line_is_left_out(line, damaged):
    epochs, problems = read_metrics(f"epoch,test_accuracy,lr\n1,0.25,1\n{line}\n3,0.75,1\n")
    assert [epoch["epoch"] for epoch in epochs] == ([1, 3] if damaged else [1, 2, 3])
    assert problems == (["line 3 of metrics.csv is damaged, and left out"] if damaged else [])


def test_metrics_that_are_something_else():
    assert read_metrics("") == read_metrics("a,b\n1,2\n") == ((), ["metrics.csv has no column epoch"])
    assert read_metrics("epoch\n") == ((), [])


def test_of_an_epoch_that_comes_twice_the_last_counts():
    epochs, _ = read_metrics("epoch,lr\n2,1\n1,5\n2,7\n")
    assert epochs == ({"epoch": 1, "lr": 5}, {"epoch": 2, "lr": 7})


def test_what_is_not_finite_is_no_point_of_a_curve():
    found = Run("x", {}, ({"epoch": 1, "lr": math.nan}, {"epoch": 2, "lr": 1.0, "seconds": 6.0}))
    assert found.curve("lr") == [(2, 1)]
    assert found.over_time("lr") == []  # how long the first epoch took is not known


# ---- comparing ---


def test_the_options_in_which_runs_differ():
    old = Run("old", {"epochs": 2, "lr": 0.5, "color": 1}, ())
    found = compare([run(0.1, 0.2), run(0.1, 0.2, lr=0.2, seed=1), old, Run("damaged", {}, ())])
    assert found.differing == {"lr": (0.1, 0.2, 0.5, MISSING), "seed": (0, 1, MISSING, MISSING)}
    assert set(found.not_in_all) == {"seed", "threads", "device", "aux_heads", "color"}


def test_true_is_not_one():
    assert compare([run(0.1, heads=True), run(0.1, heads=1)]).differing == {"heads": (True, 1)}


def test_no_runs_and_too_many():
    for count in (0, len(LETTERS) + 1):
        with pytest.raises(ValueError, match=f"got {count} runs, expected 1 to 52"):
            compare([run(0.5)] * count)


def test_seeds_are_grouped():
    runs = [
        run(0.5, seed=0), run(0.7, seed=1, threads=4), run(0.6, seed=0, lr=0.2), run(0.9, seed=1),
        run(0.6, seed=2, epochs=9), Run("x", {}, ({"epoch": 1, "test_accuracy": 0.6},)), run(seed=7),
    ]  # fmt: skip
    one, other = same_but_for_the_seed(runs)  # the second run of seed 1 adds nothing, the stopped one is not comparable
    assert one == Group((0, 1), 60, pytest.approx(math.sqrt(200)))
    assert other == Group((2,), 60, None)


def test_the_difference_is_welch_s():
    """Against the formula, written out for these numbers."""
    accuracies = {0.1: (97.9, 98.1, 98.6), 0.2: (98.9, 98.5, 99.2, 99.0)}
    runs = [run(value / 100, seed=i, lr=lr) for lr, values in accuracies.items() for i, value in enumerate(values)]
    (found,) = compare(runs).differences
    assert (found.one, found.other) == ((0, 1, 2), (3, 4, 5, 6))
    v1, v2 = 0.13, 0.26 / 3  # variances
    error = math.sqrt(v1 / 3 + v2 / 4)
    freedom = error**4 / ((v1 / 3) ** 2 / 2 + (v2 / 4) ** 2 / 3)
    assert 3 < freedom < 4
    assert found.mean == pytest.approx(0.7)
    assert (found.low, found.high) == (pytest.approx(0.7 - 3.182 * error), pytest.approx(0.7 + 3.182 * error))
    assert found.may_be_chance


@pytest.mark.parametrize(("low", "high", "chance"), [(-1, 1, True), (0, 1, True), (0.1, 1, False), (-2, -1, False)])
def test_zero_in_the_interval_may_be_chance(low, high, chance):
    assert Difference((), (), 0.5, low, high).may_be_chance == chance


def test_groups_that_do_not_vary():
    runs = [run(0.5, seed=0), run(0.5, seed=1), run(0.75, lr=1, seed=0), run(0.75, lr=1, seed=1)]
    one, other = same_but_for_the_seed(runs)
    assert difference(runs, one, other) == Difference((0, 1), (2, 3), 25, 25, 25)


def test_one_run_of_each_has_no_difference():
    assert compare([run(0.5), run(0.7, lr=1)]).differences == ()


def test_the_quantiles_fall_towards_the_normal_distribution_s():
    assert list(T_95) == sorted(T_95, reverse=True)
    assert len(T_95) == 30
    assert (T_95[0], T_95[9]) == (12.706, 2.228)
    # P(|t| > q) = 5 % for one and two degrees of freedom, where the distribution has a closed form
    assert math.atan(T_95[0]) * 2 / math.pi == pytest.approx(0.95, abs=1e-4)
    assert T_95[1] / math.sqrt(2 + T_95[1] ** 2) == pytest.approx(0.95, abs=1e-4)
