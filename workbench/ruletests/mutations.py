"""Small changes to rules, each of which some test should notice: thresholds, delays, windows, operators, tiers.

A change that no test can notice is not made: one whose conditions are true in the same cases (`equivalence`), a tier
asked for that separates no tiers of the rules asked, a rule left out that watches nothing here.
"""

from collections.abc import Callable, Iterator
from dataclasses import MISSING, dataclass, fields, is_dataclass, replace
from typing import Any

from rules.expression import And, Call, Compare, Duration, Expression, Names, Node, Not, Number, Or, Word, parse
from rules.plan import Plan, Rule, TierRule
from rules.render import duration, number, render
from rules.tier import Tier
from workbench.ruletests.equivalence import Sizes, alike, sizes_of

THRESHOLD_STEP = 0.1  # of the threshold: what a person would notice on the plan of a detector
ADDED_DELAY_S = 5.0  # where no delay is written
_IDENTITY = {"id", "title", "category", "each", "places", "members", "line"}  # what a rule is about, not what it does
_OPERATORS = {">=": ">", ">": ">=", "<=": "<", "<": "<="}


@dataclass(frozen=True, slots=True)
class Mutant:
    """A plan with one change, and the change in words."""

    rule: str
    line: str
    text: str
    plan: Plan


@dataclass(frozen=True, slots=True)
class _Change:
    """A changed value and the change in words; `line` where that is known better than by the rule."""

    value: Any
    text: str
    line: str = ""


def mutants(plan: Plan) -> Iterator[Mutant]:
    """Every changed plan, in the order of the rules, the same on every run."""
    for index, rule in enumerate(plan.rules):
        if not rule.places:
            continue
        for change in _of_fields(rule, _Context(plan, rule)):
            changed = replace(plan, rules=(*plan.rules[:index], change.value, *plan.rules[index + 1 :]))
            yield Mutant(rule.id, change.line or rule.line, change.text, changed)


class _Context:
    """The rule that is changed, and the plan that it stands in."""

    def __init__(self, plan: Plan, rule: Rule) -> None:
        self.rule = rule
        self.sizes: Sizes = sizes_of(plan, rule)
        self._rules = {one.id: one for one in plan.rules}

    def watches(self, rule: str) -> bool:
        """Whether a rule has an alarm in this venue."""
        return rule in self._rules and bool(self._rules[rule].places)

    def separates(self, rules: tuple[str, ...], at: Tier, instead: Tier) -> bool:
        """Whether one of these rules has a tier that counts at one of the two tiers and not at the other."""
        low, high = sorted((at, instead))
        tiers = [tier.tier for rule in rules if self.watches(rule) for tier in self._rules[rule].tiers]
        return any(low <= tier < high for tier in tiers)


# Fields of rules, tiers, investigations and whatever else a rule is made of


def _of_fields(whole: Any, context: _Context) -> Iterator[_Change]:
    for field in fields(whole):
        if field.name in _IDENTITY:
            continue
        value = getattr(whole, field.name)
        default = None if field.default is MISSING else field.default
        for change in _of_value(field.name, value, default, whole, context):
            made = replace(whole, **{field.name: change.value})
            if isinstance(whole, TierRule) and alike(whole, made, context.sizes):
                continue
            yield _Change(made, change.text, change.line or getattr(whole, "line", ""))


def _of_value(name: str, value: Any, default: Any, whole: Any, context: _Context) -> Iterator[_Change]:
    words = name.removesuffix("_s")
    if name == "tiers":
        yield from _of_tiers(value, context)
    elif isinstance(value, Expression):
        for change in _of_node(value.root, context):
            text = render(change.value)
            yield _Change(parse(text), change.text)
    elif isinstance(value, Tier):
        of = getattr(whole, "of", ())
        for tier in _beside(value):
            if not of or context.separates(of, value, tier):
                yield _Change(tier, f"{words} {value.word} became {tier.word}")
    elif isinstance(value, bool):
        if name == "latching" or value != default:
            yield _Change(not value, f"{words} became {str(not value).lower()}")
    elif isinstance(value, float | int):
        yield from _of_time(name, float(value))
    elif isinstance(value, tuple):
        yield from _of_list(words, value, context, least=0 if default == () else 1)
    elif value is not None:
        if value != default:
            yield _Change(default, f"{words} was left out")
        if is_dataclass(value):
            for change in _of_fields(value, context):
                yield _Change(change.value, f"{words}: {change.text}", change.line)


