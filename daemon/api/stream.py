"""The event stream: decisions as Server-Sent Events, with a heartbeat so that either side notices a dead peer."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

import msgspec

from daemon.api.models import HEARTBEAT_S
from daemon.api.views import Views
from daemon.core import Core, Event

STREAMS_MAX = 32  # half of all clients: watchers never keep a person's order out
_HELLO = b"retry: 1000\n: listening\n\n"
_ALIVE = b": alive\n\n"
_TOO_SLOW = b'event: end\ndata: {"reason":"too slow: events were dropped; read the state again"}\n\n'
_STOPPING = b'event: end\ndata: {"reason":"the daemon stops"}\n\n'


class Streams:
    """The streams that are open now. `stop` ends them all, so that a stopping daemon does not wait for watchers."""

    def __init__(self) -> None:
        self._open = 0
        self._stopping = asyncio.Event()

    @property
    def full(self) -> bool:
        return self._open >= STREAMS_MAX

    def stop(self) -> None:
        self._stopping.set()

    async def events(self, core: Core) -> AsyncGenerator[bytes, None]:
        """Everything decided from the first bytes on. Ends itself with an `end` event that says why."""
        self._open += 1
        source = core.subscribe()
        coming = asyncio.ensure_future(_next(source))
        stopping = asyncio.ensure_future(self._stopping.wait())
        try:
            await asyncio.sleep(0)  # lets a lazy source subscribe before the client is told that we listen
            yield _HELLO
            while True:
                await asyncio.wait((coming, stopping), timeout=HEARTBEAT_S, return_when=asyncio.FIRST_COMPLETED)
                if coming.done():
                    event = coming.result()
                    if event is None:
                        yield _TOO_SLOW
                        return
                    coming = asyncio.ensure_future(_next(source))
                    yield encode(core, event)
                elif stopping.done():
                    yield _STOPPING
                    return
                else:
                    yield _ALIVE
        finally:
            self._open -= 1
            coming.cancel()
            stopping.cancel()
            await asyncio.gather(coming, stopping, return_exceptions=True)
            if isinstance(source, AsyncGenerator):
                await source.aclose()


def encode(core: Core, event: Event) -> bytes:
    """One event: its journal number, its kind, its JSON on one line."""
    view = Views(core).event(event)
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (event.id, view.kind.encode(), msgspec.json.encode(view))


async def _next(source: AsyncIterator[Event]) -> Event | None:
    return await anext(source, None)
