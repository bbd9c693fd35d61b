"""The live objects as the frozen statuses of `rules.status`."""

from collections import Counter
from collections.abc import Iterable

from rules.cause import Cause
from rules.device_state import DeviceState
from rules.investigation import Step
from rules.level import Phase
from rules.status import AlarmStatus, DeviceStatus


def alarm_status(cause: Cause) -> AlarmStatus:
    """One alarm; pending until its investigation or its earliest on-delay is over."""
    alarm, investigation = cause.alarm, cause.investigation
    investigated_until = investigation.due if investigation is not None else None
    return AlarmStatus(
        alarm=alarm.id,
        rule=alarm.rule.id,
        place=alarm.place,
        zone=alarm.zone,
        category=alarm.rule.category,
        tier=alarm.tier,
        state=alarm.state,
        sounding=alarm.sounding,
        since=alarm.since,
        pending_until=alarm.raising_at if investigated_until is None else investigated_until,
        acknowledged_by=alarm.acknowledged_by,
        because=alarm.because,
        overlays=tuple(alarm.overlays.values()),
        standing=alarm.standing,
        first_out=alarm.first_out,
        chattering=alarm.chatter.holds,
    )


def device_status(state: DeviceState) -> DeviceStatus:
    """One device with what it said last, retained values included where nothing live was heard."""
    device = state.device
    values = {**state.unverified, **state.values}
    return DeviceStatus(device.id, device.kind, device.zone, device.link, state.heard_at, state.absent, values)


def running_delays(causes: Iterable[Cause]) -> Counter[tuple[str, str, str]]:
    """In how many alarms a delay runs: by rule, tier ("" for one that is of no tier), and its name in the file."""
    running: Counter[tuple[str, str, str]] = Counter()
    for cause in causes:
        rule, investigation = cause.alarm.rule.id, cause.investigation
        for level in cause.alarm.levels:
            if level.due is not None and not level.verifying:
                running[rule, level.rule.tier.word, "on_delay" if level.phase is Phase.PENDING else "off_delay"] += 1
        if cause.alarm.re_alarm_at is not None:
            running[rule, "", "re_alarm"] += 1
        if investigation is not None and investigation.running:
            running[rule, "", "acknowledge_within" if investigation.step is Step.ACKNOWLEDGE else "then"] += 1
    return running
