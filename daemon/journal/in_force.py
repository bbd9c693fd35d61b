"""Evacuations as the deliveries that put them in force tell of them: only people end one, so an engine that has not
heard why one is in force takes it up all the same.
"""

from collections.abc import Iterable

from msgspec.structs import replace

from drivers.contract import Delivery
from rules.decision import Advance, Because, Decision, EndEvacuation, Evacuate, Reroute
from rules.engine import Engine
from rules.snapshot import with_evacuations
from rules.status import EvacuationStatus


def taken_up(engine: Engine, told: Iterable[Delivery], count: int, rules: str) -> tuple[Engine, list[Decision]]:
    """The engine with all evacuations that were told, and what is to be said of those that it knows by another id.

    `count` evacuations there were at least; `rules` is the digest of the files in force.
    """
    known = {status.evacuation for status in engine.evacuations()}
    plans = {status.plan: status.evacuation for status in engine.evacuations()}
    missing = [status for status in evacuations_of(told).values() if status.evacuation not in known]
    ends: list[Decision] = []
    for status in missing:
        if status.plan in plans:
            why = Because(engine.now, "tocsin", f"it goes on as {plans[status.plan]}")
            ends.append(EndEvacuation(engine.now, status.evacuation, status.plan, status.zones, (why,)))
    more = [status for status in missing if status.plan not in plans]
    if more:
        numbers = [status.evacuation.rpartition("-")[2] for status in more]
        count = max(count, *(int(number) for number in numbers if number.isdigit()), 0)
        engine = Engine.restore(engine.plan, with_evacuations(engine.snapshot(), more, count, rules))
    return engine, ends


def evacuations_of(told: Iterable[Delivery]) -> dict[str, EvacuationStatus]:
    """By id; the stages of each in the order in which they were told."""
    found: dict[str, EvacuationStatus] = {}
    for delivery in told:
        decision = delivery.decision
        if isinstance(decision, Evacuate):
            found[decision.evacuation] = EvacuationStatus(
                *(decision.evacuation, decision.plan, decision.zones, decision.origin, decision.at, decision.stage),
                begun=(decision.stage,),
                blocked=decision.blocked,
                origins=(decision.origin,),
            )
        elif isinstance(decision, Advance) and (known := found.get(decision.evacuation)):
            begun = (*known.begun, decision.stage)
            zones = decision.moved or (*known.zones, *decision.zones)
            found[decision.evacuation] = replace(
                known, zones=zones, stage=decision.stage, begun=begun, blocked=decision.blocked
            )
        elif isinstance(decision, Reroute) and (known := found.get(decision.evacuation)):
            found[decision.evacuation] = replace(known, blocked=decision.blocked)
    return found
