"""Decisions, as they are made, to those who listen."""

import asyncio
from collections.abc import AsyncGenerator

from daemon.core import Event

EVENTS_WAITING = 1000  # for one listener: more than a full storm of the venue; a listener behind that is ended

_Queue = asyncio.Queue[Event | None]


class Broadcast:
    """Tells every listener every event, and waits for none."""

    def __init__(self) -> None:
        self._queues: set[_Queue] = set()

    def subscribe(self) -> AsyncGenerator[Event, None]:
        """Events from this call on; ended by `aclose`, or by being too slow."""
        queue: _Queue = asyncio.Queue()
        self._queues.add(queue)
        return self._listen(queue)

    async def _listen(self, queue: _Queue) -> AsyncGenerator[Event, None]:
        try:
            while (event := await queue.get()) is not None:
                yield event
        finally:
            self._queues.discard(queue)

    def tell(self, event: Event) -> None:
        for queue in list(self._queues):
            if queue.qsize() >= EVENTS_WAITING:
                self._queues.discard(queue)
                queue.put_nowait(None)
            else:
                queue.put_nowait(event)
