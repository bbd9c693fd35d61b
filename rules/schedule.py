"""When something is so by the calendar: spans of the week, over midnight too, by the clock on the wall.

Everything here is counted in wall seconds: what the venue's clocks show, as 86,400 for each day up to today, whose
number is 1 on 1 January of the year 1 (`date.toordinal`), and the seconds since midnight. Whoever knows the time zone
supplies them (`WallOf`). A schedule asks nothing but what the clock shows: in spring the hour that is left out has no
part in it, and in autumn the hour that comes twice counts both times.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

DAY_S = 86_400
HORIZON_S = 400 * DAY_S  # looked ahead for a change: a year of days by date, and some

WallOf = Callable[[int], int]  # seconds since 1970 (UTC) to wall seconds

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EVERY_DAY = frozenset(range(7))


@dataclass(frozen=True, slots=True)
class Span:
    """From one time of the day to another, on the days on which it begins.

    `begins_s` and `ends_s` count from the midnight before; an end that is not after the beginning is on the next day.
    `days` are weekdays, Monday is 0. `only` names dates instead of weekdays, `never` dates on which it does not begin;
    dates are day numbers.
    """

    begins_s: int
    ends_s: int
    days: frozenset[int] = EVERY_DAY
    only: frozenset[int] = frozenset()
    never: frozenset[int] = frozenset()

    @property
    def length_s(self) -> int:
        """How long it lasts by the clock on the wall: more than nothing, at most a day."""
        return self.ends_s - self.begins_s + (DAY_S if self.ends_s <= self.begins_s else 0)

    def begins_on(self, day: int) -> bool:
        """Whether it begins on the day of this number."""
        return day not in self.never and (day in self.only if self.only else weekday(day) in self.days)

    def holds(self, wall: int) -> bool:
        """Whether the clock shows a time within it: from its first second on, to its end and not at it."""
        day = wall // DAY_S
        return any(self.begins_on(one) and 0 <= wall - self._begin(one) < self.length_s for one in (day - 1, day))

    def edges(self, day: int) -> Sequence[int]:
        """Where it begins and ends, if it begins on this day."""
        return (self._begin(day), self._begin(day) + self.length_s) if self.begins_on(day) else ()

    def _begin(self, day: int) -> int:
        return day * DAY_S + self.begins_s


@dataclass(frozen=True, slots=True)
class Schedule:
    """Active while any of its spans holds."""

    spans: tuple[Span, ...]

    def active(self, wall: int) -> bool:
        """Whether it is active when the clock shows this."""
        return any(span.holds(wall) for span in self.spans)

    def next_edge(self, wall: int, until: int) -> int | None:
        """The next reading of the clock, if nobody moves its hands, at which `active` changes; None without one."""
        now = self.active(wall)
        edges = (edge for day in range(wall // DAY_S, until // DAY_S + 1) for edge in self._edges_within(day))
        return next((edge for edge in edges if wall < edge <= until and self.active(edge) != now), None)

    def _edges_within(self, day: int) -> list[int]:
        """Where spans begin and end on a day, in order; one that ends on it may have begun the day before."""
        edges = {edge for span in self.spans for begun in (day - 1, day) for edge in span.edges(begun)}
        return sorted(edge for edge in edges if edge // DAY_S == day)


def weekday(day: int) -> int:
    """The weekday of a day number: Monday is 0."""
    return (day - 1) % 7


def next_change(schedule: Schedule, at: int, wall_of: WallOf, within_s: int = HORIZON_S) -> int | None:
    """The first second after `at` (since 1970) at which `schedule.active` is not what it is at `at`.

    It sees the hands of the clock being moved (daylight saving time, a new law) if that happens at most once a day.
    None when nothing changes within that time.
    """
    now = schedule.active(wall_of(at))
    begin, end = at, at + within_s
    while begin < end:
        wall = wall_of(begin)
        edge = schedule.next_edge(wall, wall + end - begin)
        until = end if edge is None else begin + edge - wall
        moved = _moved(begin, until, wall_of)
        if moved is None:
            return None if edge is None else until
        if schedule.active(wall_of(moved)) != now:
            return moved
        begin = moved
    return None


def _moved(begin: int, end: int, wall_of: WallOf) -> int | None:
    """The first second of another shift between the wall's clock and UTC, after `begin` and up to `end`."""
    shift = wall_of(begin) - begin
    while begin < end:
        after = min(begin + DAY_S, end)
        if wall_of(after) - after != shift:
            return _bisect(begin, after, shift, wall_of)
        begin = after
    return None


def _bisect(before: int, after: int, shift: int, wall_of: WallOf) -> int:
    while after - before > 1:
        middle = (before + after) // 2
        if wall_of(middle) - middle == shift:
            before = middle
        else:
            after = middle
    return after
