"""Rules that ask to have it said (`unknown: fault`) when they cannot decide: a fault of the place they are about."""

from rules.cause import Cause
from rules.decision import Decision
from rules.faults import FaultRegister
from rules.wording import named

BLIND = "blind:"  # fault code, the rule's id follows: what it asks is unknown at this place


def report(cause: Cause, faults: FaultRegister, now: float) -> list[Decision]:
    """Report that a rule cannot decide, or that it can again, if the rule asks for that."""
    rule = cause.alarm.rule
    if rule.unknown != "fault":
        return []
    place, code = _fault_of(cause)
    if not cause.blind:
        return faults.end(place, code, now)
    untold = named(cause.untold() or [place])
    text = f"rule {rule.id} cannot decide: too little is known of {untold}: look at them and their links"
    return faults.report(place, code, text, now)


def stands(cause: Cause, faults: FaultRegister) -> bool:
    """Whether people were told last that the rule cannot decide."""
    return cause.alarm.rule.unknown == "fault" and _fault_of(cause) in faults.standing


def _fault_of(cause: Cause) -> tuple[str, str]:
    return cause.alarm.place, f"{BLIND}{cause.alarm.rule.id}"
