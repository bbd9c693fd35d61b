"""What rules say about the venue and about each other: everything they name is there, and they watch something."""

from collections.abc import Collection, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import assert_never

from config.document import words
from config.kinds import DEVICE_KINDS
from config.problem import Problems, did_you_mean, one_of, show
from config.rule_sheet import RuleSheet, WrittenRule
from config.select import selected_devices, selected_zones, several
from config.sheet import Sheet
from rules.conditions import STATES_OF_DEVICE, WORDS_AROUND
from rules.expression import And, Call, Compare, Duration, Name, Names, Node, Not, Number, Or, Word, calls
from rules.group_conditions import asks_neighbours, rules_read
from rules.quantity import QUANTITIES
from rules.venue import Venue


def check_rules(rules: RuleSheet, sheet: Sheet, problems: Problems) -> None:
    """Note everything in the rules that does not fit the names of the venue, or each other."""
    _check_ids(rules, problems)
    zone_kinds = {zone.entry.kind for zone in sheet.zones}
    for rule in rules.rules:
        _check_selectors(rule, sheet, zone_kinds, problems)
        _check_tiers(rule, problems)
        _check_evacuation(rule, rules, sheet, problems)


def check_watching(rules: RuleSheet, venue: Venue, sheet: Sheet, problems: Problems) -> None:
    """Note rules that can never speak, and devices whose alarm leads to nothing."""
    by_id = {rule.entry.id: rule for rule in rules.rules}
    for rule in rules.rules:
        if not rule.stock:
            _check_blind(rule, venue, problems)
            _check_alarms_read(rule, by_id, venue, problems)
        if rule.entry.each == "zone" and rule.entry.evacuate is not None:
            _check_reach(rule, by_id, venue, sheet, problems)


def _check_blind(rule: WrittenRule, venue: Venue, problems: Problems) -> None:
    """A rule of the venue's own watches something; a stock rule may find nothing in a small venue."""
    devices = selected_devices(venue, rule.entry.devices)
    if not devices:
        text = f"rule {rule.entry.id!r} selects no device of this venue, expected at least one"
        problems.add(rule.mark("devices"), text, about="devices")
        return
    if rule.entry.each == "zone" and not selected_zones(venue, rule.entry.zones):
        text = f"rule {rule.entry.id!r} selects no zone of this venue, expected at least one"
        problems.add(rule.mark("zones"), text, about="zones")
    measured = frozenset[str]().union(*(device.quantities for device in devices))
    for tier in rule.tiers:
        for blind in _blind(tier.when.root, measured | STATES_OF_DEVICE.keys() | WORDS_AROUND.keys())[:1]:
            text = f"when: no device that rule {rule.entry.id!r} selects measures {blind!r}"
            mark = rule.document.mark((*tier.path, "when"))
            problems.add(mark, text, did_you_mean(blind, measured), about="when")


def _blind(node: Node, measured: Collection[str]) -> list[str]:
    """What a condition waits for that nothing here measures. Of an `or` one part that finds something is enough."""
    match node:
        case Name():
            return [] if node.name in measured else [node.name]
        case Or():
            parts = [_blind(operand, measured) for operand in node.operands]
            return parts[0] if all(parts) else []
        case And():
            return [name for operand in node.operands for name in _blind(operand, measured)]
        case Not():
            return _blind(node.operand, measured)
        case Compare():
            return _blind(node.left, measured)
        case Call():
            return [name for _, argument in node.arguments for name in _blind(argument, measured)]
        case Number() | Duration() | Names() | Word():
            return []
        case _:
            assert_never(node)


def _check_alarms_read(rule: WrittenRule, by_id: dict[str, WrittenRule], venue: Venue, problems: Problems) -> None:
    """A rule about devices reads alarms that can stand at them; one that asks the neighbours has some."""
    for tier in rule.tiers:
        for call in calls(tier.when.root):
            if call.function != "alarms":
                continue
            mark = rule.document.mark_within((*tier.path, "when"), call.offset)
            for name in rules_read(call) if rule.entry.each == "device" else ():
                if name in by_id and not _meet(rule, by_id[name], venue):
                    text = f"when: alarms of {name!r} never stand at a device that rule {rule.entry.id!r} selects"
                    problems.add(mark, f"{text}, nor at a zone that holds one", about=name)
            zones = selected_zones(venue, rule.entry.zones)
            if asks_neighbours(call) and not any(venue.next_to[zone.id] for zone in zones):
                text = f"when: no zone of rule {rule.entry.id!r} has a neighbour"
                problems.add(mark, text, "write neighbours: [...] in the venue file", about="among")


def _meet(rule: WrittenRule, read: WrittenRule, venue: Venue) -> bool:
    devices = selected_devices(venue, rule.entry.devices)
    if read.entry.each == "device":
        return not {one.id for one in devices}.isdisjoint(one.id for one in selected_devices(venue, read.entry.devices))
    places = {venue.root} if read.entry.each == "venue" else {z.id for z in selected_zones(venue, read.entry.zones)}
    return any(not places.isdisjoint(venue.ancestry[device.zone]) for device in devices)


