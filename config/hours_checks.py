"""What rules ask of schedules, duty, shows and verification, and where the safety floor does not let them.

A person's call counts at every hour. Only a smoke detector's smoke is verified or expected of stage haze (NFPA 72; fog
moves no heat detector): never heat, never a second device, never a call.
"""

from config.calls import about_calls
from config.problem import Mark, Problems, did_you_mean
from config.rule_sheet import RuleSheet, WrittenRule
from config.select import selected_devices
from config.sheet import Sheet
from rules.conditions import words_around
from rules.danger import SMOKE, SMOKE_DETECTOR
from rules.venue import Venue


def check_schedules(sheet: Sheet, problems: Problems) -> None:
    """Note ids that no condition could ask for, and a duty schedule that is not there."""
    for name in sheet.schedules:
        if not name[0].isalpha():
            mark = sheet.document.key_mark(("schedules", name))
            problems.add(mark, f"schedule {name!r}: found {name[0]!r} at the beginning, expected a letter")
    asked = sheet.duty.schedule if sheet.duty else None
    if asked is not None:
        _known(asked, sheet, sheet.mark(("duty", "schedule")), problems)


def check_hours(rules: RuleSheet, sheet: Sheet, venue: Venue | None, problems: Problems) -> None:
    """Note what rules ask that is not there or not allowed."""
    calling = about_calls(rules)
    for rule in rules.rules:
        if rule.entry.during is not None:
            _known(rule.entry.during, sheet, rule.mark("during"), problems)
        _check_calls(rule, calling, problems)
        if rule.entry.show_mode and (rule.entry.category != "fire" or not _smoke_only(rule, venue)):
            text = "show_mode: expected only in a fire rule for each device, of smoke detectors, that reads only smoke"
            problems.add(rule.mark("show_mode"), text, "haze moves nothing else", about="show_mode")
        _check_verify(rule, venue, problems)


def _known(name: str, sheet: Sheet, mark: Mark, problems: Problems) -> None:
    known = sheet.ids["schedules"]
    if name not in known:
        problems.add(mark, f"unknown schedule {name!r}, expected the id of one", did_you_mean(name, known))


def _check_calls(rule: WrittenRule, calling: frozenset[str], problems: Problems) -> None:
    """No hour and no empty duty desk keeps a call from counting, also not in a rule that reads it."""
    if rule.entry.id not in calling:
        return
    text = f"rule {rule.entry.id!r} is about people's calls: expected no schedule and no duty, they count at every hour"
    if rule.entry.during is not None:
        problems.add(rule.mark("during"), text, "remove it", about="during")
        return
    for tier in rule.tiers:
        if any(words_around(expression.root) for expression in tier.expressions()):
            problems.add(rule.document.mark((*tier.path, "when")), text, "write a rule of its own", about="during")


def _check_verify(rule: WrittenRule, venue: Venue | None, problems: Problems) -> None:
    for tier in rule.tiers:
        if tier.entry.verify is None:
            continue
        mark = rule.document.mark((*tier.path, "verify"))
        if not _smoke_only(rule, venue):
            text = "verify: expected only in a rule for each device, of smoke detectors, that reads only smoke"
            problems.add(mark, text, about="verify")
        if tier.entry.on_delay > 0:
            problems.add(mark, "verify beside on_delay, expected one of them: both wait", about="verify on_delay")


def _smoke_only(rule: WrittenRule, venue: Venue | None) -> bool:
    """Whether a rule is about single smoke detectors and reads nothing but smoke."""
    devices = selected_devices(venue, rule.entry.devices) if venue else ()
    read = frozenset[str]().union(*(expression.quantities for expression in rule.expressions()))
    kinds = {device.kind for device in devices}
    return rule.entry.each == "device" and kinds <= {SMOKE_DETECTOR} and read <= SMOKE
