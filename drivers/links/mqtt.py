"""The MQTT link: messages of a broker become signals, and are acknowledged when their effect is durable."""

import asyncio
import logging
from collections.abc import Sequence
from functools import partial

from paho.mqtt.client import topic_matches_sub

from drivers.contract import (
    SHOWN_BYTES,
    BadInput,
    Binding,
    Decoded,
    Dialect,
    Inbox,
    LinkHealth,
    Now,
    Receipt,
)
from drivers.links.mqtt_client import MqttConnection, Opener
from drivers.links.mqtt_session import Identity, Loss, NotConnected
from drivers.links.mqtt_settings import MqttSettings
from drivers.links.mqtt_socket import open_socket
from drivers.links.mqtt_wire import PAYLOAD_LIMIT, Publish
from drivers.links.quarantine import BAD_INPUT, UNKNOWN_DEVICE, Quarantine
from drivers.links.receipts import Receipts
from rules.signal import Fault, LinkDown, LinkUp, Recovered, Signal

log = logging.getLogger(__name__)

_ROUTES_LIMIT = 10_000  # topics remembered; a venue has a few thousand, an attacker any number
_HOUSEKEEPING_S = 1.0
_SHORT_S = 5.0  # a connection that lasted less was thrown out, not lost
_UNSTABLE_AFTER = 3  # such connections in a row
_STEADY_S = 30.0  # then a connection is trusted again
_SETTLE_LIMIT_S = 10.0  # a journal that hangs is given up after 250 ms: what is not done by now was refused
_DRIVER_QUIET_S = 600.0  # a driver that has not failed for so long is trusted again
CLIENT_ID_TAKEN = "client_id_taken"
UNSTABLE = "unstable_connection"
DRIVER_ERROR = "driver_error"

_Route = tuple[str, Dialect]


