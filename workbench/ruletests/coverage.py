"""Which rules, tiers and parts of conditions the tests exercised.

A tier is covered when people were told that it began, and that it ended. An operand of `and` or `or` is covered when
it alone decided the outcome, at least once as true and at least once as false (condition coverage). The closures
of the rules are wrapped to take notes; an engine that nobody measures runs without any of this.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeVar

from rules.cause import CompiledRule, compile_rule
from rules.conditions import DeviceTruth, compile_device
from rules.decision import AlarmChange, Clear, Decision, Escalate, Raise, Return, StepDown
from rules.expression import And, Call, Node, Not, Or, walk
from rules.group_conditions import compile_group
from rules.plan import Plan, Rule, TierRule
from rules.render import render
from rules.tier import Tier
from rules.truth import Truth
from rules.wiring import House, wire

SHOWN = 60  # characters of a part of a condition: enough to find it in its line

Subject = TypeVar("Subject")
Closure = Callable[[Subject, float], Truth]


class Point(NamedTuple):
    """One thing that tests should exercise: of which rule, written where, and what."""

    rule: str
    line: str
    kind: str  # raised, cleared, branch
    what: str


@dataclass(frozen=True, slots=True)
class RuleCoverage:
    """What was exercised of one rule, and what was not."""

    rule: str
    line: str
    covered: dict[str, int]  # by kind
    total: dict[str, int]
    missing: tuple[Point, ...]

    @property
    def percent(self) -> float:
        """The part that was exercised, in percent."""
        return _percent(sum(self.covered.values()), sum(self.total.values()))


class Coverage:
    """Collects over any number of tests and venues. A rule that stands in several venues is one rule."""

    def __init__(self) -> None:
        self._points: dict[Point, bool] = {}

    def expect(self, plan: Plan) -> None:
        """Take in everything that a plan's rules could do."""
        for rule in plan.rules:
            for point in points_of(rule):
                self._points.setdefault(point, False)

    def build(self, plan: Plan) -> House:
        """The live objects of a plan, taking notes."""
        return wire(plan, self._compile)

    def take(self, plan: Plan, decisions: Iterable[Decision]) -> None:
        """Take in what people were told in one test."""
        tiers = {rule.id: {tier.tier: tier for tier in rule.tiers} for rule in plan.rules}
        told: dict[str, set[Tier]] = {}
        for one in decisions:
            if not isinstance(one, AlarmChange) or one.rule not in tiers:
                continue
            own, up = tiers[one.rule], told.setdefault(one.alarm, set())
            for tier in _over(one, up):
                self._points[_raised_or_cleared(one.rule, own[tier], "cleared")] = True
                up.discard(tier)
            if isinstance(one, Raise | Escalate | StepDown) and one.tier in own:
                self._points[_raised_or_cleared(one.rule, own[one.tier], "raised")] = True
                up.add(one.tier)

    def rules(self) -> list[RuleCoverage]:
        """Rule by rule, in the order of the plans."""
        return [_of_rule(name, line, list(self._of(name, line))) for name, line in self._names()]

    @property
    def percent(self) -> float:
        """The part of everything that was exercised, in percent."""
        return _percent(sum(self._points.values()), len(self._points))

    def _names(self) -> Iterator[tuple[str, str]]:
        yield from dict.fromkeys((point.rule, point.line.partition(":")[0]) for point in self._points)

    def _of(self, rule: str, file: str) -> Iterator[tuple[Point, bool]]:
        for point, seen in self._points.items():
            if point.rule == rule and point.line.partition(":")[0] == file:
                yield point, seen

    def _compile(self, rule: Rule) -> CompiledRule:
        compiled = compile_rule(rule)
        if rule.each == "device":
            pairs = zip(rule.tiers, compiled.device, strict=True)
            return replace(compiled, device=tuple(self._pair(rule, tier, pair, compile_device) for tier, pair in pairs))
        tallies = {node: self._tally(rule, node, truth) for node, truth in compiled.parts.tallies.items()}
        return replace(
            compiled,
            group=tuple(
                self._pair(rule, tier, pair, compile_group)
                for tier, pair in zip(rule.tiers, compiled.group, strict=True)
            ),
            parts=replace(compiled.parts, tallies=tallies),
        )

    def _pair(
        self,
        rule: Rule,
        tier: TierRule,
        pair: tuple[Closure[Subject], Closure[Subject] | None],
        compiling: Callable[[Node], Closure[Subject]],
    ) -> tuple[Closure[Subject], Closure[Subject] | None]:
        when, clear = pair
        within = _every if rule.each == "device" else _outer
        noted = self._noted(rule, tier, within(tier.when.root), when, compiling)
        if clear is None or tier.clear is None:
            return noted, clear
        return noted, self._noted(rule, tier, within(tier.clear.root), clear, compiling)

    def _tally(self, rule: Rule, call: Node, truth: DeviceTruth) -> DeviceTruth:
        for tier, root in _roots(rule):
            if isinstance(call, Call) and call in walk(root):
                truth = self._noted(rule, tier, _every(call.arguments[0][1]), truth, compile_device)
        return truth

    def _noted(
        self,
        rule: Rule,
        tier: TierRule,
        nodes: Iterable[And | Or],
        truth: Closure[Subject],
        compiling: Callable[[Node], Closure[Subject]],
    ) -> Closure[Subject]:
        branches = [
            (isinstance(node, And), [compiling(operand) for operand in node.operands], _branch_points(rule, tier, node))
            for node in nodes
        ]
        if not branches:
            return truth

        def noted(subject: Subject, now: float) -> Truth:
            for conjunction, parts, points in branches:
                truths = [part(subject, now) for part in parts]
                for index, decided in _deciding(truths, conjunction=conjunction):
                    self._points[points[index, decided]] = True
            return truth(subject, now)

        return noted


