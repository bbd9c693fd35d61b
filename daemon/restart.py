"""What became of everything at a start: told once, to everybody, when the first words of the run are durable."""

from collections import Counter
from collections.abc import Iterable, Sequence

from daemon.clock import Clock
from daemon.journal.recovery import Recovered
from rules.decision import Decision, Restart, TimerLeft
from rules.engine import Engine
from rules.tier import Tier

LISTED_MAX = 100  # of each kind: the rest is counted, for a report is read by people


class Reconciliation:
    """Looks at the engine as it was recovered, and again when it has heard how long nobody listened."""

    def __init__(self, memory: Recovered, clock: Clock, down_s: float, problem: str, safe_mode: str) -> None:
        self._before = _standing(memory.engine)
        self._late = {_alarm(decision) for decision in memory.news} - {""}  # decided before, told only now
        self._owed = Counter(one.output for one in memory.ledger.owed())
        self._lost = [*([problem] if problem else []), *memory.problems]
        self._clock = clock
        self._down_s = down_s
        self._safe_mode = safe_mode

    def report(self, engine: Engine) -> Restart:
        """After the first turn of the pump."""
        now = self._clock.now()
        standing = _standing(engine)
        carried = [one for one in standing if one in self._before and one not in self._late]
        raised = [one for one in standing if one not in self._before or one in self._late]
        ended = [one for one in self._before if one not in standing]
        timers = [TimerLeft(what, max(0.0, due - now)) for what, due in _timers(engine)]
        taken_up = sum(self._owed.values())
        text = (
            f"down for {self._down_s:.0f} s: {len(carried)} carried over, {len(raised)} raised meanwhile, "
            f"{len(ended)} ended, {len(timers)} timers run on, {taken_up} deliveries taken up, {len(self._lost)} losses"
        )
        return Restart(
            now,
            f"SAFE MODE; {text}" if self._safe_mode else text,
            self._down_s,
            _listed(carried),
            _listed(raised),
            _listed(ended),
            tuple(sorted(timers, key=lambda timer: timer.left_s)[:LISTED_MAX]),
            dict(sorted(self._owed.items())),
            _listed(self._lost),
        )


def _standing(engine: Engine) -> list[str]:
    alarms = [alarm.alarm for alarm in engine.alarms() if alarm.tier is not Tier.NONE]
    return [*alarms, *(status.evacuation for status in engine.evacuations())]


def _timers(engine: Engine) -> Iterable[tuple[str, float]]:
    """What ends by itself, and when in engine time."""
    for alarm in engine.alarms():
        if alarm.pending_until is not None:
            yield alarm.alarm, alarm.pending_until
        for overlay in alarm.overlays:
            if overlay.until is not None:
                yield f"{alarm.alarm} {overlay.kind}", overlay.until
    for status in engine.evacuations():
        if status.due is not None:
            yield f"{status.evacuation} next stage", status.due
    for show in engine.shows():
        yield f"show in {show.zone}", show.until


def _alarm(decision: Decision) -> str:
    return str(getattr(decision, "alarm", "") or getattr(decision, "evacuation", ""))


def _listed(names: Sequence[str]) -> tuple[str, ...]:
    more = len(names) - LISTED_MAX
    return tuple(names) if more <= 0 else (*names[:LISTED_MAX], f"and {more} more")