class MqttLink:
    """Signals go into the inbox; broker and device are acknowledged only when the inbox says that a message is done."""

    def __init__(
        self,
        name: str,
        settings: MqttSettings,
        dialects: Sequence[Dialect],
        bindings: Sequence[Binding],
        inbox: Inbox,
        now: Now,
        opener: Opener = open_socket,
    ) -> None:
        self.name = name
        self.health = LinkHealth()
        self.dropped = 0  # messages on topics that no dialect asked for
        self.client_id = settings.client_id or f"tocsin-{name}"
        self._dialects = tuple(dialects)
        self._inbox = inbox
        self._now = now
        self._filters = tuple(dict.fromkeys(one for dialect in dialects for one in dialect.filters))
        self._connection = MqttConnection(settings, Identity(self.client_id, True, self._filters), self, opener)
        self.trail = next((trail for one in dialects if (trail := getattr(one, "trail", None)) is not None), None)
        self.quarantine = Quarantine(name, bindings)
        self._receipts = Receipts(self._send_receipt)
        self._routes: dict[bytes, _Route | None] = {}
        self._down_told = False
        self._first = True
        self._short_in_a_row = 0
        self._link_faults: set[str] = set()
        self._up_at = 0.0
        self._unsettled: dict[int, float] = {}  # messages not yet done, oldest first, with the time they came
        self._driver_failed_at: float | None = None

    async def run(self) -> None:
        """Connect, listen, reconnect, until cancelled."""
        self.health.since = self._now()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._connection.run())
            tasks.create_task(self._keep_house())

    def ready(self) -> None:
        at = self._up_at = self._now()
        if not self._first:
            self.health.reconnects += 1
        self.health.up, self.health.since, self.health.last_error = True, at, ""
        self._down_told = False
        signals: list[Signal] = [LinkUp(at, self.name)]
        if self._first:  # what stood when the last process ended is found anew if it still holds
            stale = (CLIENT_ID_TAKEN, UNSTABLE, DRIVER_ERROR, UNKNOWN_DEVICE, BAD_INPUT)
            signals += [Recovered(at, self.name, code) for code in stale]
        self._first = False
        log.info("link %s is up", self.name)
        self._inbox.put(signals)

    def disconnected(self, loss: Loss, lasted_s: float) -> None:
        at = self._now()
        self.health.last_error = loss.reason
        self._unsettled.clear()
        signals: list[Signal] = []
        if not self._down_told:  # first failure loud, repeats quiet
            self._down_told = True
            self.health.up, self.health.since = False, at
            signals.append(LinkDown(at, self.name, loss.reason))
            log.warning("link %s is down: %s", self.name, loss.reason)
        self._short_in_a_row = self._short_in_a_row + 1 if 0 < lasted_s < _SHORT_S else 0
        if loss.taken_over:
            text = f"another client connects as {self.client_id!r} and takes our messages; give each its own client_id"
            signals += self._link_fault(at, CLIENT_ID_TAKEN, text)
        elif self._short_in_a_row >= _UNSTABLE_AFTER:
            text = (
                f"the broker ends each connection within {_SHORT_S:g} s, the last time with: {loss.reason}; "
                f"perhaps another client uses the client_id {self.client_id!r}"
            )
            signals += self._link_fault(at, UNSTABLE, text)
        if signals:
            self._inbox.put(signals)

    def confirmed(self, mid: int, refused: str) -> None:
        """Nothing is published here that asks for confirmation."""

    def message(self, publish: Publish) -> None:
        """Whatever comes, it ends as signals, in quarantine, or counted as dropped; always acknowledged in the end."""
        self.health.received += 1
        topic = publish.topic
        try:
            route = self._routes[topic]
        except KeyError:
            route = self._find_route(topic)
        at = self._now()
        if route is None:
            self.dropped += 1
            self._finish(publish.mid, self._connection.generation, None, None)
            return
        where, dialect = route
        try:
            if publish.size > PAYLOAD_LIMIT:
                raise BadInput(f"a payload of {publish.size} bytes, at most {PAYLOAD_LIMIT} are read", publish.payload)
            decoded = dialect.decode(where, publish.payload, publish.retained, at)
        except BadInput as bad:
            self.health.bad += 1
            signals: Sequence[Signal] = self.quarantine.bad_message(bad, where, at)
            receipt = None
        except Exception as error:  # noqa: BLE001 - the supervisor of drivers: a bug in one must not blind the link
            signals = self._driver_failed(error, publish, where, at)
            receipt = None
        else:
            signals, receipt = decoded.signals, decoded.receipt
            if decoded.bad or not self.quarantine.quiet:
                signals = self._weigh(decoded, where, at)
        if signals:
            if publish.mid:
                self._unsettled[publish.mid] = at
            self._inbox.put(signals, partial(self._finish, publish.mid, self._connection.generation, dialect, receipt))
        else:
            self._finish(publish.mid, self._connection.generation, dialect, receipt)

    def _finish(self, mid: int, generation: int, dialect: Dialect | None, receipt: Receipt | None) -> None:
        """The effect of a message is durable, or it had none."""
        if mid and generation == self._connection.generation:
            self._unsettled.pop(mid, None)
            self._connection.acknowledge(mid)
        if receipt is not None and dialect is not None:
            self._receipts.add(dialect, receipt)

    def _weigh(self, decoded: Decoded, where: str, at: float) -> Sequence[Signal]:
        signals: Sequence[Signal] = decoded.signals
        unreadable = [bad for bad in decoded.bad if bad.quantity is None]
        if not unreadable:
            signals = self.quarantine.good(signals, at)
        for bad in decoded.bad:
            self.health.bad += 1
            told = self.quarantine.bad_message if bad.quantity is None else self.quarantine.bad_value
            signals = (*signals, *told(bad, where, at))
        return signals

    def _find_route(self, topic: bytes) -> _Route | None:
        """Which dialect reads a topic: the first whose filter matches. Remembered, also that there is none."""
        route: _Route | None = None
        try:
            text = topic.decode("utf-8")
        except UnicodeDecodeError:
            log.warning("link %s: a topic that is not UTF-8: %r", self.name, topic[:SHOWN_BYTES])
        else:
            for dialect in self._dialects:
                if any(topic_matches_sub(one, text) for one in dialect.filters):
                    route = (text, dialect)
                    break
        if len(self._routes) >= _ROUTES_LIMIT:
            self._routes.clear()
        self._routes[topic] = route
        return route

    def _driver_failed(self, error: Exception, publish: Publish, where: str, at: float) -> Sequence[Signal]:
        self.health.bad += 1
        bad = BadInput(f"the driver failed on it: {type(error).__name__}: {error}", publish.payload)
        told = self._driver_failed_at is not None
        self._driver_failed_at = at
        signals = self.quarantine.bad_message(bad, where, at)
        if told:
            return signals
        log.error("link %s: the driver failed on a message on %s", self.name, where, exc_info=error)
        return (*signals, *self._link_fault(at, DRIVER_ERROR, f"{bad} on {where}; the log has the traceback"))

    def _link_fault(self, at: float, code: str, text: str) -> Sequence[Signal]:
        if code in self._link_faults:
            return ()
        self._link_faults.add(code)
        return (Fault(at, self.name, code, text),)

    def _link_well(self, at: float, code: str) -> Sequence[Signal]:
        if code not in self._link_faults:
            return ()
        self._link_faults.discard(code)
        return (Recovered(at, self.name, code),)

    async def _keep_house(self) -> None:
        """What is well again by having been quiet for long enough."""
        while True:
            await asyncio.sleep(_HOUSEKEEPING_S)
            at = self._now()
            signals = list(self.quarantine.tick(at))
            if self.health.up and at - self._up_at >= _STEADY_S:
                signals += self._link_well(at, CLIENT_ID_TAKEN)
                signals += self._link_well(at, UNSTABLE)
            if self._unsettled and at - next(iter(self._unsettled.values())) >= _SETTLE_LIMIT_S:
                self._connection.reconnect(
                    f"messages were not settled for {_SETTLE_LIMIT_S:g} s: asking for them again"
                )
            if self._driver_failed_at is not None and at - self._driver_failed_at >= _DRIVER_QUIET_S:
                self._driver_failed_at = None
                signals += self._link_well(at, DRIVER_ERROR)
            if signals:
                self._inbox.put(signals)

    def _send_receipt(self, topic: str, payload: bytes) -> None:
        try:
            self._connection.say(topic, payload)
        except NotConnected:
            log.debug("link %s: no receipt for %s, the device will ask again", self.name, topic)
