"""Engine time: never backwards, on through restarts, whatever the wall clock does."""

import time

import pytest

from daemon.clock import BOOT_ID, Stamp, SystemClock


def test_the_first_start_begins_at_zero() -> None:
    """Without a journal no time has passed, and from then on it passes."""
    clock = SystemClock()
    first = clock.now()
    assert 0.0 <= first < 5.0
    assert clock.now() >= first
    assert clock.down_s == 0.0


def test_it_goes_on_from_what_the_engine_has_seen() -> None:
    """A run whose journal opened late began at zero and wrote the last stamp; the engine holds a later instant, and a
    clock behind it would hold up every delay.
    """
    boottime = time.clock_gettime(time.CLOCK_BOOTTIME)
    last = Stamp(50.0, time.time(), BOOT_ID.read_text().strip(), boottime - 30.0)
    assert SystemClock(last, not_before=1e6).now() == pytest.approx(1e6 + 30.0, abs=1.0)


def test_within_one_boot_the_outage_is_measured_by_the_machine() -> None:
    """A wall clock that was stepped a day back between two runs is not even looked at."""
    boottime = time.clock_gettime(time.CLOCK_BOOTTIME)
    last = Stamp(500.0, time.time() + 86_400.0, BOOT_ID.read_text().strip(), boottime - 30.0)
    clock = SystemClock(last)
    assert clock.down_s == pytest.approx(30.0, abs=1.0)
    assert clock.now() == pytest.approx(530.0, abs=1.0)


def test_after_a_reboot_the_outage_is_measured_by_the_wall() -> None:
    """Another boot id: CLOCK_BOOTTIME began anew, so the wall clock tells how long it was dark."""
    clock = SystemClock(Stamp(500.0, time.time() - 60.0, "another boot", 9_999_999.0))
    assert clock.down_s == pytest.approx(60.0, abs=1.0)
    assert clock.now() == pytest.approx(560.0, abs=1.0)


def test_by_a_wall_clock_behind_the_journal_no_time_has_passed() -> None:
    """After a reboot into 1970 the outage counts as zero, never as negative."""
    clock = SystemClock(Stamp(500.0, time.time() + 3600.0, "another boot", 0.0))
    assert clock.down_s == 0.0
    assert clock.now() >= 500.0


def test_wall_time_of_an_instant() -> None:
    """What happened a minute of engine time ago happened a minute ago for people."""
    clock = SystemClock()
    assert clock.wall_of(clock.now() - 60.0) == pytest.approx(time.time() - 60.0, abs=1.0)
    stamp = clock.stamp()
    assert clock.wall_of(stamp.at) == pytest.approx(stamp.wall, abs=1.0)
