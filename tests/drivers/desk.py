"""An inbox for tests: keeps what links hand over, and says "done" when the test wants it."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

from rules.signal import Signal

Kind = TypeVar("Kind")

PATIENCE_S = 20.0  # a busy two-core machine; tests end as soon as what they wait for has happened


class Desk:
    """`prompt`: every message is done at once, as soon as the loop turns; else the test calls `settle`."""

    def __init__(self, prompt: bool = True) -> None:
        self.signals: list[Signal] = []
        self.waiting: list[Callable[[], None]] = []
        self._prompt = prompt
        self._news = asyncio.Event()

    def put(self, signals: Sequence[Signal], done: Callable[[], None] | None = None) -> None:
        self.signals += signals
        self._news.set()
        if done is not None and self._prompt:
            asyncio.get_running_loop().call_soon(done)
        elif done is not None:
            self.waiting.append(done)

    def settle(self) -> None:
        """Everything handed over so far is durable."""
        waiting, self.waiting = self.waiting, []
        for done in waiting:
            done()

    def of(self, kind: type[Kind]) -> list[Kind]:
        """What came of one kind, in order."""
        return [signal for signal in self.signals if isinstance(signal, kind)]

    async def until(self, happened: Callable[[], bool]) -> None:
        """Wait for something that a signal brings about. Raises TimeoutError."""
        async with asyncio.timeout(PATIENCE_S):
            while not happened():
                self._news.clear()
                await self._news.wait()

    async def count(self, kind: type[Kind], number: int) -> list[Kind]:
        """Wait until so many of a kind have come."""
        await self.until(lambda: len(self.of(kind)) >= number)
        return self.of(kind)
