"""What a snapshot holds and the plan has no place for: people are told its end, because the venue's files have changed.

Evacuations are never left over: only people end them.
"""

from rules.decision import Because, Clear, Decision, StandDown, ZoneTier
from rules.investigation import Step
from rules.plan import Plan
from rules.snapshot import AlarmSnapshot
from rules.tier import Tier

_GONE = "its rule or its place is no longer in the venue's files"
_NOT_LOOKED_INTO = "its rule no longer asks for an investigation"


class LeftOver:
    """Alarms and investigations of rules or places that are gone, and zones whose tier became another with that."""

    def __init__(self) -> None:
        self._alarms: dict[str, AlarmSnapshot] = {}
        self._investigations: dict[str, AlarmSnapshot] = {}
        self._zones: list[str] = []

    def alarm_gone(self, alarm: str, kept: AlarmSnapshot) -> None:
        """The plan has no such alarm. People know of it if it was in view, or if they were told that it is not."""
        if kept.tier or kept.withheld or any(overlay.kind != "suppressed" for overlay in kept.overlays):
            self._alarms[alarm] = kept
        if kept.step in (Step.ACKNOWLEDGE, Step.LOOK):
            self._investigations[alarm] = kept

    def investigation_gone(self, alarm: str, kept: AlarmSnapshot) -> None:
        """The plan has the alarm, but no investigation for it."""
        if kept.step in (Step.ACKNOWLEDGE, Step.LOOK):
            self._investigations[alarm] = kept

    def zones_told(self, told: dict[str, Tier], now: dict[str, Tier]) -> None:
        """The tiers that were told last, and those that the alarms which are kept add up to."""
        self._zones = [zone for zone, tier in told.items() if tier != now.get(zone, Tier.NONE)]

    def end(self, plan: Plan, zones: dict[str, Tier], now: float) -> list[Decision]:
        """Say the end of all that is left over, and the tier of each zone that changed with it. Once."""
        said: list[Decision] = []
        for alarm, kept in self._investigations.items():
            why = _GONE if alarm in self._alarms or not _has_rule(plan, alarm) else _NOT_LOOKED_INTO
            said.append(StandDown(now, alarm, _zone(plan, kept), (Because(now, alarm, why),)))
        for alarm, kept in self._alarms.items():
            rule, _, place = alarm.partition("@")
            why_gone = (Because(now, place, _GONE),)
            zone = _zone(plan, kept)
            said.append(Clear(now, alarm, rule, place, zone, kept.category, Tier.NONE, "normal", False, why_gone))
        for zone in self._zones:
            because = (Because(now, zone, "the venue's files have changed"),)
            said.append(ZoneTier(now, zone, zones.get(zone, Tier.NONE), because))
        self._alarms.clear()
        self._investigations.clear()
        self._zones.clear()
        return said


def _has_rule(plan: Plan, alarm: str) -> bool:
    return any(rule.id == alarm.partition("@")[0] for rule in plan.rules)


def _zone(plan: Plan, kept: AlarmSnapshot) -> str:
    return kept.zone if kept.zone in plan.venue.zones else plan.venue.root
