"""What is not well: the faults that stand, each reported once and ended once. Never alarms (NFPA 72: trouble)."""

from rules.decision import Because, Decision, EndFault, ReportFault
from rules.status import FaultStatus

MAX_TEXT = 500  # characters of a fault's text; foreign evidence is quoted in it


class FaultRegister:
    """Standing faults by source and code."""

    __slots__ = ("standing",)

    def __init__(self) -> None:
        self.standing: dict[tuple[str, str], FaultStatus] = {}

    def report(self, source: str, code: str, text: str, now: float) -> list[Decision]:
        """A fault occurs; nothing to say when it stands already."""
        if (source, code) in self.standing:
            return []
        text = text[:MAX_TEXT]
        self.standing[source, code] = FaultStatus(source, code, text, now)
        return [ReportFault(now, source, code, text, (Because(now, source, text),))]

    def end(self, source: str, code: str, now: float) -> list[Decision]:
        """A fault is over; nothing to say when it did not stand."""
        fault = self.standing.pop((source, code), None)
        if fault is None:
            return []
        return [EndFault(now, source, code, (Because(fault.since, source, fault.text),))]
