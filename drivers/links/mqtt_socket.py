"""The socket of a broker connection: opened in a thread, driven by the event loop, with buffers between it and paho."""

import asyncio
import socket
import ssl
from collections.abc import Callable
from pathlib import Path

from drivers.links.mqtt_settings import MqttSettings, TlsSettings
from drivers.links.mqtt_wire import Packet, Packets

CONNECT_LIMIT_S = 5.0  # for each of TCP and TLS: a broker in the building answers in milliseconds
_READ_BYTES = 32_768  # about 200 messages: as many as the broker sends unacknowledged, and 5 ms of work
_BACKLOG_LIMIT = 1_048_576  # bytes waiting for a broker that does not read; then we refuse to say more


class Congested(Exception):
    """The broker has not read for so long that nothing more is queued for it."""


def open_socket(settings: MqttSettings) -> socket.socket:
    """A connected, non-blocking socket, TCP_NODELAY set. Takes CONNECT_LIMIT_S per step at most. Raises OSError."""
    if settings.socket is not None:
        unix = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            unix.settimeout(CONNECT_LIMIT_S)
            unix.connect(settings.socket)
        except OSError:
            unix.close()
            raise
        unix.setblocking(False)
        return unix
    plain = socket.create_connection((settings.host, settings.port), timeout=CONNECT_LIMIT_S)
    try:
        # Without it Nagle and delayed acknowledgement together hold each small packet back by 10 to 40 ms.
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        opened = plain if settings.tls is None else _secured(plain, settings.tls, settings.host)
    except OSError:
        plain.close()
        raise
    opened.setblocking(False)
    return opened


def _secured(plain: socket.socket, settings: TlsSettings, host: str) -> ssl.SSLSocket:
    context = ssl.create_default_context(cafile=settings.ca)
    if settings.certificate is not None:
        context.load_cert_chain(settings.certificate, settings.key)
    return context.wrap_socket(plain, server_hostname=host)


def read_password(settings: MqttSettings) -> str | None:
    """The first line of the password file. Raises OSError or UnicodeDecodeError."""
    if settings.password_file is None:
        return None
    return Path(settings.password_file).read_text("utf-8").split("\n", 1)[0]


class BrokerSocket:
    """What paho takes for its socket. `receive` reads for both of us: what is ours is returned, the rest is for paho.

    Everything sent within one turn of the event loop leaves in one write. `failed` is called once when a write fails.
    """

    def __init__(
        self,
        opened: socket.socket,
        v5: bool,
        loop: asyncio.AbstractEventLoop,
        failed: Callable[[OSError], None],
    ) -> None:
        self._socket = opened
        self._loop = loop
        self._failed = failed
        self._packets = Packets(v5)
        self._control = b""
        self._outgoing = bytearray()
        self._flushing = False
        self._writer = False
        self._closed = False

    def watch(self, readable: Callable[[], None]) -> None:
        """Have `readable` called whenever there is something to `receive`, until closed."""
        self._loop.add_reader(self._socket, readable)

    def receive(self) -> list[Packet]:
        """What has come for us. Raises OSError when the connection is gone, WireError when it is of no use."""
        packets: list[Packet] = []
        while True:
            try:
                data = self._socket.recv(_READ_BYTES)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return packets
            if not data:
                raise ConnectionResetError("the broker closed the connection")
            found, control = self._packets.feed(data)
            packets += found
            self._control += control
            # Bytes already inside OpenSSL never wake the event loop again: take them now.
            if not isinstance(self._socket, ssl.SSLSocket) or not self._socket.pending():
                return packets

    @property
    def has_control(self) -> bool:
        """Whether packets wait for paho."""
        return bool(self._control)

    def recv(self, size: int) -> bytes:
        """For paho. Raises BlockingIOError when it has had everything."""
        if not self._control:
            raise BlockingIOError
        data, self._control = self._control[:size], self._control[size:]
        return data

    def send(self, data: bytes | bytearray) -> int:
        """Take `data` whole, to leave with `flush` or at the end of this turn. Raises Congested."""
        if self._closed:
            raise ConnectionResetError("the connection is closed")
        if len(self._outgoing) > _BACKLOG_LIMIT:
            raise Congested(f"the broker has left {len(self._outgoing)} bytes unread")
        self._outgoing += data
        if not self._flushing:
            self._flushing = True
            self._loop.call_soon(self.flush)
        return len(data)

    def flush(self) -> None:
        """Write what waits, as far as the broker takes it; the rest goes when it reads again."""
        self._flushing = False
        if self._closed or not self._outgoing:
            return
        try:
            sent = self._socket.send(self._outgoing)
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            sent = 0
        except OSError as error:
            self._outgoing.clear()
            self._failed(error)
            return
        del self._outgoing[:sent]
        if self._outgoing and not self._writer:
            self._writer = True
            self._loop.add_writer(self._socket, self.flush)
        elif not self._outgoing and self._writer:
            self._writer = False
            self._loop.remove_writer(self._socket)

    def fileno(self) -> int:
        return self._socket.fileno()

    def setblocking(self, flag: bool) -> None:
        """For paho, which asks for what `open_socket` has already done."""

    def close(self) -> None:
        """Idempotent."""
        if self._closed:
            return
        self._closed = True
        self._loop.remove_reader(self._socket)
        if self._writer:
            self._loop.remove_writer(self._socket)
        self._socket.close()
