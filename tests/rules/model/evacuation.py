"""Leading people out: stages, ways, and that only a person ends it."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from rules.plan import EvacuationPlan, Stage
from rules.tier import Tier
from tests.rules.model.state import State, holders, neighbours, rule_of

Timer = tuple[float, str, str, Callable[[], None]]
Evacuation = dict[str, Any]


def timers(s: State) -> Iterator[Timer]:
    """The next stage of each evacuation: counted from its beginning, as the plan says now."""
    for one in s.evacuations.values():
        due = next_due(s, one)
        if due is not None:
            yield due, "stage", one["id"], partial(_next, s, one)


def next_due(s: State, one: Evacuation) -> float | None:
    """When the next stage begins by itself; None when none is left."""
    left = _left(s, one)
    return float(one["since"]) + left[0].after_s if left else None


def _next(s: State, one: Evacuation) -> None:
    _begin_stage(s, one, _left(s, one)[0])


def of_plan(s: State, plan: str) -> Evacuation | None:
    """The evacuation that puts this plan in force."""
    return next((one for one in s.evacuations.values() if one["plan"] == plan), None)


def _left(s: State, one: Evacuation) -> list[Stage]:
    plan = s.plan.evacuation_plans.get(one["plan"])
    return [] if plan is None else [stage for stage in plan.in_stages if stage.id not in one["begun"]]


def moves_everybody(s: State, plan: str) -> bool:
    """Whether it is in force, and nobody is left who would be moved later."""
    one = of_plan(s, plan)
    return one is not None and not any(stage.moves_people for stage in _left(s, one))


# Beginning


def confirmed(s: State, plan: EvacuationPlan, zone: str) -> None:
    """It burns in a zone. In another part of the plan than before: everybody, at once."""
    one, part = of_plan(s, plan.id), _part(s, plan, zone)
    if one is None:
        _begin(s, plan, zone, part is None)
        return
    known = [_part(s, plan, origin) for origin in one["origins"]]
    if zone not in one["origins"]:
        one["origins"].append(zone)
    if part is None or part not in known:
        _all_at_once(s, one)


def ordered(s: State, plan: EvacuationPlan) -> bool:
    """A person orders it: everybody, at once. Whether anybody was left to be moved."""
    one = of_plan(s, plan.id)
    if one is None:
        _begin(s, plan, s.plan.venue.root, True)
        return True
    before = len(s.said)
    _all_at_once(s, one)
    return len(s.said) > before


def advanced(s: State, one: Evacuation) -> bool:
    """A commander begins the next stage; those in which there is nothing to do are passed over."""
    before = len(s.said)
    while len(s.said) == before:
        left = _left(s, one)
        if not left:
            return False
        _begin_stage(s, one, left[0])
    return True


def _begin(s: State, plan: EvacuationPlan, origin: str, at_once: bool) -> None:
    s.evacuation_count += 1
    one = {
        "id": f"{plan.id}-{s.evacuation_count}",
        "plan": plan.id,
        "zones": [],
        "origin": origin,
        "since": s.now,
        "begun": [],
        "origins": [origin],
        "blocked": [],
    }
    s.evacuations[str(one["id"])] = one
    _begin_stage(s, one, plan.in_stages[0])
    if at_once:
        _all_at_once(s, one)


def _all_at_once(s: State, one: Evacuation) -> None:
    while any(stage.moves_people for stage in _left(s, one)):
        _begin_stage(s, one, _left(s, one)[0])


def _begin_stage(s: State, one: Evacuation, stage: Stage) -> None:
    zones = [zone for zone in _who(s, one, stage) if not any(above in one["zones"] for above in holders(s, zone))]
    first = not one["begun"]
    one["zones"] += zones
    one["begun"].append(stage.id)
    one["blocked"] = _blocked(s, one["zones"])
    what = {
        "evacuation": one["id"],
        "plan": one["plan"],
        "stage": stage.id,
        "zones": tuple(zones),
        "actions": stage.actions,
        "blocked": tuple(one["blocked"]),
        "origin": one["origin"],
    }
    if first:
        s.say("Evacuate", **what)
    elif zones or stage.actions:
        s.say("Advance", **what, moved=tuple(one["zones"]))


def _part(s: State, plan: EvacuationPlan, zone: str) -> str | None:
    """The zone of the plan that holds this one; None when it is not known where in the plan it burns."""
    named = [*plan.zones, *(listed for stage in plan.stages for listed in stage.zones)]
    return next((above for above in holders(s, zone) if above in named), None)


def _who(s: State, one: Evacuation, stage: Stage) -> list[str]:
    plan = s.plan.evacuation_plans[one["plan"]]
    part = _part(s, plan, one["origin"])
    if stage.who == "listed":
        return list(stage.zones)
    if stage.who == "rest" or (stage.who == "origin" and part is None):
        return list(plan.zones)
    if part is None:
        return []
    return [part] if stage.who == "origin" else neighbours(s, part)


# The ways out


def burning(s: State) -> list[str]:
    """The zones on any way out that burn."""
    passed = {zone for one in s.plan.venue.zones.values() for route in one.routes for zone in route.through}
    return sorted(zone for zone in passed if _burns(s, zone))


def look_at_ways(s: State) -> None:
    """If it burns elsewhere than before: a way became blocked or free for those who are led out."""
    before, s.burning = s.burning, burning(s)
    if s.burning != before:
        say_ways(s)


def say_ways(s: State) -> None:
    """Tell of each evacuation for which the ways are others than people were told."""
    for one in s.evacuations.values():
        blocked = _blocked(s, one["zones"])
        if blocked != one["blocked"]:
            one["blocked"] = blocked
            s.say(
                "Reroute",
                evacuation=one["id"],
                plan=one["plan"],
                zones=tuple(one["zones"]),
                blocked=tuple(blocked),
                stage=one["begun"][-1],
                origin=one["origin"],
            )


def _blocked(s: State, zones: list[str]) -> list[str]:
    """The blocked ways out of these zones, of what is in them and of what holds them."""
    return [
        route.id
        for zone in s.plan.venue.zones.values()
        if any(zone.id in holders(s, one) or one in holders(s, zone.id) for one in zones)
        for route in zone.routes
        if any(_burns(s, passed) for passed in route.through)
    ]


def _burns(s: State, passed: str) -> bool:
    """Whether a fire alarm is shown at orange or above in a zone, told by a detector."""
    return any(
        alarm["tier"] >= Tier.ORANGE
        and rule_of(s, alarm).category == "fire"
        and not _by_hand(s, alarm["rule"])
        and passed in holders(s, alarm["zone"])
        for alarm in s.alarms.values()
    )


def _by_hand(s: State, rule_id: str) -> bool:
    """A call point tells where a person was, not where it burns."""
    rule = next(rule for rule in s.plan.rules if rule.id == rule_id)
    named = {name for tier in rule.tiers for name in tier.when.quantities}
    return rule.each == "device" and bool(named) and named <= {"contact", "pressed"}
