"""What is measured against what."""

from dataclasses import replace

from benchmarks import rows
from benchmarks.measure import Settings
from benchmarks.rows import FASTER, LAST, NCHW, OURS
from benchmarks.side import SIDES

BASE = Settings(16, 224, threads=4)
SUITE = rows.suite(BASE)
BY_NAME = {measurement.what: measurement for measurement in SUITE}


def test_every_row_divides_contestants_by_each_other() -> None:
    for measurement in SUITE:
        assert {c.side for c in measurement.contestants.values()} <= SIDES.keys()
        for row in measurement.rows:
            assert row.of in measurement.contestants
            assert row.to in measurement.contestants or row.to == FASTER


def test_targets() -> None:
    targets = [(m.what, row.of, row.to, str(row.target)) for m in SUITE for row in m.rows if row.target]
    assert targets == [
        ("training", OURS, NCHW, ">= 1.15"),
        ("training", OURS, FASTER, ">= 1.00"),
        ("inference", OURS, NCHW, ">= 1.60"),
        ("inference", OURS, LAST, ">= 0.90"),
        ("inference of one image", OURS, NCHW, ">= 1.00"),
        ("peak memory in training", OURS, NCHW, "<= 0.55"),
        ("peak memory in training", OURS, LAST, "<= 0.55"),
        ("digits 64x64, batch 64, training", OURS, FASTER, ">= 1.00"),
        ("a look inside, digits 64x64, batch 8, training", "before", "never", ">= 0.97"),
        ("threads, training", "2 threads", "1 thread", ">= 1.80"),
        ("batch size, training", "batch 16", "batch 64", "<= 1.05"),
        ("preset paper, training", OURS, NCHW, ">= 1.00"),
        ("preset batchnorm, training", OURS, NCHW, ">= 1.00"),
        ("JPEG files", "reading", "training", ">= 3.00"),
    ]


def test_contestants_differ_in_what_their_row_is_about() -> None:
    def differences(what: str) -> dict[str, set[tuple[str, object]]]:
        return {
            name: set(vars(c.settings).items()) - set(vars(BASE).items())
            for name, c in BY_NAME[what].contestants.items()
        }

    assert differences("training") == {OURS: set(), NCHW: set(), LAST: set()}
    assert differences("threads, training") == {"2 threads": {("threads", 2)}, "1 thread": {("threads", 1)}}
    assert differences("batch size, training") == {"batch 64": {("batch_size", 64)}, "batch 16": set()}
    assert differences("inference of one image")[LAST] == {("batch_size", 1)}
    assert differences("preset paper, training")[NCHW] == {("preset", "paper")}
    digits = {("batch_size", 64), ("size", 64), ("classes", 10), ("channels", 1)}
    assert differences("digits 64x64, batch 64, training")[OURS] == digits


def test_limits_are_of_one_thread_and_of_all() -> None:
    for what in ("matrix product", "copy", "products of a training step alone"):
        assert {c.settings.threads for c in BY_NAME[what].contestants.values()} == {1, 4}
    assert len(rows.copies(replace(BASE, threads=1))) == 1


def test_two_threads_are_not_measured_on_one_core() -> None:
    missing = {m.what: m.missing for m in rows.suite(replace(BASE, threads=1)) if m.missing}
    assert missing == {"threads, training": "needs 2 threads"}
    assert not any(m.missing for m in SUITE)


def test_enough_rounds() -> None:
    assert {m.rounds for m in SUITE} == {3, 5}
    assert {m.group for m in SUITE if m.rounds == 5} >= {"training", "inference", "one-image", "digits"}


def test_a_trial_is_tiny_and_has_no_targets() -> None:
    for measurement in map(rows.trial, SUITE):
        assert not any(row.target for row in measurement.rows)
        assert all(c.settings.size <= 256 and c.settings.batch_size <= 8 for c in measurement.contestants.values())


def test_another_configuration_is_measured_without_targets() -> None:
    custom = rows.custom(replace(BASE, preset="paper"))
    assert [m.what for m in custom] == [
        "training", "inference", "peak memory in training", "peak memory in inference"
    ]  # fmt: skip
    assert {c.settings.preset for m in custom for c in m.contestants.values()} == {"paper"}
    assert not any(row.target for m in custom for row in m.rows)
