"""Which messages of a device have been taken already, by its own count."""

from collections.abc import Iterable

from rules.signal import Origin

WINDOW = 4096  # sequence numbers back from the newest; older ones count as new: better twice than lost
MAX_BOOTS = 2  # this run of the device and the one before, whose messages may still be queued at the broker

SeenState = tuple[str, int, str]  # boot, newest seq, hexadecimal bits: bit n set when newest seq - n was taken


class Seen:
    """A sliding window of sequence numbers for each of the last runs of one device."""

    __slots__ = ("_runs",)

    def __init__(self, runs: Iterable[SeenState] = ()) -> None:
        self._runs: dict[str, tuple[int, int]] = {boot: (newest, int(bits, 16)) for boot, newest, bits in runs}

    def __contains__(self, origin: Origin) -> bool:
        run = self._runs.get(origin.boot)
        if run is None:
            return False
        newest, bits = run
        back = newest - origin.seq
        return back >= 0 and bool(bits >> back & 1)

    def precedes(self, one: Origin, other: Origin) -> bool:
        """Whether the device sent one message before the other. A run that is not known any more came before all."""
        if one.boot == other.boot:
            return one.seq < other.seq
        if other.boot not in self._runs:
            return False
        oldest_first = (boot for boot in self._runs if boot in (one.boot, other.boot))
        return next(oldest_first) == one.boot

    def add(self, origin: Origin) -> None:
        """Remember a message."""
        run = self._runs.get(origin.boot)
        if run is None:
            while len(self._runs) >= MAX_BOOTS:
                del self._runs[next(iter(self._runs))]
            self._runs[origin.boot] = (origin.seq, 1)
            return
        newest, bits = run
        ahead = origin.seq - newest
        if ahead > 0:
            shifted = (bits << ahead | 1) & _MASK if ahead < WINDOW else 1
            self._runs[origin.boot] = (origin.seq, shifted)
        elif -ahead < WINDOW:
            self._runs[origin.boot] = (newest, bits | 1 << -ahead)

    def runs(self) -> list[SeenState]:
        """What must be kept to go on after a restart."""
        return [(boot, newest, f"{bits:x}") for boot, (newest, bits) in self._runs.items()]


_MASK = (1 << WINDOW) - 1
