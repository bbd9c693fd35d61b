"""The buffers between the event loop and paho, on a pair of real sockets."""

import asyncio
import socket
from collections.abc import Iterator

import pytest

from drivers.links.mqtt_socket import BrokerSocket, Congested

MANY = b"x" * 600_000  # more than a socket's buffer takes at once


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Ours, without waiting, and the broker's."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    theirs.setblocking(False)
    with ours, theirs:
        yield ours, theirs


async def read_all(theirs: socket.socket, size: int) -> bytes:
    loop, got = asyncio.get_running_loop(), bytearray()
    async with asyncio.timeout(20):
        while len(got) < size:
            got += await loop.sock_recv(theirs, 65_536)
    return bytes(got)


async def test_what_is_said_in_one_turn_leaves_in_one_write(pair: tuple[socket.socket, socket.socket]) -> None:
    """Acknowledgements of a burst are one packet, in order."""
    ours, theirs = pair
    wrapped = BrokerSocket(ours, True, asyncio.get_running_loop(), lambda error: None)
    for letter in (b"a", b"b", b"c"):
        assert wrapped.send(letter) == 1
    with pytest.raises(BlockingIOError):
        theirs.recv(10)
    assert await asyncio.get_running_loop().sock_recv(theirs, 10) == b"abc"
    wrapped.close()


async def test_what_the_broker_does_not_take_now_goes_later(pair: tuple[socket.socket, socket.socket]) -> None:
    """A full socket loses nothing and blocks nothing."""
    ours, theirs = pair
    wrapped = BrokerSocket(ours, True, asyncio.get_running_loop(), lambda error: None)
    wrapped.send(MANY)
    wrapped.send(b"end")
    wrapped.flush()
    assert await read_all(theirs, len(MANY) + 3) == MANY + b"end"
    wrapped.send(b"after")
    assert await read_all(theirs, 5) == b"after"
    wrapped.close()
    wrapped.close()


async def test_a_broker_that_never_reads_is_told_nothing_more(pair: tuple[socket.socket, socket.socket]) -> None:
    """The backlog is bounded; beyond it sending is refused."""
    ours, _ = pair
    wrapped = BrokerSocket(ours, True, asyncio.get_running_loop(), lambda error: None)
    wrapped.send(MANY)
    wrapped.send(MANY)
    with pytest.raises(Congested, match="unread"):
        wrapped.send(MANY)
    wrapped.close()
    with pytest.raises(ConnectionResetError):
        wrapped.send(b"late")


async def test_a_write_that_fails_is_told_once(pair: tuple[socket.socket, socket.socket]) -> None:
    """A broker that is gone ends the connection, and what waited is dropped."""
    ours, theirs = pair
    failures: list[OSError] = []
    wrapped = BrokerSocket(ours, True, asyncio.get_running_loop(), failures.append)
    theirs.close()
    wrapped.send(b"hello?")
    wrapped.flush()
    wrapped.flush()
    assert [type(error) for error in failures] == [BrokenPipeError]
    with pytest.raises(ConnectionResetError, match="closed"):
        wrapped.receive()
    wrapped.close()
