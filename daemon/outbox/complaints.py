"""The faults of one output: what it owes and cannot deliver, and what it has lost.

What is owed is a fault until it is delivered or given up. A loss cannot be made good: its fault stands for people to
see, LOSS_STANDS_S after the last loss of its kind and until the output has confirmed something since.
"""

import asyncio
from collections.abc import Callable

from daemon.clock import Clock
from rules.signal import Fault, Recovered, Signal

CAUSES_MAX = 10_000  # remembered for one fault: as many as a line holds
LOSS_STANDS_S = 600.0  # as a step of the clock: people who look round once in a while see it
CLOCKS_APART_S = 1.0  # between the loop's time and the engine's in LOSS_STANDS_S, with room to spare


class Complaints:
    """`report` is told when a fault begins and when it is over."""

    def __init__(self, source: str, clock: Clock, report: Callable[[Signal], None]) -> None:
        self._source = source
        self._clock = clock
        self._report = report
        self._standing: dict[str, set[int | str]] = {}  # code -> decisions and lines that cannot be delivered
        self._lost: dict[str, float] = {}  # code -> engine time of the last loss
        self._confirmed_at = -1.0
        self._timer: asyncio.TimerHandle | None = None

    def add(self, cause: int | str, code: str, text: str) -> None:
        """A decision or a whole line is late."""
        standing = self._standing.setdefault(code, set())
        if not standing:
            self._report(Fault(self._clock.now(), self._source, code, text))
        if len(standing) < CAUSES_MAX:
            standing.add(cause)

    def settle(self, cause: int | str, code: str) -> None:
        """One cause is gone; the fault is over with the last."""
        standing = self._standing.get(code)
        if standing and cause in standing:
            standing.discard(cause)
            if not standing:
                self._report(Recovered(self._clock.now(), self._source, code))

    def lost(self, code: str, text: str) -> None:
        """A delivery was refused, dropped or too old, and is not tried again."""
        now = self._clock.now()
        if code not in self._lost:
            self._report(Fault(now, self._source, code, text))
        self._lost[code] = now
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(LOSS_STANDS_S + CLOCKS_APART_S, self._end_losses)

    def confirmed(self) -> None:
        """The output works."""
        self._confirmed_at = self._clock.now()
        self._end_losses()

    def _end_losses(self) -> None:
        now = self._clock.now()
        for code, at in list(self._lost.items()):
            if now - at >= LOSS_STANDS_S and self._confirmed_at > at:
                del self._lost[code]
                self._report(Recovered(now, self._source, code))
