"""What other programs took of the cores."""

import pytest

from benchmarks import machine


def test_the_share_of_others_is_what_the_cores_did_without_us(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "cores", lambda: 2)
    monkeypatch.setattr(machine, "clocks", lambda: (110.0, 25.0, 1012.0))
    start = 100.0, 20.0, 1000.0  # 10 seconds of 2 cores: 12 of these 20 were worked, 5 by this process
    assert machine.taken_by_others(start) == "35%"


def test_where_the_system_does_not_count_it_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "busy_seconds", lambda: None)
    assert machine.taken_by_others(machine.clocks()) == "unknown"
