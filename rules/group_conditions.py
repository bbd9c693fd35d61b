"""Conditions on the devices of a zone or of the venue, compiled once into closures that look at one Group."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from rules.aggregate import Spread, Tally
from rules.alarm import Alarm
from rules.coincidence import Coincidence
from rules.conditions import DeviceTruth, applies, compile_device, names_in, schedule_of
from rules.device_state import DeviceState
from rules.expression import (
    And,
    Call,
    Compare,
    Duration,
    Expression,
    Name,
    Names,
    Node,
    Not,
    Number,
    Or,
    Word,
    calls,
    keyword,
)
from rules.surroundings import Surroundings
from rules.tier import Tier
from rules.truth import Interval, Truth, compare, conjoin, disjoin, negate


class Group:
    """What one zone or venue alarm looks at. The lists run parallel to the parts of its expressions."""

    __slots__ = ("around", "coincidences", "spreads", "tallies")

    def __init__(self, around: Surroundings | None = None) -> None:
        self.around = around or Surroundings()  # one for the whole house
        self.tallies: dict[Node, Tally] = {}
        self.spreads: dict[str, Spread] = {}
        self.coincidences: dict[Node, Coincidence] = {}


GroupTruth = Callable[[Group, float], Truth]
GroupNumber = Callable[[Group], Interval]


def compile_group(node: Node) -> GroupTruth:
    """The truth of a checked expression for a zone or the venue."""
    match node:
        case Compare():
            number, operator, threshold = group_number(node.left), node.operator, node.threshold
            return lambda group, now: compare(number(group), operator, threshold)
        case Not():
            inner = compile_group(node.operand)
            return lambda group, now: negate(inner(group, now))
        case And():
            parts = [compile_group(operand) for operand in node.operands]
            return lambda group, now: conjoin(part(group, now) for part in parts)
        case Or():
            parts = [compile_group(operand) for operand in node.operands]
            return lambda group, now: disjoin(part(group, now) for part in parts)
        case Call(function="any"):
            return lambda group, now: group.tallies[node].any()
        case Call(function="all"):
            return lambda group, now: group.tallies[node].all()
        case Call(function="alarms"):
            return lambda group, now: group.coincidences[node].holds(now)
        case Call(function="during"):
            schedule = schedule_of(node)
            return lambda group, now: group.around.active(schedule)
        case Name(name="nobody_on_duty"):
            return lambda group, now: group.around.nobody_on_duty
        case _:
            raise AssertionError(f"not a condition on a group: {node}")


def group_number(node: Node) -> GroupNumber:
    """The number on the left side of a comparison on a group, as the interval in which it lies."""
    assert isinstance(node, Call)
    match node.function:
        case "share":
            return lambda group: group.tallies[node].share()
        case "count":
            return lambda group: group.tallies[node].count()
        case "min":
            return lambda group: group.spreads[spread_quantity(node)].minimum()
        case "max":
            return lambda group: group.spreads[spread_quantity(node)].maximum()
        case "mean":
            return lambda group: group.spreads[spread_quantity(node)].mean()
        case _:
            raise AssertionError(f"not a number over a group: {node}")


def spread_quantity(call: Call) -> str:
    """The quantity of a `min`, `max` or `mean` over the devices."""
    argument = call.arguments[0][1]
    assert isinstance(argument, Name)
    return argument.name


@dataclass(frozen=True)
class GroupParts:
    """What must be kept up to date for the expressions of one zone or venue rule."""

    tallies: Mapping[Node, DeviceTruth] = field(default_factory=dict)
    spreads: frozenset[str] = frozenset()
    coincidences: tuple[Call, ...] = ()

    def build(
        self, members: Sequence[DeviceState], alarms_for: Callable[[Call], Iterable[Alarm]], around: Surroundings
    ) -> Group:
        """A Group over these devices; `alarms_for` gives the alarms that an `alarms()` asks about."""
        group = Group(around)
        for node, condition in self.tallies.items():
            names = names_in(node)
            group.tallies[node] = Tally(condition, [member for member in members if applies(names, member)])
        for quantity in sorted(self.spreads):
            having = [member for member in members if quantity in member.device.quantities]
            group.spreads[quantity] = Spread(quantity, having)
        for call in self.coincidences:
            group.coincidences[call] = coincidence(call, alarms_for(call))
        return group


def group_parts(expressions: Sequence[Expression]) -> GroupParts:
    """Find the aggregates in the expressions of one rule."""
    tallies: dict[Node, DeviceTruth] = {}
    spreads: set[str] = set()
    coincidences: list[Call] = []
    for expression in expressions:
        for call in calls(expression.root):
            match call.function:
                case "share" | "count" | "any" | "all":
                    tallies[call] = compile_device(call.arguments[0][1])
                case "min" | "max" | "mean":
                    spreads.add(spread_quantity(call))
                case "alarms":
                    coincidences.append(call)
                case _:
                    pass  # asks no device
    return GroupParts(tallies, frozenset(spreads), tuple(coincidences))


def coincidence(call: Call, alarms: Iterable[Alarm]) -> Coincidence:
    """What an `alarms()` asks about these alarms."""
    at, devices, within = keyword(call, "at"), keyword(call, "devices"), keyword(call, "within")
    return Coincidence(
        list(alarms),
        Tier.from_word(at.word) if isinstance(at, Word) else Tier.BLUE,
        int(devices.value) if isinstance(devices, Number) else 1,
        within.seconds if isinstance(within, Duration) else None,
    )


def rules_read(call: Call) -> tuple[str, ...]:
    """The rules whose alarms an `alarms()` asks about."""
    names = call.arguments[0][1]
    assert isinstance(names, Names)
    return names.names


def asks_neighbours(call: Call) -> bool:
    """Whether it asks about the neighbouring zones too."""
    return keyword(call, "among") is not None
