"""Engine time: seconds that never run backwards and go on across restarts; and wall time for people."""

import time
from pathlib import Path
from typing import Protocol

from msgspec import Struct

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Stamp(Struct, frozen=True):
    """One instant on every clock: `boottime` counts from the start of the machine named by `boot`, also in suspend."""

    at: float
    wall: float
    boot: str
    boottime: float


class Clock(Protocol):
    """What the daemon knows of time."""

    def now(self) -> float:
        """Engine time, seconds."""

    def wall(self) -> float:
        """Seconds since 1970; may be wrong and may be stepped."""

    def wall_of(self, at: float) -> float:
        """Wall time of an engine time, by what the wall clock says now."""

    def stamp(self) -> Stamp:
        """This instant."""

    def suspended_s(self) -> float:
        """Seconds that this machine has slept; grows only while nothing runs."""


class SystemClock:
    """Engine time on top of CLOCK_BOOTTIME, going on from the last stamp of the journal, or from `not_before`.

    `down_s` is the time between that stamp and now: by CLOCK_BOOTTIME within one boot of the machine, else by the wall
    clock, and never negative: a wall clock behind the stamp tells nothing, and it is taken as zero.
    """

    def __init__(self, last: Stamp | None = None, not_before: float = 0.0) -> None:
        self._boot = BOOT_ID.read_text().strip()
        self.down_s = _elapsed(last, self._boot)
        begin = max(last.at if last else 0.0, not_before) + self.down_s
        self._offset = begin - time.clock_gettime(time.CLOCK_BOOTTIME)

    def now(self) -> float:
        return time.clock_gettime(time.CLOCK_BOOTTIME) + self._offset

    def wall(self) -> float:
        return time.time()

    def wall_of(self, at: float) -> float:
        return time.time() - (self.now() - at)

    def stamp(self) -> Stamp:
        boottime = time.clock_gettime(time.CLOCK_BOOTTIME)
        return Stamp(boottime + self._offset, time.time(), self._boot, boottime)

    def suspended_s(self) -> float:
        return time.clock_gettime(time.CLOCK_BOOTTIME) - time.clock_gettime(time.CLOCK_MONOTONIC)


def _elapsed(last: Stamp | None, boot: str) -> float:
    if last is None:
        return 0.0
    if last.boot == boot:
        return max(0.0, time.clock_gettime(time.CLOCK_BOOTTIME) - last.boottime)
    return max(0.0, time.time() - last.wall)
