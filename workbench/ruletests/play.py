"""A story played to the real engine in virtual time, and what was seen of it."""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from rules.decision import Decision
from rules.engine import Engine
from rules.plan import Plan
from rules.signal import Heard, Resumed, Signal, Tick
from rules.status import AlarmStatus, EvacuationStatus, FaultStatus
from rules.tier import Tier
from rules.wiring import House, wire
from workbench.ruletests.happenings import Restart
from workbench.ruletests.story import Test

MAX_TICKS = 100_000  # timers of one story: more is an engine that does not get on
EPSILON_S = 1e-6  # two times nearer than this are one


class Stuck(Exception):
    """The engine asks for ever more ticks and time does not pass."""


@dataclass(frozen=True, slots=True)
class Moment:
    """What stood from `at` on, until the next moment."""

    at: float
    alarms: dict[str, AlarmStatus]
    evacuations: tuple[EvacuationStatus, ...]
    faults: tuple[FaultStatus, ...]
    zones: dict[str, Tier]


@dataclass
class Recording:
    """Everything that was decided, and what stood when."""

    decisions: list[Decision] = field(default_factory=list)
    moments: list[Moment] = field(default_factory=list)

    def at(self, time: float) -> Moment:
        """What stood at an instant, after everything that happened in it."""
        return self.moments[self._index(time)]

    def during(self, start: float, end: float) -> list[Moment]:
        """What stood at `start`, and each change until `end`."""
        return self.moments[self._index(start) : self._index(end) + 1]

    def decided(self, start: float, end: float) -> list[Decision]:
        """What was decided in a span, its ends included."""
        return [one for one in self.decisions if start - EPSILON_S <= one.at <= end + EPSILON_S]

    def _index(self, time: float) -> int:
        return max(bisect_right(self.moments, time + EPSILON_S, key=lambda moment: moment.at) - 1, 0)


Build = Callable[[Plan], House]


class Player:
    """Plays one test. `build` makes the live objects of the plan."""

    def __init__(self, plan: Plan, build: Build = wire) -> None:
        self._plan = plan
        self._build = build
        self.engine = Engine(plan, build(plan))
        self.recording = Recording()

    def play(self, test: Test, until: float | None = None) -> Recording:
        """Tell everything, to the end or to an instant. Raises Stuck."""
        for step in self._in_time(test):
            if until is not None and step.at > until + EPSILON_S:
                break
            self._take(step)
        return self.recording

    def _in_time(self, test: Test) -> Iterator[Signal | Restart]:
        """The steps, with a tick at each deadline before them; without those that fall into a downtime."""
        ticks, down_until = 0, 0.0
        for step in test.steps:
            if step.at < down_until:
                continue
            while (due := self.engine.deadline()) is not None and due < step.at:
                yield Tick(due)
                ticks += 1
                if ticks > MAX_TICKS:
                    raise Stuck(f"the engine asked for more than {MAX_TICKS} ticks before {step.at:g} s")
            if isinstance(step, Restart):
                down_until = step.at + step.down_s
            yield step

    def _take(self, step: Signal | Restart) -> None:
        if isinstance(step, Restart):
            kept = self.engine.snapshot()
            self.engine = Engine(self._plan, self._build(self._plan))
            self.engine.take_up(kept)
            step = Resumed(step.at + step.down_s, step.down_s)
        decisions = self.engine.step(step)
        self.recording.decisions += decisions
        if decisions or not isinstance(step, Heard) or not self.recording.moments:
            self._see(step.at)

    def _see(self, at: float) -> None:
        engine, moments = self.engine, self.recording.moments
        seen = Moment(
            at,
            {alarm.alarm: alarm for alarm in engine.alarms()},
            engine.evacuations(),
            engine.faults(),
            engine.zone_tiers(),
        )
        if moments and moments[-1].at == at:
            moments[-1] = seen
        else:
            moments.append(seen)
