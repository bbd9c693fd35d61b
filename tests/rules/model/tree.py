"""What a condition says, read off its tree by plain recursion: true, false, or None for unknown (Kleene)."""

import operator
from typing import Any

from rules.expression import And, Call, Compare, Duration, Name, Names, Node, Not, Number, Or, Word, walk
from rules.quantity import QUANTITIES, Kind
from rules.tier import Tier
from tests.rules.model import heard, windows
from tests.rules.model.state import (
    Alarm,
    State,
    ceased,
    holders,
    is_disabled,
    is_up,
    members,
    neighbours,
    rule_of,
    stands,
)

Truth = bool | None
OPERATORS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
AROUND = ("absent", "faulted")  # of every device, whatever it measures


def negated(truth: Truth) -> Truth:
    """Unknown stays unknown."""
    return None if truth is None else not truth


def both(truths: list[Truth]) -> Truth:
    """One that is false decides; else one that is unknown."""
    return False if False in truths else None if None in truths else True


def either(truths: list[Truth]) -> Truth:
    """One that is true decides; else one that is unknown."""
    return True if True in truths else None if None in truths else False


def truth(s: State, alarm: Alarm, node: Node) -> Truth:
    """What a condition of the alarm's rule says now."""
    return _of_device(s, alarm["place"], node) if rule_of(s, alarm).each == "device" else _of_group(s, alarm, node)


def names(node: Node) -> set[str]:
    """The quantities and states that a condition names."""
    return {part.name for part in walk(node) if isinstance(part, Name)}


def has(s: State, device: str, named: set[str]) -> bool:
    """Whether a condition on these has anything to say about the device."""
    return bool(named & s.plan.venue.devices[device].quantities) or bool(named & set(AROUND))


def _of_device(s: State, device: str, node: Node) -> Truth:
    match node:
        case Not():
            return negated(_of_device(s, device, node.operand))
        case And():
            return both([_of_device(s, device, one) for one in node.operands])
        case Or():
            return either([_of_device(s, device, one) for one in node.operands])
        case Compare(left=Name(name=name)):
            if name not in s.plan.venue.devices[device].quantities:
                return False
            number = heard.value(s, device, name)
            return None if number is None else bool(OPERATORS[node.operator](number, node.threshold))
        case Compare(left=Call() as call):
            if windows.key(device, call)[2] not in s.plan.venue.devices[device].quantities:
                return False
            number = windows.number(s, device, call)
            return None if number is None else bool(OPERATORS[node.operator](number, node.threshold))
        case Call(function="during"):
            return during(s, node)
        case Call(function="alarms"):
            zones = holders(s, s.plan.venue.devices[device].zone)
            return any(_counts(s, one, node) for one in _of_rules(s, node) if one["place"] in (device, *zones))
        case Name(name="nobody_on_duty"):
            return nobody_on_duty(s)
        case Name(name="absent"):
            return heard.is_absent(s, device)
        case Name(name="faulted"):
            return heard.is_faulted(s, device)
        case Name(name=name) if name not in s.plan.venue.devices[device].quantities:
            return False
        case Name(name=name) if QUANTITIES[name].kind is Kind.EVENT:
            return bool(heard.value(s, device, name))
        case Name(name=name):
            said = heard.value(s, device, name)
            return None if said is None else bool(said)
        case _:
            raise AssertionError(f"the model does not know {node}")


def _of_group(s: State, alarm: Alarm, node: Node) -> Truth:
    match node:
        case Not():
            return negated(_of_group(s, alarm, node.operand))
        case And():
            return both([_of_group(s, alarm, one) for one in node.operands])
        case Or():
            return either([_of_group(s, alarm, one) for one in node.operands])
        case Call(function="any"):
            return either(_each(s, alarm, node))
        case Call(function="all"):
            return both(_each(s, alarm, node) or [False])
        case Call(function="alarms"):
            counting = {one["place"] for one in asked(s, alarm, node) if _counts(s, one, node)}
            return bool(len(counting) >= _argument(node, "devices", 1))
        case Call(function="during"):
            return during(s, node)
        case Name(name="nobody_on_duty"):
            return nobody_on_duty(s)
        case Compare(left=Call(function="share" | "count") as call):
            each = _each(s, alarm, call)
            whole = max(len(each), 1) if call.function == "share" else 1
            least, most = each.count(True) / whole, (each.count(True) + each.count(None)) / whole
            compare = OPERATORS[node.operator]
            at_least, at_most = bool(compare(least, node.threshold)), bool(compare(most, node.threshold))
            return at_least if at_least == at_most else None
        case _:
            raise AssertionError(f"the model does not know {node}")


def _each(s: State, alarm: Alarm, call: Call) -> list[Truth]:
    condition = call.arguments[0][1]
    return [_of_device(s, one, condition) for one in members(s, alarm) if has(s, one, names(condition))]


# The surroundings


def during(s: State, call: Call) -> Truth:
    """Whether a schedule is active; unknown until it was told."""
    word = call.arguments[0][1]
    assert isinstance(word, Word)
    return s.schedules.get(word.word)


def nobody_on_duty(s: State) -> bool:
    """Duty is configured, and nobody is known to be there. A person's word goes before the schedule."""
    if s.plan.duty is None:
        return False
    if s.duty_word is not None:
        return not s.duty_word["staffed"]
    return not s.schedules.get(s.plan.duty.schedule)


# The alarms of other rules


def _argument(call: Call, keyword: str, default: Any) -> Any:
    for name, given in call.arguments:
        if name == keyword:
            match given:
                case Number():
                    return int(given.value)
                case Duration():
                    return given.seconds
                case Word():
                    return given.word
                case _:
                    break
    return default


def _of_rules(s: State, call: Call) -> list[Alarm]:
    listed = call.arguments[0][1]
    assert isinstance(listed, Names)
    return [one for rule in listed.names for one in s.alarms.values() if one["rule"] == rule]


def asked(s: State, alarm: Alarm, call: Call) -> list[Alarm]:
    """The alarms that an `alarms()` asks about: in a place, in its neighbours if it says so, and below them."""
    if rule_of(s, alarm).each == "device":
        zones = holders(s, alarm["zone"])
        return [one for one in _of_rules(s, call) if one["place"] in (alarm["place"], *zones)]
    zones = [alarm["place"]]
    if _argument(call, "among", None):
        zones += neighbours(s, alarm["place"])
    return [one for one in _of_rules(s, call) if any(zone in holders(s, one["zone"]) for zone in zones)]


def at_tier(call: Call) -> int:
    """The tier that an `alarms()` asks for."""
    return int(Tier.from_word(_argument(call, "at", "blue")))


def counted_until(s: State, alarm: Alarm, call: Call) -> float | None:
    """Until when an alarm that has ceased is remembered; None when it stands, never did, or nobody remembers."""
    within, end = _argument(call, "within", None), ceased(alarm, at_tier(call))
    if within is None or end is None or is_disabled(alarm) or stands(alarm, at_tier(call)):
        return None
    return end + float(within)


def _counts(s: State, alarm: Alarm, call: Call) -> bool:
    """It counts while it stands, and `within` after that; without `within` as long as it is shown."""
    at = at_tier(call)
    if stands(alarm, at):
        return True
    if _argument(call, "within", None) is None:
        return is_up(alarm) and alarm["tier"] >= at
    until = counted_until(s, alarm, call)
    return until is not None and s.now < until
