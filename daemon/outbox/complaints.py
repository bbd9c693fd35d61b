"""The faults of one output: each stands while a delivery that caused it is owed."""

from collections.abc import Callable

from daemon.clock import Clock
from rules.signal import Fault, Recovered, Signal

DECISIONS_MAX = 10_000  # remembered for one fault: as many as a line holds


class Complaints:
    """`report` is told when the first cause of a fault comes, and when the last is gone."""

    def __init__(self, source: str, clock: Clock, report: Callable[[Signal], None]) -> None:
        self._source = source
        self._clock = clock
        self._report = report
        self._standing: dict[str, set[int]] = {}  # code -> decisions that cannot be delivered

    def add(self, decision: int, code: str, text: str) -> None:
        """A delivery is late, refused, dropped or too old."""
        standing = self._standing.setdefault(code, set())
        if not standing:
            self._report(Fault(self._clock.now(), self._source, code, text))
        if len(standing) < DECISIONS_MAX:
            standing.add(decision)

    def settle(self, decision: int, code: str) -> None:
        """One cause is gone."""
        standing = self._standing.get(code)
        if standing and decision in standing:
            standing.discard(decision)
            if not standing:
                self._report(Recovered(self._clock.now(), self._source, code))

    def settle_all(self, *codes: str) -> None:
        """The output works: whatever could not be delivered is not what is wrong now."""
        for code in codes:
            if self._standing.get(code):
                self._standing[code].clear()
                self._report(Recovered(self._clock.now(), self._source, code))
