"""python -m minicnn.gradcheck FILE.py:NAME: what it prints, and its exit status."""

import json
import subprocess
import sys

import pytest
from support import REPOSITORY

from minicnn.gradcheck.__main__ import main

CODE = """
import numpy as np

def affine_forward(x, w, b):
    return x @ w + b, (x, w)

def affine_backward(dout, cache):
    x, w = cache
    return dout @ w.T, x.T @ dout, dout.sum(axis=0)

def averaged_forward(x, w, b):
    return affine_forward(x, w, b)

def averaged_backward(dout, cache):
    dx, dw, db = affine_backward(dout, cache)
    return dx, dw, db / len(dout)

def cube(x):
    return x**3

pair = cube, lambda grad, x: grad * 3 * x**2

class Square:
    def forward(self, x):
        self.x = x
        return x * x

    def backward(self, dout):
        return 2 * self.x * dout

def loss(x, labels):
    rows = np.arange(len(x))
    gradient = np.zeros_like(x)
    gradient[rows, labels] = 1
    return x[rows, labels].sum(), gradient

def loss_inputs():
    return np.random.default_rng(0).standard_normal((3, 4)), np.array([1, 0, 3])

def scores():
    return np.ones(3)

def shape_forward(x):
    return x * 2, None

def shape_backward(dout, cache):
    return dout[0]
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "layers.py"
    path.write_text(CODE)
    return path


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("affine", ["--shapes", "4,3", "3,5", "5"]),
        ("pair", ["--shapes", "4"]),
        ("Square", ["--shapes", "2,3"]),
        ("Square", ["--inputs", "scores"]),
        ("loss", []),
        ("affine", ["--shapes", "4,3", "3,5", "5", "--directions", "3", "--seed", "2", "--eps", "1e-5"]),
    ],
)
def test_right_is_0(file, name, options, capsys):
    assert main([f"{file}:{name}", *options]) == 0
    assert "agree with differences" in capsys.readouterr().out


def test_wrong_is_1_and_the_message(file, capsys):
    assert main([f"{file}:averaged", "--shapes", "4,3", "3,5", "5"]) == 1
    printed = capsys.readouterr().out
    assert printed.startswith("gradcheck: the gradient of b, shape (5,), is wrong in 5 of 5 elements")
    assert "times 0.25, 1 / the size of axis 0 of x." in printed


def test_a_wrong_shape_is_1_too(file, capsys):
    assert main([f"{file}:shape", "--shapes", "4,3"]) == 1
    assert "the gradient of x has shape (3,), expected that of x, (4, 3)" in capsys.readouterr().out


@pytest.mark.parametrize(("name", "status"), [("affine", 0), ("averaged", 1)])
def test_json(file, name, status, capsys):
    assert main([f"{file}:{name}", "--shapes", "4,3", "3,5", "5", "--json"]) == status
    found = json.loads(capsys.readouterr().out)
    assert found["right"] is (status == 0)
    assert bool(found["message"]) is (status == 1)
    assert [(one["name"], one["shape"], one["wrong"]) for one in found["inputs"]] == [
        ("x", [4, 3], 0), ("w", [3, 5], 0), ("b", [5], 5 * status)
    ]  # fmt: skip
    assert found["evaluations"] > 60


@pytest.mark.parametrize(
    ("where", "options", "message"),
    [
        ("layers.py", [], "names no function, expected FILE.py:NAME"),
        ("other.py:affine", [], "there is no file"),
        ("layers.py:affin", [], "layers.py has neither affin_forward and affin_backward, nor a function, a pair or"),
        ("layers.py:affine", [], "no inputs: give their --shapes, or write a function affine_inputs() that returns"),
        ("layers.py:affine", ["--shapes", "4,x"], "'4,x' is no shape, expected whole numbers with commas: 4,3"),
        ("layers.py:affine", ["--shapes", "4,3"], "missing 2 required positional arguments"),
        ("layers.py:affine", ["--shapes", "4,3", "4,5", "5"], "ValueError: matmul: Input operand 1 has a mismatch"),
    ],
)  # fmt: skip
def test_a_wrong_command_line_is_2_and_one_line(file, where, options, message, capsys):
    with pytest.raises(SystemExit) as exit:
        main([str(file.parent / where), *options])
    assert exit.value.code == 2
    printed = capsys.readouterr().err
    assert message in printed
    assert printed.count("\n") == 1


def test_a_file_that_cannot_be_run_is_2(tmp_path, capsys):
    path = tmp_path / "broken_file.py"
    path.write_text("1 / 0")
    with pytest.raises(SystemExit) as exit:
        main([f"{path}:affine"])
    assert exit.value.code == 2
    assert "broken_file.py cannot be run: ZeroDivisionError: division by zero" in capsys.readouterr().err


def test_a_forward_that_exits_is_2_and_one_line(tmp_path, capsys):
    path = tmp_path / "exits.py"
    path.write_text("import sys\ndef f_forward(x):\n    sys.exit(0)\ndef f_backward(dout, x):\n    return dout\n")
    with pytest.raises(SystemExit) as exit:
        main([f"{path}:f", "--shapes", "3"])
    assert exit.value.code == 2
    assert "SystemExit: 0 (exits.py, line 3)" in capsys.readouterr().err


def test_json_knows_no_nan(tmp_path, capsys):
    path = tmp_path / "nan.py"
    path.write_text("def f_forward(x):\n    return 2 * x\ndef f_backward(dout, x):\n    return dout * float('nan')\n")
    assert main([f"{path}:f", "--shapes", "3", "--json"]) == 1
    found = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert found["inputs"][0]["max_absolute_error"] is None


def test_the_command_itself(file):
    command = [sys.executable, "-m", "minicnn.gradcheck", f"{file.name}:averaged", "--shapes", "4,3", "3,5", "5"]
    environment = {"PYTHONPATH": str(REPOSITORY), "PATH": ""}
    done = subprocess.run(command, cwd=file.parent, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    assert "the gradient of b" in done.stdout


def test_help_shows_examples(capsys):
    with pytest.raises(SystemExit) as exit:
        main(["--help"])
    assert exit.value.code == 0
    assert "python -m minicnn.gradcheck layers.py:affine --shapes 4,3 3,5 5" in capsys.readouterr().out
