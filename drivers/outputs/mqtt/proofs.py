"""Proofs of life that this output has sent, on their way round."""

import asyncio
import logging

from drivers.links.mqtt_wire import Publish
from drivers.tocsin.proof import answer_topic, answered, probe_topic

log = logging.getLogger(__name__)

_BYTES = 4096


class Proofs:
    """Waits for one receipt at a time."""

    def __init__(self, prefix: str) -> None:
        self.probe_topic = probe_topic(prefix)
        self.answer_topic = answer_topic(prefix)
        self._boot = ""
        self._last = 0  # the highest that came back
        self._came = asyncio.Event()

    async def answer(self, boot: str, seq: int) -> None:
        """Returns when the receipt of this one, or of a later one, has come."""
        while not (self._boot == boot and self._last >= seq):
            self._came.clear()
            await self._came.wait()

    def answered(self, publish: Publish) -> None:
        """A receipt has come; of what another run of the daemon, or another output, has sent there are some as well."""
        try:
            if publish.size > _BYTES:
                raise ValueError(f"{publish.size} bytes")
            boot, spans = answered(publish.payload)
        except (ValueError, RecursionError) as error:  # msgspec's errors are ValueErrors
            log.debug("an unreadable receipt of a proof of life: %s", error)
            return
        last = max((last for _, last in spans), default=0)
        if boot != self._boot:
            self._boot, self._last = boot, 0
        self._last = max(self._last, last)
        self._came.set()
