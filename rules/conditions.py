"""Conditions on one device. An expression is compiled once into closures that look at one DeviceState at one instant.

A new kind of condition is a line in `rules.functions` and the function that it names here or in
`rules.group_conditions`.
"""

from collections.abc import Callable, Sequence
from typing import Literal

from rules.device_state import Counter, DeviceState, WindowKey
from rules.expression import And, Call, Compare, Duration, Name, Node, Not, Or, Word, walk
from rules.held import CountWindow, ExtremeWindow, MeanWindow
from rules.quantity import QUANTITIES, Kind
from rules.render import render
from rules.surroundings import DURING, NOBODY_ON_DUTY
from rules.truth import COMPARISONS, Truth, negate
from rules.window import LowWindow, SlopeWindow

DeviceTruth = Callable[[DeviceState, float], Truth]
Holds = Callable[[float, float], bool]
DeviceNumber = Callable[[DeviceState, float], float | None]

ABSENT = "absent"  # the device has been silent for its staleness time
FAULTED = "faulted"  # a fault of the device stands, silence apart
WORDS_AROUND = {NOBODY_ON_DUTY: "nobody is known to be on duty"}  # conditions on no device at all
STATES_OF_DEVICE = {ABSENT: "the device is silent", FAULTED: "a fault of the device stands"}


def names_in(node: Node) -> frozenset[str]:
    """The quantities and states of a device that a condition or a number looks at."""
    return frozenset(part.name for part in walk(node) if isinstance(part, Name))


def applies(names: frozenset[str], device: DeviceState) -> bool:
    """Whether a device has any of the quantities that are looked at, or its own state is."""
    return not names.isdisjoint(device.device.quantities) or not names.isdisjoint(STATES_OF_DEVICE)


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
            return _every([compile_device(operand) for operand in node.operands])
        case Or():
            return _some([compile_device(operand) for operand in node.operands])
        case Call(function="during"):
            schedule = schedule_of(node)
            return lambda device, now: device.around.active(schedule)
        case Call(function="alarms"):
            key = render(node)
            return lambda device, now: device.coincidences[key].holds(now)
        case _:
            raise AssertionError(f"not a condition on a device: {node}")


def _every(parts: list[DeviceTruth]) -> DeviceTruth:
    """`truth.conjoin`, written out: most of what a reading costs is spent here."""

    def truth(device: DeviceState, now: float) -> Truth:
        result: Truth = True
        for part in parts:
            found = part(device, now)
            if found is False:
                return False
            if found is None:
                result = None
        return result

    return truth


def _some(parts: list[DeviceTruth]) -> DeviceTruth:
    """`truth.disjoin`, written out."""

    def truth(device: DeviceState, now: float) -> Truth:
        result: Truth = False
        for part in parts:
            found = part(device, now)
            if found:
                return True
            if found is None:
                result = None
        return result

    return truth


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
    match node.left:
        case Name(name=name):
            return _value(name, holds, threshold)
        case Call(function="rise") as call:
            return _risen(_window_key(call), holds, threshold)
        case _:
            return _number(node.left, holds, threshold)


def _number(left: Node, holds: Holds, threshold: float) -> DeviceTruth:
    number, names = device_number(left), names_in(left)

    def truth(device: DeviceState, now: float) -> Truth:
        value = number(device, now)
        if value is None:
            return None if applies(names, device) else False
        return holds(value, threshold)

    return truth


# The two conditions that most rules ask, written out: a call saved here is saved several times with each reading.


def _value(name: str, holds: Holds, threshold: float) -> DeviceTruth:
    def truth(device: DeviceState, now: float) -> Truth:
        value = device.values.get(name)
        if value is None:
            return None if name in device.device.quantities else False
        return holds(value, threshold)

    return truth


def _risen(key: WindowKey, holds: Holds, threshold: float) -> DeviceTruth:
    name = key[0]

    def truth(device: DeviceState, now: float) -> Truth:
        value = device.values.get(name)
        if value is None:
            return None if name in device.device.quantities else False
        rise = device.lows[key].rise(value)
        return None if rise is None else holds(rise, threshold)

    return truth


