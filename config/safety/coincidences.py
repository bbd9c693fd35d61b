"""Two independent devices must agree before people are led out, unless a person asked for it.

An automatic detector may be wrong, so one alone starts a look round at most (GB 50116 4.1.6; NFPA 72, positive alarm
sequence). What a person does counts alone.
"""

from config.problem import Problems
from config.rule_sheet import RuleSheet, WrittenRule
from config.safety.delays import MANUAL
from config.safety.stories import Stories
from rules.expression import And, Call, Compare, Name, Names, Node, Number, Or, walk
from rules.tier import Tier


def check_coincidences(rules: RuleSheet, stories: Stories | None, problems: Problems) -> None:
    """Note coincidences that are none, and evacuations that one automatic device can begin."""
    by_id = {rule.entry.id: rule for rule in rules.rules}
    for rule in rules.rules:
        _check_coincidences(rule, problems)
        if rule.entry.evacuate is not None and rule.tiers:
            _check_evacuation(rule, rule.entry.evacuate.plan, by_id, stories, problems)


def _check_coincidences(rule: WrittenRule, problems: Problems) -> None:
    """A coincidence that is written out as one device is none."""
    for tier in rule.tiers:
        for key, expression in (("when", tier.when), ("clear", tier.clear)):
            for node in walk(expression.root) if expression else ():
                count = _keyword(node, "devices")
                if isinstance(count, Number) and count.value < 2:
                    mark = rule.document.mark_within((*tier.path, key), count.offset)
                    text = f"{key}: a coincidence that {count.value:g} device can satisfy, expected devices: 2 or more"
                    problems.add(mark, text, about="devices")


def _check_evacuation(
    rule: WrittenRule, plan: str, rules: dict[str, WrittenRule], stories: Stories | None, problems: Problems
) -> None:
    highest = max(rule.tiers, key=lambda tier: Tier.from_word(tier.entry.tier))
    weak = _alone(highest.when.root, rules, frozenset({rule.entry.id}))
    if weak is not None and _keyword(weak, "devices") is None:
        mark = rule.document.mark_within((*highest.path, "when"), weak.offset)
        text = f"when: one device alone can evacuate {plan!r}, expected at least two that agree"
        hint = "write alarms([...], devices: 2, within: 60s)"
        shown = stories.of_one_device(plan, MANUAL) if stories else ()
        problems.add(mark, text, hint, about="devices", timeline=shown)


def _alone(node: Node, rules: dict[str, WrittenRule], through: frozenset[str]) -> Node | None:
    """The part of a condition that a single automatic device can satisfy, and the whole with it; None without one.

    `through` are the rules that led here; one that reads itself is told elsewhere.
    """
    match node:
        case Or():
            return next((weak for operand in node.operands if (weak := _alone(operand, rules, through))), None)
        case And():
            weak_ones = [_alone(operand, rules, through) for operand in node.operands]
            return weak_ones[0] if all(weak_ones) else None
        case Call(function="alarms"):
            safe = _devices(node) >= 2 or all(_needs_people_or_two(name, rules, through) for name in _names(node))
            return None if safe else node
        case Compare(left=Call(function="count", arguments=(_,))) if node.operator in (">", ">="):
            needed = node.threshold + (node.operator == ">")
            return None if needed >= 2 else node
        case _:
            return None if _quantities(node) and _quantities(node) <= MANUAL else node


def _needs_people_or_two(name: str, rules: dict[str, WrittenRule], through: frozenset[str]) -> bool:
    """Whether no single automatic device can raise an alarm of this rule."""
    rule = rules.get(name)
    if rule is None or name in through:
        return True
    if rule.entry.each == "device":
        return all(expression.quantities <= MANUAL for expression in rule.expressions())
    return all(_alone(tier.when.root, rules, through | {name}) is None for tier in rule.tiers)


def _names(call: Call) -> list[str]:
    return [name for _, argument in call.arguments if isinstance(argument, Names) for name in argument.names]


def _devices(call: Call) -> float:
    count = _keyword(call, "devices")
    return count.value if isinstance(count, Number) else 1


def _keyword(node: Node, keyword: str) -> Node | None:
    """An argument of a call by its keyword."""
    arguments = node.arguments if isinstance(node, Call) else ()
    return next((argument for name, argument in arguments if name == keyword), None)


def _quantities(node: Node) -> frozenset[str]:
    return frozenset(below.name for below in walk(node) if isinstance(below, Name))
