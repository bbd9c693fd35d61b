"""Conditions on one device. An expression is compiled once into closures that look at one DeviceState at one instant.

A new kind of condition is a line in `rules.functions` and the function that it names here or in
`rules.group_conditions`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from rules.device_state import DeviceState, WindowKey
from rules.expression import And, Call, Compare, Duration, Expression, Name, Names, Node, Not, Number, Or, Word, walk
from rules.quantity import QUANTITIES, Kind
from rules.surroundings import DURING, NOBODY_ON_DUTY
from rules.truth import COMPARISONS, Truth, conjoin, disjoin, negate

DeviceTruth = Callable[[DeviceState, float], Truth]
DeviceNumber = Callable[[DeviceState, float], float | None]

ABSENT = "absent"  # the device has been silent for its staleness time
FAULTED = "faulted"  # a fault of the device stands, silence apart
WORDS_AROUND = {NOBODY_ON_DUTY: "nobody is known to be on duty"}  # conditions on no device at all
STATES_OF_DEVICE = {ABSENT: "the device is silent", FAULTED: "a fault of the device stands"}


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


def words_around(node: Node) -> frozenset[str]:
    """What an expression asks of the surroundings: ids of schedules, and NOBODY_ON_DUTY."""
    found: set[str] = set()
    for part in walk(node):
        if isinstance(part, Name) and part.name in WORDS_AROUND:
            found.add(part.name)
        elif isinstance(part, Call) and part.function == DURING:
            found.add(schedule_of(part))
    return frozenset(found)


def schedule_of(call: Call) -> str:
    """The schedule that `during` asks."""
    word = call.arguments[0][1]
    assert isinstance(word, Word)
    return word.word


def compile_device(node: Node) -> DeviceTruth:
    """The truth of a checked expression for one device. What the device does not measure is false, not unknown."""
    match node:
        case Name():
            return _state(node.name)
        case Compare():
            return _threshold(node)
        case Not():
            inner = compile_device(node.operand)
            return lambda device, now: negate(inner(device, now))
        case And():
            parts = [compile_device(operand) for operand in node.operands]
            return lambda device, now: conjoin(part(device, now) for part in parts)
        case Or():
            parts = [compile_device(operand) for operand in node.operands]
            return lambda device, now: disjoin(part(device, now) for part in parts)
        case Call(function="during"):
            schedule = schedule_of(node)
            return lambda device, now: device.around.active(schedule)
        case Call() | Number() | Duration() | Names() | Word():
            raise AssertionError(f"not a condition on a device: {node}")


def _state(name: str) -> DeviceTruth:
    if name == ABSENT:
        return lambda device, now: device.absent
    if name == FAULTED:
        return lambda device, now: bool(device.faults)
    if name == NOBODY_ON_DUTY:
        return lambda device, now: device.around.nobody_on_duty
    if QUANTITIES[name].kind is Kind.EVENT:
        return lambda device, now: bool(device.values.get(name, False))

    def truth(device: DeviceState, now: float) -> Truth:
        value = device.values.get(name)
        if value is None:
            return None if name in device.device.quantities else False
        return bool(value)

    return truth


def _threshold(node: Compare) -> DeviceTruth:
    holds, threshold = COMPARISONS[node.operator], node.threshold
    number = device_number(node.left)
    quantity = quantity_of(node.left)

    def truth(device: DeviceState, now: float) -> Truth:
        value = number(device, now)
        if value is None:
            return None if quantity in device.device.quantities else False
        return holds(value, threshold)

    return truth


def device_number(node: Node) -> DeviceNumber:
    """The number on the left side of a comparison on one device; None while it is unknown."""
    if isinstance(node, Name):
        name = node.name
        return lambda device, now: device.values.get(name)
    assert isinstance(node, Call)
    key = _window_key(node)
    return _rise(key) if node.function == "rise" else _rate(key)


def _rise(key: WindowKey) -> DeviceNumber:
    def number(device: DeviceState, now: float) -> float | None:
        value = device.values.get(key[0])
        return None if value is None else device.lows[key].rise(value)

    return number


def _rate(key: WindowKey) -> DeviceNumber:
    def number(device: DeviceState, now: float) -> float | None:
        return None if device.values.get(key[0]) is None else device.slopes[key].rate()

    return number


def quantity_of(node: Node) -> str:
    """The quantity that a number on one device is made of."""
    if isinstance(node, Name):
        return node.name
    assert isinstance(node, Call)
    return _window_key(node)[0]
