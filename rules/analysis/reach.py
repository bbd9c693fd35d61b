"""When each alarm rises after a danger signal, by arithmetic alone: on-delays, coincidences, investigations.

It answers for a venue in which all is calm but for some devices, which say the worst they can at 0 s and go on saying
it; staff acknowledge an investigation at the last instant and never stand it down. It errs to one side only: what it
does not work out it never takes as reached.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf

from rules.analysis.calm_device import Said
from rules.analysis.calm_group import SaidByMany, Told
from rules.analysis.chain import Event, Part
from rules.analysis.course import Course, between, constant, either, merge
from rules.analysis.extremes import presses
from rules.analysis.places import Coincidence
from rules.analysis.week import ALWAYS, Situation
from rules.cause import expressions_of
from rules.expression import Call
from rules.plan import Plan, Rule, TierRule
from rules.tier import Tier
from rules.truth import Truth
from rules.venue import Device

Tiers = Mapping[Tier, Event]
Found = Mapping[tuple[str, str], Tiers]


@dataclass(frozen=True, slots=True)
class Reached:
    """What follows: for each alarm the first instant of each tier, and for each plan its beginning."""

    alarms: Found  # by rule and place
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


class Reach:
    """The rules of one plan, found by the places that they have an alarm for."""

    def __init__(self, plan: Plan, around: Situation = ALWAYS) -> None:
        self._plan = plan
        self._around = around
        self._presses = presses(plan)
        self._by_id = {rule.id: rule for rule in plan.rules}
        self._origins = _origins(plan)
        self._members: dict[tuple[str, str], Sequence[Device]] = {}  # by rule and zone
        self._at: dict[str, list[int]] = {}
        self._rules_at: dict[str, list[Rule]] = {}
        for index, rule in enumerate(plan.rules):
            for place in rule.places:
                self._at.setdefault(place, []).append(index)
                self._rules_at.setdefault(place, []).append(rule)

    def rules_at(self, place: str) -> Sequence[Rule]:
        """The rules with an alarm for a device or a zone, in the order of the plan."""
        return self._rules_at.get(place, ())

    def origins_of(self, rule: str) -> frozenset[str]:
        """The rule itself, the rules that it reads, the rules that those read, and so on."""
        return self._origins[rule]

    def zones_of(self, device: str) -> tuple[str, ...]:
        """The zones that a device is in, the smallest first."""
        venue = self._plan.venue
        return venue.ancestry[venue.devices[device].zone]

    def members(self, rule: Rule, zone: str) -> Sequence[Device]:
        """The devices that a rule looks at in a zone: gathered once, for each chain asks again."""
        found = self._members.get((rule.id, zone))
        if found is None:
            venue = self._plan.venue
            here = venue.devices_within[zone]
            found = [venue.devices[one] for one in here if not rule.members or one in rule.members]
            self._members[rule.id, zone] = found
        return found

    def follow(self, told: Told, bases: frozenset[str] | None = None, ceiling: Tier = Tier.RED) -> Reached:
        """What follows from what these devices say at once.

        `bases`: the only rules that look at devices themselves; `ceiling`: the highest tier that these reach.
        """
        zones = dict.fromkeys(zone for device in told for zone in self.zones_of(device))
        steps = sorted(
            (index, place)
            for place in (*told, *zones)
            for index in self._at.get(place, ())
            if bases is None or not bases.isdisjoint(self._origins[self._plan.rules[index].id])
        )
        found: dict[tuple[str, str], Tiers] = {}
        unsure: set[tuple[str, str]] = set()
        plans: dict[str, Event] = {}
        for index, place in steps:
            rule = self._plan.rules[index]
            base = bases is None or rule.id in bases
            highest = ceiling if bases is not None and base else Tier.RED
            said = told if base else {}
            look = _Place(
                self._plan,
                self._by_id,
                self.members,
                self._around,
                self._presses,
                rule,
                place,
                said,
                found,
                unsure,
                highest,
            )
            tiers = look.tiers()
            if tiers:
                found[rule.id, place] = tiers
            if len(tiers) < len(rule.tiers) and look.unsure:
                unsure.add((rule.id, place))
            begun = tiers.get(rule.tiers[-1].tier)
            if rule.evacuate is not None and begun is not None:
                plans[rule.evacuate] = _sooner(plans.get(rule.evacuate), begun) or begun
        return Reached(found, plans)


def _origins(plan: Plan) -> dict[str, frozenset[str]]:
    """For each rule: itself, the rules that it reads, the rules that those read, and so on."""
    found: dict[str, frozenset[str]] = {}
    for rule in plan.rules:
        read = reads(rule)
        found[rule.id] = frozenset({rule.id}).union(*(found[name] for name in read if name in found))
    return found


def reads(rule: Rule) -> frozenset[str]:
    """The rules whose alarms a rule reads, or has looked into."""
    looked = rule.investigate.of if rule.investigate else ()
    return frozenset(looked).union(*(expression.rules for expression in expressions_of(rule)))


@dataclass(frozen=True, slots=True)
class _Place:
    """One alarm of a rule, with what its devices say and what the alarms before it reached.

    `unsure_of` are alarms of which it is not worked out whether they are up.
    """

    plan: Plan
    rules: Mapping[str, Rule]
    members: Callable[[Rule, str], Sequence[Device]]
    around: Situation
    presses: int
    rule: Rule
    place: str
    told: Told
    found: Found
    unsure_of: Iterable[tuple[str, str]] = ()
    highest: Tier = Tier.RED
    _courses: dict[Tier, Course] = field(default_factory=dict)

    def tiers(self) -> Tiers:
        """The tiers that the alarm surely reaches."""
        possible = (tier for tier in self.rule.tiers if tier.tier <= self.highest)
        reached = {tier.tier: event for tier in possible if (event := self._tier(tier)) is not None}
        looked = self._investigated()
        top = self.rule.tiers[-1].tier
        sooner = _sooner(reached.get(top), looked)
        return reached | {top: sooner} if sooner else reached

    @property
    def unsure(self) -> bool:
        """Whether a condition was not worked out."""
        return not all(course.worked_out for course in self._courses.values())

    def _tier(self, tier: TierRule) -> Event | None:
        for_s = tier.on_delay_s if tier.verify is None else tier.verify.reset_s
        course = self._courses[tier.tier] = self._course(tier)
        event = course.first(for_s)
        if event is None or (course.at(0.0) and self._so_in_calm(tier)):
            return None
        if tier.verify is not None:
            return event.then(Part(f"{self.rule.id} is verified", 0.0 if self._seconded(tier) else tier.verify.reset_s))
        if tier.on_delay_s <= 0:
            return event
        return event.then(Part(f"{self.rule.id} waits for {tier.tier.word}", tier.on_delay_s))

    def _so_in_calm(self, tier: TierRule) -> bool:
        """Whether the alarm is up without any danger: then no signal brings it about."""
        calm = _Place(self.plan, self.rules, self.members, self.around, self.presses, self.rule, self.place, {}, {})
        return bool(calm._course(tier).at(0.0))

    def _course(self, tier: TierRule, place: str = "") -> Course:
        venue, place = self.plan.venue, place or self.place
        if self.rule.each == "device":
            told = self.told.get(place, {})
            said = Said(venue.devices[place], told, self.around, self.presses, self._coincidence)
            return said.course(tier.when.root)
        members = self.members(self.rule, place)
        return SaidByMany(members, self.told, self.around, self.presses, self._coincidence).course(tier.when.root)

    def _seconded(self, tier: TierRule) -> bool:
        """Whether another device of the rule signals too: then nothing is left to verify."""
        others = (other for other in self.told if other != self.place and other in self.rule.places)
        return any(self._course(tier, other).at(0.0) for other in others)

    def _investigated(self) -> Event | None:
        """The end of a look round in which nobody found that it is no fire."""
        look = self.rule.investigate
        if look is None or (self.rule.during and self.around.during(self.rule.during) is False):
            return None
        alarms = self._alarms(look.of, look.at)
        begun = min((event for events in alarms.values() for event, _ in events), key=_seconds, default=None)
        if begun is None or not self.around.staffed:
            return begun  # nobody is there to look
        return begun.then(
            Part(f"staff acknowledge ({self.rule.id})", look.acknowledge_within_s, looked_into=True),
            Part(f"staff look ({self.rule.id})", look.then_s, looked_into=True),
        )

    def _coincidence(self, call: Call) -> Course:
        """Whether alarms from so many distinct places count, over time."""
        read = Coincidence.of(call)
        places: list[Course] = []
        for events in self._alarms(read.rules, read.at, neighbours=read.neighbours).values():
            spans = [_span(event, rule, read.within_s) for event, rule in events]
            places.append(either(spans))
        for name, place in self.unsure_of:
            if name in read.rules and self._counts(place, self._zones(neighbours=read.neighbours)):
                places.append(constant(None))

        def enough(truths: Iterable[Truth]) -> Truth:
            counted = list(truths)
            if counted.count(True) >= read.devices:
                return True
            return None if len(counted) - counted.count(False) >= read.devices else False

        return merge(places, enough)

    def _alarms(
        self, rules: Iterable[str], at: Tier, *, neighbours: bool = False
    ) -> dict[str, list[tuple[Event, Rule]]]:
        """For each place here: the alarms of these rules at the tier or above, when they were raised, by which rule."""
        zones = self._zones(neighbours=neighbours)
        raised: dict[str, list[tuple[Event, Rule]]] = {}
        for (name, place), tiers in self.found.items():
            if name in rules and self._counts(place, zones):
                events = [(event, self.rules[name]) for tier, event in tiers.items() if tier >= at]
                if events:
                    raised.setdefault(place, []).extend(events)
        return raised

    def _zones(self, *, neighbours: bool) -> frozenset[str]:
        """The zones whose alarms, and the alarms below which, are seen from here."""
        return frozenset({self.place, *(self.plan.venue.next_to[self.place] if neighbours else ())})

    def _counts(self, place: str, zones: frozenset[str]) -> bool:
        """Whether an alarm at a place is seen from here: a device sees its own and those of the zones that hold it."""
        venue = self.plan.venue
        if self.rule.each == "device":
            return place == self.place or place in venue.ancestry[venue.devices[self.place].zone]
        return not zones.isdisjoint(venue.holders[venue.devices[place].zone if place in venue.devices else place])


def _span(event: Event, rule: Rule, within_s: float | None) -> Course:
    """While an alarm counts: until some time after it ceased, or for as long as it is shown."""
    if within_s is not None:
        return between(event, event.until_s + within_s, None)
    return between(event, inf if rule.latching else event.until_s, None)


def _seconds(event: Event) -> float:
    return event.seconds


def _sooner(one: Event | None, other: Event | None) -> Event | None:
    """The first of two that may never be."""
    if one is None or other is None:
        return one or other
    return one if one.seconds <= other.seconds else other
