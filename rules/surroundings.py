"""What is true around the devices: which schedules are active, whether somebody is on duty, where a show is on.

Only the state; what follows from a change is in `rules.attendance`. Nothing here reads a clock: schedules are told.
"""

from collections.abc import Iterable

from msgspec import Struct

from rules.decision import Because
from rules.plan import DutyRule
from rules.signal import Calendar, Duty, StartShow
from rules.status import DutyStatus, ScheduleStatus, ShowStatus
from rules.truth import Truth

NOBODY_ON_DUTY = "nobody_on_duty"  # a condition, and the name under which alarms wait for a change of it
DURING = "during"  # the function that asks a schedule

SHOW_MAX_S = 4 * 3600.0  # a show is time-boxed: what weakens detection must end by itself the same evening


class DutyWord(Struct, array_like=True):
    """What a person said of duty. `against` is what the duty schedule said at the time, or as soon as it was known."""

    at: float
    staffed: bool
    who: str
    why: str
    against: Truth = None


class SurroundingsSnapshot(Struct, array_like=True):
    """All of it, to outlive the process."""

    schedules: list[ScheduleStatus] = []
    word: DutyWord | None = None
    shows: list[ShowStatus] = []


class Surroundings:
    """The present state. Without a duty rule somebody always counts as on duty."""

    __slots__ = ("duty_rule", "schedules", "shows", "word")

    def __init__(self, duty_rule: DutyRule | None = None) -> None:
        self.duty_rule = duty_rule
        self.schedules: dict[str, ScheduleStatus] = {}
        self.word: DutyWord | None = None
        self.shows: dict[str, ShowStatus] = {}  # by zone

    # What conditions ask

    def active(self, schedule: str) -> Truth:
        """Whether a schedule is active; unknown until it was told."""
        told = self.schedules.get(schedule)
        return told.active if told is not None else None

    @property
    def nobody_on_duty(self) -> bool:
        """Whether nobody is known to be on duty; never where the venue's file says nothing of duty."""
        return self.duty_rule is not None and not self._staffed

    @property
    def duty_untold(self) -> bool:
        """Whether duty goes by a schedule of which nothing, not even that it is unknown, was told yet."""
        return bool(self._duty_schedule) and self.word is None and self._duty_schedule not in self.schedules

    @property
    def _staffed(self) -> Truth:
        if self.word is not None:
            return self.word.staffed
        return self.active(self._duty_schedule) if self._duty_schedule else None

    @property
    def _duty_schedule(self) -> str:
        return self.duty_rule.schedule if self.duty_rule is not None else ""

    def show_over(self, zones: Iterable[str]) -> ShowStatus | None:
        """The show on in one of these zones, the first of them first."""
        return next((self.shows[zone] for zone in zones if zone in self.shows), None)

    # What it is told

    def take_calendar(self, told: Calendar) -> bool:
        """A schedule changed. Whether that is news.

        What a person said of duty is over when the duty schedule goes another way than it did when they said it.
        """
        before = self.schedules.get(told.schedule)
        if before is not None and before.active is told.active:
            return False
        self.schedules[told.schedule] = ScheduleStatus(told.schedule, told.active, told.at)
        if self.word is not None and told.schedule == self._duty_schedule and told.active is not None:
            if self.word.against is None:
                self.word.against = told.active
            elif self.word.against is not told.active:
                self.word = None
        return True

    def take_duty(self, said: Duty, now: float) -> None:
        """A person said whether somebody is on duty."""
        against = self.active(self._duty_schedule) if self._duty_schedule else None
        self.word = DutyWord(now, said.staffed, said.who, said.why, against)

    def take_show(self, order: StartShow, now: float) -> ShowStatus:
        """A show begins, or begins anew."""
        show = self.shows[order.zone] = ShowStatus(order.zone, now, now + order.for_s, order.who, order.why)
        return show

    # What it shows

    def duty(self) -> DutyStatus | None:
        """Who says what of duty; None where the venue's file says nothing of it."""
        if self.duty_rule is None:
            return None
        if self.word is not None:
            return DutyStatus(self.word.staffed, self.word.at, self.word.who, self.word.why)
        told = self.schedules.get(self._duty_schedule)
        if told is None:
            return DutyStatus(
                None, None, f"schedule {self._duty_schedule}" if self._duty_schedule else "", "not told yet"
            )
        return DutyStatus(told.active, told.since, f"schedule {told.schedule}", state_words(told.active))

    def duty_evidence(self, now: float) -> Because:
        """Why somebody counts as on duty, or nobody does."""
        duty = self.duty()
        if duty is None:
            return Because(now, "duty", "somebody always counts as on duty in this venue")
        words = "nobody is on duty" if self.nobody_on_duty else "somebody is on duty"
        said = f"{duty.who}: {duty.why}" if duty.who else duty.why
        return Because(now if duty.since is None else duty.since, "duty", f"{words} ({said})")

    def schedule_evidence(self, schedule: str, now: float) -> Because:
        """What a schedule says."""
        told = self.schedules.get(schedule)
        since = now if told is None else told.since
        return Because(since, f"schedule/{schedule}", f"{schedule} {state_words(self.active(schedule))}")

    # What outlives the process

    def snapshot(self) -> SurroundingsSnapshot:
        """As it is now."""
        return SurroundingsSnapshot(list(self.schedules.values()), self.word, list(self.shows.values()))

    def restore(self, kept: SurroundingsSnapshot, schedules: Iterable[str], zones: Iterable[str]) -> None:
        """Go on where it was; schedules and zones that the plan no longer has are dropped."""
        there, known = set(schedules), set(zones)
        self.schedules = {told.schedule: told for told in kept.schedules if told.schedule in there}
        self.word = kept.word if self.duty_rule is not None else None
        self.shows = {show.zone: show for show in kept.shows if show.zone in known}


def state_words(active: Truth) -> str:
    """What a schedule says, in words."""
    if active is None:
        return "is unknown"
    return "is active" if active else "is not active"
