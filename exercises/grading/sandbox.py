"""Where the answers of a class run: contained by bubblewrap where it is installed, and by limits in any case."""

from __future__ import annotations

import contextlib
import math
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import IO

from exercises.running import REPOSITORY, Place

FIRST_USER = 60_800  # as root: the first answer at work runs as this user, the next one as 60,801; no system has them
SCRATCH = 64 * 2**20  # bytes in the sandbox's /tmp, which is memory
UNIX = os.name == "posix"
LAUNCHER = "exercises/grading/limits.py"
# Other libraries that have the answers; and the course's packages, which may be installed beside them, with solutions.
HIDDEN = ("torch", "torchvision", "tensorflow", "keras", "jax", "jaxlib", "cupy", "cv2", "onnxruntime")
OURS = ("exercises", "minicnn", "googlenet")


@dataclass(frozen=True)
class Limits:
    """What one answer may take."""

    seconds: float = 20.0  # by the clock, and of the processor
    memory: int = 2 * 2**30  # bytes of address space, each process
    file: int = 16 * 2**20  # bytes of each file it writes, and of what it prints
    processes: int = 32  # at once, with threads


@dataclass(frozen=True)
class Guard:
    """What stands between the answers and everything else on this machine."""

    course: Path  # the course without solutions, in which answers run
    limits: Limits = Limits()
    bwrap: str | None = None  # bubblewrap's program; None: without a sandbox
    why_not: str = ""  # the reason for that

    @property
    def is_root(self) -> bool:
        return UNIX and os.geteuid() == 0

    @property
    def contained(self) -> list[str]:
        """What the answers cannot do, in sentences."""
        limits = self.limits
        found = [f"Each answer has a process of its own, which is stopped after {limits.seconds:g} seconds."]
        if UNIX:
            found.append(
                f"Limits: {limits.memory // 2**20:,} MiB of memory a process, {limits.file // 2**20:,} MiB a file and "
                f"of prints, {limits.processes} processes at once."
            )
        if self.bwrap:
            found += [
                "Files: an answer sees Python and the course without solutions, and writes to a scratch folder that "
                "ends with it.",
                "Processes: it sees only its own, and all of them end with it.",
                "There is no network, and no other submission, in sight.",
            ]
        return found

    @property
    def not_contained(self) -> list[str]:
        """What the answers can do, in sentences."""
        found = [
            "The library's own code can be read, as it is the course: an answer may be copied from it (see the notes)."
        ]
        if self.bwrap:
            return found
        who = "a user without rights" if self.is_root else "you"
        found += [
            f"Without a sandbox ({self.why_not}):",
            f"Files: an answer reads, writes and deletes what {who} may: also other submissions, and the solutions in "
            f"{REPOSITORY / 'exercises'}.",
            "The network is open.",
        ]
        if not self.is_root:
            found.append("It can end your other programs, and what it starts in hiding may go on after it.")
        if not UNIX:
            found.append("Nothing limits its memory, files and number of processes on this system.")
        return found


def find_guard(course: Path, limits: Limits) -> Guard:
    """bubblewrap, where it works here. ValueError where not even Python starts as an answer would."""
    bwrap = shutil.which("bwrap") if sys.platform == "linux" else None
    why = "bubblewrap is for Linux alone" if sys.platform != "linux" else "bubblewrap is not installed: bwrap"
    if bwrap:
        guard = Guard(course, limits, bwrap)
        problem = tried(guard)
        if not problem:
            return guard
        why = f"bubblewrap does not work here: {problem}"
    return without_sandbox(course, limits, why)


def without_sandbox(course: Path, limits: Limits, why: str) -> Guard:
    """Limits alone. ValueError where not even Python starts with them."""
    guard = Guard(course, limits, None, why)
    if problem := tried(guard):
        hint = " (as root, answers run as another user, who has to be able to read Python)" if guard.is_root else ""
        raise ValueError(f"no answer can be run here{hint}: {problem}; without a sandbox as {why}")
    return guard


def tried(guard: Guard) -> str:
    """Start Python as for an answer; "" where it works, else the reason."""
    with tempfile.TemporaryDirectory(prefix="exercises-") as folder:
        scratch = Path(folder)
        (scratch / "results").touch()
        (scratch / "results.where").touch()
        with open(scratch / "printed", "w+b") as printed:
            place = Contained(guard, scratch / "results")
            try:
                process = place.start([sys.executable, "-c", "import exercises.worker"], scratch, printed)
            except OSError as error:
                return error.strerror or str(error)
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                return "it hangs"
            finally:
                place.end(process)
            printed.seek(0)
            lines = printed.read(4000).decode(errors="replace").split("\n")
    last = next((line.strip() for line in reversed(lines) if line.strip()), f"status {process.returncode}")
    return "" if process.returncode == 0 else last[:200]


