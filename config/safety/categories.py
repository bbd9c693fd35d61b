"""What tells of danger to people is of category fire or panic: alarms of others may be delayed, shelved and hidden."""

from collections.abc import Mapping

from config.problem import Problems
from config.rule_sheet import RuleSheet, WrittenRule, WrittenTier
from config.safety.channels import LOUD
from config.select import selected_devices
from rules.danger import CALLS, HAZARDS, HIGHLY_MANAGED, TELLS
from rules.venue import Venue


def check_categories(rules: RuleSheet, venue: Venue | None, problems: Problems) -> None:
    """Note each rule that can be orange or red for a danger to people, and is of another category."""
    by_id = {rule.entry.id: rule for rule in rules.rules}
    for rule in rules.rules:
        if rule.entry.category in HIGHLY_MANAGED:
            continue
        for tier in rule.tiers:
            about = _danger(rule, tier, by_id, venue) if tier.entry.tier in LOUD else ""
            if about:
                text = (
                    f"category: found {rule.entry.category!r}, but tier {tier.entry.tier!r} is about {about}, "
                    "expected 'fire' or 'panic': such an alarm is never shelved, hidden or kept waiting"
                )
                problems.add(rule.mark("category"), text, about="category")
                break


def _danger(rule: WrittenRule, tier: WrittenTier, by_id: Mapping[str, WrittenRule], venue: Venue | None) -> str:
    """What danger to people a tier asks about, in words; "" when none."""
    asked = tier.when.quantities
    for device in selected_devices(venue, rule.entry.devices) if venue else ():
        told = asked & device.quantities & TELLS.get(device.kind, frozenset())
        if told:
            return f"{min(told)!r} of {device.kind} {device.id!r}"
    if asked & (CALLS | HAZARDS):
        return f"{min(asked & (CALLS | HAZARDS))!r}"
    read = sorted(name for name in tier.when.rules if name in by_id)
    managed = [name for name in read if by_id[name].entry.category in HIGHLY_MANAGED]
    return f"alarms of the {by_id[managed[0]].entry.category} rule {managed[0]!r}" if managed else ""
