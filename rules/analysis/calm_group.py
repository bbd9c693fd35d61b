"""What a condition over several devices says when some of them say the worst: the arithmetic of `group_conditions`."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from rules.analysis.calm_device import Said
from rules.analysis.course import Course, both, constant, either, merge
from rules.analysis.extremes import Values, calm_value
from rules.analysis.week import Situation
from rules.conditions import STATES_OF_DEVICE, names_in, schedule_of
from rules.expression import And, Call, Compare, Name, Node, Not, Or
from rules.group_conditions import spread_quantity
from rules.truth import COMPARISONS, Truth, compare
from rules.venue import Device

Told = Mapping[str, Values]

_SPREADS: Mapping[str, Callable[[Sequence[float]], float]] = {"min": min, "max": max, "mean": fmean}


@dataclass(frozen=True, slots=True)
class SaidByMany:
    """What the devices of one zone or venue alarm say, and what is true around them. `alarms` answers for alarms()."""

    devices: Sequence[Device]
    told: Told
    around: Situation
    presses: int
    alarms: Callable[[Call], Course]

    def course(self, node: Node) -> Course:
        """The truth of a checked condition over time; unknown is what is not worked out."""
        match node:
            case Compare(left=Call(function="count" | "share") as call):
                return self._tally(call, lambda true, unknown, total: _number(node, call, true, unknown, total))
            case Compare(left=Call() as call):
                return constant(self._spread(node, call))
            case Not():
                return ~self.course(node.operand)
            case And():
                return both([self.course(operand) for operand in node.operands])
            case Or():
                return either([self.course(operand) for operand in node.operands])
            case Call(function="any"):
                return self._tally(node, lambda true, unknown, _: True if true else None if unknown else False)
            case Call(function="all"):
                return self._tally(node, _all)
            case Call(function="alarms"):
                return self.alarms(node)
            case Call(function="during"):
                return constant(self.around.during(schedule_of(node)))
            case Name(name="nobody_on_duty"):
                return constant(not self.around.staffed)
            case _:
                raise AssertionError(f"not a condition on a group: {node}")

    def _tally(self, call: Call, truth: Callable[[int, int, int], Truth]) -> Course:
        """What follows from the number of devices that make a condition true, of those unknown, and of all."""
        condition = call.arguments[0][1]
        names = names_in(condition)
        counted = [one for one in self.devices if names & one.quantities or names & STATES_OF_DEVICE.keys()]
        speaking = [one for one in counted if one.id in self.told]
        courses = [self._said(one, self.told[one.id]).course(condition) for one in speaking]
        numbers = [1] * len(courses)
        for quantities, number in Counter(one.quantities for one in counted if one.id not in self.told).items():
            silent = next(one for one in counted if one.quantities == quantities)  # calm ones say all the same
            courses.append(self._said(silent, {}).course(condition))
            numbers.append(number)

        def tally(truths: Sequence[Truth]) -> Truth:
            true = sum(number for one, number in zip(truths, numbers, strict=True) if one)
            unknown = sum(number for one, number in zip(truths, numbers, strict=True) if one is None)
            return truth(true, unknown, len(counted))

        return merge(courses, tally)

    def _said(self, device: Device, told: Values) -> Said:
        return Said(device, told, self.around, self.presses, self.alarms)

    def _spread(self, node: Compare, call: Call) -> bool:
        """The least, the greatest or the mean value; where nothing measures it, no comparison is true."""
        name = spread_quantity(call)
        having = [one for one in self.devices if name in one.quantities]
        values = [float(self.told.get(one.id, {}).get(name, calm_value(name))) for one in having]
        if not values:
            return False
        return COMPARISONS[node.operator](_SPREADS[call.function](values), node.threshold)


def _number(node: Compare, call: Call, true: int, unknown: int, total: int) -> Truth:
    part = 1 if call.function == "count" else max(1, total)
    return compare((true / part, (true + unknown) / part), node.operator, node.threshold)


def _all(true: int, unknown: int, total: int) -> Truth:
    if true + unknown < total or not total:
        return False
    return None if unknown else True
