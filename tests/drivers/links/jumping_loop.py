"""An event loop in which nobody waits: when nothing is to be done, its clock jumps to the next timer."""

import asyncio
import selectors
from typing import Any


class _Jumping(selectors.EpollSelector):
    now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        ready = super().select(0)
        if not ready:
            if timeout is None:
                raise AssertionError("the loop would wait for ever")
            self.now += max(timeout, 0.0)
        return ready


class JumpingLoop(asyncio.SelectorEventLoop):
    """Its time starts at 0 and has nothing to do with the world's. Threads must not be used with it."""

    def __init__(self) -> None:
        self._jumping = _Jumping()
        super().__init__(self._jumping)
        self._clock_resolution = 1e-6

    def time(self) -> float:
        return self._jumping.now
