"""Evacuations in force, stage by stage. Latched: a person's all-clear ends one, nothing else does.

the first stage --its time since the beginning has come, or a commander says so--> the next, and so on to the last
any stage --fire confirmed elsewhere, or a person orders the plan again--> everybody who is left, at once
a stage to come --the venue's files no longer have the plan--> everybody in the venue, at once
"""

from collections.abc import Iterable

from msgspec.structs import replace

from rules.decision import Advance, Because, Decision, EndEvacuation, Evacuate, Reroute
from rules.plan import EvacuationPlan, Plan, Stage
from rules.stages import unit, zones_of
from rules.status import EvacuationStatus
from rules.timers import Timers
from rules.venue import Text
from rules.ways import WaysOut

_EVERYBODY = "everybody"  # id of the stage that stands for those of a plan that is gone


class Evacuations:
    """At most one evacuation for each plan. `count` numbers them for the life of the journal."""

    __slots__ = ("_plans", "_timers", "_venue", "count", "in_force", "ways")

    def __init__(self, plan: Plan, timers: Timers) -> None:
        self._plans = plan.evacuation_plans
        self._venue = plan.venue
        self._timers = timers
        self.ways = WaysOut(plan)
        self.in_force: dict[str, EvacuationStatus] = {}
        self.count = 0

    def of_plan(self, plan: str) -> EvacuationStatus | None:
        """The evacuation that puts this plan in force, if any."""
        return next((status for status in self.in_force.values() if status.plan == plan), None)

    def moves_everybody(self, plan: str) -> bool:
        """Whether this plan is in force and nobody is left who would be moved later."""
        status = self.of_plan(plan)
        return status is not None and not any(stage.moves_people for stage in self._left(status))

    def confirmed(self, plan: EvacuationPlan, zone: str, now: float, because: tuple[Because, ...]) -> list[Decision]:
        """A fire is confirmed in a zone: it puts the plan in force, or, in another part of the plan, moves all."""
        status, place = self.of_plan(plan.id), unit(plan, self._venue, zone)
        if status is None:
            return self._begin(plan, zone, place is None, now, because)
        known = {unit(plan, self._venue, origin) for origin in status.origins}
        if zone not in status.origins:
            status = self.in_force[status.evacuation] = replace(status, origins=(*status.origins, zone))
        return self._move_all(status.evacuation, now, because) if place is None or place not in known else []

    def ordered(self, plan: EvacuationPlan, now: float, because: tuple[Because, ...]) -> list[Decision]:
        """A person orders a plan: everybody at once. Nothing to say when nobody is left to be moved."""
        status = self.of_plan(plan.id)
        if status is None:
            return self._begin(plan, self._venue.root, True, now, because)
        return self._move_all(status.evacuation, now, because)

    def advance(self, evacuation: str, now: float, because: tuple[Because, ...]) -> list[Decision]:
        """A person begins the next stage now; [] when none is left. Raises KeyError when no such is in force."""
        left = self._left(self.in_force[evacuation])
        told: list[Decision] = []
        while left and not told:  # a stage that finds nobody to move is passed over
            told = self._begin_stage(evacuation, left.pop(0), now, because)
        return told

    def ring(self, evacuation: str, now: float) -> list[Decision]:
        """The time of the next stage has come."""
        status = self.in_force[evacuation]
        stage = self._left(status)[0]
        text = f"{stage.after_s:g} s after it began: stage {stage.id}"
        if status.plan not in self._plans:
            text = f"the venue's files no longer have its plan {status.plan!r}: everybody leaves"
        why = Because(now, evacuation, text)
        return self._begin_stage(evacuation, stage, now, (why,))

    def reroute(self, now: float, because: tuple[Because, ...]) -> list[Decision]:
        """Look at the ways out again; what changed for those who are led out."""
        told: list[Decision] = []
        for status in list(self.in_force.values()):
            blocked = self.ways.blocked(status.zones)
            if blocked == status.blocked:
                continue
            self.in_force[status.evacuation] = replace(status, blocked=blocked)
            why = (*because, *self.ways.closed(status.zones, now))
            told.append(
                Reroute(
                    *(now, status.evacuation, status.plan, status.zones, blocked, why),
                    *(status.stage, status.origin),
                )
            )
        return told

    def end(self, evacuation: str, now: float, because: tuple[Because, ...]) -> list[Decision]:
        """A person gave the all-clear. Raises KeyError when no such evacuation is in force."""
        status = self.in_force.pop(evacuation)
        self._timers.set(("stage", evacuation), None)
        return [EndEvacuation(now, evacuation, status.plan, status.zones, because)]

    def restore(self, kept: Iterable[EvacuationStatus], count: int) -> None:
        """Go on where it was before a restart. Stages that the plan got meanwhile are still to come; where stages were
        to come and the plan is gone, everybody is moved.
        """
        self.count = count
        for status in kept:
            self.in_force[status.evacuation] = _whole(status, self._plans.get(status.plan))
            self._expect_next(status.evacuation)

    def _begin(
        self, plan: EvacuationPlan, origin: str, at_once: bool, now: float, because: tuple[Because, ...]
    ) -> list[Decision]:
        self.count += 1
        evacuation = f"{plan.id}-{self.count}"
        self.in_force[evacuation] = EvacuationStatus(evacuation, plan.id, (), origin, now, origins=(origin,))
        told = self._begin_stage(evacuation, plan.in_stages[0], now, because)
        return [*told, *self._move_all(evacuation, now, because)] if at_once else told

    def _move_all(self, evacuation: str, now: float, because: tuple[Because, ...]) -> list[Decision]:
        """Begin every stage until nobody is left to be moved; those of actions alone after that keep their time."""
        told: list[Decision] = []
        left = self._left(self.in_force[evacuation])
        while any(stage.moves_people for stage in left):
            told += self._begin_stage(evacuation, left.pop(0), now, because)
        return told

    def _begin_stage(self, evacuation: str, stage: Stage, now: float, because: tuple[Because, ...]) -> list[Decision]:
        """Begin the next stage. One that has neither people nor actions is passed over in silence."""
        status = self.in_force[evacuation]
        plan = self._plans.get(status.plan) or self._in_place_of(status.plan)
        zones = zones_of(stage, plan, self._venue, status.origin, status.zones)
        moved = (*status.zones, *zones)
        blocked = self.ways.blocked(moved)
        begun = (*status.begun, stage.id)
        self.in_force[evacuation] = replace(status, zones=moved, stage=stage.id, begun=begun, blocked=blocked)
        self._expect_next(evacuation)
        why = (*because, *self.ways.closed(moved, now))
        what = (evacuation, plan.id)
        if not status.begun:
            return [Evacuate(now, *what, zones, status.origin, why, stage.id, stage.actions, blocked)]
        if not zones and not stage.actions:
            return []
        return [Advance(now, *what, stage.id, zones, stage.actions, blocked, why, status.origin, moved)]

    def _expect_next(self, evacuation: str) -> None:
        status = self.in_force[evacuation]
        left = self._left(status)
        due = status.since + left[0].after_s if left else None
        self.in_force[evacuation] = replace(status, due=due)
        self._timers.set(("stage", evacuation), due)

    def _left(self, status: EvacuationStatus) -> list[Stage]:
        """The stages still to come."""
        plan = self._plans.get(status.plan)
        if plan is None:
            none_left = status.due is None or self._venue.root in status.zones
            return [] if none_left else list(self._in_place_of(status.plan).stages)
        return [stage for stage in plan.in_stages if stage.id not in status.begun]

    def _in_place_of(self, plan: str) -> EvacuationPlan:
        """Nobody knows any more whom the plan would have moved: the whole venue."""
        everybody = (self._venue.root,)
        return EvacuationPlan(plan, everybody, Text(""), Text(""), (Stage(_EVERYBODY, everybody),))


def _whole(status: EvacuationStatus, plan: EvacuationPlan | None) -> EvacuationStatus:
    """An evacuation kept by a version without stages: its plan was carried out whole."""
    if status.begun:
        return status
    begun = tuple(stage.id for stage in plan.in_stages) if plan else ()
    return replace(status, begun=begun, origins=(status.origin,))
