"""python -m minicnn.explain: what it prints and writes, and its exit status."""

import re
import sys

import numpy as np
import pytest
from support import REPOSITORY

import minicnn as mc
import minicnn.functional as F
from minicnn.explain.__main__ import main
from minicnn.explain.worked import OPERATIONS
from minicnn.functional.convolution import Conv2d


def refused(capsys, *arguments):
    """What it says on standard error, one line, when it exits with status 2."""
    with pytest.raises(SystemExit) as stopped:
        main(list(arguments))
    output = capsys.readouterr()
    assert stopped.value.code == 2 and output.out == ""
    assert output.err.count("\n") == 1
    return output.err


def printed(capsys, *arguments):
    assert main(list(arguments)) == 0
    output = capsys.readouterr()
    assert output.err == ""
    return output.out


def test_without_a_name_it_lists_them(capsys):
    lines = printed(capsys).splitlines()
    assert [line.split()[0] for line in lines[: len(OPERATIONS)]] == list(OPERATIONS)
    assert max(map(len, lines)) <= 80


def test_it_prints_the_example(capsys):
    assert printed(capsys, "im2col") == f"{mc.explain('im2col')}\n"


def test_the_documentation_shows_what_it_prints(capsys):
    page = (REPOSITORY / "docs" / "explain.md").read_text(encoding="utf-8")
    told = page.partition("    $ python -m minicnn.explain conv2d\n")[2].partition("\n\nOne operation")[0]
    parts = re.sub("(?m)^    ", "", told).split("...\n")
    lines = re.sub("within .*", "within", printed(capsys, "conv2d"))  # how exact differences are is the machine's
    assert len(parts) == 4
    assert all(re.sub("within .*", "within", part).rstrip("\n") in lines for part in parts)


def test_arrays_in_every_way(capsys, tmp_path):
    np.save(tmp_path / "x.npy", np.array([[1, 2, 3], [4, 5, 6], [7, 8, 9]], np.float32))
    x = np.arange(1, 10).reshape(1, 1, 3, 3)
    expected = f"{mc.explain(F.conv2d, x, [[[[0, 1], [1, 0]]]], stride=2, padding=(1, 0), at=(0, 0, 1, 0))}\n"
    rest = ["--weight", "0 1; 1 0", "--stride", "2", "--padding", "1,0", "--at", "0,0,1,0"]
    for given in ("1 2 3; 4 5 6; 7 8 9", "1,2,3;4,5,6;7,8,9", "[[1,2,3],[4,5,6],[7,8,9]]", str(tmp_path / "x.npy")):
        assert printed(capsys, "conv2d", "--x", given, *rest) == expected


def test_the_options_are_the_arguments_of_the_function(capsys):
    shown = printed(capsys, "avg_pool2d", "--x", "1 2; 3 4", "--kernel-size", "2", "--padding", "1",
                    "--no-count-include-pad", "--grad-y", "1 0 0; 0 2 0; 0 0 0")  # fmt: skip
    assert "padding does not count" in shown and "grad_y[0,0,1,1] * 1/4" in shown
    bias = printed(capsys, "conv2d", "--bias", "2 -2")
    assert bias == f"{mc.explain('conv2d', bias=np.array([2, -2]))}\n"
    assert printed(capsys, "conv2d", "--bias", "-1,.5", "--at", "-1,-1,0,0") == printed(
        capsys, "conv2d", "--bias=-1 .5", "--at", "0,1,0,0"
    )
    assert "q = weight * targets" in printed(capsys, "cross_entropy", "--weight", "1 2 3")
    assert "x0 is 0, x1 is 1" in printed(capsys, "concat", "--tensors", "1 2", "3 4")


@pytest.mark.parametrize(("arguments", "message"), [
    (["conv"], "conv has no worked example; is it conv2d or concat?"),
    (["zzz"], "zzz has no worked example; these have: conv2d, im2col"),
    (["--html", "conv2d"], "unrecognized arguments: --html"),
    (["conv2d", "--strid", "2"], "unrecognized arguments: --strid 2"),
    (["conv2d", "--x", "1 2; 3"], "argument --x: '1 2; 3' is no array; write 1 2; 3 4 in quotes"),
    (["conv2d", "--x", "[[1], 2]"], "is no array"),
    (["conv2d", "--x", "none.npy"], "none.npy cannot be read: No such file or directory"),
    (["conv2d", "--x", ""], "'' is no array"),
    (["conv2d", "--x", "1e999 1; 1 1"], "conv2d: x has an inf or a nan in it"),
    (["conv2d", "--at", "0,x"], "'0,x' is no index"),
    (["conv2d", "--stride", "two"], "'two' is no number"),
    (["conv2d", "--stride", "0"], "conv2d: stride is 0, expected at least 1"),
    (["conv2d", "--stride", "1,2,3"], "conv2d: stride is (1, 2, 3), expected an int or a pair of ints"),
    (["conv2d", "--at", "9,9,9,9"], "conv2d: at is (9, 9, 9, 9), but the output has shape (1, 2, 2, 2)"),
    (["conv2d", "--html", str(REPOSITORY)], "error: explain: "),
    (["conv2d", "--html", "/nowhere/x.html"], "explain: cannot write /nowhere/x.html: No such file or directory"),
])  # fmt: skip
def test_a_wrong_command_line_is_answered_in_one_line(capsys, arguments, message):
    assert message in refused(capsys, *arguments)


def test_a_file_that_is_no_array_of_numbers(capsys, tmp_path):
    np.save(tmp_path / "x.npy", np.array(["a"]))
    (tmp_path / "y.npy").write_bytes(b"\x93NUMPY")
    np.savez(tmp_path / "z.npz", a=1)
    (tmp_path / "z.npz").rename(tmp_path / "z.npy")
    for name in ("x.npy", "y.npy", "z.npy"):
        assert f"{name} is no array of numbers" in refused(capsys, "conv2d", "--x", str(tmp_path / name))
    np.lib.format.open_memmap(tmp_path / "l.npy", "w+", np.uint8, (1 << 24, 2))  # a hole: it takes no room
    assert "l.npy has 33,554,432 elements" in refused(capsys, "conv2d", "--x", str(tmp_path / "l.npy"))


def test_a_page(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert printed(capsys, "conv2d", "--html") == "conv2d.html written\n"
    assert (tmp_path / "conv2d.html").read_text(encoding="utf-8") == mc.explain("conv2d").html()
    printed(capsys, "conv2d", "--html", "other.html")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["conv2d.html", "other.html"]


def test_color_where_the_terminal_has_it(capsys, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert "\033" not in printed(capsys, "concat")
    assert "\033[1m" in printed(capsys, "concat", "--color")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert "\033[1m" in printed(capsys, "concat")
    assert "\033" not in printed(capsys, "concat", "--no-color")
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\033" not in printed(capsys, "concat")


def test_ways_that_do_not_agree_are_a_failure(capsys, monkeypatch):
    forward = Conv2d.forward
    monkeypatch.setattr(Conv2d, "forward", lambda self, *inputs: forward(self, *inputs) + 1)
    assert main(["conv2d"]) == 1
    assert "do not agree: " in capsys.readouterr().err


def test_help_has_examples(capsys):
    for arguments in (["--help"], ["conv2d", "--help"]):
        with pytest.raises(SystemExit) as stopped:
            main(arguments)
        shown = capsys.readouterr().out
        assert stopped.value.code == 0 and "examples:" in shown
        assert max(map(len, shown.splitlines())) <= 80
