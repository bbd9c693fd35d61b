"""Every state of the surroundings that a week can bring: which schedules are active, whether somebody is on duty."""

from collections.abc import Iterator
from dataclasses import dataclass

from rules.plan import Plan
from rules.schedule import DAY_S, DAYS, Schedule, weekday
from rules.truth import Truth

MAX_SITUATIONS = 256  # different states in a week: more than anybody oversees, and each is proved by itself


@dataclass(frozen=True, slots=True)
class Situation:
    """One of them. `when` says an hour at which it is so. `known` is false while the clock cannot be believed."""

    active: frozenset[str] = frozenset()
    staffed: bool = True
    known: bool = True
    when: str = ""

    def during(self, schedule: str) -> Truth:
        """Whether a schedule is active."""
        return schedule in self.active if self.known else None


ALWAYS = Situation()


class TooManySituations(Exception):
    """The schedules of a venue make more than MAX_SITUATIONS different hours."""


def situations(plan: Plan) -> list[Situation]:
    """Each state once, with the first hour that has it. Raises TooManySituations."""
    if not plan.schedules:
        return [ALWAYS] if plan.duty is None else [ALWAYS, Situation(staffed=False, when="while nobody is on duty")]
    found: dict[frozenset[str], Situation] = {}
    for wall, special in _instants(list(plan.schedules.values())):
        active = frozenset(name for name, schedule in plan.schedules.items() if schedule.active(wall))
        found.setdefault(active, Situation(active, when=_hour(wall, special)))
        if len(found) > MAX_SITUATIONS:
            raise TooManySituations
    hours = [*found.values(), Situation(known=False, when="while the clock cannot be believed")]
    unmanned = [Situation(one.active, False, one.known, f"{one.when}, while nobody is on duty") for one in hours]
    return [*hours, *(unmanned if plan.duty is not None else ())]


def _instants(schedules: list[Schedule]) -> Iterator[tuple[int, bool]]:
    """Every reading of the clock at which something changes: in an ordinary week, and on the dates that are named."""
    named = {day for one in schedules for span in one.spans for day in (*span.only, *span.never)}
    monday = max(named, default=0) + 14
    monday -= weekday(monday)
    special = sorted({one for day in named for one in (day - 1, day, day + 1)})
    for days, is_special in ((range(monday, monday + 7), False), (special, True)):
        for day in days:
            offsets = {0} | {span.begins_s for one in schedules for span in one.spans}
            offsets |= {span.ends_s % DAY_S for one in schedules for span in one.spans}
            yield from ((day * DAY_S + offset, is_special) for offset in sorted(offsets))


def _hour(wall: int, special: bool) -> str:
    day, second = divmod(wall, DAY_S)
    hour = f"{DAYS[weekday(day)]} {second // 3600:02}:{second // 60 % 60:02}"
    return f"{hour} at a date that a schedule names" if special else hour
