"""The worst tier of each zone: of the alarms in it and in every zone below it. Faults do not count."""

from rules.alarm import Alarm
from rules.decision import Because, Decision, ZoneTier
from rules.tier import Tier
from rules.venue import Venue


class ZoneTiers:
    """How many alarms each zone has at each tier."""

    __slots__ = ("_counts", "_venue", "tiers")

    def __init__(self, venue: Venue) -> None:
        self._venue = venue
        self._counts: dict[str, list[int]] = {zone: [0] * len(Tier) for zone in venue.zones}
        self.tiers: dict[str, Tier] = dict.fromkeys(venue.zones, Tier.NONE)

    def change(
        self, alarm: Alarm, before: Tier, after: Tier, now: float, because: tuple[Because, ...]
    ) -> list[Decision]:
        """An alarm's shown tier changed; the zones whose worst tier changed with it, innermost first."""
        if before == after or alarm.rule.category == "fault":
            return []
        changed: list[Decision] = []
        for zone in self._venue.ancestry[alarm.zone]:
            counts = self._counts[zone]
            counts[before] -= 1
            counts[after] += 1
            worst = next((tier for tier in reversed(Tier) if tier and counts[tier]), Tier.NONE)
            if worst != self.tiers[zone]:
                self.tiers[zone] = worst
                changed.append(ZoneTier(now, zone, worst, because))
        return changed
