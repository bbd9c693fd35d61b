"""The MQTT output: an event for each decision, retained states, and the evacuation trigger that must be confirmed."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import msgspec

from drivers.contract import CONFIRM_S, Beat, Delivery, DeliveryFailed, LinkHealth, OutputContext
from drivers.links.mqtt_client import MqttConnection
from drivers.links.mqtt_session import Identity, Loss, NotConnected
from drivers.links.mqtt_settings import MqttSettings
from drivers.links.mqtt_wire import Publish
from drivers.outputs.mqtt.confirmations import Confirmations
from drivers.outputs.mqtt.heartbeat import Heartbeat
from drivers.outputs.mqtt.proofs import Proofs
from drivers.outputs.mqtt.render import Renderer, State
from drivers.outputs.mqtt.settings import MqttOutputSettings
from drivers.tocsin.proof import probe
from rules.decision import Advance, EndEvacuation, Evacuate, Reroute
from rules.plan import EvacuationPlan
from rules.venue import Venue

log = logging.getLogger(__name__)

TAKEN_LIMIT_S = 3.0  # a broker on the venue's own network takes a message in milliseconds
REPEAT_TRIGGER_S = 5.0  # a sounder that was restarted in the middle of an evacuation joins in within this
_REMEMBERED = 1000  # ids of triggers; an hour of evacuations has a handful
_CONFIRM_BYTES = 4096


class Confirmation(msgspec.Struct):
    """What a receiver of the trigger answers."""

    id: str
    by: str = ""


Kept = TypeVar("Kept")
_confirmation = msgspec.json.Decoder(Confirmation)


class MqttOutput:
    """Speaks over a connection of its own to the broker of a link.

    Delivered means: taken by the broker (PUBACK); for the evacuation trigger: confirmed by its receivers.
    """

    def __init__(self, name: str, settings: MqttOutputSettings, context: OutputContext) -> None:
        link = context.links.get(settings.link)
        if not isinstance(link, MqttSettings):
            raise ValueError(f"output {name}: link {settings.link!r} is not an MQTT link of this venue")
        self.name = name
        self.health = LinkHealth()
        self._now = context.now
        self._prefix = settings.prefix
        self._render = Renderer(settings.prefix, context.venue, context.evacuation_plans)
        client_id = f"{link.client_id or f'tocsin-{settings.link}'}-out-{name}"
        prefix = context.proofs.get(settings.link)
        self.proves = settings.link if prefix else ""
        self._proofs = Proofs(prefix or "")
        self._heartbeat = Heartbeat(settings.prefix, settings.heartbeat)
        identity = Identity(
            client_id,
            False,
            (self._render.confirm_topic,),
            (self._render.daemon_topic, b"offline"),
            (self._proofs.answer_topic,) if prefix else (),
        )
        self._connection = MqttConnection(link, identity, self)
        self._taken: dict[int, asyncio.Future[str | None]] = {}  # by identifier: empty, why refused, or None when lost
        self._triggers: dict[str, bytes] = {}  # by id: of commands that wait until they are durable
        self._confirmations = Confirmations(name, settings.confirm)
        self._told: dict[str, None] = {}  # triggers whose event and state the broker has
        # by evacuation, one trigger for each stage: repeated whoever has confirmed
        self._in_force: dict[str, list[tuple[Delivery, Evacuate | Advance]]] = {}
        self._blocked: dict[str, tuple[str, ...]] = {}  # by evacuation: the blocked routes of now
        self._repeat = asyncio.Event()  # a new connection: the broker may have lost the states
        self._retained: dict[str, bytes] = {}  # one for each zone, standing alarm, fault and evacuation

    def take_up(self, standing: Sequence[Delivery]) -> None:
        for delivery in standing:
            state = self._render.state(delivery)
            if state is not None:
                self._keep(state)
            self._follow(delivery)

    def rename(self, venue: Venue, evacuation_plans: Mapping[str, EvacuationPlan]) -> None:
        self._render = Renderer(self._prefix, venue, evacuation_plans)

    async def run(self) -> None:
        """Keeps the connection, until cancelled."""
        self.health.since = self._now()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._connection.run())
            tasks.create_task(self._repeat_states())
            tasks.create_task(self._repeat_triggers())

    def prepare(self, delivery: Delivery) -> None:
        if isinstance(delivery.decision, Evacuate | Advance | EndEvacuation):
            _remember(self._triggers, delivery.id, self._render.trigger(delivery, delivery.decision, self._now()))

    async def deliver(self, delivery: Delivery) -> None:
        """Sends before it first waits, and may be cancelled. Raises DeliveryFailed."""
        self._follow(delivery)
        ordering = isinstance(delivery.decision, Evacuate | Advance | EndEvacuation)
        within_s = CONFIRM_S if ordering else TAKEN_LIMIT_S
        try:
            async with asyncio.timeout(within_s):
                if isinstance(delivery.decision, Evacuate | Advance | EndEvacuation):
                    await self._order(delivery, delivery.decision)
                else:
                    await self._tell(delivery)
        except TimeoutError:
            missing = self._confirmations.missing(delivery.id) if ordering else ()
            by = f" by {', '.join(missing)}" if missing else ""
            raise DeliveryFailed(f"not confirmed{by} within {within_s:g} s", retry=True) from None
        except NotConnected as error:
            reason = self.health.last_error or str(error)
            raise DeliveryFailed(f"the broker of output {self.name} is not reached: {reason}", retry=True) from error

    def ready(self) -> None:
        """Say that we are here, and what stands: the broker may have lost it."""
        if self._connection.generation > 1:
            self.health.reconnects += 1
        self.health.up, self.health.since, self.health.last_error = True, self._now(), ""
        log.info("output %s is connected", self.name)
        self._connection.say(self._render.daemon_topic, b"online", retain=True)
        self._repeat.set()

    def disconnected(self, loss: Loss, lasted_s: float) -> None:
        if self.health.up or not self.health.last_error:
            log.warning("output %s is not connected: %s", self.name, loss.reason)
            self.health.since = self._now()
        self.health.up, self.health.last_error = False, loss.reason
        for taken in self._taken.values():
            if not taken.done():
                taken.set_result(None)
        self._taken.clear()

    def confirmed(self, mid: int, refused: str) -> None:
        taken = self._taken.pop(mid, None)
        if taken is not None and not taken.done():
            taken.set_result(refused)

    def message(self, publish: Publish) -> None:
        """A receiver has confirmed a trigger, or a proof of life has come round."""
        self.health.received += 1
        if publish.mid:  # QoS 0 has none, and a broker ends the connection over an acknowledgement of it
            self._connection.acknowledge(publish.mid)
        if self.proves and publish.topic == self._proofs.answer_topic.encode():
            self._proofs.answered(publish)
            return
        try:
            if publish.size > _CONFIRM_BYTES or publish.retained:
                raise ValueError("a confirmation is short and never retained")
            told = _confirmation.decode(publish.payload)
        except (ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors
            self.health.bad += 1
            log.warning("output %s: an unreadable confirmation %r: %s", self.name, publish.payload[:80], error)
            return
        self._confirmations.answered(told.id, told.by)

    async def probe(self, boot: str, seq: int) -> None:
        """Raises DeliveryFailed; a retry does not help where the broker forbids it."""
        try:
            await self._wait(self._publish(self._proofs.probe_topic, probe(boot, seq), retain=False))
        except NotConnected as error:
            reason = self.health.last_error or str(error)
            raise DeliveryFailed(f"output {self.name} does not reach the broker: {reason}", retry=True) from error

    async def answer(self, boot: str, seq: int) -> None:
        await self._proofs.answer(boot, seq)

    def beat(self, now: Callable[[], Beat]) -> None:
        message = self._heartbeat.due(self._now(), now)
        if message is not None:
            try:
                self._connection.say(self._heartbeat.topic, message)
            except NotConnected:
                log.debug("output %s: no heartbeat without a connection", self.name)

    def _follow(self, delivery: Delivery) -> None:
        """Keep what is repeated while an evacuation is in force: the trigger of each stage, with the routes of now.

        A delivery that is tried again is there already.
        """
        decision = delivery.decision
        if isinstance(decision, Evacuate | Advance):
            stages = self._in_force.setdefault(decision.evacuation, [])
            if all(known.id != delivery.id for known, _ in stages):
                stages.append((delivery, decision))
                self._blocked[decision.evacuation] = decision.blocked
        elif isinstance(decision, Reroute):
            self._blocked[decision.evacuation] = decision.blocked
        elif isinstance(decision, EndEvacuation):
            self._in_force.pop(decision.evacuation, None)
            self._blocked.pop(decision.evacuation, None)

    async def _order(self, delivery: Delivery, decision: Evacuate | Advance | EndEvacuation) -> None:
        if not self._confirmations.confirmed(delivery.id):
            prepared = self._triggers.pop(delivery.id, None)
            trigger = prepared or self._render.trigger(delivery, decision, self._now())
            taken = self._publish(self._render.trigger_topic, trigger, retain=False, at_once=True)
            if delivery.id not in self._told:
                await self._tell(delivery)
                _remember(self._told, delivery.id, None)
            await self._wait(taken)
            await self._confirmations.wait(delivery.id)
        elif delivery.id not in self._told:
            await self._tell(delivery)
        self._confirmations.forget(delivery.id)

    async def _repeat_states(self) -> None:
        """After each connection, one state at a time: a hall full of faults is more than the wire takes at once."""
        while True:
            await self._repeat.wait()
            self._repeat.clear()
            for topic in list(self._retained):
                payload = self._retained.get(topic)
                if payload is None or self._repeat.is_set():  # it is over meanwhile; a newer connection begins anew
                    continue
                try:
                    await self._wait(self._publish(topic, payload, retain=True))
                except (NotConnected, DeliveryFailed) as error:
                    log.debug("output %s: %s is not said again: %s", self.name, topic, error)

    async def _repeat_triggers(self) -> None:
        """Receivers that were off when it began hear of an evacuation in force; the others know its id."""
        while True:
            await asyncio.sleep(REPEAT_TRIGGER_S)
            for delivery, decision in [one for stages in self._in_force.values() for one in stages]:
                blocked = self._blocked.get(decision.evacuation)
                trigger = self._render.trigger(delivery, decision, self._now(), blocked)
                try:
                    await self._wait(self._publish(self._render.trigger_topic, trigger, retain=False))
                except (NotConnected, DeliveryFailed) as error:
                    log.debug("output %s: %s is not repeated: %s", self.name, delivery.id, error)

    async def _tell(self, delivery: Delivery) -> None:
        """The event, and the state that it changes."""
        sent = [self._publish(self._render.event_topic, self._render.event(delivery), retain=False)]
        state = self._render.state(delivery)
        if state is not None:
            self._keep(state)
            sent.append(self._publish(state.topic, state.payload, retain=True))
        for one in sent:
            await self._wait(one)

    def _keep(self, state: State) -> None:
        if state.payload:
            self._retained[state.topic] = state.payload
        else:
            self._retained.pop(state.topic, None)

    def _publish(
        self, topic: str, payload: bytes, retain: bool, at_once: bool = False
    ) -> tuple[int, asyncio.Future[str | None]]:
        mid = self._connection.publish(topic, payload, retain, at_once)
        taken = self._taken[mid] = asyncio.get_running_loop().create_future()
        return mid, taken

    async def _wait(self, sent: tuple[int, asyncio.Future[str | None]]) -> None:
        mid, taken = sent
        try:
            refused = await taken
        finally:
            self._taken.pop(mid, None)
        if refused is None:
            raise NotConnected("the connection was lost before the broker confirmed")
        if refused:
            raise DeliveryFailed(f"the broker of output {self.name} refused it: {refused}", retry=False)


def _remember(kept: dict[str, Kept], one: str, what: Kept) -> None:
    if len(kept) >= _REMEMBERED:
        kept.pop(next(iter(kept)))
    kept[one] = what
