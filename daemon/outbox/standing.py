"""What stands when the daemon starts, as the decisions that show it: for outputs that keep states."""

from rules.decision import (
    Acknowledged,
    Because,
    Decision,
    DutyChange,
    Raise,
    ReportFault,
    Return,
    ShowMode,
    ZoneTier,
)
from rules.engine import Engine
from rules.status import AlarmStatus


def standing(engine: Engine, now: float) -> list[Decision]:
    """One decision for each zone, standing alarm, fault and show, and for duty where the venue's file speaks of it.

    Evacuations are not among them: they keep their id.
    """
    zones = [ZoneTier(now, zone, tier) for zone, tier in engine.zone_tiers().items()]
    alarms = [_shown(alarm) for alarm in engine.alarms() if alarm.tier]
    faults = [
        ReportFault(fault.since, fault.source, fault.code, fault.text, explained_by=fault.explained_by)
        for fault in engine.faults()
    ]
    shows = [
        ShowMode(show.since, show.zone, show.until, show.who, (Because(show.since, show.who, show.why),))
        for show in engine.shows()
    ]
    return [*zones, *alarms, *faults, *shows, *_duty(engine, now)]


def _duty(engine: Engine, now: float) -> list[Decision]:
    duty = engine.duty()
    if duty is None:
        return []
    since = now if duty.since is None else duty.since
    return [DutyChange(since, duty.staffed is True, (Because(since, duty.who, duty.why),))]


def _shown(alarm: AlarmStatus) -> Decision:
    return _kind(alarm)(
        at=alarm.since,
        alarm=alarm.alarm,
        rule=alarm.rule,
        place=alarm.place,
        zone=alarm.zone,
        category=alarm.category,
        tier=alarm.tier,
        state=alarm.state,
        sounding=alarm.sounding,
        because=alarm.because,
    )


def _kind(alarm: AlarmStatus) -> type[Raise] | type[Acknowledged] | type[Return]:
    if alarm.state == "acked":
        return Acknowledged
    return Raise if alarm.state == "unack" else Return
