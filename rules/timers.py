"""The instants at which something happens without being told: one heap, stale entries skipped when they surface."""

from heapq import heapify, heappop, heappush
from typing import Literal

Kind = Literal[
    "awaited",  # a device has had its time to tell what it did not tell yet
    "chatter",  # an alarm that chattered has been quiet
    "flood",  # fewer alarms come again than people can follow
    "held",  # what a window of a device says changes
    "investigate",  # the time to acknowledge or to look round
    "level",  # a delay of a tier
    "overlay",  # the time for which an alarm is kept from view
    "re_alarm",  # an alarm that stands without a sound sounds again
    "show",  # the time of a show
    "silent",  # a device was not heard for its staleness time
    "stage",  # the next stage of an evacuation
    "window",  # a coincidence forgets a device
]
Key = tuple[Kind, str]  # what kind of timer, and for whom: an alarm, a device, a zone, an evacuation


class Timers:
    """At most one instant for each key; setting it again replaces it."""

    __slots__ = ("_due", "_heap")

    def __init__(self) -> None:
        self._heap: list[tuple[float, Key]] = []  # ties go by key, so that a restart does not change their order
        self._due: dict[Key, float] = {}

    def set(self, key: Key, due: float | None) -> None:
        """Wake `key` at `due`; None means not at all."""
        if due is None:
            self._due.pop(key, None)
            return
        if self._due.get(key) == due:
            return
        self._due[key] = due
        heappush(self._heap, (due, key))
        if len(self._heap) > 64 + 4 * len(self._due):
            self._drop_stale()

    def next(self) -> float | None:
        """The earliest instant set."""
        heap = self._heap
        while heap and self._due.get(heap[0][1]) != heap[0][0]:
            heappop(heap)
        return heap[0][0] if heap else None

    def pop(self, now: float) -> tuple[float, Key] | None:
        """The earliest instant that has come, and its key, which is then no longer set; None when none has."""
        if not self._heap or self._heap[0][0] > now:
            return None
        due = self.next()
        if due is None or due > now:
            return None
        ringing = heappop(self._heap)
        del self._due[ringing[1]]
        return ringing

    def _drop_stale(self) -> None:
        self._heap = [entry for entry in self._heap if self._due.get(entry[1]) == entry[0]]
        heapify(self._heap)
