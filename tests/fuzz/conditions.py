"""Conditions by the grammar, mostly such as mean something for the devices at hand."""

from collections.abc import Sequence
from dataclasses import dataclass

from rules.quantity import QUANTITIES, Kind
from tests.fuzz.dice import ODD_IN, Dice

OPERATORS = (">=", "<", ">", "<=")
WINDOWS = ("60s", "20s", "5m", "1h", "500ms")
ODD_WINDOWS = ("2h", "0s", "99999999h")
TIERS = ("orange", "yellow", "red", "blue")
STATES = ("absent", "faulted")
# What no condition should get by with.
ODD = (
    "",
    "(",
    "smoke_obscuration",
    "true",
    "temperature >= 1e999",
    "temperature > 20 > 10",
    "__import__('os')",
    "smoke and",
    "烟 >= 1",
    "not " * 40 + "smoke",
    "(" * 40 + "smoke" + ")" * 40,
    " or ".join(["smoke"] * 120),
    "count(count(smoke, 60s) >= 1, 60s) >= 1",
    "rise(smoke, 60s) >= 1",
    "share(smoke) >= 7",
    "alarms([])",
    "alarms([smoke], devices: 1.5)",
    "alarms([smoke], within: 0s, within: 5s)",
    "any(alarms([smoke]))",
    "during()",
    "x" * 3000,
)


@dataclass(frozen=True)
class Words:
    """What a condition of one rule may ask: quantities that are measured, rules before it, schedules of the venue."""

    quantities: Sequence[str]
    rules: Sequence[str]
    schedules: Sequence[str]


def condition(dice: Dice, each: str, words: Words, depth: int = 0) -> str:
    """A condition of a rule for each device, zone or venue."""
    if dice.one_in(2 * ODD_IN):
        return dice.pick(ODD)
    match dice.number(0, 11) if depth < 3 else 0:
        case 9:
            joined = [condition(dice, each, words, depth + 1) for _ in range(dice.number(2, 3))]
            return f"({dice.pick((' or ', ' and ')).join(joined)})"
        case 10:
            return f"not {condition(dice, each, words, depth + 1)}"
        case 11:
            return _around(dice, words)
        case _:
            return _of_device(dice, words, depth) if each == "device" else _of_group(dice, words)


def _of_device(dice: Dice, words: Words, depth: int) -> str:
    quantity = dice.pick(words.quantities)
    known = QUANTITIES[quantity]
    match dice.number(0, 7):
        case 7:
            return dice.pick(STATES)
        case 6 if words.rules:
            return f"alarms([{', '.join(_rules(dice, words))}]{_at(dice)})"
        case 5 if depth < 3:
            inner = condition(dice, "device", Words(words.quantities, (), words.schedules), 3)
            return f"count({inner}, {_window(dice)}) >= {dice.number(1, 4)}"
        case 3 | 4 if known.kind is Kind.NUMBER:
            called = dice.pick(("rise", "max", "min", "mean", "rate"))
            low, high = (0.0, known.high - known.low) if called in ("rise", "rate") else (known.low, known.high)
            return f"{called}({quantity}, {_window(dice)}) {dice.pick(OPERATORS)} {_threshold(dice, low, high)}"
        case _ if known.kind is Kind.NUMBER:
            return f"{quantity} {dice.pick(OPERATORS)} {_threshold(dice, known.low, known.high)}"
        case _:
            return quantity


def _of_group(dice: Dice, words: Words) -> str:
    numbers = [name for name in words.quantities if QUANTITIES[name].kind is Kind.NUMBER]
    inner = condition(dice, "device", Words(words.quantities, (), words.schedules), 2)
    match dice.number(0, 5):
        case 5 if words.rules:
            devices = dice.mostly(("", ", devices: 2", ", devices: 3"), (", devices: 1", ", devices: 99999"))
            within = f", within: {_window(dice)}" if dice.one_in(2) else ""
            among = ", among: neighbours" if dice.one_in(ODD_IN) else ""
            return f"alarms([{', '.join(_rules(dice, words))}]{_at(dice)}{devices}{within}{among})"
        case 4 if numbers:
            quantity = QUANTITIES[dice.pick(numbers)]
            called = dice.pick(("max", "min", "mean"))
            threshold = _threshold(dice, quantity.low, quantity.high)
            return f"{called}({quantity.name}) {dice.pick(OPERATORS)} {threshold}"
        case 3:
            return f"share({inner}) {dice.pick(OPERATORS)} {dice.mostly((0.5, 0.1, 0.9), (0, 1, 7))}"
        case 2:
            return f"count({inner}) {dice.pick(OPERATORS)} {dice.mostly((1, 2), (0, 9, -1))}"
        case 1:
            return f"all({inner})"
        case _:
            return f"any({inner})"


def _around(dice: Dice, words: Words) -> str:
    return f"during({dice.pick(words.schedules)})" if words.schedules else "nobody_on_duty"


def _rules(dice: Dice, words: Words) -> list[str]:
    return dice.some(words.rules, 1, 2)


def _at(dice: Dice) -> str:
    return f", at: {dice.pick(TIERS)}" if dice.one_in(2) else ""


def _window(dice: Dice) -> str:
    return dice.mostly(WINDOWS, ODD_WINDOWS)


def _threshold(dice: Dice, low: float, high: float) -> str:
    """Mostly within reach, rarely at its edge or beyond."""
    right = low + (high - low) * dice.number(1, 19) / 20
    return f"{dice.mostly((right,), (low, high, high * 2 + 1, low - 1, 1e300)):g}"