def points_of(rule: Rule) -> Iterator[Point]:
    """Everything that tests of a rule should exercise."""
    for tier in rule.tiers:
        yield _raised_or_cleared(rule.id, tier, "raised")
        yield _raised_or_cleared(rule.id, tier, "cleared")
    for tier, root in _roots(rule):
        for node in _every(root):
            yield from _branch_points(rule, tier, node).values()


def _raised_or_cleared(rule: str, tier: TierRule, kind: str) -> Point:
    return Point(rule, tier.line, kind, f"{tier.tier.word} is never {kind}")


def _branch_points(rule: Rule, tier: TierRule, node: And | Or) -> dict[tuple[int, bool], Point]:
    return {
        (index, truth): Point(
            rule.id,
            tier.line,
            "branch",
            f"{_short(operand)} alone never makes {_short(node)} {str(truth).lower()}",
        )
        for index, operand in enumerate(node.operands)
        for truth in (True, False)
    }


def _short(node: Node) -> str:
    text = render(node)
    return f"`{text}`" if len(text) <= SHOWN else f"`{text[: SHOWN - 3]}...`"


def _deciding(truths: list[Truth], *, conjunction: bool) -> Iterator[tuple[int, bool]]:
    """The operands that alone make the outcome what it is: with another truth of theirs it would be another."""
    neutral = conjunction  # what an operand is that leaves the outcome to the others
    if all(truth is neutral for truth in truths):
        yield from ((index, neutral) for index in range(len(truths)))
        return
    decisive = [index for index, truth in enumerate(truths) if truth is (not neutral)]
    if len(decisive) == 1:
        yield decisive[0], not neutral


def _roots(rule: Rule) -> Iterator[tuple[TierRule, Node]]:
    for tier in rule.tiers:
        yield tier, tier.when.root
        if tier.clear is not None:
            yield tier, tier.clear.root


def _every(node: Node) -> list[And | Or]:
    """Each `and` and `or` in a condition."""
    return [part for part in walk(node) if isinstance(part, And | Or)]


def _outer(node: Node) -> list[And | Or]:
    """Those that are not inside a function: what such a function asks, it asks of each device."""
    match node:
        case And() | Or():
            return [node, *(inner for operand in node.operands for inner in _outer(operand))]
        case Not():
            return _outer(node.operand)
        case _:
            return []


def _over(one: AlarmChange, up: set[Tier]) -> list[Tier]:
    """The tiers that people were told of and that are over with this decision."""
    if isinstance(one, Return | Clear):
        return sorted(up)
    return [tier for tier in sorted(up) if tier > one.tier] if isinstance(one, StepDown) else []


def _of_rule(rule: str, file: str, points: list[tuple[Point, bool]]) -> RuleCoverage:
    kinds = ("raised", "cleared", "branch")
    line = min((point.line for point, _ in points), key=lambda line: int(line.rpartition(":")[2] or 0), default=file)
    return RuleCoverage(
        rule,
        line,
        {kind: sum(seen for point, seen in points if point.kind == kind) for kind in kinds},
        {kind: sum(point.kind == kind for point, _ in points) for kind in kinds},
        tuple(point for point, seen in points if not seen),
    )


def _percent(part: int, whole: int) -> float:
    return 100.0 * part / whole if whole else 100.0
