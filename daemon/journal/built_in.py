"""What ends with safe mode: alarms of the built-in rules, and whatever ended under the venue's rules meanwhile."""

from collections.abc import Sequence

from daemon.core import Event
from rules.builtin import is_builtin
from rules.decision import AlarmChange, Because, Clear, Decision, EndFault
from rules.engine import Engine
from rules.tier import Tier


class BuiltInAlarms:
    """Those that people were told of and that nothing has ended yet: a fold over the journal's decisions."""

    def __init__(self) -> None:
        self._told: dict[str, AlarmChange] = {}
        self._over: dict[str, Decision] = {}

    def take(self, decided: Sequence[Event]) -> None:
        for event in decided:
            decision = event.decision
            if not isinstance(decision, AlarmChange) or not is_builtin(decision.rule):
                continue
            if isinstance(decision, Clear):
                self._told.pop(decision.alarm, None)
            else:
                self._told[decision.alarm] = decision

    def meanwhile(self, fresh: Sequence[Decision], decided: Sequence[Event]) -> None:
        """What the venue's rules say of a row of safe mode: an end that nobody was told would leave its retained state
        at the broker for ever."""
        told = {_ended(event.decision) for event in decided}
        self._over |= {_ended(one): one for one in fresh if _ended(one) and _ended(one) not in told}

    def ends(self, engine: Engine) -> list[Decision]:
        """What is to be said when the venue's own rules decide again: they have heard all that these rules had."""
        now = engine.now
        stands = {f"alarm {alarm.alarm}" for alarm in engine.alarms()}
        stands |= {f"fault {fault.source} {fault.code}" for fault in engine.faults()}
        over = [decision for name, decision in self._over.items() if name not in stands]
        why = (Because(now, "tocsin", "safe mode has ended: the venue's own rules have heard the same and decide"),)
        return over + [
            Clear(
                *(now, one.alarm, one.rule, one.place, one.zone, one.category),
                *(Tier.NONE, "normal", False, why),
            )
            for one in self._told.values()
        ]


def _ended(decision: Decision) -> str:
    """What is over by it; empty for a decision that ends neither an alarm nor a fault."""
    match decision:
        case Clear():
            return f"alarm {decision.alarm}"
        case EndFault():
            return f"fault {decision.source} {decision.code}"
        case _:
            return ""
