"""What devices say in a proof: all is calm, or the worst that can be said of a danger."""

from math import ceil, floor

from rules.cause import expressions_of
from rules.expression import Call, Compare, Name, Node, walk
from rules.plan import Plan
from rules.quantity import QUANTITIES, Kind
from rules.venue import Device

MAX_PRESSES = 10  # nobody can be asked to press more often in need
PRESS_S = 1.0  # a person in need presses each second: slower than anybody does, and no rule may ask for more

Values = dict[str, float | bool]

# Where calm is not the foot of the legal range: a mild room, mains of 220 V 50 Hz, a UPS with a full battery.
_CALM: Values = {
    "temperature": 20.0,
    "humidity": 50.0,
    "voltage": 220.0,
    "frequency": 50.0,
    "power": 0.0,
    "battery_charge": 100.0,
    "battery_runtime": 3600.0,
    "battery_voltage": 13.6,
    "output_voltage": 220.0,
}
# Quantities whose highest value, or true, means danger to people. A state that does says so in the table of quantities.
DANGEROUS = frozenset({"smoke_obscuration", "temperature", "co"}) | {
    name for name, quantity in QUANTITIES.items() if quantity.alarming
}


def calm(device: Device) -> Values:
    """What a device says of a quiet evening; a press is not said at all."""
    return {name: calm_value(name) for name in sorted(device.quantities) if QUANTITIES[name].kind is not Kind.EVENT}


def calm_value(name: str) -> float | bool:
    """What a quantity is on a quiet evening."""
    quantity = QUANTITIES[name]
    return _CALM.get(name, quantity.low) if quantity.kind is Kind.NUMBER else False


def extreme(device: Device, read: frozenset[str]) -> Values:
    """The worst that a device can say of the dangerous quantities among `read`."""
    return {name: _worst(name) for name in sorted(device.quantities & read & DANGEROUS)}


def presses(plan: Plan) -> int:
    """How often a person presses, each PRESS_S: as often as any rule of the plan asks for, at most MAX_PRESSES."""
    roots = (expression.root for rule in plan.rules for expression in expressions_of(rule))
    asked = [_presses(node) for root in roots for node in walk(root) if isinstance(node, Compare)]
    return min(MAX_PRESSES, max([1, *asked]))


def _presses(node: Compare) -> int:
    call = node.left
    if not isinstance(call, Call) or call.function != "count" or len(call.arguments) < 2 or not _of_events(call):
        return 1
    return floor(node.threshold) + 1 if node.operator in (">", "<=") else ceil(node.threshold)


def _of_events(node: Node) -> bool:
    names = (part.name for part in walk(node) if isinstance(part, Name) and part.name in QUANTITIES)
    return any(QUANTITIES[name].kind is Kind.EVENT for name in names)


def _worst(name: str) -> float | bool:
    quantity = QUANTITIES[name]
    return quantity.high if quantity.kind is Kind.NUMBER else True
