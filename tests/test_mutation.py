"""The runner of mutants itself, on a library of one file: what it must notice, it notices."""

import os
import subprocess
import sys

import mutation
import pytest
from mutation import MutantError, Runner, Verdict, read
from support import raises

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="mutants are judged in forked processes")

SOURCE = '''\
class Double:
    """y = 2 x."""

    def forward(self, x):
        y = 0
        for _ in range(2):
            y += x
        return y

    def backward(self, grad_y):
        return 2 * grad_y


def unused(x):
    return x
    return x
'''

TESTS = """\
import toy


class TestDouble:
    def test_forward(self):
        assert toy.Double().forward(3) == 6

    def test_forward_agrees_with_the_naive_version(self):
        assert toy.Double().forward(1) == 2


def test_backward():
    assert toy.Double().backward(1) == 2
"""


@pytest.fixture
def toy(tmp_path):
    """A library, its tests, and a function that writes mutants for it and reads them."""
    (tmp_path / "toy.py").write_text(SOURCE)
    (tmp_path / "test_toy.py").write_text(TESTS)

    def mutants(text, head="file toy.py\n\n[Double]\n"):
        path = tmp_path / "test_toy.mutants"
        path.write_text(f"# a comment\n{head}\n{text}")
        return read(path, tmp_path)

    return mutants


@pytest.fixture
def runner(tmp_path):
    with Runner(tmp_path, imports=()) as runner:
        yield runner


# ---- patches ------------------------------------------------------------------------------------------------------


def test_the_patch_takes_the_place_of_its_lines_with_the_indentation_of_the_source(toy):
    (mutant,) = toy("half of it\n- for _ in range(2):\n-     y += x\n+ if x:\n+\n+     y += x\n")
    assert str(mutant) == "test_toy: Double: half of it"
    assert mutant.apply(SOURCE) == SOURCE.replace(
        "        for _ in range(2):\n            y += x\n", "        if x:\n\n            y += x\n"
    )


def test_a_patch_without_added_lines_removes(toy):
    (mutant,) = toy("nothing is added up\n- for _ in range(2):\n-     y += x\n")
    assert mutant.apply(SOURCE) == SOURCE.replace("        for _ in range(2):\n            y += x\n", "")


def test_only_the_indentation_of_the_lines_to_each_other_counts(toy):
    (mutant,) = toy("the loop is gone\n-     for _ in range(2):\n-         y += x\n+     y += x\n")
    assert "        y = 0\n        y += x\n        return y\n" in mutant.apply(SOURCE)
    (mutant,) = toy("not indented\n- for _ in range(2):\n- y += x\n+ y += x\n")
    with raises(MutantError, "test_toy: Double: not indented: these lines were not found"):
        mutant.apply(SOURCE)


@pytest.mark.parametrize("line", ["LIMIT = 3", "LIMIT: int = 3", "LIMIT, OTHER = 3, 4"])
def test_a_constant_is_broken_as_well(toy, line):
    (mutant,) = toy(f"another number\n- {line}\n+ LIMIT = 5\n", "file toy.py\n\n[LIMIT]\n")
    assert mutant.apply(f"{SOURCE}\n{line}\n") == f"{SOURCE}\nLIMIT = 5\n"


def test_a_file_holds_several_sources_classes_and_mutants(toy):
    head = "file one.py\ntests test_other.py\n[A]\na\n- 1\n[B.f]\nb\n- 2\n+ 3\n\nc\n- 4\n\nfile toy.py\n[Double]\n"
    mutants = toy("d\n- 5\n", head)
    assert [(m.source.name, m.tests.name, m.target, m.description, m.removed, m.added) for m in mutants] == [
        ("one.py", "test_other.py", "A", "a", ["1"], []),
        ("one.py", "test_other.py", "B.f", "b", ["2"], ["3"]),
        ("one.py", "test_other.py", "B.f", "c", ["4"], []),
        ("toy.py", "test_toy.py", "Double", "d", ["5"], []),
    ]


