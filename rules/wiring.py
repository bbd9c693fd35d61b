"""From a plan to live objects: every alarm that can ever be, and who watches what. Done once for each engine."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from rules.aggregate import Spread, Tally
from rules.alarm import Alarm
from rules.cause import (
    Cause,
    CompiledRule,
    DeviceCause,
    GroupCause,
    GroupWatcher,
    Watcher,
    compile_rule,
    expressions_of,
)
from rules.coincidence import Coincidence
from rules.conditions import STATES_OF_DEVICE, keep_windows, names_in, words_around
from rules.device_state import DeviceState
from rules.expression import Call, calls
from rules.group_conditions import asks_neighbours, coincidence, rules_read
from rules.investigation import Investigation
from rules.plan import Plan, Rule
from rules.render import render
from rules.surroundings import Surroundings

One = TypeVar("One")
Looking = tuple[Cause, Investigation]  # whose highest tier waits for a look round


@dataclass(slots=True)
class House:
    """The plan's devices and causes by id, and for each rule the causes that its alarms may set off."""

    devices: dict[str, DeviceState] = field(default_factory=dict)
    causes: dict[str, Cause] = field(default_factory=dict)  # by alarm id
    watchers: dict[str, dict[str, list[Watcher]]] = field(default_factory=dict)  # by device, then quantity or word
    reading: dict[str, list[Cause]] = field(default_factory=dict)  # by alarm id: who reads this alarm
    investigating: dict[str, list[Looking]] = field(default_factory=dict)  # by alarm id: who looks into it
    evacuating: dict[str, list[Alarm]] = field(default_factory=dict)  # by evacuation plan: the alarms that ask for it
    surroundings: Surroundings = field(default_factory=Surroundings)
    surrounded: dict[str, list[Cause]] = field(default_factory=dict)  # by word around: who asks it
    minding: dict[str, list[Cause]] = field(default_factory=dict)  # by device: to whom it matters that it does not tell


def wire(plan: Plan, compiling: Callable[[Rule], CompiledRule] = compile_rule) -> House:
    """Build everything. The plan's rules are ordered so that the alarms a rule reads exist before it.

    `compiling` makes a rule's closures; who measures what tests exercise gives one that takes notes.
    """
    around = Surroundings(plan.duty)
    house = House({one.id: DeviceState(one, around) for one in plan.venue.devices.values()}, surroundings=around)
    house.watchers = {device: {} for device in house.devices}
    alarms_of: dict[str, list[Alarm]] = {}
    for rule in plan.rules:
        compiled = compiling(rule)
        causes: Sequence[Cause]
        if rule.each == "device":
            causes = _device_causes(plan, house, compiled, alarms_of)
        else:
            causes = [_group_cause(plan, house, compiled, place, alarms_of) for place in rule.places]
        if rule.unknown != "hold":
            _mind(house, causes)
        house.causes.update((cause.alarm.id, cause) for cause in causes)
        alarms_of[rule.id] = [cause.alarm for cause in causes]
        if rule.evacuate is not None:
            house.evacuating.setdefault(rule.evacuate, []).extend(alarms_of[rule.id])
        for word in sorted({word for one in expressions_of(rule) for word in words_around(one.root)}):
            house.surrounded.setdefault(word, []).extend(causes)
    return house


def _device_causes(
    plan: Plan, house: House, compiled: CompiledRule, alarms_of: dict[str, list[Alarm]]
) -> list[DeviceCause]:
    """One for each device of a rule: a large venue has thousands of them."""
    rule, expressions = compiled.rule, expressions_of(compiled.rule)
    devices = [house.devices[place] for place in rule.places]
    for expression in expressions:
        keep_windows(expression.root, devices)
    asked = [call for one in expressions for call in calls(one.root) if call.function == "alarms"]
    names = sorted(compiled.names)
    causes: list[DeviceCause] = []
    for device in devices:
        read = _coincidences(plan, device, asked, alarms_of) if asked else ()
        cause = DeviceCause(compiled, Alarm(rule, device.device.id, device.device.zone), device, read)
        for alarm in [alarm for one in read for alarm in one.alarms] if read else ():
            _append_once(house.reading.setdefault(alarm.id, []), cause)
        _watch(house, device, cause, names)
        causes.append(cause)
    return causes


