"""Checked entries turned into what the engine and the daemon run on. Nothing here can fail: all of it was checked."""

from collections.abc import Sequence
from typing import Any

from config.evacuation_file import PlanEntry, StageEntry
from config.hours import only_during, or_not_during, schedule
from config.kinds import DEVICE_KINDS
from config.rule_sheet import WrittenRule, WrittenTier
from config.rules_file import InvestigateEntry
from config.select import selected_devices, selected_zones
from config.setup import HistorySetup, JournalSetup, LinkSetup, OutputSetup
from config.sheet import Sheet
from config.venue_file import DeviceEntry, VenueEntry
from drivers.contract import Binding
from drivers.registry import Attached
from rules.decision import StageAction
from rules.expression import Call, Name, walk
from rules.plan import DutyRule, EvacuationPlan, InvestigationRule, Limits, Plan, Rule, Stage, TierRule, VerifyRule, Who
from rules.tier import Tier
from rules.venue import Device, Route, Text, Venue, Zone

_DAY_S = 86400.0


def build_venue(head: VenueEntry, sheet: Sheet) -> Venue:
    """The tree of zones with the devices in it."""
    root = Zone(head.id, "venue", head.name.text())
    zones = [
        Zone(
            zone.id,
            zone.kind,
            zone.name.text() if zone.name else Text(zone.id),
            zone.parent or head.id,
            tuple(zone.neighbours),
            tuple(Route(route.id, tuple(route.through), route.to.text()) for route in zone.routes),
            zone.capacity,
        )
        for zone in (written.entry for written in sheet.zones)
    ]
    return Venue(
        head.id,
        {zone.id: zone for zone in [root, *zones]},
        {written.entry.id: _device(written.entry) for written in sheet.devices},
        tuple(written.entry.id for written in sheet.links),
    )


def _device(entry: DeviceEntry) -> Device:
    kind = DEVICE_KINDS[entry.kind]
    return Device(
        entry.id,
        entry.kind,
        entry.name.text() if entry.name else Text(entry.id),
        entry.zone,
        frozenset(entry.quantities or kind.quantities),
        kind.stale_after_s if entry.stale_after is None else entry.stale_after,
        entry.link,
        entry.fed_by,
    )


def build_plan(venue: Venue, rules: Sequence[WrittenRule], sheet: Sheet) -> Plan:
    """The rules in the order given, resolved against the venue."""
    plans = [written.entry for written in sheet.plans]
    return Plan(
        venue,
        tuple(_rule(rule, venue) for rule in rules),
        {plan.id: _evacuation_plan(plan) for plan in plans},
        {name: schedule(spans) for name, spans in sheet.schedules.items()},
        DutyRule(sheet.duty.schedule or "") if sheet.duty else None,
        limits=Limits(sheet.limits.shelve_max, sheet.limits.out_of_service_max),
    )


def _evacuation_plan(plan: PlanEntry) -> EvacuationPlan:
    stages = tuple(_stage(stage) for stage in plan.stages or ())
    return EvacuationPlan(plan.id, tuple(plan.zones), plan.message.text(), plan.assembly_point.text(), stages)


def _stage(stage: StageEntry) -> Stage:
    actions = tuple(StageAction(one.action, one.target) for one in stage.actions)
    who: Who = stage.zones if isinstance(stage.zones, str) else "listed"
    return Stage(stage.id, stage.listed, who, stage.after, actions)


def _rule(rule: WrittenRule, venue: Venue) -> Rule:
    entry = rule.entry
    selected = tuple(device.id for device in selected_devices(venue, entry.devices))
    members = frozenset(selected)
    return Rule(
        id=entry.id,
        title=entry.title.text() if entry.title else Text(entry.id),
        category=entry.category,
        each=entry.each,
        places=selected if entry.each == "device" else _zones(rule, venue, members),
        tiers=tuple(sorted((_tier(rule, tier) for tier in rule.tiers), key=lambda tier: tier.tier)),
        latching=entry.latching,
        members=members if entry.each != "device" and entry.devices is not None else frozenset(),
        investigate=_investigation(entry.investigate) if entry.investigate else None,
        evacuate=entry.evacuate.plan if entry.evacuate else None,
        line=_line(rule),
        during=entry.during or "",
        show_mode=entry.show_mode,
        suppresses=tuple(entry.suppresses or ()),
        explained_by_link=entry.explained_by_link,
        re_alarm_s=entry.re_alarm,
        unknown=entry.unknown,
        after_outage=entry.after_outage,
    )


