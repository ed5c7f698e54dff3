"""`python -m benchmarks` as a user meets it."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
import strict
from support import needs_torch, torch

import minicnn as mc
from benchmarks import __main__ as command
from benchmarks import machine, measure, networks, options
from benchmarks.measure import Settings
from minicnn import backend

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--size", "31"], "--size: expected 32 or more, got 31"),
        (["--batch-size", "0"], "--batch-size: expected 1 or more, got 0"),
        (["--rounds", "some"], "--rounds: invalid int value: 'some'"),
        (["--threads", "100000"], "--threads: expected at most"),
        (["--preset", "vgg"], "invalid choice: 'vgg'"),
        (["--only", "speed"], "invalid choice: 'speed'"),
        (["--only", "digits", "--size", "96"], "--only: of another configuration, training, inference, memory can"),
        (["--layers", "--only", "digits"], "--layers: goes without --only"),
        (["--only", "threads", "--chart", "x.png"], "--chart: draws digits, inference, memory, one-image, training"),
        (["--chart", "no/such/folder/chart.png"], "--chart: cannot write"),
        (["--json", "no/such/folder/result.json"], "--json: cannot write"),
    ],
)
def test_wrong_usage_is_one_clear_line(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        command.main(arguments)
    assert stop.value.code == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert message in lines[0]


def test_without_torch_it_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(options, "find_spec", lambda name: None)
    with pytest.raises(SystemExit) as stop:
        command.main([])
    assert stop.value.code == 2
    assert "pip install torch==2.13.0" in capsys.readouterr().err


# ---- on a GPU -------------------------------------------------------------------------------------------------------


@needs_torch
@pytest.mark.parametrize(
    ("name", "has_cupy", "message"),
    [
        ("cuda", False, 'device "cuda" cannot be used: '),
        ("cuda:x", True, "device: got 'cuda:x'"),
        ("cuda", True, "this PyTorch is made for the CPU, or finds no GPU: pip install torch"),
    ],
)
def test_a_gpu_that_one_side_cannot_use_is_one_clear_line(
    name: str, has_cupy: bool, message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    if has_cupy:
        with strict.installed():
            assert message in options.why_not(name)
    else:
        monkeypatch.setitem(sys.modules, "cupy", None)
        with pytest.raises(SystemExit) as stop:
            command.main(["--device", name])
        assert stop.value.code == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert message in line


CUDA = next(device for device in mc.devices() if device.name.startswith("cuda"))


@pytest.mark.skipif(not CUDA.usable, reason=f"no GPU: {CUDA.description}")
def test_our_side_on_a_gpu() -> None:
    settings = vars(Settings(2, 32, threads=1, device="cuda"))
    backend.use("cuda")
    sys.modules["cupy"].get_default_memory_pool().free_all_blocks()  # what earlier tests have taken
    one = networks.minicnn_side(settings)
    on_cpu = networks.minicnn_side({**settings, "device": "cpu"})
    assert one.versions["GPU"] == str(CUDA)
    assert one.after_imports == 0
    before = one.peak()
    assert before > 4 * 13e6  # the weights are there
    for name in ("training", "inference"):
        assert one.commands[name](2)["work"] == on_cpu.commands[name](1)["work"] == 2
    assert one.peak() > before


@pytest.mark.parametrize(
    ("arguments", "custom", "size", "batch_size", "rounds"),
    [
        ([], False, 224, 16, None),
        (["--quick"], False, 224, 16, 1),  # rows.trial makes everything tiny, each row in its own way
        (["--quick", "--preset", "plain"], True, 32, 2, 1),
        (["--quick", "--size", "96", "--rounds", "4"], True, 96, 2, 4),
        (["--batch-size", "3"], True, 224, 3, None),
        (["--quick", "--layers"], False, 32, 2, 1),
    ],
)
@needs_torch
def test_defaults(arguments: list[str], custom: bool, size: int, batch_size: int, rounds: int | None) -> None:
    parsed = options.parse(arguments)
    found = parsed.custom, parsed.size, parsed.batch_size, parsed.rounds
    assert found == (custom, size, batch_size, rounds)


@needs_torch
def test_plan() -> None:
    plan = command.plan(options.parse(["--only", "one-image", "threads", "--rounds", "9", "--threads", "1"]))
    assert [(m.group, m.rounds, bool(m.missing)) for m in plan] == [("one-image", 9, False), ("threads", 9, True)]
    assert {c.repeats for c in plan[0].contestants.values()} == {40}
    (memory, _) = command.plan(options.parse(["--only", "memory", "--repeats", "7", "--size", "64"]))
    assert {(c.repeats, c.settings.size) for c in memory.contestants.values()} == {(7, 64)}


# ---- without processes ----------------------------------------------------------------------------------------------


class PretendedSide:
    """A side that takes a second for a step, and does as much in it as SPEED says."""

    SPEED = {"minicnn": 20.0, "torch-nchw": 16.0, "torch-channels_last": 25.0}
    log: list[str] = []

    def __init__(self, name: str, settings: Settings, folder: str | None = None) -> None:
        self.name, self.settings = name, settings

    def ask(self, command: str) -> dict[str, Any]:
        self.log.append(f"{self.name} {command}")
        if command == "about":
            return {"NumPy": "2.4"}
        if command == "memory":
            return {"peak": 1e9 / self.SPEED[self.name], "after_imports": 1e6}
        repeats = int(command.split()[1])
        work = self.SPEED.get(self.name, 80.0) / (2 if self.settings.batch_size == 64 else 1)
        return {"seconds": [1.0] * repeats, "work": work, "gflop_per_image": 2.0, "cpu_seconds": 0.0}

    def close(self) -> None:
        self.log.append(f"{self.name} close")


@pytest.fixture
def pretended(monkeypatch: pytest.MonkeyPatch) -> type[PretendedSide]:
    monkeypatch.setattr(measure, "SideProcess", PretendedSide)
    monkeypatch.setattr(measure, "PAUSE", 0)
    monkeypatch.setattr(machine, "cores", lambda: 2)
    PretendedSide.log.clear()
    return PretendedSide


@needs_torch
def test_the_whole_table(pretended: type[PretendedSide], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, chart = tmp_path / "result.json", tmp_path / "chart.png"
    assert command.main(["--threads", "2", "--json", str(path), "--chart", str(chart)]) == 0
    text = capsys.readouterr().out
    assert max(len(line) for line in text.splitlines()) <= 80
    assert text.index("matrix product") < text.index("training / PyTorch NCHW") < text.index("Medians, for orientation")
    rows = {row["what"]: row for row in json.loads(path.read_text())["rows"]}
    assert {what: (row["median"], row["met"]) for what, row in rows.items()} == {
        "training / PyTorch NCHW": (1.25, True),
        "training / PyTorch channels_last": (0.8, None),
        "training / PyTorch's faster layout": (0.8, False),
        "inference / PyTorch NCHW": (1.25, False),
        "inference / PyTorch channels_last": (0.8, False),
        "inference, one image / PyTorch NCHW": (1.25, True),
        "inference, one image / channels_last": (0.8, None),
        "peak memory, training / PyTorch NCHW": (0.8, False),
        "peak memory, training / channels_last": (1.25, False),
        "peak memory, inference / PyTorch NCHW": (0.8, None),
        "peak memory, inference / channels_last": (1.25, None),
        "digits 64x64, batch 64 / faster layout": (0.8, False),
        "training after a look inside / without one": (4.0, True),
        "training, all results recorded / without": (4.0, None),
        "training, 2 threads / 1 thread": (1.0, False),
        "time an image, batch 64 / batch 16": (2.0, False),
        "preset paper (LRN), training / NCHW": (1.25, True),
        "preset batchnorm, training / NCHW": (1.25, True),
        "reading and augmenting JPEG / training": (4.0, True),
    }
    assert chart.stat().st_size > 10_000


def test_memory_is_asked_of_fresh_processes(pretended: type[PretendedSide]) -> None:
    one = {"minicnn": measure.Contestant("minicnn", Settings(16, 224, threads=1), "inference")}
    found = measure.in_fresh_processes(one, 2, lambda line: None)
    assert pretended.log == 2 * ["minicnn inference 3", "minicnn memory", "minicnn close"]
    assert len(found.answers["minicnn"]) == 2


def test_sides_take_turns_and_each_comes_first(pretended: type[PretendedSide]) -> None:
    contestants = {name: measure.Contestant(name, Settings(16, 224, threads=1)) for name in PretendedSide.SPEED}
    found = measure.in_turns(contestants, 3, lambda line: None)
    ours, nchw, last = PretendedSide.SPEED
    assert [line.removesuffix(" training 3") for line in pretended.log if line.endswith("training 3")] == [
        ours, nchw, last,
        nchw, last, ours,
        last, ours, nchw,
    ]  # fmt: skip
    assert sorted(pretended.log[-3:]) == sorted(f"{name} close" for name in contestants)
    assert {name: len(answers) for name, answers in found.answers.items()} == dict.fromkeys(contestants, 3)


def test_sides_get_no_slowing_settings_and_the_same_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.delenv("OPENBLAS_L2_SIZE", raising=False)
    environment, removed = machine.side_environment(threads=3)
    assert removed == ["OPENBLAS_CORETYPE"]
    assert "OPENBLAS_CORETYPE" not in environment
    assert environment["OMP_NUM_THREADS"] == environment["OPENBLAS_NUM_THREADS"] == "3"


@pytest.mark.skipif(not Path("/proc/stat").exists(), reason="only Linux counts the work of its cores")
def test_work_of_other_programs_is_noticed() -> None:
    before, start = machine.busy_seconds(), time.perf_counter()
    while time.perf_counter() - start < 0.5:
        pass
    after = machine.busy_seconds()
    assert before is not None
    assert after is not None
    assert after - before > 0.2


def test_the_parent_imports_nothing_heavy() -> None:
    """Its memory would be counted into the peaks of the sides."""
    code = (
        "import sys, benchmarks.__main__; sys.exit(any(name in sys.modules for name in ('numpy', 'torch', 'minicnn')))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=False).returncode == 0


def test_a_side_that_ends_is_reported(capfd: pytest.CaptureFixture[str]) -> None:
    side = measure.SideProcess("no-such-side", measure.Settings(1, 32, 1, "plain"))
    with pytest.raises(measure.SideFailedError, match="no-such-side ended with exit code 1 at the command 'about'"):
        side.ask("about")
    side.close()
    assert "KeyError" in capfd.readouterr().err  # the side's own words reach the user


@pytest.mark.everything("long runs")
@needs_torch
def test_quick_run_prints_ratios_and_writes_json(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    line = [sys.executable, "-m", "benchmarks", "--quick", "--only", "limits", "digits", "jpeg", "--json", str(path)]
    folders = set(Path(tempfile.gettempdir()).glob("benchmarks-*"))
    done = subprocess.run(line, cwd=REPOSITORY, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert max(len(line) for line in done.stdout.splitlines()) <= 80
    document = json.loads(path.read_text())
    assert [m["what"] for m in document["measurements"]] == [
        "matrix product", "copy", "products of a training step alone", "products of a training step alone, digits",
        "digits 64x64, batch 64, training", "JPEG files",
    ]  # fmt: skip
    for measurement in document["measurements"]:
        assert all(len(figures) == 1 and figures[0] > 0 for figures in measurement["figures"].values())
    assert [row["met"] for row in document["rows"]] == [None, None]
    assert set(Path(tempfile.gettempdir()).glob("benchmarks-*")) <= folders  # the JPEG files are gone


@pytest.mark.everything("long runs")
@needs_torch
def test_ctrl_c_ends_the_sides_and_exits_with_130() -> None:
    line = [sys.executable, "-m", "benchmarks", "--quick", "--only", "inference", "--rounds", "10000"]
    running = subprocess.Popen(line, cwd=REPOSITORY, stderr=subprocess.PIPE, text=True)
    assert running.stderr is not None
    for message in running.stderr:
        if "warming up" in message:  # all sides have started
            break
    children = Path(f"/proc/{running.pid}/task/{running.pid}/children")
    sides = [int(pid) for pid in children.read_text().split()] if children.exists() else []
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "Traceback" not in errors
    for pid in sides:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
