"""What all commands share: streams that are closed or take ASCII alone, and one line for what goes wrong."""

import errno
import io
import os
import sys
from pathlib import Path

import pytest
from support import run_python

from googlenet.commandline import check_packages, failed, prepare_streams, say
from minicnn.backend.gpu import NoGPU
from minicnn.data import SampleError

# ---- streams --------------------------------------------------------------------------------------------------------


@pytest.fixture
def nobody_reads():
    """A pipe of which the other end is closed, as standard output is after `| head -1`."""
    reader, writer = os.pipe()
    os.close(reader)
    with open(writer, "w") as stream:
        yield stream


def test_say(capsys):
    say("one")
    say("two", error=True)
    assert capsys.readouterr() == ("one\n", "two\n")


def test_where_nobody_reads_the_work_goes_on(capsys, nobody_reads, monkeypatch):
    monkeypatch.setattr(sys, "stdout", nobody_reads)
    say("one")
    assert capsys.readouterr().err == "warning: standard output: Broken pipe. The work goes on without.\n"
    say("two")
    nobody_reads.write("three")  # closed by the fixture: nothing of it fails any more
    assert capsys.readouterr().err == ""


def test_where_nobody_hears_the_error_either(nobody_reads, monkeypatch):
    monkeypatch.setattr(sys, "stdout", nobody_reads)
    monkeypatch.setattr(sys, "stderr", nobody_reads)
    say("one")
    say("two", error=True)


def test_standard_error_that_is_closed_is_no_file_of_ours(tmp_path):
    """Else the next file that is opened has the number 2, and every message goes into it."""
    code = f"""
import os
os.close(1)
os.close(2)
import sys
sys.stdout = sys.stderr = None  # as Python has it after `>&- 2>&-`
from googlenet.commandline import prepare_streams
prepare_streams()
with open({str(tmp_path / "checkpoint")!r}, "w") as file:
    print("hello")
    print("hello", file=sys.stderr, flush=True)
    os.write(2, b"hello")
    file.write(str(file.fileno() > 2))
"""
    result = run_python(code)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert (tmp_path / "checkpoint").read_text() == "True"


def test_a_terminal_that_knows_ascii_alone(monkeypatch):
    content = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(content, "ascii"))
    prepare_streams()
    print("runs/Übung \udcff", flush=True)
    assert content.getvalue() == b"runs/\\xdcbung \\udcff\n"


# ---- packages -------------------------------------------------------------------------------------------------------


def test_what_is_needed_is_there():
    check_packages("numpy", "safetensors")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, r"pretended cannot be imported \(No module named 'pretended'\)"),
        (
            "raise ImportError('libpretended.so: cannot open')",
            r"pretended cannot be imported \(libpretended.so: cannot op",
        ),
        ("raise AttributeError('_ARRAY_API\\nnot found')", r"pretended cannot be imported \(_ARRAY_API not found\)"),
    ],
    ids=["missing", "broken", "broken in another way"],
)
def test_a_package_that_cannot_be_imported(tmp_path, monkeypatch, content, said):
    if content is not None:
        (tmp_path / "pretended.py").write_text(content)
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ImportError, match=said):
        check_packages("numpy", "pretended")


@pytest.mark.parametrize("version", ["1.26.4", "0.9"])
def test_a_numpy_that_is_too_old(monkeypatch, version):
    monkeypatch.setattr("numpy.__version__", version)
    with pytest.raises(ImportError, match=f"NumPy {version} is too old, 2.0 or newer is needed"):
        check_packages("numpy")


# ---- what went wrong ------------------------------------------------------------------------------------------------


MEMORY = MemoryError("Unable to allocate 74 GiB")
THREADS = RuntimeError("can't start new thread")
USER = [
    (ValueError("--lr: got -1"), 2, 1, "--lr: got -1"),
    (FileNotFoundError(errno.ENOENT, "No such file", "x"), 2, 1, "No such file"),
    (NoGPU("there is no GPU"), 2, 1, "there is no GPU"),
    (ImportError("No module named 'PIL'"), 2, 2, "No module named 'PIL'. Install what is needed: pip install -e ."),
    (SampleError(3, "is broken"), 2, 1, "sample 3: is broken"),
    (MEMORY, 1, 1, "out of memory (Unable to allocate 74 GiB). A smaller --batch-size or --image-size takes less"),
    (MemoryError(), 1, 1, "out of memory (MemoryError)"),
    (THREADS, 1, 1, "--threads"),
]


@pytest.mark.parametrize(("error", "before", "inside", "said"), USER, ids=lambda value: type(value).__name__)
def test_what_the_user_can_mend_is_one_line(capsys, tmp_path, error, before, inside, said):
    assert failed("train.py", error) == before
    out, line = capsys.readouterr()
    assert out == "" and line.startswith("train.py: error: ") and said in line and line.count("\n") == 1
    if isinstance(error, ValueError) and not isinstance(error, SampleError):
        return  # in the middle of the work it is not about what the user gave
    assert failed("train.py", error, tmp_path, "The checkpoint is there") == inside
    line = capsys.readouterr().err
    assert said in line and line.endswith(". The checkpoint is there\n") and line.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def raised(error):
    """An error with a traceback."""
    try:
        raise error
    except type(error) as caught:
        return caught


@pytest.mark.parametrize("error", [ValueError("shape\n(3,)"), KeyError("momentum"), RuntimeError("graph")], ids=repr)
def test_our_own_mistakes_keep_their_traceback_in_the_run_s_folder(capsys, tmp_path, error):
    assert failed("train.py", raised(error), tmp_path, "The checkpoint is there") == 1
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert f"error: {type(error).__name__}: {' '.join(str(error).split())}. This is a mistake in the program" in line
    assert f"please report it, with {tmp_path / 'error.txt'}. The checkpoint is there" in line
    traceback = (tmp_path / "error.txt").read_text()
    assert traceback.startswith("Traceback") and "in raised" in traceback and type(error).__name__ in traceback


def test_without_a_folder_the_traceback_is_among_the_temporary_files(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert failed("googlenet", raised(TypeError("oops"))) == 1
    line = capsys.readouterr().err
    (path,) = tmp_path.iterdir()
    assert str(path) in line and line.count("\n") == 1
    assert "in raised" in path.read_text()


def test_where_nothing_can_be_written_the_traceback_is_on_the_screen(capsys, tmp_path):
    assert failed("train.py", raised(KeyError("x")), tmp_path / "gone") == 1
    assert "in raised" in capsys.readouterr().err


def test_a_closed_pipe_ends_a_command_quietly(capsys, nobody_reads, monkeypatch):
    monkeypatch.setattr(sys, "stdout", nobody_reads)
    nobody_reads.write("a table")
    assert failed("googlenet", raised(BrokenPipeError(errno.EPIPE, "Broken pipe"))) == 141
    assert capsys.readouterr().err == ""


def test_a_full_disk_behind_standard_output_is_told_once(capsys, monkeypatch):
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    with open("/dev/full", "w") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        stream.write("a table")
        assert failed("googlenet", OSError(errno.ENOSPC, "No space left on device")) == 2
        assert capsys.readouterr().err == "googlenet: error: No space left on device\n"
