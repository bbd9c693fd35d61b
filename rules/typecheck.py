"""Whether an expression means something: known names, right types, thresholds within reach. All problems at once."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import assert_never

from rules.conditions import STATES_OF_DEVICE, WORDS_AROUND
from rules.expression import (
    And,
    Call,
    Compare,
    Duration,
    Expression,
    ExpressionError,
    Name,
    Names,
    Node,
    Not,
    Number,
    Or,
    Word,
)
from rules.functions import FUNCTION_NAMES, FUNCTIONS, Function, Parameter, Scope
from rules.plan import Each
from rules.quantity import QUANTITIES, Kind
from rules.tier import Tier
from rules.window import MAX_SAMPLES

MAX_WINDOW_S = 3600.0  # bounds what the engine remembers; longer trends belong to the history
NEIGHBOURS = "neighbours"  # the one word for `among`


@dataclass(frozen=True, slots=True)
class _Here:
    """Where a part of the expression stands: what it is about, which rules and schedules there are, and around it."""

    scope: Scope
    each: Each
    rule_ids: Collection[str]
    schedules: Collection[str]
    inside: str = ""


def problems(
    expression: Expression, *, each: Each, rule_ids: Collection[str], schedules: Collection[str] = ()
) -> list[ExpressionError]:
    """Everything wrong with a parsed expression of a rule `each: device | zone | venue`, in the order of the text."""
    here = _Here("device" if each == "device" else "group", each, rule_ids, schedules)
    return sorted(_truth(expression.root, here), key=lambda problem: problem.offset)


def nearest(word: str, words: Collection[str]) -> str:
    """The one of `words` that was probably meant, or nothing."""
    return next(iter(get_close_matches(word, sorted(words))), "")


def _truth(node: Node, here: _Here) -> Iterator[ExpressionError]:
    """Problems of a node that must be true or false."""
    match node:
        case And() | Or():
            for operand in node.operands:
                yield from _truth(operand, here)
        case Not():
            yield from _truth(node.operand, here)
        case Compare():
            yield from _number(node.left, here)
            yield from _threshold(node)
        case Name():
            yield from _truth_name(node, here)
        case Call():
            yield from _call(node, "truth", here)
        case Number() | Duration() | Names() | Word():
            yield ExpressionError(node.offset, "expected a condition")
        case _:
            assert_never(node)


def _number(node: Node, here: _Here) -> Iterator[ExpressionError]:
    """Problems of the left side of a comparison."""
    match node:
        case Name():
            quantity = QUANTITIES.get(node.name)
            if quantity is None:
                yield _unknown_name(node)
            elif quantity.kind is not Kind.NUMBER:
                yield ExpressionError(node.offset, f"{node.name} is true or false, it cannot be compared with a number")
            elif here.scope == "group":
                yield _needs_aggregate(node)
        case Call():
            yield from _call(node, "number", here)
        case Compare() | Not() | And() | Or() | Number() | Duration() | Names() | Word():
            yield ExpressionError(node.offset, "only a quantity or a function of one can be compared with a number")
        case _:
            assert_never(node)


def _truth_name(node: Name, here: _Here) -> Iterator[ExpressionError]:
    quantity = QUANTITIES.get(node.name)
    if node.name in FUNCTION_NAMES:
        yield ExpressionError(node.offset, f"{node.name} is a function", f"{node.name}(...)")
    elif node.name in WORDS_AROUND:
        return
    elif quantity is None and node.name not in STATES_OF_DEVICE:
        yield _unknown_name(node)
    elif quantity is not None and quantity.kind is Kind.NUMBER:
        yield ExpressionError(node.offset, f"{node.name} is a number, compare it", f"{node.name} >= ...")
    elif here.scope == "group":
        yield _needs_aggregate(node)


def _needs_aggregate(node: Name) -> ExpressionError:
    return ExpressionError(
        node.offset,
        f"{node.name} belongs to one device, a zone or venue rule asks about several",
        f"any({node.name} ...)",
    )


def _unknown_name(node: Name) -> ExpressionError:
    known = [*QUANTITIES, *STATES_OF_DEVICE, *WORDS_AROUND, *FUNCTION_NAMES]
    return ExpressionError(node.offset, f"unknown quantity {node.name!r}", nearest(node.name, known))


def _call(node: Call, wanted: str, here: _Here) -> Iterator[ExpressionError]:
    name = node.function
    function = FUNCTIONS.get((here.scope, name))
    if function is None and name not in FUNCTION_NAMES:
        yield ExpressionError(node.offset, f"unknown function {name!r}", nearest(name, FUNCTION_NAMES))
        return
    if function is None and here.scope == "device":
        yield ExpressionError(node.offset, f"{name}() looks at several devices, this rule is about one device")
        function = FUNCTIONS["group", name]
    elif function is None:
        yield ExpressionError(node.offset, f"{name}() looks at one device", f"any({name}(...) ...)")
        function = FUNCTIONS["device", name]
    if function.result != wanted:
        what = "a number: compare it" if function.result == "number" else "true or false: it cannot be compared"
        yield ExpressionError(node.offset, f"{name}() gives {what}")
    if here.inside and (name == "alarms" or name == here.inside == "count"):
        yield ExpressionError(node.offset, f"{name}() cannot stand inside {here.inside}()")
    yield from _arguments(node, function, replace(here, inside=name))


def _arguments(node: Call, function: Function, here: _Here) -> Iterator[ExpressionError]:
    positional = [parameter for parameter in function.parameters if not parameter.keyword]
    keywords = {parameter.name: parameter for parameter in function.parameters if parameter.keyword}
    given = [argument for keyword, argument in node.arguments if not keyword]
    if len(given) != len(positional):
        wanted = ", ".join(parameter.name for parameter in positional)
        looks_back = here.scope == "group" and any(isinstance(argument, Duration) for argument in given)
        hint = f"any({node.function}(...) ...)" if looks_back and ("device", node.function) in FUNCTIONS else ""
        yield ExpressionError(node.offset, f"{node.function}() takes ({wanted}), {len(given)} given", hint)
        return
    for parameter, argument in zip(positional, given, strict=True):
        yield from _argument(parameter, argument, here)
    seen: set[str] = set()
    for keyword, argument in node.arguments:
        if not keyword:
            continue
        if keyword not in keywords:
            message = f"{node.function}() has no {keyword!r}"
            yield ExpressionError(argument.offset, message, nearest(keyword, keywords))
        elif keyword in seen:
            yield ExpressionError(argument.offset, f"{keyword!r} is given twice")
        else:
            yield from _argument(keywords[keyword], argument, here)
        seen.add(keyword)


def _argument(parameter: Parameter, node: Node, here: _Here) -> Iterator[ExpressionError]:
    match parameter.type, node:
        case "quantity", Name():
            yield from _number(node, replace(here, scope="device"))
        case "condition", _:
            yield from _truth(node, replace(here, scope="device"))
        case "duration", Duration():
            if not 0 < node.seconds <= MAX_WINDOW_S:
                yield ExpressionError(node.offset, f"a window is longer than 0 and at most {MAX_WINDOW_S / 3600:g}h")
        case "count", Number():
            if node.value != int(node.value) or node.value < 1:
                yield ExpressionError(node.offset, "expected a whole number of 1 or more")
        case "tier", Word():
            words = [tier.word for tier in Tier if tier]
            if node.word not in words:
                yield ExpressionError(node.offset, f"unknown tier {node.word!r}", nearest(node.word, words))
        case "rules", Names():
            yield from _rule_names(node, here.rule_ids)
        case "schedule", Word():
            if node.word not in here.schedules:
                message = f"unknown schedule {node.word!r}, expected the id of one in the venue file"
                yield ExpressionError(node.offset, message, nearest(node.word, here.schedules))
        case "among", Word():
            if node.word != NEIGHBOURS:
                yield ExpressionError(node.offset, f"unknown {node.word!r}, expected {NEIGHBOURS}", NEIGHBOURS)
            elif here.each != "zone":
                yield ExpressionError(node.offset, f"a rule for each {here.each} has no neighbours, a zone has")
        case _:
            yield ExpressionError(node.offset, f"expected {_EXPECTED[parameter.type]} as {parameter.name}")


_EXPECTED = {
    "quantity": "a quantity",
    "condition": "a condition",
    "duration": "a time such as 60s",
    "count": "a whole number",
    "tier": "a tier (blue, yellow, orange, red)",
    "rules": "a list of rule ids such as [smoke]",
    "schedule": "the id of a schedule",
    "among": NEIGHBOURS,
}


def _rule_names(node: Names, rule_ids: Collection[str]) -> Iterator[ExpressionError]:
    if not node.names:
        yield ExpressionError(node.offset, "the list of rules is empty")
    for name, offset in zip(node.names, node.offsets, strict=True):
        if name not in rule_ids:
            yield ExpressionError(offset, f"unknown rule {name!r}", nearest(name, rule_ids))


def _threshold(node: Compare) -> Iterator[ExpressionError]:
    """A threshold that no working sensor can cross makes a rule that never speaks, or never falls silent."""
    limits = _range(node.left)
    if limits is None:
        return
    low, high, what = limits
    if not low <= node.threshold <= high:
        message = f"{node.threshold:g} is outside what {what} can be, {low:g} to {high:g}"
        yield ExpressionError(node.threshold_offset, message)
    elif node.threshold == (high if node.operator in (">", "<=") else low):
        message = f"{what} lies within {low:g} to {high:g}: {node.operator} {node.threshold:g} is always or never true"
        yield ExpressionError(node.threshold_offset, message)


def _range(node: Node) -> tuple[float, float, str] | None:
    if isinstance(node, Name):
        return _quantity_range(node.name)
    if isinstance(node, Call) and node.function in ("min", "max", "mean") and node.arguments:
        argument = node.arguments[0][1]
        return _quantity_range(argument.name) if isinstance(argument, Name) else None
    if isinstance(node, Call) and node.function == "share":
        return 0.0, 1.0, "a share"
    if isinstance(node, Call) and node.function == "count" and len(node.arguments) > 1:
        return 0.0, MAX_SAMPLES, "a count"
    if isinstance(node, Call) and node.function == "rise" and node.arguments:
        argument = node.arguments[0][1]
        limits = _quantity_range(argument.name) if isinstance(argument, Name) else None
        return (0.0, limits[1] - limits[0], f"a rise of {limits[2]}") if limits else None
    return None


def _quantity_range(name: str) -> tuple[float, float, str] | None:
    quantity = QUANTITIES.get(name)
    if quantity is None or quantity.kind is not Kind.NUMBER:
        return None
    return quantity.low, quantity.high, f"{name} ({quantity.unit})"
