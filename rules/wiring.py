"""From a plan to live objects: every alarm that can ever be, and who watches what. Done once for each engine."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

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
from rules.conditions import STATES_OF_DEVICE, words_around
from rules.device_state import DeviceState
from rules.expression import Name, walk
from rules.plan import Plan, Rule
from rules.surroundings import Surroundings
from rules.window import LowWindow, SlopeWindow


@dataclass(slots=True)
class House:
    """The plan's devices and causes by id, and for each rule the causes that its alarms may set off."""

    devices: dict[str, DeviceState] = field(default_factory=dict)
    causes: dict[str, Cause] = field(default_factory=dict)  # by alarm id
    watchers: dict[str, dict[str, list[Watcher]]] = field(default_factory=dict)  # by device, then quantity or word
    reading: dict[str, list[GroupCause]] = field(default_factory=dict)  # by alarm id: who reads this alarm
    investigating: dict[str, list[GroupCause]] = field(default_factory=dict)  # by alarm id: who looks into it
    surroundings: Surroundings = field(default_factory=Surroundings)
    surrounded: dict[str, list[Cause]] = field(default_factory=dict)  # by word around: who asks it


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
        causes: list[Cause]
        if rule.each == "device":
            causes = [_device_cause(house, compiled, house.devices[place]) for place in rule.places]
        else:
            causes = [_group_cause(plan, house, compiled, place, alarms_of) for place in rule.places]
        house.causes.update((cause.alarm.id, cause) for cause in causes)
        alarms_of[rule.id] = [cause.alarm for cause in causes]
        for word in sorted({word for one in expressions_of(rule) for word in words_around(one.root)}):
            house.surrounded.setdefault(word, []).extend(causes)
    return house


def _device_cause(house: House, compiled: CompiledRule, device: DeviceState) -> DeviceCause:
    alarm = Alarm(compiled.rule, device.device.id, device.device.zone)
    cause = DeviceCause(compiled, alarm, device)
    _keep_windows(compiled, device)
    _watch(house, device, cause, _names(compiled.rule))
    return cause


def _group_cause(
    plan: Plan, house: House, compiled: CompiledRule, place: str, alarms_of: dict[str, list[Alarm]]
) -> GroupCause:
    rule, venue = compiled.rule, plan.venue
    members = [
        house.devices[device] for device in venue.devices_within[place] if not rule.members or device in rule.members
    ]
    for member in members:
        _keep_windows(compiled, member)

    def alarms_here(rule_id: str) -> Sequence[Alarm]:
        return [alarm for alarm in alarms_of.get(rule_id, ()) if place in venue.ancestry[alarm.zone]]

    group = compiled.parts.build(members, alarms_here, house.surroundings)
    cause = GroupCause(compiled, Alarm(rule, place, place), group, members)
    for call in compiled.parts.coincidences:
        for alarm in group.coincidences[call].alarms:
            _append_once(house.reading.setdefault(alarm.id, []), cause)
    if rule.investigate is not None:
        for rule_id in rule.investigate.of:
            for alarm in alarms_here(rule_id):
                _append_once(house.investigating.setdefault(alarm.id, []), cause)
                _append_once(house.reading.setdefault(alarm.id, []), cause)
    _watch_members(house, cause)
    return cause


def _watch_members(house: House, cause: GroupCause) -> None:
    for member in cause.members:
        by_name: dict[str, list[Tally | Spread]] = {}
        for node, tally in cause.group.tallies.items():
            if tally.looks_at(member):
                for name in {part.name for part in walk(node) if isinstance(part, Name)}:
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


def _names(rule: Rule) -> list[str]:
    return sorted({name for expression in expressions_of(rule) for name in expression.quantities})


def _keep_windows(compiled: CompiledRule, device: DeviceState) -> None:
    for needs in compiled.windows:
        for key in sorted(needs.lows):
            if key[0] in device.device.quantities:
                device.lows.setdefault(key, LowWindow(key[1]))
        for key in sorted(needs.slopes):
            if key[0] in device.device.quantities:
                device.slopes.setdefault(key, SlopeWindow(key[1]))


def _append_once(causes: list[GroupCause], cause: GroupCause) -> None:
    if cause not in causes:
        causes.append(cause)
