"""Tells the engine what the calendar says: which schedules of the venue are active, by the wall clock in its time zone.

Only changes are told, and everything once at the start. The clock is looked at again at least once a minute, so that a
step of it, daylight saving time or a right time that comes late is noticed. While the clock is evidently wrong every
schedule is unknown.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from daemon.clock import Clock
from rules import signal
from rules.schedule import DAY_S, Schedule, WallOf, next_change
from rules.signal import Fault, Recovered, Signal

LOOK_S = 60  # the clock may have been stepped: the longest that nobody notices
SLACK_S = 0.005  # so that a sleep that ends a hair early does not find itself before the change
EARLIEST = datetime(
    2026, 1, 1, tzinfo=UTC
).timestamp()  # this was built in 2026: an earlier date is a clock that lost it
LATEST = datetime(2100, 1, 1, tzinfo=UTC).timestamp()

SOURCE = "tocsin/clock"
WRONG_DATE = "wrong_date"  # fault code: the wall clock is evidently wrong
NO_TIME_ZONE = "no_time_zone"  # fault code: this machine does not know the venue's time zone


class Calendar:
    """Looks at the wall clock and reports what has changed."""

    def __init__(
        self, schedules: Mapping[str, Schedule], time_zone: str, clock: Clock, report: Callable[[Signal], None]
    ) -> None:
        self._schedules = schedules
        self._time_zone = time_zone
        self._clock = clock
        self._report = report
        self._told: dict[str, bool | None] = {}
        self._fault = ""

    def follow(self, schedules: Mapping[str, Schedule], time_zone: str) -> None:
        """The venue's file has changed: everything is told again."""
        self._schedules = schedules
        self._time_zone = time_zone
        self._told.clear()
        self.look()

    def look(self) -> float:
        """Report what is not as it was told. Returns in how many seconds there will be something to look at."""
        wall = self._clock.wall()
        wall_of = self._wall_of(wall)
        for name, schedule in self._schedules.items():
            active = None if wall_of is None else schedule.active(wall_of(int(wall)))
            if name not in self._told or self._told[name] is not active:
                self._told[name] = active
                self._report(signal.Calendar(self._clock.now(), name, active))
        if wall_of is None:
            return LOOK_S
        changes = (next_change(schedule, int(wall), wall_of, LOOK_S) for schedule in self._schedules.values())
        return min((change - wall + SLACK_S for change in changes if change is not None), default=LOOK_S)

    async def run(self) -> None:
        """Look for ever."""
        while True:
            pause_s = self.look()
            await asyncio.sleep(pause_s)

    def _wall_of(self, wall: float) -> WallOf | None:
        """What the venue's clocks show at an instant; None, with a fault, when nobody can say."""
        if not EARLIEST <= wall < LATEST:
            shown = f"{datetime.fromtimestamp(wall, UTC):%Y-%m-%d}" if 0 <= wall < LATEST else f"{wall:.0f} s"
            text = f"the machine's clock says {shown}, which cannot be: set it; until then every schedule is unknown"
            self._say(WRONG_DATE, text)
            return None
        try:
            zone = ZoneInfo(self._time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            text = f"this machine does not know the time zone {self._time_zone}: install tzdata; schedules are unknown"
            self._say(NO_TIME_ZONE if self._schedules else "", text)
            return None
        self._say("", "")
        return lambda at: _shown(datetime.fromtimestamp(at, zone))

    def _say(self, fault: str, text: str) -> None:
        """One fault at a time stands, or none."""
        if fault == self._fault:
            return
        now = self._clock.now()
        if self._fault:
            self._report(Recovered(now, SOURCE, self._fault))
        if fault:
            self._report(Fault(now, SOURCE, fault, text))
        self._fault = fault


def _shown(local: datetime) -> int:
    return local.toordinal() * DAY_S + local.hour * 3600 + local.minute * 60 + local.second
