"""Whether conditions can hold together at all, over the legal ranges of the quantities they read.

An answer of None is a proof that they cannot. Everything this does not understand is taken as possible, so that a rule
is never called dead that is not: relations between different functions of one quantity, and expressions whose
alternatives are more than MAX_ALTERNATIVES.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import assert_never

from rules.analysis.interval import Interval
from rules.analysis.shape import Shape, shape
from rules.expression import And, Call, Compare, Duration, Name, Names, Node, Not, Number, Or, Word
from rules.quantity import QUANTITIES

MAX_ALTERNATIVES = 512  # conjunctions looked at: bounds an expression such as (a or b) and (c or d) and ... to a few ms

Wanted = tuple[Node, bool]
Witness = dict[str, float | bool]
NEGATED = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of the place that is asked about.

    `measured`: the quantities that its devices can report, None for all there are. `members`: what the devices report
    that conditions over several look at, and how many report just that; None when that is open. `can_alarm`: whether
    an alarms(...) condition can ever be true there.
    """

    measured: frozenset[str] | None = None
    can_alarm: Callable[[Call], bool] = field(default=lambda _: True)
    members: Mapping[frozenset[str], int] | None = None


ANYWHERE = Known()


def together(wanted: Iterable[Wanted], known: Known = ANYWHERE) -> Witness | None:
    """Values under which each expression is true or false as wanted; None when there are none.

    The values name quantities only; they are empty when nothing but functions decides.
    """
    alternatives: list[tuple[Wanted, ...]] = [()]
    for node, truth in wanted:
        more = _alternatives(node, truth, known)
        if len(alternatives) * len(more) > MAX_ALTERNATIVES:
            return {}
        alternatives = [(*one, *other) for one, other in product(alternatives, more)]
    return next((found for one in alternatives if (found := _conjunction(one, known)) is not None), None)


def _alternatives(node: Node, truth: bool, known: Known) -> list[tuple[Wanted, ...]]:
    """The ways in which an expression can be true or false: lists of atoms, any one of which is enough."""
    match node:
        case Not():
            return _alternatives(node.operand, not truth, known)
        case And() | Or():
            parts = [_alternatives(operand, truth, known) for operand in node.operands]
            if isinstance(node, Or) is truth:
                return [way for part in parts for way in part]
            if math.prod(map(len, parts)) > MAX_ALTERNATIVES:
                return [()]
            return [tuple(atom for way in ways for atom in way) for ways in product(*parts)]
        case Name() | Compare() | Call() | Number() | Duration() | Names() | Word():
            return [((node, truth),)]
        case _:
            assert_never(node)


def _conjunction(atoms: Sequence[Wanted], known: Known) -> Witness | None:
    """Values under which all these atoms are as wanted."""
    truths: dict[Shape, bool] = {}
    numbers: dict[Shape, tuple[Node, Interval]] = {}
    for node, truth in atoms:
        if _unmeasured(node, known):
            if truth:
                return None  # what a device does not measure is false
        elif isinstance(node, Compare):
            key = shape(node.left)
            _, interval = numbers.get(key) or (node.left, _range(node.left, known))
            operator = node.operator if truth else NEGATED[node.operator]
            numbers[key] = (node.left, interval.cut(operator, node.threshold))
        elif truths.setdefault(shape(node), truth) is not truth:
            return None
    _let_rises_lift(numbers, known)
    if any(interval.empty for _, interval in numbers.values()) or not _members_can(atoms, numbers, known):
        return None
    values: Witness = {str(key[1]): truth for key, truth in truths.items() if key[0] is Name}
    return values | {node.name: interval.some() for node, interval in numbers.values() if isinstance(node, Name)}


def _unmeasured(node: Node, known: Known) -> bool:
    name = _quantity(node.left if isinstance(node, Compare) else node)
    return name is not None and known.measured is not None and name in QUANTITIES and name not in known.measured


def _quantity(node: Node) -> str | None:
    """The quantity that a name, or a function of one device's quantity, is about."""
    if isinstance(node, Name):
        return node.name
    if isinstance(node, Call) and node.arguments and isinstance(node.arguments[0][1], Name):
        return node.arguments[0][1].name if node.function not in ("any", "all", "share", "count") else None
    return None


def _range(node: Node, known: Known) -> Interval:
    """The legal range of what stands left of a comparison."""
    if isinstance(node, Call) and node.function == "share":
        return Interval(0.0, 1.0)
    if isinstance(node, Call) and node.function == "count":
        if known.members is None or len(node.arguments) > 1:
            return Interval(0.0, math.inf)
        true = [(node.arguments[0][1], True)]
        can = (number for measured, number in known.members.items() if together(true, Known(measured)) is not None)
        return Interval(0.0, sum(can))
    name = _quantity(node)
    assert name is not None  # a checked comparison is about a quantity
    quantity = QUANTITIES[name]
    if isinstance(node, Name) or (isinstance(node, Call) and node.function in ("min", "max", "mean")):
        return Interval(quantity.low, quantity.high)
    if isinstance(node, Call) and node.function == "rise":
        return Interval(0.0, quantity.high - quantity.low)
    return Interval()


def _let_rises_lift(numbers: dict[Shape, tuple[Node, Interval]], known: Known) -> None:
    """A quantity that has risen by so much is at least so far above the foot of its range."""
    for node, interval in list(numbers.values()):
        if isinstance(node, Call) and node.function == "rise" and interval.low > 0:
            quantity = node.arguments[0][1]
            key = shape(quantity)
            _, lifted = numbers.get(key) or (quantity, _range(quantity, known))
            foot = _range(quantity, known).low + interval.low
            numbers[key] = (quantity, lifted.cut(">" if interval.low_open else ">=", foot))


def _members_can(atoms: Sequence[Wanted], numbers: dict[Shape, tuple[Node, Interval]], known: Known) -> bool:
    """Whether what is asked of several devices can be so of each of them."""
    every: list[Wanted] = []  # what must be so of each device
    some: list[Wanted] = []  # what must be so of at least one
    for node, truth in atoms:
        match node:
            case Call(function="any" | "all"):
                (every if truth is (node.function == "all") else some).append((node.arguments[0][1], truth))
            case Call(function="alarms") if truth and not known.can_alarm(node):
                return False
            case _:
                pass
    for node, interval in numbers.values():
        if isinstance(node, Call) and node.function in ("share", "count") and len(node.arguments) == 1:
            condition = node.arguments[0][1]
            if not interval.holds(0.0):
                some.append((condition, True))
            if node.function == "share" and not interval.holds(1.0):
                some.append((condition, False))
    kinds = [ANYWHERE] if known.members is None else [Known(measured) for measured in known.members]
    return all(any(together([one, *every], kind) is not None for kind in kinds) for one in some)
