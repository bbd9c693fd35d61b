"""Another client of the same broker, made of plain paho on a thread: a device, a receiver, or a thief of client ids."""

import asyncio
import queue
from typing import Self

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from tests.broker import Mosquitto
from tests.drivers.desk import PATIENCE_S


class Peer:
    """Use as an asynchronous context manager: connected inside, gone outside."""

    def __init__(self, broker: Mosquitto, *filters: str, client_id: str = "peer", persistent: bool = False) -> None:
        self._broker = broker
        self._filters = filters
        self._client = Client(
            CallbackAPIVersion.VERSION2,
            client_id,
            protocol=MQTTProtocolVersion.MQTTv311,
            clean_session=not persistent,
            reconnect_on_failure=False,
        )
        if broker.username is not None:
            self._client.username_pw_set(broker.username, broker.password)
        if broker.ca is not None:
            self._client.tls_set(str(broker.ca), str(broker.certificate), str(broker.key))
        self._heard: queue.Queue[MQTTMessage] = queue.Queue()
        self._ready: queue.Queue[bool] = queue.Queue()
        self._client.on_message = lambda client, data, message: self._heard.put(message)
        self._client.on_connect = lambda client, data, flags, code, properties: self._subscribe()
        self._client.on_subscribe = lambda client, data, mid, codes, properties: self._ready.put(True)

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self._connect)
        return self

    async def __aexit__(self, *error: object) -> None:
        await asyncio.to_thread(self._leave)

    async def tell(self, topic: str, payload: bytes | str, retain: bool = False, qos: int = 1) -> None:
        """Publish and wait until the broker has it (QoS 1) or it is sent (QoS 0)."""
        sent = self._client.publish(topic, payload, qos, retain)
        await asyncio.to_thread(sent.wait_for_publish, PATIENCE_S)

    async def hear(self) -> MQTTMessage:
        """The next message. Raises queue.Empty when none comes."""
        return await asyncio.to_thread(self._heard.get, True, PATIENCE_S)

    @property
    def has_heard(self) -> bool:
        """Whether a message waits to be heard."""
        return not self._heard.empty()

    def _connect(self) -> None:
        self._client.connect(self._broker.host, self._broker.port, 60)
        self._client.loop_start()
        self._ready.get(True, PATIENCE_S)

    def _subscribe(self) -> None:
        if self._filters:
            self._client.subscribe([(one, 1) for one in self._filters])
        else:
            self._ready.put(True)

    def _leave(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()
