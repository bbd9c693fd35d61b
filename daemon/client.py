"""The client of the daemon's API: the only part of the daemon that other packages may import. Imports no server code.

Every method raises a ClientError: NoDaemon (nothing answers at that path), Refused (the engine said no), NotThere (the
venue has no such thing), TimedOut, or BadAnswer (any other status, or an answer that this version cannot read).
"""

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from daemon.api.models import (
    DEFAULT_SOCKET_NAME,
    STREAM_SILENCE_S,
    AlarmView,
    DeviceView,
    EvacuationView,
    EventView,
    FaultView,
    OrderResult,
    OrderWord,
    OutboxView,
    Problem,
    ReloadView,
    RoleWord,
    StatusView,
    WhyView,
    ZoneView,
)

__all__ = [
    "AlarmView",
    "AsyncDaemonClient",
    "BadAnswer",
    "ClientError",
    "DaemonClient",
    "DeviceView",
    "EvacuationView",
    "EventView",
    "FaultView",
    "NoDaemon",
    "NotThere",
    "OrderResult",
    "OrderWord",
    "OutboxView",
    "Refused",
    "ReloadView",
    "RoleWord",
    "StatusView",
    "StreamEnded",
    "TimedOut",
    "WhyView",
    "ZoneView",
    "default_socket",
]

TIMEOUT_S = 7.0  # longer than the 5 s that the daemon gives an order, so that its own word arrives first
CONNECT_S = 2.0  # a live daemon accepts in microseconds
LINE_BYTES_MAX = 1_048_576  # an event names its evidence; a line of a megabyte is not ours
_BASE = "http://daemon"  # the host is of no meaning on a Unix socket

Answer = TypeVar("Answer")


class ClientError(Exception):
    """The daemon did not do what was asked. The message says what, where and what to do."""


class NoDaemon(ClientError):
    """Nothing answers at the socket."""


class TimedOut(ClientError):
    """The daemon took the request and did not answer in time."""


class BadAnswer(ClientError):
    """The daemon answered something else than what was asked for."""


class NotThere(ClientError):
    """What was asked about is not in the venue's files; the message is the daemon's own word."""


class Refused(ClientError):
    """The engine refused a person's order; `reason` is its own word."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class StreamEnded(ClientError):
    """The event stream is over: read the state again, then listen again."""


def default_socket() -> Path:
    """`api.sock` in $STATE_DIRECTORY (set by systemd) or in ./state."""
    state = os.environ.get("STATE_DIRECTORY", "").split(":")[0] or "state"  # systemd may name several
    return Path(state) / DEFAULT_SOCKET_NAME


class DaemonClient:
    """Blocking client, for the command line. Use as a context manager."""

    def __init__(self, socket: Path | None = None, *, timeout_s: float = TIMEOUT_S) -> None:
        self.socket = socket or default_socket()
        transport = httpx.HTTPTransport(uds=os.fspath(self.socket))
        self._http = httpx.Client(transport=transport, timeout=_timeout(timeout_s), base_url=_BASE, trust_env=False)

    def __enter__(self) -> "DaemonClient":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._http.close()

    def status(self) -> StatusView:
        return self._get("status", StatusView)

    def alarms(self) -> tuple[AlarmView, ...]:
        return self._get("alarms", tuple[AlarmView, ...])

    def zones(self) -> tuple[ZoneView, ...]:
        return self._get("zones", tuple[ZoneView, ...])

    def devices(self) -> tuple[DeviceView, ...]:
        return self._get("devices", tuple[DeviceView, ...])

    def faults(self) -> tuple[FaultView, ...]:
        return self._get("faults", tuple[FaultView, ...])

    def evacuations(self) -> tuple[EvacuationView, ...]:
        return self._get("evacuations", tuple[EvacuationView, ...])

    def why(self, alarm: str) -> WhyView:
        """Why an alarm is as it is, standing or not. Raises NotThere when no rule makes it."""
        return self._get(f"why/{quote(alarm)}", WhyView)

    def order(
        self,
        order: OrderWord,
        target: str,
        *,
        who: str,
        why: str,
        role: RoleWord = "operator",
        for_s: float = 0.0,
        once: bool = False,
    ) -> OrderResult:
        """Returns once the order's effect is durable. `for_s`: how long, for orders that end by themselves; `once`:
        shelved no longer than until the alarm returns to normal."""
        body = {"target": target, "who": who, "why": why, "role": role, "for_s": for_s, "once": once}
        return self._ask("POST", f"orders/{order}", OrderResult, body)

    def outbox(self) -> OutboxView:
        return self._get("outbox", OutboxView)

    def discard(self, output: str, delivery: str, *, who: str, why: str, role: RoleWord = "operator") -> OutboxView:
        """Give up a delivery that an output owes; returns what is owed then. Raises Refused."""
        body = {"output": output, "delivery": delivery, "who": who, "why": why, "role": role}
        return self._ask("POST", "outbox/discard", OutboxView, body)

    def reload(self, *, who: str, why: str = "") -> ReloadView:
        """Take up the venue's files; returns what came of it. May take a minute: give the client that time."""
        return self._ask("POST", "reload", ReloadView, {"who": who, "why": why})

    def _get(self, path: str, form: type[Answer]) -> Answer:
        return self._ask("GET", path, form, None)

    def _ask(self, method: str, path: str, form: type[Answer], body: object) -> Answer:
        try:
            response = self._http.request(method, f"/v1/{path}", json=body)
        except httpx.HTTPError as error:
            raise _failure(error, self.socket) from error
        return _answer(response.status_code, response.content, form)


