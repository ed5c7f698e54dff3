"""What all commands share: the answer to a wrong command line, an error as one line, the exit statuses."""

import errno
import os

import pytest

from googlenet.commandline import INTERRUPTED, USAGE_ERROR, Parser, one_line


def test_the_exit_statuses_are_those_that_shells_and_argparse_use():
    assert (USAGE_ERROR, INTERRUPTED) == (2, 130)  # 128 + SIGINT


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--size", "large"], "argument --size: invalid int value: 'large'"),
        (["--sizes"], "unrecognized arguments: --sizes"),
    ],
)
def test_a_wrong_command_line_is_answered_with_one_line(capsys, arguments, message):
    parser = Parser(prog="build")
    parser.add_argument("--size", type=int)
    with pytest.raises(SystemExit) as stop:
        parser.parse_args(arguments)
    assert stop.value.code == USAGE_ERROR
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err == f"build: error: {message} (--help lists the options)\n"


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("x has\n  3 axes,\texpected 4"), "x has 3 axes, expected 4"),
        (FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), "a.png"), os.strerror(errno.ENOENT)),
        (OSError(errno.ENOSPC, "No space\nleft"), "No space left"),
        (OSError("a.png cannot be read"), "a.png cannot be read"),
    ],
)
def test_an_error_is_one_line_without_its_number(error, text):
    assert one_line(error) == text
