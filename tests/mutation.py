"""Mutants: broken versions of the library. A test that cannot fail proves nothing, so every one must be rejected.

They stand as small patches in a text file beside the tests that must reject them, tests/functional/test_linear.mutants
beside test_linear.py:

    # what stands behind # is a comment
    file minicnn/functional/linear.py

    [Linear]

    the bias gradient of the last row alone
    - grad_bias = grad_y.sum(axis=0)
    + grad_bias = grad_y[-1]

`file` names the source, [Linear] the class, function, method (Linear.backward) or constant in which the lines with -
stand, exactly once and one after the other; those with + take their place, and none at all leaves a gap. As in a diff,
only the indentation of the lines to each other counts. A line `tests tests/test_other.py` after `file` names another
judge, `needs onnx onnxruntime` the packages without which it skips its tests.

    python tests/mutation.py tests/functional/test_linear.mutants

tells which test rejects each, and ends with status 1 where one survives. tests/test_mutants.py does so for all of them.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import gc
import importlib.abc
import importlib.machinery
import importlib.util
import inspect
import json
import os
import re
import select
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
IMPORTS = ("numpy", "torch", "threadpoolctl", "hypothesis.strategies", "onnx")  # what takes long, where it is installed
TIMEOUT = 120  # seconds for the tests of one mutant: far more than they take, so that only an endless loop is stopped


class MutantError(Exception):
    """A mutant that cannot be made: its patch does not fit, or what comes out is no working module."""


# ---- the patches --------------------------------------------------------------------------------------------------


@dataclass
class Mutant:
    patches: Path  # the file in which it stands
    source: Path  # what it breaks
    tests: Path  # what must reject it
    target: str  # the class, function, method or constant that it breaks
    description: str
    removed: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    needs: tuple[str, ...] = ()  # packages without which its tests are skipped

    @property
    def missing(self) -> str:
        """The packages that it needs and that are not installed: nothing can judge it. "" where all are there."""
        return ", ".join(name for name in self.needs if importlib.util.find_spec(name) is None)

    def __str__(self) -> str:
        return f"{self.patches.stem}: {self.target}: {self.description}"

    def apply(self, text: str) -> str:
        """The source's text, broken; MutantError where the patch does not fit."""
        lines = text.splitlines()
        first, end = self._span(text)
        wanted, count = _dedent(self.removed), len(self.removed)
        places = [i for i in range(first, end - count + 1) if _dedent(lines[i : i + count]) == wanted]
        if len(places) != 1:
            found = "were not found" if not places else f"were found {len(places)} times, expected once,"
            raise MutantError(f"{self}: these lines {found} in {self.target} of {self.source}:\n" + "\n".join(wanted))
        spaces = len(_indentation(lines[places[0]])) - len(_indentation(self.removed[0]))
        lines[places[0] : places[0] + count] = [_move(line, spaces) for line in self.added]
        broken = "\n".join(lines) + "\n"
        try:
            if ast.dump(ast.parse(broken)) == ast.dump(ast.parse(text)):
                raise MutantError(f"{self}: the patch changes nothing")
        except SyntaxError as error:
            raise MutantError(f"{self}: what comes out is not Python: {error}") from None
        return broken

    def _span(self, text: str) -> tuple[int, int]:
        """The lines of the target, as a range."""
        node: Any = ast.parse(text)
        for name in self.target.split("."):
            node = next((n for n in getattr(node, "body", []) if name in _defined(n)), None)
        if node is None:
            raise MutantError(f"{self}: {self.source} has no class, function or constant {self.target}")
        return node.lineno - 1, node.end_lineno


def _defined(statement: ast.stmt) -> set[str]:
    """The names that a statement defines: that of a class or a function, or those to which it assigns."""
    if isinstance(statement, ast.ClassDef | ast.FunctionDef):
        return {statement.name}
    targets = [statement.target] if isinstance(statement, ast.AnnAssign) else getattr(statement, "targets", [])
    return {node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)}


