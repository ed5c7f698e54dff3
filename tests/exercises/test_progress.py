"""Progress is what passes, and what is known is not run again."""

from dataclasses import replace

from exercises.folder import Work
from exercises.progress import next_of, progress


def state(work, exercise):
    return next(found for found in progress(work) if found.exercise == exercise)


def test_untouched_stubs_are_not_run(work, pool, in_process):
    assert {found.state for found in progress(work)} == {"not begun"}
    assert next_of(progress(work)) == progress(work)[0]
    assert in_process == []


def test_what_passes_is_passed_and_remembered(work, pool, solve, in_process):
    solve(pool)
    assert state(work, pool).state == "passed"
    reached, possible = state(work, pool).points
    assert reached == possible
    assert in_process == ["max_pool2d"]
    solve(pool, "return y", "return -y")
    assert state(work, pool).state == "begun" and state(work, pool).points[0] < possible
    assert in_process == ["max_pool2d"] * 2


def test_another_seed_and_other_checks_are_other_results(work, pool, solve, in_process, monkeypatch, tmp_path):
    solve(pool)
    progress(work)
    other = replace(work, seed=1)
    progress(other)
    progress(other)
    assert in_process == ["max_pool2d"] * 2
    changed = tmp_path / "checks.py"
    changed.write_text("changed", encoding="utf-8")
    monkeypatch.setattr("exercises.progress.ENGINE", [changed])
    progress(other)
    assert in_process == ["max_pool2d"] * 3


def test_a_missing_file_is_told(work, pool):
    work.path_of(pool).unlink()
    assert state(work, pool).state == "missing"


def test_a_damaged_cache_and_a_read_only_folder_cost_time_alone(work, pool, solve, in_process):
    solve(pool)
    work.cache.mkdir()
    for text in ("{", "[]", '{"max_pool2d": {}}', '{"max_pool2d": {"fingerprint": 3, "points": [1]}}'):
        (work.cache / "progress.json").write_text(text, encoding="utf-8")
        assert state(work, pool).state == "passed"
    (work.cache / "progress.json").unlink()
    work.cache.rmdir()
    work.cache.write_text("no folder", encoding="utf-8")
    assert state(Work(work.folder), pool).state == "passed"
