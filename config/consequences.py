"""What rules say of cause and consequence: which alarms are kept from view while another stands.

A rule never suppresses itself, by whatever way round: of two alarms that hide each other none would be shown.
"""

from graphlib import CycleError, TopologicalSorter

from config.problem import Problems, did_you_mean
from config.rule_sheet import RuleSheet, WrittenRule
from config.sheet import Sheet


def check_consequences(rules: RuleSheet, sheet: Sheet, problems: Problems) -> None:
    """Note every suppression that hides too much, or nothing."""
    by_id = {rule.entry.id: rule for rule in reversed(rules.rules)}  # of two with one id, the first
    for rule in rules.rules:
        _check_targets(rule, by_id, rules, problems)
        _check_link(rule, problems)
        _check_feeding(rule, sheet, problems)
    _check_circle(by_id, problems)


def _check_targets(rule: WrittenRule, by_id: dict[str, WrittenRule], rules: RuleSheet, problems: Problems) -> None:
    """A stock rule may name one of a pack that the venue does not use."""
    for index, name in enumerate(rule.entry.suppresses or ()):
        mark = rule.mark("suppresses", index)
        target = by_id.get(name)
        if name not in rules.ids and not rule.stock:
            text = f"unknown rule {name!r}, expected the id of a rule"
            problems.add(mark, text, did_you_mean(name, rules.ids), "suppresses")
        elif target is not None and target.highly_managed:
            text = f"rule {name!r} warns of fire, of people in need, or evacuates: nothing may keep it from people"
            problems.add(mark, text, "remove it", "suppresses")


def _check_link(rule: WrittenRule, problems: Problems) -> None:
    if not rule.entry.explained_by_link:
        return
    mark = rule.mark("explained_by_link")
    if rule.entry.each != "device":
        text = f"explained_by_link in a rule for each {rule.entry.each}, expected only in 'each: device'"
        problems.add(mark, text, about="explained_by_link")
    elif rule.highly_managed:
        text = "explained_by_link in a rule of fire, panic or evacuation: nothing may keep it from people"
        problems.add(mark, text, "remove it", "explained_by_link")


def _check_feeding(rule: WrittenRule, sheet: Sheet, problems: Problems) -> None:
    if not rule.entry.suppresses or rule.entry.each != "device" or rule.stock:
        return
    if not any(device.entry.fed_by for device in sheet.devices):
        text = "a rule for each device suppresses along the power, and no device of this venue has 'fed_by'"
        problems.add(rule.mark("suppresses"), text, "say what feeds each device", "suppresses")


def _check_circle(by_id: dict[str, WrittenRule], problems: Problems) -> None:
    graph = {id_: sorted(set(rule.entry.suppresses or ()) & by_id.keys()) for id_, rule in by_id.items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle: list[str] = list(reversed(error.args[1]))
        text = f"rule {circle[0]!r} suppresses itself: {' suppresses '.join(circle)}"
        problems.add(by_id[circle[0]].mark("suppresses"), text, "of two that hide each other none is shown", "circle")