def read(path: Path, root: Path = ROOT) -> list[Mutant]:
    """All mutants of one file; MutantError with the line's number where it is not written as told above."""
    mutants: list[Mutant] = []
    source: Path | None = None
    tests = path.with_suffix(".py")
    needs: tuple[str, ...] = ()
    target, mutant = "", None
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        where = f"{path.name}, line {number}"
        if line.startswith("#"):
            continue
        if not line.strip():
            mutant = None
        elif match := re.fullmatch(r"file (\S+\.py)", line):
            source, tests, target, mutant = root / match[1], path.with_suffix(".py"), "", None
            needs = ()
        elif match := re.fullmatch(r"tests (\S+\.py)", line):
            tests, mutant = root / match[1], None
        elif source is not None and not target and (match := re.fullmatch(r"needs (.+)", line)):
            needs = tuple(match[1].split())
        elif match := re.fullmatch(r"\[([\w.]+)\]", line):
            target, mutant = match[1], None
        elif match := re.fullmatch(r"([-+])(?: (.*))?", line):
            if mutant is None:
                raise MutantError(f"{where}: a patch without a description above it")
            if match[1] == "-" and mutant.added:
                raise MutantError(f"{where}: all lines with - come before those with +")
            if match[1] == "+" and not mutant.removed:
                raise MutantError(f"{where}: a line with + without one with - that it takes the place of")
            (mutant.removed if match[1] == "-" else mutant.added).append(match[2] or "")
        else:
            if source is None or not target:
                raise MutantError(f"{where}: a mutant needs a `file` and a [Name] above it")
            if mutant is not None:
                raise MutantError(f"{where}: expected a line with - or +, or an empty line; a description is one line")
            mutant = Mutant(path, source, tests, target, line.strip(), needs=needs)
            if any(str(other) == str(mutant) for other in mutants):
                raise MutantError(f"{where}: a second mutant of this name in [{target}]: {line}")
            mutants.append(mutant)
    for mutant in mutants:
        if not mutant.removed:
            raise MutantError(f"{mutant}: has no lines with -")
    return mutants


