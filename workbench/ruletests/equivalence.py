"""Whether two versions of a tier are true in the same cases, so that no test can tell them apart.

A condition depends on finitely many cases: for each number whether it lies below, at, between or above the thresholds
that it is compared with, for each state whether it is true, false or unknown. All combinations are tried.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise, product
from math import inf, prod

from rules.conditions import STATES_OF_DEVICE
from rules.expression import And, Call, Compare, Name, Node, Not, Or, walk
from rules.plan import Plan, Rule, TierRule
from rules.quantity import QUANTITIES, Kind
from rules.render import render
from rules.truth import COMPARISONS, Truth, conjoin, disjoin, negate

MAX_CASES = 50_000  # beyond this two versions count as different: the test run will tell

_UNMEASURED = "unmeasured"  # the device has no such quantity: every comparison is false
_Case = float | bool | str | None


@dataclass(frozen=True, slots=True)
class Sizes:
    """Over how many devices each function of a rule counts, one number for each place of the rule."""

    counts: dict[str, tuple[int, ...]]  # by the function's text

    def step(self, left: Node) -> float | None:
        """The least change of a number over several devices that a test can show; None for what is measured."""
        if not isinstance(left, Call):
            return None
        sizes = [size for size in self.counts.get(render(left), ()) if size]
        if left.function == "share" and sizes:
            return 1.0 / max(sizes)
        return 1.0 if left.function in ("share", "count") else None

    def attainable(self, left: Node) -> list[float] | None:
        """All values of a number over several devices; None when it can be anything."""
        if not isinstance(left, Call) or left.function not in ("share", "count") or render(left) not in self.counts:
            return None
        sizes = {size for size in self.counts[render(left)] if size}
        if left.function == "count":
            return [float(count) for count in range(max(sizes, default=0) + 1)]
        return sorted({count / size for size in sizes for count in range(size + 1)})


def sizes_of(plan: Plan, rule: Rule) -> Sizes:
    """What a rule's functions count over in this venue."""
    counts: dict[str, tuple[int, ...]] = {}
    if rule.each == "device":
        return Sizes(counts)
    for tier in rule.tiers:
        for root in (tier.when.root, *((tier.clear.root,) if tier.clear else ())):
            for node in walk(root):
                if isinstance(node, Call) and node.function in ("share", "count"):
                    counts[render(node)] = tuple(_size(plan, rule, place, node) for place in rule.places)
    return Sizes(counts)


def _size(plan: Plan, rule: Rule, place: str, call: Call) -> int:
    names = {node.name for node in walk(call) if isinstance(node, Name)}
    here = [
        plan.venue.devices[one] for one in plan.venue.devices_within[place] if not rule.members or one in rule.members
    ]
    return sum(bool(names & device.quantities or names & STATES_OF_DEVICE.keys()) for device in here)


def alike(one: TierRule, other: TierRule, sizes: Sizes) -> bool:
    """Whether two versions of a tier differ in their conditions only, and these are true in the same cases.

    What matters of `clear` is where `when` is not true: a tier whose `when` holds does not end.
    """
    if replace(one, when=other.when, clear=other.clear) != other:
        return False
    roots = [root for tier in (one, other) for root in _roots(tier)]
    cases = _cases(roots, sizes)
    if prod(len(values) for values in cases.values()) > MAX_CASES:
        return False
    names = list(cases)
    return all(
        _outcome(one, given) == _outcome(other, given)
        for given in (dict(zip(names, values, strict=True)) for values in product(*cases.values()))
    )


def _roots(tier: TierRule) -> list[Node]:
    return [tier.when.root] if tier.clear is None else [tier.when.root, tier.clear.root]


def _outcome(tier: TierRule, given: dict[str, _Case]) -> tuple[Truth, bool]:
    when = _truth(tier.when.root, given)
    clear = negate(when) if tier.clear is None else _truth(tier.clear.root, given)
    return when, bool(clear and not when)


def _truth(node: Node, given: dict[str, _Case]) -> Truth:
    match node:
        case And():
            return conjoin(_truth(operand, given) for operand in node.operands)
        case Or():
            return disjoin(_truth(operand, given) for operand in node.operands)
        case Not():
            return negate(_truth(node.operand, given))
        case Compare():
            value = given[render(node.left)]
            if value is None or isinstance(value, str):
                return None if value is None else False
            return COMPARISONS[node.operator](value, node.threshold)
        case _:
            truth = given[render(node)]
            assert truth is None or isinstance(truth, bool)
            return truth


def _cases(roots: Iterable[Node], sizes: Sizes) -> dict[str, list[_Case]]:
    """For each atom of the conditions, by its text: everything that it can be."""
    thresholds: dict[str, set[float]] = {}
    lefts: dict[str, Node] = {}
    cases: dict[str, list[_Case]] = {}
    for root in roots:
        for atom in _atoms(root):
            if isinstance(atom, Compare):
                thresholds.setdefault(render(atom.left), set()).add(atom.threshold)
                lefts[render(atom.left)] = atom.left
            else:
                cases[render(atom)] = _states(atom)
    for text, left in lefts.items():
        cases[text] = [None, *_numbers(left, sorted(thresholds[text]), sizes)]
        if not (isinstance(left, Call) and left.function in ("share", "count")):
            cases[text].append(_UNMEASURED)
    return cases


def _states(atom: Node) -> list[_Case]:
    if isinstance(atom, Name):
        known = atom.name in STATES_OF_DEVICE or (atom.name in QUANTITIES and QUANTITIES[atom.name].kind is Kind.EVENT)
        if known:
            return [True, False]
    return [True, False, None]


def _numbers(left: Node, thresholds: list[float], sizes: Sizes) -> Iterator[float]:
    """A number from each region between the thresholds, and the thresholds, as far as the value can be there."""
    attainable = sizes.attainable(left)
    if attainable is not None:
        yield from attainable
        return
    low, high = -inf, inf
    if isinstance(left, Name) and left.name in QUANTITIES:
        low, high = QUANTITIES[left.name].low, QUANTITIES[left.name].high
    elif isinstance(left, Call) and left.function == "rise":
        low = 0.0  # the newest value is one of those in the window
    edges = [thresholds[0] - 1.0, *thresholds, thresholds[-1] + 1.0]
    between = [(first + second) / 2 for first, second in pairwise(edges)]
    ends = [low, high]
    for value in sorted({*thresholds, *between, *ends}):
        if low <= value <= high and abs(value) < inf:
            yield value


def _atoms(node: Node) -> Iterator[Node]:
    """The comparisons, states and functions that a condition is made of."""
    match node:
        case And() | Or():
            for operand in node.operands:
                yield from _atoms(operand)
        case Not():
            yield from _atoms(node.operand)
        case _:
            yield node
