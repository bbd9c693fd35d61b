"""Which deliveries a person may give up, in which role."""

from daemon.outbox.job import Job
from rules.danger import HIGHLY_MANAGED
from rules.decision import Advance, AlarmChange, EndEvacuation, Evacuate
from rules.signal import Role


def why_kept(job: Job, role: Role) -> str:
    """Why a person in this role may not discard it; empty when they may."""
    decision = job.delivery.decision
    if isinstance(decision, Evacuate | Advance):
        return f"{decision.evacuation} is in force: nobody but the all-clear takes back what leads people out"
    grave = isinstance(decision, EndEvacuation) or (
        isinstance(decision, AlarmChange) and decision.category in HIGHLY_MANAGED
    )
    if grave and role != "commander":
        return "what is said of fire, panic and the end of an evacuation is discarded by a commander only"
    if role == "operator":
        return "a commander or an engineer discards deliveries"
    return ""