def _indentation(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _move(line: str, spaces: int) -> str:
    """The line indented by so many spaces more (or less, where there are fewer than 0)."""
    return (" " * (len(_indentation(line)) + spaces) + line.lstrip()).rstrip()


def _dedent(lines: list[str]) -> list[str]:
    return textwrap.dedent("\n".join(line.rstrip() for line in lines)).split("\n")


# ---- judging ------------------------------------------------------------------------------------------------------


@dataclass
class Verdict:
    """What came of a mutant: "rejected", "survived", or "error" where it proved nothing."""

    outcome: str
    test: str = ""  # the first test that failed
    why: str = ""

    def __str__(self) -> str:
        if self.outcome == "survived":
            return "SURVIVED: no test fails"
        return f"rejected by {self.test}: {self.why}" if self.outcome == "rejected" else f"ERROR: {self.why}"


class Runner:
    """A process that judges mutants, one after the other: `with Runner() as runner: runner.judge(mutant)`.

    Most of the time of a short test goes into importing NumPy, PyTorch and pytest. So the process imports these once,
    but nothing of ours, and forks for every mutant a child that imports the broken module in place of the real one.
    """

    def __init__(self, root: Path = ROOT, timeout: float = TIMEOUT, imports: tuple[str, ...] = IMPORTS):
        self.root, self.timeout = root, timeout
        self.scratch = tempfile.TemporaryDirectory()
        clean = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST")}
        one_thread = dict.fromkeys(["OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"], "1")
        self.process = subprocess.Popen(
            [sys.executable, __file__, "--serve", *imports],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=root,
            env=clean | one_thread | {"HYPOTHESIS_STORAGE_DIRECTORY": self.scratch.name},
        )

    def __enter__(self) -> Runner:
        return self

    def __exit__(self, *exception: object) -> None:
        self.process.communicate()  # an end of input ends it
        self.scratch.cleanup()

    def judge(self, mutant: Mutant) -> Verdict:
        """Run the tests of the mutant until one fails."""
        try:
            broken = mutant.apply(mutant.source.read_text(encoding="utf-8"))
        except MutantError as error:
            return Verdict("error", why=str(error))
        module = ".".join(mutant.source.relative_to(self.root).with_suffix("").parts).removesuffix(".__init__")
        # Nearly all are rejected by a few tests of their own class; most of the time goes into collecting the others.
        verdict = self._run(mutant.tests, only=f"Test{mutant.target.split('.')[0]}", module=module, broken=broken)
        if verdict.outcome == "survived":
            verdict = self._run(mutant.tests, module=module, broken=broken)
        return verdict

    def unbroken(self, tests: Path, only: str = "") -> Verdict:
        """What the tests say of the real source. Where they fail anyway, they prove nothing."""
        return self._run(tests, only)

    def _run(self, tests: Path, only: str = "", module: str = "", broken: str = "") -> Verdict:
        assert self.process.stdin is not None and self.process.stdout is not None
        request = {"tests": str(tests), "only": only, "module": module, "broken": broken, "timeout": self.timeout}
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        return Verdict(**json.loads(answer)) if answer else Verdict("error", why="the judging process has ended")


# ---- the judging process ------------------------------------------------------------------------------------------

FIRST_TESTS = {  # of support.OperationTest, those that find most
    "test_forward_agrees_with_the_naive_version",
    "test_gradients_agree_with_differences",
    "test_leaves_inputs_and_cotangent_unchanged",
    "test_only_inputs_that_require_a_gradient_get_one",
}


def _is_long(item: Any) -> bool:
    """Left out of the quick run, and not as one of many cases."""
    mark = item.get_closest_marker("everything")
    return mark is not None and not mark.args[0].startswith("more ")


class Witness:
    """A pytest plugin that chooses the tests and remembers the first that fails."""

    def __init__(self, only: str):
        self.only, self.verdict = only, Verdict("survived")

    def pytest_configure(self, config: Any) -> None:
        config.option.everything = True  # all tests judge, also those that the quick run leaves out

    def pytest_pycollect_makeitem(self, collector: Any, name: str, obj: Any) -> list[Any] | None:
        """None leaves it to pytest; an empty list leaves it out."""
        if not self.only:
            return None
        if inspect.isclass(obj):
            wanted = name.startswith(self.only)
        elif inspect.isclass(collector.obj):
            wanted = name in FIRST_TESTS
        else:
            wanted = not getattr(obj, "is_hypothesis_test", False)
        return None if wanted else []

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        """Those few run on the CPU alone: on the strict device the same tests find the same.

        Long tests (of runs that are killed, say) do not judge: a mutant that they alone reject needs a quick one.
        """
        if self.only:
            items[:] = [item for item in items if item.get_closest_marker("accelerator") is None]
        items[:] = [item for item in items if not _is_long(item)]
        items.sort(key=lambda item: item.get_closest_marker("everything") is not None)  # the quick ones first

    def pytest_collectreport(self, report: Any) -> None:
        if report.failed:
            self.verdict = Verdict("error", why=f"the tests cannot be collected: {report.longreprtext}")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: Any, call: Any) -> Iterator[Any]:
        report = yield
        if report.failed and self.verdict.outcome == "survived":
            name = item.nodeid.partition("::")[2]
            why = f"{call.excinfo.typename}: {call.excinfo.value}"
            # A patch that names what does not exist is wrong itself. That is not what the tests are there to find.
            patch_is_wrong = call.excinfo.errisinstance(NameError)
            self.verdict = Verdict("error" if patch_is_wrong else "rejected", name, why)
        return report


def serve(imports: list[str]) -> None:
    """Answer requests, one line of JSON each, until the input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what anything else prints does not belong among the answers
    for name in imports:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    if "hypothesis" in sys.modules:
        tame_hypothesis()
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    gc.freeze()  # pytest collects garbage at its end, twice; what was imported here need not be searched every time
    for line in sys.stdin:
        request = json.loads(line)
        answers.write(json.dumps(vars(in_a_child(request, request.pop("timeout")))) + "\n")
        answers.flush()


def tame_hypothesis() -> None:
    """One failing example is enough, without a simpler one; and nothing depends on how fast the machine is."""
    from hypothesis import HealthCheck, Phase, settings

    settings.register_profile(
        "mutants",
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    settings.load_profile("mutants")


def in_a_child(request: dict[str, str], timeout: float) -> Verdict:
    """`run_tests` in a forked child, which is stopped after `timeout` seconds."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.setsid()  # a group of its own, with everything that it starts
        os.close(reading)
        verdict = Verdict("error", why="the child ended early")
        try:
            verdict = run_tests(**request)
        except BaseException as error:  # noqa: B036 - whatever it was, the child ends here
            verdict = Verdict("error", why=f"{type(error).__name__}: {error}")
        finally:
            verdict.why = " ".join(verdict.why.split())[:400]
            os.write(writing, json.dumps(vars(verdict)).encode())
            os._exit(0)
    os.close(writing)
    ended, _, _ = select.select([reading], [], [], timeout)
    answer = os.read(reading, 65536) if ended else b""
    os.close(reading)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if not ended:
        return Verdict("rejected", "the clock", f"the tests had not ended after {timeout:g} s and were stopped")
    if not answer:
        return Verdict("rejected", "a crash", f"Python was ended by signal {os.WTERMSIG(status)}")
    return Verdict(**json.loads(answer))


