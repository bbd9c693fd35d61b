"""Every look round of the house: which alarms begin one, what holds them back, and how it ends.

Only investigations are changed here; whoever calls settles the alarms concerned.
"""

from collections.abc import Iterator
from typing import Literal

from rules.alarm import Alarm
from rules.cause import Cause
from rules.decision import Because, Decision, Investigate, StandDown
from rules.evacuation import Evacuations
from rules.investigation import Investigation, Step
from rules.plan import Plan
from rules.tier import Tier
from rules.timers import Timers
from rules.wiring import House, Looking


class Investigations:
    """At most one for each alarm whose rule asks for it."""

    __slots__ = ("_ancestry", "_causes", "_evacuations", "_into", "_of", "_surroundings", "_timers")

    def __init__(self, plan: Plan, house: House, evacuations: Evacuations, timers: Timers) -> None:
        self._ancestry = plan.venue.ancestry
        self._causes = house.causes
        self._surroundings = house.surroundings
        self._evacuations = evacuations
        self._timers = timers
        self._into = house.investigating
        self._of: dict[str, Looking] = {
            alarm: (cause, cause.investigation)
            for alarm, cause in house.causes.items()
            if cause.investigation is not None
        }

    # How it begins

    def begin(self, cause: Cause, investigation: Investigation, trigger: Alarm, now: float) -> bool:
        """An alarm is to be looked into. Whether something began: staff are to be asked, or there is nobody to ask.

        Nothing begins while everybody is led out anyway, once the highest tier is true, or out of view.
        """
        investigation.told.add(trigger.id)
        trigger.stood_down = Tier.NONE
        evacuating = self._evacuations.moves_everybody(cause.alarm.rule.evacuate or "")
        if evacuating or cause.alarm.overlays or cause.alarm.stands(cause.alarm.top):
            return False
        if self._holds_back(cause, trigger):
            investigation.hold(trigger)
            return False
        if not investigation.begin(trigger, now):
            return False
        if self._surroundings.nobody_on_duty:
            investigation.cut_short(self._surroundings.duty_evidence(now).text)
        return True

    def ask(self, cause: Cause, investigation: Investigation, because: tuple[Because, ...], now: float) -> Decision:
        """Ask staff for the step that runs."""
        assert investigation.due is not None
        self._timers.set(("investigate", cause.alarm.id), investigation.due)
        step: Literal["acknowledge", "look"] = "acknowledge" if investigation.step is Step.ACKNOWLEDGE else "look"
        return Investigate(now, cause.alarm.id, cause.alarm.zone, step, investigation.due, because)

    def released(self) -> Iterator[tuple[Cause, Investigation, Alarm]]:
        """Alarms that nothing holds back any more and that still stand, each to begin its investigation now."""
        for cause, investigation in self._of.values():
            for alarm in list(investigation.held):
                if self._holds_back(cause, alarm) or alarm not in investigation.held:  # what began may have taken it
                    continue
                if investigation.take_held(alarm):
                    yield cause, investigation, alarm

    def overlooked(self) -> Iterator[tuple[Cause, Investigation, Alarm]]:
        """Alarms that stand and were never brought to an investigation, because it came with other rules.

        Without those that a person has stood down since they rose, be it under another rule.
        """
        listed: dict[str, list[Alarm]] = {}
        for alarm, looking in self._into.items():
            for cause, _ in looking:
                listed.setdefault(cause.alarm.id, []).append(self._causes[alarm].alarm)
        for cause, investigation in self._of.values():
            for trigger in listed.get(cause.alarm.id, ()):
                at, told = investigation.rule.at, trigger.id in investigation.told
                if not told and trigger.stands(at) and trigger.stood_down < at:
                    yield cause, investigation, trigger

    # How it goes on

    def acknowledge(self, alarm: Alarm, by: Because, now: float) -> list[Decision]:
        """Staff acknowledge an investigation by acknowledging it or any alarm that began it; [] when none waited."""
        looking = [one for one in self._into.get(alarm.id, ()) if alarm in one[1].triggers]
        if alarm.id in self._of:
            looking.insert(0, self._of[alarm.id])
        said: list[Decision] = []
        for cause, investigation in looking:
            if investigation.acknowledge(now):
                said.append(self.ask(cause, investigation, (by,), now))
        return said

    # How it ends

    def expire(self, cause: Cause, now: float) -> bool:
        """Whether the time to acknowledge or to look is over at this instant: it is to be taken as true."""
        return cause.investigation is not None and cause.investigation.expire(now)

    def cut_short(self, now: float) -> Iterator[Cause]:
        """Nobody is on duty any more: what is being looked into is to be taken as true."""
        for cause, investigation in self._of.values():
            if investigation.running:
                investigation.cut_short(self._surroundings.duty_evidence(now).text)
                yield cause

    def stand_down(self, cause: Cause, investigation: Investigation, by: Because, now: float) -> Decision:
        """A person looked and found no fire: so it is remembered of each alarm that began it, until it returns."""
        for trigger in investigation.triggers:
            trigger.stood_down = trigger.counted
        investigation.end()
        return StandDown(now, cause.alarm.id, cause.alarm.zone, (by,))

    def withdrawn(self, alarm: Alarm) -> Iterator[Looking]:
        """A person reset an alarm: what was looked into only because of it, to be stood down."""
        return (one for one in self._into.get(alarm.id, ()) if one[1].withdraw(alarm))

    def looks_into(self, alarm: Alarm) -> bool:
        """Whether staff are asked to look because of this alarm."""
        return any(one.running and alarm in one.triggers for _, one in self._into.get(alarm.id, ()))

    def confirmed(self, cause: Cause) -> None:
        """The highest tier became true: nothing is left to look into."""
        if cause.investigation is not None and cause.investigation.step is not Step.EXPIRED:
            cause.investigation.end()
            self._timers.set(("investigate", cause.alarm.id), None)

    def forget(self, plan: str) -> Iterator[Cause]:
        """An evacuation is over: an investigation that once ran out counts no more, only what comes now does."""
        for cause, investigation in self._of.values():
            if investigation.step is Step.EXPIRED and cause.alarm.rule.evacuate == plan:
                investigation.end()
                yield cause

    def _holds_back(self, cause: Cause, trigger: Alarm) -> bool:
        """Whether an alarm begins no investigation for now: a show is on, or it is not the hour of the rule."""
        if trigger.rule.show_mode and self._surroundings.show_over(self._ancestry[trigger.zone]):
            return True
        during = cause.alarm.rule.during
        return bool(during) and self._surroundings.active(during) is False
