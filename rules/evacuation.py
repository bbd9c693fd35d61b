"""Evacuations in force. Latched: a person's all-clear ends one, nothing else does."""

from rules.decision import Because, Decision, EndEvacuation, Evacuate
from rules.plan import EvacuationPlan
from rules.status import EvacuationStatus


class Evacuations:
    """At most one evacuation for each plan. `count` numbers them for the life of the journal."""

    __slots__ = ("count", "in_force")

    def __init__(self) -> None:
        self.in_force: dict[str, EvacuationStatus] = {}
        self.count = 0

    def of_plan(self, plan: str) -> EvacuationStatus | None:
        """The evacuation that puts this plan in force, if any."""
        return next((status for status in self.in_force.values() if status.plan == plan), None)

    def begin(self, plan: EvacuationPlan, origin: str, now: float, because: tuple[Because, ...]) -> list[Decision]:
        """Put a plan in force; nothing to say when it is already."""
        if self.of_plan(plan.id):
            return []
        self.count += 1
        evacuation = f"{plan.id}-{self.count}"
        self.in_force[evacuation] = EvacuationStatus(evacuation, plan.id, plan.zones, origin, now)
        return [Evacuate(now, evacuation, plan.id, plan.zones, origin, because)]

    def end(self, evacuation: str, now: float, because: tuple[Because, ...]) -> list[Decision]:
        """A person gave the all-clear. Raises KeyError when no such evacuation is in force."""
        status = self.in_force.pop(evacuation)
        return [EndEvacuation(now, evacuation, status.plan, status.zones, because)]