def _of_tiers(tiers: tuple[TierRule, ...], context: _Context) -> Iterator[_Change]:
    taken = {tier.tier for tier in tiers}
    for index, tier in enumerate(tiers):
        for change in _of_fields(tier, context):
            if change.value.tier is not tier.tier and change.value.tier in taken:
                continue
            changed = (*tiers[:index], change.value, *tiers[index + 1 :])
            yield _Change(changed, f"{tier.tier.word}: {change.text}", change.line)


def _of_time(name: str, value: float) -> Iterator[_Change]:
    words = name.removesuffix("_s")
    if value > 0:
        yield _Change(value * 2, f"{words} {_time(value)} became {_time(value * 2)}")
        other = 0.0 if name.endswith("_delay_s") else value / 2
        yield _Change(other, f"{words} {_time(value)} became {_time(other)}")
    elif name == "on_delay_s":
        yield _Change(ADDED_DELAY_S, f"{words} 0s became {_time(ADDED_DELAY_S)}")


def _of_list(words: str, names: tuple[Any, ...], context: _Context, least: int = 1) -> Iterator[_Change]:
    for index, name in enumerate(names):
        if len(names) > least and isinstance(name, str) and context.watches(name):
            yield _Change((*names[:index], *names[index + 1 :]), f"{words}: {name} was left out")


# Conditions


def _of_node(node: Node, context: _Context) -> Iterator[_Change]:
    match node:
        case Compare():
            yield from _of_compare(node, context)
        case Not():
            yield _Change(node.operand, f"{render(node)} became {render(node.operand)}")
            yield from _inside(_of_node(node.operand, context), lambda operand: replace(node, operand=operand))
        case And() | Or():
            swapped: Node = (Or if isinstance(node, And) else And)(node.operands, node.offset)
            yield _Change(swapped, f"{render(node)} became {render(swapped)}")
            for index, operand in enumerate(node.operands):
                yield from _inside(_of_node(operand, context), _at(node, index))
        case Call():
            yield from _of_call(node, context)
        case _:
            return


def _of_compare(node: Compare, context: _Context) -> Iterator[_Change]:
    step = context.sizes.step(node.left) or abs(node.threshold) * THRESHOLD_STEP or THRESHOLD_STEP
    changed = [
        replace(node, threshold=float(f"{value:.6g}")) for value in (node.threshold + step, node.threshold - step)
    ]
    changed.append(replace(node, operator=_OPERATORS[node.operator]))
    for one in changed:
        yield _Change(one, f"{render(node)} became {render(one)}")
    yield from _inside(_of_node(node.left, context), lambda left: replace(node, left=left))


def _of_call(node: Call, context: _Context) -> Iterator[_Change]:
    listed = next((value.names for _, value in node.arguments if isinstance(value, Names)), ())
    for index, (keyword, argument) in enumerate(node.arguments):
        for change in _of_argument(argument, listed, context):
            arguments = (*node.arguments[:index], (keyword, change.value), *node.arguments[index + 1 :])
            yield _Change(replace(node, arguments=arguments), f"{keyword}: {change.text}" if keyword else change.text)


def _of_argument(argument: Node, listed: tuple[str, ...], context: _Context) -> Iterator[_Change]:
    match argument:
        case Duration(seconds=seconds):
            for other in (seconds * 2, seconds / 2):
                yield _Change(replace(argument, seconds=other), f"{_time(seconds)} became {_time(other)}")
        case Number(value=value):
            for count in (value + 1, value - 1):
                if count >= 1:
                    yield _Change(replace(argument, value=count), f"{number(value)} became {number(count)}")
        case Word(word=word) if word.upper() in Tier.__members__:
            at = Tier.from_word(word)
            for tier in _beside(at):
                if context.separates(listed, at, tier):
                    yield _Change(replace(argument, word=tier.word), f"{word} became {tier.word}")
        case Names():
            for change in _of_list("alarms", argument.names, context):
                offsets = argument.offsets[: len(change.value)]
                yield _Change(replace(argument, names=change.value, offsets=offsets), change.text)
        case _:
            yield from _of_node(argument, context)


def _inside(changes: Iterator[_Change], put: Callable[[Any], Node]) -> Iterator[_Change]:
    for change in changes:
        yield _Change(put(change.value), change.text)


def _at(node: And | Or, index: int) -> Callable[[Any], Node]:
    return lambda operand: replace(node, operands=(*node.operands[:index], operand, *node.operands[index + 1 :]))


def _beside(tier: Tier) -> list[Tier]:
    return [other for other in (Tier(min(tier + 1, Tier.RED)), Tier(max(tier - 1, Tier.BLUE))) if other is not tier]


def _time(seconds: float) -> str:
    return duration(seconds) if seconds else "0s"
