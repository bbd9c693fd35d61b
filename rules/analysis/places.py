"""What is known of the places of a rule: what their devices measure, how many they are, whose alarms can count."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from rules.analysis.satisfy import Known
from rules.expression import Call, Duration, Names, Node, Number, Word, walk
from rules.plan import Plan, Rule
from rules.tier import Tier


@dataclass(frozen=True, slots=True)
class Coincidence:
    """An alarms(...) condition taken apart."""

    rules: tuple[str, ...]
    at: Tier
    devices: int
    neighbours: bool
    within_s: float | None
    call: Call

    @property
    def names(self) -> Names:
        """The rules as they are written."""
        names = self.call.arguments[0][1]
        assert isinstance(names, Names)
        return names

    @classmethod
    def of(cls, call: Call) -> "Coincidence":
        """From a checked call of alarms()."""
        given = dict(call.arguments)
        names, at, devices = call.arguments[0][1], given.get("at"), given.get("devices")
        within = given.get("within")
        assert isinstance(names, Names)
        return cls(
            names.names,
            Tier.from_word(at.word) if isinstance(at, Word) else Tier.BLUE,
            int(devices.value) if isinstance(devices, Number) else 1,
            "among" in given,
            within.seconds if isinstance(within, Duration) else None,
            call,
        )


def coincidences(root: Node) -> Iterator[Coincidence]:
    """Every alarms(...) in an expression."""
    for node in walk(root):
        if isinstance(node, Call) and node.function == "alarms":
            yield Coincidence.of(node)


class Places:
    """The places of all rules of a plan."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._rules = {rule.id: rule for rule in plan.rules}

    def known(self, rule: Rule) -> list[Known]:
        """What is known at each place of a rule; places that are alike are told once."""
        if rule.each == "device":
            alike = {self._plan.venue.devices[place].quantities: place for place in reversed(rule.places)}
            return [self.at(rule, place) for place in alike.values()]
        return [self.at(rule, place) for place in rule.places]

    def at(self, rule: Rule, place: str) -> Known:
        """What is known at one place of a rule."""

        def can_alarm(call: Call) -> bool:
            read = Coincidence.of(call)
            return self.countable(read, place) >= read.devices

        venue = self._plan.venue
        if place in venue.devices:
            return Known(venue.devices[place].quantities, can_alarm)
        here = [device for device in venue.devices_within[place] if not rule.members or device in rule.members]
        members = Counter(venue.devices[device].quantities for device in here)
        return Known(frozenset[str]().union(*members), can_alarm, members)

    def countable(self, read: Coincidence, place: str) -> int:
        """How many distinct devices or zones can ever count for a coincidence at a place."""
        venue = self._plan.venue
        zone = venue.devices[place].zone if place in venue.devices else place
        zones = {zone, *(venue.next_to[zone] if read.neighbours else ())}
        found: set[str] = set()
        for id_ in read.rules:
            rule = self._rules.get(id_)
            if rule is not None and rule.tiers[-1].tier >= read.at:
                found.update(one for one in rule.places if self._counts_in(one, place, zones))
        return len(found)

    def _counts_in(self, one: str, place: str, zones: set[str]) -> bool:
        venue = self._plan.venue
        if place in venue.devices:  # a device asks about itself and the zones that hold it
            return one == place or one in venue.ancestry[venue.devices[place].zone]
        inside = venue.ancestry[venue.devices[one].zone if one in venue.devices else one]
        return not zones.isdisjoint(inside)
