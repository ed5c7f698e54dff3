"""python -m exercises: help with examples for every command, and one line where the usage is wrong."""

import pytest

from exercises.__main__ import COMMANDS, main, parser

NAMES = [""] + [module.__name__.rpartition(".")[2].rstrip("_") for module in COMMANDS]


@pytest.mark.parametrize("name", NAMES)
def test_every_help_has_examples_that_are_right(name, capsys):
    with pytest.raises(SystemExit) as ended:
        main([*name.split(), "--help"])
    out = capsys.readouterr().out
    assert ended.value.code == 0 and max(map(len, out.splitlines())) <= 80
    examples = [line for line in out.partition("examples:")[2].splitlines() if line.startswith("  python -m exercises")]
    assert examples
    for example in examples:
        words = example.partition("|")[0].partition(">")[0].split()[3:]
        parser().parse_args(words)  # SystemExit where it is wrong


@pytest.mark.parametrize("line", ["nonsense", "check --nonsense", "hint --level 0", "list nowhere", "diff", "start"])
def test_wrong_usage_is_one_line(line, capsys):
    with pytest.raises(SystemExit) as ended:
        main(line.split())
    assert ended.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_json_may_stand_before_or_after_the_command(work, capsys):
    for line in (["--json", "list"], ["list", "--json"], ["--work", "my_work", "list", "--json"]):
        assert main(line) == 0
        assert capsys.readouterr().out.startswith("[{")


@pytest.mark.parametrize("error, status", [(KeyboardInterrupt(), 130), (OSError(13, "no"), 2), (KeyError("x"), 1)])
def test_what_goes_wrong_is_a_status(work, monkeypatch, tmp_path, error, status, capsys):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))  # where the traceback of a mistake of ours goes

    def fail(args):
        raise error

    monkeypatch.setattr("exercises.commands.where.run", fail)
    assert main([]) == status
    assert "Traceback" not in capsys.readouterr().err
