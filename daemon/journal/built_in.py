"""Alarms of the built-in rules that were told in safe mode, and end with it."""

from collections.abc import Sequence

from daemon.core import Event
from rules.builtin import is_builtin
from rules.decision import AlarmChange, Because, Clear, Decision
from rules.tier import Tier


class BuiltInAlarms:
    """Those that people were told of and that nothing has ended yet: a fold over the journal's decisions."""

    def __init__(self) -> None:
        self._told: dict[str, AlarmChange] = {}

    def take(self, decided: Sequence[Event]) -> None:
        for event in decided:
            decision = event.decision
            if not isinstance(decision, AlarmChange) or not is_builtin(decision.rule):
                continue
            if isinstance(decision, Clear):
                self._told.pop(decision.alarm, None)
            else:
                self._told[decision.alarm] = decision

    def ends(self, now: float) -> list[Decision]:
        """What is to be said when the venue's own rules decide again: they have heard all that these rules had."""
        why = (Because(now, "tocsin", "safe mode has ended: the venue's own rules have heard the same and decide"),)
        return [
            Clear(
                *(now, one.alarm, one.rule, one.place, one.zone, one.category),
                *(Tier.NONE, "normal", False, why),
            )
            for one in self._told.values()
        ]
