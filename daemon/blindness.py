"""Time in which nothing could be heard though the daemon ran: the machine slept, or the process stood still."""

from collections.abc import Sequence

from daemon.clock import Clock
from rules.signal import Fault, Recovered, Resumed, Signal

SOURCE = "tocsin/pump"
CODE = "stood_still"
BEAT_S = 1.0  # looked at so often, however calm it is
BLIND_S = 2.0  # for longer than this: devices then get their full staleness time again
SHOWN_S = 600.0  # it is over when it is told; so long it is seen among the faults


class Blindness:
    """`look` with the event loop's time, at least every BEAT_S and before any timer is let ring."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._slept_s = clock.suspended_s()
        self._awake_at: float | None = None  # loop time
        self._stood_s = 0.0  # not yet told
        self._told_at: float | None = None  # engine time

    def notice(self, loop_time: float) -> bool:
        """Whether the loop did not turn for BLIND_S longer than it should have."""
        gap_s = 0.0 if self._awake_at is None else loop_time - self._awake_at - BEAT_S
        self._awake_at = loop_time
        if gap_s > BLIND_S:
            self._stood_s += gap_s + BEAT_S
        return gap_s > BLIND_S

    def look(self, loop_time: float) -> Sequence[Signal]:
        """What the engine has to be told first."""
        self.notice(loop_time)
        now = self._clock.now()
        slept_s = self._clock.suspended_s() - self._slept_s
        if slept_s <= BLIND_S and not self._stood_s:
            return self._end(now) if self._told_at is not None and now - self._told_at >= SHOWN_S else ()
        self._slept_s += slept_s
        stood_s, self._stood_s = self._stood_s, 0.0
        ways = [
            f"the machine was suspended for {slept_s:.0f} s" if slept_s > BLIND_S else "",
            f"the process stood still for {stood_s:.0f} s" if stood_s else "",
        ]
        text = (
            f"nothing was heard for {slept_s + stood_s:.0f} s: {' and '.join(filter(None, ways))}; what devices told "
            "once in that time may be lost, delays went on"
        )
        ended = self._end(now)
        self._told_at = now
        return (Resumed(now, slept_s + stood_s), *ended, Fault(now, SOURCE, CODE, text))

    def _end(self, now: float) -> Sequence[Signal]:
        if self._told_at is None:
            return ()
        self._told_at = None
        return (Recovered(now, SOURCE, CODE),)
