"""The session in the README is what comes out."""

import re

from support import REPOSITORY

from exercises.__main__ import main
from exercises.catalog import every_exercise

README = (REPOSITORY / "README.md").read_text(encoding="utf-8")
SESSION = re.findall(r"```console\n(.*?)```", README.partition("## The exercises")[2].partition("\n## ")[0], re.S)


def test_every_command_prints_what_the_readme_shows(work, pool, solve, capsys):
    """The folder is there already: what `start` says of a new one is in its own test."""
    begin = [lambda: None, lambda: solve(pool, "+= grad_y", "= grad_y"), lambda: solve(pool)]
    for block, prepare in zip(SESSION, begin, strict=True):
        prepare()
        for part in re.split(r"^\$ ", block, flags=re.M)[1:]:
            line, _, shown = part.partition("\n")
            words = line.split()
            assert words[:3] == ["python", "-m", "exercises"]
            if words[3:] == ["start", "my_work"]:
                words[-1] = str(work.folder.parent / "other" / "my_work")
                shown = re.sub(r"^my_work: \d+", f"{words[-1]}: {len(every_exercise())}", shown)
            main(words[3:])
            assert capsys.readouterr().out == shown, line


def test_the_number_of_exercises_is_right():
    assert {int(number) for number in re.findall(r"(\d+) exercises in 7", README)} == {len(every_exercise())}
