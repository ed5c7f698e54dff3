"""`python -m benchmarks` as a user meets it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import strict
from support import needs_torch, torch

import minicnn as mc
from benchmarks import __main__ as command
from benchmarks import machine, measure, side
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
    monkeypatch.setattr(command, "find_spec", lambda name: None)
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
            assert message in command.why_not(name)
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
    settings = {"batch_size": 2, "size": 32, "threads": 1, "preset": "plain", "device": "cuda"}
    backend.use("cuda")
    sys.modules["cupy"].get_default_memory_pool().free_all_blocks()  # what earlier tests have taken
    one = side.minicnn_side(settings)
    on_cpu = side.minicnn_side({**settings, "device": "cpu"})
    assert one.versions["GPU"] == str(CUDA)
    assert one.after_imports == 0
    before = one.peak()
    assert before > 4 * 13e6  # the weights are there
    losses = one.training(), one.training()
    assert losses[0] == pytest.approx(on_cpu.training(), rel=0.2)  # with other dropout masks
    assert losses[0] != losses[1]
    assert backend.device_of(one.inference().data) == "cuda:0"
    assert one.peak() > before


@pytest.mark.parametrize(("arguments", "size"), [(["--quick"], 64), (["--quick", "--size", "96"], 96), ([], 224)])
@needs_torch
def test_quick_changes_only_what_is_not_given(arguments: list[str], size: int) -> None:
    assert command.parse(arguments).size == size


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


@pytest.mark.slow
@needs_torch
def test_quick_run_prints_ratios_and_writes_json(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    line = [sys.executable, "-m", "benchmarks", "--quick", "--json", str(path)]
    done = subprocess.run(line, cwd=REPOSITORY, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    assert max(len(line) for line in done.stdout.splitlines()) <= 80
    document = json.loads(path.read_text())
    for mode in ("training", "inference"):
        speeds = document["speed"][mode]["images_per_second"]
        assert [len(figures) for figures in speeds.values()] == [1, 1, 1]
        for figures in document["memory"][mode]["bytes"].values():
            assert 0 < figures["after_imports"] < figures["peak"]


@pytest.mark.slow
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
