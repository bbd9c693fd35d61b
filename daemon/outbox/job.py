"""A delivery that one output owes, and what came of it so far."""

from dataclasses import dataclass
from typing import Literal

from drivers.contract import Delivery
from rules.danger import HIGHLY_MANAGED
from rules.decision import (
    Advance,
    AlarmChange,
    EndEvacuation,
    Evacuate,
    Investigate,
    Reroute,
    StandDown,
    Verify,
    ZoneTier,
)

Reason = Literal["decided", "taken_up", "stands_in", "unconfirmed", "failed"]


@dataclass(slots=True)
class Job:
    """`decision` is the number of its event. `reason` says why it is sent next: it was decided; an earlier run of the
    daemon did not see it confirmed; another output could not deliver it; nobody confirmed the last try; that failed.
    """

    decision: int
    delivery: Delivery
    reason: Reason = "decided"
    tries: int = 0
    error: str = ""  # of the last try
    given_up: bool = False  # dropped or discarded: not to be tried again

    def __str__(self) -> str:
        return f"{type(self.delivery.decision).__name__} {self.delivery.id}"


def is_command(job: Job) -> bool:
    """Orders that somebody leads people out, or that this is over: they stand in no line."""
    return isinstance(job.delivery.decision, Evacuate | Advance | EndEvacuation)


def is_urgent(job: Job) -> bool:
    """What people in danger wait for goes before all other news.

    All that is ever said of one alarm, zone or evacuation goes the same way, so that its order is kept.
    """
    match job.delivery.decision:
        case AlarmChange(category=category):
            return category in HIGHLY_MANAGED
        case ZoneTier() | Investigate() | StandDown() | Verify() | Reroute():
            return True
        case _:
            return is_command(job)
