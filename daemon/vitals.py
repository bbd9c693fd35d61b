"""How the process itself is: whether its loop turns on time, what memory and descriptors it holds."""

import os
import resource
from collections.abc import Callable
from pathlib import Path

from daemon.clock import Clock
from daemon.core import ProcessHealth
from rules.signal import Fault, Recovered, Signal

SOURCE = "tocsin/process"
LATE_S = 1.0  # the loop came later than this to a beat: every alarm in that time was as late
CALM_BEATS = 10  # on time in a row: the fault is over
RESERVED = 16  # descriptors kept from clients of the API: outputs, links and the journal must always be able to reopen

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_DESCRIPTORS = Path("/proc/self/fd")
_MEMORY = Path("/proc/self/statm")


def descriptors_left() -> int:
    """How many more files and sockets the process may open."""
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return most - _open_descriptors()


def _open_descriptors() -> int:
    try:
        return len(os.listdir(_DESCRIPTORS))
    except OSError:  # to look takes one, too
        return resource.getrlimit(resource.RLIMIT_NOFILE)[0]


class Vitals:
    """Looked at with each beat of the watchdog; `report` is told what is not well, and when that is over."""

    def __init__(self, clock: Clock, report: Callable[[Signal], None]) -> None:
        self._clock = clock
        self._report = report
        self._latest_s = 0.0  # the longest that the loop was ever late
        self._calm = CALM_BEATS
        self._standing: set[str] = set()

    def beat(self, lag_s: float) -> None:
        """The loop came so much later than it was due."""
        self._latest_s = max(self._latest_s, lag_s)
        self._calm = 0 if lag_s >= LATE_S else self._calm + 1
        if lag_s >= LATE_S:
            self._begin("late", f"the event loop stood still for {lag_s:.1f} s: alarms in that time were as late")
        elif self._calm >= CALM_BEATS:
            self._end("late")
        left = descriptors_left()
        if left < RESERVED:
            text = (
                f"only {left} more files can be opened: clients of the API are turned away until there are {RESERVED}"
            )
            self._begin("descriptors", f"{text}; something leaks them, or the service's LimitNOFILE is too low")
        else:
            self._end("descriptors")

    def health(self) -> ProcessHealth:
        most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        pages = int(_MEMORY.read_text().split()[1])
        return ProcessHealth(pages * _PAGE_BYTES, _open_descriptors(), most, self._latest_s)

    def _begin(self, code: str, text: str) -> None:
        if code not in self._standing:
            self._standing.add(code)
            self._report(Fault(self._clock.now(), SOURCE, code, text))

    def _end(self, code: str) -> None:
        if code in self._standing:
            self._standing.remove(code)
            self._report(Recovered(self._clock.now(), SOURCE, code))
