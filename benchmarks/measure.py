"""Start the sides, let them work in turn, and collect their answers."""

import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import NamedTuple

from benchmarks.gauges import Answer
from benchmarks.machine import busy_seconds, cores, side_environment

REPOSITORY = Path(__file__).resolve().parent.parent
WARM_UP = 2
MEMORY_STEPS = 3  # the first step allocates, the second adds the momentum, the third shows whether it still grows
PAUSE = 0.3  # seconds; idle threads of OpenMP and OpenBLAS spin for some milliseconds before they sleep


@dataclass(frozen=True)
class Settings:
    """What a side is given."""

    batch_size: int
    size: int
    threads: int
    preset: str = "plain"
    device: str = "cpu"
    classes: int = 1000
    channels: int = 3


class Contestant(NamedTuple):
    """A process that takes turns with others: which side (of `side.SIDES`), and what a turn of it is."""

    side: str
    settings: Settings
    command: str = "training"
    repeats: int = 3


@dataclass
class Found:
    """What was measured: the answers of each contestant, one a round."""

    answers: dict[str, list[Answer]]
    others: list[float] = field(default_factory=list)  # a turn: the share of the cores that other programs took
    versions: dict[str, str] = field(default_factory=dict)


class SideFailedError(Exception):
    """A side ended before it answered."""


class SideProcess:
    """A running `benchmarks.side`. It blocks, and so costs nothing, until `ask` sends it a command."""

    def __init__(self, name: str, settings: Settings, folder: str | None = None):
        """folder: for its temporary files, removed by whoever made it, since a side may be killed at any time."""
        self.name = name
        environment, _ = side_environment(settings.threads)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.side", name, json.dumps(asdict(settings))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment | ({"TMPDIR": folder} if folder else {}),
            cwd=REPOSITORY,
            start_new_session=True,  # Ctrl-C reaches the parent alone, which then ends the sides
        )

    def ask(self, command: str) -> Answer:
        """Send one command and wait for its answer."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        with contextlib.suppress(BrokenPipeError):  # the empty answer below says it better
            print(command, file=self.process.stdin, flush=True)
        answer = self.process.stdout.readline()
        if not answer:
            code = self.process.wait()
            how = f"was killed by signal {-code} (out of memory?)" if code < 0 else f"ended with exit code {code}"
            raise SideFailedError(f"{self.name} {how} at the command '{command}'")
        result: Answer = json.loads(answer)
        return result

    def close(self) -> None:
        """End the process, whatever it is doing."""
        self.process.kill()
        with contextlib.suppress(BrokenPipeError):
            self.process.communicate()


Progress = Callable[[str], None]


def in_turns(contestants: dict[str, Contestant], rounds: int, progress: Progress) -> Found:
    """Let the contestants take turns: each does its steps in each of the rounds, while the others wait."""
    found = Found({name: [] for name in contestants})
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="benchmarks-"))
        sides = {
            name: stack.enter_context(contextlib.closing(SideProcess(c.side, c.settings, folder)))
            for name, c in contestants.items()
        }
        for side in sides.values():  # an answer means that it has started: nobody computes while another still imports
            for fact, value in side.ask("about").items():
                found.versions.setdefault(fact, value)
        for name, side in sides.items():
            progress(f"warming up {name}")
            side.ask(f"{contestants[name].command} {WARM_UP}")
        for round_ in range(rounds):
            names = list(contestants)
            first = round_ % len(names)  # each comes first in turn: a machine slows down as it warms up
            for name in names[first:] + names[:first]:
                time.sleep(PAUSE)
                answer, others = take_turn(sides[name], f"{contestants[name].command} {contestants[name].repeats}")
                found.answers[name].append(answer)
                found.others += [] if others is None else [others]
            progress(f"round {round_ + 1} of {rounds}")
    return found


def take_turn(side: SideProcess, command: str) -> tuple[Answer, float | None]:
    """The answer, and the share of the cores that other programs took meanwhile; None where unknown."""
    start, busy_before = time.perf_counter(), busy_seconds()
    answer = side.ask(command)
    elapsed, busy_after = time.perf_counter() - start, busy_seconds()
    if busy_before is None or busy_after is None:
        return answer, None
    others = busy_after - busy_before - answer["cpu_seconds"]
    return answer, max(0.0, others / (elapsed * cores()))


def in_fresh_processes(contestants: dict[str, Contestant], rounds: int, progress: Progress) -> Found:
    """The memory of each contestant, each time of a fresh process that does nothing else."""
    found = Found({name: [] for name in contestants})
    for round_ in range(rounds):
        for name, contestant in contestants.items():
            with contextlib.closing(SideProcess(contestant.side, contestant.settings)) as side:
                side.ask(f"{contestant.command} {MEMORY_STEPS}")
                found.answers[name].append(side.ask("memory"))
        progress(f"round {round_ + 1} of {rounds}")
    return found
