"""The instants at which something happens without being told: one heap, stale entries skipped when they surface."""

from heapq import heapify, heappop, heappush

Key = tuple[str, str]  # what kind of timer, and for whom


class Timers:
    """At most one instant for each key; setting it again replaces it."""

    __slots__ = ("_due", "_heap", "_order")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Key]] = []
        self._due: dict[Key, float] = {}
        self._order = 0  # ties go in the order they were set

    def set(self, key: Key, due: float | None) -> None:
        """Wake `key` at `due`; None means not at all."""
        if due is None:
            self._due.pop(key, None)
            return
        if self._due.get(key) == due:
            return
        self._due[key] = due
        self._order += 1
        heappush(self._heap, (due, self._order, key))
        if len(self._heap) > 64 + 4 * len(self._due):
            self._drop_stale()

    def next(self) -> float | None:
        """The earliest instant set."""
        heap = self._heap
        while heap and self._due.get(heap[0][2]) != heap[0][0]:
            heappop(heap)
        return heap[0][0] if heap else None

    def pop(self, now: float) -> Key | None:
        """The key of the earliest instant that has come, which is then no longer set; None when none has."""
        due = self.next()
        if due is None or due > now:
            return None
        key = heappop(self._heap)[2]
        del self._due[key]
        return key

    def _drop_stale(self) -> None:
        self._heap = [entry for entry in self._heap if self._due.get(entry[2]) == entry[0]]
        heapify(self._heap)
