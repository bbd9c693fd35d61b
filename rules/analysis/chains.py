"""Every way from one device's danger signal to red and to an evacuation, once for devices that are alike."""

from collections.abc import Iterable, Iterator

from rules.analysis.chain import Chain
from rules.analysis.extremes import DANGEROUS, Values, extreme
from rules.analysis.places import Coincidence, coincidences
from rules.analysis.reach import Reach, Reached, Told, reads
from rules.analysis.week import ALWAYS, Situation
from rules.plan import Plan, Rule
from rules.tier import Tier

ALIKE_AT = 9  # so many other alarms in a zone are as good as more: no rule of a venue asks for ten devices to agree


class Chains:
    """The chains of a plan. `classes` are its devices that tell of danger, those that are alike together."""

    def __init__(self, plan: Plan, around: Situation = ALWAYS) -> None:
        self._plan = plan
        self._when = around.when
        self.reach = Reach(plan, around)
        self._by_id = {rule.id: rule for rule in plan.rules}
        self._matters = _matters(plan)
        self._looks_at = {rule.id: _names(rule) & DANGEROUS for rule in plan.rules}
        self._counts: dict[tuple[str, str], int] = {}
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
        """The chains of devices that are alike: for each rule that looks at them, alone and together with others."""
        device = devices[0]
        for rule in self._bases(device):
            told = {device: self.worst(device, rule.id)}
            alone = self.reach.follow(told, frozenset({rule.id}), ceiling)
            tier = alone.highest(rule.id)
            if not tier:
                continue
            yield self._chain(devices, rule, tier, told, alone)
            for others in self._others(device, rule):
                bases = frozenset({rule.id, *others.values()})
                company = {other: self.worst(other, base) for other, base in others.items()}
                both = self.reach.follow(company | told, bases, ceiling)
                if both.red is None or not _sooner(both, alone):
                    continue
                if _sooner(both, self.reach.follow(company, bases, ceiling)):
                    yield self._chain(devices, rule, tier, company | told, both)
                    break

    def worst(self, device: str, rule: str) -> Values:
        """The worst that a device can say of what a rule looks at."""
        return extreme(self._plan.venue.devices[device], self._looks_at[rule])

    def everything(self, device: str) -> Values:
        """The worst that a device can say of everything it measures."""
        return extreme(self._plan.venue.devices[device], DANGEROUS)

    def _chain(self, devices: tuple[str, ...], rule: Rule, tier: Tier, told: Told, reached: Reached) -> Chain:
        plan, evacuation = reached.evacuation or ("", None)
        return Chain(devices[0], devices, rule.id, tier, told, reached.red, evacuation, plan, self._when)

    def _bases(self, device: str) -> list[Rule]:
        """The rules that look at the danger that this device tells of, device rules first, each once."""
        places = (device, *self.reach.zones_of(device))
        rules = dict.fromkeys(rule.id for place in places for rule in self.reach.rules_at(place))
        return [self._by_id[rule] for rule in rules if rule in self._matters and self.worst(device, rule)]

    def _others(self, device: str, rule: Rule) -> Iterator[dict[str, str]]:
        """Devices that could agree with this one by a coincidence, each with the rule that would raise its alarm."""
        for zone in self._around(device):
            for reader in self.reach.rules_at(zone):
                for tier in reader.tiers if reader.id in self._matters else ():
                    for read in coincidences(tier.when.root):
                        if rule.id in read.rules and read.devices > 1:
                            yield self._company(device, zone, read)

    def _company(self, device: str, zone: str, read: Coincidence) -> dict[str, str]:
        """As many others as must agree, each with a rule that raises its alarm: from the zone, then from beside it."""
        venue = self._plan.venue
        zones = (zone, *(venue.next_to[zone] if read.neighbours else ()))
        found: dict[str, str] = {}
        for other in (one for place in zones for one in venue.devices_within[place] if one != device):
            if len(found) == read.devices - 1:
                break
            rules = (rule.id for rule in self.reach.rules_at(other) if rule.id in read.rules)
            raising = next((rule for rule in rules if self.worst(other, rule)), None)
            if raising is not None:
                found[other] = raising
        return found

    def _around(self, device: str) -> tuple[str, ...]:
        """The zones whose rules may count a device: those that hold it, then those beside them."""
        zones = self.reach.zones_of(device)
        return tuple(dict.fromkeys([*zones, *(one for zone in zones for one in self._plan.venue.next_to[zone])]))

    def _likeness(self, device: str) -> object:
        """What makes two devices alike: what they measure, the rules at them, and what stands beside them in a zone.

        A rule that cannot lead to red or to an evacuation makes no difference.
        """
        one = self._plan.venue.devices[device]
        around = [
            (rule.id, device in rule.members, self._beside(rule, zone))
            for zone in self._around(device)
            for rule in self.reach.rules_at(zone)
            if rule.id in self._matters
        ]
        here = tuple(rule.id for rule in self.reach.rules_at(device) if rule.id in self._matters)
        return one.kind, one.quantities, here, tuple(around)

    def _beside(self, rule: Rule, zone: str) -> int:
        """How many devices in the zone can be counted by a rule, as far as that matters."""
        key = rule.id, zone
        if key not in self._counts:
            read = reads(rule)
            here = self._plan.venue.devices_within[zone]
            counted = (device for device in here if any(one.id in read for one in self.reach.rules_at(device)))
            self._counts[key] = sum(1 for _, _ in zip(counted, range(ALIKE_AT), strict=False)) if read else 0
        return self._counts[key]


def _sooner(one: Reached, other: Reached) -> bool:
    """Whether one comes to red sooner than the other does."""
    return other.red is None or (one.red is not None and one.red.seconds < other.red.seconds)


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
    return -1.0 if chain.evacuation is None else chain.evacuation.seconds