class AsyncDaemonClient:
    """The same on an event loop, with the event stream. Use as an async context manager."""

    def __init__(self, socket: Path | None = None, *, timeout_s: float = TIMEOUT_S) -> None:
        self.socket = socket or default_socket()
        transport = httpx.AsyncHTTPTransport(uds=os.fspath(self.socket))
        self._http = httpx.AsyncClient(
            transport=transport, timeout=_timeout(timeout_s), base_url=_BASE, trust_env=False
        )

    async def __aenter__(self) -> "AsyncDaemonClient":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def status(self) -> StatusView:
        return await self._get("status", StatusView)

    async def alarms(self) -> tuple[AlarmView, ...]:
        return await self._get("alarms", tuple[AlarmView, ...])

    async def zones(self) -> tuple[ZoneView, ...]:
        return await self._get("zones", tuple[ZoneView, ...])

    async def devices(self) -> tuple[DeviceView, ...]:
        return await self._get("devices", tuple[DeviceView, ...])

    async def faults(self) -> tuple[FaultView, ...]:
        return await self._get("faults", tuple[FaultView, ...])

    async def evacuations(self) -> tuple[EvacuationView, ...]:
        return await self._get("evacuations", tuple[EvacuationView, ...])

    async def why(self, alarm: str) -> WhyView:
        """Why an alarm is as it is, standing or not. Raises NotThere when no rule makes it."""
        return await self._get(f"why/{quote(alarm)}", WhyView)

    async def order(
        self,
        order: OrderWord,
        target: str,
        *,
        who: str,
        why: str,
        role: RoleWord = "operator",
        for_s: float = 0.0,
        once: bool = False,
    ) -> OrderResult:
        """Returns once the order's effect is durable. `for_s`: how long, for orders that end by themselves; `once`:
        shelved no longer than until the alarm returns to normal."""
        body = {"target": target, "who": who, "why": why, "role": role, "for_s": for_s, "once": once}
        return await self._ask("POST", f"orders/{order}", OrderResult, body)

    async def reload(self, *, who: str, why: str = "") -> ReloadView:
        """Take up the venue's files; returns what came of it. May take a minute: give the client that time."""
        return await self._ask("POST", "reload", ReloadView, {"who": who, "why": why})

    async def events(self, listening: asyncio.Event | None = None) -> AsyncGenerator[EventView, None]:
        """Every decision from now on; `listening` is set once none can be missed any more.

        Never ends quietly: raises StreamEnded when the daemon ends the stream, closes it, or is silent for three
        heartbeats (STREAM_SILENCE_S).
        """
        timeout = httpx.Timeout(STREAM_SILENCE_S, connect=CONNECT_S)
        try:
            async with self._http.stream("GET", "/v1/events", timeout=timeout) as response:
                if response.status_code != 200:
                    _answer(response.status_code, await response.aread(), EventView)
                async for field, value in _fields(response.aiter_bytes()):
                    if field == b"" and listening is not None:
                        listening.set()
                    elif field == b"event" and value == b"end":
                        raise StreamEnded("the daemon ended the event stream")
                    elif field == b"data":
                        yield _decode(value, EventView)
        except httpx.ReadTimeout as error:
            raise StreamEnded(f"the daemon said nothing for {STREAM_SILENCE_S:g} s; it hangs or is stopped") from error
        except (httpx.ReadError, httpx.RemoteProtocolError) as error:
            raise StreamEnded("the event stream broke; the daemon may have ended") from error
        except httpx.HTTPError as error:
            raise _failure(error, self.socket) from error
        raise StreamEnded("the daemon closed the event stream")

    async def _get(self, path: str, form: type[Answer]) -> Answer:
        return await self._ask("GET", path, form, None)

    async def _ask(self, method: str, path: str, form: type[Answer], body: object) -> Answer:
        try:
            response = await self._http.request(method, f"/v1/{path}", json=body)
        except httpx.HTTPError as error:
            raise _failure(error, self.socket) from error
        return _answer(response.status_code, response.content, form)


