"""When each alarm rises after a danger signal, by arithmetic alone: on-delays, coincidences, investigations.

It answers for a venue in which all is calm but for some devices, which say the worst they can at 0 s and go on saying
it; staff acknowledge an investigation at the last instant and never stand it down. It errs to one side only: what it
does not understand (rates, means, `not` over several devices) it takes as never true.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

from rules.analysis.calm_device import device_truth
from rules.analysis.chain import Event, Part
from rules.analysis.extremes import Values
from rules.analysis.places import Coincidence
from rules.analysis.week import ALWAYS, Situation
from rules.cause import expressions_of
from rules.conditions import schedule_of
from rules.expression import And, Call, Compare, Name, Node, Not, Or, walk
from rules.plan import Plan, Rule, TierRule
from rules.tier import Tier
from rules.truth import COMPARISONS

Told = Mapping[str, Values]
Tiers = Mapping[Tier, Event]


@dataclass(frozen=True, slots=True)
class Reached:
    """What follows: for each alarm the first instant of each tier, and for each plan its beginning."""

    alarms: Mapping[tuple[str, str], Tiers]  # by rule and place
    plans: Mapping[str, Event]

    @property
    def red(self) -> Event | None:
        """The first alarm at red."""
        reds = [tiers[Tier.RED] for tiers in self.alarms.values() if Tier.RED in tiers]
        return min(reds, key=_seconds, default=None)

    @property
    def evacuation(self) -> tuple[str, Event] | None:
        """The first plan put in force."""
        return min(self.plans.items(), key=lambda item: item[1].seconds, default=None)

    def highest(self, rule: str) -> Tier:
        """The highest tier that any alarm of a rule reaches."""
        tiers = [max(tiers) for (name, _), tiers in self.alarms.items() if name == rule]
        return max(tiers, default=Tier.NONE)


class Reach:
    """The rules of one plan, found by the places that they have an alarm for."""

    def __init__(self, plan: Plan, around: Situation = ALWAYS) -> None:
        self._plan = plan
        self._around = around
        self._origins = _origins(plan)
        self._at: dict[str, list[int]] = {}
        self._rules_at: dict[str, list[Rule]] = {}
        for index, rule in enumerate(plan.rules):
            for place in rule.places:
                self._at.setdefault(place, []).append(index)
                self._rules_at.setdefault(place, []).append(rule)

    def rules_at(self, place: str) -> Sequence[Rule]:
        """The rules with an alarm for a device or a zone, in the order of the plan."""
        return self._rules_at.get(place, ())

    def zones_of(self, device: str) -> tuple[str, ...]:
        """The zones that a device is in, the smallest first."""
        venue = self._plan.venue
        return venue.ancestry[venue.devices[device].zone]

    def follow(self, told: Told, bases: frozenset[str] | None = None, ceiling: Tier = Tier.RED) -> Reached:
        """What follows from what these devices say at once.

        `bases`: the only rules that look at devices themselves; `ceiling`: the highest tier that these reach.
        """
        zones = dict.fromkeys(zone for device in told for zone in self.zones_of(device))
        steps = sorted(
            (index, place)
            for place in (*told, *zones)
            for index in self._at.get(place, ())
            if bases is None or not bases.isdisjoint(self._origins[index])
        )
        found: dict[tuple[str, str], Tiers] = {}
        plans: dict[str, Event] = {}
        for index, place in steps:
            rule = self._plan.rules[index]
            base = bases is None or rule.id in bases
            highest = ceiling if bases is not None and base else Tier.RED
            look = _Place(self._plan, self._around, rule, place, told if base else {}, found, highest)
            tiers = look.tiers()
            if tiers:
                found[rule.id, place] = tiers
            begun = tiers.get(rule.tiers[-1].tier)
            if rule.evacuate is not None and begun is not None:
                plans[rule.evacuate] = _sooner(plans.get(rule.evacuate), begun) or begun
        return Reached(found, plans)


def _origins(plan: Plan) -> list[frozenset[str]]:
    """For each rule: itself, the rules that it reads, the rules that those read, and so on."""
    found: dict[str, frozenset[str]] = {}
    for rule in plan.rules:
        read = reads(rule)
        found[rule.id] = frozenset({rule.id}).union(*(found[name] for name in read if name in found))
    return [found[rule.id] for rule in plan.rules]


def reads(rule: Rule) -> frozenset[str]:
    """The rules whose alarms a rule reads, or has looked into."""
    looked = rule.investigate.of if rule.investigate else ()
    return frozenset(looked).union(*(expression.rules for expression in expressions_of(rule)))


@dataclass(frozen=True, slots=True)
class _Place:
    """One alarm of a rule, with what its devices say and what the alarms before it reached."""

    plan: Plan
    around: Situation
    rule: Rule
    place: str
    told: Told
    found: Mapping[tuple[str, str], Tiers]
    highest: Tier

    def tiers(self) -> Tiers:
        possible = (tier for tier in self.rule.tiers if tier.tier <= self.highest)
        reached = {tier.tier: event for tier in possible if (event := self._tier(tier)) is not None}
        looked = self._investigated()
        top = self.rule.tiers[-1].tier
        sooner = _sooner(reached.get(top), looked)
        return reached | {top: sooner} if sooner else reached

    def _tier(self, tier: TierRule) -> Event | None:
        event = self._device(tier) if self.rule.each == "device" else self._when(tier.when.root)
        if event is None:
            return None
        if tier.verify is not None:
            return event.then(Part(f"{self.rule.id} is verified", 0.0 if self._seconded(tier) else tier.verify.reset_s))
        if tier.on_delay_s <= 0:
            return event
        return event.then(Part(f"{self.rule.id} waits for {tier.tier.word}", tier.on_delay_s))

    def _device(self, tier: TierRule) -> Event | None:
        for_s = tier.on_delay_s if tier.verify is None else tier.verify.reset_s
        return Event() if self._signals(tier, self.place, for_s) else None

    def _signals(self, tier: TierRule, device: str, for_s: float = 0.0) -> bool:
        """Whether a device surely meets a tier, and goes on to for so long."""
        values, known = self.told.get(device), self.plan.venue.devices.get(device)
        return (
            values is not None
            and known is not None
            and bool(device_truth(tier.when.root, known, values, self.around, for_s))
        )

    def _seconded(self, tier: TierRule) -> bool:
        """Whether another device of the rule signals too: then nothing is left to verify."""
        others = (other for other in self.told if other != self.place and other in self.rule.places)
        return any(self._signals(tier, other) for other in others)

    def _investigated(self) -> Event | None:
        """The end of a look round in which nobody found that it is no fire."""
        look = self.rule.investigate
        if look is None or (self.rule.during and self.around.during(self.rule.during) is False):
            return None
        begun = min(self._alarms(look.of, look.at), key=_seconds, default=None)
        if begun is None or not self.around.staffed:
            return begun  # nobody is there to look
        return begun.then(
            Part(f"staff acknowledge ({self.rule.id})", look.acknowledge_within_s, looked_into=True),
            Part(f"staff look ({self.rule.id})", look.then_s, looked_into=True),
        )

    def _when(self, node: Node) -> Event | None:
        """The first instant at which a condition over several devices is surely true."""
        match node:
            case Or():
                return reduce(_sooner, (self._when(operand) for operand in node.operands))
            case And():
                return reduce(_later, (self._when(operand) for operand in node.operands))
            case Call(function="alarms"):
                return self._coincidence(node)
            case Name(name="nobody_on_duty"):
                return None if self.around.staffed else Event()
            case Not(operand=Name(name="nobody_on_duty")):
                return Event() if self.around.staffed else None
            case Call(function="during"):
                return Event() if self.around.during(schedule_of(node)) else None
            case Not(operand=Call(function="during")):
                return Event() if self._not_during(node.operand) else None
            case Call(function="any"):
                return Event() if any(self._true_of(node.arguments[0][1])) else None
            case Compare(left=Call(function="count" | "share")):
                return self._many(node, node.left) if isinstance(node.left, Call) else None
            case Compare(left=Call(function="max")) if node.operator in (">", ">="):
                return self._greatest(node)
            case _:
                return None

    def _not_during(self, node: Node) -> bool:
        return isinstance(node, Call) and self.around.during(schedule_of(node)) is False

    def _coincidence(self, call: Call) -> Event | None:
        read = Coincidence.of(call)
        events = sorted(self._alarms(read.rules, read.at, neighbours=read.neighbours), key=_seconds)
        return events[read.devices - 1] if len(events) >= read.devices else None

    def _alarms(self, rules: Iterable[str], at: Tier, *, neighbours: bool = False) -> list[Event]:
        """For each place in this zone with an alarm of these rules: when the first of them reached the tier."""
        venue = self.plan.venue
        zones = {self.place, *(venue.next_to[self.place] if neighbours else ())}
        first: dict[str, Event] = {}
        for (rule, place), tiers in self.found.items():
            if rule in rules and not zones.isdisjoint(self._holders(place)):
                events = [event for tier, event in tiers.items() if tier >= at]
                if events:
                    soonest = min(events, key=_seconds)
                    first[place] = _sooner(first.get(place), soonest) or soonest
        return list(first.values())

    def _holders(self, place: str) -> frozenset[str]:
        """The zones that hold a place, a zone itself among them."""
        venue = self.plan.venue
        return venue.holders[venue.devices[place].zone if place in venue.devices else place]

    def _members(self, condition: Node) -> list[str]:
        """The devices that an aggregate counts over."""
        venue, members = self.plan.venue, self.rule.members
        names = {part.name for part in walk(condition) if isinstance(part, Name)}
        return [
            device
            for device in venue.devices_within[self.place]
            if (not members or device in members) and names & venue.devices[device].quantities
        ]

    def _true_of(self, condition: Node) -> list[bool]:
        """For each device of an aggregate: whether the condition is surely true of it."""
        devices = self.plan.venue.devices
        return [
            device in self.told and device_truth(condition, devices[device], self.told[device], self.around) is True
            for device in self._members(condition)
        ]

    def _many(self, node: Compare, call: Call) -> Event | None:
        if len(call.arguments) != 1 or node.operator not in (">", ">="):
            return None
        true = self._true_of(call.arguments[0][1])
        number = sum(true) if call.function == "count" else sum(true) / max(1, len(true))
        return Event() if COMPARISONS[node.operator](number, node.threshold) else None

    def _greatest(self, node: Compare) -> Event | None:
        assert isinstance(node.left, Call)
        quantity = node.left.arguments[0][1]
        assert isinstance(quantity, Name)
        condition = Compare(quantity, node.operator, node.threshold, node.offset, node.threshold_offset)
        return Event() if any(self._true_of(condition)) else None


def _seconds(event: Event) -> float:
    return event.seconds


def _sooner(one: Event | None, other: Event | None) -> Event | None:
    """The first of two that may never be."""
    if one is None or other is None:
        return one or other
    return one if one.seconds <= other.seconds else other


def _later(one: Event | None, other: Event | None) -> Event | None:
    """The last of two; never, when one never is."""
    if one is None or other is None:
        return None
    return one if one.seconds >= other.seconds else other
