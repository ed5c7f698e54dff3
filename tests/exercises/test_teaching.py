"""docs/teaching.md: every command in it is one."""

import re
import shlex

import pytest
from support import REPOSITORY

from exercises.__main__ import parser

TEXT = (REPOSITORY / "docs" / "teaching.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^    (?:python -m exercises )(.+)$", TEXT, flags=re.M)
COMMANDS = sorted({*BLOCKS, *re.findall(r"`python -m exercises ([^`]+)`", TEXT)})


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_understood(command):
    words = shlex.split(command.partition(" > ")[0], comments=True)
    values = {"CHAPTER": "pooling", "N": "1"}
    assert callable(parser().parse_args([values.get(word, word) for word in words]).run)


def test_there_are_commands():
    assert len(COMMANDS) >= 10
    assert {command.split()[0] for command in COMMANDS} >= {"grade", "build", "new", "start", "show", "watch", "run"}


def test_seven_sessions():
    assert re.findall(r"^### (\d)\. ", TEXT, flags=re.M) == list("1234567")
