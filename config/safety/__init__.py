"""The safety floor: rules that would weaken protection are refused, whoever wrote them.

`check_floor` looks at what is written, `check_sense` at what can ever be, `check_protection` at what each device leads
to. All three are arithmetic on the rules and take milliseconds; what they refuse, they show in a story that the real
engine tells. `prove` has the engine tell every story there is.
"""

from config.problem import Problems
from config.rule_sheet import RuleSheet
from config.safety.categories import check_categories
from config.safety.channels import check_channels
from config.safety.coincidences import check_coincidences
from config.safety.delays import check_delays
from config.safety.led_out import check_led_out
from config.safety.protection import check_protection
from config.safety.sense import check_sense
from config.safety.stories import Stories
from config.safety.unknown import check_unknown
from config.sheet import Sheet
from rules.plan import Plan
from rules.venue import Venue

__all__ = ["check_floor", "check_protection", "check_sense"]


def check_floor(rules: RuleSheet, sheet: Sheet, venue: Venue | None, plan: Plan | None, problems: Problems) -> None:
    """Note every rule that is written below the floor. Without a plan nothing can be shown beside it."""
    stories = Stories(plan) if plan else None
    check_delays(rules, stories, problems)
    check_coincidences(rules, stories, problems)
    check_categories(rules, venue, problems)
    check_channels(rules, sheet, problems)
    check_unknown(rules, problems)
    if plan:
        check_led_out(plan, sheet, problems)
