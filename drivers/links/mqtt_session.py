"""One connection to a broker, from CONNECT to its loss. A new one is made for each attempt: nothing is carried over."""

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from drivers.links.mqtt_settings import MqttSettings
from drivers.links.mqtt_socket import BrokerSocket, Congested
from drivers.links.mqtt_wire import Puback, Publish, WireError, puback, publish_packet

RECEIVE_MAXIMUM = 200  # messages the broker sends before it waits for acknowledgements: two journal commits' worth
OUTGOING_LIMIT = 200  # publishes without a PUBACK; the caller keeps the rest and tries again
_SESSION_FOR_EVER = 0xFFFFFFFF  # MQTT 5 section 3.1.2.11.2: the session does not expire
_TAKEN_OVER = 0x8E  # MQTT 5 section 3.14.2.1
_REFUSED_FROM = 0x80  # reason codes from here on are refusals
_LAST_MID = 0xFFFF


class NotConnected(Exception):
    """There is no connection, or it takes nothing more just now."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Who connects: `persistent` asks the broker to keep what we have not acknowledged while we are away.

    A broker that refuses one of `filters` is no use; `optional` are filters that it may refuse.
    """

    client_id: str
    persistent: bool
    filters: tuple[str, ...]
    will: tuple[str, bytes] | None = None
    optional: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Loss:
    """Why a connection ended. `taken_over`: another client has connected under our client id."""

    reason: str
    taken_over: bool = False


class Listener(Protocol):
    """Who is told what happens on a connection; called on the event loop."""

    def ready(self) -> None:
        """Connected and subscribed."""

    def message(self, publish: Publish) -> None:
        """One message came; `puback` it with `Session.acknowledge` when its effect is safe."""

    def confirmed(self, mid: int, refused: str) -> None:
        """The broker has taken the publish `mid`; `refused` is not empty when it says that it did not."""


class _Paho(Client):
    """paho on a socket that is already open. Pinned by a test, since `_create_socket` is paho's own."""

    broker_socket: BrokerSocket

    def _create_socket(self) -> BrokerSocket:
        return self.broker_socket