@dataclass
class Contained(Place):
    """One answer's process."""

    guard: Guard
    answer: Path  # the file
    slot: int = 0  # which of the answers at work at the same time
    token: str = field(default_factory=lambda: secrets.token_hex(16))  # by which its processes are known

    @property
    def user(self) -> int:
        """As whom it runs, where we are root; 0: as who we are. No two at the same time are the same."""
        return FIRST_USER + self.slot if self.guard.is_root else 0

    def start(self, line: list[str], scratch: Path, printed: IO[bytes]) -> subprocess.Popen[bytes]:
        limits, command = self.guard.limits, list(line)
        outputs = [scratch / "results", scratch / "results.where"]
        if UNIX:
            processes = limits.processes
            if not self.guard.bwrap and not self.user:
                processes += threads_of(os.getuid())  # the limit is one of the user's processes, all together
            numbers = (math.ceil(limits.seconds) + 1, limits.memory, limits.file, processes, self.user)
            command = [
                sys.executable, "-I", "-S", str(self.guard.course / LAUNCHER), *map(str, numbers), "--", *command,
            ]  # fmt: skip
        if self.user:
            scratch.chmod(0o711)
            self.answer.parent.chmod(0o711)
            for path in (*outputs, self.answer):
                os.chown(path, self.user, self.user)
        if self.guard.bwrap:
            command = [self.guard.bwrap, *self.walls(outputs), "--", *command]
        return subprocess.Popen(
            command, cwd=self.guard.course, env=self.environment, stdin=subprocess.DEVNULL, stdout=printed,
            stderr=printed, start_new_session=True,
        )  # fmt: skip

    def end(self, process: subprocess.Popen[bytes]) -> None:
        """End all that the answer has started. In the sandbox, its first process takes the others with it."""
        if UNIX and process.poll() is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
        process.kill()
        process.wait()
        if not self.guard.bwrap:
            end_all(self.user, self.token)

    @cached_property
    def environment(self) -> dict[str, str]:
        """Nothing of ours: no secrets. One thread each; the same order of sets every time."""
        threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
        inside = [sys.prefix, sys.base_prefix]
        extra = [folder for folder in site_folders() if not any(Path(folder).is_relative_to(p) for p in inside)]
        kept = {name: os.environ[name] for name in ("SYSTEMROOT", "LD_LIBRARY_PATH") if name in os.environ}
        return {
            **kept, **dict.fromkeys(threads, "1"), "PATH": os.defpath, "HOME": "/tmp",
            "LANG": "C.UTF-8", "PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1",
            "PYTHONPATH": os.pathsep.join(extra), "EXERCISES_ANSWER": self.token,
        }  # fmt: skip

    def walls(self, outputs: list[Path]) -> list[str]:
        """bubblewrap's options: what is seen (read-only), what can be written, and nothing of the rest."""
        options = ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
        options += ["--die-with-parent", "--new-session", "--cap-drop", "ALL"]
        if self.user:  # the launcher needs them to become another user, and loses them then
            options += ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
        else:
            options += ["--unshare-user"]
        options += ["--proc", "/proc", "--dev", "/dev", "--remount-ro", "/dev"]
        options += ["--size", str(SCRATCH)] if "--size" in help_of(str(self.guard.bwrap)) else []
        options += ["--perms", "1777", "--tmpfs", "/tmp"]
        seen = [*system_folders(), *python_folders(), *site_folders(), str(self.guard.course)]
        made, bound = {Path("/"), Path("/tmp")}, set[Path]()
        for name in dict.fromkeys(seen):
            if Path(name).is_symlink() and name in system_folders():
                options += ["--symlink", os.readlink(name), name]
            else:
                options += [*parents(Path(name), made, bound), "--ro-bind", name, name]
                bound.add(Path(name))
        for folder in site_folders():
            for name in (*HIDDEN, *OURS):
                if (hidden := Path(folder, name)).is_dir():
                    options += ["--tmpfs", str(hidden)]
        options += [*parents(self.answer, made, bound), "--ro-bind", str(self.answer), str(self.answer)]
        for path in outputs:
            options += [*parents(path, made, bound), "--bind", str(path), str(path)]
        return [*options, "--remount-ro", "/", "--chdir", str(self.guard.course)]


def parents(path: Path, made: set[Path], bound: set[Path]) -> list[str]:
    """bubblewrap makes the folders above a file for root alone: these options make them for everyone."""
    options = []
    for folder in reversed(path.parents):
        if folder not in made and not any(folder.is_relative_to(other) for other in bound):
            options += ["--perms", "0755", "--dir", str(folder)]
            made.add(folder)
    return options


def system_folders() -> list[str]:
    """Where programs and their libraries lie; of /etc what says which library is which."""
    names = ["/usr", "/lib", "/lib32", "/lib64", "/bin", "/nix/store", "/etc/alternatives", "/etc/ld.so.cache"]
    return [name for name in names if os.path.exists(name)]


def python_folders() -> list[str]:
    """Python's own, that of its environment, and where links from there lead."""
    real = Path(sys.executable).resolve().parent.parent
    names = [sys.base_prefix, os.path.realpath(sys.base_prefix), sys.prefix, str(real)]
    return [name for name in names if name != "/"]


def site_folders() -> list[str]:
    """Where packages are installed."""
    return [path for path in sys.path if path.endswith(("site-packages", "dist-packages")) and os.path.isdir(path)]


def help_of(bwrap: str) -> str:
    return subprocess.run([bwrap, "--help"], capture_output=True, text=True, check=False).stdout


# ---- without a sandbox: nothing may stay -------------------------------------------------------------------------


def end_all(user: int, token: str, seconds: float = 10) -> None:
    """Kill what an answer has left: all processes of its user, or all whose environment has its token, until none is.

    They are found in Linux's /proc; elsewhere only the process's own group has been ended.
    """
    until = time.monotonic() + seconds
    while (found := processes_of(user, token)) and time.monotonic() < until:
        for pid in found:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)


def processes_of(user: int, token: str) -> list[int]:
    """Their numbers; those are not counted that have ended, and wait to be noticed."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            status = (entry / "status").read_text(errors="replace")
            theirs = f"\nUid:\t{user}\t" in status if user else token.encode() in (entry / "environ").read_bytes()
            if theirs and "\nState:\tZ" not in status:
                found.append(int(entry.name))
    return found


def threads_of(user: int) -> int:
    """How many threads all processes of a user have."""
    count = 0
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if entry.stat().st_uid == user:
                count += len(os.listdir(entry / "task"))
    return count
