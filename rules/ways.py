"""The ways out, and which of them a fire blocks: a sign that leads into a fire is worse than none."""

from collections.abc import Sequence

from rules.alarm import Alarm
from rules.danger import CALLS
from rules.decision import Because
from rules.plan import Plan, Rule
from rules.tier import Tier
from rules.venue import Zone

BLOCKS_FROM = Tier.ORANGE  # below it a detector asks for a look
CLOSED_MAX = 8  # zones without a way out named in one decision; the rest are counted


class WaysOut:
    """Counts the fire alarms in each zone that a route passes through, and in the zones below it."""

    __slots__ = ("_by_hand", "_fires", "_served", "_venue")

    def __init__(self, plan: Plan) -> None:
        self._venue = plan.venue
        self._served = [zone for zone in plan.venue.zones.values() if zone.routes]
        self._fires = {passed: 0 for zone in self._served for route in zone.routes for passed in route.through}
        self._by_hand = {rule.id for rule in plan.rules if _is_by_hand(rule)}

    def change(self, alarm: Alarm, before: Tier, after: Tier) -> bool:
        """An alarm's shown tier changed, latched ones included. Whether a zone on a route began or ceased to burn."""
        burnt, burns = before >= BLOCKS_FROM, after >= BLOCKS_FROM
        if burnt == burns or alarm.rule.category != "fire" or alarm.rule.id in self._by_hand:
            return False
        changed = False
        for zone in self._venue.ancestry[alarm.zone]:
            if zone in self._fires:
                was_free = self._fires[zone] == 0
                self._fires[zone] += 1 if burns else -1
                changed = changed or was_free != (self._fires[zone] == 0)
        return changed

    def blocked(self, zones: Sequence[str]) -> tuple[str, ...]:
        """The blocked routes out of these zones, in the venue's order."""
        routes = [route for zone in self._serving(zones) for route in zone.routes]
        return tuple(route.id for route in routes if self._burns(route.through))

    def closed(self, zones: Sequence[str], now: float) -> tuple[Because, ...]:
        """Evidence for each of these zones, or part of one, that has no free route left."""
        closed = [zone.id for zone in self._serving(zones) if all(self._burns(route.through) for route in zone.routes)]
        told = [Because(now, zone, f"no free route from {zone}") for zone in closed[:CLOSED_MAX]]
        if len(closed) > CLOSED_MAX:
            told.append(Because(now, self._venue.root, f"no free route from {len(closed) - CLOSED_MAX} more zones"))
        return tuple(told)

    def _burns(self, zones: Sequence[str]) -> bool:
        return any(self._fires[zone] for zone in zones)

    def _serving(self, zones: Sequence[str]) -> list[Zone]:
        """The zones whose routes lead out of any of these: their own, those of what is in them, of what they are in."""
        inside = {above for zone in zones for above in self._venue.ancestry.get(zone, ())}
        chosen = set(zones)
        return [
            zone for zone in self._served if zone.id in inside or chosen.intersection(self._venue.ancestry[zone.id])
        ]


def _is_by_hand(rule: Rule) -> bool:
    named = frozenset[str]().union(*(tier.when.quantities for tier in rule.tiers))
    return rule.each == "device" and bool(named) and named <= CALLS  # they tell where a person was, not where it burns
