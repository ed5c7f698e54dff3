"""python -m googlenet lab NAME, as a user calls it."""

import dataclasses
import json
import os
import sys

import pytest
from lab_runs import fabricated

import googlenet.lab_command
from googlenet.__main__ import main
from googlenet.lab import EXPERIMENTS
from googlenet.lab.page import Result, marks


@pytest.fixture(autouse=True)
def asked(monkeypatch, tmp_path):
    """How each experiment was done: in no time, with results that nobody has measured. An empty folder."""
    asked = {}

    def measure(name):
        return lambda lab: asked.update({name: lab}) or fabricated()[name]

    quick = {name: dataclasses.replace(e, measure=measure(name)) for name, e in EXPERIMENTS.items()}
    monkeypatch.setattr(googlenet.lab_command, "EXPERIMENTS", quick)
    monkeypatch.setattr(Result, "picture", lambda self: b"a picture of " + self.experiment.name.encode())
    monkeypatch.chdir(tmp_path)
    return asked


def run(capsys, *arguments):
    """Exit status, standard output, standard error."""
    try:
        status = main(["lab", *arguments])
    except SystemExit as stop:
        status = stop.code
    return status, *capsys.readouterr()


def test_without_a_name_all_are_listed_with_their_questions(capsys, asked):
    status, out, err = run(capsys)
    assert (status, err, asked) == (0, "", {})
    text = " ".join(out.split())
    assert all(f"{name} {experiment.question}" in text for name, experiment in EXPERIMENTS.items())
    assert max(map(len, out.splitlines())) <= 80
    found = json.loads(run(capsys, "--json")[1])
    assert [(e["name"], e["question"]) for e in found] == [(e.name, e.question) for e in EXPERIMENTS.values()]


def test_experiments_are_done_once_in_the_order_of_their_names(capsys, asked):
    status, out, err = run(capsys, "lrn", "heads", "lrn", "--seeds", "5", "--threads", "1")
    assert (status, err) == (0, "")
    assert [(name, lab.seeds, lab.threads, lab.quick, lab.name) for name, lab in asked.items()] == [
        ("lrn", 5, 1, False, "lrn"), ("heads", 5, 1, False, "heads"),
    ]  # fmt: skip
    assert out.endswith("\nwith -o FOLDER it is drawn, too, and the numbers are kept\n")
    assert out.index("lrn: Does") < out.index("\n\nheads: Do the") and out.count("lrn: Does") == 1


def test_all_are_all(capsys, asked, tmp_path):
    assert run(capsys, "all", "--quick")[0] == 0
    assert list(asked) == list(EXPERIMENTS) and all(lab.quick for lab in asked.values())
    assert list(tmp_path.iterdir()) == []


def test_json_is_a_list_of_results(capsys):
    status, out, err = run(capsys, "lrn", "init", "--json", "-o", "out")
    found = json.loads(out, parse_constant=pytest.fail)
    assert (status, err, [result["name"] for result in found]) == (0, "", ["lrn", "init"])
    assert found[0]["data"] == fabricated()["lrn"] and found[0]["facts"]["seeds"] == 3


def test_pictures_and_numbers_are_written(capsys, tmp_path):
    status, out, _ = run(capsys, "lrn", "-o", "a/b")
    assert status == 0 and out.endswith("pictures and numbers are in a/b\n")
    assert sorted(path.name for path in (tmp_path / "a/b").iterdir()) == ["lrn.json", "lrn.png"]
    assert (tmp_path / "a/b/lrn.png").read_bytes() == b"a picture of lrn"
    assert json.loads((tmp_path / "a/b/lrn.json").read_text())["data"] == fabricated()["lrn"]


def test_the_page_gets_what_was_found_and_keeps_the_rest(capsys, tmp_path):
    page = tmp_path / "page.md"
    page.write_text("\n".join(f"## {name}\n{''.join(marks(name))}\nby hand" for name in ("lrn", "init")))
    assert run(capsys, "lrn", "--write", "page.md")[0] == 0
    text = page.read_text(encoding="utf-8")
    assert text.count("by hand") == 2 and "**Does local response normalization do anything?**" in text
    assert EXPERIMENTS["init"].question not in text
    assert sorted(path.name for path in tmp_path.iterdir()) == ["page", "page.md"]
    assert "](page/lrn.png)" in text and (tmp_path / "page/lrn.png").read_bytes() == b"a picture of lrn"


@pytest.mark.parametrize(
    "arguments, said",
    [(["haeds"], "no experiment is called 'haeds'; did you mean heads?"), (["LRN"], "did you mean lrn?"),
     (["xyz"], "there are heads, init, reduction,"), (["heads", "x\x1by"], "'x\ufffdy'"),
     (["lrn", "--seeds", "0"], "got 0, expected at least 1"), (["lrn", "--threads", "no"], "expected a whole number"),
     (["lrn", "-o", ""], "nothing between the quotes"), (["lrn", "-o", "file"], "cannot make the folder file: "),
     (["lrn", "--write", "gone.md"], "cannot read gone.md: No such file"), (["lrn", "--write", "bytes"], "not UTF-8"),
     (["heads", "--write", "file"], "lab: file: the page has no place for heads: ")],
)  # fmt: skip
def test_what_is_wrong_is_one_line_before_anything_is_done(capsys, asked, tmp_path, arguments, said):
    (tmp_path / "file").write_text("no marks")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x80")
    status, out, err = run(capsys, *arguments)
    assert (status, out, err.count("\n")) == (2, "", 1) and said in err and asked == {}


def test_a_folder_that_cannot_be_written_in_is_said_before_anything_is_done(capsys, asked, tmp_path, monkeypatch):
    def refuse(dir):
        raise PermissionError(13, "Permission denied", f"{dir}/x")

    monkeypatch.setattr(googlenet.lab_command.tempfile, "TemporaryFile", refuse)
    (tmp_path / "page.md").write_text("".join(marks("lrn")))
    for arguments, where in ((["-o", "out"], "out"), (["--write", "page.md"], ".")):
        status, out, err = run(capsys, "lrn", *arguments)
        assert (status, out) == (
            2,
            "",
        ) and err == f"googlenet: error: lab: cannot write in {where}: Permission denied\n"
    assert asked == {}


def test_what_was_done_before_ctrl_c_is_kept(capsys, tmp_path, monkeypatch):
    def stop(lab):
        raise KeyboardInterrupt

    stopped = dataclasses.replace(EXPERIMENTS["init"], measure=stop)
    monkeypatch.setitem(googlenet.lab_command.EXPERIMENTS, "init", stopped)
    threads = os.environ.get("OMP_NUM_THREADS")
    status, out, err = run(capsys, "lrn", "init", "heads", "-o", "out")
    assert (status, err) == (130, "") and "lrn: Does" in out and "heads: " not in out
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["lrn.json", "lrn.png"]
    assert os.environ.get("OMP_NUM_THREADS") == threads


def test_matplotlib_is_asked_for_before_anything_is_done(capsys, asked, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    status, out, err = run(capsys, "lrn", "-o", "out")
    assert (status, out, asked) == (2, "", {}) and "matplotlib cannot be imported" in err
    assert run(capsys, "lrn")[0] == 0