def run_tests(tests: str, only: str, module: str, broken: str) -> Verdict:
    """Run a test file in this process, until a test fails, with `broken` as the source of `module`."""
    with open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        os.dup2(nowhere.fileno(), 2)
    sys.path.insert(0, os.getcwd())
    if module:
        sys.meta_path.insert(0, BrokenModule(module, broken))
        try:
            importlib.import_module(module)
        except Exception as error:
            return Verdict("error", why=f"the mutant cannot be imported: {type(error).__name__}: {error}")
    witness = Witness(only)
    status = pytest.main(["-x", "-q", "--tb=no", "-p", "no:cacheprovider", tests], plugins=[witness])
    if witness.verdict.outcome == "survived" and status not in (0, 5 if only else 0):
        return Verdict("error", why=f"pytest ended with status {int(status)}")
    return witness.verdict


class BrokenModule(importlib.abc.MetaPathFinder):
    """Finds one module before anybody else does, and gives it another source."""

    def __init__(self, name: str, text: str):
        self.name, self.text = name, text

    def find_spec(self, name: str, path: Any, target: Any = None) -> Any:
        if name != self.name:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        assert spec is not None and spec.origin is not None
        spec.loader = BrokenLoader(name, spec.origin, self.text)
        return spec


class BrokenLoader(importlib.machinery.SourceFileLoader):
    def __init__(self, name: str, path: str, text: str):
        super().__init__(name, path)
        self.text = text

    def get_code(self, name: str) -> Any:
        return compile(self.text, self.path, "exec")


# ---- the command --------------------------------------------------------------------------------------------------


def main() -> int:
    parser = argparse.ArgumentParser(
        description="Tell which test rejects each mutant. Status 1 where one survives or its patch does not fit.",
        epilog="example: python tests/mutation.py tests/functional/test_linear.mutants -k bias",
    )
    parser.add_argument("files", nargs="*", type=Path, help="files of mutants (default: all below tests/)")
    parser.add_argument("-k", metavar="TEXT", default="", help="only the mutants whose name holds this text")
    options = parser.parse_args()
    try:
        files = options.files or sorted((ROOT / "tests").rglob("*.mutants"))
        mutants = [mutant for path in files for mutant in read(path.resolve()) if options.k in str(mutant)]
    except (OSError, MutantError) as error:
        parser.error(str(error))
    if skipped := {mutant.missing for mutant in mutants} - {""}:
        print(f"left out are those that need {'; '.join(sorted(skipped))}: not installed")
        mutants = [mutant for mutant in mutants if not mutant.missing]
    start, bad = time.monotonic(), 0
    with Runner() as runner:
        for tests in dict.fromkeys(mutant.tests for mutant in mutants):
            verdict = runner.unbroken(tests)
            if verdict.outcome != "survived":
                print(f"{tests.name}: fails without any mutant: {verdict}")
                return 1
        for mutant in mutants:
            verdict = runner.judge(mutant)
            bad += verdict.outcome != "rejected"
            print(f"{mutant}\n    {textwrap.shorten(str(verdict), 180)}", flush=True)
    print(f"{len(mutants)} mutants, {len(mutants) - bad} rejected, in {time.monotonic() - start:.0f} s")
    return 1 if bad else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve(sys.argv[2:])
    else:
        sys.exit(main())
