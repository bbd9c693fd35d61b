"""Tells the engine what the calendar says: which schedules of the venue are active, by the wall clock in its time zone.

Only changes are told, and everything once at the start. The clock is looked at again at least once a minute, so that
daylight saving time is noticed. While the clock cannot be believed (daemon.wall) every schedule is unknown.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from daemon.clock import Clock
from daemon.wall import SOURCE
from rules import signal
from rules.schedule import DAY_S, Schedule, WallOf, next_change
from rules.signal import Fault, Recovered, Signal

LOOK_S = 60  # how far it looks ahead for a change
SLACK_S = 0.005  # so that a sleep that ends a hair early does not find itself before the change
NO_TIME_ZONE = "no_time_zone"  # fault code: this machine does not know the venue's time zone


class Calendar:
    """Looks at the wall clock and reports what has changed. `doubted` says whether that clock cannot be believed."""

    def __init__(
        self,
        schedules: Mapping[str, Schedule],
        time_zone: str,
        clock: Clock,
        report: Callable[[Signal], None],
        doubted: Callable[[], bool] = lambda: False,
    ) -> None:
        self._schedules = schedules
        self._time_zone = time_zone
        self._clock = clock
        self._report = report
        self._doubted = doubted
        self._told: dict[str, bool | None] = {}
        self._zone_unknown = False

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
        """What the venue's clocks show at an instant; None when nobody can say."""
        if self._doubted():
            return None
        try:
            zone = ZoneInfo(self._time_zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            self._say_zone(bool(self._schedules))
            return None
        self._say_zone(False)
        return lambda at: _shown(datetime.fromtimestamp(at, zone))

    def _say_zone(self, unknown: bool) -> None:
        if unknown == self._zone_unknown:
            return
        self._zone_unknown = unknown
        now = self._clock.now()
        if unknown:
            text = f"this machine does not know the time zone {self._time_zone}: install tzdata; schedules are unknown"
            self._report(Fault(now, SOURCE, NO_TIME_ZONE, text))
        else:
            self._report(Recovered(now, SOURCE, NO_TIME_ZONE))


def _shown(local: datetime) -> int:
    return local.toordinal() * DAY_S + local.hour * 3600 + local.minute * 60 + local.second
