"""The look round before a single detector evacuates a building (NFPA 72 positive alarm sequence, EN 54-2 type C).

    idle --an alarm of the rule's list--> acknowledge --staff acknowledge--> look
    acknowledge or look --time over, or nobody on duty--> expired (the rule's highest tier is taken as true)
    acknowledge or look --a person found no fire--> idle, until another alarm of the list

The alarms that began it are shown and sounding from the first moment; only the highest tier waits.
"""

from collections.abc import Sequence
from enum import Enum

from rules.alarm import Alarm
from rules.plan import InvestigationRule


class Step(Enum):
    """Where the investigation stands."""

    IDLE = "idle"
    ACKNOWLEDGE = "acknowledge"
    LOOK = "look"
    EXPIRED = "expired"


class Investigation:
    """One rule's investigation in one place.

    `triggers` are the alarms that began it, in order; `overdue` says, once it ran out, what was not done in time.
    `held` are alarms that will begin it when what holds them back (a show, a schedule) is over and they still stand.
    `told` are the ids of the alarms of the list that stand and were brought to it, whatever came of that.
    """

    __slots__ = ("began", "due", "held", "overdue", "rule", "step", "told", "triggers")

    def __init__(self, rule: InvestigationRule) -> None:
        self.rule = rule
        self.step = Step.IDLE
        self.began: float | None = None  # the step that runs
        self.due: float | None = None
        self.overdue = ""
        self.triggers: list[Alarm] = []
        self.held: list[Alarm] = []
        self.told: set[str] = set()

    @property
    def running(self) -> bool:
        """Whether staff are asked to acknowledge or to look."""
        return self.step is Step.ACKNOWLEDGE or self.step is Step.LOOK

    @property
    def at_rest(self) -> bool:
        """Whether nothing of it needs to be remembered."""
        return self.step is Step.IDLE and not self.held and not self.told

    @property
    def forced(self) -> bool:
        """Whether it ran out and one of the alarms that began it still stands."""
        return self.step is Step.EXPIRED and any(alarm.stands(self.rule.at) for alarm in self.triggers)

    def begin(self, trigger: Alarm, now: float) -> bool:
        """An alarm of the list rose to the tier asked for. Whether that began the investigation.

        One that ran out and was confirmed is past: what comes after the all-clear is looked into anew.
        """
        if self.step is Step.EXPIRED:
            self.end()
        if trigger in self.triggers:
            return False
        self.triggers.append(trigger)
        if self.running:
            return False
        self.step = Step.ACKNOWLEDGE
        self._time(now)
        return True

    def hold(self, trigger: Alarm) -> None:
        """An alarm of the list rose, and is held back for now."""
        if trigger not in self.held:
            self.held.append(trigger)

    def take_held(self, trigger: Alarm) -> bool:
        """Nothing holds an alarm back any more. Whether it still stands: then it is to begin the investigation."""
        self.held.remove(trigger)
        return trigger.stands(self.rule.at)

    def cut_short(self, reason: str) -> None:
        """There is nobody to wait for: what began it is taken as true at once."""
        self.step = Step.EXPIRED
        self.began = self.due = None
        self.overdue = reason

    def acknowledge(self, now: float) -> bool:
        """Staff took note. Whether that began the look round."""
        if self.step is not Step.ACKNOWLEDGE:
            return False
        self.step = Step.LOOK
        self._time(now)
        return True

    def expire(self, now: float) -> bool:
        """Whether the time is over at this instant, and nobody had stood it down."""
        if self.due is None or self.due > now:
            return False
        acknowledging = self.step is Step.ACKNOWLEDGE
        self.overdue = (
            f"nobody acknowledged within {self.rule.acknowledge_within_s:g} s"
            if acknowledging
            else f"nobody stood it down within {self.rule.then_s:g} s"
        )
        self.step = Step.EXPIRED
        self.began = self.due = None
        return True

    def withdraw(self, trigger: Alarm) -> bool:
        """A person reset an alarm that began it. Whether nothing is left to look into."""
        if not self.running or trigger not in self.triggers:
            return False
        self.triggers.remove(trigger)
        return not self.triggers

    def end(self) -> None:
        """It is over: stood down, confirmed otherwise, or its alarm was reset."""
        self.step = Step.IDLE
        self.began = self.due = None
        self.overdue = ""
        self.triggers.clear()

    def restore(
        self, step: Step, began: float | None, due: float | None, overdue: str, triggers: Sequence[Alarm]
    ) -> None:
        """Go on where it was. A step that runs counts from where it began, and is as long as the rule says now."""
        self.step = step
        self.due = due
        if began is not None:
            self._time(began)
        self.overdue = overdue
        self.triggers = list(triggers)

    def _time(self, began: float) -> None:
        self.began = began
        self.due = began + (self.rule.acknowledge_within_s if self.step is Step.ACKNOWLEDGE else self.rule.then_s)
