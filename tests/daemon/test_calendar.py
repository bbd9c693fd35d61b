"""The calendar by a wall clock that tests set: changes on their second, steps, wrong dates, unknown time zones."""

import asyncio
from datetime import UTC, datetime

import msgspec
import pytest

from daemon.calendar import LOOK_S, Calendar
from rules import signal
from rules.schedule import DAYS, EVERY_DAY, Schedule, Span
from rules.signal import Fault, Recovered, Signal
from tests.daemon.house import HandClock
from tests.daemon.virtual_time import VirtualClock, run_virtually

OPEN = Schedule((Span(20 * 3600, 4 * 3600, EVERY_DAY),))
MONDAY = Schedule((Span(0, 24 * 3600, frozenset({DAYS.index("mon")})),))


def utc(text: str) -> float:
    """Seconds since 1970."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


class WallClock(HandClock):
    """Its wall clock is set by hand."""

    def __init__(self, wall: str) -> None:
        super().__init__()
        self.shows = utc(wall)

    def wall(self) -> float:
        return self.shows


class Desk:
    """A calendar in Berlin, and what it reported, in words."""

    def __init__(self, wall: str, zone: str = "Europe/Berlin") -> None:
        self.clock = WallClock(wall)
        self._reported: list[Signal] = []
        self.doubted = False
        report = self._reported.append
        self.calendar = Calendar({"open": OPEN, "monday": MONDAY}, zone, self.clock, report, lambda: self.doubted)

    def look(self, wall: str = "") -> list[str]:
        """What is reported when the wall clock shows this."""
        self.clock.shows = utc(wall) if wall else self.clock.shows
        self._reported.clear()
        self.pause_s = self.calendar.look()
        return [words(one) for one in self._reported]


def words(told: Signal) -> str:
    """A signal in a word or two."""
    match told:
        case signal.Calendar():
            return f"{told.schedule} {told.active}"
        case Fault() | Recovered():
            return f"{type(told).__name__} {told.source} {told.code}"
        case _:
            raise AssertionError(told)


def test_everything_is_told_once_and_then_only_changes() -> None:
    """In the venue's time zone: 20:00 in Berlin is 19:00 UTC in winter."""
    desk = Desk("2026-11-22T18:00:00")
    assert desk.look() == ["open False", "monday False"] and desk.pause_s == LOOK_S
    assert desk.look("2026-11-22T18:59:30.500") == [] and desk.pause_s == pytest.approx(29.5, abs=0.01)
    assert desk.look("2026-11-22T18:59:59.999") == [] and 0 < desk.pause_s < 0.01
    assert desk.look("2026-11-22T19:00:00") == ["open True"]
    assert desk.look("2026-11-22T23:00:00") == ["monday True"]


def test_a_step_of_the_clock_is_told() -> None:
    """Forward and back again within a minute: each look says what is so by the clock as it is."""
    desk = Desk("2026-11-22T18:00:00")
    desk.look()
    assert desk.look("2026-11-22T20:00:00") == ["open True"]
    assert desk.look("2026-11-22T18:00:10") == ["open False"]


def test_by_a_clock_that_is_not_believed_nothing_is_known() -> None:
    """Schedules are unknown until the time is right."""
    desk = Desk("2026-11-22T19:00:00")
    desk.doubted = True
    assert desk.look() == ["open None", "monday None"] and desk.pause_s == LOOK_S
    assert desk.look() == []
    desk.doubted = False
    assert desk.look() == ["open True", "monday False"]
    desk.doubted = True
    assert desk.look() == ["open None", "monday None"]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("2026-10-25T00:30:00", "2026-10-25T01:30:00", []),  # 02:30 twice: the hour comes again
        ("2026-03-29T00:59:59", "2026-03-29T01:00:00", []),  # 02:00 is left out: 03:00 at once
        ("2026-10-25T02:59:59", "2026-10-25T03:00:00", ["open False"]),  # closing at 04:00, an hour later by UTC
        ("2026-03-29T01:59:59", "2026-03-29T02:00:00", ["open False"]),  # and an hour earlier
    ],
)
def test_daylight_saving_time(before: str, after: str, told: list[str]) -> None:
    """In Berlin, where the hands are moved at 01:00 UTC: a venue that closes at 04:00 closes when its clock says so."""
    desk = Desk(before)
    assert desk.look()[0] == "open True"
    assert desk.look(after) == told


def test_without_the_time_zone_nothing_is_known() -> None:
    """A machine without time zone data says so, and says it only where a schedule needs it."""
    desk = Desk("2026-11-22T19:00:00", "Mars/Olympus")
    assert desk.look() == ["Fault tocsin/clock no_time_zone", "open None", "monday None"]
    desk.calendar.follow({}, "Mars/Olympus")
    assert desk.look() == []


def test_other_files_are_told_anew() -> None:
    """After a reload every schedule is told again, and those that are gone no more."""
    desk = Desk("2026-11-22T19:00:00")
    desk.look()
    told: list[Signal] = []
    calendar = Calendar({"open": OPEN}, "Europe/Berlin", desk.clock, told.append)
    calendar.look()
    calendar.follow({"open": OPEN, "late": MONDAY}, "Asia/Shanghai")
    assert [words(one) for one in told] == ["open True", "open True", "late True"]


def test_it_wakes_at_the_change() -> None:
    """On a clock that runs, the change is told within 10 ms of its second, and a quiet hour costs 60 looks."""
    told: list[tuple[float, str]] = []

    class Running(VirtualClock):
        def wall(self) -> float:
            return utc("2026-11-22T18:00:13.25") + self.now() - 100.0

    async def story() -> None:
        clock = Running()
        calendar = Calendar({"open": OPEN}, "Europe/Berlin", clock, lambda one: told.append((clock.wall(), words(one))))
        task = asyncio.create_task(calendar.run())
        await asyncio.sleep(2 * 3600)
        task.cancel()

    run_virtually(story())
    (_, first), (at, second) = told
    assert (first, second) == ("open False", "open True")
    assert 0 <= at - utc("2026-11-22T19:00:00") < 0.01


def test_the_journal_keeps_what_the_calendar_says() -> None:
    """Signals about the surroundings are read back as they were written: a replay decides the same."""
    said: list[Signal] = [
        signal.Calendar(1.0, "open", None),
        signal.Duty(2.0, True, "lin", "here"),
        signal.StartShow(3.0, "stage", 600.0, "lin", "concert", "commander"),
        signal.EndShow(4.0, "stage", "lin", "over"),
    ]
    assert msgspec.json.decode(msgspec.json.encode(said), type=list[Signal]) == said
