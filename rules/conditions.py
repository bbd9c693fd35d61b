"""The kinds of condition: one table line and one function each. An expression is compiled once into closures.

A device condition looks at one DeviceState. A group condition looks at a Group: what a zone or venue rule sees of its
devices. A new kind of condition is a line in FUNCTIONS and the function it names.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from rules.aggregate import DeviceTruth, Spread, Tally
from rules.alarm import Alarm
from rules.coincidence import Coincidence
from rules.device_state import DeviceState, WindowKey
from rules.expression import And, Call, Compare, Duration, Expression, Name, Names, Node, Not, Number, Or, Word, walk
from rules.quantity import QUANTITIES, Kind
from rules.tier import Tier
from rules.truth import COMPARISONS, Interval, Truth, compare, conjoin, disjoin, negate

ArgumentType = Literal["quantity", "condition", "duration", "count", "tier", "rules"]
DeviceNumber = Callable[[DeviceState], float | None]

ABSENT = "absent"  # the device has been silent for its staleness time
FAULTED = "faulted"  # a fault of the device stands, silence apart
STATES_OF_DEVICE = {ABSENT: "the device is silent", FAULTED: "a fault of the device stands"}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument of a function. Those with a `default` are given by keyword and may be left out."""

    name: str
    type: ArgumentType
    keyword: bool = False


@dataclass(frozen=True, slots=True)
class Function:
    """A line of the table: what it is called with, what it gives, and where it may stand."""

    name: str
    scope: Literal["device", "group"]
    result: Literal["number", "truth"]
    parameters: tuple[Parameter, ...]
    meaning: str


FUNCTIONS: dict[str, Function] = {
    function.name: function
    for function in (
        Function(
            "rise",
            "device",
            "number",
            (Parameter("quantity", "quantity"), Parameter("window", "duration")),
            "newest value less the lowest of the window, in the quantity's unit",
        ),
        Function(
            "rate",
            "device",
            "number",
            (Parameter("quantity", "quantity"), Parameter("window", "duration")),
            "change per second over the window, in the quantity's unit",
        ),
        Function("share", "group", "number", (Parameter("condition", "condition"),), "part of the devices, 0 to 1"),
        Function("count", "group", "number", (Parameter("condition", "condition"),), "number of devices"),
        Function("any", "group", "truth", (Parameter("condition", "condition"),), "at least one device"),
        Function("all", "group", "truth", (Parameter("condition", "condition"),), "every device"),
        Function("min", "group", "number", (Parameter("quantity", "quantity"),), "least value over the devices"),
        Function("max", "group", "number", (Parameter("quantity", "quantity"),), "greatest value over the devices"),
        Function("mean", "group", "number", (Parameter("quantity", "quantity"),), "mean value over the devices"),
        Function(
            "alarms",
            "group",
            "truth",
            (
                Parameter("rules", "rules"),
                Parameter("at", "tier", keyword=True),
                Parameter("devices", "count", keyword=True),
                Parameter("within", "duration", keyword=True),
            ),
            "alarms of these rules, at this tier or above, from so many distinct devices within a window",
        ),
    )
}


class Group:
    """What one zone or venue alarm looks at. The lists run parallel to the parts of its expressions."""

    __slots__ = ("coincidences", "spreads", "tallies")

    def __init__(self) -> None:
        self.tallies: dict[Node, Tally] = {}
        self.spreads: dict[str, Spread] = {}
        self.coincidences: dict[Node, Coincidence] = {}


GroupTruth = Callable[[Group, float], Truth]
GroupNumber = Callable[[Group], Interval]


@dataclass(frozen=True, slots=True)
class WindowNeeds:
    """Which windows a device must keep for the expressions that read it."""

    lows: frozenset[WindowKey] = frozenset()
    slopes: frozenset[WindowKey] = frozenset()


def window_needs(expression: Expression) -> WindowNeeds:
    """The windows that `rise` and `rate` in an expression look back on."""
    lows: set[WindowKey] = set()
    slopes: set[WindowKey] = set()
    for node in walk(expression.root):
        if isinstance(node, Call) and node.function in ("rise", "rate"):
            (lows if node.function == "rise" else slopes).add(_window_key(node))
    return WindowNeeds(frozenset(lows), frozenset(slopes))


def _window_key(call: Call) -> WindowKey:
    quantity, duration = (argument for _, argument in call.arguments)
    assert isinstance(quantity, Name)
    assert isinstance(duration, Duration)
    return quantity.name, duration.seconds


# Conditions on one device


def compile_device(node: Node) -> DeviceTruth:
    """The truth of a checked expression for one device. What the device does not measure is false, not unknown."""
    match node:
        case Name():
            return _state(node.name)
        case Compare():
            return _threshold(node)
        case Not():
            inner = compile_device(node.operand)
            return lambda device: negate(inner(device))
        case And():
            parts = [compile_device(operand) for operand in node.operands]
            return lambda device: conjoin(part(device) for part in parts)
        case Or():
            parts = [compile_device(operand) for operand in node.operands]
            return lambda device: disjoin(part(device) for part in parts)
        case Call() | Number() | Duration() | Names() | Word():
            raise AssertionError(f"not a condition on a device: {node}")


