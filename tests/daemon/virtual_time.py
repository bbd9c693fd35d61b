"""An event loop whose clock jumps to the next timer: minutes pass in milliseconds, and every run is the same."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any

from daemon.clock import Stamp


class _Selector(selectors.SelectSelector):
    """Waits for nothing: time passes instead."""

    passed_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("nothing is scheduled: the test waits for what never comes")
        self.passed_s += max(0.0, timeout)
        return []


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)
        self._clock_resolution = 1e-9

    def time(self) -> float:
        return self._virtual.passed_s


class VirtualClock:
    """Engine time and wall time of the running virtual loop."""

    def now(self) -> float:
        return 100.0 + asyncio.get_running_loop().time()

    def wall(self) -> float:
        return 1_700_000_000.0 + self.now()

    def wall_of(self, at: float) -> float:
        return 1_700_000_000.0 + at

    def stamp(self) -> Stamp:
        return Stamp(self.now(), self.wall(), "boot", self.now())

    def suspended_s(self) -> float:
        return 0.0


def run_virtually(main: Coroutine[Any, Any, None]) -> None:
    """Run a test's coroutine to its end."""
    with asyncio.Runner(loop_factory=_Loop) as runner:
        runner.run(main)
