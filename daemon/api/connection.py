"""One client of the API: how many there may be, and how long each may keep us waiting.

uvicorn bounds neither a client that connects and says nothing nor one that stops reading; both would hold a place for
ever and keep a person's order out.
"""

import asyncio
from collections.abc import Callable

import h11
from uvicorn._types import ASGIReceiveCallable, ASGISendCallable, Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

from daemon import vitals
from daemon.api.problem import problem

CLIENTS_MAX = 64  # consoles, command lines and watchers of one venue are a handful; more is a fault or an attack
TURNED_AWAY_MAX = 16  # clients above CLIENTS_MAX that get a 503 in words; any more are cut
REQUEST_S = 5.0  # from the first byte (or the connection) to a whole request: local programs need milliseconds
STALL_S = 5.0  # a peer that takes nothing for so long is gone


async def _busy(_scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    body = problem(503, f"the daemon serves {CLIENTS_MAX} clients already; end one and try again", close=True)
    await body(_scope, receive, send)  # type: ignore[arg-type]  # Starlette and uvicorn name the same ASGI types apart


class _Deadline:
    """Calls once after some seconds, unless stopped first. Starting one that runs changes nothing."""

    def __init__(self, after_s: float) -> None:
        self._after_s = after_s
        self._timer: asyncio.TimerHandle | None = None

    def start(self, loop: asyncio.AbstractEventLoop, act: Callable[[], None]) -> None:
        if self._timer is None:
            self._timer = loop.call_later(self._after_s, act)

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class BoundedConnection(H11Protocol):
    """uvicorn's HTTP/1.1 with a place limit, a deadline for each request and one for a peer that stops reading."""

    admitted = False  # has one of the CLIENTS_MAX places

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        others = sum(1 for one in self.connections if isinstance(one, BoundedConnection) and one.admitted)
        super().connection_made(transport)
        self._request = _Deadline(REQUEST_S)
        self._stall = _Deadline(STALL_S)
        self.admitted = others < CLIENTS_MAX
        if not self.admitted:
            self.app = _busy
        if len(self.connections) > CLIENTS_MAX + TURNED_AWAY_MAX or vitals.descriptors_left() < vitals.RESERVED:
            transport.abort()
        else:
            self._request.start(self.loop, transport.abort)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.their_state in (h11.IDLE, h11.SEND_BODY):
            self._request.start(self.loop, self.transport.abort)
        else:
            self._request.stop()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stall.start(self.loop, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        self._stall.stop()

    def connection_lost(self, exc: Exception | None) -> None:
        self._request.stop()
        self._stall.stop()
        super().connection_lost(exc)
