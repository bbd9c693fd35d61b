"""What a person does counts at once, and what was on fire stays shown until a person has looked.

Manual means a person did it: a call point, a panic button, or the alarm contact of a certified panel.
"""

from config.problem import Problems
from config.rule_sheet import RuleSheet, WrittenRule
from config.safety.stories import Stories
from rules.danger import CALLS, HIGHLY_MANAGED

FIRE_DELAY_S = 60.0  # NFPA 72 alarm verification: at most 60 s before a smoke signal counts


def check_delays(rules: RuleSheet, stories: Stories | None, problems: Problems) -> None:
    """Note delays where there may be none, and alarms that would go by themselves."""
    for rule in rules.rules:
        _check_delays(rule, stories, problems)
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
