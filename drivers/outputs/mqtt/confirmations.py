"""Who has answered which trigger, and who is still awaited."""

import asyncio
import logging

_REMEMBERED = 1000  # ids of triggers; an hour of evacuations has a handful

log = logging.getLogger(__name__)


class Confirmations:
    """With named `receivers` a trigger is confirmed when each of them has answered, else when anybody has.

    An answer that comes between two tries counts for the next one.
    """

    def __init__(self, output: str, receivers: tuple[str, ...] | None) -> None:
        self._output = output
        self._receivers = receivers
        self._by: dict[str, set[str]] = {}  # by id of a trigger: who has answered
        self._waiting: dict[str, asyncio.Future[None]] = {}

    def confirmed(self, trigger: str) -> bool:
        return not self.missing(trigger) and bool(self._by.get(trigger))

    def missing(self, trigger: str) -> tuple[str, ...]:
        """The named receivers that have not answered; empty where none is named."""
        answered = self._by.get(trigger, set())
        return tuple(name for name in self._receivers or () if name not in answered)

    def answered(self, trigger: str, by: str) -> None:
        """A receiver has answered, perhaps once more."""
        known = self._by.get(trigger)
        if known is None:
            if len(self._by) >= _REMEMBERED:
                self._by.pop(next(iter(self._by)))
            known = self._by[trigger] = set()
        if by not in known:
            known.add(by)
            self._say(trigger, by)
        waiting = self._waiting.get(trigger)
        if waiting is not None and not waiting.done() and self.confirmed(trigger):
            waiting.set_result(None)

    async def wait(self, trigger: str) -> None:
        """Returns when the trigger is confirmed."""
        if self.confirmed(trigger):
            return
        waiting = self._waiting[trigger] = asyncio.get_running_loop().create_future()
        try:
            await waiting
        finally:
            del self._waiting[trigger]

    def forget(self, trigger: str) -> None:
        """Its delivery is over."""
        self._by.pop(trigger, None)

    def _say(self, trigger: str, by: str) -> None:
        if self._receivers is not None and by not in self._receivers:
            expected = ", ".join(self._receivers)
            log.warning("output %s: %r answers trigger %s, but only %s count", self._output, by[:80], trigger, expected)
            return
        missing = self.missing(trigger)
        awaited = f"; awaited: {', '.join(missing)}" if missing else ""
        log.info("output %s: trigger %s is confirmed by %s%s", self._output, trigger, by or "a receiver", awaited)
