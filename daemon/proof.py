"""Proof of life: every minute a message goes round through output, broker, link, driver, rules and journal, and back.

Whatever leg of that way is dead, no alarm would come through either, and nobody would notice before there is one.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import NamedTuple

from daemon.clock import Clock
from daemon.core import ProofHealth
from drivers.contract import DeliveryFailed, Link, Proving, Trail
from drivers.tocsin.proof import ADDRESS
from rules.signal import Fault, Recovered, Signal

SOURCE = "tocsin/proof"
EVERY_S = 60.0
FIRST_S = 10.0  # after the start: what connects at all has connected by then
SETTLE_S = 1.0  # a broker that ends takes both connections with it, the one a moment after the other
LIMIT_S = 10.0  # for one way round, which takes milliseconds: a broker that restarts is back within this

_log = logging.getLogger(__name__)


class _Connections(NamedTuple):
    """Since when those of output and link stand, None for not, and how many proofs came over the link."""

    output: float | None
    link: float | None
    arrived: int


class Prover:
    """One link and one output on the same broker. `run_name` tells this run's messages from all others."""

    def __init__(
        self, link: Link, trail: Trail, output: Proving, run_name: str, clock: Clock, report: Callable[[Signal], None]
    ) -> None:
        self._link = link
        self._trail = trail
        self._output = output
        self._run = f"{run_name}-{output.name}"
        self._clock = clock
        self._report = report
        self._seq = 0
        self._failed = False
        self._off = False
        self._proven_at: float | None = None
        self._took_s = 0.0
        self._error = ""

    @property
    def source(self) -> str:
        return f"{SOURCE}/{self._link.name}/{self._output.name}"

    def health(self) -> ProofHealth:
        error = "off: the broker forbids it" if self._off else self._error
        return ProofHealth(self._link.name, self._output.name, self._proven_at, self._took_s, error)

    async def run(self) -> None:
        """Go round for ever."""
        await asyncio.sleep(FIRST_S)
        while True:
            await self.look()
            await asyncio.sleep(EVERY_S)

    async def look(self) -> None:
        """Go round once, and once more before it is a fault."""
        if self._off:
            return
        error = await self._ask()
        if error is None:
            return
        self._error = error
        if bool(error) == self._failed and not self._off:
            return
        self._failed = bool(error)
        now = self._clock.now()
        if error:
            text = f"no proof of life of link {self._link.name} and output {self._output.name}: {error}"
            self._report(Fault(now, self.source, "no_proof", text))
        else:
            self._report(Recovered(now, self.source, "no_proof"))

    async def _ask(self) -> str | None:
        """What is wrong, empty for nothing; None while the link is down, which is a fault already, and the nearer."""
        before = self._connections()
        error = await self._go_round(before)
        if error and not self._off and self._link.health.up:
            error = await self._go_round(before)
        return None if error and not self._off and not self._link.health.up else error

    async def _go_round(self, before: _Connections) -> str:
        """Which leg failed; empty when the message came back. `before` is how the connections were at the first try."""
        loop = asyncio.get_running_loop()
        self._seq += 1
        nonce, began = (self._run, self._seq), loop.time()
        taken = False
        try:
            async with asyncio.timeout(LIMIT_S):
                await self._output.probe(*nonce)
                taken = True
                await self._output.answer(*nonce)
        except DeliveryFailed as failed:
            if not failed.retry:
                return self._refuse(str(failed))
            error = str(failed)
        except TimeoutError:
            error = self._leg(nonce) if taken else f"output {self._output.name} does not reach the broker"
        else:
            self._proven_at, self._took_s = self._clock.now(), loop.time() - began
            return ""
        if await self._was_cut(before):
            return self._refuse("the broker ended the output's connection over it")
        return error

    def _connections(self) -> _Connections:
        output, link = self._output.health, self._link.health
        return _Connections(output.since if output.up else None, link.since if link.up else None, self._trail.arrived)

    async def _was_cut(self, before: _Connections) -> bool:
        """The output's connection ended, the link's stands, and nothing came over it. MQTT 3.1.1 has no refusal, and
        mosquitto 2.0.11 confirms what it forbids before it ends the connection.
        """
        if before.output is None or before.output == self._connections().output:
            return False
        await asyncio.sleep(SETTLE_S)
        now = self._connections()
        return now.link is not None and now.link == before.link and now.arrived == before.arrived

    def _refuse(self, why: str) -> str:
        """It is not asked again in this run: each time would cost the connection that an evacuation goes over."""
        self._off = True
        _log.warning("%s: proof of life is off: %s", self.source, why)
        return (
            f"it is off until the next start, for the broker forbids it ({why}): let Tocsin's user write "
            f"PREFIX/dev/{ADDRESS}/readings and read PREFIX/cmd/{ADDRESS}/ack, PREFIX being that of the driver tocsin, "
            "or set proof: false there"
        )

    def _leg(self, nonce: tuple[str, int]) -> str:
        trail, link = self._trail, self._link.name
        if trail.kept == nonce:
            return (
                f"it came through, but the answer did not come back to output {self._output.name}: may Tocsin's user "
                "read it? A confirmation of an evacuation would be lost in the same way"
            )
        if trail.read == nonce:
            return f"the driver on link {link} read it, but rules and journal did not take it within {LIMIT_S:g} s"
        if trail.arrived >= self._seq:
            return f"it came over link {link}, but the driver could not read it"
        return f"the broker took it and link {link} did not get it: may Tocsin's user read it?"
