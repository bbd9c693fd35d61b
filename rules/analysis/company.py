"""The devices that must agree with one, as few as there need be: for a rule over several, or for a coincidence."""

from collections.abc import Callable, Iterator
from itertools import islice

from rules.analysis.calm_group import Told
from rules.analysis.extremes import Values
from rules.analysis.places import coincidences
from rules.analysis.reach import Reach, reads
from rules.expression import calls
from rules.plan import Plan, Rule

MAX_COMPANY = 256  # devices that are tried together, nearest first: a rule that asks for more is not worked out
TRIMMED = 9  # from so few, those that are not needed are taken out one by one; no ordinary rule asks for more

Goal = Callable[[Told, frozenset[str]], bool]


class Company:
    """Who can agree with a device, by which rules.

    `matters`: the rules that can lead to red or to an evacuation; `worst`: what a device says of what a rule looks at.
    """

    def __init__(self, plan: Plan, reach: Reach, matters: frozenset[str], worst: Callable[[str, str], Values]) -> None:
        self._plan = plan
        self._reach = reach
        self._matters = matters
        self._worst = worst

    def find(self, device: str, rule: Rule, agree: frozenset[str], goal: Goal) -> dict[str, str] | None:
        """The fewest others, nearest first, with whom the device comes to a goal; each with the rule that sees it.

        None when there are none. `agree` are the rules by which others can help.
        """
        others = self.nearest(device, rule, agree, MAX_COMPANY)
        told = {device: self._worst(device, rule.id)}

        def comes(some: list[tuple[str, str]]) -> bool:
            return goal(self.told(dict(some)) | told, frozenset({rule.id, *(base for _, base in some)}))

        few, many = 0, 1
        while not comes(others[:many]):
            if many >= len(others):
                return None
            few, many = many, many * 2
        many = min(many, len(others))
        while many - few > 1:
            middle = (few + many) // 2
            few, many = (few, middle) if comes(others[:middle]) else (middle, many)
        found = others[:many]
        for other in list(found) if many <= TRIMMED else ():
            fewer = [one for one in found if one != other]
            found = fewer if comes(fewer) else found
        return dict(found)

    def nearest(self, device: str, rule: Rule, agree: frozenset[str], most: int) -> list[tuple[str, str]]:
        """The others who could agree, each with the rule that sees it."""
        return list(islice(self._others(device, rule, agree), most))

    def told(self, others: dict[str, str]) -> dict[str, Values]:
        """What these say, each the worst of what its rule looks at."""
        return {other: self._worst(other, base) for other, base in others.items()}

    def agreeing(self, device: str, rule: Rule) -> frozenset[str]:
        """The rules that can help this one to more: by an alarm that asks for several, here or beside."""
        found: set[str] = set()
        for reader in self.readers(device, rule):
            if several(reader):
                found |= self._reach.origins_of(reader.id)
        return frozenset(found)

    def readers(self, device: str, rule: Rule) -> list[Rule]:
        """The rules that read its alarms, directly or through others, where they can count this device."""
        places = (device, *self.around(device))
        here = {one.id: one for place in places for one in self._reach.rules_at(place) if one.id in self._matters}
        return [one for one in here.values() if one is not rule and rule.id in self._reach.origins_of(one.id)]

    def around(self, device: str) -> tuple[str, ...]:
        """The zones whose rules may count a device: those that hold it, then those beside them."""
        zones = self._reach.zones_of(device)
        return tuple(dict.fromkeys([*zones, *(one for zone in zones for one in self._plan.venue.next_to[zone])]))

    def _others(self, device: str, rule: Rule, agree: frozenset[str]) -> Iterator[tuple[str, str]]:
        """Those who say something that a rule of these looks at, nearest first, each with the first such rule.

        The rule of the device itself comes first: two that see the same agree sooner than two that do not.
        """
        seen = {device}
        for zone in self.around(device):
            for other in self._plan.venue.devices_within[zone]:
                if other not in seen:
                    seen.add(other)
                    here = [
                        one.id for place in (other, *self._reach.zones_of(other)) for one in self._reach.rules_at(place)
                    ]
                    first = sorted(here, key=lambda one: one != rule.id)
                    base = next((one for one in first if one in agree and self._worst(other, one)), None)
                    if base is not None:
                        yield other, base


def several(rule: Rule) -> bool:
    """Whether a rule may ask for more than one device can say."""
    roots = [tier.when.root for tier in rule.tiers]
    asked = [call.function for root in roots for call in calls(root)]
    return (
        len(asked) > 1
        or any(read.devices > 1 for root in roots for read in coincidences(root))
        or any(function in ("count", "share", "all", "min", "mean") for function in asked if rule.each != "device")
        or (rule.each == "device" and bool(reads(rule)))
    )
