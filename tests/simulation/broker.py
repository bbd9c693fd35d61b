"""A broker and the daemon's connections to it: what the real link and the real output see of MQTT."""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from functools import cache, partial

from paho.mqtt.client import topic_matches_sub

from drivers.links.mqtt_client import User
from drivers.links.mqtt_session import Identity, Loss, NotConnected
from drivers.links.mqtt_settings import MqttSettings
from drivers.links.mqtt_wire import Publish
from tests.simulation.world import World

INFLIGHT = 200  # messages without an acknowledgement, as Tocsin asks for
LATENCY_S = (0.0002, 0.02)
RECONNECT_S = (0.2, 5.0)
Hears = Callable[[str, bytes], None]


@cache
def _matches(wanted: str, topic: str) -> bool:
    return bool(topic_matches_sub(wanted, topic))


class Session:
    """What the broker keeps for one client id: what waits, and what was sent and not acknowledged, in order."""

    def __init__(self) -> None:
        self.waiting: deque[tuple[str, bytes]] = deque()
        self.inflight: OrderedDict[int, tuple[str, bytes]] = OrderedDict()
        self.filters: tuple[str, ...] = ()
        self.connection: SimConnection | None = None
        self._next_mid = 0

    def mid(self) -> int:
        self._next_mid = self._next_mid % 65_535 + 1
        return self._next_mid


class Broker:
    """Keeps sessions; may be down, or lose all that it keeps."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.up = True
        self.sessions: dict[str, Session] = {}
        self._listeners: dict[str, list[Hears]] = {}  # in the field, by topic
        self.loses = 0.0  # share of what is said with QoS 0 that is lost
        self._last_heard_at = 0.0  # wires keep the order

    def listen(self, topic: str, hears: Hears) -> None:
        self._listeners.setdefault(topic, []).append(hears)

    def publish(self, topic: str, payload: bytes) -> None:
        """Somebody in the field says something, QoS 1. A broker that is down does not hear it."""
        if not self.up:
            return
        for session in list(self.sessions.values()):
            if any(_matches(one, topic) for one in session.filters):
                session.waiting.append((topic, payload))
                self._deliver(session)

    def go_down(self, forgets: bool) -> None:
        """End; `forgets`: kill -9 before anything was written."""
        self.up = False
        for session in list(self.sessions.values()):
            if session.connection is not None:
                session.connection.lose("the broker is gone")
            if forgets:
                session.waiting.clear()
                session.inflight.clear()
        if forgets:
            self.sessions.clear()

    def come_up(self) -> None:
        self.up = True

    def attach(self, connection: "SimConnection", identity: Identity) -> None:
        session = self.sessions.get(identity.client_id) if identity.persistent else None
        if session is None:
            session = self.sessions[identity.client_id] = Session()
        session.connection, session.filters = connection, (*identity.filters, *identity.optional)
        for mid, (topic, payload) in session.inflight.items():
            connection.hear(topic, payload, mid)
        self._deliver(session)

    def detach(self, connection: "SimConnection", identity: Identity) -> None:
        session = self.sessions.get(identity.client_id)
        if session is not None and session.connection is connection:
            session.connection = None
            if not identity.persistent:
                del self.sessions[identity.client_id]

    def acknowledged(self, identity: Identity, mid: int) -> None:
        session = self.sessions[identity.client_id]
        session.inflight.pop(mid, None)
        self._deliver(session)

    def tell_field(self, topic: str, payload: bytes) -> None:
        """The daemon says something; whoever listens hears it a little later."""
        self.publish(topic, payload)  # what the daemon says to itself
        at = self._last_heard_at = max(self._last_heard_at, self.world.now + self.latency())
        for hears in self._listeners.get(topic, ()):
            self.world.later(at - self.world.now, partial(hears, topic, payload))

    def latency(self) -> float:
        return self.world.chance.uniform(*LATENCY_S)

    def _deliver(self, session: Session) -> None:
        connection = session.connection
        while connection is not None and session.waiting and len(session.inflight) < INFLIGHT:
            topic, payload = session.waiting.popleft()
            mid = session.mid()
            session.inflight[mid] = (topic, payload)
            connection.hear(topic, payload, mid)


class SimConnection:
    """Stands where link and output make an MqttConnection. `is_alive` is that of the process it belongs to."""

    def __init__(
        self, broker: Broker, is_alive: Callable[[], bool], settings: MqttSettings, identity: Identity, user: User
    ) -> None:
        self._broker = broker
        self._alive = is_alive
        self._identity = identity
        self._user = user
        self._connected = False
        self._lost: asyncio.Future[str] | None = None
        self._next_mid = 0
        self._last_sent_at = 0.0
        self.generation = 0

    async def run(self) -> None:
        try:
            while True:
                await asyncio.sleep(self._broker.latency())
                if self._broker.up:
                    await self._live()
                else:
                    self._user.disconnected(Loss("cannot reach the broker"), 0.0)
                await asyncio.sleep(self._broker.world.chance.uniform(*RECONNECT_S))
        finally:
            self._connected = False
            if self._alive():
                self._broker.detach(self, self._identity)

    async def _live(self) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        self.generation += 1
        self._lost = loop.create_future()
        self._connected = True
        self._broker.attach(self, self._identity)
        self._user.ready()
        reason = await self._lost
        self._user.disconnected(Loss(reason), loop.time() - began)

    def lose(self, reason: str) -> None:
        """The connection breaks."""
        if self._connected and self._lost is not None and self._alive():
            self._connected = False
            self._broker.detach(self, self._identity)
            self._lost.set_result(reason)

    def hear(self, topic: str, payload: bytes, mid: int) -> None:
        """The broker sends us a message."""
        generation = self.generation
        publish = Publish(topic.encode(), payload, False, mid, len(payload))

        def arrive() -> None:
            if self._connected and generation == self.generation:
                self._user.message(publish)

        if self._alive():
            self._lost_loop().call_soon(arrive)

    def acknowledge(self, mid: int) -> None:
        if self._connected and self._alive():
            self._broker.acknowledged(self._identity, mid)

    def publish(self, topic: str, payload: bytes, retain: bool = False, at_once: bool = False) -> int:
        self._check()
        self._next_mid += 1
        mid, generation = self._next_mid, self.generation
        world = self._broker.world

        def arrives() -> None:
            """At the broker, if the connection has lived so long; then PUBACK comes back."""
            if self._broker.up and self._alive() and self._connected and generation == self.generation:
                self._broker.tell_field(topic, payload)
                world.later(self._broker.latency(), confirmed)

        def confirmed() -> None:
            if self._alive() and self._connected and generation == self.generation:
                self._lost_loop().call_soon(self._user.confirmed, mid, "")

        at = self._last_sent_at = max(self._last_sent_at, world.now + self._broker.latency())
        world.later(at - world.now, arrives)
        return mid

    def say(self, topic: str, payload: bytes, retain: bool = False) -> None:
        self._check()
        if self._broker.world.chance.random() >= self._broker.loses:
            self._broker.tell_field(topic, payload)

    def reconnect(self, reason: str) -> None:
        self.lose(reason)

    def _check(self) -> None:
        if not self._connected or not self._alive():
            raise NotConnected("not connected")

    def _lost_loop(self) -> asyncio.AbstractEventLoop:
        assert self._lost is not None
        return self._lost.get_loop()
