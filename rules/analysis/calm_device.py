"""What a condition says of a device that was calm and now says the worst: the arithmetic of `rules.conditions`.

The device told calm for as long as any window reaches back, the last time SIGNAL_AFTER_S before the signal, and goes on
saying the worst. A press is told again each PRESS_S.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from rules.analysis.chain import Event, Part
from rules.analysis.course import Course, both, constant, either, instants, merge
from rules.analysis.extremes import PRESS_S, Values, calm_value
from rules.analysis.week import Situation
from rules.conditions import STATES_OF_DEVICE, schedule_of
from rules.expression import And, Call, Compare, Duration, Name, Node, Not, Or
from rules.quantity import QUANTITIES, Kind
from rules.render import render
from rules.truth import COMPARISONS
from rules.venue import Device

REPEAT_S = 10.0  # devices repeat what they say; a detector that reports each 10 s is the ordinary one
SIGNAL_AFTER_S = 1.0  # of what was told last in calm, at least; a window that is shorter sees no rise

_FLIPPED = {"<": ">=", "<=": ">"}


@dataclass(frozen=True, slots=True)
class Said:
    """What one device says, and what is true around it. `alarms` answers for an alarms() at it."""

    device: Device
    told: Values
    around: Situation
    presses: int
    alarms: Callable[[Call], Course]

    def course(self, node: Node) -> Course:
        """The truth of a checked condition on the device over time; unknown is what is not worked out."""
        match node:
            case Name(name="nobody_on_duty"):
                return constant(not self.around.staffed)
            case Name():
                return self._name(node.name)
            case Compare():
                return self._compare(node)
            case Not():
                return ~self.course(node.operand)
            case And():
                return both([self.course(operand) for operand in node.operands])
            case Or():
                return either([self.course(operand) for operand in node.operands])
            case Call(function="during"):
                return constant(self.around.during(schedule_of(node)))
            case Call(function="alarms"):
                return self.alarms(node)
            case _:
                raise AssertionError(f"not a condition on a device: {node}")

    def _name(self, name: str) -> Course:
        if not self.told.get(name, False) or name in STATES_OF_DEVICE:
            return constant(False)
        if QUANTITIES[name].kind is Kind.EVENT:
            return instants(press * PRESS_S for press in range(self.presses))
        return constant(True)

    def _compare(self, node: Compare) -> Course:
        left = node.left
        if isinstance(left, Name):
            known = left.name in self.device.quantities
            return constant(known and _holds(node, self._value(left.name)[1]))
        assert isinstance(left, Call)
        condition, (_, window) = left.arguments[0][1], left.arguments[1]
        assert isinstance(window, Duration)
        if left.function == "count":
            return self._count(node, condition, window.seconds)
        assert isinstance(condition, Name)
        if condition.name not in self.device.quantities:
            return constant(False)
        if node.operator in _FLIPPED:  # false for as long as the opposite is sure, and the other way round
            return ~self._looks_back(replace(node, operator=_FLIPPED[node.operator]), left, condition.name, window)
        return self._looks_back(node, left, condition.name, window)

    def _looks_back(self, node: Compare, call: Call, quantity: str, window: Duration) -> Course:
        before, now = self._value(quantity)
        match call.function:
            case "rise":
                return self._rise(node, now - before, window.seconds)
            case "rate":
                return self._rate(node, now - before, window.seconds)
            case "mean":
                return _averages(node, before, now, window.seconds)
            case "min" | "max":
                extreme = min(before, now) if call.function == "min" else max(before, now)
                return _turns(node, extreme, window.seconds, now)
            case _:
                raise AssertionError(f"not a number on a device: {call}")

    def _rise(self, node: Compare, rise: float, window_s: float) -> Course:
        """At once, and over when the window has left the calm behind, which depends on when it was told last."""
        if rise <= 0:
            return constant(_holds(node, 0.0))
        if not _holds(node, rise):
            return constant(False)
        return Course(((0.0, True), (window_s, None))) if window_s >= SIGNAL_AFTER_S else constant(None)

    def _rate(self, node: Compare, rise: float, window_s: float) -> Course:
        """At once, if it is steep enough even when the last calm value is as old as can be."""
        if rise <= 0 or window_s < REPEAT_S or not _holds(node, rise / REPEAT_S):
            return constant(None)
        return Course(((0.0, True), (REPEAT_S, None)))

    def _count(self, node: Compare, condition: Node, window_s: float) -> Course:
        """Each time that it becomes true, from then on until the window has left it behind."""
        course = self.course(condition)
        before = replace(self, told={}).course(condition).at(0.0)
        became: list[float] = []
        for begins, truth in course.steps:
            if truth and before is False:
                became.append(begins)
            before = truth

        def count(second: float) -> int:
            return sum(1 for at in became if at <= second < at + window_s)

        changes = sorted({0.0, *became, *(at + window_s for at in became)})
        counted = _named(Course(tuple((second, _holds(node, count(second))) for second in changes)), node)
        return merge([course, counted], lambda truths: None if truths[0] is None else truths[1])

    def _value(self, quantity: str) -> tuple[float, float]:
        """What a number was in calm, and what it is now."""
        before = calm_value(quantity)
        return float(before), float(self.told.get(quantity, before))


def _holds(node: Compare, value: float) -> bool:
    return COMPARISONS[node.operator](value, node.threshold)


def _turns(node: Compare, before: float, takes_s: float, after: float) -> Course:
    """A number that goes from one value to another, and crosses the threshold, if at all, after so long."""
    first, last = _holds(node, before), _holds(node, after)
    return constant(first) if first is last else _named(Course(((0.0, first), (max(0.0, takes_s), last))), node)


def _averages(node: Compare, before: float, after: float, window_s: float) -> Course:
    """Crossed soon by the worst, but only after the whole window by a signal that just suffices: that is promised."""
    whole = _turns(node, before, window_s, after)
    if len(whole.steps) == 1:
        return whole
    soonest_s = window_s * (node.threshold - before) / (after - before)
    sure = Course(((0.0, True), (soonest_s, None), (max(window_s, soonest_s), True)))
    return merge([sure, whole], lambda truths: truths[1] if truths[0] else None)


def _named(course: Course, node: Compare) -> Course:
    """With what takes the time."""
    why: Mapping[float, Event] = {
        second: Event((Part(f"{render(node)} takes", second),)) for second, _ in course.steps if second
    }
    return Course(course.steps, why)
