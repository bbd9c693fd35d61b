"""Many, slow and silent clients of the API: none keeps another out for ever."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import pytest

from daemon.api import connection as api_connection
from daemon.api import stream as api_stream
from daemon.api.connection import CLIENTS_MAX, TURNED_AWAY_MAX
from daemon.api.stream import STREAMS_MAX
from daemon.client import AsyncDaemonClient, BadAnswer, StreamEnded
from daemon.core import Event
from rules.decision import Because, ReportFault
from tests.daemon.fake_core import QUEUE_MAX, FakeCore
from tests.daemon.served import served

GET_STATUS = b"GET /v1/status HTTP/1.1\r\nhost: daemon\r\n\r\n"


@pytest.fixture
def core() -> FakeCore:
    return FakeCore()


@pytest.fixture
def socket(tmp_path: Path) -> Path:
    return tmp_path / "api.sock"


@asynccontextmanager
async def connected(socket: Path) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_unix_connection(str(socket))
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


def pause(writer: asyncio.StreamWriter) -> None:
    """Stops reading what the daemon sends."""
    transport = writer.transport
    assert isinstance(transport, asyncio.Transport)
    transport.pause_reading()


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    writer.write(GET_STATUS)
    return await reader.readline()


async def test_the_65th_client_is_turned_away_in_words(core: FakeCore, socket: Path) -> None:
    """64 clients are served; the next gets a 503 that says why; when one leaves, another is served."""
    async with served(core, socket), AsyncExitStack() as stack:
        clients = [await stack.enter_async_context(connected(socket)) for _ in range(CLIENTS_MAX)]
        assert {await ask(*client) for client in clients} == {b"HTTP/1.1 200 OK\r\n"}
        async with AsyncDaemonClient(socket) as late:
            with pytest.raises(BadAnswer, match="503: the daemon serves 64 clients already"):
                await late.status()
        reader, writer = clients[0]
        writer.write(b"GET /v1/status HTTP/1.1\r\nhost: daemon\r\nconnection: close\r\n\r\n")
        while await reader.read(65536):
            pass
        async with AsyncDaemonClient(socket) as next_one:
            assert (await next_one.status()).venue == "ktv"


async def test_a_flood_of_connections_is_cut(core: FakeCore, socket: Path) -> None:
    """Beyond those that are turned away in words, connections are ended at once: descriptors are bounded."""
    async with served(core, socket), AsyncExitStack() as stack:
        for _ in range(CLIENTS_MAX + TURNED_AWAY_MAX):
            await stack.enter_async_context(connected(socket))
        reader, _writer = await stack.enter_async_context(connected(socket))
        assert await reader.read(1) == b""


@pytest.mark.parametrize(
    "said", [b"", b"GET /v1/st", b"POST /v1/orders/reset HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{"]
)
async def test_a_client_that_never_finishes_its_request_is_ended(
    core: FakeCore, socket: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, said: bytes
) -> None:
    """Half a request holds a place for REQUEST_S, not for ever, and is not taken for a bug of the daemon."""
    monkeypatch.setattr(api_connection, "REQUEST_S", 0.05)
    async with served(core, socket), connected(socket) as (reader, writer):
        writer.write(said)
        with pytest.raises((ConnectionResetError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []


async def test_a_whole_request_is_not_timed(core: FakeCore, socket: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream that stays open is not taken for a request that never ends."""
    monkeypatch.setattr(api_connection, "REQUEST_S", 0.05)
    monkeypatch.setattr(api_stream, "HEARTBEAT_S", 0.02)
    async with served(core, socket), connected(socket) as (reader, writer):
        writer.write(b"GET /v1/events HTTP/1.1\r\nhost: daemon\r\n\r\n")
        beats = 0
        while beats < 10:
            beats += (await reader.readline()) == b": alive\n"
        assert not reader.at_eof()


def fault(number: int, text: str = "") -> Event:
    return Event(number, 1.79e9, ReportFault(100.0, "broker", "down", text, (Because(99.0, "broker", "refused"),)))