def device_number(node: Node) -> DeviceNumber:
    """The number on the left side of a comparison on one device; None while it is unknown."""
    if isinstance(node, Name):
        name = node.name
        return lambda device, now: device.values.get(name)
    assert isinstance(node, Call)
    match node.function:
        case "rise":
            return _rise(_window_key(node))
        case "rate":
            return _rate(_window_key(node))
        case "min":
            return _extreme(node, min)
        case "max":
            return _extreme(node, max)
        case "mean":
            return _mean(node)
        case "count":
            return _count(node)
        case _:
            raise AssertionError(f"not a number on a device: {node}")


def _rise(key: WindowKey) -> DeviceNumber:
    def number(device: DeviceState, now: float) -> float | None:
        value = device.values.get(key[0])
        return None if value is None else device.lows[key].rise(value)

    return number


def _rate(key: WindowKey) -> DeviceNumber:
    def number(device: DeviceState, now: float) -> float | None:
        return None if device.values.get(key[0]) is None else device.slopes[key].rate()

    return number


def _extreme(call: Call, pick: Callable[[float, float], float]) -> DeviceNumber:
    key, quantity = render(call), _window_key(call)[0]

    def number(device: DeviceState, now: float) -> float | None:
        value = device.values.get(quantity)
        if value is None:
            return None
        held = device.held[key][1].value(now)
        return value if held is None else pick(held, value)  # a reading that came late is not in the window

    return number


def _mean(call: Call) -> DeviceNumber:
    key, quantity = render(call), _window_key(call)[0]

    def number(device: DeviceState, now: float) -> float | None:
        value = device.values.get(quantity)
        return None if value is None else device.held[key][1].value(now)

    return number


def _count(call: Call) -> DeviceNumber:
    key, condition = render(call), compile_device(call.arguments[0][1])

    def number(device: DeviceState, now: float) -> float | None:
        counter = device.counters.get(key)  # none where the device measures nothing of the condition
        return None if counter is None or condition(device, now) is None else counter.window.value(now)

    return number


# What a device must keep for the conditions that look back


def keep_windows(root: Node, devices: Sequence[DeviceState]) -> None:
    """Give devices the windows that a condition on them looks back on; those that a device has already are shared."""
    for node in walk(root):
        match node:
            case Compare(left=Call(function="mean") as call) if len(call.arguments) == 2:
                _keep_window(call, devices, node.threshold)
            case Call(arguments=(_, ("", Duration()))) if node.function != "mean":
                _keep_window(node, devices)
            case _:
                pass


def _keep_window(call: Call, devices: Sequence[DeviceState], threshold: float = 0.0) -> None:
    names = names_in(call)
    here = [device for device in devices if applies(names, device)]
    match call.function:
        case "count":
            _keep_counters(call, names | words_around(call), here)
        case "rise":
            key = _window_key(call)
            for device in here:
                device.lows.setdefault(key, LowWindow(key[1]))
        case "rate":
            key = _window_key(call)
            for device in here:
                device.slopes.setdefault(key, SlopeWindow(key[1]))
        case _:
            _keep_held(call, here, threshold)


def _keep_counters(call: Call, names: frozenset[str], devices: Sequence[DeviceState]) -> None:
    key, condition = render(call), compile_device(call.arguments[0][1])
    for device in devices:
        if key not in device.counters:
            device.counters[key] = Counter(names, condition, CountWindow(_span_s(call)))


def _keep_held(call: Call, devices: Sequence[DeviceState], threshold: float) -> None:
    key, (quantity, span_s) = render(call), _window_key(call)
    extreme: Literal["min", "max"] = "min" if call.function == "min" else "max"
    for device in devices:
        fresh = MeanWindow(span_s) if call.function == "mean" else ExtremeWindow(extreme, span_s)
        _, window = device.held.setdefault(key, (quantity, fresh))
        if isinstance(window, MeanWindow):
            window.thresholds.add(threshold)


def _span_s(call: Call) -> float:
    duration = call.arguments[1][1]
    assert isinstance(duration, Duration)
    return duration.seconds


def _window_key(call: Call) -> WindowKey:
    quantity = call.arguments[0][1]
    assert isinstance(quantity, Name)
    return quantity.name, _span_s(call)
