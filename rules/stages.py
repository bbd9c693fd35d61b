"""Who is moved by a stage of an evacuation. When it is not known where it burns, all are moved: nobody is left out."""

from collections.abc import Sequence

from rules.plan import EvacuationPlan, Stage
from rules.venue import Venue


def unit(plan: EvacuationPlan, venue: Venue, zone: str) -> str | None:
    """The zone of the plan, or of its stages, that holds this zone; the innermost one. None when none does."""
    named = {*plan.zones, *(zone for stage in plan.stages for zone in stage.zones)}
    return next((above for above in venue.ancestry.get(zone, ()) if above in named), None)


def zones_of(stage: Stage, plan: EvacuationPlan, venue: Venue, origin: str, moved: Sequence[str]) -> tuple[str, ...]:
    """The zones that a stage moves, without those in `moved` and below them. `origin` is where it began."""
    return tuple(zone for zone in _asked(stage, plan, venue, origin) if not _is_within(zone, moved, venue))


def _asked(stage: Stage, plan: EvacuationPlan, venue: Venue, origin: str) -> tuple[str, ...]:
    if stage.who == "listed":
        return stage.zones
    if stage.who == "rest":
        return plan.zones
    place = unit(plan, venue, origin)
    if stage.who == "origin":
        return plan.zones if place is None else (place,)
    return () if place is None else venue.next_to[place]


def _is_within(zone: str, moved: Sequence[str], venue: Venue) -> bool:
    return not set(moved).isdisjoint(venue.ancestry.get(zone, (zone,)))
