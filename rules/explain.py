"""Why an alarm is as it is, or why it is not: its rule taken apart, each part with its truth and what was found.

Reads the live objects and changes nothing. Times are engine seconds; texts are for people.
"""

from msgspec import Struct

from rules.aggregate import Tally
from rules.alarm import Alarm
from rules.cause import Cause, DeviceCause, GroupCause
from rules.coincidence import Coincidence
from rules.conditions import ABSENT, FAULTED, applies, compile_device, device_number, names_in, schedule_of
from rules.decision import Because, OverlayKind, State
from rules.device_state import DeviceState
from rules.expression import And, Call, Compare, Expression, Name, Node, Not, Or
from rules.group_conditions import compile_group, group_number
from rules.investigation import Investigation, Step
from rules.level import Level, Phase
from rules.overlay import Overlay
from rules.plan import TierRule
from rules.quantity import QUANTITIES, Kind
from rules.render import render
from rules.surroundings import DURING, NOBODY_ON_DUTY, Surroundings
from rules.tier import Tier
from rules.truth import Truth

MAX_NAMED = 8  # devices or alarms named in one part; the rest are counted


class Part(Struct, frozen=True):
    """A condition or a part of one: its text, whether it is true (None: unknown), and what was found.

    `by` are the devices or alarms that speak for it, where it asks about several.
    """

    text: str
    truth: Truth
    found: str = ""
    parts: tuple["Part", ...] = ()
    by: tuple[str, ...] = ()


class TierExplanation(Struct, frozen=True):
    """One tier: where it is written, where it stands, until when its running delay lasts, and its conditions."""

    tier: Tier
    line: str
    phase: str
    due: float | None
    on_delay_s: float
    off_delay_s: float
    when: Part
    clear: Part | None = None


class Explanation(Struct, frozen=True):
    """A rule at one place at one instant. `verdict` says it in a sentence; `notes` are what else has a say."""

    at: float
    alarm: str
    rule: str
    place: str
    state: State
    tier: Tier
    since: float
    verdict: str
    tiers: tuple[TierExplanation, ...]  # worst first
    notes: tuple[str, ...]
    because: tuple[Because, ...]


def explain(cause: Cause, now: float) -> Explanation:
    """Take apart why the alarm of a cause is, or is not, up at this instant."""
    alarm = cause.alarm
    tiers = tuple(_tier(cause, level, now) for level in reversed(alarm.levels))
    return Explanation(
        now,
        alarm.id,
        alarm.rule.id,
        alarm.place,
        alarm.state,
        alarm.tier,
        alarm.since,
        _verdict(cause, tiers, now),
        tiers,
        tuple(_notes(cause, now)),
        alarm.because,
    )


# The whole


def _verdict(cause: Cause, tiers: tuple[TierExplanation, ...], now: float) -> str:
    alarm = cause.alarm
    if alarm.overlays:
        stands = f"its condition stands at {alarm.standing.word}" if alarm.standing else "no tier is true"
        return f"it is kept from view ({' and '.join(_words(kind) for kind in alarm.overlays)}): {stands}"
    if alarm.state in ("unack", "acked"):
        return f"it stands at {alarm.tier.word} for {brief(now - alarm.since)} s"
    if alarm.state not in ("normal", "pending"):
        return f"it stood at {alarm.tier.word}; its cause is gone, and it waits for people ({alarm.state})"
    if cause.investigation is not None and cause.investigation.running:
        return _investigating(cause.investigation, now)
    for tier in tiers:
        if tier.phase == Phase.PENDING.value and tier.due is not None:
            left = f"{brief(tier.due - now)} s of {brief(tier.on_delay_s)} s left"
            return f"{tier.tier.word} is true and waits for its on-delay: {left}"
    for level in reversed(alarm.levels):
        if level.verifying and level.due is not None:
            return f"{level.rule.tier.word} had a first signal, which is being verified ({level.phase.value})"
    if any(tier.when.truth is None for tier in tiers):
        return "it is not up, and whether it should be is unknown"
    return "it is not up: no tier is true"


def _investigating(investigation: Investigation, now: float) -> str:
    left = 0.0 if investigation.due is None else investigation.due - now
    what = "acknowledge" if investigation.step is Step.ACKNOWLEDGE else "look"
    return f"staff have {brief(left)} s left to {what} before it is taken as true"


def _notes(cause: Cause, now: float) -> list[str]:
    alarm, notes = cause.alarm, list[str]()
    if alarm.acknowledged_by:
        notes.append(f"acknowledged by {alarm.acknowledged_by}")
    if alarm.state not in ("normal", "pending") and not alarm.sounding:
        notes.append("its sounder is silent")
    if alarm.rule.latching:
        notes.append("it latches: only a reset ends it")
    notes += [_overlay_note(overlay, now) for overlay in alarm.overlays.values()]
    if alarm.chatter.quiet_at is not None:
        notes.append(f"it chatters: held as standing for {brief(alarm.chatter.quiet_at - now)} s more of quiet")
    if cause.investigation is not None:
        notes += _investigation_notes(cause.investigation, now)
    return notes