class Session:
    """`lost` is done when the connection has ended, with the reason. Only to be used on the event loop."""

    def __init__(
        self,
        opened: socket.socket,
        settings: MqttSettings,
        password: str | None,
        identity: Identity,
        listener: Listener,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._v5 = settings.protocol == "5"
        self._identity = identity
        self._listener = listener
        self.lost: asyncio.Future[Loss] = self._loop.create_future()
        self.ready = False
        self.was_ready = False
        self._unconfirmed: set[int] = set()
        self._mid = 0  # of the last publish
        self._socket = BrokerSocket(opened, self._v5, self._loop, self._write_failed)
        self._paho = self._make_paho(settings, password)
        self._socket.watch(self._readable)
        self._guarded(lambda: self._start(settings))

    def acknowledge(self, mid: int) -> None:
        """Tell the broker that it may forget the message `mid` of this very connection."""
        if not self.lost.done():
            self._guarded(lambda: self._socket.send(puback(mid)))

    def say(self, topic: str, payload: bytes, retain: bool) -> None:
        """Send at the end of this turn of the loop, QoS 0. Raises NotConnected."""
        if not self.ready:
            raise NotConnected("not connected")
        self._guarded(lambda: self._socket.send(publish_packet(topic, payload, retain, self._v5)))

    def publish(self, topic: str, payload: bytes, retain: bool, at_once: bool) -> int:
        """Send, QoS 1, at the end of this turn of the loop unless `at_once`. Returns the identifier that
        `Listener.confirmed` will tell. Raises NotConnected.
        """
        if not self.ready or len(self._unconfirmed) >= OUTGOING_LIMIT:
            raise NotConnected("the broker has not confirmed the last 200 messages" if self.ready else "not connected")
        mid = self._next_mid()
        try:
            self._socket.send(publish_packet(topic, payload, retain, self._v5, mid))
        except (Congested, OSError) as error:
            self._drop(str(error))
            raise NotConnected(str(error)) from error
        self._unconfirmed.add(mid)
        if at_once:
            self._socket.flush()
        return mid

    def tick(self) -> None:
        """Keep-alive; to be called twice a second. Ends a connection whose broker has fallen silent."""
        if not self.lost.done():
            self._guarded(self._misc)

    def close(self, reason: str) -> None:
        """End without a DISCONNECT, so that the broker tells our will. Idempotent."""
        self._drop(reason)

    def _make_paho(self, settings: MqttSettings, password: str | None) -> _Paho:
        paho = _Paho(
            CallbackAPIVersion.VERSION2,
            self._identity.client_id,
            protocol=MQTTProtocolVersion.MQTTv5 if self._v5 else MQTTProtocolVersion.MQTTv311,
            clean_session=None if self._v5 else not self._identity.persistent,
            reconnect_on_failure=False,
        )
        paho.broker_socket = self._socket
        if settings.username is not None:
            paho.username_pw_set(settings.username, password)
        if self._identity.will is not None:
            topic, payload = self._identity.will
            paho.will_set(topic, payload, qos=1, retain=True)
        paho.on_connect = self._connected
        paho.on_disconnect = self._disconnected
        paho.on_subscribe = self._subscribed
        return paho

    def _start(self, settings: MqttSettings) -> None:
        host, port = settings.socket or settings.host, settings.port
        if self._v5:
            wanted = Properties(PacketTypes.CONNECT)
            wanted.ReceiveMaximum = RECEIVE_MAXIMUM
            if self._identity.persistent:
                wanted.SessionExpiryInterval = _SESSION_FOR_EVER
            self._paho.connect_async(
                host, port, settings.keepalive, clean_start=not self._identity.persistent, properties=wanted
            )
        else:
            self._paho.connect_async(host, port, settings.keepalive)
        self._paho.reconnect()

    def _readable(self) -> None:
        self._guarded(self._read)

    def _read(self) -> None:
        packets = self._socket.receive()
        while self._socket.has_control and not self.lost.done():
            self._check(self._paho.loop_read())
        if not self.lost.done() and self._paho.want_write():  # what was said from within a callback
            self._check(self._paho.loop_write())
        for packet in packets:
            if self.lost.done():  # what is left comes again on the next connection
                return
            if isinstance(packet, Publish):
                self._listener.message(packet)
            else:
                self._published(packet)

    def _next_mid(self) -> int:
        """Free, for fewer than OUTGOING_LIMIT are in use. paho gives out one of its own, for the subscription: it is
        answered before the session is ready.
        """
        mid = self._mid
        while True:
            mid = mid % _LAST_MID + 1
            if mid not in self._unconfirmed:
                self._mid = mid
                return mid

    def _misc(self) -> None:
        self._check(self._paho.loop_misc())

    def _check(self, code: MQTTErrorCode) -> None:
        if code and not self.lost.done():
            self._drop(f"paho: {code.name}")

    def _guarded(self, work: Callable[[], object]) -> None:
        """Whatever goes wrong with a connection ends it; an exception left to the loop would repeat for ever."""
        try:
            work()
        except (OSError, WireError, Congested) as error:
            self._drop(str(error) or type(error).__name__)
        except BaseException:
            self._drop("an internal error; the log has it")
            raise

    def _write_failed(self, error: OSError) -> None:
        self._drop(str(error))

    def _connected(
        self, client: Client, userdata: object, flags: ConnectFlags, code: ReasonCode, properties: Properties | None
    ) -> None:
        if code.is_failure:
            self._drop(f"the broker refused us: {code}")
            return
        if not self._identity.filters:
            self._become_ready()
            return
        # Retained messages come at each connection, as MQTT 3.1.1 knows no other way: a bridge or a last will that
        # changed while we were away with QoS 0 would be missed. The engine never takes a retained message for news.
        client.subscribe([(name, 1) for name in (*self._identity.filters, *self._identity.optional)])

    def _subscribed(
        self, client: Client, userdata: object, mid: int, codes: list[ReasonCode], properties: Properties | None
    ) -> None:
        refused = [
            f"{name} ({code})"
            for name, code in zip(self._identity.filters, codes, strict=False)
            if code.value >= _REFUSED_FROM
        ]
        if refused:
            self._drop(
                f"the broker refused the subscription to {', '.join(refused)}: give this user the right to read it"
            )
            return
        self._become_ready()

    def _become_ready(self) -> None:
        self.ready = self.was_ready = True
        self._listener.ready()

    def _published(self, puback: Puback) -> None:
        if puback.mid not in self._unconfirmed:
            return
        self._unconfirmed.discard(puback.mid)
        self._listener.confirmed(puback.mid, _refusal(puback.code) if puback.code >= _REFUSED_FROM else "")

    def _disconnected(
        self,
        client: Client,
        userdata: object,
        flags: DisconnectFlags,
        code: ReasonCode,
        properties: Properties | None,
    ) -> None:
        told = "the broker ended the connection" if flags.is_disconnect_packet_from_server else "connection lost"
        self._drop(f"{told}: {code}", taken_over=code.value == _TAKEN_OVER)

    def _drop(self, reason: str, taken_over: bool = False) -> None:
        if self.lost.done():
            return
        self.ready = False
        self.lost.set_result(Loss(reason, taken_over))
        self._socket.close()


def _refusal(code: int) -> str:
    try:
        return str(ReasonCode(PacketTypes.PUBACK, identifier=code))
    except KeyError:
        return f"reason code 0x{code:02X}, which MQTT does not know"
