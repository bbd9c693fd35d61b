"""The process looks at itself: a loop that is late and descriptors that run out are faults, and end as faults."""

import resource

import pytest

from daemon import vitals
from daemon.vitals import CALM_BEATS, Vitals
from rules.signal import Fault, Recovered, Signal
from tests.daemon import house


def _codes(told: list[Signal]) -> list[str]:
    return [f"{'+' if isinstance(one, Fault) else '-'}{one.code}" for one in told if isinstance(one, Fault | Recovered)]


def test_a_late_loop_is_a_fault_until_it_has_been_on_time_for_a_while() -> None:
    """Told once however often it is late, and over only after ten beats in a row on time."""
    told: list[Signal] = []
    looking = Vitals(house.HandClock(), told.append)
    looking.beat(0.9)
    assert told == []
    looking.beat(1.2)
    looking.beat(3.0)
    for _ in range(CALM_BEATS - 1):
        looking.beat(0.0)
    looking.beat(1.0)
    for _ in range(CALM_BEATS - 1):
        looking.beat(0.0)
    assert _codes(told) == ["+late"]
    looking.beat(0.0)
    assert _codes(told) == ["+late", "-late"]
    assert looking.health().loop_late_s == 3.0


def test_descriptors_that_run_out_are_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    """It names how many are left, and ends when there are enough again."""
    told: list[Signal] = []
    looking = Vitals(house.HandClock(), told.append)
    left = 100
    monkeypatch.setattr(vitals, "descriptors_left", lambda: left)
    for left in (vitals.RESERVED, vitals.RESERVED - 1, 3, vitals.RESERVED):
        looking.beat(0.0)
        assert left
    assert _codes(told) == ["+descriptors", "-descriptors"]
    assert isinstance(told[0], Fault) and f"only {vitals.RESERVED - 1} more files" in told[0].text


def test_what_the_process_holds_is_read_from_the_kernel() -> None:
    """Memory in bytes, and as many descriptors as the limit leaves."""
    health = Vitals(house.HandClock(), lambda signal: None).health()
    assert health.memory_bytes > 10_000_000
    assert 3 <= health.descriptors < health.descriptors_max == resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    assert abs(vitals.descriptors_left() - (health.descriptors_max - health.descriptors)) <= 3
