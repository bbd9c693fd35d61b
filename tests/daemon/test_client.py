"""The client: what it says when the daemon is not there, says no, hangs, or talks nonsense."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from daemon import client as client_module
from daemon.client import (
    AsyncDaemonClient,
    BadAnswer,
    DaemonClient,
    NoDaemon,
    Refused,
    StreamEnded,
    TimedOut,
    default_socket,
)
from tests.daemon.fake_core import FakeCore, alarm
from tests.daemon.served import served


@pytest.fixture
def socket(tmp_path: Path) -> Path:
    return tmp_path / "api.sock"


@asynccontextmanager
async def answering(socket: Path, answer: bytes | None) -> AsyncIterator[None]:
    """A peer that reads one request and answers with these bytes, or never."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        if answer is None:
            await reader.read()
        else:
            writer.write(answer)
        writer.close()

    server = await asyncio.start_unix_server(serve, str(socket))
    async with server:
        yield


def ok(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)


def stream(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n" + body


# httpcore leaves a socket that could not connect to the garbage collector, which warns.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_without_a_daemon_it_says_where_it_looked(socket: Path) -> None:
    """The person learns which path was tried; both clients say the same."""
    with (
        DaemonClient(socket) as blocking,
        pytest.raises(NoDaemon, match=f"is the daemon running\\? looked at {socket}"),
    ):
        blocking.status()
    async with AsyncDaemonClient(socket) as client:
        with pytest.raises(NoDaemon, match="is the daemon running"):
            await client.status()
        with pytest.raises(NoDaemon, match="is the daemon running"):
            await anext(client.events())


async def test_both_clients_read_everything(socket: Path) -> None:
    """Every read of the blocking client gives what the async one gives, as the same structs."""
    core = FakeCore(standing=[alarm()])
    async with served(core, socket), AsyncDaemonClient(socket) as client:
        theirs = [
            await client.status(),
            await client.alarms(),
            await client.zones(),
            await client.devices(),
            await client.faults(),
            await client.evacuations(),
        ]

        def read() -> list[object]:
            with DaemonClient(socket) as blocking:
                return [
                    blocking.status(),
                    blocking.alarms(),
                    blocking.zones(),
                    blocking.devices(),
                    blocking.faults(),
                    blocking.evacuations(),
                ]

        assert await asyncio.to_thread(read) == theirs


async def test_a_refusal_carries_the_engines_reason(socket: Path) -> None:
    """`reason` is the engine's own text, to be shown as it is."""
    core = FakeCore(refuse="no such plan")
    async with served(core, socket), AsyncDaemonClient(socket) as client:
        with pytest.raises(Refused) as refused:
            await client.order("evacuate", "x", who="lin", why="fire")
    assert refused.value.reason == "no such plan"


async def test_a_daemon_that_hangs_is_a_timeout(socket: Path) -> None:
    """A daemon that accepts and says nothing does not hold the caller."""
    async with answering(socket, None), AsyncDaemonClient(socket, timeout_s=0.05) as client:
        with pytest.raises(TimedOut, match="did not answer in time"):
            await client.status()


async def test_a_daemon_that_dies_before_it_answers_is_no_daemon(socket: Path) -> None:
    """A connection that ends without an answer is told as such."""
    async with answering(socket, b""), AsyncDaemonClient(socket) as client:
        with pytest.raises(NoDaemon, match="ended the connection before it answered"):
            await client.status()


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (ok(b"{}"), "is it another version"),
        (ok(b"\xff"), "is it another version"),
        (b"HTTP/1.1 500 Oh\r\ncontent-length: 2\r\n\r\nno", "answered 500 without saying why"),
        (b'HTTP/1.1 418 Tea\r\ncontent-length: 16\r\n\r\n{"detail":"tea"}', "answered 418: tea"),
    ],
)
async def test_nonsense_is_a_bad_answer(socket: Path, answer: bytes, message: str) -> None:
    """Whatever answers there, the caller gets one kind of error with the status or the cause in it."""
    async with answering(socket, answer), AsyncDaemonClient(socket) as client:
        with pytest.raises(BadAnswer, match=message):
            await client.status()


async def test_a_silent_stream_ends(socket: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A daemon that hangs sends no heartbeat: the stream ends within STREAM_SILENCE_S."""
    monkeypatch.setattr(client_module, "STREAM_SILENCE_S", 0.05)
    async with answering(socket, None), AsyncDaemonClient(socket) as client:
        with pytest.raises(StreamEnded, match="hangs or is stopped"):
            await anext(client.events())


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b"", StreamEnded),
        (b"id: 1\nevent: raise\nda", StreamEnded),
        (b'event: end\ndata: {"reason":"x"}\n\n', StreamEnded),
        (b"data: {]\n\n", BadAnswer),
        (b"data: " + b"x" * 1_100_000, BadAnswer),
    ],
)
async def test_a_broken_stream_says_so(socket: Path, body: bytes, error: type[Exception]) -> None:
    """A stream never just stops: it raises, and an endless line is not kept in memory."""
    async with answering(socket, stream(body)), AsyncDaemonClient(socket) as client:
        with pytest.raises(error):
            await anext(client.events())


async def test_a_name_with_a_line_separator_does_not_break_the_stream(socket: Path) -> None:
    """Only a line feed ends a field; U+2028 in a device's name is data."""
    body = 'data: {"id":1,"time":"","kind":"raise","at":1.0,"text":"a\u2028b\x85c"}\n\n'.encode()
    async with answering(socket, stream(body)), AsyncDaemonClient(socket) as client:
        assert (await anext(client.events())).text == "a\u2028b\x85c"


async def test_proxies_of_the_environment_are_ignored(socket: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is said to the daemon never leaves the machine, whatever HTTP_PROXY says."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    async with served(FakeCore(), socket), AsyncDaemonClient(socket) as client:
        assert (await client.status()).venue == "ktv"


def test_the_default_socket_follows_systemd(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under a unit with StateDirectory the command line finds the daemon without options."""
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/tocsin")
    assert default_socket() == Path("/var/lib/tocsin/api.sock")
    monkeypatch.delenv("STATE_DIRECTORY")
    assert default_socket() == Path("state/api.sock")


def test_the_client_imports_no_server() -> None:
    """Whoever imports the client gets neither the engine nor the web framework with it."""
    heavy = "{'starlette','uvicorn','pydantic','textual','rules','drivers','config','sqlite3','paho'}"
    code = f"import sys, daemon.client; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
