"""Keeps every link and output running, whatever becomes of it: a dead driver is a fault, never a dead daemon."""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable

from daemon.clock import Clock
from rules.signal import Fault, Recovered, Signal

CRASHES = 5  # within WINDOW_S: Erlang/OTP's idea of restart intensity, in the design's numbers
WINDOW_S = 60.0
BACK_OFF_S = (0.2, 5.0)  # first and longest wait before a restart; a venue waits at most this long for a cured driver
CODE = "driver_failed"

_log = logging.getLogger(__name__)


class Supervisor:
    """`report` is told when something crashes too often, and when it has run for WINDOW_S since."""

    def __init__(self, clock: Clock, report: Callable[[Signal], None]) -> None:
        self._clock = clock
        self._report = report

    async def keep(self, source: str, run: Callable[[], Awaitable[None]]) -> None:
        """Run it for ever. Ends only by cancellation. `source` names it in faults."""
        record = _Record(source, self._clock, self._report)
        while True:
            calm = asyncio.get_running_loop().call_later(WINDOW_S, record.calm)
            try:
                reason = await _once(source, run)
            finally:
                calm.cancel()
            await asyncio.sleep(record.crashed(reason))


class _Record:
    """The crashes of one driver."""

    def __init__(self, source: str, clock: Clock, report: Callable[[Signal], None]) -> None:
        self._source = source
        self._clock = clock
        self._report = report
        self._crashes: deque[float] = deque(maxlen=CRASHES)
        self._faulty = False

    def crashed(self, reason: str) -> float:
        """Count it; the seconds to wait before the next start, doubled with each crash inside the window."""
        now = self._clock.now()
        self._crashes.append(now)
        recent = sum(1 for at in self._crashes if now - at <= WINDOW_S)
        if recent == CRASHES and not self._faulty:
            self._faulty = True
            text = f"crashed {CRASHES} times within {WINDOW_S:.0f} s, last: {reason}; it is started again and again"
            self._report(Fault(now, self._source, CODE, text))
        first, longest = BACK_OFF_S
        return min(first * 2.0 ** (recent - 1), longest)

    def calm(self) -> None:
        """It has run through the whole window."""
        if self._faulty:
            self._faulty = False
            self._report(Recovered(self._clock.now(), self._source, CODE))


async def _once(source: str, run: Callable[[], Awaitable[None]]) -> str:
    try:
        await run()
    except Exception as error:  # noqa: BLE001 - whatever a driver does, the others go on
        _log.exception("%s crashed; it is started again", source)
        return f"{error!r:.200}"
    _log.error("%s ended by itself, which it must not; it is started again", source)
    return "it ended by itself"
