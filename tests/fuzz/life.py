"""What happens in a house by chance: for any plan, signals of every kind, mostly about what is there."""

import math
from collections.abc import Iterator

from rules.engine import Engine
from rules.quantity import QUANTITIES, Kind
from rules.signal import (
    Acknowledge,
    AdvanceEvacuation,
    AllClear,
    Calendar,
    Duty,
    EndShow,
    Fault,
    Heard,
    InService,
    LinkDown,
    LinkUp,
    OrderEvacuation,
    Origin,
    OutOfService,
    Provenance,
    Reading,
    Recovered,
    Reset,
    Role,
    Shelve,
    Signal,
    Silence,
    StartShow,
    Tick,
    Unshelve,
)
from tests.fuzz.dice import Dice

WAITS = (0.0, 0.5, 5.0, 31.0, 61.0, 400.0, 4000.0, 1e6)
ROLES: tuple[Role, ...] = ("commander", "engineer", "operator")
PROVENANCES: tuple[Provenance, ...] = ("live", "live", "live", "retained", "resumed")
BAD: tuple[float | bool, ...] = (math.nan, math.inf, -math.inf, -1e300, True, 2)


def signals(dice: Dice, engine: Engine, count: int) -> Iterator[Signal]:
    """So many signals for the engine as it is at each of them; ticks at its deadlines among them."""
    yield Tick(max(1.0, engine.now))
    for _ in range(count):
        due = engine.deadline()
        if due is not None and dice.one_in(4):
            yield Tick(due)
            continue
        at = engine.now + dice.pick(WAITS)
        yield _order(dice, engine, at) if dice.one_in(3) else _told(dice, engine, at)


def _told(dice: Dice, engine: Engine, at: float) -> Signal:
    venue = engine.plan.venue
    devices = [*venue.devices, "nobody"]
    device = dice.pick(devices)
    quantities = sorted(venue.devices[device].quantities) if device in venue.devices else []
    source, link = dice.pick((device, *venue.links, "tocsin/db")), dice.pick((*venue.links, "none"))
    match dice.number(0, 11):
        case 0:
            return Heard(at, device, not dice.one_in(3))
        case 1:
            return Fault(at, source, dice.pick(("tamper", "battery")), "broken", dice.pick((None, *quantities)))
        case 2:
            return Recovered(at, source, dice.pick(("tamper", "battery")))
        case 3:
            return LinkDown(at, link, "cut") if dice.one_in(2) else LinkUp(at, link)
        case 4:
            return Calendar(at, dice.pick((*engine.plan.schedules, "none")), dice.pick((True, False, None)))
        case _:
            quantity = dice.pick(quantities or ["smoke"])
            origin = Origin("boot", dice.number(1, 9)) if dice.one_in(4) else None
            return Reading(at, device, quantity, _value(dice, quantity), dice.pick(PROVENANCES), origin)


def _value(dice: Dice, quantity: str) -> float | bool:
    known = QUANTITIES[quantity]
    if dice.one_in(16):
        return dice.pick(BAD)
    if known.kind is not Kind.NUMBER:
        return not dice.one_in(3)
    return known.low + (known.high - known.low) * dice.number(0, 20) / 20


def _order(dice: Dice, engine: Engine, at: float) -> Signal:
    alarms = [f"{rule.id}@{place}" for rule in engine.plan.rules for place in rule.places[:8]]
    alarm = dice.pick([*(one.alarm for one in engine.alarms()), *alarms, "none@nowhere"])
    evacuation = dice.pick([*(one.evacuation for one in engine.evacuations()), "none"])
    plan, zone = dice.pick([*engine.plan.evacuation_plans, "none"]), dice.pick([*engine.plan.venue.zones, "nowhere"])
    target = dice.pick((alarm, *engine.plan.venue.devices))
    for_s = dice.pick((60.0, 0.0, 1e9, 3600.0))
    who, why, role = "Wu", dice.pick(("seen", "")), dice.pick(ROLES)
    orders: tuple[Signal, ...] = (
        Acknowledge(at, alarm, who, why, role),
        Silence(at, dice.pick(("", alarm)), who, why, role),
        Reset(at, alarm, who, why, role),
        OrderEvacuation(at, plan, who, why, role),
        AdvanceEvacuation(at, evacuation, who, why, role),
        AllClear(at, evacuation, who, why, role),
        Shelve(at, alarm, for_s, dice.one_in(2), who, why, role),
        Unshelve(at, alarm, who, why, role),
        OutOfService(at, target, for_s, who, why, role),
        InService(at, target, who, why, role),
        Duty(at, dice.one_in(2), who, why, role),
        StartShow(at, zone, for_s, who, why, role),
        EndShow(at, zone, who, why, role),
    )
    return dice.pick(orders)
