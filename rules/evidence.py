"""Why an alarm is up: the values and alarms that made its tier true, and the rule's own line."""

from rules.cause import Cause, DeviceCause, GroupCause
from rules.conditions import ABSENT, FAULTED, words_around
from rules.decision import Because
from rules.device_state import DeviceState
from rules.expression import Call, Expression, calls
from rules.group_conditions import spread_quantity
from rules.investigation import Investigation
from rules.plan import TierRule
from rules.surroundings import NOBODY_ON_DUTY, Surroundings
from rules.tier import Tier
from rules.wording import MAX_NAMED, amount


def evidence(cause: Cause, tier: Tier, now: float) -> tuple[Because, ...]:
    """What speaks for the cause's alarm at a tier."""
    rule = next((level.rule for level in cause.alarm.levels if level.rule.tier == tier), cause.alarm.levels[0].rule)
    if isinstance(cause, DeviceCause):
        read = [Because(now, alarm, "in alarm") for one in cause.coincidences for alarm in one.contributors(now)]
        text = f"{_values(cause.device, rule.when)}: {_written(cause, rule, now)}"
        around = around_evidence(cause.device.around, rule.when, now)
        return (*around, *read, Because(cause.device.heard_at or now, cause.device.device.id, text, rule.line))
    if cause.investigation is not None and cause.investigation.overdue:
        return _overdue(cause, cause.investigation, now)
    found = _contributors(cause, rule.when, now)
    shown, more = found[:MAX_NAMED], len(found) - MAX_NAMED
    if more > 0:
        shown.append(Because(now, cause.alarm.place, f"and {more} more"))
    around = around_evidence(cause.group.around, rule.when, now)
    return (*around, *shown, Because(now, cause.alarm.id, _written(cause, rule, now), rule.line))


def around_evidence(around: Surroundings, expression: Expression, now: float) -> tuple[Because, ...]:
    """What the schedules and the duty say that an expression asks."""
    words = sorted(words_around(expression.root))
    return tuple(
        around.duty_evidence(now) if word == NOBODY_ON_DUTY else around.schedule_evidence(word, now) for word in words
    )


def _written(cause: Cause, rule: TierRule, now: float) -> str:
    """The condition, and that it was taken as true if it was."""
    if cause.alarm.rule.unknown == "assume_alarm" and cause.truth(rule.tier, now) is None:
        return f"{rule.when.text} (unknown, taken as true)"
    return rule.when.text


def _values(device: DeviceState, expression: Expression) -> str:
    parts = []
    for name in sorted(expression.quantities):
        if name == ABSENT and device.absent:
            parts.append(device.gone)
        elif name == FAULTED and device.faults:
            parts.append(f"fault {', '.join(sorted(device.faults))}")
        elif name in device.values:
            parts.append(_value(name, device.values[name]))
    return ", ".join(parts) or "no value"


def _value(name: str, value: float | bool) -> str:
    if isinstance(value, bool):
        return name if value else f"no {name}"
    return f"{name} {amount(name, value)}"


def _contributors(cause: GroupCause, expression: Expression, now: float) -> list[Because]:
    members = {member.device.id: member for member in cause.members}
    found: dict[str, Because] = {}
    for node in calls(expression.root):
        if node in cause.group.coincidences:
            for alarm in cause.group.coincidences[node].contributors(now):
                found.setdefault(alarm, Because(now, alarm, "in alarm"))
        elif node in cause.group.tallies:
            for device in cause.group.tallies[node].contributors():
                text = _values(members[device], expression)
                found.setdefault(device, Because(members[device].heard_at or now, device, text))
        elif node.function in ("min", "max", "mean"):
            found.update(_extreme(cause, node, members))
    return list(found.values())


def _extreme(cause: GroupCause, node: Call, members: dict[str, DeviceState]) -> dict[str, Because]:
    """The device with the least or the greatest value; for a mean, the least."""
    quantity = spread_quantity(node)
    ranked = cause.group.spreads[quantity].contributors()
    if not ranked:
        return {}
    device = members[ranked[-1] if node.function == "max" else ranked[0]]
    return {
        device.device.id: Because(device.heard_at or 0.0, device.device.id, _value(quantity, device.values[quantity]))
    }


def _overdue(cause: GroupCause, investigation: Investigation, now: float) -> tuple[Because, ...]:
    began = [because for alarm in investigation.triggers[:MAX_NAMED] for because in alarm.because]
    return (*began, Because(now, cause.alarm.id, investigation.overdue, cause.alarm.rule.line))
