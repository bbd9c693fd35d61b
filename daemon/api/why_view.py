"""An explanation of the engine as the API says it: names, tier words, wall times."""

from collections.abc import Callable

from daemon.api.models import TIER_WORDS, BecauseView, NameView, PartView, WhyTierView, WhyView
from rules.explain import Explanation, TierExplanation
from rules.parts import Part
from rules.plan import Plan


def why_view(found: Explanation, plan: Plan, time_of: Callable[[float], str]) -> WhyView:
    """`time_of` turns an engine time into ISO 8601."""
    rule = next(rule for rule in plan.rules if rule.id == found.rule)
    place = plan.venue.zones.get(found.place) or plan.venue.devices[found.place]
    return WhyView(
        time=time_of(found.at),
        alarm=found.alarm,
        title=NameView(rule.title.en, rule.title.zh),
        rule=found.rule,
        place=found.place,
        place_name=NameView(place.name.en, place.name.zh),
        state=found.state,
        tier=TIER_WORDS[found.tier],
        since=None if found.state == "normal" else time_of(found.since),
        verdict=found.verdict,
        tiers=tuple(_tier(tier, found.at) for tier in found.tiers),
        notes=found.notes,
        because=tuple(BecauseView(time_of(one.at), one.source, one.text, one.line) for one in found.because),
    )


def _tier(tier: TierExplanation, now: float) -> WhyTierView:
    return WhyTierView(
        TIER_WORDS[tier.tier],
        tier.line,
        tier.phase,
        None if tier.due is None else tier.due - now,
        tier.on_delay_s,
        tier.off_delay_s,
        _part(tier.when),
        None if tier.clear is None else _part(tier.clear),
    )


def _part(part: Part) -> PartView:
    return PartView(part.text, part.truth, part.found, tuple(_part(below) for below in part.parts), part.by)
