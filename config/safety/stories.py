"""Counter-examples: what the real engine does with rules that are refused, line by line.

  0 s  det-305 says smoke_obscuration 100 %/m
  5 s  smoke@det-305 is yellow
600 s  still no red
"""

import math
from collections.abc import Iterable
from functools import cached_property

from rules.analysis.calm_group import Told
from rules.analysis.chains import Chains
from rules.analysis.drive import HORIZON_S, Moment, Stage
from rules.analysis.measure import Measure
from rules.analysis.week import ALWAYS, Situation
from rules.decision import AlarmChange, Clear, Escalate, Evacuate, Investigate, Raise, Return, State, StepDown
from rules.plan import Plan
from rules.quantity import QUANTITIES, Kind
from rules.signal import Acknowledge, Reading

MAX_LINES = 12  # of one story: what comes after no longer helps to find the fault
SHORT_S = 120.0  # a story about one delay is told by then

Timeline = tuple[str, ...]

_KEPT: dict[State, str] = {
    "rtn_unack": ", and gone with the first acknowledgement",
    "latched_unack": ", but stays shown until it is reset",
    "latched_acked": ", but stays shown until it is reset",
    "normal": "",
    "pending": "",
    "unack": "",
    "acked": "",
}


class Stories:
    """Tells what a plan does in one hour of the week. Nothing is built before the first story is asked for."""

    def __init__(self, plan: Plan, around: Situation = ALWAYS, measure: Measure | None = None) -> None:
        self._plan = plan
        self._measure = measure
        self.around = around

    @cached_property
    def chains(self) -> Chains:
        return Chains(self._plan, self.around, self._measure)

    @cached_property
    def stage(self) -> Stage:
        return Stage(self._plan, self.around)

    def of_rule(self, rule: str, relent_s: float = math.inf) -> Timeline:
        """What one device that this rule looks at brings about alone. After `relent_s` it says that all is calm."""
        told = next((one.told for one in self.chains.all() if one.rule == rule and not one.others), None)
        until_s = relent_s + 1 if relent_s < math.inf else SHORT_S
        return timeline(self.stage.play(told, until_s=until_s, relent_s=relent_s)) if told else ()

    def of_one_device(self, plan: str, manual: frozenset[str]) -> Timeline:
        """How one automatic device puts a plan in force before anybody could have looked."""
        for chain in self.chains.all():
            hasty = chain.evacuation is not None and not chain.evacuation.looked_into
            if chain.plan == plan and hasty and not chain.others and not chain.told[chain.device].keys() <= manual:
                return timeline(self.stage.play(chain.told))
        return ()

    def of_told(self, told: Told, end: str = "") -> Timeline:
        """What follows from what these devices say, to the evacuation or until all has happened that can."""
        lines = timeline(self.stage.play(told))
        return (*lines, _line(HORIZON_S, end)) if end else lines


def timeline(story: Iterable[Moment]) -> Timeline:
    """A story as lines, each thing once; it is over with the evacuation."""
    lines: dict[str, None] = {}
    for moment in story:
        text = _words(moment.what)
        if text and len(lines) < MAX_LINES:
            lines.setdefault(_line(moment.after_s, text))
        if isinstance(moment.what, Evacuate):
            break
    return tuple(lines)


def _line(after_s: float, text: str) -> str:
    return f"{after_s:7.4g} s  {text}"


def _words(what: object) -> str:
    """One line on what happened; nothing for what does not matter to the point."""
    match what:
        case Reading():
            return f"{what.device} says {what.quantity} {_value(what)}"
        case Acknowledge():
            return f"{what.who} acknowledge {what.alarm}"
        case Raise() | Escalate() | StepDown():
            return f"{what.alarm} is {what.tier.word}"
        case Return() | Clear():
            return f"{what.alarm} is over{_KEPT[what.state]}"
        case AlarmChange():
            return ""
        case Investigate():
            return f"staff are asked to {what.step} ({what.alarm})"
        case Evacuate():
            return f"evacuation {what.plan!r} begins"
        case _:
            return ""


def _value(reading: Reading) -> str:
    quantity = QUANTITIES[reading.quantity]
    if quantity.kind is Kind.NUMBER:
        return f"{reading.value:g} {quantity.unit}".rstrip()
    return "true" if reading.value else "false"