def test_a_source_may_need_packages_and_its_mutants_tell_which_are_missing(toy):
    head = "file one.py\nneeds numpy nowhere_a nowhere_b\n[A]\na\n- 1\n\nneeds care\n- 2\n\nfile toy.py\n[Double]\n"
    mutants = toy("d\n- 5\n", head)
    assert [(m.description, m.missing) for m in mutants] == [
        ("a", "nowhere_a, nowhere_b"),
        ("needs care", "nowhere_a, nowhere_b"),
        ("d", ""),
    ]


@pytest.mark.parametrize(
    ("head", "patch", "message"),
    [
        ("[Double]", "- return 3 * grad_y\n+ return 0", "these lines were not found in Double"),
        ("[Double]", "- return x\n+ return 0", "these lines were not found in Double"),  # they stand elsewhere
        ("[unused]", "- return x\n+ return 0", "these lines were found 2 times, expected once, in unused"),
        ("[Double.forward]", "- return 2 * grad_y\n+ return 0", "these lines were not found in Double.forward"),
        ("[Triple]", "- return y\n+ return 0", "has no class, function or constant Triple"),
        ("[Double]", "- return y\n+ return y  # the same", "the patch changes nothing"),
        ("[Double]", "- return y\n+ return (y", "what comes out is not Python"),
        ("[Double]", "- for _ in range(2):\n+     for _ in range(3):", "what comes out is not Python"),
    ],
)
def test_a_patch_that_does_not_fit_is_an_error_that_says_so(toy, head, patch, message):
    (mutant,) = toy(f"wrong\n{patch}\n", f"file toy.py\n{head}\n")
    with raises(MutantError, f"test_toy: {head[1:-1]}: wrong: ", message):
        mutant.apply(SOURCE)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- return y\n", "line 6: a patch without a description"),
        ("wrong\n+ return y\n", "line 7: a line with + without one with -"),
        ("wrong\n- a\n+ b\n- c\n", "line 9: all lines with - come before those with +"),
        ("wrong\nand more words\n", "line 7: expected a line with - or +"),
        ("wrong\n\n- return y\n", "line 8: a patch without a description"),
        ("wrong\n", "wrong: has no lines with -"),
        ("twice\n- a\n\ntwice\n- b\n", "line 9: a second mutant of this name in [Double]"),
        ("file toy.py\nwrong\n- a\n", "line 7: a mutant needs a `file` and a [Name] above it"),
    ],
)
def test_what_is_not_written_as_told_is_an_error_with_its_line(toy, text, message):
    with raises(MutantError, "test_toy", message):
        toy(text)


# ---- verdicts -----------------------------------------------------------------------------------------------------


def test_verdicts(toy, runner):
    """Rejected by the first tests of its class, by a function, by another test of the class; and one that survives."""
    first, function, other, survivor = toy(
        "three times\n- for _ in range(2):\n+ for _ in range(3):\n\n"
        "the factor is forgotten\n- return 2 * grad_y\n+ return grad_y\n\n"
        "3 only once\n- for _ in range(2):\n+ for _ in range(1 if x == 3 else 2):\n\n"
        "zero is a float\n- y = 0\n+ y = 0.0\n"
    )
    for mutant, test, why in [
        (first, "TestDouble::test_forward_agrees_with_the_naive_version", "assert 3 == 2"),
        (function, "test_backward", "assert 1 == 2"),
        (other, "TestDouble::test_forward", "assert 3 == 6"),
    ]:
        verdict = runner.judge(mutant)
        assert (verdict.outcome, verdict.test) == ("rejected", test)
        assert verdict.why.startswith(f"AssertionError: {why}")
    assert runner.judge(survivor) == Verdict("survived")


def test_a_patch_that_does_not_fit_is_no_success_of_the_tests(toy, runner):
    (mutant,) = toy("wrong\n- return 3 * grad_y\n")
    verdict = runner.judge(mutant)
    assert verdict.outcome == "error"
    assert "test_toy: Double: wrong: these lines were not found" in verdict.why