def _check_reach(
    rule: WrittenRule, by_id: dict[str, WrittenRule], venue: Venue, sheet: Sheet, problems: Problems
) -> None:
    """Every detector whose alarm a rule waits for before it evacuates stands in a zone of that rule."""
    zones = {zone.id for zone in selected_zones(venue, rule.entry.zones)}
    places = {device.entry.id: device.path for device in sheet.devices}
    for name in sorted(rule.reads() & by_id.keys()):
        if by_id[name].entry.each != "device":
            continue
        for device in selected_devices(venue, by_id[name].entry.devices):
            if zones.isdisjoint(venue.ancestry[device.zone]):
                text = f"device {device.id!r} is in no zone of rule {rule.entry.id!r}: its alarm would evacuate nobody"
                path = (*places[device.id], "zone")
                problems.add(sheet.mark(path), text, _where(rule), about="reach")


def _where(rule: WrittenRule) -> str:
    kinds = several(rule.entry.zones.kind) if rule.entry.zones else []
    return f"put its zone in one of kind {one_of(kinds)}" if kinds else ""


def order_rules(rules: Sequence[WrittenRule], problems: Problems) -> list[WrittenRule]:
    """The rules, each after those whose alarms it reads, the same on every run. Notes rules that read in a circle."""
    by_id = {rule.entry.id: rule for rule in reversed(rules)}  # of two with one id, the first
    graph = {id_: sorted(rule.reads() & by_id.keys()) for id_, rule in by_id.items()}
    try:
        return [by_id[id_] for id_ in TopologicalSorter(graph).static_order()]
    except CycleError as error:
        circle: list[str] = list(reversed(error.args[1]))
        first = min(circle, key=[rule.entry.id for rule in rules].index)
        at = circle.index(first)
        around = [*circle[at:-1], *circle[: at + 1]]
        text = f"rule {first!r} reads its own alarms: {' reads '.join(around)}"
        problems.add(by_id[first].mark("id"), text, about="circle")
        return list(rules)


def _check_ids(rules: RuleSheet, problems: Problems) -> None:
    seen: dict[str, WrittenRule] = {}
    for rule in rules.rules:
        first = seen.setdefault(rule.entry.id, rule)
        if first is not rule:
            place = first.mark("id")
            text = f"rule {rule.entry.id!r} is already in {place.file}:{place.line}, expected another id"
            problems.add(rule.mark("id"), text, about="id")


def _check_selectors(rule: WrittenRule, sheet: Sheet, zone_kinds: set[str], problems: Problems) -> None:
    devices, zones = rule.entry.devices, rule.entry.zones
    if devices is not None:
        _check_words(rule, ("devices", "kind"), several(devices.kind), "device kind", DEVICE_KINDS, problems)
        _check_words(rule, ("devices", "quantity"), several(devices.quantity), "quantity", QUANTITIES, problems)
        _check_words(rule, ("devices", "ids"), devices.ids or [], "device", sheet.ids["devices"], problems)
        _check_words(rule, ("devices", "zone"), several(devices.zone), "zone", sheet.ids["zones"], problems)
    if zones is None:
        return
    if rule.entry.each != "zone":
        text = f"zones in a rule for each {rule.entry.each}, expected only in 'each: zone'"
        problems.add(rule.document.key_mark((*rule.path, "zones")), text, about="zones")
    elif not rule.stock and zone_kinds.isdisjoint(several(zones.kind)):  # of several, one that is here is enough
        _check_words(rule, ("zones", "kind"), several(zones.kind), "zone kind", zone_kinds, problems)
    _check_words(rule, ("zones", "ids"), zones.ids or [], "zone", sheet.ids["zones"], problems)


def _check_words(
    rule: WrittenRule,
    key: tuple[str, str],
    written: list[str],
    what: str,
    choices: Collection[str],
    problems: Problems,
) -> None:
    path = (*rule.path, *key)
    listed = isinstance(rule.document.at(path), list) if written else False
    for index, word in enumerate(written):
        if word not in choices:
            here = (*path, index) if listed else path
            expected = f", expected {one_of(sorted(choices))}" if 0 < len(choices) <= 10 else ""
            hint = did_you_mean(word, choices)
            problems.add(rule.document.mark(here), f"unknown {what} {show(word)}{expected}", hint, words(here))


def _check_tiers(rule: WrittenRule, problems: Problems) -> None:
    seen: set[str] = set()
    for tier in rule.tiers:
        if tier.entry.tier in seen:
            mark = rule.document.mark((*tier.path, "tier"))
            problems.add(mark, f"tier {tier.entry.tier!r} stands twice in rule {rule.entry.id!r}, expected each once")
        seen.add(tier.entry.tier)


def _check_evacuation(rule: WrittenRule, rules: RuleSheet, sheet: Sheet, problems: Problems) -> None:
    plan = rule.entry.evacuate.plan if rule.entry.evacuate else None
    investigate = rule.entry.investigate
    plans = sheet.ids["evacuation_plans"]
    if plan is not None and plan not in plans:
        text = (
            f"rule {rule.entry.id!r} puts evacuation plan {plan!r} in force, which {sheet.document.file} does not have"
        )
        hint = did_you_mean(plan, plans) or f"write a plan with 'id: {plan}' under evacuation_plans there"
        problems.add(rule.mark("evacuate", "plan"), text, hint, about="plan")
    for index, name in enumerate(investigate.of if investigate else ()):
        if name not in rules.ids:
            mark = rule.mark("investigate", "of", index)
            problems.add(mark, f"unknown rule {name!r}, expected the id of a rule", did_you_mean(name, rules.ids), "of")
