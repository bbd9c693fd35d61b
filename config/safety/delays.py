"""What a person does counts at once, and what was on fire stays shown until a person has looked.

Manual means a person did it: a call point, a panic button, or the alarm contact of a certified panel.
"""

from collections.abc import Collection

from config.calls import Way, about_calls, ways_to_red
from config.problem import Problems
from config.rule_sheet import RuleSheet, WrittenRule
from config.safety.stories import Stories
from rules.danger import CALLS, HIGHLY_MANAGED

FIRE_DELAY_S = 60.0  # NFPA 72 alarm verification: at most 60 s before a smoke signal counts


def check_delays(rules: RuleSheet, stories: Stories | None, problems: Problems) -> None:
    """Note delays where there may be none, and alarms that would go by themselves."""
    calls, ways = about_calls(rules), ways_to_red(rules)
    for rule in rules.rules:
        _check_delays(rule, stories, problems)
        _check_calls_read(rule, calls, ways, stories, problems)
        if rule.entry.category in HIGHLY_MANAGED and not rule.entry.latching:
            text = f"{rule.entry.category} rule {rule.entry.id!r} is not latching, expected 'latching: true'"
            shown = stories.of_rule(rule.entry.id, relent_s=30.0) if stories else ()
            problems.add(rule.mark("latching"), text, about="latching", timeline=shown)


def _check_delays(rule: WrittenRule, stories: Stories | None, problems: Problems) -> None:
    for tier in rule.tiers:
        mark = rule.document.mark((*tier.path, "on_delay"))
        manual = sorted(tier.when.quantities & CALLS)
        if manual and tier.entry.on_delay > 0:
            text = f"on_delay on {manual[0]!r}, expected none: a person's call counts at once"
            shown = stories.of_rule(rule.entry.id) if stories else ()
            problems.add(mark, text, "remove it", timeline=shown)
        elif rule.entry.category == "fire" and tier.entry.on_delay > FIRE_DELAY_S:
            text = f"on_delay: found {tier.entry.on_delay:g} s, expected at most {FIRE_DELAY_S:g} s in a fire rule"
            shown = stories.of_rule(rule.entry.id) if stories else ()
            problems.add(mark, text, timeline=shown)


def _check_calls_read(
    rule: WrittenRule, calls: Collection[str], ways: Collection[Way], stories: Stories | None, problems: Problems
) -> None:
    """No delay and no look round on the way from a call to red, also not in a rule that reads its alarm."""
    for tier in rule.tiers:
        read = sorted(name for name in tier.when.rules if name in calls)
        waits = [key for key, s in (("on_delay", tier.entry.on_delay), ("verify", tier.entry.verify)) if s]
        if read and waits and (rule.entry.id, tier.entry.tier) in ways and not tier.when.quantities & CALLS:
            text = f"{waits[0]}: {read[0]!r} is about people's calls, which lead to red at once, expected no wait"
            shown = stories.of_rule(rule.entry.id) if stories else ()
            mark = rule.document.mark((*tier.path, waits[0]))
            problems.add(mark, text, "remove it, or read that rule in one of its own", about=waits[0], timeline=shown)
    look = rule.entry.investigate
    for index, name in enumerate(look.of if look else ()):
        if name in calls:
            text = f"of: {name!r} is about people's calls, which count at once, expected no look round"
            problems.add(rule.mark("investigate", "of", index), text, "read it in 'when' instead", about="of")
