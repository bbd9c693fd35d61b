"""A serial link under test: its inbox, and a driver that does nothing but what a test asks of it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress

from drivers.contract import Link
from drivers.links.polled import Outcome
from rules.signal import Heard, Signal

WAIT_S = 30.0  # for what takes milliseconds, on a machine that is busy with other tests


class Collected:
    """An inbox that keeps everything, and lets a test wait for it."""

    def __init__(self) -> None:
        self.signals: list[Signal] = []
        self._more = asyncio.Event()

    def put(self, signals: Sequence[Signal], done: Callable[[], None] | None = None) -> None:
        self.signals += signals
        self._more.set()

    async def until(self, wanted: Callable[[Signal], bool], after: int = 0) -> int:
        """Wait for the first such signal from index `after`; gives the index behind it."""
        async with asyncio.timeout(WAIT_S):
            while True:
                for index in range(after, len(self.signals)):
                    if wanted(self.signals[index]):
                        return index + 1
                self._more.clear()
                await self._more.wait()

    async def kind(self, wanted: type[Signal], after: int = 0) -> int:
        """Wait for the first signal of that type from index `after`; gives the index behind it."""
        return await self.until(lambda one: isinstance(one, wanted), after)


class Asks:
    """A driver that sends `question` each `every_s`, and tells each whole line that it hears as Heard."""

    def __init__(self, question: bytes = b"?\r", every_s: float = 0.05) -> None:
        self.question = question
        self.every_s = every_s
        self.heard = b""
        self.opened_count = 0
        self.ticks = 0
        self._due = 0.0
        self._called = asyncio.Event()

    async def until(self, reached: Callable[[], bool]) -> None:
        """Wait until that is so, as seen after a call of the link's."""
        async with asyncio.timeout(WAIT_S):
            while not reached():
                self._called.clear()
                await self._called.wait()

    def opened(self, at: float) -> None:
        self.opened_count += 1
        self.heard = b""
        self._due = at

    def due(self) -> float:
        return self._due

    def tick(self, at: float) -> Outcome:
        self.ticks += 1
        self._called.set()
        self._due = at + self.every_s
        return Outcome(self.question)

    def feed(self, data: bytes, at: float) -> Outcome:
        self._called.set()
        *lines, self.heard = (self.heard + data).split(b"\r")
        return Outcome(signals=tuple(Heard(at, line.decode("latin-1")) for line in lines), frames=len(lines))


@asynccontextmanager
async def running(link: Link) -> AsyncIterator[None]:
    """Run the link for the length of the block. What ends it early is raised."""
    task = asyncio.create_task(link.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@asynccontextmanager
async def idle_cpu(most: float) -> AsyncIterator[None]:
    """Assert that this process uses at most that share of one processor during the block."""
    wall, cpu = time.monotonic(), time.process_time()
    yield
    used = (time.process_time() - cpu) / (time.monotonic() - wall)
    assert used <= most, f"{100 * used:.0f} % of a processor"
