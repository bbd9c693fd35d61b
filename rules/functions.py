"""The functions that a condition may call, as one table: what each is called with, what it gives, where it may stand.

One name may mean one thing on a device and another over a group of devices: `max(temperature, 60s)` looks back over
time, `max(temperature)` looks over the devices of a zone. docs/rules.md shows this table to engineers.
"""

from dataclasses import dataclass
from typing import Literal

ArgumentType = Literal[
    "quantity",
    "condition",
    "duration",
    "count",
    "tier",
    "rules",
    "among",
    "schedule",
]
Scope = Literal["device", "group"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """One argument of a function. Those with `keyword` are given by their name and may be left out."""

    name: str
    type: ArgumentType
    keyword: bool = False


@dataclass(frozen=True, slots=True)
class Function:
    """A line of the table. `scope` is what its rule, or the condition around it, is about: one device or several."""

    name: str
    scope: Scope
    result: Literal["number", "truth"]
    parameters: tuple[Parameter, ...]
    meaning: str


QUANTITY = Parameter("quantity", "quantity")
CONDITION = Parameter("condition", "condition")
WINDOW = Parameter("window", "duration")
RULES = Parameter("rules", "rules")
AT = Parameter("at", "tier", keyword=True)
SCHEDULE = Parameter("schedule", "schedule")

_TABLE = (
    Function(
        "rise",
        "device",
        "number",
        (QUANTITY, WINDOW),
        "newest value less the lowest told in the window",
    ),
    Function(
        "rate",
        "device",
        "number",
        (QUANTITY, WINDOW),
        "change per second from the first to the last value told in the window",
    ),
    Function(
        "min",
        "device",
        "number",
        (QUANTITY, WINDOW),
        "least value that held in the window",
    ),
    Function(
        "max",
        "device",
        "number",
        (QUANTITY, WINDOW),
        "greatest value that held in the window",
    ),
    Function(
        "mean",
        "device",
        "number",
        (QUANTITY, WINDOW),
        "mean of the window, each value weighted with the time for which it held",
    ),
    Function(
        "count",
        "device",
        "number",
        (CONDITION, WINDOW),
        "how many times the condition became true in the window; each event counts",
    ),
    Function(
        "alarms",
        "device",
        "truth",
        (RULES, AT),
        "an alarm of these rules is shown, at this tier or above, at this device or at a zone that holds it",
    ),
    Function(
        "share",
        "group",
        "number",
        (CONDITION,),
        "part of the devices that make it true, 0 to 1",
    ),
    Function(
        "count",
        "group",
        "number",
        (CONDITION,),
        "number of devices that make it true",
    ),
    Function(
        "any",
        "group",
        "truth",
        (CONDITION,),
        "at least one device makes it true",
    ),
    Function(
        "all",
        "group",
        "truth",
        (CONDITION,),
        "every device makes it true",
    ),
    Function(
        "min",
        "group",
        "number",
        (QUANTITY,),
        "least value over the devices",
    ),
    Function(
        "max",
        "group",
        "number",
        (QUANTITY,),
        "greatest value over the devices",
    ),
    Function(
        "mean",
        "group",
        "number",
        (QUANTITY,),
        "mean value over the devices",
    ),
    Function(
        "alarms",
        "group",
        "truth",
        (
            RULES,
            AT,
            Parameter("devices", "count", keyword=True),
            Parameter("within", "duration", keyword=True),
            Parameter("among", "among", keyword=True),
        ),
        "alarms of these rules here, at this tier or above, from so many distinct devices within a window; "
        "among neighbours: in the neighbouring zones too",
    ),
    Function("during", "device", "truth", (SCHEDULE,), "a schedule of the venue is active now"),
    Function("during", "group", "truth", (SCHEDULE,), "a schedule of the venue is active now"),
)

FUNCTIONS: dict[tuple[Scope, str], Function] = {(function.scope, function.name): function for function in _TABLE}
FUNCTION_NAMES: frozenset[str] = frozenset(name for _, name in FUNCTIONS)
