"""Every mutant is rejected by the tests beside which it stands; see mutation.py."""

import ast
import collections
import inspect
import os
import zlib
from pathlib import Path

import mutation
import pytest

import minicnn.functional as F
from minicnn import nn, optim
from minicnn.function import Function

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="mutants are judged in forked processes")

MUTANTS = [mutant for path in sorted(Path(__file__).parent.rglob("*.mutants")) for mutant in mutation.read(path)]
JUDGES = sorted({mutant.tests for mutant in MUTANTS})


def sample():
    """The mutants of the quick run: of the library one of each class, and of the functions and constants in each file.

    Of all else one of every third file. They are chosen by a number that their names give, so they are always the same
    ones.
    """
    groups = collections.defaultdict(list)
    taken = files_of_all_else()[::3]
    for mutant in MUTANTS:
        if not is_library(mutant) and mutant.source not in taken:
            continue
        name = mutant.target.partition(".")[0]
        groups[mutant.source, name if is_class(name) and is_library(mutant) else ""].append(str(mutant))
    return {min(names, key=lambda name: zlib.crc32(name.encode())) for names in groups.values()}


def files_of_all_else():
    """Those that are not the library's, in order."""
    return sorted({mutant.source for mutant in MUTANTS if not is_library(mutant)})


def is_library(mutant):
    """Whether it breaks minicnn, on which all else stands."""
    return mutation.ROOT / "minicnn" in mutant.source.parents


def is_class(name):
    """By how it is written: neither a function nor a CONSTANT."""
    return name[0].isupper() and not name.isupper()


def with_marks():
    chosen, rest = sample(), pytest.mark.everything("mutants")
    taken = [mutant for mutant in MUTANTS if str(mutant) in chosen or in_this_half(mutant)]
    return [pytest.param(mutant, id=str(mutant), marks=() if str(mutant) in chosen else rest) for mutant in taken]


def in_this_half(mutant):
    """All of the library's; of all else, where MUTANTS_HALF is 0 or 1, that half: `.ci/run` has no time for both."""
    half = os.environ.get("MUTANTS_HALF", "")
    return not half or is_library(mutant) or zlib.crc32(str(mutant).encode()) % 2 == int(half)


@pytest.fixture(scope="module")
def runner():
    with mutation.Runner() as runner:
        yield runner


@pytest.mark.parametrize("mutant", with_marks())
def test_every_mutant_is_rejected(runner, mutant):
    if mutant.missing:
        pytest.skip(f"not installed: {mutant.missing}")
    verdict = runner.judge(mutant)
    assert verdict.outcome == "rejected", f"{mutant}: {verdict}"


@pytest.mark.everything("mutants")
@pytest.mark.parametrize("tests", JUDGES, ids=lambda tests: tests.stem)
def test_without_a_mutant_nothing_fails(runner, tests):
    """Else a mutant could be rejected for what is not its fault. The tests of the second round run by themselves."""
    verdict = runner.unbroken(tests, only="Test")
    assert verdict.outcome == "survived", str(verdict)


def public_operations():
    """Every Function of minicnn.functional."""
    modules = [module for _, module in inspect.getmembers(F, inspect.ismodule)]
    classes = {c for module in modules for _, c in inspect.getmembers(module, inspect.isclass)}
    return [c for c in classes if issubclass(c, Function) and c.__module__.startswith("minicnn.functional.")]


def broken_classes():
    """How many mutants each class has, by the file that holds it and its name."""
    return collections.Counter((mutant.source, mutant.target.partition(".")[0]) for mutant in MUTANTS)


@pytest.mark.parametrize("operation", sorted(public_operations(), key=lambda c: c.__name__), ids=lambda c: c.__name__)
def test_every_operation_has_at_least_four_mutants(operation):
    assert broken_classes()[Path(inspect.getfile(operation)).resolve(), operation.__name__] >= 4


def layers_optimizers_and_schedules():
    classes = {c for module in (nn, optim, optim.lr_scheduler) for _, c in inspect.getmembers(module, inspect.isclass)}
    kinds = nn.Module, optim.Optimizer, optim.WeightAverage, optim.lr_scheduler.LRScheduler
    return sorted((c for c in classes if issubclass(c, kinds)), key=lambda c: c.__name__)


@pytest.mark.parametrize("kind", layers_optimizers_and_schedules(), ids=lambda c: c.__name__)
def test_every_layer_optimizer_and_schedule_has_at_least_four_mutants(kind):
    assert broken_classes()[Path(inspect.getfile(kind)).resolve(), kind.__name__] >= 4


def files_of_googlenet():
    """All that define a class or a function; not those that only collect names."""
    found = []
    for path in sorted((mutation.ROOT / "googlenet").rglob("*.py")):
        statements = ast.parse(path.read_text(encoding="utf-8")).body
        if any(isinstance(statement, ast.ClassDef | ast.FunctionDef) for statement in statements):
            found.append(path.relative_to(mutation.ROOT).as_posix())
    return found


@pytest.mark.parametrize("path", files_of_googlenet())
def test_every_file_of_googlenet_has_at_least_eight_mutants(path):
    assert sum(mutant.source == mutation.ROOT / path for mutant in MUTANTS) >= 8


def test_the_two_halves_are_all_of_them(monkeypatch):
    halves = []
    for half in "01":
        monkeypatch.setenv("MUTANTS_HALF", half)
        halves.append({str(mutant) for mutant in MUTANTS if in_this_half(mutant)})
    assert halves[0] | halves[1] == {str(mutant) for mutant in MUTANTS}
    assert halves[0] & halves[1] == {str(mutant) for mutant in MUTANTS if is_library(mutant)}
    assert min(map(len, halves)) > len(MUTANTS) / 2


def test_there_are_at_least_120_mutants():
    assert len(MUTANTS) >= 120


def test_the_quick_run_has_a_mutant_of_every_class_and_file_of_the_library_and_of_every_third_other_file():
    names = sample()
    chosen = [mutant for mutant in MUTANTS if str(mutant) in names]
    classes = {(mutant.source, mutant.target.partition(".")[0]) for mutant in MUTANTS if is_library(mutant)}
    assert {m.source for m in chosen if is_library(m)} == {m.source for m in MUTANTS if is_library(m)}
    assert [file for file in files_of_all_else() if file in {m.source for m in chosen}] == files_of_all_else()[::3]
    assert {name for name in classes if is_class(name[1])} <= {(m.source, m.target.partition(".")[0]) for m in chosen}
    assert len(chosen) == len(names)