def _coincidences(
    plan: Plan, device: DeviceState, asked: Iterable[Call], alarms_of: dict[str, list[Alarm]]
) -> tuple[Coincidence, ...]:
    """What the calls that read other rules look at: their alarms at the device itself and at the zones that hold it."""
    zones = plan.venue.holders[device.device.zone]
    read: list[Coincidence] = []
    for call in asked:
        alarms = [alarm for one in rules_read(call) for alarm in alarms_of.get(one, ())]
        found = [alarm for alarm in alarms if _stands_at(alarm, device, zones)]
        read.append(device.coincidences.setdefault(render(call), coincidence(call, found)))
    return tuple(read)


def _stands_at(alarm: Alarm, device: DeviceState, zones: Collection[str]) -> bool:
    return alarm.place == device.device.id if alarm.rule.each == "device" else alarm.place in zones


def _group_cause(
    plan: Plan, house: House, compiled: CompiledRule, place: str, alarms_of: dict[str, list[Alarm]]
) -> GroupCause:
    rule, venue = compiled.rule, plan.venue
    members = [
        house.devices[device] for device in venue.devices_within[place] if not rule.members or device in rule.members
    ]
    for expression in expressions_of(rule):
        keep_windows(expression.root, members)

    def alarms_in(zones: Collection[str], rule_ids: Iterable[str]) -> list[Alarm]:
        return [
            alarm
            for rule_id in rule_ids
            for alarm in alarms_of.get(rule_id, ())
            if not venue.holders[alarm.zone].isdisjoint(zones)
        ]

    def alarms_for(call: Call) -> list[Alarm]:
        zones = {place, *venue.next_to[place]} if asks_neighbours(call) else {place}
        return alarms_in(zones, rules_read(call))

    group = compiled.parts.build(members, alarms_for, house.surroundings)
    cause = GroupCause(compiled, Alarm(rule, place, place), group, members)
    for call in compiled.parts.coincidences:
        for alarm in group.coincidences[call].alarms:
            _append_once(house.reading.setdefault(alarm.id, []), cause)
    if cause.investigation is not None:
        for alarm in alarms_in({place}, cause.investigation.rule.of):
            _append_once(house.investigating.setdefault(alarm.id, []), (cause, cause.investigation))
            _append_once(house.reading.setdefault(alarm.id, []), cause)
    _watch_members(house, cause)
    return cause


def _mind(house: House, causes: Iterable[Cause]) -> None:
    """Note causes to which it matters that a device does not tell."""
    for cause in causes:
        for member in cause.members:
            house.minding.setdefault(member.device.id, []).append(cause)


def _watch_members(house: House, cause: GroupCause) -> None:
    for member in cause.members:
        by_name: dict[str, list[Tally | Spread]] = {}
        for node, tally in cause.group.tallies.items():
            if tally.looks_at(member):
                for name in names_in(node):
                    by_name.setdefault(name, []).append(tally)
        for quantity, spread in cause.group.spreads.items():
            if quantity in member.device.quantities:
                by_name.setdefault(quantity, []).append(spread)
        for name, aggregates in sorted(by_name.items()):
            _watch(house, member, GroupWatcher(cause, member, aggregates), [name])


def _watch(house: House, device: DeviceState, watcher: Watcher, names: Iterable[str]) -> None:
    watchers = house.watchers[device.device.id]
    for name in names:
        if name in device.device.quantities or name in STATES_OF_DEVICE:
            watchers.setdefault(name, []).append(watcher)


def _append_once(found: list[One], one: One) -> None:
    if one not in found:
        found.append(one)
