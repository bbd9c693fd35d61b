"""A test against its venue: everything that is told, in order, and everything that must follow. Built once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from config.problem import Mark
from rules.plan import Plan
from rules.quantity import QUANTITIES, Kind
from rules.signal import Heard, Reading, Signal, Tick
from workbench.ruletests.form import Expected
from workbench.ruletests.happenings import Happening, Restart, Silent, Vocal

MAX_BEATS = 500_000  # signs of life in one story: a venue of 1,000 devices for four hours

# What a device says when all is well. Of other numbers 0, of other states false.
_WELL: dict[str, float] = {
    "temperature": 20.0,
    "humidity": 50.0,
    "voltage": 220.0,
    "frequency": 50.0,
    "battery_charge": 100.0,
    "battery_runtime": 3600.0,
    "battery_voltage": 13.5,
    "output_voltage": 220.0,
    "load": 30.0,
}


@dataclass(frozen=True, slots=True)
class Expectation:
    """What must be true `at` an instant (start == end), `throughout` a span, or at some time `within` one."""

    mark: Mark
    when: Literal["at", "throughout", "within"]
    start: float
    end: float
    expected: Expected


@dataclass(frozen=True)
class Test:
    """One story, ready to be played: steps in order of time."""

    __test__ = False

    name: str
    mark: Mark
    steps: tuple[Signal | Restart, ...]
    expectations: tuple[Expectation, ...]


def well(quantity: str) -> float | bool | None:
    """What a device says of a quantity when all is well; None for an event, which is then not said at all."""
    kind = QUANTITIES[quantity].kind
    if kind is Kind.NUMBER:
        return _WELL.get(quantity, 0.0)
    return None if kind is Kind.EVENT else False


def opening(
    plan: Plan,
    given: dict[tuple[str, str], float | bool],
    happenings: Sequence[Happening],
    *,
    normal: bool,
) -> Iterator[Signal]:
    """The first instant: time begins, each device says what is given, or that all is well, or only that it lives.

    What the story itself says at 0 is not said before: it would look like a change.
    """
    told = {(one.device, one.quantity) for one in happenings if isinstance(one, Reading) and one.at == 0}
    yield Tick(0.0)
    for device in plan.venue.devices.values():
        yield Heard(0.0, device.id)
        for quantity in sorted(device.quantities):
            value = given.get((device.id, quantity), well(quantity) if normal else None)
            if value is not None and (device.id, quantity) not in told:
                yield Reading(0.0, device.id, quantity, value)


def in_order(
    plan: Plan, begun: Sequence[Signal], happenings: Sequence[Happening], expectations: Sequence[Expectation]
) -> tuple[Signal | Restart, ...]:
    """Everything by time; at one instant signs of life first, then the story in its order, then a look at the clock."""
    looks = sorted({at for one in expectations for at in (one.start, one.end)})
    end = max([*looks, *(step.at for step in happenings)])
    told = [one for one in happenings if not isinstance(one, Silent | Vocal)]
    return (*begun, *sorted([*_beats(plan, happenings, end), *told, *map(Tick, looks)], key=lambda step: step.at))


def _beats(plan: Plan, happenings: Sequence[Happening], end: float) -> Iterator[Heard]:
    """Each device lives twice in its staleness time, except while the story has it silent."""
    count = 0
    for device in plan.venue.devices.values():
        silences = [one for one in happenings if isinstance(one, Silent | Vocal) and one.device == device.id]
        every = device.stale_after_s / 2
        for index in range(1, int(min(end / every, MAX_BEATS)) + 1):
            count += 1
            if count > MAX_BEATS:
                return
            at = index * every
            last = [one for one in silences if one.at <= at][-1:]
            if not last or isinstance(last[0], Vocal):
                yield Heard(at, device.id)