def _investigation(entry: InvestigateEntry) -> InvestigationRule:
    return InvestigationRule(tuple(entry.of), Tier.from_word(entry.at), entry.acknowledge_within, entry.then)


def _tier(rule: WrittenRule, tier: WrittenTier) -> TierRule:
    during, verify = rule.entry.during, tier.entry.verify
    return TierRule(
        Tier.from_word(tier.entry.tier),
        only_during(tier.when, during) if during else tier.when,
        or_not_during(tier.clear, during) if during and tier.clear else tier.clear,
        tier.entry.on_delay,
        tier.entry.off_delay,
        _line(rule, *tier.path[len(rule.path) :]),
        VerifyRule(verify.reset, verify.confirm_within) if verify else None,
    )


def _line(rule: WrittenRule, *below: str | int) -> str:
    mark = rule.mark(*below)
    return f"{mark.file.rsplit('/', 1)[-1]}:{mark.line}"


def _zones(rule: WrittenRule, venue: Venue, members: frozenset[str]) -> tuple[str, ...]:
    """The zones that get an alarm of their own; one in which the rule has no device to look at does not."""
    zones = [venue.root] if rule.entry.each == "venue" else [z.id for z in selected_zones(venue, rule.entry.zones)]
    return tuple(zone for zone in zones if _watches(rule, venue, zone, members))


def _watches(rule: WrittenRule, venue: Venue, zone: str, members: frozenset[str]) -> bool:
    """Whether the rule reads alarms or only the surroundings, or a device in the zone measures what it reads."""
    read = _names(rule)
    if rule.reads() or not read:
        return True
    here = [venue.devices[device] for device in venue.devices_within[zone] if device in members]
    return any(read & device.quantities or read & {"absent", "faulted"} for device in here)


def _names(rule: WrittenRule) -> frozenset[str]:
    """Quantities and states of a device that the rule's aggregates look at."""
    return frozenset(
        name.name
        for expression in rule.expressions()
        for call in walk(expression.root)
        if isinstance(call, Call)
        for name in walk(call)
        if isinstance(name, Name)
    )


def build_journal(sheet: Sheet) -> JournalSetup:
    """What the journal keeps."""
    entry = sheet.journal
    return JournalSetup(
        entry.keep_days * _DAY_S, entry.readings_days * _DAY_S, entry.max_mb * 1_000_000, entry.gather, entry.thin
    )


def build_links(sheet: Sheet) -> tuple[LinkSetup, ...]:
    """Each link with its drivers, and each driver with the devices that it speaks to."""
    return tuple(
        LinkSetup(
            link.id,
            link.kind,
            link,
            tuple(Attached(driver.kind, driver, _bindings(sheet, link.id, driver)) for driver in link.drivers),
        )
        for link in (written.entry for written in sheet.links)
    )


def _bindings(sheet: Sheet, link: str, driver: Any) -> tuple[Binding, ...]:
    return tuple(
        Binding(entry.id, entry.address or entry.id, _device(entry).quantities, dict(entry.options))
        for entry in (written.entry for written in sheet.devices)
        if entry.link == link and entry.driver == driver.kind
    )


def build_outputs(sheet: Sheet) -> tuple[OutputSetup, ...]:
    entries = [written.entry for written in sheet.outputs]
    return tuple(OutputSetup(output.id, output.kind, output, output.then or "") for output in entries)


def build_history(sheet: Sheet) -> tuple[HistorySetup, ...]:
    return tuple(HistorySetup(server.id, server) for server in (written.entry for written in sheet.history))
