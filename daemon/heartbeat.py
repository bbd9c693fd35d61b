"""The heartbeat of one output, in a task of its own so that a bug in it is a fault of that output alone."""

import asyncio
from collections.abc import Callable

from drivers.contract import Beat, Beating


class Heartbeat:
    """Beats once for each time it is told that all is well, and never by itself."""

    def __init__(self, name: str, output: Beating, now: Callable[[], Beat]) -> None:
        self.source = f"output/{name}/heartbeat"
        self._output = output
        self._now = now
        self._well = asyncio.Event()

    def all_is_well(self) -> None:
        """Called by the watchdog each second while it is so; never raises."""
        self._well.set()

    async def run(self) -> None:
        """For ever; raises whatever the output raises."""
        self._well.clear()  # what was true before a crash need not be true now
        while True:
            await self._well.wait()
            self._well.clear()
            self._output.beat(self._now)
