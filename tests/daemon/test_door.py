"""No value that JSON cannot hold reaches the journal, whichever driver it came through."""

import math
from pathlib import Path

import pytest

from daemon.door import sound
from daemon.journal.recovery import recover
from daemon.journal.schema import open_database
from rules.signal import Fault, Heard, Reading
from tests.daemon import house
from tests.daemon.house import HandClock
from tests.daemon.test_pump import Bench, running

NO_NUMBERS = (math.nan, math.inf, -math.inf)


@pytest.mark.parametrize("value", NO_NUMBERS)
def test_a_reading_that_is_no_number_is_the_fault_that_it_means(value: float) -> None:
    """Everything else comes through as it is."""
    told = sound(Reading(5.0, "det-1", "temperature", value))
    assert told == Fault(5.0, "det-1", "bad_value:temperature", f"temperature {value!r} is no number", "temperature")
    for signal in (Reading(5.0, "det-1", "smoke", True), Reading(5.0, "det-1", "temperature", -0.0), Heard(5.0, "a")):
        assert sound(signal) is signal


async def _told_no_number(bench: Bench, clock: HandClock) -> None:
    await bench.durable(house.smoke(clock.now(), 1.0, 1))
    await bench.durable(*(house.smoke(clock.now(), value, 2 + at) for at, value in enumerate(NO_NUMBERS)))


def _folded(path: Path) -> dict[str, dict[str, float | bool]]:
    """What the journal remembers of each device."""
    connection = open_database(path)
    try:
        return {one.device: one.values for one in recover(connection, house.plan()).engine.devices()}
    finally:
        connection.close()


async def test_a_reading_that_is_no_number_is_a_fault_that_survives_a_restart(tmp_path: Path) -> None:
    """It is told once, ends with the next good value, and the journal folds to what the engine knows."""
    path, clock = tmp_path / "journal.db", HandClock()
    async with running(path, clock) as bench:
        await _told_no_number(bench, clock)
        assert [fault.code for fault in bench.engine.faults()] == ["bad_value:smoke_obscuration"]
        known = {one.device: one.values for one in bench.engine.devices()}
    assert _folded(path) == known
    async with running(path, clock) as bench:
        await bench.durable(house.smoke(clock.now(), 1.5, 9))
        assert bench.engine.faults() == ()


async def test_without_the_door_the_journal_forgets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: written as it is, the value is lost on the way back."""
    monkeypatch.setattr("daemon.pump.sound", lambda signal: signal)
    path, clock = tmp_path / "journal.db", HandClock()
    async with running(path, clock) as bench:
        await _told_no_number(bench, clock)
        known = {one.device: one.values for one in bench.engine.devices()}
    assert _folded(path) != known
