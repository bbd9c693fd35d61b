"""Every way from one device's danger signal to red and to an evacuation, once for devices that are alike."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from math import inf

from rules.analysis.calm_group import Told
from rules.analysis.chain import Chain
from rules.analysis.company import Company, several
from rules.analysis.extremes import DANGEROUS, Values, extreme
from rules.analysis.measure import Measure
from rules.analysis.places import Places
from rules.analysis.reach import Reach, Reached, reads
from rules.analysis.satisfy import together
from rules.analysis.week import ALWAYS, Situation
from rules.conditions import schedule_of
from rules.expression import Call, Name, Node, walk
from rules.plan import Plan, Rule, TierRule
from rules.surroundings import DURING, NOBODY_ON_DUTY
from rules.tier import Tier

COMPANIES = (0, 1, 2, 8)  # so many others are tried, when only the engine can say
ALIKE_AT = 9  # so many other alarms in a zone are as good as more: no rule of a venue asks for ten devices to agree


class Chains:
    """The chains of a plan. `classes` are its devices that tell of danger, those that are alike together.

    `measure` is shared by those who ask about several hours of one plan, for it plays so many stories and no more.
    """

    def __init__(self, plan: Plan, around: Situation = ALWAYS, measure: Measure | None = None) -> None:
        self._plan = plan
        self._around = around
        self.reach = Reach(plan, around)
        self._places = Places(plan)
        self._measure = measure or Measure(plan)
        self._by_id = {rule.id: rule for rule in plan.rules}
        self._matters = _matters(plan)
        self._looks_at = {rule.id: _names(rule) & DANGEROUS for rule in plan.rules}
        self._worst = _worst_of(plan, self._looks_at)
        self._company = Company(plan, self.reach, self._matters, self._worst)
        self._counts: dict[tuple[str, str], object] = {}
        classes: dict[object, list[str]] = {}
        for device in plan.venue.devices.values():
            if device.quantities & DANGEROUS:
                classes.setdefault(self._likeness(device.id), []).append(device.id)
        self.classes = [tuple(devices) for devices in classes.values()]

    def all(self, ceiling: Tier = Tier.RED) -> Iterator[Chain]:
        """Every chain, in the order of the venue's devices and of the plan's rules.

        `ceiling`: as if the rules that look at devices had no tier above it.
        """
        for devices in self.classes:
            yield from self.of(devices, ceiling)

    def of(self, devices: tuple[str, ...], ceiling: Tier = Tier.RED) -> Iterator[Chain]:
        """The chains of devices that are alike: for each rule that looks at them, alone and together with others.

        What is possible and could not be worked out is a chain too, with `untimed`.
        """
        device = devices[0]
        for rule in self._bases(device):
            found = list(self._led(devices, rule, ceiling))
            yield from found
            yield from self._not_worked_out(devices, rule, ceiling, found)

    def everything(self, device: str) -> Values:
        """The worst that a device can say of everything it measures."""
        return extreme(self._plan.venue.devices[device], DANGEROUS)

    def _led(self, devices: tuple[str, ...], rule: Rule, ceiling: Tier) -> Iterator[Chain]:
        """Where it leads alone, with those whom the rule needs for each tier, and with those who confirm it."""
        device, seconded = devices[0], False
        stages = {tuple(others.items()): tier for others, tier in self._stages(device, rule, ceiling)}
        for company, tier in stages.items():
            others = dict(company)
            bases = frozenset({rule.id, *others.values()})
            told = self._company.told(others) | {device: self._worst(device, rule.id)}
            alone = self.reach.follow(told, bases, ceiling)
            yield self._chain(devices, rule, tier, told, alone)
            agreed = None if seconded else self._seconded(device, rule, ceiling, alone)
            if agreed is not None:
                seconded = True
                yield self._chain(devices, rule, tier, *agreed)

    def _stages(self, device: str, rule: Rule, ceiling: Tier) -> Iterator[tuple[dict[str, str], Tier]]:
        """The tiers that its alarm reaches: by the device alone, then each with the fewest others that it takes."""
        for place in self._places_of(device, rule):
            told = {device: self._worst(device, rule.id)}
            reached = self._tier_at(rule, place, told, frozenset({rule.id}), ceiling)
            if reached:
                yield {}, reached
            for tier in rule.tiers if several(rule) else ():
                if reached < tier.tier <= ceiling:
                    others, needed = self._raising(device, rule, place, tier.tier, ceiling)
                    if others is not None and needed:
                        reached = tier.tier
                        yield others, reached

    def _raising(
        self, device: str, rule: Rule, place: str, tier: Tier, ceiling: Tier
    ) -> tuple[dict[str, str] | None, bool]:
        """The fewest others with whom an alarm reaches a tier, and whether the device is needed for it."""

        def rises(said: Told, bases: frozenset[str]) -> bool:
            return self._tier_at(rule, place, said, bases, ceiling) >= tier

        agree = self.reach.origins_of(rule.id)
        others = self._company.find(device, rule, agree, rises)
        return others, others is not None and not rises(self._company.told(others), agree)

    def _by_others(self, device: str, rule: Rule, tier: Tier, ceiling: Tier) -> bool:
        """Whether others bring an alarm to a tier, to which the device adds nothing."""
        places = self._places_of(device, rule) if several(rule) else ()
        return any(self._raising(device, rule, place, tier, ceiling)[0] is not None for place in places)

    def _seconded(self, device: str, rule: Rule, ceiling: Tier, alone: Reached) -> tuple[Told, Reached] | None:
        """The fewest others with whom it comes to red sooner than by either."""
        agree = self._company.agreeing(device, rule)
        if not agree:
            return None

        def sooner(said: Told, bases: frozenset[str]) -> bool:
            return _sooner(self.reach.follow(said, bases, ceiling), alone)

        others = self._company.find(device, rule, agree, sooner)
        if others is None:
            return None
        bases, company = frozenset({rule.id, *others.values()}), self._company.told(others)
        told = company | {device: self._worst(device, rule.id)}
        together = self.reach.follow(told, bases, ceiling)
        return (told, together) if _sooner(together, self.reach.follow(company, bases, ceiling)) else None

    def _not_worked_out(
        self, devices: tuple[str, ...], rule: Rule, ceiling: Tier, found: Sequence[Chain]
    ) -> Iterator[Chain]:
        """The highest tier of its alarm, or the evacuation behind it, if that can be and was not reached."""
        device, why, plan = devices[0], "", ""
        reached = max((chain.tier for chain in found), default=Tier.NONE)
        here = self._places_of(device, rule)
        possible = [one for one in rule.tiers if one.tier <= ceiling and self._can_be(rule, one, here)]
        behind = [one for one in (rule, *self._company.readers(device, rule)) if one.evacuate is not None]
        if possible and possible[-1].tier > reached and not self._by_others(device, rule, possible[-1].tier, ceiling):
            why, reached = _asks(rule, possible[-1]), possible[-1].tier
            plan = next((one.evacuate for one in behind if one.evacuate), "")
        elif found and not any(chain.evacuation for chain in found):
            for reader in (one for one in behind if one is not rule):
                top, around = reader.tiers[-1], (device, *self._company.around(device))
                beside = [place for place in around if place in reader.places]
                if self._can_be(reader, top, beside) and not self._comes_to(device, rule, reader):
                    why, plan = _asks(reader, top), reader.evacuate or ""
        if why:
            told = {device: self._worst(device, rule.id)}
            chain = replace(self._chain(devices, rule, reached, told, Reached({}, {})), untimed=why, plan=plan)
            yield self._measure.of(chain, self._companies(device, rule), self._apart(rule), ceiling, self._around)

    def _companies(self, device: str, rule: Rule) -> Iterator[Told]:
        """The device with none and with more and more others."""
        agree = self.reach.origins_of(rule.id) | self._company.agreeing(device, rule)
        others = self._company.nearest(device, rule, agree, COMPANIES[-1])
        told = {device: self._worst(device, rule.id)}
        yield from (self._company.told(dict(others[:n])) | told for n in COMPANIES if n <= len(others))

    def _apart(self, rule: Rule) -> frozenset[str]:
        """The rules that look at danger, and neither read this one nor are read beside it."""
        read = (self.reach.origins_of(other.id) for other in self._plan.rules)
        with_it = frozenset[str]().union(*(names for names in read if rule.id in names))
        return frozenset(one for one, names in self._looks_at.items() if names and one not in with_it)

    def _comes_to(self, device: str, rule: Rule, reader: Rule) -> bool:
        """Whether another rule can be seen to put its plan in force when this device and others agree."""

        def evacuates(said: Told, bases: frozenset[str]) -> bool:
            return reader.evacuate in self.reach.follow(said, bases).plans

        agree = self.reach.origins_of(reader.id)
        return self._company.find(device, rule, agree, evacuates) is not None

    def _can_be(self, rule: Rule, tier: TierRule, places: Iterable[str]) -> bool:
        """Whether a tier can ever be at one of these places, at this hour."""
        asked: list[tuple[Node, bool]] = [(tier.when.root, True)]
        for node in walk(tier.when.root):
            if isinstance(node, Name) and node.name == NOBODY_ON_DUTY:
                asked.append((node, not self._around.staffed))
            if isinstance(node, Call) and node.function == DURING:
                active = self._around.during(schedule_of(node))
                if active is None:
                    return False  # what is not known never makes a tier true
                asked.append((node, active))
        return any(together(asked, self._places.at(rule, place)) is not None for place in places)

    def _places_of(self, device: str, rule: Rule) -> list[str]:
        """Where a rule looks at a device: at it, or in the zones that hold it."""
        return [place for place in (device, *self.reach.zones_of(device)) if place in rule.places]

    def _tier_at(self, rule: Rule, place: str, told: Told, bases: frozenset[str], ceiling: Tier) -> Tier:
        """The tier that one alarm reaches."""
        tiers = self.reach.follow(told, bases, ceiling).alarms.get((rule.id, place), {})
        return max(tiers, default=Tier.NONE)

    def _chain(self, devices: tuple[str, ...], rule: Rule, tier: Tier, told: Told, reached: Reached) -> Chain:
        plan, evacuation = reached.evacuation or ("", None)
        return Chain(devices[0], devices, rule.id, tier, told, reached.red, evacuation, plan, self._around.when)

    def _bases(self, device: str) -> list[Rule]:
        """The rules that look at the danger that this device tells of, device rules first, each once."""
        places = (device, *self.reach.zones_of(device))
        rules = dict.fromkeys(rule.id for place in places for rule in self.reach.rules_at(place))
        return [self._by_id[rule] for rule in rules if rule in self._matters and self._sees(self._by_id[rule], device)]

    def _sees(self, rule: Rule, device: str) -> bool:
        return bool(self._worst(device, rule.id)) and (not rule.members or device in rule.members)

    def _likeness(self, device: str) -> object:
        """What makes two devices alike: what they measure, the rules at them, and what stands beside them in a zone.

        A rule that cannot lead to red or to an evacuation makes no difference.
        """
        one = self._plan.venue.devices[device]
        around = [
            (rule.id, device in rule.members, self._beside(rule, zone))
            for zone in self._company.around(device)
            for rule in self.reach.rules_at(zone)
            if rule.id in self._matters
        ]
        here = tuple(rule.id for rule in self.reach.rules_at(device) if rule.id in self._matters)
        return one.kind, one.quantities, here, tuple(around)

    def _beside(self, rule: Rule, zone: str) -> object:
        """The devices in the zone that a rule can count, as far as that matters."""
        key = rule.id, zone
        if key not in self._counts:
            read = reads(rule)
            here = self._plan.venue.devices_within[zone]
            counted = (device for device in here if any(one.id in read for one in self.reach.rules_at(device)))
            alarms = sum(1 for _, _ in zip(counted, range(ALIKE_AT), strict=False)) if read else 0
            members = (one for one in here if not rule.members or one in rule.members)
            kinds = Counter(self._plan.venue.devices[one].quantities & self._looks_at[rule.id] for one in members)
            self._counts[key] = alarms, frozenset(kinds.items()) if self._looks_at[rule.id] else ()
        return self._counts[key]


def _worst_of(plan: Plan, looks_at: Mapping[str, frozenset[str]]) -> Callable[[str, str], Values]:
    """The worst that a device can say of what a rule looks at. No method: a circle of objects would hold the plan until
    the collector comes by, and while a venue is loaded it does not.
    """
    return lambda device, rule: extreme(plan.venue.devices[device], looks_at[rule])


def _sooner(one: Reached, other: Reached) -> bool:
    """Whether one comes to red sooner than the other does."""
    return one.red is not None and (other.red is None or one.red.seconds < other.red.seconds)


def _asks(rule: Rule, tier: TierRule) -> str:
    """A tier and its condition in words."""
    return f"{rule.id} {tier.tier.word}: {tier.when.text.strip()}"


def _names(rule: Rule) -> frozenset[str]:
    return frozenset[str]().union(*(tier.when.quantities for tier in rule.tiers))


def _matters(plan: Plan) -> frozenset[str]:
    """The rules of fire and panic, and every rule that can lead to red or to an evacuation."""
    found: set[str] = set()
    for rule in reversed(plan.rules):
        if rule.highly_managed or rule.id in found or rule.tiers[-1].tier is Tier.RED:
            found |= {rule.id, *reads(rule)}
    return frozenset(found)


def slowest(chains: Iterable[Chain]) -> list[Chain]:
    """Of chains in different hours that are otherwise the same, the one that takes longest to its evacuation."""
    found: dict[object, Chain] = {}
    for chain in chains:
        same = found.setdefault((chain.device, chain.rule, tuple(chain.told)), chain)
        if _to_evacuation(chain) > _to_evacuation(same):
            found[chain.device, chain.rule, tuple(chain.told)] = chain
    return list(found.values())


def _to_evacuation(chain: Chain) -> float:
    if chain.untimed:
        return inf
    return -1.0 if chain.evacuation is None else chain.evacuation.seconds
