"""Schedules by the clock on the wall, against a brute force that looks at every minute."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.schedule import DAY_S, DAYS, HORIZON_S, Schedule, Span, WallOf, next_change, weekday

ZONES = ("Europe/Berlin", "Australia/Lord_Howe", "Asia/Shanghai", "America/St_Johns")
START = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())


def wall_in(name: str) -> WallOf:
    """The wall clock of a time zone."""
    zone = ZoneInfo(name)

    def wall_of(at: int) -> int:
        local = datetime.fromtimestamp(at, zone)
        return local.toordinal() * DAY_S + local.hour * 3600 + local.minute * 60 + local.second

    return wall_of


def span(begins: str, ends: str, days: str = "mon tue wed thu fri sat sun", **dates: frozenset[int]) -> Span:
    """From "20:00" to "04:00" on these days."""
    return Span(of_day(begins), of_day(ends), frozenset(DAYS.index(day) for day in days.split()), **dates)


def of_day(text: str) -> int:
    """Seconds since midnight of "20:30"."""
    hours, minutes = text.split(":")
    return int(hours) * 3600 + int(minutes) * 60


def utc(text: str) -> int:
    """Seconds since 1970 of an ISO time in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def changes(schedule: Schedule, begin: str, end: str, wall_of: WallOf) -> list[str]:
    """Every change between two times in UTC, with what the schedule is from then on."""
    found: list[str] = []
    at: int | None = utc(begin)
    while (at := next_change(schedule, at or 0, wall_of)) is not None and at < utc(end):
        state = "on" if schedule.active(wall_of(at)) else "off"
        found.append(f"{datetime.fromtimestamp(at, UTC):%m-%d %H:%M} {state}")
    return found


def test_a_span_over_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    """Friday 20:00 to 04:00 is on in the first hours of Saturday, and not in those of Friday."""
    schedule = Schedule((span("20:00", "04:00", "fri"),))
    assert changes(schedule, "2026-06-08T00:00", "2026-06-15T00:00", wall_in("UTC")) == [
        "06-12 20:00 on",
        "06-13 04:00 off",
    ]


def test_a_day_ends_at_twenty_four() -> None:
    """24:00 is the midnight at the end, 00:00 to 00:00 a whole day, and spans that touch are one."""
    evening = Schedule((span("18:00", "24:00", "mon"), span("00:00", "02:00", "tue")))
    assert changes(evening, "2026-06-08T00:00", "2026-06-15T00:00", wall_in("UTC")) == [
        "06-08 18:00 on",
        "06-09 02:00 off",
    ]
    always = Schedule((span("00:00", "00:00"),))
    assert always.active(0) and next_change(always, START, wall_in("Europe/Berlin")) is None


def test_dates_open_and_close() -> None:
    """A span is not begun on the dates it is closed, and one for dates alone asks no weekday."""
    saturday = date(2027, 2, 6).toordinal()
    closed = Schedule((span("20:00", "04:00", never=frozenset({saturday})),))
    assert changes(closed, "2027-02-05T12:00", "2027-02-07T23:00", wall_in("UTC")) == [
        "02-05 20:00 on",
        "02-06 04:00 off",
        "02-07 20:00 on",
    ]
    party = Schedule((span("14:00", "15:00", only=frozenset({saturday})),))
    assert changes(party, "2027-01-01T00:00", "2028-01-01T00:00", wall_in("UTC")) == [
        "02-06 14:00 on",
        "02-06 15:00 off",
    ]


def test_an_empty_schedule_is_never_active() -> None:
    """Without a span nothing changes, and the search ends."""
    assert not Schedule(()).active(0)
    assert next_change(Schedule(()), START, wall_in("Europe/Berlin")) is None


@pytest.mark.parametrize(
    ("zone", "begin", "schedule", "expected"),
    [
        # Berlin, 29 March 2026: at 01:00 UTC the clock goes from 02:00 to 03:00.
        ("Europe/Berlin", "2026-03-28T12:00", span("20:00", "04:00", "sat"), ["03-28 19:00 on", "03-29 02:00 off"]),
        ("Europe/Berlin", "2026-03-28T12:00", span("02:30", "05:00", "sun"), ["03-29 01:00 on", "03-29 03:00 off"]),
        ("Europe/Berlin", "2026-03-28T12:00", span("22:00", "02:30", "sat"), ["03-28 21:00 on", "03-29 01:00 off"]),
        ("Europe/Berlin", "2026-03-28T12:00", span("02:10", "02:50", "sun"), []),
        # Berlin, 25 October 2026: at 01:00 UTC the clock goes from 03:00 back to 02:00.
        ("Europe/Berlin", "2026-10-24T12:00", span("20:00", "04:00", "sat"), ["10-24 18:00 on", "10-25 03:00 off"]),
        (
            "Europe/Berlin",
            "2026-10-24T12:00",
            span("02:10", "02:50", "sun"),
            ["10-25 00:10 on", "10-25 00:50 off", "10-25 01:10 on", "10-25 01:50 off"],
        ),
        (
            "Europe/Berlin",
            "2026-10-24T12:00",
            span("22:00", "02:30", "sat"),
            ["10-24 20:00 on", "10-25 00:30 off", "10-25 01:00 on", "10-25 01:30 off"],
        ),
        # Lord Howe moves by 30 minutes: 3 October 2026, 15:30 UTC, from 02:00 to 02:30; 4 April 2026, 15:00 UTC, back.
        (
            "Australia/Lord_Howe",
            "2026-10-03T06:00",
            span("02:10", "03:00", "sun"),
            ["10-03 15:30 on", "10-03 16:00 off"],
        ),
        ("Australia/Lord_Howe", "2026-10-03T06:00", span("02:05", "02:25", "sun"), []),
        (
            "Australia/Lord_Howe",
            "2026-04-04T06:00",
            span("01:35", "01:55", "sun"),
            ["04-04 14:35 on", "04-04 14:55 off", "04-04 15:05 on", "04-04 15:25 off"],
        ),
    ],
)
def test_daylight_saving_time(zone: str, begin: str, schedule: Span, expected: list[str]) -> None:
    """Only what the clock on the wall shows counts: an hour left out is nobody's, one that comes twice is twice."""
    end = datetime.fromisoformat(begin) + timedelta(days=1)
    assert changes(Schedule((schedule,)), begin, end.isoformat(), wall_in(zone)) == expected


