"""What goes on without the daemon: true time, the machine's clocks, chance, and things that happen by themselves."""

import hashlib
import heapq
from collections.abc import Callable
from itertools import count
from random import Random

EPOCH = 1_790_000_000.0  # wall time, seconds since 1970, at which a world begins: in 2026


class World:
    """Time passes only while nothing is to be done; the same seed gives the same world."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self._trace = hashlib.sha256()
        self.now = 0.0  # true seconds, which nobody but the tests can read
        self.wall_offset = EPOCH
        self.boot = 1
        self.booted_at = 0.0
        self.slept_s = 0.0  # of this boot
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()

    def later(self, delay_s: float, call: Callable[[], None]) -> None:
        """Let something happen after so many true seconds."""
        heapq.heappush(self._agenda, (self.now + delay_s, next(self._numbers), call))

    def note(self, what: str) -> None:
        """Something that must happen at this very instant whenever this seed is lived again."""
        self._trace.update(f"{self.now!r} {what}\n".encode())

    @property
    def trace(self) -> str:
        """Tells two lives of a seed apart."""
        return self._trace.hexdigest()[:12]

    def next_at(self) -> float:
        return self._agenda[0][0] if self._agenda else float("inf")

    def pass_until(self, instant: float) -> None:
        """Let time pass, and all happen that is due by then."""
        while self._agenda and self._agenda[0][0] <= instant:
            at, _, call = heapq.heappop(self._agenda)
            self.now = max(self.now, at)
            call()
        self.now = max(self.now, instant)

    def sleep(self, seconds: float) -> None:
        """The machine is suspended: time passes, and its monotonic clock stands still."""
        self.now += seconds
        self.slept_s += seconds

    def reboot(self, wall_error_s: float) -> None:
        """Another boot of the machine, whose wall clock may have come back wrong."""
        self.boot += 1
        self.booted_at = self.now
        self.slept_s = 0.0
        self.wall_offset += wall_error_s


class Time:
    """Stands where the daemon's modules have `time`."""

    CLOCK_MONOTONIC = 1
    CLOCK_BOOTTIME = 7

    def __init__(self, world: World) -> None:
        self._world = world

    def clock_gettime(self, clock: int) -> float:
        world = self._world
        slept_s = world.slept_s if clock == self.CLOCK_MONOTONIC else 0.0
        return world.now - world.booted_at - slept_s

    def clock_gettime_ns(self, clock: int) -> int:
        return int(self.clock_gettime(clock) * 1e9)

    def monotonic(self) -> float:
        return self.clock_gettime(self.CLOCK_MONOTONIC)

    def time(self) -> float:
        return self._world.now + self._world.wall_offset
