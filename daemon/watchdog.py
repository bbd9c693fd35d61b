"""Tells systemd that Tocsin lives, and only when it does: from the loop, after a message went all the way through."""

import asyncio
from collections.abc import Callable, Sequence

from daemon.notify import sd_notify

BEAT_S = 1.0
PROBE_S = 3.0  # a probe that is older than this did not come through: three beats
LAG_S = 1.0  # the loop came later than this to its beat

Probe = Callable[[Callable[[], None]], None]


class Watchdog:
    """`probe(done)` sends an empty message through pump and journal; `kept` are the supervising tasks. `beat` is told
    with each beat by how many seconds the loop was late.
    """

    def __init__(
        self,
        probe: Probe,
        kept: Sequence["asyncio.Task[None]"],
        pet: Callable[[str], None] = sd_notify,
        beat: Callable[[float], None] = lambda lag_s: None,
    ) -> None:
        self._probe = probe
        self._beat = beat
        self._kept = kept
        self._pet = pet
        self._answered = 0.0

    async def run(self) -> None:
        """Beats for ever."""
        loop = asyncio.get_running_loop()
        self._answered = loop.time()
        while True:
            due = loop.time() + BEAT_S
            self._probe(self._mark)
            await asyncio.sleep(BEAT_S)
            lag_s = loop.time() - due
            self._beat(lag_s)
            if self._well(loop.time(), lag_s):
                self._pet("WATCHDOG=1")

    def _mark(self) -> None:
        self._answered = asyncio.get_running_loop().time()

    def _well(self, now: float, lag_s: float) -> bool:
        return lag_s < LAG_S and now - self._answered < PROBE_S and not any(task.done() for task in self._kept)
