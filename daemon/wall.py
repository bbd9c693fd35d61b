"""Whether the wall clock can be believed, and what people are told when it cannot or when somebody moves its hands.

Nothing is decided by it but the calendar. Timers, delays and the order of the journal go by engine time.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

from daemon.clock import Clock, Stamp
from rules.plan import Plan
from rules.signal import Fault, Recovered, Signal

SOURCE = "tocsin/clock"
NOT_SET = "not_set"  # fault code: the wall clock shows what cannot be
STEP = "clock_step"  # fault code: somebody moved its hands
EARLIEST = datetime(2026, 1, 1, tzinfo=UTC).timestamp()  # this was built in 2026: an earlier date is a lost clock
LATEST = datetime(2100, 1, 1, tzinfo=UTC).timestamp()

LOOK_S = 5.0
STEP_S = 1.0  # seconds at once: whoever adjusts a clock gently changes 2.5 ms in LOOK_S (500 ppm)
SLEW = 0.001  # of the time that nobody looked: twice as much
SHOWN_S = 600.0  # a step is over when it is told; so long it is seen among the faults


class Wall:
    """`last` is the journal's last instant, `believed` the wall time of its newest row whose time could be believed.

    A step that is seen was made by somebody who knows better: after it the journal's past is no argument any more.
    """

    def __init__(self, clock: Clock, last: Stamp | None, believed: float | None, plan: Callable[[], Plan]) -> None:
        self._clock = clock
        self._plan = plan
        self._floor = believed
        self._offset: float | None = None  # wall time less engine time
        self._unsaid_step_s = 0.0 if last is None else _step_while_away(last, clock.stamp())
        if self._unsaid_step_s:
            self._floor = None
        self._step_at: float | None = None
        self._told: str = ""
        self.doubt = self._why_not(clock.wall())

    def begin(self, report: Callable[[Signal], None], on_change: Callable[[], object]) -> None:
        """Look for the first time. `on_change` is called when the clock was moved, or is believed or not any more."""
        self._report = report
        self._on_change = on_change
        self.look()

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await asyncio.sleep(LOOK_S)
            self.look()

    def look(self) -> None:
        """Say what is otherwise than at the last look."""
        now, wall = self._clock.now(), self._clock.wall()
        step_s, self._unsaid_step_s = self._unsaid_step_s, 0.0
        if self._offset is not None:
            step_s = wall - now - self._offset
        self._offset = wall - now
        stepped = abs(step_s) > STEP_S
        if stepped:
            self._floor = None
            self._say_step(now, wall, step_s)
        elif self._step_at is not None and now - self._step_at >= SHOWN_S:
            self._step_at = None
            self._report(Recovered(now, SOURCE, STEP))
        before, self.doubt = self._told, self._why_not(wall)
        if bool(self.doubt) != bool(before):
            self._say_doubt(now)
        if stepped or bool(self.doubt) != bool(before):
            self._on_change()

    def _why_not(self, wall: float) -> str:
        if not EARLIEST <= wall < LATEST:
            return f"the machine's clock says {shown(wall)}, which cannot be"
        if self._floor is not None and wall < self._floor:
            return f"the machine's clock says {shown(wall)}, before the journal's last row ({shown(self._floor)})"
        return ""

    def _say_doubt(self, now: float) -> None:
        self._told = self.doubt
        if self.doubt:
            self._report(Fault(now, SOURCE, NOT_SET, f"{self.doubt}: set it; until then {_lost(self._plan())}"))
        else:
            self._report(Recovered(now, SOURCE, NOT_SET))

    def _say_step(self, now: float, wall: float, step_s: float) -> None:
        if self._step_at is not None:
            self._report(Recovered(now, SOURCE, STEP))
        self._step_at = now
        way = "forward" if step_s > 0 else "back"
        text = (
            f"the machine's clock was set {way} by {abs(step_s):.1f} s, to {shown(wall)}: times shown before and after "
            "do not fit together; no timer, delay or order of events goes by it"
        )
        self._report(Fault(now, SOURCE, STEP, text))


def shown(wall: float) -> str:
    """A wall time, also one that no calendar has."""
    return f"{datetime.fromtimestamp(wall, UTC):%Y-%m-%d %H:%M:%S} UTC" if 0 <= wall < LATEST else f"{wall:.0f} s"


def _step_while_away(last: Stamp, now: Stamp) -> float:
    """How far the hands were moved since `last`; 0 when they were not, or when another boot cannot tell."""
    if last.boot != now.boot:
        return 0.0
    passed_s = now.boottime - last.boottime
    step_s = now.wall - last.wall - passed_s
    return step_s if abs(step_s) > max(STEP_S, SLEW * passed_s) else 0.0


def _lost(plan: Plan) -> str:
    """What does not work by a clock that cannot be believed."""
    times = "all times shown and kept are marked as doubtful; alarms and delays go on as ever"
    if not plan.schedules:
        return times
    duty = plan.duty
    nobody = (
        f"; nobody counts as on duty by {duty.schedule!r}, so no alarm waits for anybody, unless a person says "
        "otherwise (tocsin duty on)"
        if duty is not None and duty.schedule
        else ""
    )
    return f"no schedule is known ({', '.join(plan.schedules)}): rules that ask during() cannot decide{nobody}; {times}"