def _overlay_note(overlay: Overlay, now: float) -> str:
    left = "" if overlay.until is None else f", {brief(overlay.until - now)} s left"
    once = ", or until it returns to normal" if overlay.once else ""
    return f"{_words(overlay.kind)} by {overlay.by} since {brief(now - overlay.since)} s{left}{once}: {overlay.why}"


def _words(kind: OverlayKind) -> str:
    return kind.replace("_", " ")


def _investigation_notes(investigation: Investigation, now: float) -> list[str]:
    if investigation.held and not investigation.running:
        held = ", ".join(alarm.id for alarm in investigation.held[:MAX_NAMED])
        return [f"a show or a schedule holds the investigation of {held} back; its end begins it if it still stands"]
    if investigation.overdue:
        return [f"the investigation ran out: {investigation.overdue}"]
    if investigation.running:
        triggers = ", ".join(alarm.id for alarm in investigation.triggers[:MAX_NAMED])
        return [f"the investigation began with {triggers}"]
    return [f"no investigation runs; one alarm of {', '.join(investigation.rule.of)} would begin it"]


def _tier(cause: Cause, level: Level, now: float) -> TierExplanation:
    rule: TierRule = level.rule
    return TierExplanation(
        rule.tier,
        rule.line,
        level.phase.value,
        level.due,
        rule.on_delay_s,
        rule.off_delay_s,
        _expression(cause, rule.when, now),
        None if rule.clear is None else _expression(cause, rule.clear, now),
    )


def _expression(cause: Cause, expression: Expression, now: float) -> Part:
    if isinstance(cause, DeviceCause):
        return _device_part(expression.root, cause.device, now)
    return _group_part(expression.root, cause, now)


# Parts about one device


def _device_part(node: Node, device: DeviceState, now: float) -> Part:
    parts: tuple[Part, ...] = ()
    found = ""
    match node:
        case And() | Or():
            parts = tuple(_device_part(operand, device, now) for operand in node.operands)
        case Not():
            parts = (_device_part(node.operand, device, now),)
        case Compare():
            found = _compared(node, device, now)
        case Name():
            found = _around(node, device.around) or _state(node.name, device)
        case Call(function="alarms"):
            found = coincidence(device.coincidences[render(node)], now)
        case Call():
            found = _around(node, device.around)
        case _:
            pass
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
    unit = QUANTITIES[node.left.name].unit if isinstance(node.left, Name) else ""
    return f"{render(node.left)} is {_with_unit(value, unit)}"


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


def brief(seconds: float) -> str:
    """Seconds to a tenth: 5, 0.4."""
    return f"{seconds:.1f}".removesuffix(".0")


def _with_unit(value: float, unit: str) -> str:
    return f"{value:g} {unit}" if unit else f"{value:g}"


# Parts about several devices


def _group_part(node: Node, cause: GroupCause, now: float) -> Part:
    parts: tuple[Part, ...] = ()
    found = ""
    match node:
        case And() | Or():
            parts = tuple(_group_part(operand, cause, now) for operand in node.operands)
        case Not():
            parts = (_group_part(node.operand, cause, now),)
        case Compare(left=Call() as call):
            found = _call(call, cause, now)
        case Name():
            found = _around(node, cause.group.around)
        case Call():
            found = _around(node, cause.group.around) or _call(node, cause, now)
        case _:
            pass
    return Part(render(node), compile_group(node)(cause.group, now), found, parts, _speaking(node, cause, now))


def _speaking(node: Node, cause: GroupCause, now: float) -> tuple[str, ...]:
    call = node.left if isinstance(node, Compare) else node
    if call in cause.group.coincidences:
        return tuple(cause.group.coincidences[call].contributors(now))
    return tuple(cause.group.tallies[call].contributors()) if call in cause.group.tallies else ()


def _call(call: Call, cause: GroupCause, now: float) -> str:
    if call in cause.group.coincidences:
        return coincidence(cause.group.coincidences[call], now)
    if call in cause.group.tallies:
        return _tally(cause.group.tallies[call], cause)
    if call.function in ("min", "max", "mean"):
        low, high = group_number(call)(cause.group)
        return f"{render(call)} is {low:g}" if low == high else f"{render(call)} is between {low:g} and {high:g}"
    return ""


def _tally(tally: Tally, cause: GroupCause) -> str:
    unknown = [member.device.id for member in cause.members if tally.truth_of(member) is None]
    text = f"{tally.true} of {tally.total} devices"
    if tally.true:
        text += f": {_named(tally.contributors())}"
    return f"{text}; unknown at {_named(unknown)}" if unknown else text


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


def _named(ids: list[str]) -> str:
    more = f" and {len(ids) - MAX_NAMED} more" if len(ids) > MAX_NAMED else ""
    return ", ".join(ids[:MAX_NAMED]) + more
