"""From the engine's structs to what the API says: names, tier words, wall times. Pure but for the core's clock."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import msgspec

from daemon.api.models import (
    ActionView,
    AlarmView,
    BecauseView,
    DeviceView,
    DutyView,
    EvacuationView,
    EventView,
    FaultView,
    HistoryView,
    JournalView,
    LinkView,
    NameView,
    OutboxView,
    OutputView,
    OverlayView,
    OwedView,
    PlanView,
    ProcessView,
    ProofView,
    ReloadView,
    RestartView,
    ScheduleView,
    ShowView,
    StatusView,
    TierWord,
    TimerView,
    WhyView,
    ZoneView,
)
from daemon.api.why_view import why_view
from daemon.core import Core, Event, ProofHealth, ReloadReport
from rules.decision import Because, Decision, Restart
from rules.explain import Explanation
from rules.overlay import Overlay
from rules.status import AlarmStatus, DeviceStatus, EvacuationStatus, FaultStatus, ShowStatus
from rules.tier import Tier
from rules.venue import Text

_WORDS: dict[Tier, TierWord] = {
    Tier.NONE: "none",
    Tier.BLUE: "blue",
    Tier.YELLOW: "yellow",
    Tier.ORANGE: "orange",
    Tier.RED: "red",
}


OWED_MAX = 200  # deliveries of one output in one answer: more than a person reads


def iso(wall: float) -> str:
    """Seconds since 1970 as ISO 8601 in UTC, milliseconds."""
    return datetime.fromtimestamp(wall, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Views:
    """Turns what one core knows into API structs. Made for one answer: the plan may be another by the next."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._titles = {rule.id: rule.title for rule in core.plan.rules}

    def status(self) -> StatusView:
        core = self._core
        now = core.engine_time()
        wall = core.wall_of(now)
        alarms = core.alarms()
        devices = core.devices()
        venue = core.plan.venue
        counts: dict[TierWord, int] = dict.fromkeys(_WORDS.values(), 0)
        hidden = Counter(overlay.kind for alarm in alarms for overlay in alarm.overlays)
        for alarm in alarms:
            if not alarm.overlays:
                counts[_WORDS[alarm.tier]] += 1
        flood = core.flood_since()
        return StatusView(
            venue=venue.root,
            venue_name=_name(venue.zones[venue.root].name),
            version=core.version,
            time=iso(wall),
            engine_time=now,
            started=iso(core.wall_of(core.started_at)),
            up_s=max(0.0, now - core.started_at),
            tier=_WORDS[core.zone_tiers().get(venue.root, Tier.NONE)],
            alarms=counts,
            faults=len(core.faults()),
            evacuations=tuple(one.evacuation for one in core.evacuations()),
            devices=len(devices),
            devices_absent=sum(device.absent for device in devices),
            rules=len(core.plan.rules),
            readings=core.readings_taken(),
            journal=msgspec.convert(core.journal(), JournalView, from_attributes=True),
            links=self.links(),
            outputs=tuple(msgspec.convert(output, OutputView, from_attributes=True) for output in core.outputs()),
            history=tuple(msgspec.convert(one, HistoryView, from_attributes=True) for one in core.history()),
            plans=tuple(
                PlanView(plan.id, plan.zones, _name(plan.message)) for plan in core.plan.evacuation_plans.values()
            ),
            schedules=self.schedules(),
            duty=self._duty(),
            shows=tuple(self._show(show, now) for show in core.shows()),
            hidden={str(kind): count for kind, count in hidden.items()},
            flood_since=None if flood is None else self._time(flood),
            rules_in_force=core.rules(),
            proofs=tuple(self._proof(one) for one in core.proofs()),
            safe_mode=core.safe_mode,
            restart=self._restart(core.restart),
            process=msgspec.convert(core.process(), ProcessView, from_attributes=True),
        )

    def _restart(self, told: Restart | None) -> RestartView | None:
        if told is None:
            return None
        return RestartView(
            self._time(told.at),
            told.text,
            told.down_s,
            told.carried,
            told.raised,
            told.ended,
            tuple(TimerView(timer.what, timer.left_s) for timer in told.timers),
            told.deliveries,
            told.lost,
        )

    def schedules(self) -> tuple[ScheduleView, ...]:
        """Every schedule of the venue's file, told or not."""
        told = {one.schedule: one for one in self._core.schedules()}
        return tuple(
            ScheduleView(name, told[name].active, self._time(told[name].since))
            if name in told
            else ScheduleView(name, None, None)
            for name in self._core.plan.schedules
        )

    def _duty(self) -> DutyView | None:
        duty = self._core.duty()
        if duty is None:
            return None
        return DutyView(duty.staffed, None if duty.since is None else self._time(duty.since), duty.who, duty.why)

    def _show(self, show: ShowStatus, now: float) -> ShowView:
        left_s = max(0.0, show.until - now)
        since, until = self._time(show.since), self._time(show.until)
        return ShowView(show.zone, self._name_of(show.zone), since, until, show.until, left_s, show.who, show.why)

    def links(self) -> tuple[LinkView, ...]:
        return tuple(
            LinkView(
                name=name,
                kind=kind,
                up=health.up,
                since=self._time(health.since),
                received=health.received,
                bad=health.bad,
                reconnects=health.reconnects,
                last_error=health.last_error,
            )
            for name, kind, health in self._core.links()
        )

    def alarms(self) -> tuple[AlarmView, ...]:
        """Worst first, then newest first."""
        ordered = sorted(self._core.alarms(), key=lambda alarm: (-alarm.tier, -alarm.since))
        return tuple(self._alarm(alarm) for alarm in ordered)

    def zones(self) -> tuple[ZoneView, ...]:
        tiers = self._core.zone_tiers()
        return tuple(
            ZoneView(zone.id, zone.kind, _name(zone.name), zone.parent, _WORDS[tiers.get(zone.id, Tier.NONE)])
            for zone in self._core.plan.venue.zones.values()
        )

    def devices(self) -> tuple[DeviceView, ...]:
        return tuple(self._device(device) for device in self._core.devices())

    def faults(self) -> tuple[FaultView, ...]:
        """Newest first."""
        ordered = sorted(self._core.faults(), key=lambda fault: -fault.since)
        return tuple(self._fault(fault) for fault in ordered)

    def _proof(self, one: ProofHealth) -> ProofView:
        proven = None if one.proven_at is None else self._time(one.proven_at)
        return ProofView(one.link, one.output, proven, one.took_s, one.error)

    def outbox(self) -> OutboxView:
        """What is owed: of each output the first OWED_MAX, evacuations before all else."""
        owed: dict[str, int] = {output.name: 0 for output in self._core.outputs()}
        listed: list[OwedView] = []
        left_out = 0
        now = self._core.engine_time()
        for one in self._core.owed():
            owed[one.output] = owed.get(one.output, 0) + 1
            if owed[one.output] > OWED_MAX:
                left_out += 1
                continue
            waits_s = max(0.0, now - one.event.decision.at)
            event = self.event(one.event)
            listed.append(OwedView(one.output, one.delivery, event, waits_s, one.tries, one.reason, one.error))
        return OutboxView(owed, tuple(listed), left_out)

    def evacuations(self) -> tuple[EvacuationView, ...]:
        return tuple(self._evacuation(evacuation) for evacuation in self._core.evacuations())

    def reloaded(self, report: ReloadReport) -> ReloadView:
        return msgspec.convert(report, ReloadView, from_attributes=True)

    def why(self, explanation: Explanation) -> WhyView:
        return why_view(explanation, self._core.plan, self._time)

    def event(self, event: Event) -> EventView:
        return self._event(event.id, event.wall, event.decision, event.doubtful)

    def decision(self, decision: Decision) -> EventView:
        """A decision that has no journal row to show yet."""
        return self._event(0, self._core.wall_of(decision.at), decision)

    def _alarm(self, alarm: AlarmStatus) -> AlarmView:
        pending = alarm.pending_until
        return AlarmView(
            alarm=alarm.alarm,
            title=self._title(alarm.rule),
            rule=alarm.rule,
            category=alarm.category,
            tier=_WORDS[alarm.tier],
            state=alarm.state,
            sounding=alarm.sounding,
            place=alarm.place,
            place_name=self._name_of(alarm.place),
            zone=alarm.zone,
            zone_name=self._name_of(alarm.zone),
            since=self._time(alarm.since),
            since_at=alarm.since,
            pending_until=None if pending is None else self._time(pending),
            pending_until_at=pending,
            acknowledged_by=alarm.acknowledged_by,
            because=self._because(alarm.because),
            overlays=tuple(self._overlay(overlay) for overlay in alarm.overlays),
            standing=_WORDS[alarm.standing],
            first_out=alarm.first_out,
            chattering=alarm.chattering,
        )

    def _overlay(self, overlay: Overlay) -> OverlayView:
        until = overlay.until
        return OverlayView(
            overlay=overlay.kind,
            since=self._time(overlay.since),
            since_at=overlay.since,
            until=None if until is None else self._time(until),
            until_at=until,
            by=overlay.by,
            why=overlay.why,
            once=overlay.once,
        )

    def _device(self, device: DeviceStatus) -> DeviceView:
        return DeviceView(
            device=device.device,
            kind=device.kind,
            name=self._name_of(device.device),
            zone=device.zone,
            zone_name=self._name_of(device.zone),
            link=device.link,
            heard=None if device.heard_at is None else self._time(device.heard_at),
            heard_at=device.heard_at,
            absent=device.absent,
            values=device.values,
        )

    def _fault(self, fault: FaultStatus) -> FaultView:
        name = self._name_of(fault.source)
        since = self._time(fault.since)
        return FaultView(fault.source, name, fault.code, fault.text, since, fault.since, fault.explained_by)

    def _evacuation(self, evacuation: EvacuationStatus) -> EvacuationView:
        plan = self._core.plan.evacuation_plans.get(evacuation.plan)
        stages = plan.stages if plan else ()
        return EvacuationView(
            evacuation=evacuation.evacuation,
            plan=evacuation.plan,
            zones=evacuation.zones,
            zone_names=tuple(self._name_of(zone) for zone in evacuation.zones),
            origin=evacuation.origin,
            origin_name=self._name_of(evacuation.origin),
            message=_name(plan.message) if plan else NameView(evacuation.plan),
            assembly_point=_name(plan.assembly_point) if plan else NameView(""),
            since=self._time(evacuation.since),
            since_at=evacuation.since,
            stage=evacuation.stage,
            next_stage=next((one.id for one in stages if one.id not in evacuation.begun), None),
            due=None if evacuation.due is None else self._time(evacuation.due),
            due_at=evacuation.due,
            blocked=evacuation.blocked,
            origins=evacuation.origins,
        )

    def _event(self, number: int, wall: float, decision: Decision, doubtful: bool = False) -> EventView:
        told: dict[str, Any] = msgspec.to_builtins(decision)
        kind = told.pop("type")
        if doubtful:
            told["time_doubtful"] = True
        told["because"] = self._because(decision.because)
        if "tier" in told:
            told["tier"] = _WORDS[told["tier"]]
        for field in ("deadline", "until"):
            if told.get(field) is not None:
                told[f"{field}_at"] = told[field]
                told[field] = self._time(told[field])
        if "rule" in told:
            told["title"] = self._title(told["rule"])
        if isinstance(decision, Restart):
            told["timers"] = [TimerView(timer.what, timer.left_s) for timer in decision.timers]
        if "actions" in told:
            told["actions"] = [ActionView(action, target) for action, target in told["actions"]]
        for field in ("place", "zone", "source"):
            if field in told:
                told[f"{field}_name"] = self._name_of(told[field])
        return msgspec.convert({"id": number, "time": iso(wall), "kind": kind, **told}, EventView, from_attributes=True)

    def _because(self, because: tuple[Because, ...]) -> tuple[BecauseView, ...]:
        return tuple(BecauseView(self._time(one.at), one.source, one.text, one.line) for one in because)

    def _title(self, rule: str) -> NameView:
        title = self._titles.get(rule)
        return _name(title) if title else NameView(rule)

    def _name_of(self, place: str) -> NameView:
        """The name of a zone or a device; its id where it is neither (a link, Tocsin itself)."""
        venue = self._core.plan.venue
        found = venue.zones.get(place) or venue.devices.get(place)
        return _name(found.name) if found else NameView(place)

    def _time(self, at: float) -> str:
        return iso(self._core.wall_of(at))


def _name(text: Text) -> NameView:
    return NameView(text.en, text.zh)
