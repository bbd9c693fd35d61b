"""One recording told to the engine, and what it said when. Nobody acknowledges anything."""

from collections.abc import Iterator
from dataclasses import dataclass

from rules.decision import AlarmChange, Decision, Escalate, Evacuate, Raise
from rules.engine import Engine
from rules.plan import Plan
from rules.signal import Reading, Signal, Tick
from rules.tier import Tier
from workbench.fires.recording import Rang, Recording

LOUD = Tier.ORANGE  # from here on people act: none of it may come before ignition
DRAIN_S = 75.0  # after the last row: the 15 s and 60 s of an investigation may still run out


@dataclass(frozen=True, slots=True)
class Said:
    """An alarm that was raised or rose, in seconds from ignition."""

    at_s: float
    alarm: str
    tier: Tier


@dataclass(frozen=True, slots=True)
class Outcome:
    """One fire. `first_s` holds for each tier when an alarm first reached it or a higher one after ignition."""

    name: str
    series: str
    group: str
    path: str
    quiet_s: float
    detectors: int
    rang: Rang | None
    first_s: dict[Tier, float]
    first_by: dict[Tier, str]  # the alarm that did
    evacuated_s: float | None
    before: tuple[Said, ...]  # what was said before ignition
    notes: tuple[str, ...]

    @property
    def false(self) -> tuple[Said, ...]:
        """Orange and red before ignition."""
        return tuple(said for said in self.before if said.tier >= LOUD)


def judge(recording: Recording, plan: Plan, path: str) -> Outcome:
    """What the plan's rules say of a recording."""
    before: list[Said] = []
    first_s: dict[Tier, float] = {}
    first_by: dict[Tier, str] = {}
    evacuated_s: float | None = None
    for decision in _play(recording, plan):
        at_s = decision.at + recording.samples[0].at_s
        if isinstance(decision, Raise | Escalate):
            if at_s < 0:
                before.append(Said(at_s, decision.alarm, decision.tier))
            else:
                _note(decision, at_s, first_s, first_by)
        elif isinstance(decision, Evacuate) and evacuated_s is None:
            evacuated_s = at_s
        if evacuated_s is not None and Tier.RED in first_s:
            break
    return Outcome(
        recording.name,
        recording.series,
        recording.group,
        path,
        recording.quiet_s,
        len(recording.detectors),
        recording.rang,
        first_s,
        first_by,
        evacuated_s,
        tuple(before),
        recording.notes,
    )


def _note(decision: AlarmChange, at_s: float, first_s: dict[Tier, float], first_by: dict[Tier, str]) -> None:
    for tier in Tier:
        if Tier.NONE < tier <= decision.tier and tier not in first_s:
            first_s[tier], first_by[tier] = at_s, decision.alarm


def _play(recording: Recording, plan: Plan) -> Iterator[Decision]:
    """Every decision in order. Engine time begins with the first row; its timers ring between the rows."""
    engine = Engine(plan)
    start_s = recording.samples[0].at_s
    for sample in recording.samples:
        at = sample.at_s - start_s
        yield from _until(engine, at)
        for one in sample.values:
            yield from engine.step(Reading(at, one.detector, one.quantity, one.value))
    yield from _until(engine, recording.samples[-1].at_s - start_s + DRAIN_S)


def _until(engine: Engine, at: float) -> Iterator[Decision]:
    while (due := engine.deadline()) is not None and due < at:
        signal: Signal = Tick(due)
        yield from engine.step(signal)
