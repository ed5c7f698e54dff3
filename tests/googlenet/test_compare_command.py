"""python -m googlenet compare RUN..., as a user calls it."""

import json

import pytest
from rows import row

from googlenet.__main__ import main
from googlenet.report.metrics import write_metrics


def run(capsys, *arguments):
    """Exit status, standard output, standard error."""
    try:
        status = main(["compare", *map(str, arguments)])
    except SystemExit as stop:
        status = stop.code
    out, err = capsys.readouterr()
    return status, out, err


@pytest.fixture
def runs(tmp_path):
    """Two runs, a and b."""
    for name, lr in (("a", 0.1), ("b", 0.2)):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "config.json").write_text(json.dumps({"options": {"epochs": 2, "lr": lr, "seed": 0}}))
        write_metrics(folder / "metrics.csv", [row(1), row(2, test_accuracy=lr, loss_main=float("nan"))])
    return tmp_path


def test_runs_are_compared(capsys, runs):
    status, out, err = run(capsys, runs / "a", runs / "b")
    assert (status, err) == (0, "")
    assert "lr                 0.1 (a), 0.2 (b)" in out
    assert [line[:3] for line in out.splitlines()[:2]] == ["a  ", "b  "]


def test_json_is_strict_and_has_every_epoch(capsys, runs):
    status, out, _ = run(capsys, runs / "a", runs / "b", "--json")
    found = json.loads(out, parse_constant=pytest.fail)
    assert status == 0
    assert found["differing"] == {"lr": [0.1, 0.2]}
    first = found["runs"][0]
    assert (first["state"], first["best_accuracy"], first["best_epoch"], first["seconds"]) == ("finished", 0.25, 1, 81)
    assert [epoch["loss_main"] for epoch in first["epochs"]] == [2.1, None]
    assert first["images_per_second"] == pytest.approx(123.457)


def test_the_page_is_written_whole(capsys, runs, tmp_path):
    status, out, _ = run(capsys, runs / "a", runs / "b", "--html", tmp_path / "c.html")
    assert status == 0 and "c.html" in out
    assert (tmp_path / "c.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "c.html"]
    assert run(capsys, runs / "a", "--html", tmp_path / "gone" / "c.html")[0] == 2


def test_what_cannot_be_read_is_one_line_each_and_the_rest_is_compared(capsys, runs):
    (runs / "b" / "config.json").write_text("{")
    (runs / "empty\x1b").mkdir()
    status, out, err = run(capsys, runs / "a", runs / "b", runs / "gone", runs / "empty\x1b")
    assert status == 0
    lines = err.splitlines()
    assert len(lines) == 3 and all(line.startswith("warning: ") for line in lines)
    assert (
        "b: config.json is damaged" in lines[0] and "gone is not there" in lines[1] and "empty\ufffd holds" in lines[2]
    )
    assert "\nb  " in out and "\nc  " not in out


def test_nothing_to_compare_is_an_error_of_one_line(capsys, runs):
    status, out, err = run(capsys, runs / "gone", runs)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "gone is not there" in err and "holds no run" in err
    assert run(capsys)[0] == run(capsys, "")[0] == 2


def test_a_run_given_twice_is_one(capsys, runs, monkeypatch):
    monkeypatch.chdir(runs)
    _, out, _ = run(capsys, "a", "a/", runs / "b", runs / "b" / ".." / "a")
    assert out.splitlines()[0].startswith("a  a ")
    assert out.splitlines()[1].startswith("b  /")
    assert out.splitlines()[2] == ""
