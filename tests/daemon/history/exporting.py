"""An export as the daemon runs it, a process of its own, for tests that look at what arrives."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from daemon.clock import SystemClock
from daemon.history.export import Export, ExportEnded
from daemon.history.job import Job, Target
from daemon.history.setup import FOLDER
from daemon.journal.keeping import Keeping
from rules.signal import Fault, Recovered, Signal

LIMIT_S = 60.0
LOOK_S = 0.05


class Running:
    """Faults that were told stand in `faults`, by their code."""

    def __init__(self, state: Path, target: Target, behind_after_s: float = 600.0) -> None:
        self.faults: dict[str, str] = {}
        self.told: list[Signal] = []
        self.changed = asyncio.Event()
        job = Job(str(state / "journal.db"), str(state / FOLDER), "hall", target, {"det-1": "room-1"})
        self.export = Export(job, behind_after_s, SystemClock(), self._hear, Keeping())

    async def until(self, condition: Callable[[], bool]) -> None:
        """Its process says every second how it stands: look until it is true."""
        async with asyncio.timeout(LIMIT_S):
            while not condition():
                await asyncio.sleep(LOOK_S)

    async def sent(self) -> None:
        """All that is in the journal was acknowledged."""
        await self.until(lambda: self.export.health().condition == "up" and self.export.health().points > 0)
        await self.until(lambda: self.export.health().behind == 0 and self.export.health().behind_s == 0)

    def _hear(self, signal: Signal) -> None:
        self.told.append(signal)
        if isinstance(signal, Fault):
            self.faults[signal.code] = signal.text
        elif isinstance(signal, Recovered):
            del self.faults[signal.code]


@asynccontextmanager
async def exporting(state: Path, target: Target, behind_after_s: float = 600.0) -> AsyncIterator[Running]:
    """Runs for the length of the block, and is started again when its process is killed."""
    running = Running(state, target, behind_after_s)

    async def keep() -> None:
        while True:
            with contextlib.suppress(ExportEnded):
                await running.export.run()

    task = asyncio.create_task(keep())
    try:
        yield running
    finally:
        task.cancel()
        await asyncio.wait([task])
