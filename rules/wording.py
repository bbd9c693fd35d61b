"""Words for people that more than one part of the engine says: amounts with their unit, lists with an end."""

from collections.abc import Sequence

from rules.quantity import QUANTITIES

MAX_NAMED = 8  # devices or alarms named in one sentence or one decision; the rest are counted


def brief(seconds: float) -> str:
    """Seconds to a tenth: 5, 0.4."""
    return f"{seconds:.1f}".removesuffix(".0")


def amount(quantity: str, value: float) -> str:
    """A value with the unit of its quantity, if that has one: "23.5 C"."""
    unit = QUANTITIES[quantity].unit
    return f"{value:g} {unit}" if unit else f"{value:g}"


def named(ids: Sequence[str]) -> str:
    """The first of them by name: "a, b and 3 more"."""
    more = f" and {len(ids) - MAX_NAMED} more" if len(ids) > MAX_NAMED else ""
    return ", ".join(ids[:MAX_NAMED]) + more
