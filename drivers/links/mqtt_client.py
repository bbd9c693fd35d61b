"""A connection to a broker that is kept up for ever: opened off the loop, watched, opened again with back-off."""

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from drivers.links.backoff import Backoff
from drivers.links.mqtt_session import Identity, Listener, Loss, NotConnected, Session
from drivers.links.mqtt_settings import MqttSettings
from drivers.links.mqtt_socket import CONNECT_LIMIT_S, open_socket, read_password

TICK_S = 0.5  # paho's keep-alive wants a look at least twice a second
READY_LIMIT_S = 5.0  # from the open socket to CONNACK and SUBACK
OPEN_LIMIT_S = 2 * CONNECT_LIMIT_S + 1.0  # TCP and TLS each have theirs; a name server that hangs is not waited for

Opener = Callable[[MqttSettings], socket.socket]


class User(Listener, Protocol):
    """Whom a connection serves. All calls come on the event loop."""

    def disconnected(self, loss: Loss, lasted_s: float) -> None:
        """Not connected any more, or again not; `lasted_s` is 0 when an attempt failed."""


class MqttConnection:
    """`generation` counts connections: an acknowledgement is good only on the one its message came over."""

    def __init__(self, settings: MqttSettings, identity: Identity, user: User, opener: Opener = open_socket) -> None:
        self._settings = settings
        self._identity = identity
        self._user = user
        self._opener = opener
        self._backoff = Backoff()
        self._session: Session | None = None
        self._opening: asyncio.Future[tuple[socket.socket, str | None]] | None = None
        self.generation = 0

    async def run(self) -> None:
        """Returns only by cancellation, which closes the connection: the broker then tells our will. May run again."""
        # One thread of our own: a name server that hangs here must not starve the journal of the shared ones.
        executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"mqtt-{self._identity.client_id}")
        try:
            while True:
                await self._connect_once(executor)
                await asyncio.sleep(self._backoff.next_s())
        finally:
            if self._session is not None:
                self._session.close("shutting down")
                self._session = None
            if self._opening is not None:
                self._opening.add_done_callback(_close_unwanted)
                self._opening = None
            executor.shutdown(wait=False, cancel_futures=True)

    def publish(self, topic: str, payload: bytes, retain: bool = False, at_once: bool = False) -> int:
        """Send, QoS 1: `at_once` what cannot wait, the rest in one write at the end of this turn of the loop.

        The returned identifier comes back in `User.confirmed`. Raises NotConnected.
        """
        if self._session is None:
            raise NotConnected("not connected")
        return self._session.publish(topic, payload, retain, at_once)

    def say(self, topic: str, payload: bytes, retain: bool = False) -> None:
        """Send without asking for confirmation, together with what else is said in this turn of the loop.

        Raises NotConnected.
        """
        if self._session is None:
            raise NotConnected("not connected")
        self._session.say(topic, payload, retain)

    def acknowledge(self, mid: int) -> None:
        """Let the broker forget a message of the present `generation`; one of an earlier it will send again."""
        if self._session is not None:
            self._session.acknowledge(mid)

    def reconnect(self, reason: str) -> None:
        """End the present connection, if any; the next one comes by itself, with all that was not acknowledged."""
        if self._session is not None:
            self._session.close(reason)

    async def _connect_once(self, executor: ThreadPoolExecutor) -> None:
        """One attempt, and the life of the connection when it succeeds."""
        loop = asyncio.get_running_loop()
        try:
            opened, password = await self._open(executor)
        except (OSError, UnicodeError) as error:  # UnicodeError: a host name or a password that is no text
            self._user.disconnected(Loss(_reason(error, self._settings)), 0.0)
            return
        self.generation += 1
        began = loop.time()
        session = Session(opened, self._settings, password, self._identity, self._user)
        self._session = session
        loss = await self._watch(session, began + READY_LIMIT_S)
        lasted_s = loop.time() - began if session.was_ready else 0.0
        self._session = None
        self._backoff.held(lasted_s)
        self._user.disconnected(loss, lasted_s)

    async def _watch(self, session: Session, ready_by: float) -> Loss:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.wait((session.lost,), timeout=TICK_S)
            if session.lost.done():
                return session.lost.result()
            session.tick()
            if not session.was_ready and loop.time() > ready_by:
                session.close(_no_answer(self._settings))

    async def _open(self, executor: ThreadPoolExecutor) -> tuple[socket.socket, str | None]:
        """Raises OSError or UnicodeError. An attempt that overran its time is waited for again, never doubled."""
        if self._opening is None:
            self._opening = asyncio.get_running_loop().run_in_executor(executor, self._open_now)
        done, _ = await asyncio.wait((self._opening,), timeout=OPEN_LIMIT_S)
        if not done:
            raise TimeoutError(f"no connection within {OPEN_LIMIT_S:g} s")
        opening, self._opening = self._opening, None
        return opening.result()

    def _open_now(self) -> tuple[socket.socket, str | None]:
        password = read_password(self._settings)
        return self._opener(self._settings), password


def _no_answer(settings: MqttSettings) -> str:
    hint = '; if it speaks only MQTT 3.1.1, write protocol: "3.1.1"' if settings.protocol == "5" else ""
    return f"the broker did not answer our CONNECT within {READY_LIMIT_S:g} s{hint}"


def _close_unwanted(opening: "asyncio.Future[tuple[socket.socket, str | None]]") -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result()[0].close()


def _reason(error: Exception, settings: MqttSettings) -> str:
    where = settings.socket or f"{settings.host}:{settings.port}"
    return f"cannot reach the broker at {where}: {error}"
