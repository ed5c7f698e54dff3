"""docs/weights.md: its commands are commands, and what it says of presets is what `import` does."""

import re
import shlex

import pytest
from support import REPOSITORY

from googlenet.__main__ import parser
from googlenet.presets import presets
from googlenet.training.arguments import parse
from googlenet.weights.conversion import obstacles

PAGE = (REPOSITORY / "docs/weights.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^ {4}(python .*?)(?: +#.*)?$", PAGE.replace("\\\n", " "), re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_can_be_typed(command):
    _, *words = shlex.split(command)
    if words[0] == "train.py":
        assert parse(words[1:]).data
    else:
        assert words[:2] == ["-m", "googlenet"]
        assert parser().parse_args(words[2:]).run


def test_there_are_commands_of_every_kind():
    assert {command.split()[3] for command in COMMANDS if "-m" in command} >= {"import", "predict", "evaluate"}
    assert any("train.py" in command for command in COMMANDS)


def test_into_which_presets_the_network_of_each_goes_exactly():
    rows = [line.split("|")[1:3] for line in PAGE.splitlines() if re.match(r"\| `\w+`", line)]
    said = {name: re.findall(r"`(\w+)`", into) for names, into in rows for name in re.findall(r"`(\w+)`", names)}
    assert set(said) == set(presets)
    for name, into in said.items():
        assert set(into) == {other.name for other in presets.values() if not obstacles(presets[name], other)}, name
