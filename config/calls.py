"""Which rules are about a person's call, also through the alarms that they read: such a call waits for nothing."""

from collections.abc import Sequence

from config.rule_sheet import RuleSheet, WrittenRule, WrittenTier
from rules.danger import CALLS
from rules.expression import Call, Word, keyword, walk
from rules.group_conditions import rules_read
from rules.tier import Tier

Way = tuple[str, str]  # a rule and one of its tiers


def about_calls(rules: RuleSheet) -> frozenset[str]:
    """The rules about calls, and all that read their alarms, however many rules are between."""
    found = {rule.entry.id for rule in rules.rules if _of_calls(rule)}
    while more := {rule.entry.id for rule in rules.rules if rule.reads() & found} - found:
        found |= more
    return frozenset(found)


def ways_to_red(rules: RuleSheet) -> frozenset[Way]:
    """Each tier that is red or evacuates, or whose alarm leads to one that does."""
    by_id = {rule.entry.id: rule for rule in rules.rules}
    waiting = [(rule, tier) for rule in rules.rules for tier in rule.tiers if _is_end(rule, tier)]
    found: set[Way] = set()
    while waiting:
        rule, tier = waiting.pop()
        way = (rule.entry.id, tier.entry.tier)
        if way in found:
            continue
        found.add(way)
        for names, at in _read(rule, tier):
            known = [by_id[name] for name in names if name in by_id]
            waiting += [(one, its) for one in known for its in one.tiers if _of(its) >= at]
    return frozenset(found)


def _of_calls(rule: WrittenRule) -> bool:
    return rule.entry.category == "panic" or any(expression.quantities & CALLS for expression in rule.expressions())


def _is_end(rule: WrittenRule, tier: WrittenTier) -> bool:
    return _of(tier) is Tier.RED or (rule.entry.evacuate is not None and _is_highest(rule, tier))


def _is_highest(rule: WrittenRule, tier: WrittenTier) -> bool:
    return _of(tier) == max(_of(one) for one in rule.tiers)


def _read(rule: WrittenRule, tier: WrittenTier) -> list[tuple[Sequence[str], Tier]]:
    """The rules whose alarms bring a tier about, each with the tier from which on they do."""
    found: list[tuple[Sequence[str], Tier]] = []
    for node in walk(tier.when.root):
        if isinstance(node, Call) and node.function == "alarms":
            at = keyword(node, "at")
            found.append((rules_read(node), Tier.from_word(at.word) if isinstance(at, Word) else Tier.BLUE))
    look = rule.entry.investigate
    if look and _is_highest(rule, tier):
        found.append((look.of, Tier.from_word(look.at)))
    return found


def _of(tier: WrittenTier) -> Tier:
    return Tier.from_word(tier.entry.tier)