def test_one_runner_judges_many_and_none_leaves_a_trace(toy, runner, tmp_path):
    (mutant,) = toy("three times\n- for _ in range(2):\n+ for _ in range(3):\n")
    outcomes = [runner.judge(mutant).outcome, runner.unbroken(mutant.tests).outcome, runner.judge(mutant).outcome]
    assert outcomes == ["rejected", "survived", "rejected"]
    assert (tmp_path / "toy.py").read_text() == SOURCE


@pytest.mark.parametrize(
    ("patch", "message"),
    [
        ("- class Double:\n+ class Double(undefined):", "the mutant cannot be imported: NameError"),
        ("- return 2 * grad_y\n+ return 2 * gradient", "NameError"),
    ],
)
def test_a_patch_that_names_what_does_not_exist_is_an_error_and_no_success_of_the_tests(toy, runner, patch, message):
    (mutant,) = toy(f"wrong\n{patch}\n")
    verdict = runner.judge(mutant)
    assert verdict.outcome == "error"
    assert message in verdict.why


def test_tests_that_cannot_run_prove_nothing(toy, runner, tmp_path):
    (mutant,) = toy("three times\n- for _ in range(2):\n+ for _ in range(3):\n")
    for text, message in [("import nothing_of_this_name", "cannot be collected"), ("", "pytest ended with status 5")]:
        (tmp_path / "test_toy.py").write_text(text)
        verdict = runner.judge(mutant)
        assert verdict.outcome == "error"
        assert message in verdict.why


@pytest.mark.parametrize(
    "text",
    [
        "def test_it(): pytest.skip('no')",
        "@pytest.mark.xfail\ndef test_it(): assert 0",
        "@pytest.mark.everything('long runs')\ndef test_it(): assert 0\n\n\ndef test_another(): pass",
    ],
)
def test_a_skipped_test_a_slow_one_and_one_that_is_expected_to_fail_reject_nothing(toy, runner, tmp_path, text):
    (mutant,) = toy("three times\n- for _ in range(2):\n+ for _ in range(3):\n")
    (tmp_path / "test_toy.py").write_text(f"import pytest\n\n\n{text}\n")
    assert runner.judge(mutant).outcome == "survived"


def test_an_endless_loop_is_stopped_and_counts_as_rejected(toy, runner):
    (mutant,) = toy("for ever\n- for _ in range(2):\n+ while True:\n")
    runner.timeout = 3
    verdict = runner.judge(mutant)
    assert verdict.outcome == "rejected"
    assert "had not ended after 3 s and were stopped" in verdict.why


def test_a_crash_of_python_counts_as_rejected(toy, runner):
    (mutant,) = toy("an abort\n- return 2 * grad_y\n+ __import__('os').abort()\n")
    verdict = runner.judge(mutant)
    assert verdict.outcome == "rejected"
    assert "Python was ended by signal 6" in verdict.why


# ---- the command --------------------------------------------------------------------------------------------------


def run(*arguments):
    command = [sys.executable, mutation.__file__, *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=mutation.ROOT)


@pytest.mark.everything("long runs")
def test_the_command_names_the_test_that_rejects_each():
    result = run("tests/functional/test_checks.mutants", "-k", "columns first")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "test_checks: pair: columns first, rows second\n    rejected by test_pair[" in result.stdout
    assert "1 mutants, 1 rejected" in result.stdout


@pytest.mark.everything("long runs")
def test_the_command_ends_with_status_1_where_a_mutant_survives(tmp_path):
    mutants = tmp_path / "test_nothing.mutants"
    mutants.write_text(
        "file minicnn/functional/linear.py\ntests tests/functional/test_checks.py\n"
        "[Linear]\nno matter to these tests\n- y[:, outputs] += bias[outputs]\n+ pass\n"
    )
    result = run(str(mutants))
    assert result.returncode == 1
    assert "test_nothing: Linear: no matter to these tests\n    SURVIVED: no test fails" in result.stdout


def test_the_command_refuses_what_it_cannot_read(tmp_path):
    result = run(str(tmp_path / "missing.mutants"))
    assert result.returncode == 2
    assert "missing.mutants" in result.stderr
    assert "Traceback" not in result.stderr


def test_help_shows_an_example():
    assert "example: python tests/mutation.py" in run("--help").stdout
