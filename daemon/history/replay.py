"""How far a target can be believed. Servers acknowledge points before these are on their disk: what was acknowledged
shortly before a server died has to be sent again.

A row counts as kept when the server was still reached over an unbroken connection `window_s` after the row was sent.
When the connection breaks, all that is not kept is sent again. Pure: time is given.
"""

from collections import deque
from dataclasses import dataclass
from math import inf
from typing import NamedTuple

LONGEST = 10.0  # windows: a connection that breaks more often than once a window must not repeat for ever


class Place(NamedTuple):
    """After the row `seq`, with which `total` signals are in the journal so far. Rows come in order, so places do."""

    seq: int = 0
    total: int = 0


@dataclass(slots=True)
class _Mark:
    """All up to `place` was acknowledged, the first time at `first_s`, and since the last break at `last_s`."""

    place: Place
    first_s: float
    last_s: float


class Replay:
    """Starts with everything up to `kept` believed."""

    def __init__(self, window_s: float, kept: Place) -> None:
        self._window_s = window_s
        self._marks: deque[_Mark] = deque()
        self._again = False  # some of them are to be sent again
        self.kept = kept

    def sent(self, place: Place, now: float) -> None:
        """All up to there is acknowledged."""
        if self._again:
            for mark in self._marks:
                if mark.place <= place and mark.last_s == inf:
                    mark.last_s = now
            self._again = self._marks[-1].last_s == inf
        if place > (self._marks[-1].place if self._marks else self.kept):
            self._marks.append(_Mark(place, now, now))

    def reached(self, now: float) -> None:
        """The server answered, over the same connection as before."""
        while self._marks and self._believed(self._marks[0], now):
            self.kept = self._marks.popleft().place

    def broken(self) -> None:
        """The connection was lost: whatever is not kept may be."""
        for mark in self._marks:
            mark.last_s = inf
        self._again = bool(self._marks)

    def _believed(self, mark: _Mark, now: float) -> bool:
        again = now - mark.first_s >= LONGEST * self._window_s and mark.last_s < inf
        return again or now - mark.last_s >= self._window_s
