"""What is not well: the faults that stand, each reported once and ended once. Never alarms (NFPA 72: trouble)."""

from rules.decision import Because, Decision, EndFault, ReportFault
from rules.status import FaultStatus

SILENT = "silent"  # fault code: not heard within its staleness time
OFFLINE = "offline"  # fault code: its last will or its gateway says it is gone
LINK_DOWN = "link_down"  # fault code: the wire is dead
SILENCES = (SILENT, OFFLINE)

MAX_TEXT = 500  # characters of a fault's text; foreign evidence is quoted in it


class FaultRegister:
    """Standing faults by source and code."""

    __slots__ = ("standing",)

    def __init__(self) -> None:
        self.standing: dict[tuple[str, str], FaultStatus] = {}

    def report(self, source: str, code: str, text: str, now: float, explained_by: str = "") -> list[Decision]:
        """A fault occurs; nothing to say when it stands already. `explained_by`: what failed before it."""
        if (source, code) in self.standing:
            return []
        text = text[:MAX_TEXT]
        self.standing[source, code] = FaultStatus(source, code, text, now)
        return [ReportFault(now, source, code, text, (Because(now, source, text),), explained_by)]

    def end(self, source: str, code: str, now: float) -> list[Decision]:
        """A fault is over; nothing to say when it did not stand."""
        fault = self.standing.pop((source, code), None)
        if fault is None:
            return []
        return [EndFault(now, source, code, (Because(fault.since, source, fault.text),))]
