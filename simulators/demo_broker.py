"""A broker inside the demo's own process, for a machine that has none. For showing only: real venues run mosquitto.

amqtt speaks MQTT 3.1.1 only, never notices a half-open client, and does not send again what was unacknowledged at a
reconnect; so nothing about reliability is shown or tested on it.
"""

import logging
import socket
from typing import Any

from amqtt.broker import Broker as AmqttBroker  # type: ignore[import-untyped]
from amqtt.plugins.base import BaseAuthPlugin  # type: ignore[import-untyped]
from amqtt.session import Session  # type: ignore[import-untyped]

HOST = "127.0.0.1"
PROTOCOL = "3.1.1"
CONNECTIONS_MAX = 400  # the sample venue needs 88


class LetIn(BaseAuthPlugin):  # type: ignore[misc]  # amqtt has no types
    """Lets everybody in, as somebody: for anonymous clients amqtt keeps no queue while they are away."""

    async def authenticate(self, *, session: Session) -> bool:
        session.is_anonymous = False
        return True


class DemoBroker:
    """Listens on loopback from `start` to `stop`."""

    def __init__(self) -> None:
        self.host = HOST
        self.port = _free_port()
        self._broker: Any = None

    async def start(self) -> None:
        """Raises amqtt's BrokerError when the port is taken."""
        for name in ("amqtt", "transitions"):
            logging.getLogger(name).setLevel(logging.CRITICAL)  # it warns at each ordinary disconnect
        listener = {"type": "tcp", "bind": f"{self.host}:{self.port}", "max_connections": CONNECTIONS_MAX}
        plugins: dict[str, object] = {f"{__name__}.LetIn": {}}  # the $SYS plugin is not among them: nobody reads it
        self._broker = AmqttBroker({"listeners": {"default": listener}, "plugins": plugins})
        await self._broker.start()

    async def stop(self) -> None:
        if self._broker is not None:
            await self._broker.shutdown()
            self._broker = None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