def _state(name: str) -> DeviceTruth:
    if name == ABSENT:
        return lambda device: device.absent
    if name == FAULTED:
        return lambda device: bool(device.faults)
    if QUANTITIES[name].kind is Kind.EVENT:
        return lambda device: bool(device.values.get(name, False))

    def truth(device: DeviceState) -> Truth:
        value = device.values.get(name)
        if value is None:
            return None if name in device.device.quantities else False
        return bool(value)

    return truth


def _threshold(node: Compare) -> DeviceTruth:
    holds, threshold = COMPARISONS[node.operator], node.threshold
    number = device_number(node.left)
    quantity = quantity_of(node.left)

    def truth(device: DeviceState) -> Truth:
        value = number(device)
        if value is None:
            return None if quantity in device.device.quantities else False
        return holds(value, threshold)

    return truth


def device_number(node: Node) -> DeviceNumber:
    """The number on the left side of a comparison on one device; None while it is unknown."""
    if isinstance(node, Name):
        name = node.name
        return lambda device: device.values.get(name)
    assert isinstance(node, Call)
    key = _window_key(node)
    return _rise(key) if node.function == "rise" else _rate(key)


def _rise(key: WindowKey) -> DeviceNumber:
    def number(device: DeviceState) -> float | None:
        value = device.values.get(key[0])
        return None if value is None else device.lows[key].rise(value)

    return number


def _rate(key: WindowKey) -> DeviceNumber:
    def number(device: DeviceState) -> float | None:
        return None if device.values.get(key[0]) is None else device.slopes[key].rate()

    return number


def quantity_of(node: Node) -> str:
    """The quantity that a number on one device is made of."""
    if isinstance(node, Name):
        return node.name
    assert isinstance(node, Call)
    return _window_key(node)[0]


# Conditions on a group of devices


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
        case Name() | Call() | Number() | Duration() | Names() | Word():
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
            return lambda group: group.spreads[_spread_quantity(node)].minimum()
        case "max":
            return lambda group: group.spreads[_spread_quantity(node)].maximum()
        case "mean":
            return lambda group: group.spreads[_spread_quantity(node)].mean()
        case _:
            raise AssertionError(f"not a number over a group: {node}")


def _spread_quantity(call: Call) -> str:
    argument = call.arguments[0][1]
    assert isinstance(argument, Name)
    return argument.name


@dataclass(frozen=True)
class GroupParts:
    """What must be kept up to date for the expressions of one zone or venue rule."""

    tallies: Mapping[Node, DeviceTruth] = field(default_factory=dict)
    spreads: frozenset[str] = frozenset()
    coincidences: tuple[Call, ...] = ()

    def build(self, members: Sequence[DeviceState], alarms_of: Callable[[str], Sequence[Alarm]]) -> Group:
        """A Group over these devices; `alarms_of` gives the alarms of a rule in the same place."""
        group = Group()
        for node, condition in self.tallies.items():
            group.tallies[node] = Tally(condition, [member for member in members if applies(node, member)])
        for quantity in sorted(self.spreads):
            having = [member for member in members if quantity in member.device.quantities]
            group.spreads[quantity] = Spread(quantity, having)
        for call in self.coincidences:
            group.coincidences[call] = _coincidence(call, alarms_of)
        return group


def group_parts(expressions: Sequence[Expression]) -> GroupParts:
    """Find the aggregates in the expressions of one rule."""
    tallies: dict[Node, DeviceTruth] = {}
    spreads: set[str] = set()
    coincidences: list[Call] = []
    for expression in expressions:
        for node in walk(expression.root):
            match node:
                case Call(function="share" | "count" | "any" | "all"):
                    tallies[node] = compile_device(node.arguments[0][1])
                case Call(function="min" | "max" | "mean"):
                    spreads.add(_spread_quantity(node))
                case Call(function="alarms"):
                    coincidences.append(node)
                case _:
                    pass
    return GroupParts(tallies, frozenset(spreads), tuple(coincidences))


def applies(aggregate: Node, member: DeviceState) -> bool:
    """Whether a device has anything that the aggregate's condition looks at."""
    names = {node.name for node in walk(aggregate) if isinstance(node, Name)}
    return bool(names & member.device.quantities) or bool(names & STATES_OF_DEVICE.keys())


def _coincidence(call: Call, alarms_of: Callable[[str], Sequence[Alarm]]) -> Coincidence:
    given = {keyword: value for keyword, value in call.arguments if keyword}
    names = call.arguments[0][1]
    at, devices, within = given.get("at"), given.get("devices"), given.get("within")
    assert isinstance(names, Names)
    return Coincidence(
        [alarm for rule in names.names for alarm in alarms_of(rule)],
        Tier.from_word(at.word) if isinstance(at, Word) else Tier.BLUE,
        int(devices.value) if isinstance(devices, Number) else 1,
        within.seconds if isinstance(within, Duration) else None,
    )
