"""train.py by itself, and `python -m googlenet`: the first moments and the last ones of a process."""

import ast
import os
import runpy
import shutil
import signal
import subprocess
import sys

import pytest
from support import REPOSITORY

TRAIN = [sys.executable, "train.py"]
COMMAND = [sys.executable, "-m", "googlenet", "devices"]
SEND = "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\n"


def run(command, modules, stdout=subprocess.PIPE):
    """Run a command that finds the modules in this folder before all others."""
    environment = {**os.environ, "PYTHONPATH": str(modules)}
    streams = {"stdout": stdout, "stderr": subprocess.PIPE, "text": True}
    return subprocess.run(command, cwd=REPOSITORY, env=environment, timeout=120, check=False, **streams)


# ---- an old Python --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", [(2, 7, 18), (3, 6, 15), (3, 9, 18)])
def test_an_old_python_is_told_so(capsys, monkeypatch, version):
    monkeypatch.setattr(sys, "version_info", version)
    with pytest.raises(SystemExit) as stop:
        runpy.run_path(str(REPOSITORY / "train.py"), run_name="__main__")
    assert stop.value.code == 2
    number = ".".join(map(str, version))
    assert capsys.readouterr() == ("", f"train.py needs Python 3.10 or newer, this is {number}\n")


def test_an_old_python_can_read_it():
    """Python 2.7 itself is not here; what is new since 3.4, and what is not ASCII, it could not read."""
    text = (REPOSITORY / "train.py").read_text(encoding="utf-8")
    assert text.isascii()
    tree = ast.parse(text, feature_version=(3, 4))
    nodes = list(ast.walk(tree))
    assert not [node for node in nodes if isinstance(node, (ast.JoinedStr, ast.AnnAssign, ast.Nonlocal, ast.Starred))]
    assert not [node for node in nodes if isinstance(node, ast.Raise) and node.cause is not None]
    assert not [node for node in nodes if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "print"]


@pytest.mark.everything("old Pythons")
@pytest.mark.parametrize("version", ["2.7", "3.6", "3.7", "3.8", "3.9"])
def test_real_old_pythons(version):
    python, code = f"python{version}", "import sys; print(sys.version.split()[0])"
    if shutil.which(python) is None or not run([python, "-c", code], "").stdout.startswith(f"{version}."):
        pytest.skip(f"Python {version} is not here")
    result = run([python, "train.py"], "")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(f"train.py needs Python 3.10 or newer, this is {version}.")


# ---- before the installation ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("command", "name"), [(TRAIN, "train.py"), (COMMAND, "googlenet")], ids=["train.py", "-m"])
def test_without_numpy(tmp_path, command, name):
    blocked = "import sys\nsys.modules['numpy'] = None\nimport importlib.util\nfind = importlib.util.find_spec\n"
    blocked += "importlib.util.find_spec = lambda name, *rest: None if name == 'numpy' else find(name, *rest)\n"
    (tmp_path / "sitecustomize.py").write_text(blocked)
    result = run(command, tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith(f"{name}: error: ")
    assert "numpy" in result.stderr and "pip install -e ." in result.stderr


# ---- Ctrl-C while it starts, and while it ends ----------------------------------------------------------------------


@pytest.mark.usefixtures("signals_as_in_a_terminal")
@pytest.mark.parametrize("command", [TRAIN, COMMAND], ids=["train.py", "-m"])
def test_ctrl_c_during_the_imports(tmp_path, command):
    (tmp_path / "numpy.py").write_text(SEND + "raise SystemExit('it went on')")
    result = run(command, tmp_path)
    assert (result.returncode, result.stdout, result.stderr) == (130, "", "")


@pytest.mark.parametrize("command", [TRAIN, COMMAND], ids=["train.py", "-m"])
def test_where_it_is_ignored_it_stays_so(tmp_path, command):
    (tmp_path / "numpy.py").write_text(SEND + "raise SystemExit('it went on')")
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        result = run(command, tmp_path)
    finally:
        signal.signal(signal.SIGINT, before)
    assert (result.returncode, result.stderr) == (1, "it went on\n")


@pytest.mark.usefixtures("signals_as_in_a_terminal")
@pytest.mark.parametrize("command", [[*TRAIN, "--help"], COMMAND], ids=["train.py", "-m"])
def test_ctrl_c_while_the_interpreter_ends(tmp_path, command):
    (tmp_path / "sitecustomize.py").write_text("import atexit\n@atexit.register\ndef late():\n    import os, signal\n"
                                               "    os.kill(os.getpid(), signal.SIGINT)\n")  # fmt: skip
    result = run(command, tmp_path)
    assert (result.returncode, result.stderr) == (130, "")
    if command is COMMAND:
        assert result.stdout.startswith("cpu")  # what it had to say is out by then


def test_nobody_reads(tmp_path):
    """As in `python -m googlenet devices | true`."""
    reader, writer = os.pipe()
    os.close(reader)
    result = run(COMMAND, tmp_path, stdout=writer)
    os.close(writer)
    assert (result.returncode, result.stderr) == (141, "")
