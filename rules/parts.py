"""A condition taken apart: each part with its truth at an instant, and what was found that makes it so.

Reads the live objects and changes nothing.
"""

from msgspec import Struct

from rules.aggregate import Tally
from rules.alarm import Alarm
from rules.cause import GroupCause
from rules.coincidence import Coincidence
from rules.conditions import ABSENT, FAULTED, applies, compile_device, device_number, names_in, schedule_of
from rules.device_state import DeviceState
from rules.expression import And, Call, Compare, Name, Node, Not, Or
from rules.group_conditions import compile_group, group_number
from rules.quantity import QUANTITIES, Kind
from rules.render import render
from rules.surroundings import DURING, NOBODY_ON_DUTY, Surroundings
from rules.truth import Truth
from rules.wording import MAX_NAMED, amount, brief, named


class Part(Struct, frozen=True):
    """A condition or a part of one: its text, whether it is true (None: unknown), and what was found.

    `by` are the devices or alarms that speak for it, where it asks about several.
    """

    text: str
    truth: Truth
    found: str = ""
    parts: tuple["Part", ...] = ()
    by: tuple[str, ...] = ()


# Parts about one device


def device_part(node: Node, device: DeviceState, now: float) -> Part:
    """A condition on one device."""
    parts: tuple[Part, ...] = ()
    found = ""
    match node:
        case And() | Or():
            parts = tuple(device_part(operand, device, now) for operand in node.operands)
        case Not():
            parts = (device_part(node.operand, device, now),)
        case Compare():
            found = _compared(node, device, now)
        case Name():
            found = _around(node, device.around) or _state(node.name, device)
        case _:
            kept = device.coincidences.get(render(node))
            found = _around(node, device.around) if kept is None else coincidence(kept, now)
    return Part(render(node), compile_device(node)(device, now), found, parts)


def _around(node: Node, around: Surroundings) -> str:
    """What a schedule or the duty says, for a part that asks it; else nothing."""
    if isinstance(node, Name) and node.name == NOBODY_ON_DUTY:
        return around.duty_evidence(0.0).text
    if isinstance(node, Call) and node.function == DURING:
        return around.schedule_evidence(schedule_of(node), 0.0).text
    return ""


def _compared(node: Compare, device: DeviceState, now: float) -> str:
    names = names_in(node.left)
    value = device_number(node.left)(device, now) if applies(names, device) else None
    if value is None:
        return _missing(min(device.untold(names) or names), device)
    told = amount(node.left.name, value) if isinstance(node.left, Name) else f"{value:g}"
    return f"{render(node.left)} is {told}"


def _state(name: str, device: DeviceState) -> str:
    if name == ABSENT:
        return device.gone or "the device is heard"
    if name == FAULTED:
        return f"fault {', '.join(sorted(device.faults))}" if device.faults else "no fault stands"
    if QUANTITIES[name].kind is Kind.EVENT:
        return f"{name} happens at an instant only"
    value = device.values.get(name)
    return _missing(name, device) if value is None else f"{name} is {'true' if value else 'false'}"


def _missing(quantity: str, device: DeviceState) -> str:
    """Why there is no value to look at."""
    if quantity not in device.device.quantities:
        return f"{device.device.id} does not measure {quantity}"
    if device.gone:
        return f"{quantity} is unknown: {device.gone}"
    if quantity in device.unverified:
        return f"{quantity} is unknown: only a retained message tells it"
    if any(code.endswith(f":{quantity}") for code in device.faults):
        return f"{quantity} is unknown: its last value was one that no working sensor reports"
    return f"{quantity} is unknown: {device.device.id} has not said it yet"


# Parts about several devices


def group_part(node: Node, cause: GroupCause, now: float) -> Part:
    """A condition over the devices of a zone or of the venue."""
    parts: tuple[Part, ...] = ()
    found = ""
    match node:
        case And() | Or():
            parts = tuple(group_part(operand, cause, now) for operand in node.operands)
        case Not():
            parts = (group_part(node.operand, cause, now),)
        case Compare():
            found = _asked(node.left, cause, now)
        case _:
            found = _around(node, cause.group.around) or _asked(node, cause, now)
    return Part(render(node), compile_group(node)(cause.group, now), found, parts, _speaking(node, cause, now))


def _speaking(node: Node, cause: GroupCause, now: float) -> tuple[str, ...]:
    call = node.left if isinstance(node, Compare) else node
    if call in cause.group.coincidences:
        return tuple(cause.group.coincidences[call].contributors(now))
    return tuple(cause.group.tallies[call].contributors()) if call in cause.group.tallies else ()


def _asked(call: Node, cause: GroupCause, now: float) -> str:
    if call in cause.group.coincidences:
        return coincidence(cause.group.coincidences[call], now)
    if call in cause.group.tallies:
        return _tally(cause.group.tallies[call])
    low, high = group_number(call)(cause.group)
    return f"{render(call)} is {low:g}" if low == high else f"{render(call)} is between {low:g} and {high:g}"


def _tally(tally: Tally) -> str:
    unknown = tally.undecided()
    text = f"{tally.true} of {tally.total} devices"
    if tally.true:
        text += f": {named(tally.contributors())}"
    return f"{text}; unknown at {named(unknown)}" if unknown else text


def coincidence(kept: Coincidence, now: float) -> str:
    """How many devices count, which just missed, and by how much."""
    lines = [f"{len(kept.contributors(now))} of {kept.devices} devices count"]
    told = [text for alarm in kept.alarms if (text := _counted(kept, alarm, now))]
    lines += told[:MAX_NAMED]
    if len(told) > MAX_NAMED:
        lines.append(f"and {len(told) - MAX_NAMED} more")
    if not told:
        lines.append(f"none of {len(kept.alarms)} alarms was at {kept.at.word} or above")
    return "; ".join([*lines, *_near_miss(kept, now)])


def _counted(kept: Coincidence, alarm: Alarm, now: float) -> str:
    if alarm.disabled:
        return f"{alarm.id} is out of service and counts nowhere"
    if alarm.stands(kept.at):
        return f"{alarm.id} stands"
    stood = alarm.stood_until(kept.at)
    if stood is None:
        return ""
    if kept.within_s is None:
        return f"{alarm.id} is shown still" if alarm.shown(kept.at) else ""
    left = stood + kept.within_s - now
    ceased = f"{alarm.id} ceased {brief(now - stood)} s ago"
    return (
        f"{ceased} and counts for {brief(left)} s more"
        if left > 0
        else f"{ceased} and counted for {brief(kept.within_s)} s"
    )


def _near_miss(kept: Coincidence, now: float) -> list[str]:
    """The pair that came nearest: the last that ceased, and the next that began after it counted no more."""
    if kept.within_s is None or kept.holds(now):
        return []
    ceased = [(stood, alarm) for alarm in kept.alarms if (stood := alarm.stood_until(kept.at)) is not None]
    gaps = [
        (later.since - stood, later.place, earlier.place)
        for stood, earlier in ceased
        for later in kept.alarms
        if later.place != earlier.place and later.standing and later.since - stood >= kept.within_s
    ]
    if not gaps:
        return []
    gap, later, earlier = min(gaps)
    return [f"{later} came {brief(gap)} s after {earlier} had ceased; the window is {brief(kept.within_s)} s"]
