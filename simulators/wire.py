"""One MQTT connection of a simulated device, carried by the event loop; it can be cut like a real wire."""

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.reasoncodes import ReasonCode

log = logging.getLogger(__name__)

KEEPALIVE_S = 15  # a broker sends the last will of a frozen device after 1.5 times this
CONNECT_LIMIT_S = 5.0  # loopback or a venue's network answers within milliseconds
RETRY_S = 0.5  # a handful of devices on loopback or in one building: no need to back off
MISC_EVERY_S = 1.0  # paho's own timers: keepalive
QUEUE_MAX = 1000  # unsent messages of one connection; a bridge with 100 devices is noticed as lost long before


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the broker is and how to be let in. `socket` is the path of a Unix socket to use instead of host, port."""

    host: str = "127.0.0.1"
    port: int = 1883
    socket: str | None = None
    username: str | None = None
    password: str | None = None
    tls: ssl.SSLContext | None = None

    def __str__(self) -> str:
        return self.socket or f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker says, retained, when the connection breaks."""

    topic: str
    payload: bytes


Received = Callable[[str, bytes, bool], None]  # topic, payload, retained


class Wire:
    """Connects for ever until cancelled. `on_up` is called at each connect, after the subscriptions went out.

    Speaks MQTT 3.1.1 with a clean session: what must survive, the device itself repeats.
    """

    def __init__(
        self,
        broker: Broker,
        client_id: str,
        *,
        will: Will | None = None,
        filters: tuple[str, ...] = (),
        on_up: Callable[[], None] | None = None,
        on_message: Received | None = None,
    ) -> None:
        self.broker = broker
        self._filters = filters
        self._on_up = on_up
        self._on_message = on_message
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lost = asyncio.Event()
        self._allowed = asyncio.Event()
        self._allowed.set()
        self.up = asyncio.Event()
        self.last_error = ""
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id,
            protocol=mqtt.MQTTv311,
            transport="unix" if broker.socket else "tcp",
            reconnect_on_failure=False,
        )
        client.max_queued_messages_set(QUEUE_MAX)
        client.connect_timeout = CONNECT_LIMIT_S
        if broker.username is not None:
            client.username_pw_set(broker.username, broker.password)
        if broker.tls is not None:
            client.tls_set_context(broker.tls)
        if will is not None:
            client.will_set(will.topic, will.payload, qos=1, retain=True)
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        client.on_message = self._received
        client.on_socket_open = self._opened
        client.on_socket_close = self._closed
        client.on_socket_register_write = self._wants_write
        client.on_socket_unregister_write = self._wants_no_write
        self._client = client

    def publish(self, topic: str, payload: bytes, *, qos: int = 1, retain: bool = False) -> bool:
        """Send a message; False, and nothing sent or kept, while the wire is down."""
        if not self.up.is_set():
            return False
        return self._client.publish(topic, payload, qos=qos, retain=retain).rc is MQTTErrorCode.MQTT_ERR_SUCCESS

    @property
    def is_cut(self) -> bool:
        return not self._allowed.is_set()

    def cut(self) -> None:
        """Break the wire without a goodbye, and keep it broken until `mend`; the broker will send the last will."""
        self._allowed.clear()
        self._drop()

    def mend(self) -> None:
        """Undo `cut`."""
        self._allowed.set()

    async def run(self) -> None:
        """Keep the connection up; never returns. Cancelling it says goodbye to the broker."""
        self._loop = asyncio.get_running_loop()
        try:
            while True:
                await self._allowed.wait()
                self._lost.clear()
                if await self._connect():
                    await self._serve()
                await asyncio.sleep(RETRY_S)
        finally:
            self._client.disconnect()
            self._client.loop_write()

    async def _connect(self) -> bool:
        broker = self.broker
        host, port = (broker.socket, 1) if broker.socket else (broker.host, broker.port)
        connect = asyncio.get_running_loop().run_in_executor(None, self._client.connect, host, port, KEEPALIVE_S)
        try:
            await asyncio.shield(connect)
        except asyncio.CancelledError:
            with contextlib.suppress(OSError):
                await connect
            raise
        except OSError as error:
            if str(error) != self.last_error:
                log.info("no connection to %s: %s", broker, error)
            self.last_error = str(error)
            return False
        return True

    async def _serve(self) -> None:
        while not self._lost.is_set():
            self._client.loop_misc()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._lost.wait(), MISC_EVERY_S)
        self.up.clear()

    def _drop(self) -> None:
        self.up.clear()
        sock = self._client.socket()
        if sock is not None:
            with contextlib.suppress(OSError):
                _plain(sock).shutdown(socket.SHUT_RDWR)

    def _connected(
        self, client: mqtt.Client, userdata: object, flags: object, reason: ReasonCode, properties: object
    ) -> None:
        if reason.is_failure:
            self.last_error = f"refused: {reason}"
            log.warning("%s refused us: %s", self.broker, reason)
            return
        self.last_error = ""
        if self._filters:
            client.subscribe([(one, 1) for one in self._filters])
        self.up.set()
        if self._on_up is not None:
            self._on_up()

    def _disconnected(self, *_: object) -> None:
        self.up.clear()
        self._lost.set()

    def _received(self, client: mqtt.Client, userdata: object, message: mqtt.MQTTMessage) -> None:
        if self._on_message is not None:
            self._on_message(message.topic, bytes(message.payload), message.retain)

    def _opened(self, client: mqtt.Client, userdata: object, sock: "mqtt.SocketLike") -> None:
        if _plain(sock).family != socket.AF_UNIX:
            _plain(sock).setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._on_loop(self._watch, _plain(sock))

    def _watch(self, sock: socket.socket) -> None:
        if sock.fileno() >= 0 and self._loop is not None:
            self._loop.add_reader(sock, self._read, sock)

    def _read(self, sock: socket.socket) -> None:
        self._client.loop_read()
        while isinstance(sock, ssl.SSLSocket) and sock.fileno() >= 0 and sock.pending():
            self._client.loop_read()

    def _closed(self, client: mqtt.Client, userdata: object, sock: "mqtt.SocketLike") -> None:
        if self._loop is not None and sock.fileno() >= 0:
            self._loop.remove_reader(sock)
            self._loop.remove_writer(sock)

    def _wants_write(self, client: mqtt.Client, userdata: object, sock: "mqtt.SocketLike") -> None:
        self._on_loop(self._watch_write, _plain(sock))

    def _watch_write(self, sock: socket.socket) -> None:
        if sock.fileno() >= 0 and self._loop is not None and self._client.want_write():
            self._loop.add_writer(sock, self._client.loop_write)

    def _wants_no_write(self, client: mqtt.Client, userdata: object, sock: "mqtt.SocketLike") -> None:
        if self._loop is not None and sock.fileno() >= 0:
            self._loop.remove_writer(sock)

    def _on_loop(self, call: Callable[[socket.socket], None], sock: socket.socket) -> None:
        """Sockets open on the thread that connects; the loop is told in its own thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(call, sock)


def _plain(sock: "mqtt.SocketLike") -> socket.socket:
    """paho's other kind of socket is for websockets, which we do not use."""
    assert isinstance(sock, socket.socket)
    return sock