async def test_events_come_in_order_with_their_numbers(core: FakeCore, socket: Path) -> None:
    """Nothing is missed from `listening` on, and each event says its journal number and its kind."""
    listening = asyncio.Event()
    async with served(core, socket), AsyncDaemonClient(socket) as client:
        stream = client.events(listening)
        first = asyncio.ensure_future(anext(stream))
        await listening.wait()
        for number in range(1, 51):
            core.tell(fault(number))
        assert (await first).id == 1
        rest = [await anext(stream) for _ in range(49)]
        await stream.aclose()
    assert [event.id for event in rest] == list(range(2, 51))
    assert {event.kind for event in rest} == {"report_fault"}
    assert rest[0].because[0].text == "refused" and rest[0].code == "down"


async def test_a_listener_that_leaves_is_forgotten(
    core: FakeCore, socket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A closed stream frees its subscription; the daemon does not queue for the dead."""
    monkeypatch.setattr(api_stream, "HEARTBEAT_S", 0.02)
    listening = asyncio.Event()
    async with served(core, socket):
        async with AsyncDaemonClient(socket) as client:
            waiting = asyncio.ensure_future(anext(client.events(listening)))
            await listening.wait()
            assert len(core.queues) == 1
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
        await core.left.wait()
        assert core.queues == []


async def test_a_slow_listener_is_dropped_and_others_are_not(
    core: FakeCore, socket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who stops reading loses the stream; who reads gets every event meanwhile."""
    monkeypatch.setattr(api_connection, "STALL_S", 0.2)
    async with served(core, socket), connected(socket) as (slow, writer), AsyncDaemonClient(socket) as quick:
        writer.write(b"GET /v1/events HTTP/1.1\r\nhost: daemon\r\n\r\n")
        await slow.readuntil(b": listening\n")
        pause(writer)
        listening = asyncio.Event()
        stream = quick.events(listening)
        got = asyncio.ensure_future(anext(stream))
        await listening.wait()
        for number in range(1, 200):
            core.tell(fault(number, "x" * 10_000))
            assert (await got).id == number
            got = asyncio.ensure_future(anext(stream))
        await core.left.wait()
        assert len(core.queues) == 1
        got.cancel()
        await asyncio.gather(got, return_exceptions=True)


async def test_a_peer_that_takes_nothing_is_cut(core: FakeCore, socket: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that stopped reading is ended after STALL_S even when it is not far behind."""
    monkeypatch.setattr(api_connection, "STALL_S", 0.05)
    async with served(core, socket), connected(socket) as (reader, writer):
        writer.write(b"GET /v1/events HTTP/1.1\r\nhost: daemon\r\n\r\n")
        await reader.readuntil(b": listening\n")
        pause(writer)
        for number in range(QUEUE_MAX - 1):
            core.tell(fault(number, "x" * 10_000))
        await core.left.wait()
        assert core.left.is_set()


async def test_watchers_never_keep_an_order_out(core: FakeCore, socket: Path) -> None:
    """With as many event streams as there may be, the next stream is refused and an order still passes."""
    async with served(core, socket), AsyncExitStack() as stack:
        for _ in range(STREAMS_MAX):
            reader, writer = await stack.enter_async_context(connected(socket))
            writer.write(b"GET /v1/events HTTP/1.1\r\nhost: daemon\r\n\r\n")
            await reader.readuntil(b": listening\n")
        async with AsyncDaemonClient(socket) as client:
            with pytest.raises(BadAnswer, match="503: 32 event streams are open already"):
                await anext(client.events())
            await client.order("evacuate", "whole-building", who="lin", why="fire")
    assert len(core.orders) == 1


async def test_a_stopping_daemon_ends_its_streams(core: FakeCore, socket: Path) -> None:
    """A watcher is told that the daemon stops, and the daemon does not wait for it."""
    listening = asyncio.Event()
    async with AsyncDaemonClient(socket) as client:
        async with served(core, socket):
            waiting = asyncio.ensure_future(anext(client.events(listening)))
            await listening.wait()
            started = asyncio.get_running_loop().time()
        assert asyncio.get_running_loop().time() - started < 2.0
        with pytest.raises(StreamEnded):
            await waiting


async def test_the_end_of_a_stream_from_the_core_is_told(core: FakeCore, socket: Path) -> None:
    """A subscription that the core ends for slowness becomes an `end` event, not a silence."""
    listening = asyncio.Event()
    async with served(core, socket), AsyncDaemonClient(socket) as client:
        waiting = asyncio.ensure_future(anext(client.events(listening)))
        await listening.wait()
        core.queues[0].put_nowait(None)
        with pytest.raises(StreamEnded):
            await waiting
