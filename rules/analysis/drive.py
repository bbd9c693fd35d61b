"""A story told to the real engine in virtual time: all is calm, then some devices say the worst they can.

At SIGNAL_S they speak, and repeat it as devices do; a button is pressed each second, as often as a rule asks for.
Nothing else happens but what staff are asked for.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from rules.analysis.calm_device import REPEAT_S, SIGNAL_AFTER_S
from rules.analysis.calm_group import Told
from rules.analysis.extremes import PRESS_S, Values, calm, presses
from rules.analysis.reach import reads
from rules.analysis.week import ALWAYS, Situation
from rules.decision import Decision, Escalate, Evacuate, Investigate, Raise
from rules.engine import Engine
from rules.plan import Plan, Rule
from rules.quantity import QUANTITIES, Kind
from rules.signal import Acknowledge, Calendar, Duty, Reading, Tick
from rules.snapshot import decode
from rules.tier import Tier

CALM_S = 3600.0  # of calm before, the longest window of a rule (`rules.typecheck`): nothing of the past is left in it
SIGNAL_S = CALM_S + SIGNAL_AFTER_S  # engine time of the danger signal; calm was told once more before, for the rises
HORIZON_S = 600.0  # longer than any chain the floor lets pass: delays of 60 s, an investigation of 195 s
LAST_INSTANT_S = 1 / 1024  # before the time to acknowledge is over; a power of two, so that times stay exact
STAFF = "staff"

Staff = Literal["away", "slow"]  # nobody acknowledges; somebody does, at the last instant, and never stands it down


@dataclass(frozen=True, slots=True)
class Moment:
    """What was said, to the engine or by it, and how long after the danger signal. Repeated readings are left out."""

    after_s: float
    what: Reading | Acknowledge | Decision


class Stage:
    """One plan with every device calm and the surroundings told, from which stories start.

    A story is told to an engine that lacks what can have no part in it: the alarms at rest of the devices that say
    nothing in it, by rules that look at nothing but the device.
    """

    def __init__(self, plan: Plan, around: Situation = ALWAYS) -> None:
        devices = {id_: replace(device, stale_after_s=HORIZON_S * 10) for id_, device in plan.venue.devices.items()}
        self._plan = replace(plan, venue=replace(plan.venue, devices=devices))  # nobody falls silent in a story
        self._presses = presses(plan)
        engine = Engine(self._plan)
        for schedule in plan.schedules if around.known else ():
            engine.step(Calendar(0.0, schedule, schedule in around.active))
        if plan.duty is not None:
            engine.step(Duty(0.0, around.staffed, STAFF, ""))
        for now in (0.0, CALM_S):
            engine.step(Tick(now))
            for device in devices.values():
                for name, value in calm(device).items():
                    engine.step(Reading(now, device.id, name, value))
        self._calm = engine.snapshot()
        self._up_in_calm = frozenset(decode(self._calm).alarms)
        self._fixed = frozenset(rule.id for rule in plan.rules if rule.each == "device" and not reads(rule))

    def play(
        self, told: Told, staff: Staff = "slow", *, until_s: float = HORIZON_S, relent_s: float = math.inf
    ) -> Iterator[Moment]:
        """What happens until `until_s` after the signal. From `relent_s` on the devices say that all is calm."""
        engine = Engine.restore(self._part(told), self._calm)
        promised: dict[float, list[str]] = {}  # when staff will acknowledge which alarms
        presses = [SIGNAL_S + press * PRESS_S for press in range(1, self._presses) if press * PRESS_S < relent_s]
        repeat, said = SIGNAL_S, told
        while (now := min(repeat, engine.deadline() or math.inf, *promised, *presses[:1])) <= SIGNAL_S + until_s:
            moments = [Moment(now - SIGNAL_S, decision) for decision in engine.step(Tick(now))]
            for alarm in promised.pop(now, ()):
                moments += _step(engine, Acknowledge(now, alarm, STAFF, ""), shown=True)
            if [now] == presses[:1]:
                presses.pop(0)
                for reading in _readings(told, now):
                    if QUANTITIES[reading.quantity].kind is Kind.EVENT:
                        moments += _step(engine, reading, shown=True)
            if now == repeat:
                new = now == SIGNAL_S
                if said is told and now >= SIGNAL_S + relent_s:
                    said, new = {device: self._calmed(device, told[device]) for device in told}, True
                for reading in _readings(said, now):
                    if new or QUANTITIES[reading.quantity].kind is not Kind.EVENT:
                        moments += _step(engine, reading, shown=new)
                repeat += REPEAT_S
            yield from moments
            for decision in (moment.what for moment in moments) if staff == "slow" else ():
                if isinstance(decision, Investigate) and decision.step == "acknowledge":
                    promised.setdefault(decision.deadline - LAST_INSTANT_S, []).append(decision.alarm)

    def _part(self, told: Told) -> Plan:
        """The plan without the alarms that cannot move while these devices speak."""

        def part(rule: Rule) -> Rule:
            if rule.id not in self._fixed:
                return rule
            moving = (place for place in rule.places if place in told or f"{rule.id}@{place}" in self._up_in_calm)
            return replace(rule, places=tuple(moving))

        return replace(self._plan, rules=tuple(map(part, self._plan.rules)))

    def _calmed(self, device: str, values: Values) -> Values:
        """Calm values of what a device told before."""
        return {name: value for name, value in calm(self._plan.venue.devices[device]).items() if name in values}


def _readings(said: Told, now: float) -> Iterator[Reading]:
    for device, values in said.items():
        for name, value in values.items():
            yield Reading(now, device, name, value)


def _step(engine: Engine, signal: Reading | Acknowledge, *, shown: bool) -> list[Moment]:
    after_s = signal.at - SIGNAL_S
    decisions = [Moment(after_s, decision) for decision in engine.step(signal)]
    return [Moment(after_s, signal), *decisions] if shown else decisions


def first_red(story: Iterator[Moment]) -> float | None:
    """Seconds from the signal to the first alarm at red; None when there is none."""
    reds = (one.after_s for one in story if isinstance(one.what, Raise | Escalate) and one.what.tier is Tier.RED)
    return next(reds, None)


def first_evacuation(story: Iterator[Moment]) -> float | None:
    """Seconds from the signal to the first evacuation; None when there is none."""
    return next((one.after_s for one in story if isinstance(one.what, Evacuate)), None)