async def _fields(chunks: AsyncIterator[bytes]) -> AsyncIterator[tuple[bytes, bytes]]:
    """The fields of a Server-Sent Events stream; a comment has an empty name. Raises BadAnswer for an endless line."""
    rest = b""
    async for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if line:
                field, _, value = line.partition(b":")
                yield field, value.removeprefix(b" ")
        if len(rest) > LINE_BYTES_MAX:
            raise BadAnswer(f"the event stream sent a line longer than {LINE_BYTES_MAX} bytes")


def _timeout(timeout_s: float) -> httpx.Timeout:
    return httpx.Timeout(timeout_s, connect=min(CONNECT_S, timeout_s))


def _failure(error: httpx.HTTPError, socket: Path) -> ClientError:
    where = f"looked at {socket}"
    if isinstance(error, httpx.ConnectError):
        cause = error.__cause__
        reason = getattr(cause, "strerror", None) or str(error)
        if "ermission" in reason:
            return NoDaemon(f"no permission to open the daemon's socket ({where}); join its group or use sudo")
        return NoDaemon(f"is the daemon running? {where}: {reason}")
    if isinstance(error, httpx.TimeoutException):
        return TimedOut(f"the daemon did not answer in time ({where}); it hangs, or the machine is overloaded")
    return NoDaemon(f"the daemon ended the connection before it answered ({where}); it may have just stopped")


def _answer(status: int, content: bytes, form: type[Answer]) -> Answer:
    if status == 200:
        return _decode(content, form)
    try:
        problem = msgspec.json.decode(content, type=Problem)
    except msgspec.DecodeError:
        raise BadAnswer(f"the daemon answered {status} without saying why") from None
    if problem.refused:
        raise Refused(problem.refused)
    if status == 404:
        raise NotThere(problem.detail)
    raise BadAnswer(f"the daemon answered {status}: {problem.detail}")


def _decode(content: bytes, form: type[Answer]) -> Answer:
    try:
        decoded: Any = msgspec.json.decode(content, type=form)
    except msgspec.DecodeError as error:
        raise BadAnswer(f"cannot read the daemon's answer ({error}); is it another version?") from None
    return decoded  # type: ignore[no-any-return]  # msgspec checked it against `form`
