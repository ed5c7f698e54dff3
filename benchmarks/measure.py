"""Start the sides, let them work in turn, and collect their answers."""

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.machine import busy_seconds, cores, side_environment
from benchmarks.side import SIDES

OURS = "minicnn"
MODES = ("training", "inference")
REPOSITORY = Path(__file__).resolve().parent.parent
WARM_UP = 2
MEMORY_STEPS = 3  # the first step allocates, the second adds the momentum, the third shows whether it still grows
PAUSE = 0.3  # seconds; idle threads of OpenMP and OpenBLAS spin for some milliseconds before they sleep


@dataclass(frozen=True)
class Settings:
    """What every side is given."""

    batch_size: int
    size: int
    threads: int
    preset: str
    device: str = "cpu"


class SideFailedError(Exception):
    """A side ended before it answered."""


class SideProcess:
    """A running `benchmarks.side`. It blocks, and so costs nothing, until `ask` sends it a command."""

    def __init__(self, name: str, settings: Settings):
        self.name = name
        environment, _ = side_environment(settings.threads)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.side", name, json.dumps(asdict(settings))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=REPOSITORY,
            start_new_session=True,  # Ctrl-C reaches the parent alone, which then ends the sides
        )

    def ask(self, command: str) -> dict[str, Any]:
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
        result: dict[str, Any] = json.loads(answer)
        return result

    def close(self) -> None:
        """End the process, whatever it is doing."""
        self.process.kill()
        with contextlib.suppress(BrokenPipeError):
            self.process.communicate()


@dataclass
class Speeds:
    """What `speeds` found."""

    images_per_second: dict[str, dict[str, list[float]]]  # mode -> side -> one figure a round
    others: dict[str, list[float]]  # mode -> for each turn, the share of the cores that other programs took
    versions: dict[str, str]


def speeds(settings: Settings, modes: list[str], rounds: int, repeats: int, progress: Callable[[str], None]) -> Speeds:
    """Let the sides take turns: each does `repeats` steps in each of the rounds, while the others wait."""
    found = Speeds({mode: {name: [] for name in SIDES} for mode in modes}, {mode: [] for mode in modes}, {})
    with contextlib.ExitStack() as stack:
        sides = [stack.enter_context(contextlib.closing(SideProcess(name, settings))) for name in SIDES]
        for side in sides:  # an answer means that it has started: nobody computes while another still imports
            for name, value in side.ask("about").items():
                found.versions.setdefault(name, value)
        for mode in modes:
            for side in sides:
                progress(f"{mode}: warming up {side.name}")
                side.ask(f"{mode} {WARM_UP}")
            for round_ in range(rounds):
                first = round_ % len(sides)  # each side comes first in turn: a machine slows down as it warms up
                for side in sides[first:] + sides[:first]:
                    time.sleep(PAUSE)
                    seconds, others = take_turn(side, f"{mode} {repeats}")
                    found.images_per_second[mode][side.name].append(settings.batch_size * repeats / seconds)
                    found.others[mode] += [] if others is None else [others]
                figures = "   ".join(f"{name} {found.images_per_second[mode][name][-1]:.1f}" for name in SIDES)
                progress(f"{mode} {round_ + 1}/{rounds}   {figures}")
    return found


def take_turn(side: SideProcess, command: str) -> tuple[float, float | None]:
    """Seconds of one turn, and the share of the cores that other programs took meanwhile; None where unknown."""
    start, busy_before = time.perf_counter(), busy_seconds()
    answer = side.ask(command)
    elapsed, busy_after = time.perf_counter() - start, busy_seconds()
    seconds = sum(answer["seconds"])
    if busy_before is None or busy_after is None:
        return seconds, None
    others = busy_after - busy_before - answer["cpu_seconds"]
    return seconds, max(0.0, others / (elapsed * cores()))


def peak_memory(
    settings: Settings, modes: list[str], progress: Callable[[str], None]
) -> dict[str, dict[str, dict[str, int]]]:
    """Bytes: mode -> side -> {"peak", "after_imports"}, each taken in a fresh process that does nothing else."""
    results: dict[str, dict[str, dict[str, int]]] = {}
    for mode in modes:
        results[mode] = {}
        for name in SIDES:
            progress(f"{mode}: peak memory of {name}")
            with contextlib.closing(SideProcess(name, settings)) as side:
                side.ask(f"{mode} {MEMORY_STEPS}")
                results[mode][name] = side.ask("memory")
    return results
