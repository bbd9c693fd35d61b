"""The numbers of the fire rules, and rules in which one of them is another: how much the outcome hangs on each."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from rules.expression import And, Call, Compare, Duration, Expression, Node, Not, Or, walk
from rules.plan import Plan, Rule, TierRule
from rules.render import duration, number, render

COUNTED = ("count",)  # thresholds of these are whole devices: they move by one


@dataclass(frozen=True, slots=True)
class Change:
    """One number of one tier of one rule, found by where it stands in the condition's text, and its new value."""

    rule: str
    tier: str
    offset: int
    value: float
    text: str  # for people: "heat-rise orange: rise(temperature, 60s) >= 10"
    label: str  # for people: "12"


def changes(plan: Plan, share: float) -> list[Change]:
    """Each number of the rules' conditions once smaller and once greater by `share`, 0 to 1."""
    return [
        change
        for rule in plan.rules
        for tier in rule.tiers
        for node in walk(tier.when.root)
        for change in _changes(rule, tier, node, share)
    ]


def apply(plan: Plan, change: Change) -> Plan:
    """The same plan with that one number changed."""
    return replace(plan, rules=tuple(_rule(rule, change) if rule.id == change.rule else rule for rule in plan.rules))


def _changes(rule: Rule, tier: TierRule, node: Node, share: float) -> Iterator[Change]:
    where = f"{rule.id} {tier.tier.word}"
    if isinstance(node, Compare):
        counted = isinstance(node.left, Call) and node.left.function in COUNTED
        for factor in (1 - share, 1 + share):
            value = node.threshold + (1 if factor > 1 else -1) if counted else round(node.threshold * factor, 6)
            yield Change(
                rule.id, tier.tier.word, node.threshold_offset, value, f"{where}: {render(node)}", number(value)
            )
    if isinstance(node, Call) and node.function != "alarms":
        for _, argument in node.arguments:
            if isinstance(argument, Duration):
                for factor in (1 - share, 1 + share):
                    value = round(argument.seconds * factor, 6)
                    text = f"{where}: window of {render(node)}"
                    yield Change(rule.id, tier.tier.word, argument.offset, value, text, duration(value))


def _rule(rule: Rule, change: Change) -> Rule:
    tiers = tuple(
        replace(tier, when=_expression(tier.when, change)) if tier.tier.word == change.tier else tier
        for tier in rule.tiers
    )
    return replace(rule, tiers=tiers)


def _expression(expression: Expression, change: Change) -> Expression:
    root = _node(expression.root, change)
    return replace(expression, root=root, text=render(root))


def _node(node: Node, change: Change) -> Node:
    match node:
        case Compare():
            changed = replace(node, left=_node(node.left, change))
            return replace(changed, threshold=change.value) if node.threshold_offset == change.offset else changed
        case Duration():
            return replace(node, seconds=change.value) if node.offset == change.offset else node
        case Not():
            return replace(node, operand=_node(node.operand, change))
        case And() | Or():
            return replace(node, operands=tuple(_node(operand, change) for operand in node.operands))
        case Call():
            arguments = tuple((keyword, _node(argument, change)) for keyword, argument in node.arguments)
            return replace(node, arguments=arguments)
        case _:
            return node