MINUTE = st.integers(0, 24 * 60 - 1).map(lambda minute: minute * 60)
SPAN = st.builds(
    Span,
    MINUTE,
    st.integers(0, 24 * 60).map(lambda minute: minute * 60),
    st.frozensets(st.integers(0, 6), min_size=1),
)
SCHEDULE = st.lists(SPAN, max_size=4).map(lambda spans: Schedule(tuple(spans)))
DST_DAYS = ("2026-03-28", "2026-10-24", "2026-10-03", "2026-04-04", "2026-03-07", "2026-10-31", "2026-06-12")


def shows(schedule: Schedule, local: datetime) -> bool:
    """The slow, obvious truth: whether a minute-by-minute walk from each midnight meets what the clock shows."""
    for one in schedule.spans:
        for back in (0, 1):
            begun = local.date() - timedelta(days=back)
            minute = local.hour * 60 + local.minute + back * 24 * 60
            first = one.begins_s // 60
            last = one.ends_s // 60 if one.ends_s > one.begins_s else one.ends_s // 60 + 24 * 60
            if begun.weekday() in one.days and minute in range(first, last):
                return True
    return False


@settings(max_examples=60, deadline=None)
@given(SCHEDULE, st.sampled_from(ZONES), st.sampled_from(DST_DAYS), st.integers(0, 24 * 60))
def test_active_and_next_change_agree_with_every_minute(schedule: Schedule, zone: str, day: str, minutes: int) -> None:
    """Around a change of the clock each minute is as brute force says, and no change is early or late."""
    wall_of, place = wall_in(zone), ZoneInfo(zone)
    begin = utc(day) + minutes * 60
    states = [shows(schedule, datetime.fromtimestamp(at, place)) for at in range(begin, begin + 3 * DAY_S, 60)]
    assert [schedule.active(wall_of(begin + index * 60)) for index in range(len(states))] == states
    expected = next((begin + index * 60 for index, state in enumerate(states) if state != states[0]), None)
    found = next_change(schedule, begin, wall_of)
    if expected is None:
        assert found is None or found >= begin + 3 * DAY_S - 60
    else:
        assert found == expected


def test_a_change_is_found_within_the_horizon_and_no_further() -> None:
    """A date a year ahead is found; one beyond the horizon is not looked for."""
    near, far = (
        utc("2026-01-01T00:00") // DAY_S + date(1970, 1, 1).toordinal() + ahead
        for ahead in (365, HORIZON_S // DAY_S + 2)
    )
    wall_of = wall_in("UTC")
    assert (
        next_change(Schedule((span("10:00", "11:00", only=frozenset({near})),)), START, wall_of)
        == START + 365 * DAY_S + 36_000
    )
    assert next_change(Schedule((span("10:00", "11:00", only=frozenset({far})),)), START, wall_of) is None


def moving(at_day: int, shift: int) -> Callable[[int], int]:
    """A wall clock whose hands are moved once."""
    return lambda at: at + (shift if at >= at_day else 0)


def test_a_moved_hand_that_changes_nothing_does_not_end_the_search() -> None:
    """After the hands are moved the next change is counted by their new place, up to the horizon."""
    daily = Schedule((span("10:00", "11:00"),))
    assert next_change(daily, 12 * 3600, moving(13 * 3600, 3600)) == DAY_S + 9 * 3600
    assert next_change(Schedule(()), 0, moving(HORIZON_S, 3600)) is None


def test_weekdays_are_those_of_the_calendar() -> None:
    """Day numbers are those of date.toordinal."""
    assert [weekday(date(2026, 6, day).toordinal()) for day in range(8, 15)] == list(range(7))


def test_an_edge_is_found_up_to_the_second_asked_for() -> None:
    """At the last second looked at it is found, a second later it is not; that of now is past."""
    daily = Schedule((Span(9 * 3600, 17 * 3600),))
    day = 700_000 * DAY_S
    assert daily.next_edge(day + 8 * 3600, day + 9 * 3600) == day + 9 * 3600
    assert daily.next_edge(day + 8 * 3600, day + 9 * 3600 - 1) is None
    assert daily.next_edge(day + 9 * 3600, day + DAY_S) == day + 17 * 3600
    assert daily.next_edge(day + 18 * 3600, day + DAY_S + 9 * 3600) == day + DAY_S + 9 * 3600


def test_a_moved_hand_is_found_to_the_second() -> None:
    """Whenever in the day it is moved."""
    for moved_at in (50_001, 50_002, 50_003, 50_004):
        opens = Schedule((Span(50_000 + 3600, 60_000),))
        assert next_change(opens, 40_000, moving(moved_at, 3600)) == moved_at
