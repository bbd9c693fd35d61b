"""Who may order what: one table. Any role may do what adds protection; what takes some away needs more."""

from rules.plan import Rule
from rules.signal import (
    Acknowledge,
    AdvanceEvacuation,
    AllClear,
    Duty,
    EndShow,
    InService,
    Order,
    OrderEvacuation,
    OutOfService,
    Reset,
    Role,
    Shelve,
    Silence,
    StartShow,
    Unshelve,
)

ANYBODY: frozenset[Role] = frozenset({"operator", "commander", "engineer"})
COMMANDER: frozenset[Role] = frozenset({"commander"})
WEAKENING: frozenset[Role] = frozenset({"commander", "engineer"})  # takes protection away for a while

MAY: dict[type[Order], frozenset[Role]] = {
    Acknowledge: ANYBODY,
    Silence: ANYBODY,
    Reset: ANYBODY,  # of a highly managed alarm: RESET_MANAGED
    OrderEvacuation: ANYBODY,  # in an emergency nobody is asked who they are
    AdvanceEvacuation: COMMANDER,
    AllClear: COMMANDER,
    Duty: ANYBODY,  # said wrongly, a look round of a minute goes before an evacuation
    StartShow: WEAKENING,
    EndShow: ANYBODY,
    Shelve: WEAKENING,
    Unshelve: ANYBODY,
    OutOfService: WEAKENING,
    InService: ANYBODY,
}
RESET_MANAGED = COMMANDER  # a fire or panic alarm, or an investigation, ended by mistake evacuates nobody
NEEDS_REASON: frozenset[type[Order]] = frozenset(  # not carried out with an empty `why`
    {
        AllClear,
        StartShow,
        Shelve,
        OutOfService,
    }
)


def refusal(order: Order, rule: Rule | None = None) -> str:
    """Why this person may not order this; empty when they may. `rule` is that of the alarm that a Reset is for."""
    managed = isinstance(order, Reset) and rule is not None and rule.highly_managed
    allowed = RESET_MANAGED if managed else MAY[type(order)]
    if order.role not in allowed:
        return f"{_article(order.role)} may not do this, it needs the role {' or '.join(sorted(allowed))}"
    if type(order) in NEEDS_REASON and not order.why.strip():
        return "it is journalled with its reason: say why"
    return ""


def _article(role: Role) -> str:
    return f"a{'n' if role[0] in 'aeiou' else ''} {role}"
